/* Sitemaps: each form, in pieces of any size, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>
#include <cmocka.h>

#include "guard.h"
#include "sitemap.h"

static struct guard guard;

/* What was found, a line each: "[S ]URL[ @FIRST][ !WHY]". */
static char log_text[8192];
static size_t log_n;
static uint64_t seen;

static void found(void *user, const struct sitemap_entry *e)
{
    assert_ptr_equal(user, &seen);
    assert_true(e->number == ++seen);
    if (sizeof log_text - log_n < 1000)
        return;
    int n = snprintf(log_text + log_n, sizeof log_text - log_n, "%s%.*s", e->is_sitemap ? "S " : "",
                     (int)e->url.n, e->url.p);
    log_n += (size_t)n;
    if (e->dated)
        log_n += (size_t)snprintf(log_text + log_n, 100, " @%lld", (long long)e->modified.first);
    if (e->why)
        log_n += (size_t)snprintf(log_text + log_n, 100, " !%s", e->why);
    log_text[log_n++] = '\n';
    log_text[log_n] = '\0';
}

static const char at_root[] = "https://h/map/sitemap.xml";

/* Read it in pieces; NULL if all is well, else why not. */
static const char *read_from(const char *url, const char *text, size_t n, size_t piece)
{
    static char why[300];
    log_n = 0;
    log_text[0] = '\0';
    seen = 0;
    struct sitemap *s = sitemap_new(fsk_span_str(url), found, &seen);
    assert_non_null(s);
    bool good = true;
    for (size_t at = 0; good && at < n; at += piece) {
        size_t k = n - at < piece ? n - at : piece;
        good = sitemap_push(s, fsk_span(guard_copy(&guard, text + at, k), k));
    }
    good = good && sitemap_finish(s);
    assert_true(good == !sitemap_why(s)[0]);
    assert_true(good || !sitemap_push(s, FSK_SPAN("x")));
    snprintf(why, sizeof why, "%s", sitemap_why(s));
    sitemap_free(s);
    return good ? NULL : why;
}

static size_t gzip(const char *text, size_t n, char *out, size_t room)
{
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)text,
                  .avail_in = (unsigned)n,
                  .next_out = (unsigned char *)out,
                  .avail_out = (unsigned)room};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return z.total_out;
}

struct row {
    const char *text, *expect, *why;
};

#define URLSET "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>"

