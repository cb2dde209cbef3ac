/* What a pool learns of places: breakers, and windows that limit leases. In simulated time. */
#include <string.h>

#include "op/pool_learn.h" /* first: the rig has a pool of its own */

#include "pool_clock.h"

static struct fsock_fault no_answer(void)
{
    return (struct fsock_fault){.err = FSOCK_ERR_CONNECT,
                                .stage = FSOCK_STAGE_CONNECT,
                                .text = "connect a:80: connection refused"};
}

static void learn(unsigned per_place, int adaptive, bool breaker)
{
    clock_init();
    make_simulated_pool(per_place, 6);
    fsk_pool_learn(&pool, adaptive, breaker);
}

static void later(fsock_time interval)
{
    advance(stub.driver.now + interval, 0);
}

/* So many requests fail, one after the other. */
static void fails(const char *key, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct fsk_lease lease;
        struct fsock_fault fault = no_answer();
        lease_of(&lease, key);
        fsk_lease_failed(&lease, &fault, false);
        fsk_pool_release(&lease);
    }
}

static void answer(struct fsk_lease *lease, int status)
{
    fsock_time now = pool.driver->now;
    fsk_lease_answered(lease, status, now, now + FSOCK_MILLISECOND);
}

static void test_states(void **state)
{
    struct fsk_breaker b = {.failures = 0};
    fsock_time now = FSOCK_SECOND;
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        assert_false(fsk_breaker_begin(&b));
        assert_true(fsk_breaker_failure(&b, false, now) == now);
    }
    assert_false(fsk_breaker_is_open(&b));
    assert_true(fsk_breaker_failure(&b, false, now) == now + FSOCK_SECOND);
    assert_true(fsk_breaker_is_open(&b));
    assert_true(fsk_breaker_failure(&b, false, now) == now); /* it was under way */
    for (unsigned i = 1; i <= 3; i++) {
        assert_false(fsk_breaker_is_dead(&b));
        assert_true(fsk_breaker_begin(&b));
        assert_true(b.probing);
        fsock_time pause = i < 3 ? FSOCK_SECOND << i : FSK_BREAKER_EACH;
        assert_true(fsk_breaker_failure(&b, true, now) == now + pause);
    }
    assert_true(fsk_breaker_is_dead(&b));
    fsk_breaker_success(&b);
    assert_false(fsk_breaker_is_open(&b));
}

static void test_suspect(void **state)
{
    struct fsk_lease lease;
    struct item a1, a2;
    (void)state;
    learn(6, 0, true);
    fails("a", 5);
    assert_int_equal(pool.places.n, 1); /* remembered */
    queue(&a1, "a1");
    queue(&a2, "a2");
    assert_string_equal(next(&lease), "");
    assert_null(fsk_pool_doomed(&pool));
    later(FSOCK_SECOND);
    assert_string_equal(next(&lease), "a1");
    assert_true(lease.probe);
    struct fsk_lease other;
    assert_string_equal(next(&other), ""); /* one probe at a time */
    answer(&lease, 404);
    assert_string_equal(next(&other), "a2"); /* all is well */
    assert_false(other.probe);
    fsk_pool_release(&lease);
    fsk_pool_release(&other);
    end_pool();
}

/* The next request goes there after so long, not before, and fails. */
static void probe_fails(fsock_time after)
{
    struct fsk_lease lease;
    struct item item;
    struct fsock_fault fault = no_answer();
    later(after - 1);
    queue(&item, "a1");
    assert_string_equal(next(&lease), "");
    later(1);
    assert_string_equal(next(&lease), "a1");
    assert_true(lease.probe);
    fsk_lease_failed(&lease, &fault, false);
    fsk_pool_release(&lease);
}

