/* The links of pages, and their anchors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "page_links.h"
#include "page_rig.h"

static char found_text[2 * PAGE_URL];
static size_t found_n;

static void put(const char *before, struct fsk_span s, const char *after)
{
    found_n += (size_t)snprintf(found_text + found_n, sizeof found_text - found_n, "%s%.*s%s",
                                before, (int)s.n, s.p ? s.p : "", after);
}

/* "KIND URL[#FRAGMENT][ (TEXT)][ !]\n"; ! is none of the web. */
static void found(void *user, const struct page_link *link)
{
    (void)user;
    put("", fsk_span_str(page_link_word(link->kind)), " ");
    put("", link->url, "");
    if (link->fragment.p)
        put("#", link->fragment, "");
    if (link->text.p)
        put(" (", link->text, ")");
    put("", fsk_span_str(link->web ? "" : " !"), "\n");
}

static const char *links_of(const char *page, unsigned kinds, bool unique, bool fragments)
{
    struct page_links_ask ask = {
        .kinds = kinds, .unique = unique, .fragments = fragments, .found = found};
    struct page_doc *doc = page_of(page);
    found_n = 0;
    found_text[0] = '\0';
    assert_int_equal(page_links(doc, &ask), PAGE_OK);
    page_doc_free(doc);
    return found_text;
}

static void urls_are_read_as_browsers_do(void **state)
{
    /* clang-format off */
    static const struct {
        const char *page, *links;
    } rows[] = {
        {"<a href=x>", "a http://h.example/d/x\n"},
        {"<a href=/x><a href=//o.example/y><a href=?q=1>",
         "a http://h.example/x\na http://o.example/y\na http://h.example/d/page?q=1\n"},
        {"<a href=' \n a\nb.html\t '>", "a http://h.example/d/ab.html\n"},
        {"<a href='a b?c d&amp;e=f'>", "a http://h.example/d/a%20b?c%20d&e=f\n"},
        {"<a href='..\\x?a\\b'>", "a http://h.example/x?a%5Cb\n"},
        {"<a href='http:\\\\o.example\\x'>", "a http://o.example/x\n"},
        {"<a href='HTTP://O.example'>", "a HTTP://O.example\n"},
        {"<a href='grün'>", "a http://h.example/d/gr%C3%BCn\n"},
        {"<a href='http:x'><a href='HTTP:/y'><a href='http:?q'>",
         "a http://h.example/d/x\na http://h.example/y\na http://h.example/d/page?q\n"},
        {"<a href='https:x'><a href='http:///x'>", ""},
        {"<a href=''>", "a http://h.example/d/page\n"},
        {"<a href>", "a http://h.example/d/page\n"},
        {"<a>", ""},
        {"<a href='http://'><a href='http://a b/'><a href='http://:x/'>", ""},
        {"<a href=mailto:a@h><a href='javascript:x()'><a href='data:,x'><a href=tel:1>", ""},
        {"<a href=#top><a href=x#y>", "a http://h.example/d/x#y\n"},
        {"<base href=http://o.example/e/><a href=x>", "a http://o.example/e/x\n"},
        {"<a href=x>1<a href=x#y>2<a href=/d/x>3", "a http://h.example/d/x\n"},
        {"<map><area href=x alt='the alt'></map>", "a http://h.example/d/x (the alt)\n"},
        {"<template><a href=x></template><!-- <a href=y> --><script>'<a href=z>'</script>", ""},
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(links_of(rows[i].page, PAGE_LINK_A, true, false), rows[i].links);
}

static void kinds_of_links(void **state)
{
    static const char page[] =
        "<link rel='x StyleSheet' href=css><link rel=icon href=icon><script src=js></script>"
        "<meta http-equiv=Refresh content=\"5; URL = 'next'\">"
        "<body background=bg><a href=a></a><iframe src=frame></iframe>"
        "<img src=img alt=Alt srcset='s1 1x, s2,a 2x , s3,,s4'>"
        "<video src=v poster=po><source src=vs><track src=vt></video><audio src=au></audio>"
        "<picture><source srcset=ps></picture><embed src=em><object data=ob></object>"
        "<input type=IMAGE src=in><input type=text src=no>";
    /* clang-format off */
    static const struct {
        unsigned kind;
        const char *links;
    } rows[] = {
        {PAGE_LINK_A, "a a\n"},
        {PAGE_LINK_CSS, "css css (x StyleSheet)\n"},
        {PAGE_LINK_SCRIPT, "script js\n"},
        {PAGE_LINK_FRAME, "frame frame\n"},
        {PAGE_LINK_LINK, "link icon (icon)\nlink next (refresh)\n"},
        {PAGE_LINK_IMG,
         "img bg\nimg img (Alt)\nimg s1 (Alt)\nimg s2,a (Alt)\nimg s3,,s4 (Alt)\n"
         "img po\nimg ps\nimg in\n"},
        {PAGE_LINK_MEDIA, "media v\nmedia vs\nmedia vt\nmedia au\nmedia em\nmedia ob\n"},
    };
    /* clang-format on */
    char expect[1024], *end;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        end = expect;
        for (const char *p = rows[i].links; *p; p++) {
            *end++ = *p;
            if (*p == ' ' && (p[-1] != 'x' || p[-2] != '(') && p[1] != '(')
                end += sprintf(end, "http://h.example/d/");
        }
        *end = '\0';
        assert_string_equal(links_of(page, rows[i].kind, true, false), expect);
    }
    const char *all = links_of(page, PAGE_LINK_ALL, true, false);
    size_t lines = 0;
    for (; *all; all++)
        lines += *all == '\n';
    assert_int_equal(lines, 20);
}

