/* The text of pages, and what they say of themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "page_facts.h"
#include "page_rig.h"
#include "page_text.h"

static const char *text_of(const char *page)
{
    static char text[4096];
    struct page_doc *doc = page_of(page);
    struct fsk_buf buf;
    fsk_buf_init(&buf, PAGE_TEXT);
    assert_int_equal(page_text(doc, &buf), FSOCK_OK);
    fsk_span_text(fsk_buf_span(&buf), text, sizeof text);
    fsk_buf_fini(&buf);
    page_doc_free(doc);
    return text;
}

struct row {
    const char *page, *text;
};

/* clang-format off */
static const struct row rows[] = {
    /* Blanks and blocks. */
    {"", ""},
    {"  x \n\t y  ", "x y\n"},
    {"<p>one<p>two", "one\n\ntwo\n"},
    {"<div>one</div><div>two</div>", "one\ntwo\n"},
    {"<div><div><p>one</p></div></div>two", "one\n\ntwo\n"},
    {"<h1>Title</h1>text<hr>more", "Title\n\ntext\n\nmore\n"},
    {"a<b>b</b>c <i> d </i> e", "abc d e\n"},
    {"one<br>two<br><br>three<br>", "one\ntwo\n\nthree\n"},
    {"a<br><br><br><br>b", "a\n\nb\n"},
    {"<p> </p><p></p>x", "x\n"},
    {"<blockquote>q<p>r</blockquote>s", "  q\n\n  r\n\ns\n"},
    /* Characters. */
    {"&lt;a&gt; &amp; &uuml;&#x20ac;&nbsp; z", "<a> & ü€ z\n"},
    {"soft&shy;hyphen e&#27;[31m&#x7f; b&#x9b;c", "softhyphen e[31m b›c\n"},
    {"&amp;lt;", "&lt;\n"},
    {"a&#13;b&#12;c&#x2028;d&#x202e;e&#x2067;f€", "a b c def€\n"},
    {"<pre>a&#13;b&#12;c&#x2028;d&#x202e;e</pre>", "abc de\n"},
    {"\xff", "ÿ\n"},
    /* Lists. */
    {"x<ul><li>one<li>two <b>b</b></ul>y", "x\n\n* one\n* two b\n\ny\n"},
    {"<ol><li>one<li>two<ul><li>in</ul><li>three</ol>", "1. one\n2. two\n  * in\n3. three\n"},
    {"<ol start=9><li>i<li>j<li value=20>k<li>l</ol>", "9. i\n10. j\n20. k\n21. l\n"},
    {"<ul><li><p>one</p><p>more</p><li>two</ul>", "* one\n\n  more\n\n* two\n"},
    {"<ul><li></li><li>x</ul>", "* \n* x\n"},
    {"<dl><dt>term<dd>what it is</dl>", "term\n  what it is\n"},
    /* Tables. */
    {"<table><caption>c</caption><tr><th>a<th>b<tr><td>1<td> 2 </table>z", "c\na\tb\n1\t2\n\nz\n"},
    /* As it is. */
    {"a<pre>\n  x\n\n\ty  z \n</pre>b", "a\n\n  x\n\n\ty  z \n\nb\n"},
    {"<pre>a <b> b</b>\r\nc</pre>", "a  b\nc\n"},
    /* What isn't to be read. */
    {"<title>t</title><script>s</script><style>s</style>x<script>s</script>y", "xy\n"},
    {"a<span hidden>b</span><span style='color:red; Display : none'>c</span>d", "ad\n"},
    {"a<p style='display:block'>b", "a\n\nb\n"},
    {"a<!-- b --><template>c</template>d", "ad\n"},
    {"<select><option>a<option>b</select><textarea>c</textarea><button>go</button>", "go\n"},
    {"<svg><title>t</title><text>x</text></svg>y", "y\n"},
    {"a<noscript>no script</noscript>", "ano script\n"},
    {"<iframe>a</iframe><video>b</video><object>c</object>d", "d\n"},
    {"<a href=x>link</a> <img src=i alt='a picture'><img src=j>", "link a picture\n"},
    {"<p hidden>a<p>b</p>c", "b\n\nc\n"},
};
/* clang-format on */

static void text_as_it_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(text_of(rows[i].page), rows[i].text);
}

