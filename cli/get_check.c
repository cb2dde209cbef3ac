#include "get_check.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/list.h"
#include "base/time.h"
#include "interrupt.h"
#include "wire/url.h"

enum { HOPS_MOST = 100 }; /* of redirects that are looked up for one link */

/* A link in a spool; the URL and the fragment are behind it. */
struct entry {
    struct check_link link; /* but for the texts */
    uint64_t url;
    uint32_t url_n, fragment_n;
};

/* Why a URL is odd. */
struct reason {
    struct fsk_map_node node; /* key: `url` */
    uint64_t url, moved;      /* where it redirects to; 0: it has failed */
    int exitcode, status;
    const char *err;
    char text[]; /* why it has failed; of a redirect the target */
};

/* What a link leads to, in the end. */
struct end {
    uint64_t url;
    int note;
    const struct reason *reason;   /* of CHECK_ODD; NULL: it was not kept */
    const struct reason *redirect; /* the last one on the way; NULL: none */
};

/* Something can't be kept: the report won't be whole. */
static void fails(struct check *c, const struct spool *spool, enum fsock_err err)
{
    char text[256];
    if (c->failed)
        return;
    c->failed = true;
    snprintf(text, sizeof text, "can't check all links: %s",
             spool && spool->sys_errno ? fsk_errno_text(spool->sys_errno)
             : err == FSOCK_AGAIN      ? "there are too many for the temporary file"
                                       : "out of memory");
    report_say(c->report, text);
}

/* ---- During the run -------------------------------------------------------------------------- */

static void put(struct check *c, struct spool *to, const struct entry *e, struct fsk_span texts)
{
    char bytes[sizeof *e + 4 * PAGE_URL];
    if (texts.n > 4 * PAGE_URL)
        texts.n = 4 * PAGE_URL;
    memcpy(bytes, e, sizeof *e);
    if (texts.n)
        memcpy(bytes + sizeof *e, texts.p, texts.n);
    enum fsock_err err = spool_put(to, fsk_span(bytes, sizeof *e + texts.n));
    if (err != FSOCK_OK)
        fails(c, to, err);
}

void check_link(struct check *c, const struct check_link *link, uint64_t id)
{
    struct fsk_span url = link->url;
    if (url.n > PAGE_URL)
        url.n = PAGE_URL; /* one from a list; the rest of it isn't shown */
    struct entry e = {.link = *link,
                      .url = id,
                      .url_n = (uint32_t)url.n,
                      .fragment_n = (uint32_t)link->fragment.n};
    if (!c->o)
        return;
    c->n_links += !link->given;
    fsk_buf_clear(&c->key);
    if (url.n + link->fragment.n > 4 * PAGE_URL ||
        fsk_buf_append(&c->key, url.p, url.n) != FSOCK_OK ||
        fsk_buf_append(&c->key, link->fragment.p, link->fragment.n) != FSOCK_OK)
        fails(c, NULL, FSOCK_ERR_MEMORY);
    else
        put(c, &c->links, &e, fsk_buf_span(&c->key));
}

/* The fingerprint of a place in a page; 0: out of memory. */
static uint64_t place_of(struct check *c, uint64_t url, struct fsk_span name)
{
    fsk_buf_clear(&c->key);
    if (fsk_buf_append(&c->key, &url, sizeof url) != FSOCK_OK ||
        fsk_buf_append(&c->key, name.p, name.n) != FSOCK_OK)
        return 0;
    return fingerprint_of(&c->places, fsk_buf_span(&c->key));
}

struct place_finder {
    struct check *c;
    uint64_t url;
};

static void found_anchor(void *user, const struct page_anchor *anchor)
{
    struct place_finder *finder = user;
    struct check *c = finder->c;
    uint64_t place = place_of(c, finder->url, anchor->name);
    enum fsock_err err =
        place ? spool_put(&c->found, fsk_span((char *)&place, sizeof place)) : FSOCK_ERR_MEMORY;
    if (err != FSOCK_OK)
        fails(c, &c->found, err);
}

void check_page(struct check *c, const struct page_doc *doc, uint64_t url, bool links)
{
    struct place_finder finder = {c, url};
    if (!c->o)
        return;
    c->pages += links;
    page_anchors(doc, found_anchor, &finder);
}

/* Keep the reason why a URL is odd; without room the note must do. */
static void keep_reason(struct check *c, const struct reason *like, struct fsk_span text)
{
    size_t size = sizeof *like + text.n + 1;
    struct reason *r = size <= CHECK_REASONS - c->reason_bytes ? malloc(size) : NULL;
    if (!r)
        return;
    *r = *like;
    fsk_span_text(text, r->text, text.n + 1);
    r->node.key = fsk_span((char *)&r->url, sizeof r->url);
    if (!fsk_map_get(&c->reasons, r->node.key) && fsk_map_add(&c->reasons, &r->node))
        c->reason_bytes += size;
    else
        free(r);
}