static const struct row rows[] = {
    {"\xef\xbb\xbf\n<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" URLSET
     "<url><loc>\n https://h/a?x=1&amp;y=2 </loc><lastmod>1970-01-02</lastmod></url>"
     "<url><lastmod>1970-01-01T00:00:01Z</lastmod><loc><![CDATA[https://h/b?<>]]></loc></url>"
     "<url><loc>/c d</loc><image:image xmlns:image='http://i'><image:loc>https://h/i.png"
     "</image:loc></image:image><priority>1</priority></url>"
     "<url><x><loc>https://h/no</loc></x><loc>../&#x65;\xc3\xa9</loc><loc>/no</loc></url>"
     "<loc>https://h/no</loc><url/><url><loc> </loc><lastmod>soon</lastmod></url></urlset>\n",       "https://h/a?x=1&y=2 @86400\nhttps://h/b?%3C%3E @1\nhttps://h/c%20d\nhttps://h/e%C3%A9\n",
     NULL                                                                                                                                                                                                                                              },
    {"<s:urlset xmlns:s='urn:x' xmlns:o='urn:y'><o:url><s:loc>/no</s:loc></o:url><s:url><o:loc>/no"
     "</o:loc><s:loc>/1</s:loc></s:url><t:url xmlns:t='urn:x'><t:loc>/2</t:loc></t:url></s:urlset>", "https://h/1\nhttps://h/2\n",                                                              NULL                                              },
    {"<sitemapindex><sitemap><loc>a.xml.gz</loc><lastmod>1970</lastmod></sitemap></sitemapindex>",
     "S https://h/map/a.xml.gz @0\n",                                                                                                                                                                NULL                                              },
    {"<rss version='2.0' xmlns:a='http://www.w3.org/2005/Atom'><channel><link>https://h/no</link>"
     "<a:link href='https://h/no'/><item><title>x</title><link>https://h/1</link><guid>/no</guid>"
     "<pubDate>Thu, 01 Jan 1970 00:00:09 GMT</pubDate></item><item><title>y</title></item>"
     "</channel></rss>",                                                                             "https://h/1 @9\n",                                                                        NULL                                              },
    {"<feed xmlns='http://www.w3.org/2005/Atom'><link href='/no'/><entry><link rel='self' "
     "href='/no'/><link href='/1'/><link "
     "href='/no'/><updated>1970-01-01T00:00:07Z</updated></entry>"
     "<entry><link rel='alternate' href='http://g/2'/></entry></feed>",                              "https://h/1 @7\nhttp://g/2\n",                                                            NULL                                              },
    {"<urlset/>",                                                                                         "",                                                                                        NULL                                              },
    {"\n https://h/1\r\n\n# no\nHTTP://g/2 \nnonsense\nftp://h/\nhttps://h/last",
     "https://h/1\nHTTP://g/2\nhttps://h/map/nonsense\nftp://h/\nhttps://h/last\n",                                                                                                                  NULL                                              },
    {"",                                                                                                  "",                                                                                        NULL                                              },
    {" \n\n",                                                                                             "",                                                                                        NULL                                              },
    {"not a sitemap\nhttps://h/",                                                                         "",                                                                                        "is none: it begins neither as XML nor with a URL"},
    {"\x1f",                                                                                              "",                                                                                        "is none: it begins neither as XML nor with a URL"},
    {"\x1f\x8b",                                                                                          "",                                                                                        "can't be unpacked: the body ended"               },
    {"\x1f\x8b\x09",                                                                                      "",                                                                                        "can't be unpacked: "                             },
    {"<!DOCTYPE html><html><body></body></html>",                                                         "",                                                                                        "is none: it is XML with the root <html>"         },
    {URLSET "<url><loc>/1</loc></url><url><loc>/2</loc></urlset>",                                        "https://h/1\n",
     "is no whole XML: mismatched tag in line 1"                                                                                                                                                                                                       },
    {URLSET "<url><loc>/1</loc></url>\n<url>",                                                            "https://h/1\n",
     "is no whole XML: no element found in line 2"                                                                                                                                                                                                     },
    {"<!DOCTYPE urlset [<!ENTITY host "
     "'https://h'>]><urlset><url><loc>&host;/1</loc></url></urlset>",                                "",                                                                                        "can't be read: it declares entities of its own"  },
    {"<!DOCTYPE urlset [<!ENTITY f SYSTEM 'file:///etc/passwd'>]><urlset/>",                              "",
     "can't be read: it declares entities of its own"                                                                                                                                                                                                  },
    {"<!DOCTYPE urlset SYSTEM 'http://h/dtd'><urlset><url><loc>/1&amp;&x;</loc></url></urlset>",
     "https://h/1&\n",                                                                                                                                                                               NULL                                              },
    {"<o:urlset/>",                                                                                       "",                                                                                        "is no whole XML: unbound prefix in line 1"       },
};

static void forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n = strlen(rows[i].text);
        for (size_t piece = 1; piece <= n + 1; piece += piece < 20 ? 1 : 37) {
            const char *why = read_from(at_root, rows[i].text, n, piece);
            if (strcmp(log_text, rows[i].expect) != 0)
                fail_msg("row %zu, piece %zu: found\n%s", i, piece, log_text);
            if (!why != !rows[i].why || (why && !strstr(why, rows[i].why)))
                fail_msg("row %zu, piece %zu: %s", i, piece, why ? why : "fine");
        }
    }
}

static void packed(void **state)
{
    char out[4096];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows && !rows[i].why; i++) {
        size_t n = gzip(rows[i].text, strlen(rows[i].text), out, sizeof out);
        for (size_t piece = 1; piece <= n; piece += piece < 20 ? 1 : 37) {
            assert_null(read_from(at_root, out, n, piece));
            assert_string_equal(log_text, rows[i].expect);
        }
        const char *why = read_from(at_root, out, n - 1, n);
        assert_non_null(why);
        assert_non_null(strstr(why, "can't be unpacked: "));
    }
}

static void robots(void **state)
{
    static const char text[] = "User-agent: *\nDisallow: /x\nSitemap: https://h/1.xml\n"
                               "sitemap: 2.xml # two\r\n";
    (void)state;
    for (size_t piece = 1; piece < sizeof text; piece++) {
        assert_null(read_from("https://h/robots.txt", text, sizeof text - 1, piece));
        assert_string_equal(log_text, "S https://h/1.xml\nS https://h/2.xml\n");
    }
}

