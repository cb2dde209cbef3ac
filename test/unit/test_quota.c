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
    double passed = (double)((now - l->last) / MS) / 1000;
    double excess = l->excess - passed * l->rate + 1;
    excess = l->last && excess > 0 ? excess : 0;
    if (excess > l->burst)
        return false;
    l->excess = excess;
    l->last = now;
    return true;
}

/* One at a time, as fast as the quota lets us; an answer takes 2 ms. */
static void run(double rate, double burst, fsock_time lasts)
{
    struct fsk_quota q = {.rate = 0};
    struct limit limit = {.rate = rate, .burst = burst};
    fsock_time now = FSOCK_SECOND, end = now + lasts, next = now;
    unsigned accepted = 0, refused = 0;
    while (now < end) {
        fsock_time sent = now > next ? now : next;
        bool fine = accepts(&limit, sent);
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
    assert_true(share >= 0.88);
    assert_true(refused <= 20 + burst + accepted / 20);
}

static void test_limits(void **state)
{
    (void)state;
    run(5, 0, 120 * FSOCK_SECOND);
    run(20, 0, 120 * FSOCK_SECOND);
    run(100, 0, 60 * FSOCK_SECOND);
    run(10, 20, 60 * FSOCK_SECOND);
    run(100, 20, 60 * FSOCK_SECOND);
    run(300, 100, 60 * FSOCK_SECOND);
}

static void test_old_news(void **state)
{
    struct fsk_quota q = {.rate = 0};
    (void)state;
    fsock_time now = FSOCK_SECOND;
    for (unsigned i = 0; i < 100; i++)
        assert_false(fsk_quota_accept(&q, now += 10 * MS));
    assert_true(fsk_quota_refuse(&q, now, now + MS));
    double rate = q.rate;
    assert_true(rate > 80 && rate < 95);
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
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_old_news),
        cmocka_unit_test(test_unused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
