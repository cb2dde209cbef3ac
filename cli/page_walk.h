/*
 * page_walk.h - a page's tree, from node to node in the order of the page, without recursion: how
 * deep a page is nested is its author's choice. For page.c and what finds things in pages.
 *
 *     struct page_walk walk = page_walk_page(doc);
 *     for (const GumboNode *node; (node = page_walk_next(&walk));)
 *         if (walk.leaving) ... else ... walk.skip = true; // not into this one
 */
#ifndef FSOCK_CLI_PAGE_WALK_H
#define FSOCK_CLI_PAGE_WALK_H

#include <gumbo.h>

#include "base/buf.h"
#include "page.h"

struct page_walk {
    const GumboNode *top, *node; /* node: the last one; NULL before the first */
    bool leaving;                /* it is an element, and all in it has been seen */
    bool skip;                   /* set by the caller who doesn't want what is in it */
};

/* All of the page; what is in `top`, and that itself. */
struct page_walk page_walk_page(const struct page_doc *doc);
struct page_walk page_walk_in(const GumboNode *top);

/*
 * The next node: an element twice, before and after what is in it, anything else once. NULL at the
 * end. What is in a <template> is no part of the page and passed over.
 */
const GumboNode *page_walk_next(struct page_walk *walk);

/* The element of HTML that it is; GUMBO_TAG_LAST for all other nodes. */
GumboTag page_tag(const GumboNode *node);

/* An attribute's value, with its character references replaced; p is NULL if it is missing. */
struct fsk_span page_attribute(const GumboNode *element, const char *name);

/* The value of a text node; p is NULL for other nodes. */
struct fsk_span page_node_text(const GumboNode *node);

/* Where it begins, in the text as it was sent; lines and columns count from 1. */
static inline unsigned page_line(const GumboNode *element)
{
    return element->v.element.start_pos.line;
}

static inline unsigned page_column(const GumboNode *element)
{
    return element->v.element.start_pos.column;
}

/*
 * Whether the parser has made it of another one, as a copy of a link that was not closed where it
 * should have been.
 */
static inline bool page_is_copy(const GumboNode *node)
{
    return node->parse_flags & (GUMBO_INSERTION_RECONSTRUCTED_FORMATTING_ELEMENT |
                                GUMBO_INSERTION_ADOPTION_AGENCY_CLONED);
}

/*
 * The URL that a reference in the page means, as browsers read it: without blanks around it, and
 * without tabs and line ends in it; `\` is `/`. Empty if it is too long, or nothing can be relative
 * to the page's base. `room` has PAGE_URL_ROOM bytes.
 */
#define PAGE_URL_ROOM FSK_URL_ROOM(2 * PAGE_URL)
struct fsk_span page_resolve(const struct fsk_url *base, struct fsk_span ref, char *room);

/* Whether it is one of the blanks of HTML; and a span without those around it. */
static inline bool page_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

struct fsk_span page_trim(struct fsk_span s);

/*
 * Append a text with each run of blanks as one space, and none at the buffer's beginning, nor two
 * in a row; fsk_buf_append()'s results.
 */
enum fsock_err page_squeeze(struct fsk_buf *to, struct fsk_span text);

#endif
