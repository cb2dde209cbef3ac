#include "get_follow.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "page_facts.h"
#include "page_links.h"
#include "url_key.h"
#include "wire/hostlist.h"
#include "wire/idn.h"

/* What is found in a page, or a redirect. */
struct finder {
    struct follow *f;
    const struct source_url *u; /* what it was asked for by */
    struct fsk_span url;        /* its URL: */
    struct fsk_url at;
    const struct fsk_url *site; /* that of the first page of its site */
    bool foreign;               /* ... to which no passwords are sent */
    bool barred;                /* it asks that its links aren't followed */
    struct follow_page *page;   /* NULL: nothing that is kept was found in it so far */
};

/* Something can't be followed: the run goes on without, but nobody shall think it was whole. */
static void fails(struct follow *f, const char *why)
{
    char text[256];
    if (f->broken)
        return;
    f->broken = true;
    snprintf(text, sizeof text, "can't follow all links: %s", why);
    report_say(f->report, text);
}

static void spool_fails(struct follow *f, const struct spool *spool, enum fsock_err err)
{
    char text[200];
    if (spool->sys_errno)
        snprintf(text, sizeof text, "a temporary file: %s", fsk_errno_text(spool->sys_errno));
    fails(f, spool->sys_errno          ? text
             : err == FSOCK_ERR_MEMORY ? "out of memory"
                                       : "too many wait to be fetched");
}

/* ---- What is known --------------------------------------------------------------------------- */

/* What a URL is known by; 0: out of memory. */
static uint64_t fingerprint_of_url(struct follow *f, struct fsk_span url)
{
    if (url_key(&f->key, url, fsk_span(NULL, 0)))
        return fingerprint_of(&f->seen, fsk_buf_span(&f->key));
    fails(f, "out of memory");
    return 0;
}

/* Whether a URL is new; from now on it isn't. */
static bool is_new(struct follow *f, uint64_t fingerprint)
{
    if (!fingerprint || fingerprints_get(&f->seen, fingerprint) != FINGERPRINT_ABSENT)
        return false;
    bool room = f->seen.n < FOLLOW_URLS;
    if (room && fingerprints_put(&f->seen, fingerprint, CHECK_WAITING))
        return true;
    fails(f, room ? "out of memory" : "there are more than 20 million URLs");
    return false;
}

/* The first page of the site that this URL belongs to; NULL: it is that itself, since the user has
 * given it, or where it led. A frame belongs to the page that it is in. */
static const struct follow_page *root_of(const struct source_url *u)
{
    return u->from && (u->depth || u->frames) ? u->from->root : NULL;
}

/* The page as it stays; NULL: it can't be kept. */
static const struct follow_page *page_of(struct finder *finder)
{
    struct follow *f = finder->f;
    const struct source_url *u = finder->u;
    size_t size = sizeof(struct follow_page) + finder->url.n + 1;
    struct follow_page *page = finder->page;
    if (page)
        return page;
    bool room = size <= FOLLOW_PAGES - f->page_bytes;
    page = room ? malloc(size) : NULL;
    if (!page) {
        fails(f, room ? "out of memory" : "the URLs of pages have more than 256 MiB");
        return NULL;
    }
    *page = (struct follow_page){.next = f->pages, .foreign = u->foreign};
    const struct follow_page *root = root_of(u);
    page->root = root ? root : page;
    fsk_span_text(finder->url, page->url, finder->url.n + 1);
    /* Parsed once more, not moved: a scheme that was assumed is no part of the text. */
    (void)fsk_url_parse(fsk_span(page->url, finder->url.n), true, &page->at, NULL);
    f->pages = finder->page = page;
    f->page_bytes += size;
    return page;
}

/* ---- What is found --------------------------------------------------------------------------- */

static bool begin(struct finder *finder, struct follow *f, const struct source_url *u,
                  struct fsk_span url)
{
    *finder = (struct finder){.f = f, .u = u, .url = url};
    if (fsk_url_parse(url, true, &finder->at, NULL) != FSK_URL_OK)
        return false;
    const struct follow_page *root = root_of(u);
    finder->site = root ? &root->at : &finder->at;
    finder->foreign = root ? root->foreign : u->foreign;
    return true;
}

/* Whether it is the same host, perhaps once in its own letters and once in ASCII. */
static bool is_same_host(struct fsk_span a, struct fsk_span b)
{
    char ascii_a[FSK_IDN_MAX], ascii_b[FSK_IDN_MAX];
    const char *why;
    if (fsk_span_caseeq(a, b))
        return true;
    if (!fsk_idn_needed(a) && !fsk_idn_needed(b))
        return false;
    a = fsk_span(ascii_a, fsk_idn_to_ascii(a, ascii_a, sizeof ascii_a, &why));
    b = fsk_span(ascii_b, fsk_idn_to_ascii(b, ascii_b, sizeof ascii_b, &why));
    return a.n && fsk_span_caseeq(a, b);
}

/* Whether links lead there: it is of the page's site, or of the hosts that were named. */
static bool is_wanted(const struct finder *finder, const struct fsk_url *to)
{
    struct fsk_span others = fsk_span_str(finder->f->o->span_hosts);
    return is_same_host(finder->site->host, to->host) ||
           fsk_hostlist_has(others, to->host, fsk_url_port(to));
}

