#include "get_robots.h"

#include <stdio.h>
#include <stdlib.h>

#include "wire/robots.h"
#include "wire/url.h"

#define HINT "(--no-robots asks all the same)"

static const char disallowed[] = "robots.txt disallows it " HINT;
static const char unreadable[] = "robots.txt can't be read, which disallows all " HINT;

enum verdict { ALL, NOTHING, RULES };

struct parked {
    struct fsk_list link; /* in its site's `parked`, or in robots.ready */
    struct source_url url;
    char text[];
};

/* A scheme, host and port. */
struct site {
    struct fsk_map_node node; /* key: "https://host/" */
    struct errand errand;
    struct robots *all;
    struct fsk_list link; /* in robots.unasked or .known; in none while it is being asked */
    struct fsk_list parked;
    bool asked, foreign;
    enum verdict verdict;
    uint64_t id; /* of the transfer */
    struct fsk_buf file;
    char *rules;
    struct fsk_robots robots; /* in `rules` */
};

/* ---- Sites ----------------------------------------------------------------------------------- */

static void free_parked(struct robots *r, struct parked *p)
{
    r->parked_bytes -= sizeof *p + p->url.text.n;
    fsk_list_remove(&p->link);
    free(p);
}

static void free_site(struct site *site)
{
    struct robots *r = site->all;
    FSK_LIST_EACH (link, &site->parked)
        free_parked(r, FSK_HOLDER(link, struct parked, link));
    fsk_list_remove(&site->link);
    fsk_map_remove(&r->sites, &site->node);
    r->bytes -= site->robots.rules.n;
    fsk_buf_fini(&site->file);
    free(site->rules);
    free(site);
}

/* Forget those that were used least lately. */
static void make_room(struct robots *r)
{
    while ((r->sites.n > ROBOTS_SITES || r->bytes > ROBOTS_BYTES) && !fsk_list_empty(&r->known))
        free_site(FSK_HOLDER(r->known.next, struct site, link));
}

static void on_event(struct errand *errand, const struct fsock_event *e);

static struct site *site_of(struct robots *r, struct fsk_span key, bool foreign)
{
    struct fsk_map_node *node = fsk_map_get(&r->sites, key);
    if (node)
        return FSK_HOLDER(node, struct site, node);
    struct site *site = malloc(sizeof *site + key.n);
    if (!site)
        return NULL;
    *site = (struct site){.all = r, .foreign = foreign, .errand.on_event = on_event};
    memcpy(site + 1, key.p, key.n);
    site->node.key = fsk_span((char *)(site + 1), key.n);
    fsk_list_init(&site->link);
    fsk_list_init(&site->parked);
    fsk_buf_init(&site->file, FSK_ROBOTS_MAX);
    if (!fsk_map_add(&r->sites, &site->node)) {
        free(site);
        return NULL;
    }
    fsk_list_append(&r->unasked, &site->link);
    make_room(r);
    return site;
}

/* ---- Verdicts -------------------------------------------------------------------------------- */

/* What a site says to a URL of its own. */
static void judge(struct robots *r, struct site *site, struct source_url *u)
{
    struct fsk_url url;
    char *normal = r->room, *target = r->room + FSK_URL_ROOM(LIST_LINE_MAX);
    u->denied = site->verdict == NOTHING;
    u->why = u->denied ? unreadable : NULL;
    if (site->verdict != RULES)
        return;
    u->delay = site->robots.delay < ROBOTS_DELAY ? site->robots.delay : ROBOTS_DELAY;
    if (fsk_url_parse(u->text, true, &url, NULL) != FSK_URL_OK)
        return;
    size_t n = fsk_url_normalise(&url, normal, FSK_URL_ROOM(LIST_LINE_MAX));
    if (fsk_url_parse(fsk_span(normal, n), false, &url, NULL) != FSK_URL_OK)
        return;
    const char *end = url.has_query ? url.query.p + url.query.n : url.path.p + url.path.n;
    n = fsk_robots_target(fsk_span(url.path.p, (size_t)(end - url.path.p)), target);
    u->denied = !fsk_robots_allows(site->robots.rules, fsk_span(target, n));
    u->why = u->denied ? disallowed : NULL;
}

