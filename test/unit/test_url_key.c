/* Which URLs are the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "url_key.h"

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
        cmocka_unit_test(same),
        cmocka_unit_test(variants),
        cmocka_unit_test(no_url),
        cmocka_unit_test(too_long),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    fsk_buf_fini(&key);
    return failed;
}
