/*
 * page.h - an HTML page: the bytes of a body, and what its header calls them, become a tree.
 *
 * Parsed as browsers do (the HTML standard's tree construction, by libgumbo), in the encoding that
 * charset.h finds. Pure: no descriptor, no clock. What is in the tree is found by page_links.h,
 * page_text.h, page_forms.h and page_facts.h, which walk it by page_walk.h.
 *
 *     struct page_source from = {.bytes = body, .content_type = type, .url = url};
 *     struct page_doc *doc;
 *     enum page_err err = page_doc_new(&doc, &from);
 *     if (err != PAGE_OK) ... page_err_text(err)
 *     page_doc_free(doc);
 *
 * Nobody knows what a hostile page costs before it has been parsed: a few megabytes can be tags
 * nested so deep that each costs the sum of all before it. So bytes and memory have ceilings, and
 * the caller, who has a clock, is asked all the time whether to go on.
 */
#ifndef FSOCK_CLI_PAGE_H
#define FSOCK_CLI_PAGE_H

#include <stdbool.h>

#include "base/span.h"
#include "wire/url.h"

#define PAGE_BYTES  ((size_t)8 * 1024 * 1024)   /* of a page, and of the same in UTF-8 */
#define PAGE_MEMORY ((size_t)128 * 1024 * 1024) /* of its tree */
#define PAGE_URL    ((size_t)8192)              /* of a URL in it; what is longer is passed over */
#define PAGE_LINKS  ((size_t)32 * 1024 * 1024)  /* of all of them, absolute: <base> may be long */

enum page_err {
    PAGE_OK,
    PAGE_TOO_LONG,  /* more than PAGE_BYTES */
    PAGE_TOO_MUCH,  /* more than PAGE_MEMORY */
    PAGE_TOO_SLOW,  /* the caller did not go on */
    PAGE_NO_MEMORY, /* ... to be had */
    PAGE_LINKED,    /* its links have more than PAGE_LINKS bytes */
    PAGE_FULL,      /* more is found in it than who looks for it keeps */
    PAGE_NO_CHARSET /* iconv(3) lacks its encoding */
};

/* All is borrowed, for as long as the call runs. */
struct page_source {
    struct fsk_span bytes;
    struct fsk_span content_type; /* the header's value; empty: there is none */
    struct fsk_span url;          /* where the bytes are from; URLs are relative to it, or <base> */
    bool (*go_on)(void *user); /* asked every few tags; NULL: to the end, however long it takes */
    void *user;
};

struct page_doc;

/* Whether a body of this Content-Type is a page. If there is none, it is. */
bool page_is_html(struct fsk_span content_type);

/* *doc is NULL unless PAGE_OK. */
enum page_err page_doc_new(struct page_doc **doc, const struct page_source *from);
void page_doc_free(struct page_doc *doc); /* NULL is fine */

/* For "the page ...": "is larger than 8 MiB"; "" for PAGE_OK. */
const char *page_err_text(enum page_err err);

/* The encoding it was in, as iconv(3) calls it: "UTF-8". */
const char *page_charset(const struct page_doc *doc);

/* Where it is from; and what its URLs are relative to: <base>, or that. Both have no host if what
 * was given is no URL. */
const struct fsk_url *page_url(const struct page_doc *doc);
const struct fsk_url *page_base(const struct page_doc *doc);

#endif
