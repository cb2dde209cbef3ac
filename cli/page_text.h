/*
 * page_text.h - what there is to read in a page, as text in UTF-8. Pure.
 *
 * Blocks are lines, with an empty line around paragraphs, headings, lists and the like. Items have
 * a mark or a number, cells of a table a tab between them, and <pre> stays as it is. Blanks
 * elsewhere are one space, a no-break space among them; soft hyphens and what steers a terminal are
 * dropped. Pictures are their alt text, links their text. What browsers don't show isn't there:
 * scripts, styles, the head, what is hidden or can only be chosen (<select>).
 */
#ifndef FSOCK_CLI_PAGE_TEXT_H
#define FSOCK_CLI_PAGE_TEXT_H

#include "base/buf.h"
#include "page.h"

#define PAGE_TEXT ((size_t)16 * 1024 * 1024) /* enough but for pages made of lists in lists */

/* Append it, with a line end behind each line. FSOCK_ERR_TOO_BIG, FSOCK_ERR_MEMORY. */
enum fsock_err page_text(const struct page_doc *doc, struct fsk_buf *to);

#endif