static void utf16(void **state)
{
    static const char ascii[] = "<urlset><url><loc>/1</loc></url></urlset>";
    char text[2 * sizeof ascii + 2];
    size_t n = 0;
    (void)state;
    text[n++] = '\xff';
    text[n++] = '\xfe';
    for (size_t i = 0; i < sizeof ascii - 1; i++) {
        text[n++] = ascii[i];
        text[n++] = '\0';
    }
    assert_null(read_from(at_root, text, n, 3));
    assert_string_equal(log_text, "https://h/1\n");
}

static void limits(void **state)
{
    static char text[4 * 1024 * 1024], out[1024 * 1024];
    (void)state;
    size_t n = (size_t)snprintf(text, sizeof text, "<urlset>");
    for (int i = 0; i <= 50000; i++)
        n += (size_t)snprintf(text + n, 100, "<url><loc>/%d</loc></url>", i);
    const char *why = read_from(at_root, text, n, 4096);
    assert_string_equal(why, "has more than 50,000 URLs; the rest isn't read");
    assert_int_equal(seen, 50000);

    n = (size_t)snprintf(text, sizeof text, "<urlset><url><loc>/");
    memset(text + n, 'x', 10000);
    n += 10000;
    n += (size_t)snprintf(text + n, 100, "</loc></url><url><loc>/y</loc></url></urlset>");
    assert_null(read_from(at_root, text, n, 4096));
    assert_int_equal(seen, 2);
    assert_non_null(strstr(log_text, "xxx !the URL is longer than 8 KiB\nhttps://h/y\n"));
    memset(text, 'x', 100000);
    memcpy(text, "http://h/", 9);
    memcpy(text + 100000, "\nhttp://h/y", 11);
    assert_null(read_from(at_root, text, 100011, 4096));
    assert_non_null(strstr(log_text, "xxx !the URL is longer than 8 KiB\nhttp://h/y\n"));

    memset(text, ' ', sizeof text);
    struct sitemap *s = sitemap_new(FSK_SPAN("http://h/"), found, &seen);
    size_t pieces = 0;
    while (sitemap_push(s, fsk_span(text, sizeof text)))
        pieces++;
    assert_string_equal(sitemap_why(s), "is larger than 50 MiB; the rest isn't read");
    assert_int_equal(pieces, 12);
    sitemap_free(s);

    n = gzip(text, sizeof text, out, sizeof out);
    why = read_from(at_root, out, n, n);
    assert_non_null(strstr(why, "can't be unpacked: "));
}

static void depth(void **state)
{
    char text[1000];
    (void)state;
    size_t n = (size_t)snprintf(text, sizeof text, "<urlset>");
    for (int i = 0; i < 100; i++)
        n += (size_t)snprintf(text + n, 100, "<a>");
    assert_string_equal(read_from(at_root, text, n, n),
                        "can't be read: it is nested more than 64 deep");
}

/* A piece that doesn't end costs the parser the square of its length; many short ones are fine. */
static void a_long_piece(void **state)
{
    enum { LONG = 3 << 20 };
    char *text = malloc(LONG);
    (void)state;
    assert_non_null(text);
    size_t n = (size_t)snprintf(text, LONG, URLSET "<!-- ");
    memset(text + n, 'x', LONG - n);
    assert_string_equal(read_from(at_root, text, LONG, 16384),
                        "has a comment, a tag or the like that is longer than 1 MiB");
    n = (size_t)snprintf(text, LONG, URLSET);
    while (n < LONG - 200)
        n += (size_t)snprintf(text + n, LONG - n, "<!-- %90d --><url/>\n", 1);
    n += (size_t)snprintf(text + n, LONG - n, "</urlset>");
    assert_null(read_from(at_root, text, n, 16384));
    free(text);
}

int main(void)
{
    guard_init(&guard, 4 * 1024 * 1024);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_piece), cmocka_unit_test(forms), cmocka_unit_test(packed),
        cmocka_unit_test(robots),       cmocka_unit_test(utf16), cmocka_unit_test(limits),
        cmocka_unit_test(depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
