#include "get_rounds.h"

#include <stdio.h>
#include <stdlib.h>

#include "get_record.h"

/* ---- Requests -------------------------------------------------------------------------------- */

static void make_purge(struct rounds *r, const char *method, const struct fsock_request *request)
{
    r->purging = *request;
    r->purging.method = method;
    r->purging.flags &= ~(unsigned)(FSOCK_FOLLOW | FSOCK_FAIL_STATUS);
    r->purging.flags |= FSOCK_DISCARD;
    r->purging.body = NULL;
    r->purging.range = NULL;
}

/* Something else was asked about this URL before: it is not to wait once more. */
static void hurry(struct fsock_request *request)
{
    request->flags |= FSOCK_FIRST;
    request->flags &= ~(unsigned)FSOCK_GIVE_BACK;
}

/* `begun`: so it is for the first of them, too. */
static void make_requests(const struct rounds *r, struct round_requests *to,
                          const struct fsock_request *request, bool begun)
{
    to->fetch = to->look = to->proof = *request;
    to->look.method = "HEAD";
    to->look.flags &= ~(unsigned)FSOCK_FAIL_STATUS; /* who knows no HEAD may know GET */
    if (begun)
        hurry(&to->look);
    if (begun || r->look)
        hurry(&to->fetch);
    hurry(&to->proof);
}

int rounds_init(struct rounds *r, const struct get_options *o, const struct fsock_request *usual,
                char *why, size_t cap)
{
    *r = (struct rounds){.purge = o->purge, .look = o->only_uncached, .proof = o->prove};
    int code = variants_init(&r->variants, &o->vary, usual->headers, why, cap);
    if (code)
        return code;
    unsigned n = rounds_variants(r);
    r->of = calloc(n, sizeof *r->of);
    if (!r->of) {
        snprintf(why, cap, "out of memory");
        return EXIT_MEMORY;
    }
    make_purge(r, o->purge, usual);
    for (unsigned i = 0; i < n; i++) {
        struct fsock_request request = *usual;
        if (r->variants.n)
            request.headers = r->variants.v[i].headers;
        make_requests(r, &r->of[i], &request, r->purge || i > 0);
        code = code ? code : get_request_check(&request, why, cap);
    }
    return code ? code : get_request_check(&r->purging, why, cap);
}

void rounds_fini(struct rounds *r)
{
    variants_fini(&r->variants);
    free(r->of);
}

const char *rounds_variant(const struct rounds *r, unsigned variant)
{
    return variant < r->variants.n ? r->variants.v[variant].name : NULL;
}

/* ---- Pages ----------------------------------------------------------------------------------- */

struct page *page_new(uint64_t serial)
{
    struct page *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->refs = 1;
    p->serial = serial;
    fsk_list_init(&p->waiting);
    return p;
}

struct page *page_ref(struct page *p)
{
    p->refs++;
    return p;
}

void page_unref(struct page *p)
{
    if (!p || --p->refs)
        return;
    free(p->failure);
    free(p);
}

/* What a cache may say that has forgotten a page, or never had it. */
static bool is_forgotten(int status)
{
    return (status >= 200 && status < 300) || status == 404 || status == 412;
}

/* "405 Method Not Allowed" of the status line. */
static struct fsk_span status_words(const struct fsock_response *response)
{
    struct fsk_span line = fsk_span(response->head, strcspn(response->head, "\r\n"));
    const char *space = line.n ? memchr(line.p, ' ', line.n) : NULL;
    if (!space)
        return fsk_span(NULL, 0);
    return fsk_span_trim(fsk_span(space, line.n - (size_t)(space - line.p)));
}

