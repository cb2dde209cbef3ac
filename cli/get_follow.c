#include "get_follow.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "page_links.h"
#include "url_key.h"
#include "wire/hostlist.h"

/* What is found in a page, or a redirect. */
struct finder {
    struct follow *f;
    const struct source_url *u; /* what it was asked for by */
    struct fsk_span url;        /* its URL: */
    struct fsk_url at;
    const struct fsk_url *site; /* that of the first page of its site */
    bool foreign;               /* ... to which no passwords are sent */
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

/* Whether a URL is new; from now on it isn't. */
static bool is_new(struct follow *f, struct fsk_span url)
{
    bool good = url_key(&f->key, url, fsk_span(NULL, 0));
    uint64_t fingerprint = good ? fingerprint_of(&f->seen, fsk_buf_span(&f->key)) : 0;
    if (good && fingerprints_get(&f->seen, fingerprint) != FINGERPRINT_ABSENT)
        return false;
    if (good && f->seen.n >= FOLLOW_URLS) {
        fails(f, "there are more than 20 million URLs");
        return false;
    }
    good = good && fingerprints_put(&f->seen, fingerprint, 0);
    if (!good)
        fails(f, "out of memory");
    return good;
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
    *page = (struct follow_page){.next = f->pages, .foreign = u->foreign, .at = finder->at};
    page->root = u->from && u->depth ? u->from->root : page;
    fsk_span_text(finder->url, page->url, finder->url.n + 1);
    fsk_url_rebase(&page->at, finder->url.p, page->url);
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
    const struct follow_page *root = u->from && u->depth ? u->from->root : NULL;
    finder->site = root ? &root->at : &finder->at;
    finder->foreign = root ? root->foreign : u->foreign;
    return true;
}

/* Whether links lead there: it is of the page's site, or of the hosts that were named. */
static bool is_wanted(const struct finder *finder, const struct fsk_url *to)
{
    struct fsk_span others = fsk_span_str(finder->f->o->span_hosts);
    return fsk_span_caseeq(finder->site->host, to->host) ||
           fsk_hostlist_has(others, to->host, fsk_url_port(to));
}

/* Whether there were not too many of these in a row. */
static bool is_near(const struct get_options *o, const struct source_url *u)
{
    return u->depth <= o->depth && u->redirects <= o->max_redirects && u->frames <= o->max_frames;
}

/* Put one into the spool of its depth. */
static void keep(struct finder *finder, struct source_url *u)
{
    struct follow *f = finder->f;
    struct spool *to = u->depth > finder->u->depth ? &f->next : &f->now;
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

/* A URL that may be new: as far away as the page, or in steps more. */
static void found(struct finder *finder, struct source_url *u, bool wanted)
{
    struct fsk_url to;
    if (!is_near(finder->f->o, u) || u->text.n > PAGE_URL ||
        fsk_url_parse(u->text, false, &to, NULL) != FSK_URL_OK ||
        !(wanted || is_wanted(finder, &to)) || !is_new(finder->f, u->text))
        return;
    u->foreign = finder->foreign || !fsk_url_same_origin(finder->site, &to);
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

static void found_link(void *user, const struct page_link *link)
{
    struct finder *finder = user;
    struct source_url u = like(finder->u, link->url);
    u.line = link->line;
    u.found = true;
    if (!link->web)
        return;
    if (link->kind == PAGE_LINK_A) {
        u.depth++;
        u.redirects = u.frames = 0;
    } else if (link->kind == PAGE_LINK_FRAME) {
        u.frames++;
        u.redirects = 0;
    } else if (fsk_span_eq(link->text, FSK_SPAN("refresh"))) {
        u.redirects++;
    } else {
        return;
    }
    found(finder, &u, false);
}

void follow_links(struct follow *f, const struct source_url *u, struct fsk_span url,
                  const struct page_doc *doc)
{
    struct finder finder;
    struct page_links_ask ask = {.kinds = PAGE_LINK_A | PAGE_LINK_FRAME | PAGE_LINK_LINK,
                                 .fragments = true,
                                 .found = found_link,
                                 .user = &finder};
    if (f->o && begin(&finder, f, u, url) && !page_links(doc, &ask))
        fails(f, "out of memory");
}

void follow_redirect(struct follow *f, const struct source_url *u, struct fsk_span url,
                     struct fsk_span to)
{
    struct finder finder;
    struct source_url next = like(u, to);
    next.redirects++;
    if (f->o && begin(&finder, f, u, url))
        found(&finder, &next, u->depth == 0); /* where the user's own URL leads is the site */
}

/* ---- The run --------------------------------------------------------------------------------- */

enum list_result follow_next(struct follow *f, struct source_url *u)
{
    struct fsk_span entry;
    if (!f->o)
        return LIST_END;
    if (!f->now.n && f->open)
        return LIST_WAIT;
    if (!f->now.n) {
        struct spool empty = f->now;
        f->now = f->next;
        f->next = empty;
    }
    enum fsock_err err = spool_get(&f->now, &entry);
    if (err == FSOCK_OK) {
        memcpy(u, entry.p, sizeof *u);
        u->text.p = entry.p + sizeof *u;
        return LIST_LINE;
    }
    if (err != FSOCK_AGAIN)
        spool_fails(f, &f->now, err);
    return LIST_END;
}

void follow_took(struct follow *f, const struct source_url *u)
{
    if (!f->o)
        return;
    f->open++;
    if (!u->from && !u->why)
        (void)is_new(f, u->text);
}

void follow_ended(struct follow *f)
{
    if (f->o)
        f->open--;
}

void follow_init(struct follow *f, const struct get_options *o, struct report *report)
{
    *f = (struct follow){.o = get_follows(o) ? o : NULL, .report = report};
    fingerprints_init(&f->seen);
    fsk_buf_init(&f->key, URL_KEY_MAX);
    spool_init(&f->now, FOLLOW_SPOOL);
    spool_init(&f->next, FOLLOW_SPOOL);
}

void follow_fini(struct follow *f)
{
    for (struct follow_page *page = f->pages, *next; page; page = next) {
        next = page->next;
        free(page);
    }
    spool_fini(&f->now);
    spool_fini(&f->next);
    fingerprints_fini(&f->seen);
    fsk_buf_fini(&f->key);
}