/* Whether there were not too many of these in a row. */
static bool is_near(const struct get_options *o, const struct source_url *u)
{
    return u->depth <= o->depth && u->redirects <= o->max_redirects && u->frames <= o->max_frames;
}

/* Put one into its spool. */
static void keep(struct finder *finder, struct source_url *u)
{
    struct follow *f = finder->f;
    struct spool *to = u->external ? &f->outside : u->depth > finder->u->depth ? &f->next : &f->now;
    char bytes[sizeof *u + PAGE_URL];
    u->from = page_of(finder);
    if (!u->from)
        return;
    memcpy(bytes, u, sizeof *u);
    memcpy(bytes + sizeof *u, u->text.p, u->text.n);
    enum fsock_err err = spool_put(to, fsk_span(bytes, sizeof *u + u->text.n));
    if (err != FSOCK_OK)
        spool_fails(f, to, err);
}

/* A URL that may be new. `here`: wherever it is, it is of the site. */
static void found(struct finder *finder, struct source_url *u, uint64_t fingerprint, bool here)
{
    struct follow *f = finder->f;
    struct fsk_url to;
    if (u->text.n > PAGE_URL || fsk_url_parse(u->text, false, &to, NULL) != FSK_URL_OK)
        return;
    u->external = f->check->o && !here && !is_wanted(finder, &to);
    if (!u->external && !(is_near(f->o, u) && (here || is_wanted(finder, &to))))
        return;
    if (!is_new(f, fingerprint))
        return;
    u->foreign = finder->foreign || !fsk_url_same_origin(finder->site, &to);
    u->found &= !u->external; /* a visitor who asks once is no robot */
    keep(finder, u);
}

/* What has been found is of the same kind as the page, so far. */
static struct source_url like(const struct source_url *page, struct fsk_span url)
{
    return (struct source_url){.text = url,
                               .marked = true,
                               .found = page->found,
                               .depth = page->depth,
                               .redirects = page->redirects,
                               .frames = page->frames};
}

/* How far away a link leads. False: it is none that a reader goes. */
static bool steps(struct source_url *u, const struct page_link *link)
{
    bool refresh = link->kind == PAGE_LINK_LINK && fsk_span_eq(link->text, FSK_SPAN("refresh"));
    if (link->kind == PAGE_LINK_A) {
        u->depth++;
        u->redirects = u->frames = 0;
    } else if (link->kind == PAGE_LINK_FRAME) {
        u->frames++;
        u->redirects = 0;
    } else if (refresh) {
        u->redirects++;
    } else {
        u->depth++;
        return false;
    }
    return true;
}

/* A <link> to a host that there may be something to get from, later: it leads to nothing. */
static bool is_hint(const struct page_link *link)
{
    return link->kind == PAGE_LINK_LINK && (fsk_span_caseeq(link->text, FSK_SPAN("preconnect")) ||
                                            fsk_span_caseeq(link->text, FSK_SPAN("dns-prefetch")));
}

/* What should be a URL of the web and is none, or is too long to be asked for, is a broken link. */
static void found_bad(struct follow *f, struct fsk_span url, uint64_t fingerprint)
{
    char why[FSK_URL_ERROR_TEXT];
    struct fsk_url u;
    size_t at;
    enum fsk_url_err err = fsk_url_parse(url, false, &u, &at);
    if (f->check->o && fingerprint)
        check_bad_url(f->check, fingerprint,
                      err == FSK_URL_OK ? "is longer than 8 KiB"
                                        : fsk_url_error_text(err, url, at, why));
}

/* Whether it is of the web, or should be. */
static bool is_of_web(struct fsk_span url)
{
    return (url.n >= 5 && fsk_span_caseeq(fsk_span(url.p, 5), FSK_SPAN("http:"))) ||
           (url.n >= 6 && fsk_span_caseeq(fsk_span(url.p, 6), FSK_SPAN("https:")));
}

static void found_link(void *user, const struct page_link *link)
{
    struct finder *finder = user;
    struct follow *f = finder->f;
    struct source_url u = like(finder->u, link->url);
    u.line = link->line;
    u.found = true;
    if (!is_of_web(link->url) || (!steps(&u, link) && (!f->check->o || is_hint(link))))
        return;
    uint64_t fingerprint = fingerprint_of_url(f, link->url);
    if (link->web && !finder->barred)
        found(finder, &u, fingerprint, false);
    else if (!link->web)
        found_bad(f, link->url, fingerprint);
    const struct follow_page *page = f->check->o && fingerprint ? page_of(finder) : NULL;
    struct check_link seen = {.page = page ? page->url : NULL,
                              .kind = link->kind,
                              .line = link->line,
                              .column = link->column,
                              .has_fragment = link->fragment.p,
                              .url = link->url,
                              .fragment = link->fragment};
    if (page)
        check_link(f->check, &seen, fingerprint);
}

