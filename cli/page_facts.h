/*
 * page_facts.h - what a page says of itself in its head: title and meta data. Pure.
 */
#ifndef FSOCK_CLI_PAGE_FACTS_H
#define FSOCK_CLI_PAGE_FACTS_H

#include "base/buf.h"
#include "page.h"

/* Append the title in one line; nothing if there is none. FSOCK_ERR_TOO_BIG, FSOCK_ERR_MEMORY. */
enum fsock_err page_title(const struct page_doc *doc, struct fsk_buf *to);

/* One fact. */
struct page_fact {
    struct fsk_span name;    /* in lower case; lives while found() runs */
    struct fsk_span content; /* as it was written */
};

/*
 * In the order of the page: "charset", as it was read, by its usual name; "lang" of <html>; each
 * <meta> with a content, by its name, property or http-equiv ("description", "og:title",
 * "refresh"); "canonical", the URL of <link rel=canonical>, absolute.
 */
void page_facts(const struct page_doc *doc, void (*found)(void *user, const struct page_fact *fact),
                void *user);

/* Whether it asks that nobody follow its links: <meta name=robots content=nofollow>, or none. */
bool page_bars_links(const struct page_doc *doc);

#endif
