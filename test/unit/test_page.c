/* Pages: parsing within its ceilings, and walking the tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "page_rig.h"
#include "page_walk.h"

/* The tree as a text: "html(head() body(p("x")))". */
static const char *tree_of(const struct page_doc *doc)
{
    static char text[4096];
    size_t n = 0;
    struct page_walk walk = page_walk_page(doc);
    text[0] = '\0';
    for (const GumboNode *node; (node = page_walk_next(&walk));) {
        struct fsk_span data = page_node_text(node);
        char *to = text + n;
        size_t room = sizeof text - n;
        if (node->type == GUMBO_NODE_TEMPLATE || node->type == GUMBO_NODE_COMMENT)
            n += (size_t)snprintf(to, room, "-");
        else if (data.p)
            n += (size_t)snprintf(to, room, "\"%s\"", data.p);
        else if (walk.leaving)
            n += (size_t)snprintf(to, room, ")");
        else if (page_tag(node) == GUMBO_TAG_LAST)
            n += (size_t)snprintf(to, room, "?(");
        else
            n += (size_t)snprintf(to, room, "%s(", gumbo_normalized_tagname(page_tag(node)));
    }
    return text;
}

static void trees_are_walked_in_order(void **state)
{
    /* clang-format off */
    static const struct {
        const char *page, *tree;
    } rows[] = {
        {"", "html(head()body())"},
        {"<p>x<p>y", "html(head()body(p(\"x\")p(\"y\")))"},
        {"<title>a&amp;b</title><br>", "html(head(title(\"a&b\"))body(br()))"},
        {"a<template><p>no</template>b", "html(head()body(\"a\"-\"b\"))"},
        {"a<!-- no -->b", "html(head()body(\"a\"-\"b\"))"},
        {"<svg><a>x</a></svg>", "html(head()body(?(?(\"x\"))))"},
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct page_doc *doc = page_of(rows[i].page);
        /* The document itself is the tree's top, and no element of HTML. */
        char expect[256];
        snprintf(expect, sizeof expect, "?(%s)", rows[i].tree);
        assert_string_equal(tree_of(doc), expect);
        page_doc_free(doc);
    }
}

static void nothing_is_a_page(void **state)
{
    struct page_source from = {.go_on = NULL};
    struct page_doc *doc;
    (void)state;
    assert_int_equal(page_doc_new(&doc, &from), PAGE_OK);
    assert_string_equal(tree_of(doc), "?(html(head()body()))");
    assert_int_equal(page_base(doc)->host.n, 0);
    page_doc_free(doc);
    page_doc_free(NULL);
}

static void a_page_of_any_content_type(void **state)
{
    (void)state;
    assert_true(page_is_html(FSK_SPAN("text/html")));
    assert_true(page_is_html(FSK_SPAN("Text/HTML ; charset=x")));
    assert_true(page_is_html(FSK_SPAN("application/xhtml+xml")));
    assert_true(page_is_html(FSK_SPAN("")));
    assert_false(page_is_html(FSK_SPAN("text/plain")));
    assert_false(page_is_html(FSK_SPAN("text/html2")));
}

static void encodings_become_utf8(void **state)
{
    (void)state;
    struct page_doc *doc = page_typed("<p>gr\xfc\xdf", 7, "text/html; charset=iso-8859-1", PAGE_OK);
    assert_string_equal(page_charset(doc), "CP1252");
    assert_non_null(strstr(tree_of(doc), "\"grüß\""));
    page_doc_free(doc);
    doc = page_typed("\xff\xfe<\0p\0>\0\xfc\0", 10, "text/html", PAGE_OK);
    assert_string_equal(page_charset(doc), "UTF-16LE");
    assert_non_null(strstr(tree_of(doc), "p(\"ü\")"));
    page_doc_free(doc);
    doc = page_typed("\xef\xbb\xbf<p>\xff", 7, "text/html", PAGE_OK);
    assert_non_null(strstr(tree_of(doc), "body(p(\"\xef\xbf\xbd\")"));
    page_doc_free(doc);
}

