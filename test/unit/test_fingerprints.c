/* Fingerprints: what is put in is found, and nothing else; what it costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fingerprints.h"

static uint64_t of_number(const struct fingerprints *f, unsigned n)
{
    char key[40];
    int len = snprintf(key, sizeof key, "http://host.example/page/%u", n);
    return fingerprint_of(f, fsk_span(key, (size_t)len));
}

static void empty(void **state)
{
    (void)state;
    struct fingerprints f;
    fingerprints_init(&f);
    assert_int_equal(fingerprints_get(&f, of_number(&f, 1)), FINGERPRINT_ABSENT);
    fingerprints_fini(&f);
    fingerprints_fini(&f);
}

static void notes(void **state)
{
    (void)state;
    struct fingerprints f;
    fingerprints_init(&f);
    uint64_t one = of_number(&f, 1), two = of_number(&f, 2);
    assert_true(one && two && one != two && one % 4 == 0);
    for (unsigned note = 0; note < 4; note++) {
        assert_true(fingerprints_put(&f, one, note));
        assert_int_equal(fingerprints_get(&f, one), note);
        assert_int_equal(fingerprints_get(&f, two), FINGERPRINT_ABSENT);
    }
    assert_int_equal(f.n, 1);
    fingerprints_fini(&f);
}

/* Not even the fingerprints that are nothing or all ones, nor neighbours that share a place. */
static void odd_ones(void **state)
{
    (void)state;
    struct fingerprints f;
    fingerprints_init(&f);
    for (uint64_t i = 1; i <= 1000; i++) {
        assert_true(fingerprints_put(&f, i * 4, i % 4));
        assert_true(fingerprints_put(&f, UINT64_MAX - 3 - i * 4, (i + 1) % 4));
    }
    assert_int_equal(f.n, 2000);
    for (uint64_t i = 1; i <= 1000; i++) {
        assert_int_equal(fingerprints_get(&f, i * 4), i % 4);
        assert_int_equal(fingerprints_get(&f, UINT64_MAX - 3 - i * 4), (i + 1) % 4);
    }
    assert_int_equal(fingerprints_get(&f, 1001 * 4), FINGERPRINT_ABSENT);
    fingerprints_fini(&f);
}

/* 100,000 in 2 MiB, also while the table grows, which holds the old one and the new. */
static void many(void **state)
{
    (void)state;
    struct fingerprints f;
    fingerprints_init(&f);
    for (unsigned i = 0; i < 100000; i++) {
        size_t before = f.slots;
        assert_true(fingerprints_put(&f, of_number(&f, i), i % 4));
        size_t held = f.slots == before ? before : before + f.slots;
        assert_true(i < 1000 || held * sizeof *f.slot <= 20 * (i + 1) + 1000);
    }
    assert_int_equal(f.n, 100000);
    for (unsigned i = 0; i < 200000; i++)
        assert_int_equal(fingerprints_get(&f, of_number(&f, i)),
                         i < 100000 ? (int)(i % 4) : FINGERPRINT_ABSENT);
    fingerprints_fini(&f);
}

/* Each set has a secret of its own. */
static void secret(void **state)
{
    (void)state;
    struct fingerprints a, b;
    fingerprints_init(&a);
    fingerprints_init(&b);
    assert_true(of_number(&a, 7) != of_number(&b, 7));
    assert_true(of_number(&a, 7) == of_number(&a, 7));
    fingerprints_fini(&a);
    fingerprints_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty), cmocka_unit_test(notes),  cmocka_unit_test(odd_ones),
        cmocka_unit_test(many),  cmocka_unit_test(secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
