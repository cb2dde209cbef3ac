/* Quotas against a server that counts requests as nginx's limit_req does, in simulated time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "op/quota.h"

#define MS FSOCK_MILLISECOND

/* So many a second, in whole milliseconds, and so many above that before it refuses. */
struct limit {
    double rate, burst;
    double excess;
    fsock_time last;
};

static bool accepts(struct limit *l, fsock_time now)
{
    double passed = (double)(now / MS - l->last / MS) / 1000;
    double excess = l->excess - passed * l->rate + 1;
    excess = l->last && excess > 0 ? excess : 0;
    if (excess > l->burst)
        return false;
    l->excess = excess;
    l->last = now;
    return true;
}

/* One at a time, as fast as the quota lets us; an answer takes 2 ms. Each `late`th comes 5 ms late.
 */
static void run(double rate, double burst, fsock_time lasts, unsigned late)
{
    struct fsk_quota q = {.rate = 0};
    struct limit limit = {.rate = rate, .burst = burst};
    fsock_time now = FSOCK_SECOND, end = now + lasts, next = now;
    unsigned accepted = 0, refused = 0, n = 0;
    while (now < end) {
        fsock_time sent = now > next ? now : next;
        bool fine = accepts(&limit, sent + (late && ++n % late == 0 ? 5 * MS : 0));
        now = sent + 2 * MS;
        if (fine)
            fsk_quota_accept(&q, now);
        else
            fsk_quota_refuse(&q, sent, now);
        accepted += fine;
        refused += !fine;
        next = q.rate > 0 ? sent + (fsock_time)((double)FSOCK_SECOND / q.rate) : now;
    }
    double share = accepted * (double)FSOCK_SECOND / ((double)lasts * rate);
    print_message("%6.1f/s, burst %3.0f: %3.0f %% of it, %u refused of %u\n", rate, burst,
                  100 * share, refused, accepted + refused);
    assert_true(share >= 0.9);
    assert_true(refused <= 20 + burst + accepted / 20);
}

static void test_limits(void **state)
{
    (void)state;
    run(5, 0, 120 * FSOCK_SECOND, 0);
    run(20, 0, 120 * FSOCK_SECOND, 0);
    run(100, 0, 60 * FSOCK_SECOND, 0);
    run(10, 20, 60 * FSOCK_SECOND, 0);
    run(100, 20, 60 * FSOCK_SECOND, 0);
    run(300, 100, 60 * FSOCK_SECOND, 0);
}

/* From the first request on, and though some come too near to each other. */
static void test_strict(void **state)
{
    (void)state;
    run(100, 0, 20 * FSOCK_SECOND, 0);
    run(100, 0, 20 * FSOCK_SECOND, 100);
    run(100, 20, 20 * FSOCK_SECOND, 200);
    run(200, 0, 20 * FSOCK_SECOND, 500);
}

/*
 * A server that has no limit, but fails once in a hundred times, for no reason, and then wants to
 * be left alone for a second. We have so many a second for it.
 */
static void run_unlucky(double rate)
{
    struct fsk_quota q = {.rate = 0};
    fsock_time begin = FSOCK_SECOND, now = begin, next = now;
    unsigned refused = 0, n = 0, seed = 7;
    for (; n < 2000; n++) {
        fsock_time sent = now > next ? now : next;
        seed = seed * 1103515245 + 12345;
        now = sent + 2 * MS;
        double pace = q.rate > 0 && q.rate < rate ? q.rate : rate;
        next = sent + (fsock_time)((double)FSOCK_SECOND / pace);
        if ((seed >> 16) % 100) {
            fsk_quota_accept(&q, now);
            continue;
        }
        refused++;
        fsk_quota_refuse(&q, sent, now);
        fsk_quota_hold(&q, now, now + FSOCK_SECOND);
        next = now + FSOCK_SECOND;
    }
    double best = n / rate + refused, took = (double)(now - begin) / (double)FSOCK_SECOND;
    print_message("%3.0f/s, unlucky: %.0f s, %.0f at best\n", rate, took, best);
    assert_true(took <= 1.5 * best);
}

static void test_unlucky(void **state)
{
    (void)state;
    run_unlucky(5);
    run_unlucky(20);
    run_unlucky(50);
    run_unlucky(200);
}

/* Two or three that meet by chance are no limit, at a pace that is slow because others are served,
 * too: it would be learnt from that pace. */
static void test_chance(void **state)
{
    struct fsk_quota q = {.rate = 0};
    (void)state;
    fsock_time now = FSOCK_SECOND;
    for (unsigned i = 0; i < 12; i++) {
        now += 200 * MS;
        if (i % 4 == 0)
            assert_false(fsk_quota_refuse(&q, now, now));
        else
            assert_false(fsk_quota_accept(&q, now));
    }
    assert_true(q.rate <= 0);
    assert_true(fsk_quota_refuse(&q, now, now));
    assert_true(q.rate > 0);
}

static void test_old_news(void **state)
{
    struct fsk_quota q = {.rate = 0};
    (void)state;
    fsock_time now = FSOCK_SECOND;
    for (unsigned i = 0; i < 100; i++)
        assert_false(fsk_quota_accept(&q, now += 10 * MS));
    assert_false(fsk_quota_refuse(&q, now, now + MS)); /* one after a hundred */
    assert_true(q.rate <= 0);
    for (unsigned i = 0; i < 100 && q.rate <= 0; i++)
        (void)fsk_quota_refuse(&q, now + 2 * MS, now + 2 * MS);
    double rate = q.rate;
    assert_true(rate > 90 && rate < 97);
    assert_false(fsk_quota_refuse(&q, now, now + 2 * MS)); /* had been sent before */
    assert_true(q.rate == rate);
}

/* What holds us up is something else: the rate is no better known. */
static void test_unused(void **state)
{
    struct fsk_quota q = {.rate = 0};
    (void)state;
    fsock_time now = FSOCK_SECOND;
    for (unsigned i = 0; i < 100; i++)
        fsk_quota_accept(&q, now += 10 * MS);
    fsk_quota_refuse(&q, now, now);
    double rate = q.rate;
    for (unsigned i = 0; i < 100; i++)
        assert_false(fsk_quota_accept(&q, now += 100 * MS));
    assert_true(q.rate == rate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits),   cmocka_unit_test(test_strict),
        cmocka_unit_test(test_unlucky),  cmocka_unit_test(test_chance),
        cmocka_unit_test(test_old_news), cmocka_unit_test(test_unused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
