/* How many questions a name server is given at once: the window that opens and closes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "servers_rig.h"

/* Let time pass, more than any server is given. */
static fsock_time later(void)
{
    stub.driver.sleeps++;
    stub.driver.now += 10 * SEC;
    return stub.driver.now;
}

/* As many tries as there may be, `lost` of which are lost, and the others answered. */
static void whole_round(struct fsk_server *s, unsigned lost, fsock_time took)
{
    unsigned n = s->window < 16 ? 16 : s->window;
    tries(s, n, stub.driver.now);
    fsock_time now = later();
    losses(s, lost, now);
    answers(s, n - lost, took, now);
}

static void opens_while_nothing_is_lost(void **state)
{
    static const unsigned windows[] = {384, 1152, 3456, 10368, 30000, 30000};
    struct fsk_server *s = one();
    (void)state;
    assert_int_equal(s->window, FSK_WINDOW_FIRST);
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        whole_round(s, 0, 10 * MS);
        assert_int_equal(s->window, windows[i]);
    }
    assert_int_equal(s->open, 0);
    assert_int_equal(s->asked, s->answered);
}

/* A window that is not used says nothing of what a larger one would do. */
static void stays_when_it_is_not_used(void **state)
{
    struct fsk_server *s = one();
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        tries(s, 1, SEC);
        answers(s, 1, 10 * MS, SEC);
    }
    assert_int_equal(s->window, FSK_WINDOW_FIRST);
}

/* When we never sleep, it is we who are slow. */
static void stays_when_there_is_no_time_to_spare(void **state)
{
    struct fsk_server *s = one();
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        tries(s, 128, SEC);
        answers(s, 128, 10 * MS, SEC);
    }
    assert_int_equal(s->window, FSK_WINDOW_FIRST);
    whole_round(s, 0, 10 * MS);
    assert_true(s->window > FSK_WINDOW_FIRST);
}

static void holds_when_a_queue_stands(void **state)
{
    struct fsk_server *s = one();
    (void)state;
    tries(s, 1, SEC);
    answers(s, 1, 10 * MS, SEC);
    tries(s, 128, SEC);
    answers(s, 127, 20 * MS, SEC); /* twice the shortest: half of them stood in a queue */
    assert_int_equal(s->window, 128);
    answers(s, 1, 20 * MS, SEC);
    whole_round(s, 0, 20 * MS);
    assert_int_equal(s->window, 128);
    whole_round(s, 0, 13 * MS); /* a short queue is none */
    whole_round(s, 0, 13 * MS);
    assert_true(s->window > 128);
}

static void closes_when_the_queue_is_long(void **state)
{
    struct fsk_server *s = one();
    (void)state;
    whole_round(s, 0, 10 * MS);
    assert_int_equal(s->window, 384);
    whole_round(s, 0, 30 * MS);
    assert_int_equal(s->window, 384 - 384 / 8);
    for (unsigned i = 0; i < 50; i++)
        whole_round(s, 0, 500 * MS);
    assert_true(s->window >= FSK_WINDOW_FIRST && s->window <= 200);
    unsigned w = s->window;
    whole_round(s, 0, 10 * MS); /* and opens in small steps from then on */
    whole_round(s, 0, 10 * MS);
    assert_true(s->window > w && s->window <= w + 2 * (w / 8 + 5));
}

/* A server that answers so many a second, and not more, gains nothing by more questions. */
static void stays_where_no_more_is_answered(void **state)
{
    struct fsk_server *s = one();
    (void)state;
    fsock_time now = SEC;
    for (unsigned i = 0; i < 100; i++) {
        unsigned n = s->window;
        tries(s, n, now);
        stub.driver.sleeps++;
        now += (fsock_time)n * MS / 100; /* 100,000 a second */
        answers(s, n, MS, now);
        assert_true(s->window <= 4 * FSK_WINDOW_FIRST);
    }
    assert_true(s->window > FSK_WINDOW_FIRST);
}

