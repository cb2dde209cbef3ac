/*
 * get_robots.h - which URLs a site asks not to fetch (--robots): each site's robots.txt, fetched
 * once and kept.
 *
 * A URL of a site that was not asked yet is parked until it has been; what is parked is bounded,
 * and so is what is kept. A robots.txt that isn't there (4xx) allows all, one that can't be read
 * (5xx, 429, or no answer) allows nothing (RFC 9309 2.3.1). Of the first loop's thread.
 */
#ifndef FSOCK_CLI_GET_ROBOTS_H
#define FSOCK_CLI_GET_ROBOTS_H

#include <stdbool.h>

#include "base/list.h"
#include "base/map.h"
#include "get_errand.h"
#include "get_report.h"
#include "get_source.h"

#define ROBOTS_SITES   10000                      /* known at once */
#define ROBOTS_BYTES   ((size_t)32 * 1024 * 1024) /* of their rules */
#define ROBOTS_WAITING ((size_t)4 * 1024 * 1024)  /* of URLs that wait */
#define ROBOTS_AT_ONCE 16                         /* sites being asked */
#define ROBOTS_DELAY   (60 * FSOCK_SECOND)        /* a longer Crawl-delay is shortened to that */

struct parked;

struct robots {
    const struct get_options *o;
    struct errands *errands;
    struct report *report;
    struct fsk_map sites;
    struct fsk_list unasked, known; /* the latter: the one that was used last at the end */
    struct fsk_list ready;          /* struct parked: their site has been asked */
    struct parked *shown;
    size_t asking, bytes, parked_bytes;
    char *room; /* for the URL at hand, in other forms */
};

enum robots_verdict {
    ROBOTS_GO,     /* it may be fetched, or is none of ours */
    ROBOTS_NO,     /* it may not: u->why */
    ROBOTS_PARKED, /* robots_next() will give it back */
    ROBOTS_NO_MEMORY,
};

/* All is borrowed. False: out of memory. */
bool robots_init(struct robots *r, const struct get_options *o, struct errands *errands,
                 struct report *report);

/* After robots_init(), or of what is all zero. No errand may run. */
void robots_fini(struct robots *r);

/* May it be fetched? Its delay is filled in. */
enum robots_verdict robots_ask(struct robots *r, struct source_url *u);

/* A URL that was parked: true, and it may be fetched unless u->why. Its text lives until the next
 * call. */
bool robots_next(struct robots *r, struct source_url *u);

/* Send for what is needed; to be called when there may be room. */
void robots_work(struct robots *r);

/* Whether URLs are parked; whether more may be. */
static inline bool robots_wait(const struct robots *r)
{
    return r->parked_bytes > 0;
}

static inline bool robots_has_room(const struct robots *r)
{
    return r->parked_bytes < ROBOTS_WAITING;
}

#endif
