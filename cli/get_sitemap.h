/*
 * get_sitemap.h - the URLs of --sitemap: sitemaps are fetched, read as they come, and what is found
 * in them waits in a spool for its turn.
 *
 * Sitemaps that an index lists are fetched as well, SITEMAPS_DEEP deep; each once, so that circles
 * end. A new one is begun only while little is in the spool: a site may have any number of them,
 * and no more waits than those few hold. What goes wrong with one is a failed record, with its URL.
 * Of the first loop's thread.
 */
#ifndef FSOCK_CLI_GET_SITEMAP_H
#define FSOCK_CLI_GET_SITEMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "get_check.h"
#include "get_errand.h"
#include "get_report.h"
#include "get_source.h"
#include "sitemap.h"
#include "spool.h"

#define SITEMAPS_AT_ONCE 4
#define SITEMAPS_DEEP    5                              /* indexes above a sitemap */
#define SITEMAPS_MOST    50000                          /* in one run */
#define SITEMAPS_BYTES   ((size_t)64 * 1024 * 1024)     /* of their URLs */
#define SITEMAPS_SPOOL   ((uint64_t)1024 * 1024 * 1024) /* more than those at once can fill */
#define SITEMAPS_ENOUGH  ((uint64_t)8 * 1024 * 1024)    /* in the spool: no new one is begun */

struct sitemap_name; /* one of those that were found: URL, and where it stands */

/* One that is being read. */
struct sitemap_reader {
    struct errand errand;
    struct sitemaps *all;
    struct sitemap_name *name; /* NULL: this reader is free */
    struct sitemap *parser;
    char why[300]; /* what is wrong with it; "": nothing so far */
};

struct sitemaps {
    const struct get_options *o;
    struct errands *errands;
    struct report *report;
    struct check *check;        /* is told of those that can't be read */
    _Atomic uint64_t *numbered; /* records so far: a failure's takes the next number */
    int64_t since;              /* seconds since 1970: what is older isn't wanted */
    struct spool urls;          /* struct source_url, and the text */
    struct fsk_map seen;
    size_t seen_bytes;
    struct sitemap_name *first, *last; /* those that wait */
    struct sitemap_reader reader[SITEMAPS_AT_ONCE];
    unsigned running;
    uint64_t read, failed, found, older;
    bool broken; /* the spool has failed: the run is not whole */
};

/*
 * --since: "2d" (before now) or a date, "2026-11-01", into seconds since 1970. False: it is
 * neither. `now`: nanoseconds since 1970.
 */
bool sitemaps_since(const char *text, int64_t now, int64_t *since);

/* All is borrowed. False: out of memory. */
bool sitemaps_init(struct sitemaps *s, const struct get_options *o, struct errands *errands,
                   struct report *report, struct check *check, _Atomic uint64_t *numbered);

/* After sitemaps_init(), or of what is all zero. No errand may run. */
void sitemaps_fini(struct sitemaps *s);

/* The next URL: LIST_LINE, LIST_BAD, LIST_WAIT: events will bring some; LIST_END. */
enum list_result sitemaps_next(struct sitemaps *s, struct source_url *u);

/* Send for what is needed; to be called when there may be room. */
void sitemaps_work(struct sitemaps *s);

/* What it came to: "2 sitemaps, 120 URLs"; "" without any. Returns text. */
const char *sitemaps_text(const struct sitemaps *s, char *text, size_t cap);

#endif
