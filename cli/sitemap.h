/*
 * sitemap.h - the URLs in a sitemap, as its bytes come. Pure: no descriptor, no clock.
 *
 * Understood are XML sitemaps and indexes of them (sitemaps.org), RSS 2.0, Atom, lists with a URL a
 * line, and the lines "Sitemap: URL" of a robots.txt; each of them also as a gzip file. XML is read
 * by expat: namespaces, CDATA and character references mean what they should; a file that declares
 * entities of its own is refused.
 *
 *     struct sitemap *s = sitemap_new(FSK_SPAN("https://h/sitemap.xml"), found, user);
 *     for each piece: good = sitemap_push(s, piece);
 *     good = sitemap_finish(s);
 *     if (!good) ... sitemap_why(s)
 *     sitemap_free(s);
 *
 * What is wrong ends the reading; the URLs found before that stand.
 */
#ifndef FSOCK_CLI_SITEMAP_H
#define FSOCK_CLI_SITEMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "date.h"

/* What the protocol allows one sitemap to have; what is beyond isn't read. */
#define SITEMAP_ENTRIES 50000
#define SITEMAP_BYTES   ((uint64_t)50 * 1024 * 1024) /* unpacked */

#define SITEMAP_URL_MAX ((size_t)8192) /* of a URL; the protocol says 2,048 */

struct sitemap_entry {
    struct fsk_span url;  /* absolute, but unchecked; lives while found() runs */
    const char *why;      /* it is no URL: why, and `url` is its beginning; else NULL */
    bool is_sitemap;      /* of an index: a sitemap again */
    bool dated;           /* it says when it was changed last: */
    struct date modified; /* (lastmod, pubDate, updated) */
    uint64_t number;      /* in this sitemap, from 1 */
};

struct sitemap;

/* `url` is where the bytes come from (copied): what is relative is relative to it. NULL: no memory.
 */
struct sitemap *sitemap_new(struct fsk_span url,
                            void (*found)(void *user, const struct sitemap_entry *entry),
                            void *user);

/* NULL is fine. */
void sitemap_free(struct sitemap *s);

/* More of its bytes; at the end, that there are no more. False: sitemap_why(), from now on. */
bool sitemap_push(struct sitemap *s, struct fsk_span bytes);
bool sitemap_finish(struct sitemap *s);

/* What is wrong with it, for "the sitemap ...": "has more than 50,000 URLs". */
const char *sitemap_why(const struct sitemap *s);

#endif