static void text_has_a_ceiling(void **state)
{
    struct page_doc *doc = page_of("<p>one<p>two");
    (void)state;
    for (size_t n = 0; n < 12; n++) {
        struct fsk_buf buf;
        fsk_buf_init(&buf, n);
        enum fsock_err err = page_text(doc, &buf);
        assert_int_equal(err, n < 9 ? FSOCK_ERR_TOO_BIG : FSOCK_OK);
        assert_true(fsk_buf_len(&buf) <= n);
        fsk_buf_fini(&buf);
    }
    page_doc_free(doc);
}

/* However deep the lists are, lines are indented by 40 columns at most. */
static void deep_lists(void **state)
{
    char page[8 * 100 + 20] = "";
    (void)state;
    for (unsigned i = 0; i < 100; i++)
        strcat(page, "<ul><li>");
    strcat(page, "x");
    const char *text = text_of(page), *last = strrchr(text, '*');
    assert_string_equal(last, "* x\n");
    assert_int_equal(last - strstr(text, "\n                                        *"),
                     41 + 79 * 43);
}

/* ---- Facts ----------------------------------------------------------------------------------- */

static char facts_text[4096];
static size_t facts_n;

static void found(void *user, const struct page_fact *fact)
{
    (void)user;
    facts_n +=
        (size_t)snprintf(facts_text + facts_n, sizeof facts_text - facts_n, "%.*s=%.*s\n",
                         (int)fact->name.n, fact->name.p, (int)fact->content.n, fact->content.p);
}

static void facts_of_a_page(void **state)
{
    /* clang-format off */
static const struct row facts[] = {
        {"", "charset=UTF-8\n"},
        {"<html lang=de><meta charset=latin1>", "charset=windows-1252\nlang=de\n"},
        {"<meta name=Description content=' a &amp; b '><meta property=og:title content=t>"
         "<meta http-equiv=Refresh content='5; url=x'><meta name=x><meta content=y>",
         "charset=UTF-8\ndescription=a & b\nog:title=t\nrefresh=5; url=x\n"},
        {"<base href=/b/><link rel=Canonical href='c d'><link rel=icon href=i>",
         "charset=UTF-8\ncanonical=http://h.example/b/c%20d\n"},
        {"<body><meta name=robots content=none>", "charset=UTF-8\nrobots=none\n"},
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct page_doc *doc = page_of(facts[i].page);
        facts_n = 0;
        page_facts(doc, found, NULL);
        assert_string_equal(facts_text, facts[i].text);
        page_doc_free(doc);
    }
}

static void what_bars_links(void **state)
{
    static const struct {
        const char *page;
        bool bars;
    } pages[] = {
        {"<meta name=robots content=nofollow>",            true },
        {"<meta name=Robots content='noindex, NoFollow'>", true },
        {"<body><meta name=robots content=none>",          true },
        {"<meta name=robots content=noindex>",             false},
        {"<meta name=robots content='nofollowers'>",       false},
        {"<meta name=robots>",                             false},
        {"<meta name=other content=nofollow>",             false},
        {"<a rel=nofollow href=x>",                        false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        struct page_doc *doc = page_of(pages[i].page);
        assert_int_equal(page_bars_links(doc), pages[i].bars);
        page_doc_free(doc);
    }
}

static void titles(void **state)
{
    /* clang-format off */
static const struct row titles[] = {
        {"<title> The \n title &amp; more </title>", "The title & more"},
        {"<svg><title>no</title></svg><title>yes</title><title>not this</title>", "yes"},
        {"<title></title>", ""},
        {"<p>none", ""},
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++) {
        struct page_doc *doc = page_of(titles[i].page);
        struct fsk_buf buf;
        fsk_buf_init(&buf, 100);
        assert_int_equal(page_title(doc, &buf), FSOCK_OK);
        assert_true(fsk_span_eq(fsk_buf_span(&buf), fsk_span_str(titles[i].text)));
        fsk_buf_fini(&buf);
        page_doc_free(doc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_as_it_is_read),
        cmocka_unit_test(text_has_a_ceiling),
        cmocka_unit_test(deep_lists),
        cmocka_unit_test(facts_of_a_page),
        cmocka_unit_test(titles),
        cmocka_unit_test(what_bars_links),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