void check_bad_url(struct check *c, uint64_t url, const char *why)
{
    char text[256];
    struct reason reason = {
        .url = url, .exitcode = EXIT_URL, .err = fsock_err_name(FSOCK_ERR_INPUT)};
    if (!fingerprints_put(c->urls, url, CHECK_ODD))
        fails(c, NULL, FSOCK_ERR_MEMORY);
    snprintf(text, sizeof text, "the URL %s", why);
    keep_reason(c, &reason, fsk_span_str(text));
}

/* "the answer is 404 Not Found", without the stage and the host that the link names anyway. */
static const char *sentence_of(const struct outcome *outcome)
{
    const char *answer = strstr(outcome->text, "the answer is ");
    return answer ? answer : outcome->text;
}

void check_ended(struct check *c, uint64_t url, const struct fsock_response *response,
                 const struct outcome *outcome, bool page, uint64_t moved)
{
    const char *spent = fsock_err_name(FSOCK_ERR_SPENT);
    bool fine = outcome->exitcode == EXIT_FINE;
    int note = !fine || moved ? CHECK_ODD : page ? CHECK_PAGE : CHECK_FINE;
    struct reason reason = {.url = url,
                            .moved = fine ? moved : 0,
                            .exitcode = outcome->exitcode,
                            .status = response->status,
                            .err = outcome->err};
    if (!c->o || outcome->exitcode == EXIT_CANCELED || strcmp(outcome->err, spent) == 0)
        return; /* the run has ended first */
    if (!fingerprints_put(c->urls, url, (unsigned)note))
        fails(c, NULL, FSOCK_ERR_MEMORY);
    if (note == CHECK_ODD)
        keep_reason(c, &reason, fsk_span_str(fine ? response->redirect_url : sentence_of(outcome)));
}

void check_sitemap(struct check *c, const struct check_link *link,
                   const struct fsock_response *response, const struct outcome *outcome)
{
    if (!c->o)
        return;
    uint64_t id = fingerprint_of(c->urls, link->url);
    check_link(c, link, id);
    check_ended(c, id, response, outcome, false, 0);
}

/* ---- The report ------------------------------------------------------------------------------ */

/* Whether to go on with it: after Ctrl-C only for a moment. */
static bool goes_on(struct check *c)
{
    const fsock_time moment = 100 * FSOCK_MILLISECOND;
    if (!interrupt_signal())
        return true;
    if (!c->until)
        c->until = fsock_now() + moment;
    return fsock_now() < c->until;
}

static const struct reason *reason_of(const struct check *c, uint64_t url)
{
    struct fsk_map_node *node = fsk_map_get(&c->reasons, fsk_span((char *)&url, sizeof url));
    return node ? FSK_HOLDER(node, struct reason, node) : NULL;
}

static struct end end_of(const struct check *c, uint64_t url)
{
    struct end end = {.url = url};
    for (unsigned i = 0; i <= HOPS_MOST; i++) {
        end.note = fingerprints_get(c->urls, end.url);
        end.reason = end.note == CHECK_ODD ? reason_of(c, end.url) : NULL;
        if (!end.reason || !end.reason->moved)
            break;
        end.redirect = end.reason;
        end.url = end.reason->moved;
    }
    return end;
}

/* Whether a fragment names a place that a page must have: not its beginning, nor what scripts read
 * in it; without what browsers search the text for. */
static bool names_place(struct fsk_span *fragment)
{
    for (size_t i = 0; i + 3 <= fragment->n; i++)
        if (memcmp(fragment->p + i, ":~:", 3) == 0)
            fragment->n = i;
    return fragment->n && !fsk_span_caseeq(*fragment, FSK_SPAN("top")) && fragment->p[0] != '!' &&
           fragment->p[0] != '/';
}

/* The fragment as a name: as it is written, else decoded. `room` has as many bytes. */
static void names_of(struct fsk_span fragment, char *room, struct fsk_span names[2])
{
    names[0] = fragment;
    names[1] = fsk_span(room, fsk_url_decode(fragment, room));
}

static bool next_link(struct check *c, struct spool *from, struct entry *e)
{
    struct fsk_span bytes;
    enum fsock_err err = spool_get(from, &bytes);
    if (err != FSOCK_OK) {
        if (err != FSOCK_AGAIN)
            fails(c, from, err);
        return false;
    }
    memcpy(e, bytes.p, sizeof *e);
    e->link.url = fsk_span(bytes.p + sizeof *e, e->url_n);
    e->link.fragment = fsk_span(bytes.p + sizeof *e + e->url_n, e->fragment_n);
    return true;
}