/* Who wonders why there is so little shall know, once. */
static void tell_barred(struct follow *f)
{
    bool silent = f->barred || (f->o->silent && !f->o->show_error);
    f->barred = true;
    if (!silent)
        report_say(f->report, "there are pages that ask by <meta name=robots> not to follow their "
                              "links (--no-robots does all the same)");
}

enum page_err follow_links(struct follow *f, const struct source_url *u, struct fsk_span url,
                           const struct page_doc *doc, bool (*go_on)(int64_t), int64_t until)
{
    struct finder finder;
    struct page_links_ask ask = {.kinds = PAGE_LINK_A | PAGE_LINK_FRAME | PAGE_LINK_LINK,
                                 .fragments = true,
                                 .found = found_link,
                                 .user = &finder,
                                 .go_on = go_on,
                                 .until = until};
    if (!f->o || !begin(&finder, f, u, url))
        return PAGE_OK;
    if (f->check->o) {
        bool links = u->depth < f->o->depth; /* ... are wanted, besides its places */
        check_page(f->check, doc, fingerprint_of_url(f, url), links);
        if (!links)
            return PAGE_OK;
        ask.kinds = PAGE_LINK_ALL | PAGE_LINK_OTHER;
    }
    finder.barred = f->o->robots && page_bars_links(doc);
    if (finder.barred)
        tell_barred(f);
    if (finder.barred && !f->check->o)
        return PAGE_OK;
    return page_links(doc, &ask);
}

/* A redirect's target, as a link; what it is known by. 0: it is of no kind that could be asked for,
 * as mailto:. */
static uint64_t follow_redirect(struct follow *f, const struct source_url *u, struct fsk_span url,
                                struct fsk_span to)
{
    struct finder finder;
    struct fsk_url parts;
    struct source_url next = like(u, to);
    if (!is_of_web(to))
        return 0;
    uint64_t fingerprint = fingerprint_of_url(f, to);
    next.redirects++;
    if (to.n > PAGE_URL || fsk_url_parse(to, false, &parts, NULL) != FSK_URL_OK)
        found_bad(f, to, fingerprint);
    else if (begin(&finder, f, u, url)) /* (where the user's own URL leads is the site) */
        found(&finder, &next, fingerprint, !root_of(u));
    return fingerprint;
}

/* ---- The run --------------------------------------------------------------------------------- */

enum list_result follow_next(struct follow *f, struct source_url *u)
{
    struct fsk_span entry;
    if (!f->o)
        return LIST_END;
    if (!f->now.n && !f->open) {
        struct spool empty = f->now;
        f->now = f->next;
        f->next = empty;
    }
    struct spool *from = f->now.n ? &f->now : &f->outside;
    if (!from->n)
        return f->open ? LIST_WAIT : LIST_END;
    enum fsock_err err = spool_get(from, &entry);
    if (err == FSOCK_OK) {
        memcpy(u, entry.p, sizeof *u);
        u->text.p = entry.p + sizeof *u;
        return LIST_LINE;
    }
    spool_fails(f, from, err);
    from->n = 0;
    return LIST_MORE; /* of the others */
}

void follow_took(struct follow *f, const struct source_url *u)
{
    if (!f->o)
        return;
    f->open += !u->external;
    if (u->from)
        return;
    struct check_link given = {
        .page = u->list, .given = true, .line = (unsigned)u->line, .url = u->text};
    uint64_t fingerprint = fingerprint_of_url(f, u->text);
    (void)is_new(f, fingerprint);
    check_link(f->check, &given, fingerprint);
}

/* What may not be fetched isn't broken; but the user shall hear of it if it was what he gave. */
static bool is_told(const struct source_url *u, const struct outcome *outcome)
{
    bool given = !u->from && !u->found;
    return given || outcome->exitcode != EXIT_FORBIDDEN;
}

void follow_ended(struct follow *f, const struct source_url *u, struct fsk_span url,
                  const struct fsock_response *response, const struct outcome *outcome, bool page)
{
    uint64_t moved = 0;
    if (!f->o)
        return;
    f->open -= !u->external;
    if (response->redirect_url[0] && outcome->exitcode == EXIT_FINE && !u->external)
        moved = follow_redirect(f, u, url, fsk_span_str(response->redirect_url));
    if (f->check->o && is_told(u, outcome))
        check_ended(f->check, fingerprint_of_url(f, url), response, outcome, page, moved);
}

void follow_init(struct follow *f, const struct get_options *o, struct report *report,
                 struct check *check)
{
    *f = (struct follow){.o = get_follows(o) ? o : NULL, .report = report, .check = check};
    fingerprints_init(&f->seen);
    fsk_buf_init(&f->key, URL_KEY_MAX);
    spool_init(&f->now, FOLLOW_SPOOL);
    spool_init(&f->next, FOLLOW_SPOOL);
    spool_init(&f->outside, FOLLOW_SPOOL);
}

void follow_fini(struct follow *f)
{
    for (struct follow_page *page = f->pages, *next; page; page = next) {
        next = page->next;
        free(page);
    }
    spool_fini(&f->now);
    spool_fini(&f->next);
    spool_fini(&f->outside);
    fingerprints_fini(&f->seen);
    fsk_buf_fini(&f->key);
}
