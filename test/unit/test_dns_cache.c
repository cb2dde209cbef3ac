/* The names of addresses in memory: states, references, expiry, the ceiling, and what it takes. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dns_cache.h"

static struct dns_cache cache;

static struct fsk_addr address(const char *text)
{
    struct fsk_addr a;
    struct fsk_span zone;
    assert_true(fsk_addr_parse(fsk_span_str(text), &a, &zone));
    return a;
}

/* 10.0.0.0 + i */
static struct fsk_addr nth(unsigned i)
{
    return (struct fsk_addr){
        .family = 4, .ip = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}
    };
}

static struct dns_entry *got(struct fsk_addr a, fsock_time now, bool asks)
{
    bool ask;
    struct dns_entry *e = dns_cache_get(&cache, &a, now, &ask);
    assert_non_null(e);
    assert_int_equal(ask, asks);
    return e;
}

static void settle(struct dns_entry *e, enum dns_state state, const char *name, fsock_time expires)
{
    dns_cache_settle(&cache, e, state, fsk_span_str(name), expires);
}

static void is(const struct dns_entry *e, enum dns_state state, const char *name)
{
    assert_int_equal(e->state, state);
    assert_true(fsk_span_eq(dns_entry_name(e), fsk_span_str(name)));
}

static void states(void **state)
{
    (void)state;
    dns_cache_init(&cache, 10);
    struct fsk_addr a = address("192.0.2.1");
    struct dns_entry *e = got(a, 0, true);
    is(e, DNS_PENDING, "");
    assert_ptr_equal(got(a, 0, false), e);           /* a line more waits */
    assert_ptr_equal(got(a, FSOCK_NEVER, false), e); /* what is pending can't expire */
    settle(e, DNS_NAMED, "a.example", 100);
    is(e, DNS_NAMED, "a.example");
    settle(e, DNS_NAMELESS, "ignored", 100);
    is(e, DNS_NAMELESS, "");
    settle(e, DNS_FAILED, NULL, 100);
    is(e, DNS_FAILED, "");
    settle(e, DNS_NAMED, "b.example", 100);
    dns_cache_settle(&cache, e, DNS_NAMED, dns_entry_name(e), 200); /* longer: the same name */
    is(e, DNS_NAMED, "b.example");
    assert_int_equal(dns_cache_count(&cache), 1);
    dns_cache_fini(&cache);
}

static void expiry(void **state)
{
    (void)state;
    dns_cache_init(&cache, 10);
    struct fsk_addr a = address("192.0.2.1");
    struct dns_entry *e = got(a, 0, true);
    settle(e, DNS_NAMED, "a.example", 100);
    got(a, 100, false); /* referred to: as it is */
    dns_cache_release(&cache, e);
    got(a, 99, false);
    dns_cache_release(&cache, e);
    dns_cache_release(&cache, e);
    got(a, 99, false);
    is(e, DNS_NAMED, "a.example");
    dns_cache_release(&cache, e);
    assert_ptr_equal(got(a, 100, true), e); /* nobody refers to it: asked again */
    is(e, DNS_PENDING, "");
    dns_cache_release(&cache, e);
    assert_ptr_equal(got(a, 100, false), e); /* pending without a reference */
    settle(e, DNS_FAILED, NULL, 130);
    dns_cache_release(&cache, e);
    got(a, 129, false);
    dns_cache_release(&cache, e);
    got(a, 130, true);
    dns_cache_fini(&cache);
}