static void closes_on_losses(void **state)
{
    struct fsk_server *s = one();
    (void)state;
    whole_round(s, 4, 10 * MS); /* one in 32 may be lost */
    assert_int_equal(s->window, 384);
    whole_round(s, 13, 10 * MS);
    assert_int_equal(s->window, 288);
    whole_round(s, 9, 10 * MS); /* fits: opens, but no longer fast */
    assert_int_equal(s->window, 288 + 288 / 8 + 1);
    whole_round(s, s->window / 2 + 1, 10 * MS);
    assert_int_equal(s->window, 162);
}

/* Answers come at once, and losses late: they are not to be judged as if they had come together. */
static void losses_take_their_time(void **state)
{
    struct fsk_server *s = one();
    (void)state;
    tries(s, 300, SEC);
    stub.driver.sleeps++;
    losses(s, 7, SEC + 300 * MS);
    answers(s, 200, 10 * MS, SEC + 300 * MS);
    assert_int_equal(s->window, FSK_WINDOW_FIRST);
    answers(s, 1, 10 * MS, SEC + 600 * MS);
    assert_int_equal(s->window, 96);
    tries(s, 300, SEC);
    losses(s, 40, SEC + 700 * MS);
    for (unsigned i = 0; i < 40; i++) /* all of them come in the end */
        fsk_server_late(s, SEC + 800 * MS);
    answers(s, 96, 10 * MS, SEC + 2 * SEC);
    assert_true(s->window >= 96);
    assert_int_equal(s->lost, 7);
}

static void does_not_close_below_its_floors(void **state)
{
    struct fsk_server *s = one();
    (void)state;
    for (unsigned i = 0; i < 20; i++)
        whole_round(s, s->window / 4, 10 * MS);
    assert_int_equal(s->window, FSK_WINDOW_LOSSY);
    unsigned w = s->window;
    for (unsigned i = 0; i < 20; i++) {
        tries(s, w > 16 ? w : 16, stub.driver.now);
        losses(s, w > 16 ? w : 16, later());
        w = w / 2 > FSK_WINDOW_LEAST ? w / 2 : FSK_WINDOW_LEAST;
        assert_int_equal(s->window, w);
    }
    assert_int_equal(w, FSK_WINDOW_LEAST);
    tries(s, 1, SEC);
    answers(s, 1, 10 * MS, SEC); /* it is there after all */
    assert_int_equal(s->window, 16);
}

static void no_more_at_once_than_the_window_bears(void **state)
{
    struct fsk_server *s = one();
    (void)state;
    whole_round(s, 0, 800 * MS); /* from now on 8 * 384 in 800 ms */
    unsigned n = 0;
    fsk_server_try(s, HOUR - SEC); /* only the first of all has nothing to make up for */
    for (; fsk_servers_room(&servers, HOUR) <= HOUR; n++)
        fsk_server_try(s, HOUR);
    assert_in_range(n, 4, 6);
    fsock_time when = fsk_servers_room(&servers, HOUR);
    assert_in_range(when - HOUR, 1, MS);
    for (fsock_time t = HOUR; t < HOUR + 100 * MS; t += MS / 10)
        for (; fsk_servers_room(&servers, t) <= t; n++)
            fsk_server_try(s, t);
    assert_in_range(n, 380, 384);
    assert_int_equal(fsk_servers_room(&servers, HOUR + SEC), FSOCK_NEVER);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        T(opens_while_nothing_is_lost),
        T(stays_when_it_is_not_used),
        T(stays_when_there_is_no_time_to_spare),
        T(holds_when_a_queue_stands),
        T(closes_when_the_queue_is_long),
        T(stays_where_no_more_is_answered),
        T(closes_on_losses),
        T(losses_take_their_time),
        T(does_not_close_below_its_floors),
        T(no_more_at_once_than_the_window_bears),
    };
    return cmocka_run_group_tests_name("servers_window", tests, NULL, NULL);
}
