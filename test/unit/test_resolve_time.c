/* Name lookup and time: families that come late, and how long an answer is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "resolve_rig.h"

static void slow_aaaa(void **state)
{
    struct env *e = *state;
    serve_and_resolve(e, DNS_GOOD);
    assert_int_equal(look(e, "slow6.example", 0, FSOCK_SECOND), FSOCK_OK);
    assert_int_equal(e->w.wish.n, 2);
    assert_int_equal(e->w.settled_n, 1);
    int64_t t = e->w.settled_at - e->w.started;
    assert_true(t >= 50 * MS && t < 250 * MS);
    assert_true(fsk_addr_equal(&e->w.settled[0], &e->w.wish.addr[0])); /* grew at its end */
    has(e, "192.0.2.1:80", "[2001:db8::1]:80");
    assert_int_equal(look(e, "slow4.example", 0, FSOCK_SECOND), FSOCK_OK);
    assert_int_equal(e->w.settled_n, 1);
    assert_true(e->w.settled_at - e->w.started < 250 * MS);
    has(e, "[2001:db8::1]:80", "192.0.2.1:80");
}

static void mute_aaaa(void **state)
{
    struct env *e = *state;
    serve_and_resolve(e, DNS_GOOD);
    assert_int_equal(look(e, "mute6.example", 0, 300 * MS), FSOCK_OK);
    has(e, "192.0.2.1:80", "");
    assert_true(e->w.ended - e->w.started >= 300 * MS);
    assert_true(e->w.settled_at - e->w.started < 250 * MS);
}

static void remembers_as_long_as_the_ttl(void **state)
{
    struct env *e = *state;
    static const char *const hosts[] = {"both.example", "nx.example", "ttl1.example", "nx1.example",
                                        "fails.example"};
    unsigned n[2];
    serve_and_resolve(e, DNS_GOOD);
    for (unsigned round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
            look(e, hosts[i], 4, FSOCK_SECOND);
        n[round] = asked(e);
    }
    assert_int_equal(n[0], 6); /* a server that fails gets a second chance */
    assert_int_equal(n[1], 6);
    struct timespec nap = {.tv_sec = 1, .tv_nsec = 50 * MS};
    nanosleep(&nap, NULL);
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        look(e, hosts[i], 4, FSOCK_SECOND);
    assert_int_equal(asked(e), 10);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        BOTH_DRIVERS(slow_aaaa),
        BOTH_DRIVERS(mute_aaaa),
        BOTH_DRIVERS(remembers_as_long_as_the_ttl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
