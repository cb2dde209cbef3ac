/*
 * get_page.h - what --links, --images, --text, --forms, --title and --meta find in a body.
 *
 * A body that is a page is kept until it is whole, PAGE_BYTES at most; then it is parsed, for a
 * second at most, so that other transfers don't wait for one. With --json what is found becomes
 * members of its record. Else it takes the place of the body: the lines of one option go where the
 * body would have gone. With --depth the links of each page are followed, too (get_follow.h).
 */
#ifndef FSOCK_CLI_GET_PAGE_H
#define FSOCK_CLI_GET_PAGE_H

#include <stdbool.h>

#include <fsock.h>

#include "base/buf.h"
#include "base/span.h"
#include "get_options.h"
#include "out.h"
#include "outcome.h"
#include "page.h"

#define GET_PAGE_RESULT ((size_t)64 * 1024 * 1024) /* of lines, or of JSON */

struct follow;
struct source_url;

/* One body. */
struct get_page {
    const struct get_options *o;
    bool is_html, too_long;
    char type[128];              /* its Content-Type */
    struct fsk_buf body, result; /* result: empty until get_page_finish() */

    struct follow *follow; /* set by the owner if links are to be followed; else NULL */
    const struct source_url *given;
    struct fsk_span url;
};

/*
 * An answer with a body has come: *p is made for it if something is to be found in it, else it
 * stays NULL. False: without --json the run needs a page, and this is none; or there is no memory.
 */
bool get_page_begin(struct get_page **p, const struct get_options *o,
                    const struct fsock_response *r, struct outcome *outcome);
void get_page_free(struct get_page *p); /* NULL is fine */

/* Whether what is found takes the place of the body. NULL is fine: it doesn't. */
static inline bool get_page_replaces(const struct get_page *p)
{
    return p && !p->o->json && get_page_wants(&p->o->page);
}

/* The same where a page is needed whatever the options want of it. */
bool get_page_need(struct get_page **p, const struct get_options *o, const struct fsock_response *r,
                   struct outcome *outcome);

/* More of the body. False, here and below: the outcome says why. */
bool get_page_push(struct get_page *p, struct fsk_span bytes, struct outcome *outcome);

/* The body is whole: p->result is what was found in it. */
bool get_page_finish(struct get_page *p, const struct fsock_response *r, struct outcome *outcome);

/* What it means for the outcome that something can't be had of a page. Returns false. */
bool get_page_fails(enum page_err err, struct outcome *outcome);

/* The body is whole, and let go: its tree, to be freed. NULL: the outcome says why. */
struct page_doc *get_page_parse(struct get_page *p, const struct fsock_response *r,
                                struct outcome *outcome);

/*
 * What is added to a record, be there a page or not: struct record's `page`. It lives as long as
 * `p` and `nothing`.
 */
#define GET_PAGE_NOTHING 160
struct fsk_span get_page_members(const struct get_page *p, const struct get_options *o,
                                 char nothing[GET_PAGE_NOTHING]);

/* ---- For get_page.c -------------------------------------------------------------------------- */

/* The members of a record's JSON, each with a comma in front; `doc` is NULL if there is no page,
 * and `why` says why, or is NULL. */
enum page_err get_page_json(struct out *to, const struct get_options *o, const struct page_doc *doc,
                            const char *why, fsock_time until);

/* The lines of the one option that was given. */
enum page_err get_page_lines(struct out *to, const struct get_options *o,
                             const struct page_doc *doc, fsock_time until);

static inline enum page_err get_page_err(enum fsock_err err)
{
    return err == FSOCK_OK ? PAGE_OK : err == FSOCK_ERR_MEMORY ? PAGE_NO_MEMORY : PAGE_FULL;
}

/* How page_links() is asked for --links, and for --images. */
struct page_links_ask get_page_ask(const struct get_options *o, bool images, fsock_time until);

#endif
