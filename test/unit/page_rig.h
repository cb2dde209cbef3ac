/* page_rig.h - pages for tests: parsed from a copy before a closed page, at http://h.example/d/page
 */
#ifndef FSK_TEST_PAGE_RIG_H
#define FSK_TEST_PAGE_RIG_H

#include "guard.h"
#include "page.h"

/* What comes of it must be `expect`; NULL, unless that is PAGE_OK. */
static inline struct page_doc *page_typed(const char *bytes, size_t n, const char *type,
                                          enum page_err expect)
{
    struct guard guard;
    struct page_doc *doc;
    guard_init(&guard, n);
    struct page_source from = {.bytes = fsk_span(guard_copy(&guard, bytes, n), n),
                               .content_type = fsk_span_str(type),
                               .url = FSK_SPAN("http://h.example/d/page")};
    assert_int_equal(page_doc_new(&doc, &from), expect);
    guard_fini(&guard); /* the page is on its own now */
    return doc;
}

static inline struct page_doc *page_of(const char *text)
{
    return page_typed(text, strlen(text), "text/html", PAGE_OK);
}

#endif