static bool park(struct robots *r, struct site *site, const struct source_url *u)
{
    struct parked *p = malloc(sizeof *p + u->text.n);
    if (!p)
        return false;
    p->url = *u;
    p->url.text.p = memcpy(p->text, u->text.p, u->text.n);
    fsk_list_init(&p->link);
    fsk_list_append(&site->parked, &p->link);
    r->parked_bytes += sizeof *p + u->text.n;
    return true;
}

/* The site of a URL as a key; empty: robots.txt says nothing about such URLs. */
static struct fsk_span key_of(struct robots *r, struct fsk_span text)
{
    struct fsk_url url;
    if (text.n > LIST_LINE_MAX || fsk_url_parse(text, true, &url, NULL) != FSK_URL_OK ||
        !(fsk_span_caseeq(url.scheme, FSK_SPAN("http")) ||
          fsk_span_caseeq(url.scheme, FSK_SPAN("https"))))
        return fsk_span(NULL, 0);
    struct fsk_url site = {.scheme = url.scheme,
                           .host = url.host,
                           .zone = url.zone,
                           .port = url.port,
                           .is_ipv6_literal = url.is_ipv6_literal};
    return fsk_span(r->room, fsk_url_normalise(&site, r->room, FSK_URL_ROOM(LIST_LINE_MAX)));
}

enum robots_verdict robots_ask(struct robots *r, struct source_url *u)
{
    if (!(r->o->robots < 0 ? u->found : r->o->robots))
        return ROBOTS_GO;
    struct fsk_span key = key_of(r, u->text);
    if (!key.n)
        return ROBOTS_GO;
    struct site *site = site_of(r, key, u->foreign);
    if (!site)
        return ROBOTS_NO_MEMORY;
    if (!site->asked)
        return park(r, site, u) ? ROBOTS_PARKED : ROBOTS_NO_MEMORY;
    fsk_list_remove(&site->link);
    fsk_list_append(&r->known, &site->link);
    judge(r, site, u);
    return u->denied ? ROBOTS_NO : ROBOTS_GO;
}

bool robots_next(struct robots *r, struct source_url *u)
{
    if (r->shown)
        free_parked(r, r->shown);
    r->shown = NULL;
    if (fsk_list_empty(&r->ready))
        return false;
    r->shown = FSK_HOLDER(r->ready.next, struct parked, link);
    fsk_list_remove(&r->shown->link);
    *u = r->shown->url;
    return true;
}

/* ---- Asking ---------------------------------------------------------------------------------- */

/* The site is known: its URLs can go on. */
static void settle(struct site *site, enum verdict verdict)
{
    struct robots *r = site->all;
    site->asked = true;
    site->verdict = verdict;
    fsk_buf_fini(&site->file);
    fsk_list_remove(&site->link);
    fsk_list_append(&r->known, &site->link);
    FSK_LIST_EACH (link, &site->parked) {
        struct parked *p = FSK_HOLDER(link, struct parked, link);
        judge(r, site, &p->url);
        fsk_list_remove(&p->link);
        fsk_list_append(&r->ready, &p->link);
    }
    make_room(r);
}

static enum verdict read_file(struct site *site)
{
    struct fsk_span file = fsk_buf_span(&site->file);
    char *room = malloc(FSK_ROBOTS_ROOM(file.n));
    if (!room)
        return NOTHING;
    fsk_robots_pick(file, fsk_span_str(get_request_agent(site->all->o)), &site->robots, room);
    size_t n = site->robots.rules.n;
    char *rules = realloc(room, n + 1);
    site->rules = rules ? rules : room;
    site->robots.rules = fsk_span(site->rules, n);
    site->all->bytes += n;
    return RULES;
}