static void keys(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0.0.0.0",          "192.0.2.1", "::",          "c000:201::", "::192.0.2.1",
        "::ffff:192.0.2.1", "::1",       "2001:db8::1", "192.0.2.2"};
    enum { N = sizeof texts / sizeof *texts };
    struct dns_entry *e[N];
    dns_cache_init(&cache, 10);
    for (size_t i = 0; i < N; i++)
        e[i] = got(address(texts[i]), 0, true);
    for (size_t i = 0; i < N; i++) {
        struct fsk_addr a = address(texts[i]), back;
        assert_ptr_equal(dns_cache_peek(&cache, &a), e[i]);
        dns_entry_addr(e[i], &back);
        assert_true(fsk_addr_equal(&a, &back));
        a.port = 53;
        a.scope = 2;
        assert_ptr_equal(dns_cache_peek(&cache, &a), e[i]);
    }
    struct fsk_addr other = address("2001:db8::2");
    assert_null(dns_cache_peek(&cache, &other));
    dns_cache_fini(&cache);
}

static void names(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "a b", "a\tb", "a\nb", " ", "a\x7f", "\x01", "\xc3\xa9"};
    char longest[DNS_NAME_MAX + 1];
    memset(longest, 'x', sizeof longest);
    dns_cache_init(&cache, 10);
    struct dns_entry *e = got(nth(1), 0, true);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        settle(e, DNS_NAMED, "a.example", 100);
        settle(e, DNS_NAMED, bad[i], 100);
        is(e, DNS_NAMELESS, "");
    }
    dns_cache_settle(&cache, e, DNS_NAMED, fsk_span("a\0b", 3), 100);
    is(e, DNS_NAMELESS, "");
    dns_cache_settle(&cache, e, DNS_NAMED, fsk_span(longest, DNS_NAME_MAX), 100);
    assert_int_equal(e->state, DNS_NAMED);
    assert_int_equal(dns_entry_name(e).n, DNS_NAME_MAX);
    dns_cache_settle(&cache, e, DNS_NAMED, fsk_span(longest, DNS_NAME_MAX + 1), 100);
    is(e, DNS_NAMELESS, "");
    settle(e, DNS_NAMED, "!\\032~", 100);
    is(e, DNS_NAMED, "!\\032~");
    dns_cache_fini(&cache);
}

static bool has(unsigned i)
{
    struct fsk_addr a = nth(i);
    return dns_cache_peek(&cache, &a) != NULL;
}

static void least_recently_used(void **state)
{
    (void)state;
    dns_cache_init(&cache, 3);
    for (unsigned i = 0; i < 3; i++) {
        struct dns_entry *e = got(nth(i), 0, true);
        settle(e, DNS_NAMED, "x", 100);
        dns_cache_release(&cache, e);
    }
    dns_cache_release(&cache, got(nth(0), 0, false)); /* used: 1 is the oldest now */
    struct dns_entry *three = got(nth(3), 0, true);
    assert_true(has(0) && !has(1) && has(2) && has(3));
    struct dns_entry *four = got(nth(4), 0, true);
    assert_true(has(0) && !has(2));
    struct dns_entry *five = got(nth(5), 0, true);
    struct dns_entry *six = got(nth(6), 0, true);
    assert_true(!has(0) && has(3) && has(4) && has(5) && has(6)); /* held: above the ceiling */
    assert_int_equal(dns_cache_count(&cache), 4);
    settle(three, DNS_NAMED, "x", 100);
    assert_true(has(3)); /* known, but referred to */
    dns_cache_release(&cache, three);
    assert_false(has(3));
    dns_cache_release(&cache, four); /* pending: stays without a reference */
    assert_true(has(4));
    settle(four, DNS_NAMELESS, NULL, 100);
    assert_true(has(4)); /* there is room: 4, 5, 6 */
    settle(five, DNS_NAMELESS, NULL, 100);
    settle(six, DNS_NAMELESS, NULL, 100);
    assert_int_equal(dns_cache_count(&cache), 3);
    dns_cache_fini(&cache);
}

static void no_ceiling_at_all(void **state)
{
    (void)state;
    dns_cache_init(&cache, 0);
    struct dns_entry *e = got(nth(1), 0, true);
    settle(e, DNS_NAMED, "x", 100);
    is(e, DNS_NAMED, "x");
    dns_cache_release(&cache, e);
    assert_int_equal(dns_cache_count(&cache), 0);
    struct fsk_addr a = nth(2);
    assert_true(dns_cache_put(&cache, &a, DNS_NAMED, FSK_SPAN("x"), 100));
    assert_int_equal(dns_cache_count(&cache), 0);
    dns_cache_fini(&cache);
}

