/*
 * get_check.h - --check-links: which links of the pages of a run lead nowhere.
 *
 * What becomes of a URL is known when it ends, and whether a page has the place that a #fragment
 * names, when that page has come: often long after the link was seen. So links and the places of
 * pages are put aside, in files without a name (spool.h), and compared at the end. In memory there
 * is a note for each URL (in the fingerprints that follow.h has of them anyway), the reason for
 * each that failed or is a redirect, and at the end a fingerprint for each place that is linked to.
 *
 *     run      links --> spool      places of pages --> spool      ends --> notes, reasons
 *     report   1  each link: fine and without a fragment: done; else --> another spool,
 *                 and the place it names is wanted
 *              2  each place: if it is wanted, it is found
 *              3  each link that is left: broken, if its URL is, or its place wasn't found
 */
#ifndef FSOCK_CLI_GET_CHECK_H
#define FSOCK_CLI_GET_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include <fsock.h>

#include "base/buf.h"
#include "base/map.h"
#include "fingerprints.h"
#include "get_report.h"
#include "outcome.h"
#include "page_links.h"
#include "spool.h"

#define CHECK_LINKS   ((uint64_t)4 * 1024 * 1024 * 1024) /* bytes of the file */
#define CHECK_PLACES  ((uint64_t)1024 * 1024 * 1024)
#define CHECK_REASONS ((size_t)256 * 1024 * 1024)

/* The notes of URLs. */
enum {
    CHECK_WAITING, /* nothing is known of it so far */
    CHECK_FINE,    /* it is there */
    CHECK_PAGE,    /* ... and is a page, whose places are known */
    CHECK_ODD      /* it has failed, or is a redirect: there is a reason */
};

struct check {
    const struct get_options *o; /* NULL: links aren't checked */
    struct report *report;
    struct fingerprints *urls;  /* get_follow.h's */
    struct fingerprints places; /* those that are wanted */
    struct fsk_map reasons;     /* by the URL's fingerprint */
    size_t reason_bytes;
    struct spool links, found, left;
    struct fsk_buf key;
    uint64_t pages, n_links, broken, unchecked;
    bool failed;      /* the report is not whole */
    fsock_time until; /* after Ctrl-C: when the report ends; 0: not before it is whole */
};

/* Where a link stands, and where it leads. */
struct check_link {
    const char *page;         /* its URL, or the list's name; NULL: the command line. It stays */
    bool given;               /* it is no link, but a URL that the user has given */
    enum page_link_kind kind; /* else */
    unsigned line, column;
    bool has_fragment;
    struct fsk_span url, fragment;
};

/* All is borrowed. Without --check-links all of it does nothing. */
void check_init(struct check *c, const struct get_options *o, struct report *report,
                struct fingerprints *urls);

/* After check_init(), or of what is all zero. */
void check_fini(struct check *c);

/* A link was found; `id` is its URL's fingerprint. */
void check_link(struct check *c, const struct check_link *link, uint64_t id);

/* A link's URL is none: why, for "the URL ...". */
void check_bad_url(struct check *c, uint64_t url, const char *why);

/* A page has come: the places in it. `links`: its links will be checked. */
void check_page(struct check *c, const struct page_doc *doc, uint64_t url, bool links);

/* A URL has ended; `moved` is the fingerprint of where it redirects to, 0: to nowhere. */
void check_ended(struct check *c, uint64_t url, const struct fsock_response *response,
                 const struct outcome *outcome, bool page, uint64_t moved);

/* A sitemap can't be read: `link` is its URL, and where that stands. */
void check_sitemap(struct check *c, const struct check_link *link,
                   const struct fsock_response *response, const struct outcome *outcome);

/* The end of the run: tell of each link that is broken. */
void check_report(struct check *c);

/* What it came to: "812 links in 20 pages: 3 broken"; "" if links weren't checked. Returns text. */
const char *check_text(const struct check *c, char *text, size_t cap);

/* ---- For get_check_line.c ---------------------------------------------------------------------
 */

/* Why a link is broken. */
struct check_why {
    int exitcode, status;
    const char *err;
    struct fsk_span moved; /* the redirect's target that is to blame; empty: the URL itself */
    const char *text;
};

/* The line, or the JSON object, of one. */
void check_put_line(struct out *to, const struct check_link *link, const struct check_why *why);
void check_put_json(struct out *to, const struct check_link *link, const struct check_why *why);

#endif
