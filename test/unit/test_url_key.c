/* Which URLs are the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "url_key.h"
#include "wire/url.h"

static struct fsk_buf key;

static void is(const char *url, const char *variant, struct fsk_span want)
{
    size_t n = strlen(url);
    char *exact = malloc(n ? n : 1); /* so that a byte too far is noticed */
    assert_non_null(exact);
    memcpy(exact, url, n);
    assert_true(url_key(&key, fsk_span(exact, n), fsk_span_str(variant)));
    assert_true(fsk_span_eq(fsk_buf_span(&key), want));
    free(exact);
}

static void same(void **state)
{
    (void)state;
    struct fsk_span root = FSK_SPAN("http://h.example/");
    is("http://h.example/", "", root);
    is("http://h.example", "", root);
    is("h.example", "", root);
    is("HTTP://H.Example:80/#top", "", root);
    is("http://h.example/a/../", "", root);
    is("http://h.example/%7ea%2f", "", FSK_SPAN("http://h.example/~a%2F"));
    is("http://h.example/?", "", FSK_SPAN("http://h.example/?"));
    is("https://h.example/", "", FSK_SPAN("https://h.example/"));
}

static void variants(void **state)
{
    (void)state;
    is("h.example", "mobile", FSK_SPAN("http://h.example/\0mobile"));
    is("h.example", "", FSK_SPAN("http://h.example/"));
}

static void no_url(void **state)
{
    (void)state;
    is("", "", FSK_SPAN(""));
    is("http://bad host/", "", FSK_SPAN("http://bad host/"));
    is("\x01#x", "a", FSK_SPAN("\x01#x\0a"));
}

/* The key as url.h makes it, without a look at what is in its normal form already. */
static struct fsk_span slow(struct fsk_span url, char *out, size_t room)
{
    struct fsk_url u;
    if (fsk_url_parse(url, true, &u, NULL) != FSK_URL_OK)
        return fsk_span(NULL, 0);
    u.fragment = fsk_span(NULL, 0);
    u.has_fragment = false;
    return fsk_span(out, fsk_url_normalise(&u, out, room));
}

/* Texts of pieces that matter: the short way and the long one come to the same. */
static void both_ways(void **state)
{
    (void)state;
    static const char *const piece[] = {
        "http://", "https://", "HTTP://", "h.example", "1.2.3.4",  "[::1]", ":80",  ":443", ":8080",
        ":080",    ":0",       ":99999",  "/",         "/a",       "/.",    "/..",  ".",    "-",
        "%41",     "%",        "#",       "?",         "a=b&c",    "@",     ":",    "\\",   "|",
        "~",       "_",        "!",       "Z",         "\xc3\xa9", " ",     "\x7f", "[",    "^"};
    enum { PIECES = sizeof piece / sizeof *piece };
    unsigned keys = 0;
    srand(1);
    for (int round = 0; round < 300000; round++) {
        char url[200], want[700];
        size_t n = 0;
        for (int i = rand() % 9; i >= 0; i--) {
            const char *p = piece[i == 8 || rand() % 3 ? rand() % PIECES : rand() % 16];
            memcpy(url + n, p, strlen(p));
            n += strlen(p);
        }
        struct fsk_span key_of = slow(fsk_span(url, n), want, sizeof want);
        if (!key_of.n)
            continue;
        keys++;
        assert_true(url_key(&key, fsk_span(url, n), fsk_span(NULL, 0)));
        if (!fsk_span_eq(fsk_buf_span(&key), key_of))
            fail_msg("%.*s became %.*s", (int)n, url, (int)fsk_buf_len(&key), key.mem);
    }
    assert_true(keys > 10000);
}

static void too_long(void **state)
{
    (void)state;
    char *url = calloc(1, URL_KEY_MAX);
    assert_non_null(url);
    assert_false(url_key(&key, fsk_span(url, URL_KEY_MAX), fsk_span(NULL, 0)));
    free(url);
    is("h.example", "", FSK_SPAN("http://h.example/"));
}

int main(void)
{
    fsk_buf_init(&key, URL_KEY_MAX);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same),      cmocka_unit_test(variants), cmocka_unit_test(no_url),
        cmocka_unit_test(both_ways), cmocka_unit_test(too_long),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    fsk_buf_fini(&key);
    return failed;
}