static void purged(struct page *p, const char *method, const struct fsock_response *response,
                   const struct outcome *outcome)
{
    struct outcome told = *outcome;
    p->purge_status = response->status;
    if (outcome->exitcode == EXIT_FINE && is_forgotten(response->status))
        return;
    if (outcome->exitcode == EXIT_FINE) {
        struct fsk_span words = status_words(response);
        outcome_fail(&told, EXIT_STATUS, "purge", 0, "%s was answered %.*s", method, (int)words.n,
                     words.n ? words.p : "");
        snprintf(told.hint, sizeof told.hint,
                 "the cache must be told to let this address purge, and by which method");
    } else {
        snprintf(told.text, sizeof told.text, "%s: %.*s", method,
                 (int)(sizeof told.text - strlen(method) - 3), outcome->text);
    }
    told.err = "purge";
    told.fault = NULL; /* the library's is gone by the time it is told */
    p->failure = malloc(sizeof *p->failure);
    if (p->failure)
        *p->failure = told;
}

/* ---- Rounds ---------------------------------------------------------------------------------- */

static enum round after_purge(const struct rounds *r)
{
    return r->look ? ROUND_LOOK : ROUND_FETCH;
}

void rounds_begin(const struct rounds *r, struct rounds_at *at, struct page *page, bool first)
{
    bool purge = r->purge && first;
    *at = (struct rounds_at){.round = purge ? ROUND_PURGE : after_purge(r), .page = page};
}

const struct fsock_request *rounds_request(const struct rounds *r, const struct rounds_at *at,
                                           unsigned variant)
{
    const struct round_requests *of = &r->of[variant];
    return at->round == ROUND_PURGE   ? &r->purging
           : at->round == ROUND_LOOK  ? &of->look
           : at->round == ROUND_PROOF ? &of->proof
                                      : &of->fetch;
}

/* The page should be in the cache by now. */
static void prove(const struct fsock_response *response, struct outcome *outcome)
{
    enum fsk_cache_verdict verdict = record_verdict(response);
    if (verdict == FSK_CACHE_HIT || outcome->exitcode != EXIT_FINE)
        return;
    if (verdict == FSK_CACHE_UNKNOWN)
        outcome_fail(outcome, EXIT_NOT_CACHED, "cache", 0,
                     "no header of the answer tells whether it is from a cache");
    else
        outcome_fail(outcome, EXIT_NOT_CACHED, "cache", 0,
                     "asked again, it is still not from the cache (%s)",
                     fsk_cache_verdict_name(verdict));
    snprintf(outcome->hint, sizeof outcome->hint, "%s",
             verdict == FSK_CACHE_UNKNOWN
                 ? "let the cache add one, Cache-Status (RFC 9211) or X-Cache"
                 : "a cache keeps nothing with Set-Cookie, or that Cache-Control forbids; look at "
                   "the answer's header");
}

/* There is another round: remember what this one has told. */
static void go_on(struct rounds_at *at, enum round next, const struct fsock_response *response)
{
    if (response->status && !at->asked) {
        at->asked = true;
        at->before = record_verdict(response);
        at->time_before = response->times.total;
    }
    at->received += response->size_download;
    at->round = next;
}

static void end(struct rounds_at *at, struct outcome *outcome)
{
    at->round = ROUND_END;
    if (outcome->exitcode == EXIT_FINE && at->page && at->page->failure)
        *outcome = *at->page->failure;
}

void rounds_next(const struct rounds *r, struct rounds_at *at,
                 const struct fsock_response *response, struct outcome *outcome)
{
    bool fine = outcome->exitcode == EXIT_FINE;
    switch (at->round) {
    case ROUND_PURGE:
        purged(at->page, r->purging.method, response, outcome);
        at->round = after_purge(r);
        return;
    case ROUND_LOOK:
        if (fine && response->status < 400 && record_verdict(response) == FSK_CACHE_HIT)
            break;
        go_on(at, ROUND_FETCH, response);
        return;
    case ROUND_FETCH:
        if (!fine || !r->proof)
            break;
        go_on(at, ROUND_PROOF, response);
        return;
    case ROUND_PROOF:
        prove(response, outcome);
        break;
    case ROUND_END:
        break;
    }
    end(at, outcome);
}
