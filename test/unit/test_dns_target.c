/* What a word or a line asks for: names, addresses, blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "dns_target.h"
#include "guard.h"

static struct guard guard;
static struct dns_target target;

static const char *begin(const char *text, const uint16_t *type, unsigned types)
{
    size_t n = strlen(text);
    return dns_target_init(&target, fsk_span(guard_copy(&guard, text, n), n), type, types);
}

static void must_begin(const char *text, const uint16_t *type, unsigned types)
{
    const char *why = begin(text, type, types);
    if (why)
        fail_msg("%s: %s", text, why);
}

static void next(const char *name, unsigned type)
{
    struct fsk_span s;
    uint16_t t;
    assert_true(dns_target_next(&target, &s, &t));
    if (s.n != strlen(name) || memcmp(s.p, name, s.n) != 0)
        fail_msg("%.*s is not %s", (int)s.n, s.p, name);
    assert_int_equal(t, type);
}

static void over(void)
{
    struct fsk_span s;
    uint16_t t;
    assert_false(dns_target_next(&target, &s, &t));
    assert_false(dns_target_next(&target, &s, &t));
}

static void test_names(void **state)
{
    static const uint16_t types[] = {15, 16, 2};
    (void)state;
    must_begin("shop.example", NULL, 0);
    next("shop.example", 1);
    next("shop.example", 28);
    over();
    must_begin("shop.example", types, 3);
    next("shop.example", 15);
    next("shop.example", 16);
    next("shop.example", 2);
    over();
    must_begin("0/25.2.0.192.in-addr.arpa", types, 1); /* RFC 2317: a name with a slash */
    next("0/25.2.0.192.in-addr.arpa", 15);
    over();
    must_begin("", NULL, 0); /* whether it can be asked for is not decided here */
    next("", 1);
}

static void test_addresses(void **state)
{
    static const uint16_t types[] = {1, 28};
    static const char *const addresses[] = {"192.0.2.7", "2001:db8::7", "::ffff:192.0.2.7"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        must_begin(addresses[i], types, 2);
        next(addresses[i], 0); /* its name, and once */
        over();
    }
}

static void test_blocks(void **state)
{
    static const uint16_t types[] = {15};
    (void)state;
    must_begin("192.0.2.254/30", types, 1);
    assert_true(target.block);
    next("192.0.2.252", 0);
    next("192.0.2.253", 0);
    next("192.0.2.254", 0);
    next("192.0.2.255", 0);
    over();
    must_begin("192.0.2.7/32", NULL, 0);
    next("192.0.2.7", 0);
    over();
    must_begin("2001:db8::ffff/127", NULL, 0);
    next("2001:db8::fffe", 0);
    next("2001:db8::ffff", 0);
    over();
    must_begin("2001:db8::1:ff00/113", NULL, 0);
    assert_int_equal(target.left, 32768);
    next("2001:db8::1:8000", 0);
    must_begin("255.255.255.254/31", NULL, 0); /* up to the very last one */
    next("255.255.255.254", 0);
    next("255.255.255.255", 0);
    over();
}

/* Each address of a large block, once, in order, and no more memory for it. */
static void test_the_largest(void **state)
{
    struct fsk_span s;
    uint16_t t;
    uint64_t n = 0;
    (void)state;
    must_begin("10.1.2.3/8", NULL, 0);
    assert_int_equal(target.left, UINT64_C(1) << DNS_BLOCK_BITS);
    next("10.0.0.0", 0);
    while (dns_target_next(&target, &s, &t))
        if (++n == 256)
            assert_true(s.n == 8 && memcmp(s.p, "10.0.1.0", 8) == 0);
    assert_int_equal(n, (UINT64_C(1) << DNS_BLOCK_BITS) - 1);
    assert_true(s.n == 14 && memcmp(s.p, "10.255.255.255", 14) == 0);
}

static void test_bad_blocks(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"192.0.2.0/33",   "up to 32" },
        {"192.0.2.0/",     "up to 32" },
        {"192.0.2.0/x",    "up to 32" },
        {"192.0.2.0/24/8", "up to 32" },
        {"192.0.2.0/-1",   "up to 32" },
        {"2001:db8::/129", "up to 128"},
        {"10.0.0.0/7",     "16777216" },
        {"0.0.0.0/0",      "16777216" },
        {"2001:db8::/64",  "16777216" },
        {"2001:db8::/0",   "16777216" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *why = begin(rows[i].text, NULL, 0);
        if (!why || !strstr(why, rows[i].says))
            fail_msg("%s: %s", rows[i].text, why ? why : "taken");
    }
}

int main(void)
{
    guard_init(&guard, 4096);
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),      cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_blocks),     cmocka_unit_test(test_the_largest),
        cmocka_unit_test(test_bad_blocks),
    };
    return cmocka_run_group_tests_name("dns_target", tests, NULL, NULL);
}