static void refreshes(void **state)
{
    /* clang-format off */
    static const struct {
        const char *content, *url;
    } rows[] = {
        {"0;url=/n", "/n"},
        {"0; URL = /n ", "/n"},
        {"0;url='/n'x", "/n"},
        {"0,/n", "/n"},
        {"0;url=&quot;/n", "/n"},
        {"5", NULL},
        {"", NULL},
        {"5;", NULL},
        {"0;url", "/d/url"},
        {"0;url=", NULL},
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char page[200], expect[200] = "";
        snprintf(page, sizeof page, "<meta http-equiv=refresh content=\"%s\">", rows[i].content);
        if (rows[i].url)
            snprintf(expect, sizeof expect, "link http://h.example%s (refresh)\n", rows[i].url);
        assert_string_equal(links_of(page, PAGE_LINK_LINK, true, false), expect);
    }
}

static void what_is_asked_for(void **state)
{
    static const char page[] = "<a href=x#1>1</a><a href=x#2>2</a><a href=x#1>3</a><a href=#4>4</a>"
                               "<a href=mailto:a@h>";
    (void)state;
    assert_string_equal(links_of(page, PAGE_LINK_A, true, false), "a http://h.example/d/x#1\n");
    assert_string_equal(links_of(page, PAGE_LINK_A, true, true),
                        "a http://h.example/d/x#1\na http://h.example/d/x#2\n"
                        "a http://h.example/d/page#4\n");
    assert_string_equal(links_of(page, PAGE_LINK_A, false, false),
                        "a http://h.example/d/x#1\na http://h.example/d/x#2\n"
                        "a http://h.example/d/x#1\n");
    assert_string_equal(links_of(page, PAGE_LINK_A | PAGE_LINK_OTHER, true, false),
                        "a http://h.example/d/x#1\na mailto:a@h !\n");
}

static void copies_by_the_parser_are_no_links(void **state)
{
    (void)state;
    assert_string_equal(links_of("<a href=x><p>1<p>2<div>3", PAGE_LINK_A, false, false),
                        "a http://h.example/d/x\n");
    assert_string_equal(links_of("<p><a href=x><b>1<p>2", PAGE_LINK_A, false, false),
                        "a http://h.example/d/x\n");
}

static void long_urls_are_passed_over(void **state)
{
    char page[PAGE_URL + 200];
    (void)state;
    int n = snprintf(page, sizeof page, "<a href='http://h/");
    memset(page + n, 'x', PAGE_URL - 9);
    snprintf(page + n + PAGE_URL - 9, 20, "'>");
    links_of(page, PAGE_LINK_A, true, false);
    assert_int_equal(found_n, PAGE_URL + 3);
    snprintf(page + n + PAGE_URL - 9, 20, "x'>");
    assert_string_equal(links_of(page, PAGE_LINK_A, true, false), "");
    memset(page + n, ' ', PAGE_URL - 9); /* three bytes each, once they are encoded */
    snprintf(page + n + PAGE_URL - 9, 20, "y'>");
    assert_string_equal(links_of(page, PAGE_LINK_A, true, false), "");
}

static void count(void *user, const struct page_link *link)
{
    (void)link;
    ++*(unsigned *)user;
}

/* A short page whose URLs are long, since each begins with that of its <base>. */
static void links_have_a_ceiling(void **state)
{
    enum { BASE = 8000, FIT = PAGE_LINKS / (BASE + 4) };
    static char page[BASE + 100 + 16 * (FIT + 1)];
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        bool srcset = i % 2;
        unsigned found_links = 0, links = i / 2 ? FIT + 1 : FIT;
        struct page_links_ask ask = {
            .kinds = PAGE_LINK_ALL, .unique = true, .found = count, .user = &found_links};
        size_t n = (size_t)sprintf(page, "<base href='http://h/%0*d/'>%s", BASE - 10, 0,
                                   srcset ? "<img srcset='" : "");
        for (unsigned k = 0; k < links; k++)
            n += (size_t)sprintf(page + n, "%s%04x %s", srcset ? "" : "<img src=", k,
                                 srcset ? "," : ">");
        strcpy(page + n, srcset ? "'>" : "");
        struct page_doc *doc = page_of(page);
        assert_int_equal(page_links(doc, &ask), links > FIT ? PAGE_LINKED : PAGE_OK);
        assert_int_equal(found_links, FIT);
        page_doc_free(doc);
    }
}

