/*
 * sitemap_xml.h - the XML of a sitemap: urlset and sitemapindex, RSS 2.0 and Atom. For sitemap.c.
 */
#ifndef FSOCK_CLI_SITEMAP_XML_H
#define FSOCK_CLI_SITEMAP_XML_H

#include "sitemap.h"

struct sitemap_xml;

/*
 * found() is given each entry with its URL as it was written, without the blanks around it, and may
 * end the reading by false. NULL: out of memory.
 */
struct sitemap_xml *sitemap_xml_new(bool (*found)(void *user, struct sitemap_entry *entry),
                                    void *user);

/* NULL is fine. */
void sitemap_xml_free(struct sitemap_xml *x);

/* More bytes, the last ones perhaps; of each call 1 GiB at most. False: sitemap_xml_why(). */
bool sitemap_xml_push(struct sitemap_xml *x, struct fsk_span bytes, bool last);

/* What is wrong, for "the sitemap ..."; "": found() has ended it. */
const char *sitemap_xml_why(const struct sitemap_xml *x);

#endif