static void the_base_counts(void **state)
{
    /* clang-format off */
    static const struct {
        const char *page, *host, *path;
    } rows[] = {
        {"", "h.example", "/d/page"},
        {"<base href=/x/>", "h.example", "/x/"},
        {"<base target=_top><base href='http://o.example/y/'><base href=/z/>", "o.example", "/y/"},
        {"<base href='javascript:1'>", "h.example", "/d/page"},
        {"<base href='ftp://f/'>", "h.example", "/d/page"},
        {"<base href='http://a b/'>", "h.example", "/d/page"},
    };
    /* clang-format on */
    char room[64];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct page_doc *doc = page_of(rows[i].page);
        const struct fsk_url *base = page_base(doc);
        assert_string_equal(fsk_span_text(base->host, room, sizeof room), rows[i].host);
        assert_string_equal(fsk_span_text(base->path, room, sizeof room), rows[i].path);
        assert_true(fsk_span_eq(page_url(doc)->path, FSK_SPAN("/d/page")));
        page_doc_free(doc);
    }
}

/* ---- Ceilings -------------------------------------------------------------------------------- */

static void long_pages_are_refused(void **state)
{
    char *bytes = calloc(1, PAGE_BYTES + 1);
    assert_non_null(bytes);
    (void)state;
    memset(bytes, '\xfc', PAGE_BYTES + 1);
    page_typed(bytes, PAGE_BYTES + 1, "", PAGE_TOO_LONG);
    page_typed(bytes, PAGE_BYTES, "text/html; charset=latin1", PAGE_TOO_LONG); /* in UTF-8 it is */
    page_doc_free(page_typed(bytes, PAGE_BYTES / 2, "text/html; charset=latin1", PAGE_OK));
    free(bytes);
}

/* Each <p> opens all of the <b> anew. */
static void memory_has_a_ceiling(void **state)
{
    char *text = malloc(400000);
    size_t n = 0;
    (void)state;
    assert_non_null(text);
    n += (size_t)snprintf(text, 400000, "<p>");
    for (unsigned i = 0; i < 8000; i++)
        n += (size_t)snprintf(text + n, 400000 - n, "<b x=%u>", i);
    for (unsigned i = 0; i < 8000; i++)
        n += (size_t)snprintf(text + n, 400000 - n, "<p>x");
    page_typed(text, n, "", PAGE_TOO_MUCH);
    free(text);
}

static bool so_often(void *user)
{
    unsigned *left = user;
    return *left && --*left;
}

/* What is nested deep costs the square of its depth; the caller ends it, and nobody recurses. */
static void deep_pages_end_when_the_caller_says(void **state)
{
    enum { N = 60000 };
    char *text = malloc(5 * N);
    unsigned left = 100;
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < N; i++)
        memcpy(text + 5 * i, "<div>", 5);
    struct page_source from = {.bytes = fsk_span(text, (size_t)5 * N),
                               .url = FSK_SPAN("http://h/"),
                               .go_on = so_often,
                               .user = &left};
    struct page_doc *doc;
    assert_int_equal(page_doc_new(&doc, &from), PAGE_TOO_SLOW);
    assert_null(doc);
    from.go_on = NULL;
    from.bytes.n = 5 * 5000;
    assert_int_equal(page_doc_new(&doc, &from), PAGE_OK);
    size_t elements = 0;
    struct page_walk walk = page_walk_page(doc);
    while (page_walk_next(&walk))
        elements += walk.leaving;
    assert_true(elements >= 5000);
    page_doc_free(doc);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees_are_walked_in_order),
        cmocka_unit_test(nothing_is_a_page),
        cmocka_unit_test(a_page_of_any_content_type),
        cmocka_unit_test(encodings_become_utf8),
        cmocka_unit_test(the_base_counts),
        cmocka_unit_test(long_pages_are_refused),
        cmocka_unit_test(memory_has_a_ceiling),
        cmocka_unit_test(deep_pages_end_when_the_caller_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
