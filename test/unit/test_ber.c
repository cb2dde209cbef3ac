/* Elements of BER: each length before a guard page, lengths that lie, and what is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "guard.h"
#include "wire/ber.h"

static struct guard guard;

static void test_take(void **state)
{
    static const char bytes[] = "\x04\x03why\x30\x83\x00\x00\x02\x0a\x00\x04\x82\x00\x00";
    (void)state;
    for (size_t n = 0; n < sizeof bytes; n++) {
        struct fsk_span rest = fsk_span(guard_copy(&guard, bytes, n), n), value;
        unsigned char tag;
        assert_int_equal(fsk_ber_take(&rest, &tag, &value), n >= 5);
        if (n < 5)
            continue;
        assert_int_equal(tag, FSK_BER_OCTETS);
        assert_true(fsk_span_eq(value, FSK_SPAN("why")));
        assert_int_equal(fsk_ber_take_tag(&rest, FSK_BER_SEQUENCE, &value), n >= 12);
        if (n >= 12)
            assert_int_equal(value.n, 2);
        if (n == sizeof bytes - 1) {
            assert_false(fsk_ber_take_tag(&(struct fsk_span){rest.p, rest.n}, FSK_BER_SET, &value));
            assert_true(fsk_ber_take_tag(&rest, FSK_BER_OCTETS, &value));
            assert_int_equal(value.n + rest.n, 0);
        }
    }
}

static void test_scan(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        ptrdiff_t end;
    } all[] = {
        {"",                             0, 0 },
        {"\x30",                         1, 0 },
        {"\x04",                         1, -1},
        {"\x30\x02zz",                   4, 4 },
        {"\x30\x02z",                    3, 0 },
        {"\x30\x02zzz",                  5, 4 },
        {"\x30\x80",                     2, -1},
        {"\x30\x85\x00\x00\x00\x00\x01", 7, -1},
        {"\x30\x84\x00\x00",             4, 0 },
        {"\x30\x84\xff\xff\xff\xff",     6, -1},
        {"\x30\x82\x00\x60",             4, 0 },
        {"\x30\x82\x00\x61",             4, -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const char *p = guard_copy(&guard, all[i].bytes, all[i].n);
        assert_int_equal(fsk_ber_scan(fsk_span(p, all[i].n), FSK_BER_SEQUENCE, 100), all[i].end);
    }
}

static void test_numbers(void **state)
{
    unsigned n;
    (void)state;
    assert_true(fsk_ber_number(FSK_SPAN("\x31"), &n) && n == 49);
    assert_true(fsk_ber_number(FSK_SPAN("\x01\x02"), &n) && n == 258);
    assert_false(fsk_ber_number(FSK_SPAN(""), &n));
    assert_false(fsk_ber_number(FSK_SPAN("\xff"), &n));
    assert_false(fsk_ber_number(FSK_SPAN("\x01\x02\x03"), &n));
}

static void test_heads(void **state)
{
    struct fsk_buf b;
    struct fsk_span written, value;
    (void)state;
    fsk_buf_init(&b, 100);
    assert_int_equal(fsk_ber_put_head(&b, FSK_BER_OCTETS, 3), FSOCK_OK);
    assert_int_equal(fsk_buf_len(&b), FSK_BER_HEAD);
    assert_int_equal(fsk_buf_puts(&b, "why"), FSOCK_OK);
    written = fsk_buf_span(&b);
    assert_true(fsk_ber_take_tag(&written, FSK_BER_OCTETS, &value));
    assert_true(fsk_span_eq(value, FSK_SPAN("why")));
    fsk_buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_take),
        cmocka_unit_test(test_scan),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_heads),
    };
    guard_init(&guard, 256);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