static void put(void **state)
{
    (void)state;
    struct fsk_addr a = nth(1), b = nth(2);
    dns_cache_init(&cache, 3);
    assert_true(dns_cache_put(&cache, &a, DNS_NAMED, FSK_SPAN("first"), 100));
    assert_true(dns_cache_put(&cache, &a, DNS_NAMED, FSK_SPAN("earlier"), 99));
    struct dns_entry *e = got(a, 0, false);
    is(e, DNS_NAMED, "first");
    assert_true(dns_cache_put(&cache, &a, DNS_NAMELESS, FSK_SPAN(""), 101));
    is(e, DNS_NAMELESS, "");
    e = got(b, 0, true);
    assert_true(dns_cache_put(&cache, &b, DNS_NAMED, FSK_SPAN("known"), 100));
    is(e, DNS_PENDING, "");
    dns_cache_fini(&cache);
}

/* Any order of calls, compared with a table that knows no ceiling. */
static void any_order(void **state)
{
    (void)state;
    enum { N = 40, CEILING = 12 };
    static struct {
        struct dns_entry *e;
        unsigned refs;
        bool pending;
    } model[N];
    memset(model, 0, sizeof model);
    dns_cache_init(&cache, CEILING);
    srand(1);
    for (fsock_time now = 1; now < 100000; now++) {
        unsigned i = (unsigned)rand() % N, act = (unsigned)rand() % 3;
        if (act == 0 && model[i].refs < 3) {
            bool ask;
            struct fsk_addr a = nth(i);
            struct dns_entry *e = dns_cache_get(&cache, &a, now, &ask);
            if (model[i].refs || model[i].pending)
                assert_true(e == model[i].e && !ask);
            model[i].pending |= ask;
            model[i].e = e;
            model[i].refs++;
        } else if (act == 1 && model[i].pending) {
            settle(model[i].e, DNS_NAMED, "a.example", now + rand() % 500);
            model[i].pending = false;
        } else if (act == 2 && model[i].refs) {
            model[i].refs--;
            dns_cache_release(&cache, model[i].e);
        }
        size_t held = 0;
        for (i = 0; i < N; i++)
            if (model[i].refs || model[i].pending) {
                held++;
                assert_int_equal(model[i].e->refs, model[i].refs);
                assert_int_equal(model[i].e->state == DNS_PENDING, model[i].pending);
            }
        assert_true(dns_cache_count(&cache) >= held);
        assert_true(dns_cache_count(&cache) <= (held > CEILING ? held : CEILING));
    }
    dns_cache_fini(&cache);
}

/* 50,000 entries with 30-byte names take less than 10 MiB (0 is measured under ASan). */
static void memory(void **state)
{
    (void)state;
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    dns_cache_init(&cache, 50000);
    for (unsigned i = 0; i < 60000; i++) {
        char name[40];
        snprintf(name, sizeof name, "host-%05u.customer.example.xx", i);
        assert_int_equal(strlen(name), 30);
        struct dns_entry *e = got(nth(i), 0, true);
        settle(e, DNS_NAMED, name, 100);
        dns_cache_release(&cache, e);
    }
    assert_int_equal(dns_cache_count(&cache), 50000);
    size_t taken = mallinfo2().uordblks + mallinfo2().hblkhd - before;
    assert_true(taken < 10 << 20);
    dns_cache_fini(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states),
        cmocka_unit_test(expiry),
        cmocka_unit_test(keys),
        cmocka_unit_test(names),
        cmocka_unit_test(least_recently_used),
        cmocka_unit_test(no_ceiling_at_all),
        cmocka_unit_test(put),
        cmocka_unit_test(any_order),
        cmocka_unit_test(memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