static void test_dead(void **state)
{
    struct fsk_lease lease;
    struct item a2, a3;
    struct fsock_fault blame = {.err = FSOCK_OK};
    (void)state;
    learn(6, 0, true);
    fails("a", 5);
    for (unsigned i = 0; i < FSK_BREAKER_PROBES; i++)
        probe_fails(FSOCK_SECOND << i);
    queue(&a2, "a2");
    struct fsk_place *place = a2.place;
    assert_ptr_equal(fsk_pool_doomed(&pool), place);
    assert_string_equal(next(&lease), "");
    assert_int_equal(fsk_place_blame(place, "a:80", &blame), FSOCK_ERR_ASIDE);
    assert_string_equal(blame.text, "queue a:80: set aside: 8 failures in a row, the last: connect "
                                    "a:80: connection refused");
    fsk_pool_unqueue(place, &a2.link);
    assert_null(fsk_pool_doomed(&pool));
    struct runner r = {.lease = {.place = NULL}};
    fsk_list_init(&r.lease.waiter);
    fsk_op_init(&r.op, runner_step, FSOCK_NEVER);
    assert_int_equal(fsk_pool_move(&pool, &r.lease, FSK_SPAN("a"), &r.op), FSOCK_AGAIN);
    assert_true(fsk_lease_is_aside(&r.lease));
    fsk_pool_release(&r.lease);
    later(FSK_BREAKER_EACH);
    queue(&a3, "a3");
    assert_null(fsk_pool_doomed(&pool));
    assert_string_equal(next(&lease), "a3");
    answer(&lease, 200);
    fsk_pool_release(&lease);
    end_pool();
    assert_int_equal(pool.n_trouble, 0);
}

/* A probe that is taken back tells nothing; the next one is a probe again. */
static void test_void(void **state)
{
    struct fsk_lease lease;
    struct item a1, a2;
    (void)state;
    learn(6, 0, true);
    fails("a", 5);
    queue(&a1, "a1");
    queue(&a2, "a2");
    later(FSOCK_SECOND);
    assert_string_equal(next(&lease), "a1");
    fsk_pool_release(&lease);
    assert_string_equal(next(&lease), "a2");
    assert_true(lease.probe);
    fsk_pool_release(&lease);
    end_pool();
}

/* What is remembered has an end, and so has the patience with what the request is to blame for. */
static void test_memory(void **state)
{
    char key[16];
    (void)state;
    learn(6, 0, true);
    for (unsigned i = 0; i < FSK_TROUBLE_MAX + 10; i++) {
        snprintf(key, sizeof key, "%u", i);
        fails(key, 1);
    }
    assert_int_equal(pool.n_trouble, FSK_TROUBLE_MAX);
    assert_int_equal(pool.places.n, FSK_TROUBLE_MAX);
    end_pool();
    assert_int_equal(pool.n_trouble, 0);
}

static void test_window_limits(void **state)
{
    struct fsk_lease lease[3];
    struct item a1, a2, a3;
    (void)state;
    learn(6, FSOCK_ADAPT_UP, false);
    queue(&a1, "a1");
    queue(&a2, "a2");
    queue(&a3, "a3");
    assert_string_equal(next(&lease[0]), "a1");
    assert_string_equal(next(&lease[1]), "a2");
    assert_string_equal(next(&lease[2]), "");
    for (unsigned i = 0; i < 8; i++)
        answer(&lease[0], 200);
    assert_string_equal(next(&lease[2]), "a3"); /* a good round */
    for (unsigned i = 0; i < 3; i++)
        fsk_pool_release(&lease[i]);
    end_pool();
}

/* Turned away time and again though there is only one at a time: the place is given its time. */
static void test_quota(void **state)
{
    struct fsk_lease lease;
    struct item a1, a2;
    (void)state;
    learn(1, FSOCK_ADAPT_DOWN, false);
    queue(&a1, "a1");
    queue(&a2, "a2");
    assert_string_equal(next(&lease), "a1");
    answer(&lease, 200);
    for (unsigned i = 0; i < 4; i++) {
        assert_true(a2.place->quota.rate <= 0);
        later(10 * FSOCK_MILLISECOND);
        answer(&lease, 429);
    }
    assert_true(a2.place->quota.rate > 0);
    fsk_pool_release(&lease);
    assert_string_equal(next(&lease), "");
    later(2 * FSOCK_SECOND);
    assert_string_equal(next(&lease), "a2");
    fsk_pool_release(&lease);
    end_pool();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states), cmocka_unit_test(test_suspect),
        cmocka_unit_test(test_dead),   cmocka_unit_test(test_void),
        cmocka_unit_test(test_memory), cmocka_unit_test(test_window_limits),
        cmocka_unit_test(test_quota),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