/* Why nothing of a site is fetched; who asked for it can't tell from the records. */
static void tell(const struct site *site, const struct fsock_fault *fault)
{
    char text[1024], why[700];
    const struct get_options *o = site->all->o;
    if (o->silent && !o->show_error)
        return;
    outcome_sentence(why, sizeof why, fault);
    snprintf(text, sizeof text, "can't read %.*srobots.txt: %s", (int)site->node.key.n,
             site->node.key.p, why);
    report_say(site->all->report, text);
}

static void on_done(struct site *site, const struct fsock_event *e)
{
    int status = e->response->status;
    site->all->asking--;
    if (e->err == FSOCK_OK || fsk_buf_len(&site->file) == FSK_ROBOTS_MAX) {
        settle(site, read_file(site));
    } else if (e->err == FSOCK_ERR_REDIRECTS ||
               (e->err == FSOCK_ERR_STATUS && status < 500 && status != 429)) {
        settle(site, ALL);
    } else {
        if (e->err != FSOCK_ERR_CANCELED && e->err != FSOCK_ERR_SPENT)
            tell(site, e->fault);
        settle(site, NOTHING);
    }
}

/* The file's beginning is enough. */
static void on_data(struct site *site, const struct fsock_event *e)
{
    size_t room = FSK_ROBOTS_MAX - fsk_buf_len(&site->file);
    size_t n = e->len < room ? e->len : room;
    if (fsk_buf_append(&site->file, e->data, n) != FSOCK_OK || n == room)
        fsock_fetch_cancel(site->all->errands->fetch, e->id);
}

static void on_event(struct errand *errand, const struct fsock_event *e)
{
    struct site *site = FSK_HOLDER(errand, struct site, errand);
    if (e->kind == FSOCK_EVENT_DATA)
        on_data(site, e);
    else if (e->kind == FSOCK_EVENT_DONE)
        on_done(site, e);
}

void robots_work(struct robots *r)
{
    while (r->asking < ROBOTS_AT_ONCE && !fsk_list_empty(&r->unasked)) {
        struct site *site = FSK_HOLDER(r->unasked.next, struct site, link);
        struct fsock_fault fault = {.err = FSOCK_OK};
        struct fsk_span key = site->node.key;
        memcpy(r->room, key.p, key.n);
        memcpy(r->room + key.n, "robots.txt", 10);
        enum fsock_err err = errand_start(r->errands, &site->errand, fsk_span(r->room, key.n + 10),
                                          site->foreign, &fault);
        if (err == FSOCK_AGAIN)
            return;
        fsk_list_remove(&site->link);
        if (err == FSOCK_OK)
            r->asking++;
        else
            settle(site, ALL); /* what is wrong with its URL is wrong with those it is about */
    }
}

/* ---- Before and after ------------------------------------------------------------------------ */

bool robots_init(struct robots *r, const struct get_options *o, struct errands *errands,
                 struct report *report)
{
    *r = (struct robots){.o = o, .errands = errands, .report = report};
    fsk_map_init(&r->sites);
    struct fsk_list *lists[] = {&r->unasked, &r->known, &r->ready};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        fsk_list_init(lists[i]);
    r->room = malloc(FSK_URL_ROOM(LIST_LINE_MAX) + FSK_ROBOTS_ROOM(FSK_URL_ROOM(LIST_LINE_MAX)));
    return r->room != NULL;
}

void robots_fini(struct robots *r)
{
    struct fsk_map_node *node;
    struct source_url unused;
    if (!r->o)
        return;
    while (robots_next(r, &unused))
        ;
    while ((node = fsk_map_next(&r->sites, NULL)))
        free_site(FSK_HOLDER(node, struct site, node));
    fsk_map_fini(&r->sites);
    free(r->room);
}
