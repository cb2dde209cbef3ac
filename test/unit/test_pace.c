/* Rates: as many units a second as asked for, from the start, late or shared by several threads. */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/pace.h"

#define MS   FSOCK_MILLISECOND
#define SEC  FSOCK_SECOND
#define HOUR (3600 * SEC)
#define T(f) cmocka_unit_test(f)

/* As a driver does: `n` as many as there are, each time that the clock is looked at. */
static unsigned ask_all(struct fsk_pace *p, fsock_time now)
{
    unsigned n = 0;
    while (fsk_pace_ask(p, now))
        n++;
    return n;
}

static void as_many_a_second_as_asked_for(void **state)
{
    (void)state;
    static const double rates[] = {0.5, 1, 8, 33.3, 100, 1000, 4000, 50000};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct fsk_pace p;
        double n = 0, seconds = 10, wanted = rates[i] * seconds;
        fsk_pace_init(&p, rates[i]);
        for (fsock_time t = 0; t < (fsock_time)seconds * SEC; t += MS / 20)
            n += ask_all(&p, HOUR + t);
        assert_true(n > 0.9999 * wanted - 1 && n <= wanted + 1);
    }
}

/* A timer that comes late costs nothing, up to the slack; and no pause becomes a burst. */
static void what_was_missed_is_made_up_for(void **state)
{
    (void)state;
    struct fsk_pace p;
    unsigned n = 0;
    fsk_pace_init(&p, 1000);
    for (fsock_time t = 0; t < SEC; t += 7 * MS)
        n += ask_all(&p, HOUR + t);
    assert_in_range(n, 990, 1001);
    assert_int_equal(ask_all(&p, 2 * HOUR), FSK_PACE_SLACK / MS + 1);
    assert_int_equal(ask_all(&p, 2 * HOUR), 0);
    p.slack = 0;
    assert_int_equal(ask_all(&p, 3 * HOUR), 1);
}

static void the_start_is_no_burst(void **state)
{
    (void)state;
    struct fsk_pace p;
    fsk_pace_init(&p, 100);
    assert_int_equal(fsk_pace_due(&p, 0, HOUR), HOUR);
    assert_int_equal(fsk_pace_due(&p, 3, HOUR), HOUR + 30 * MS);
    assert_int_equal(ask_all(&p, HOUR), 1);
    assert_int_equal(fsk_pace_due(&p, 0, HOUR), HOUR + 10 * MS);
    assert_int_equal(ask_all(&p, HOUR + 10 * MS - 1), 0);
    assert_int_equal(ask_all(&p, HOUR + 10 * MS), 1);
}

static void debts_are_paid_back(void **state)
{
    (void)state;
    struct fsk_pace p;
    fsk_pace_init(&p, 100);
    fsk_pace_take(&p, 99, HOUR);
    fsk_pace_take(&p, 1, HOUR);
    assert_int_equal(p.next, HOUR + SEC);
    assert_false(fsk_pace_ask(&p, HOUR + 500 * MS));
    fsk_pace_take(&p, 1, HOUR + 500 * MS);
    assert_int_equal(p.next, HOUR + SEC + 10 * MS);
    fsk_pace_take(&p, 1000, HOUR + 20 * SEC); /* the old ones are forgotten by then */
    assert_int_equal(p.next, HOUR + 30 * SEC - FSK_PACE_SLACK);
}

static void no_limit(void **state)
{
    (void)state;
    struct fsk_pace none = {.interval = 0}, p;
    fsk_pace_init(&p, 0);
    for (unsigned i = 0; i < 1000; i++) {
        assert_true(fsk_pace_ask(&none, HOUR));
        assert_true(fsk_pace_ask(&p, HOUR));
        fsk_pace_take(&p, UINT64_MAX, HOUR);
    }
    assert_int_equal(fsk_pace_due(&p, 7, HOUR), 0);
}

/* Bytes: intervals of less than a nanosecond, and rates that no interval meets exactly. */
static void bytes_are_counted_exactly(void **state)
{
    (void)state;
    static const double rates[] = {7, 1000, 10 * 1048576, 300e6, 12.5e9};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct fsk_pace p;
        fsk_pace_init(&p, rates[i]);
        uint64_t portion = rates[i] > 1e6 ? 64000 : 1, n = 0;
        fsk_pace_take(&p, 1, HOUR);
        for (; p.next < HOUR + 100 * SEC && n < 10000000; n += portion)
            fsk_pace_take(&p, portion, p.next);
        double took = (double)(p.next - HOUR) / (double)SEC;
        assert_true(fabs((double)n / rates[i] / took - 1) < 0.002);
    }
}

static void what_is_a_rate(void **state)
{
    (void)state;
    static const double good[] = {0, 1e-6, 0.5, 1, 1e12}, bad[] = {-1, 1e-7, 2e12, NAN, INFINITY};
    for (size_t i = 0; i < 5; i++) {
        assert_true(fsk_pace_is_rate(good[i]));
        assert_false(fsk_pace_is_rate(bad[i]));
        fsock_pacer *pacer = fsock_pacer_new(good[i], good[i]);
        assert_non_null(pacer);
        fsock_pacer_free(pacer);
        assert_null(fsock_pacer_new(bad[i], 1));
        assert_null(fsock_pacer_new(1, bad[i]));
    }
    fsock_pacer_free(NULL);
}

/* ---- Shared by threads ---- */

struct sharer {
    pthread_t thread;
    struct fsk_pace *pace;
    unsigned got;
};

static void *ask_for_a_minute(void *arg)
{
    struct sharer *s = arg;
    for (fsock_time t = HOUR; t < HOUR + 60 * SEC; t += MS)
        s->got += ask_all(s->pace, t);
    return NULL;
}

static void *take_many(void *arg)
{
    struct sharer *s = arg;
    for (unsigned i = 0; i < 100000; i++)
        fsk_pace_take(s->pace, 1, HOUR);
    return NULL;
}

static unsigned share(struct fsk_pace *pace, void *(*what)(void *))
{
    struct sharer sharer[4];
    unsigned got = 0;
    for (unsigned i = 0; i < 4; i++) {
        sharer[i] = (struct sharer){.pace = pace};
        assert_int_equal(pthread_create(&sharer[i].thread, NULL, what, &sharer[i]), 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        pthread_join(sharer[i].thread, NULL);
        got += sharer[i].got;
    }
    return got;
}

/* Each has its own clock here, and none of them makes the rate a higher one. */
static void several_threads_share_a_pace(void **state)
{
    (void)state;
    struct fsk_pace p;
    fsk_pace_init(&p, 500);
    unsigned got = share(&p, ask_for_a_minute);
    assert_in_range(got, 1, 60 * 500 + 1);
    fsk_pace_init(&p, 500);
    share(&p, take_many);
    assert_int_equal(p.next, HOUR + 400000 * (SEC / 500));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        T(as_many_a_second_as_asked_for),
        T(what_was_missed_is_made_up_for),
        T(the_start_is_no_burst),
        T(debts_are_paid_back),
        T(no_limit),
        T(bytes_are_counted_exactly),
        T(what_is_a_rate),
        T(several_threads_share_a_pace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