static bool goes_on(int64_t until)
{
    static int64_t asked;
    return ++asked <= until;
}

static void who_asks_decides_how_long(void **state)
{
    static char page[10000];
    unsigned found_links = 0;
    struct page_links_ask ask = {.kinds = PAGE_LINK_ALL, .found = count, .user = &found_links};
    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        strcat(page, "<img src>");
    struct page_doc *doc = page_of(page);
    ask.go_on = goes_on;
    ask.until = 2;
    assert_int_equal(page_links(doc, &ask), PAGE_TOO_SLOW);
    assert_in_range(found_links, 100, 999);
    page_doc_free(doc);
}

static void a_page_without_a_url(void **state)
{
    static const char text[] = "<a href=x><a href=http://o.example/>";
    struct page_source from = {.bytes = fsk_span_str(text)};
    struct page_links_ask ask = {.kinds = PAGE_LINK_A, .found = found};
    struct page_doc *doc;
    (void)state;
    found_n = 0;
    assert_int_equal(page_doc_new(&doc, &from), PAGE_OK);
    assert_int_equal(page_links(doc, &ask), PAGE_OK);
    assert_string_equal(found_text, "a http://o.example/\n");
    page_doc_free(doc);
}

static void words_for_kinds(void **state)
{
    struct fsk_span bad;
    (void)state;
    assert_int_equal(page_link_kinds(FSK_SPAN("a"), &bad), PAGE_LINK_A);
    assert_int_equal(page_link_kinds(FSK_SPAN("img,css"), &bad), PAGE_LINK_IMG | PAGE_LINK_CSS);
    assert_int_equal(page_link_kinds(FSK_SPAN("all"), &bad), PAGE_LINK_ALL);
    assert_int_equal(page_link_kinds(FSK_SPAN("other"), &bad), PAGE_LINK_OTHER | PAGE_LINK_ALL);
    assert_int_equal(page_link_kinds(FSK_SPAN("a,other"), &bad), PAGE_LINK_OTHER | PAGE_LINK_A);
    assert_int_equal(page_link_kinds(FSK_SPAN("a,imgs"), &bad), 0);
    assert_true(fsk_span_eq(bad, FSK_SPAN("imgs")));
    assert_int_equal(page_link_kinds(FSK_SPAN(""), &bad), 0);
    assert_int_equal(page_link_kinds(FSK_SPAN("a,"), &bad), 0);
    assert_int_equal(bad.n, 0);
}

/* ---- Places ---------------------------------------------------------------------------------- */

static void found_place(void *user, const struct page_link *link)
{
    unsigned *at = user;
    at[0] = link->line;
    at[1] = link->column;
}

static void lines_and_columns_of_links(void **state)
{
    struct page_doc *doc = page_of("<p>\r\n\tgrün <a\n href=x>y</a>");
    unsigned at[2] = {0, 0};
    struct page_links_ask ask = {.kinds = PAGE_LINK_A, .found = found_place, .user = at};
    (void)state;
    assert_int_equal(page_links(doc, &ask), PAGE_OK);
    assert_int_equal(at[0], 2);
    assert_int_equal(at[1], 7);
    page_doc_free(doc);
}

static void found_anchor(void *user, const struct page_anchor *a)
{
    (void)user;
    found_n += (size_t)snprintf(found_text + found_n, sizeof found_text - found_n, "%u:%u %.*s\n",
                                a->line, a->column, (int)a->name.n, a->name.p);
}

static void anchors(void **state)
{
    struct page_doc *doc = page_of("<p id=one>\n<a name=two id=three></a><b name=no><h2 id='f r'>"
                                   "<svg id=s></svg><p id=''>");
    (void)state;
    found_n = 0;
    page_anchors(doc, found_anchor, NULL);
    assert_string_equal(found_text, "1:1 one\n2:1 three\n2:1 two\n2:37 f r\n2:50 s\n");
    page_doc_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_read_as_browsers_do),
        cmocka_unit_test(kinds_of_links),
        cmocka_unit_test(refreshes),
        cmocka_unit_test(what_is_asked_for),
        cmocka_unit_test(copies_by_the_parser_are_no_links),
        cmocka_unit_test(long_urls_are_passed_over),
        cmocka_unit_test(links_have_a_ceiling),
        cmocka_unit_test(who_asks_decides_how_long),
        cmocka_unit_test(a_page_without_a_url),
        cmocka_unit_test(words_for_kinds),
        cmocka_unit_test(lines_and_columns_of_links),
        cmocka_unit_test(anchors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
