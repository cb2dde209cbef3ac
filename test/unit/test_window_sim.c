/*
 * Windows against simulated servers: how much of what the server could do is done, and how long
 * answers take. All is computed, with chance from a fixed seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "window_sim.h"

#define MS          FSOCK_MILLISECOND
#define EVERY(i, a) (size_t i = 0; i < sizeof(a) / sizeof *(a); i++)

static const unsigned workers[] = {1, 2, 8, 100};

static fsock_time fixed(struct sim *sim, fsock_time now)
{
    (void)now;
    return (fsock_time)sim->mean;
}

static fsock_time exponential(struct sim *sim, fsock_time now)
{
    (void)now;
    return (fsock_time)(-log(sim_chance(sim)) * sim->mean);
}

/* Four of five take a fifth of the others' time or less: pages from a cache, and others. */
static fsock_time two_classes(struct sim *sim, fsock_time now)
{
    (void)now;
    return (fsock_time)(sim->mean * (sim_chance(sim) < 0.8 ? 0.5 : 3));
}

/* Three times as slow from the twentieth to the fortieth second: somebody makes a backup. */
static fsock_time slow_for_a_while(struct sim *sim, fsock_time now)
{
    bool slow = now > 20 * FSOCK_SECOND && now <= 40 * FSOCK_SECOND;
    return (fsock_time)(sim->mean * (slow ? 3 : 1));
}

static void run(struct sim *sim, const char *what)
{
    sim->lasts = sim->lasts ? sim->lasts : 120 * FSOCK_SECOND;
    sim->seed = 7;
    sim_run(sim);
    print_message(
        "%-12s %3u workers, way %2.0f ms: %3.0f %%, p50 %6.1f ms, p95 %6.1f ms, up to %u\n", what,
        sim->workers, (double)sim->trip / (double)MS, 100 * sim->share, sim->p50 / (double)MS,
        sim->p95 / (double)MS, sim->widest);
}

static void test_fixed(void **state)
{
    static const fsock_time trips[] = {MS / 5, 20 * MS};
    (void)state;
    for
        EVERY(i, workers)
        for
            EVERY(j, trips)
            {
                struct sim sim = {.workers = workers[i],
                                  .service = fixed,
                                  .mean = 50.0 * (double)MS,
                                  .trip = trips[j]};
                double floor = sim.mean + (double)sim.trip;
                run(&sim, "fixed");
                assert_true(sim.share >= 0.9);
                assert_true(sim.p95 <= 2 * floor);
            }
}

/* A short list: what is lost at its start counts. */
static void test_short_list(void **state)
{
    (void)state;
    for (size_t i = 0; workers[i] < 64; i++) {
        struct sim sim = {.workers = workers[i],
                          .service = fixed,
                          .mean = 50.0 * (double)MS,
                          .lasts = 25 * FSOCK_SECOND / 2,
                          .trip = MS,
                          .most = 64};
        run(&sim, "a short list");
        assert_true(sim.share >= 0.9);
        assert_true(sim.p95 <= 2 * (sim.mean + (double)sim.trip));
    }
}

static void test_chance(void **state)
{
    (void)state;
    for
        EVERY(i, workers)
        {
            struct sim a = {.workers = workers[i],
                            .service = exponential,
                            .mean = 50.0 * (double)MS,
                            .trip = MS / 5};
            run(&a, "exponential");
            assert_true(a.share >= 0.9);
            assert_true(a.widest <= 8 * a.workers + 8);
            struct sim b = {.workers = workers[i],
                            .service = two_classes,
                            .mean = 50.0 * (double)MS,
                            .trip = MS / 5};
            run(&b, "two classes");
            assert_true(b.share >= 0.9);
            assert_true(b.widest <= 8 * b.workers + 8);
        }
}

