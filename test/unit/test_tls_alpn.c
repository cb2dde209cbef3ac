/*
 * The list of protocols: from text to wire form, and back to names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "guard.h"
#include "net/tls_alpn.h"

static void test_lists(void **state)
{
    (void)state;
    char wire[FSK_TLS_ALPN_MAX];
    size_t n;
    struct fsock_fault fault = {.err = FSOCK_OK};
    assert_int_equal(fsk_tls_alpn_parse(wire, &n, "h2,http/1.1", &fault), FSOCK_OK);
    assert_int_equal(n, 12);
    assert_memory_equal(wire, "\2h2\10http/1.1", 12);
    assert_int_equal(fsk_tls_alpn_parse(wire, &n, "x", &fault), FSOCK_OK);
    assert_int_equal(n, 2);
    assert_memory_equal(wire, "\1x", 2);
    assert_int_equal(fsk_tls_alpn_parse(wire, &n, NULL, &fault), FSOCK_OK);
    assert_int_equal(n, 0);
    assert_int_equal(fsk_tls_alpn_parse(wire, &n, "\xc3\xa4", &fault), FSOCK_OK);
    assert_int_equal(n, 3);
    assert_int_equal(fault.err, FSOCK_OK);
}

static void test_what_is_no_list(void **state)
{
    (void)state;
    static const char *const bad[] = {"",  ",",    "h2,",   ",h2",  "h2,,x", "h2, x",
                                      " ", "h2\n", "\x7f,", "a\tb", "h2 "};
    char wire[FSK_TLS_ALPN_MAX];
    size_t n;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct fsock_fault fault = {.err = FSOCK_OK};
        assert_int_equal(fsk_tls_alpn_parse(wire, &n, bad[i], &fault), FSOCK_ERR_INPUT);
        assert_int_equal(fault.err, FSOCK_ERR_INPUT);
        assert_non_null(strstr(fault.text, "ALPN"));
    }
}

/* `count` names of `len` bytes each. */
static enum fsock_err parse_long(size_t len, size_t count, size_t *n)
{
    char text[2048], wire[FSK_TLS_ALPN_MAX] = "";
    struct fsock_fault fault = {.err = FSOCK_OK};
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        memset(text + at, 'a', len);
        at += len;
        text[at++] = ',';
    }
    text[at - 1] = '\0';
    struct guard in, out;
    guard_init(&in, sizeof text);
    guard_init(&out, sizeof wire);
    enum fsock_err err = fsk_tls_alpn_parse(guard_copy(&out, wire, sizeof wire), n,
                                            guard_copy(&in, text, at), &fault);
    guard_fini(&in);
    guard_fini(&out);
    return err;
}

static void test_ceilings(void **state)
{
    (void)state;
    size_t n;
    assert_int_equal(parse_long(255, 1, &n), FSOCK_OK);
    assert_int_equal(n, 256);
    assert_int_equal(parse_long(256, 1, &n), FSOCK_ERR_INPUT);
    assert_int_equal(parse_long(255, 4, &n), FSOCK_OK);
    assert_int_equal(n, FSK_TLS_ALPN_MAX);
    assert_int_equal(parse_long(255, 5, &n), FSOCK_ERR_INPUT);
    assert_int_equal(parse_long(1, 512, &n), FSOCK_OK);
    assert_int_equal(parse_long(1, 513, &n), FSOCK_ERR_INPUT);
}

static void test_names(void **state)
{
    (void)state;
    struct fsk_tls_alpn list;
    assert_true(fsk_tls_alpn_init(&list, FSK_SPAN("\2h2\10http/1.1\1h")));
    assert_string_equal(fsk_tls_alpn_find(&list, FSK_SPAN("h2")), "h2");
    assert_string_equal(fsk_tls_alpn_find(&list, FSK_SPAN("http/1.1")), "http/1.1");
    assert_string_equal(fsk_tls_alpn_find(&list, FSK_SPAN("h")), "h");
    assert_null(fsk_tls_alpn_find(&list, FSK_SPAN("H2")));
    assert_null(fsk_tls_alpn_find(&list, FSK_SPAN("http")));
    assert_null(fsk_tls_alpn_find(&list, FSK_SPAN("")));
    fsk_tls_alpn_fini(&list);
    assert_true(fsk_tls_alpn_init(&list, FSK_SPAN("")));
    assert_null(fsk_tls_alpn_find(&list, FSK_SPAN("h2")));
    fsk_tls_alpn_fini(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_what_is_no_list),
        cmocka_unit_test(test_ceilings),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests_name("tls alpn", tests, NULL, NULL);
}
