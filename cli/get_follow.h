/*
 * get_follow.h - --depth: the links of pages are followed, each URL once.
 *
 * What pages lead to waits in spools, a depth after the other: the next one begins when all of the
 * one before have ended. So a URL's depth is that of the shortest way to it, whichever answer comes
 * first, and a run visits the same URLs each time. A redirect is a link to another URL of the same
 * depth, and so are a meta refresh and a frame; of these chains there is an end, too.
 *
 * Of a URL a fingerprint is kept (fingerprints.h), of a page that others were found in its URL as
 * well, for their records. Both have ceilings; what lies beyond is not followed, and the run says
 * so. Of the one thread that fetches.
 *
 * --check-links (get_check.h) goes the same ways, and asks for what else pages link to: pictures,
 * style sheets, and URLs of other hosts, by HEAD. A page of the site is read whatever links to it.
 */
#ifndef FSOCK_CLI_GET_FOLLOW_H
#define FSOCK_CLI_GET_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "fingerprints.h"
#include "get_check.h"
#include "get_report.h"
#include "get_source.h"
#include "page.h"
#include "spool.h"
#include "wire/url.h"

#define FOLLOW_URLS  ((size_t)20 * 1000 * 1000)     /* known in a run */
#define FOLLOW_SPOOL ((uint64_t)1024 * 1024 * 1024) /* of those that wait, in each spool */
#define FOLLOW_PAGES ((size_t)256 * 1024 * 1024)    /* of the URLs of pages */

/* A page, or a redirect, that others were found in. It stays until the end, and doesn't change. */
struct follow_page {
    struct follow_page *next;
    const struct follow_page *root; /* the first page of its site: links within that are followed */
    struct fsk_url at;              /* points into url */
    bool foreign;                   /* no passwords are sent to it */
    char url[];
};

struct follow {
    const struct get_options *o; /* NULL: links aren't followed */
    struct report *report;
    struct check *check;
    struct spool now, next; /* struct source_url, and the text: of this depth, of the one below */
    struct spool outside;   /* ... of other hosts, which are only asked whether they have it */
    struct fingerprints seen;
    struct fsk_buf key;
    struct follow_page *pages;
    size_t page_bytes;
    uint64_t open; /* URLs that were taken, may lead to others, and have not ended */
    bool broken;   /* the run is not whole */
    bool barred;   /* a page has asked that its links aren't followed, and that was told */
};

/* All is borrowed. Without --depth all of it does nothing. */
void follow_init(struct follow *f, const struct get_options *o, struct report *report,
                 struct check *check);

/* After follow_init(), or of what is all zero. */
void follow_fini(struct follow *f);

/* The next URL: LIST_LINE; LIST_WAIT: those that are being fetched may bring some; LIST_END. */
enum list_result follow_next(struct follow *f, struct source_url *u);

/* A URL has been taken from the source, and will be fetched; each of its variants is one. */
void follow_took(struct follow *f, const struct source_url *u);

/* A page has come: `u` is what it was asked for by, `url` its text, as it is in records. What
 * page_links() says of it, which asks whether to go on. */
enum page_err follow_links(struct follow *f, const struct source_url *u, struct fsk_span url,
                           const struct page_doc *doc, bool (*go_on)(int64_t), int64_t until);

/* It has ended, after that: redirects are followed, too. `page`: it is one, and was read. */
void follow_ended(struct follow *f, const struct source_url *u, struct fsk_span url,
                  const struct fsock_response *response, const struct outcome *outcome, bool page);

#endif