/* As many as there are workers is right at any time; what is lost is lost in finding that out. */
static void test_slow_for_a_while(void **state)
{
    (void)state;
    for
        EVERY(i, workers)
        {
            struct sim sim = {.workers = workers[i],
                              .service = slow_for_a_while,
                              .mean = 50.0 * (double)MS,
                              .lasts = 60 * FSOCK_SECOND,
                              .trip = MS / 5};
            run(&sim, "slow a while");
            /* In 40 s all of the capacity, in 20 s a third of it. */
            assert_true(sim.share >= 0.9 * (40.0 + 20.0 / 3) / 60);
            assert_true(sim.p95 <= 2 * 3 * sim.mean);
        }
}

/* Answers that take less than a millisecond: that they take two is no reason to do less. */
static void test_short(void **state)
{
    (void)state;
    struct sim sim = {.workers = 8,
                      .service = exponential,
                      .mean = 0.2 * (double)MS,
                      .lasts = 5 * FSOCK_SECOND,
                      .trip = MS / 5};
    run(&sim, "short");
    assert_true(sim.share >= 0.9);
}

/* It never opens beyond what the caller allows, and begins with what it says. */
static void test_bounds(void **state)
{
    (void)state;
    struct sim sim = {
        .workers = 100, .service = fixed, .mean = 50.0 * (double)MS, .trip = MS / 5, .most = 6};
    run(&sim, "at most 6");
    assert_int_equal(sim.widest, 6);
    assert_int_equal(sim.at_end, 6);
    struct sim down = {.workers = 2,
                       .service = fixed,
                       .mean = 50.0 * (double)MS,
                       .trip = MS / 5,
                       .first = 6,
                       .most = 6};
    run(&down, "from 6");
    assert_int_equal(down.widest, 6);
    assert_true(down.at_end <= 3);
    assert_true(down.share >= 0.9);
}

/* One reset in two hundred is no reason to crawl. */
static void test_failures(void **state)
{
    (void)state;
    struct sim sim = {
        .workers = 8, .service = fixed, .mean = 50.0 * (double)MS, .trip = MS / 5, .faults = 0.005};
    run(&sim, "resets");
    assert_true(sim.share >= 0.75);
}

static void answer_round(struct fsk_window *w, fsock_time latency)
{
    for (unsigned i = 0, size = w->size; i < size; i++) {
        fsk_window_begin(w, size);
        fsk_window_answer(w, latency);
    }
}

/* A server that has lost its CPU for a moment has no queue of ours; one that stays slow may. */
static void test_hiccups(void **state)
{
    struct fsk_window w;
    (void)state;
    fsk_window_init(&w, 64, 64);
    for (unsigned i = 0; i < 300; i++) {
        answer_round(&w, i % 3 ? 8 * MS : MS / 2);
        assert_int_equal(w.size, 64);
    }
    answer_round(&w, 8 * MS);
    assert_int_equal(w.size, 32);
    fsk_window_init(&w, 64, 64);
    answer_round(&w, MS / 2);
    answer_round(&w, 30 * MS); /* that is no hiccup */
    assert_int_equal(w.size, 32);
}

static void test_halving(void **state)
{
    struct fsk_window w;
    (void)state;
    fsk_window_init(&w, 64, 64);
    assert_int_equal(w.size, 64);
    assert_true(fsk_window_failure(&w));
    assert_int_equal(w.size, 32);
    for (unsigned i = 0; i < 64; i++) /* all the others that were under way: the same trouble */
        assert_true(fsk_window_failure(&w));
    assert_int_equal(w.size, 32);
    for (unsigned i = 0; w.size > 1 && i < 1000; i++)
        assert_true(fsk_window_failure(&w));
    for (unsigned i = 0; i < 2; i++)
        assert_true(fsk_window_failure(&w));
    assert_false(fsk_window_failure(&w));
    assert_int_equal(w.size, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixed),    cmocka_unit_test(test_short_list),
        cmocka_unit_test(test_chance),   cmocka_unit_test(test_slow_for_a_while),
        cmocka_unit_test(test_short),    cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_failures), cmocka_unit_test(test_hiccups),
        cmocka_unit_test(test_halving),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
