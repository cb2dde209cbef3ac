/* Name lookup with servers that are silent, wrong, slow or odd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "resolve_rig.h"

static void the_deadline_holds(void **state)
{
    struct env *e = *state;
    struct timespec nap = {.tv_nsec = 1};
    int64_t limits[] = {0, 30 * MS, 700 * MS};
    serve_and_resolve(e, DNS_MUTE);
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        fsock_time before = fsock_now();
        nanosleep(&nap, NULL);
        int64_t lag = fsock_now() - before;
        assert_int_equal(look(e, "both.example", 0, limits[i]), FSOCK_ERR_TIMEOUT);
        int64_t took = e->w.ended - e->w.started;
        assert_int_equal(e->w.fault.stage, FSOCK_STAGE_RESOLVE);
        assert_true(took >= limits[i]);
        if (took > limits[i] + 50 * MS + lag)
            fail_msg("%.3f s late", (double)(took - limits[i]) / 1e9);
    }
    says(e, "no answer from 127.0.0.1:");
    says(e, "tries in ");
    assert_true(asked(e) >= 4);
}

static void the_next_server_is_asked(void **state)
{
    struct env *e = *state;
    static const enum dns_manner bad[] = {DNS_MUTE,   DNS_SERVFAIL, DNS_REFUSED,
                                          DNS_BROKEN, DNS_LAME,     DNS_GOOD};
    serve(e, DNS_MUTE);
    serve(e, DNS_GOOD);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        dns_stop(&e->server[0]);
        dns_start(&e->server[0], bad[i]);
        resolver(e, NULL);
        if (bad[i] == DNS_GOOD) { /* stands for a port that is closed */
            dns_stop(&e->server[0]);
        }
        if (look(e, "both.example", 0, 1500 * MS) != FSOCK_OK)
            fail_msg("manner %d: %s", bad[i], e->w.fault.text);
        assert_int_equal(e->w.wish.n, 2);
        if (bad[i] != DNS_MUTE && e->w.ended - e->w.started > 450 * MS)
            fail_msg("manner %d: waited for what will not come", bad[i]);
        fsk_resolver_free(e->resolver);
        e->resolver = NULL;
        if (bad[i] == DNS_GOOD)
            dns_start(&e->server[0], DNS_GOOD);
    }
}

static void all_refuse(void **state)
{
    struct env *e = *state;
    serve(e, DNS_GOOD);
    serve(e, DNS_REFUSED);
    resolver(e, NULL);
    dns_stop(&e->server[0]);
    assert_int_equal(look(e, "both.example", 0, 10 * FSOCK_SECOND), FSOCK_ERR_DNS);
    assert_true(e->w.ended - e->w.started < FSOCK_SECOND);
    says(e, " refused and 127.0.0.1:");
    says(e, " says REFUSED");
    assert_int_equal(e->w.fault.sys_errno, ECONNREFUSED);
    dns_start(&e->server[0], DNS_GOOD);
}

static void forged_answers(void **state)
{
    struct env *e = *state;
    serve_and_resolve(e, DNS_GOOD);
    for (unsigned i = 0; i < 20; i++) {
        char host[32];
        snprintf(host, sizeof host, "forged.n%u.example", i);
        assert_int_equal(look(e, host, 4, FSOCK_SECOND), FSOCK_OK);
        has(e, "192.0.2.1:80", "");
    }
    assert_int_equal(asked(e), 20);
}

static void learns_about_servers(void **state)
{
    struct env *e = *state;
    static const enum dns_manner odd[] = {DNS_NO_EDNS, DNS_NO_EDNS_BARE, DNS_FOLDS};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        serve_and_resolve(e, odd[i]);
        assert_int_equal(look(e, "both.some-long-example", 4, FSOCK_SECOND), FSOCK_OK);
        has(e, "192.0.2.1:80", "");
        assert_int_equal(asked(e), 2);
        assert_int_equal(look(e, "both.other-long-example", 4, FSOCK_SECOND), FSOCK_OK);
        assert_int_equal(asked(e), 3);
        fsk_resolver_free(e->resolver);
        e->resolver = NULL;
        dns_stop(&e->server[0]);
        e->servers = 0;
    }
}

/* Slower than any one try: what was asked first still counts. */
static void a_slow_server_is_heard(void **state)
{
    struct env *e = *state;
    serve_and_resolve(e, DNS_GOOD);
    e->server[0].limp_ms = 1100;
    assert_int_equal(look(e, "both.example", 0, 4 * FSOCK_SECOND), FSOCK_OK);
    assert_int_equal(e->w.wish.n, 2);
    assert_true(e->w.ended - e->w.started < 1900 * MS);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        BOTH_DRIVERS(the_deadline_holds),   BOTH_DRIVERS(the_next_server_is_asked),
        BOTH_DRIVERS(all_refuse),           BOTH_DRIVERS(forged_answers),
        BOTH_DRIVERS(learns_about_servers), BOTH_DRIVERS(a_slow_server_is_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