/* The first look at a link: whether there must be another. */
static bool is_left(struct check *c, const struct entry *e)
{
    char room[4 * PAGE_URL];
    struct end end = end_of(c, e->url);
    struct fsk_span names[2], fragment = e->link.fragment;
    if (end.note == CHECK_WAITING || (end.note == FINGERPRINT_ABSENT && !end.redirect)) {
        c->unchecked++;
        return false;
    }
    if (end.note != CHECK_PAGE)
        return end.note != CHECK_FINE;
    if (!e->link.has_fragment || !names_place(&fragment))
        return false;
    names_of(fragment, room, names);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t place = place_of(c, end.url, names[i]);
        if (!place || !fingerprints_put(&c->places, place, false))
            fails(c, NULL, FSOCK_ERR_MEMORY);
    }
    return true;
}

/* The second one: whether the place that it names was found. */
static bool has_place(struct check *c, const struct end *end, struct fsk_span fragment)
{
    char room[4 * PAGE_URL];
    struct fsk_span names[2];
    bool found = !names_place(&fragment);
    names_of(fragment, room, names);
    for (unsigned i = 0; i < 2 && !found; i++)
        found = fingerprints_get(&c->places, place_of(c, end->url, names[i])) == true;
    return found;
}

static void tell(struct check *c, const struct entry *e)
{
    struct end end = end_of(c, e->url);
    struct out *to = &c->report->out;
    const struct reason *r = end.reason;
    struct check_why why = {.exitcode = EXIT_STATUS, .err = "anchor"};
    if (end.note == CHECK_PAGE && has_place(c, &end, e->link.fragment))
        return;
    if (end.redirect)
        why.moved = fsk_span_str(end.redirect->text);
    if (end.note == CHECK_PAGE)
        why.text = "the page has no such place";
    else if (r && !r->moved)
        why = (struct check_why){r->exitcode, r->status, r->err, why.moved, r->text};
    else if (r || end.note == FINGERPRINT_ABSENT)
        why = (struct check_why){EXIT_REDIRECTS, 0, "redirects", why.moved,
                                 "redirects go in a circle, or too far"};
    else
        why.text = "it has failed; too many have for all reasons to be kept";
    c->broken++;
    if (c->o->json)
        check_put_json(to, &e->link, &why);
    else
        check_put_line(to, &e->link, &why);
}

void check_report(struct check *c)
{
    struct entry e;
    struct fsk_span place;
    uint64_t found;
    if (!c->o)
        return;
    while (goes_on(c) && next_link(c, &c->links, &e))
        if (is_left(c, &e))
            put(c, &c->left, &e, fsk_span(e.link.url.p, e.url_n + e.fragment_n));
    while (goes_on(c) && spool_get(&c->found, &place) == FSOCK_OK) {
        memcpy(&found, place.p, sizeof found);
        if (fingerprints_get(&c->places, found) == false)
            fingerprints_put(&c->places, found, true);
    }
    if (c->found.sys_errno)
        fails(c, &c->found, FSOCK_ERR_SYSTEM);
    while (goes_on(c) && next_link(c, &c->left, &e))
        tell(c, &e);
    if (c->links.n + c->found.n + c->left.n && !c->failed)
        report_say(c->report, "the report of broken links isn't whole");
}

const char *check_text(const struct check *c, char *text, size_t cap)
{
    text[0] = '\0';
    if (!c->o)
        return text;
    int n = snprintf(text, cap, "%llu link%s in %llu page%s: %llu broken",
                     (unsigned long long)c->n_links, c->n_links == 1 ? "" : "s",
                     (unsigned long long)c->pages, c->pages == 1 ? "" : "s",
                     (unsigned long long)c->broken);
    if (c->unchecked)
        snprintf(text + n, cap - (size_t)n, ", %llu not checked", (unsigned long long)c->unchecked);
    return text;
}

/* ---- Before and after ------------------------------------------------------------------------ */

void check_init(struct check *c, const struct get_options *o, struct report *report,
                struct fingerprints *urls)
{
    *c = (struct check){.o = o->check_links ? o : NULL, .report = report, .urls = urls};
    fingerprints_init(&c->places);
    fsk_map_init(&c->reasons);
    fsk_buf_init(&c->key, PAGE_BYTES);
    spool_init(&c->links, CHECK_LINKS);
    spool_init(&c->left, CHECK_LINKS);
    spool_init(&c->found, CHECK_PLACES);
}

void check_fini(struct check *c)
{
    for (struct fsk_map_node *node = fsk_map_next(&c->reasons, NULL), *next; node; node = next) {
        next = fsk_map_next(&c->reasons, node);
        free(FSK_HOLDER(node, struct reason, node));
    }
    fsk_map_fini(&c->reasons);
    fingerprints_fini(&c->places);
    fsk_buf_fini(&c->key);
    spool_fini(&c->links);
    spool_fini(&c->left);
    spool_fini(&c->found);
}
