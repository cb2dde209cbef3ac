/* How name servers are doing: round trips, windows, turns, sentences, paces; by made-up times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "op/servers.h"
#include "stub_driver.h"

#define MS   FSOCK_MILLISECOND
#define SEC  FSOCK_SECOND
#define HOUR (3600 * FSOCK_SECOND) /* long after all that was */

static struct stub_driver stub;
static struct fsk_servers servers;
static struct fsk_op *woken;
static unsigned wakes;

static void note_wake(struct fsk_driver *d, struct fsk_op *op)
{
    (void)d;
    woken = op;
    wakes++;
}

static int setup(void **state)
{
    (void)state;
    stub_driver_init(&stub);
    stub.driver.wake = note_wake;
    woken = NULL;
    wakes = 0;
    fsk_servers_init(&servers, &stub.driver);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fsk_servers_fini(&servers);
    return 0;
}

static struct fsk_server *add(const char *ip, uint16_t port, enum fsk_by transport)
{
    struct fsk_addr a;
    struct fsk_span zone;
    assert_true(fsk_addr_parse(fsk_span_str(ip), &a, &zone));
    a.port = port;
    assert_true(fsk_servers_add(&servers, &a, transport, fsk_span(NULL, 0)));
    return &servers.server[servers.n - 1];
}

static struct fsk_server *one(void)
{
    return add("192.0.2.1", 53, FSK_BY_UDP);
}

static void tries(struct fsk_server *s, unsigned n, fsock_time now)
{
    while (n--)
        fsk_server_try(s, now);
}

static void answers(struct fsk_server *s, unsigned n, fsock_time took, fsock_time now)
{
    while (n--)
        fsk_server_answered(s, took, now);
}

static void losses(struct fsk_server *s, unsigned n, fsock_time now)
{
    while (n--)
        fsk_server_lost(s, now);
}

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

/* ---- the window ---- */

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

/* ---- round trips ---- */

static void patience(void **state)
{
    struct fsk_server *s = one();
    (void)state;
    servers.try_max = 10 * SEC;
    static const int64_t unknown[] = {1000, 2000, 4000, 8000, 10000, 10000};
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(fsk_server_patience(s, i), unknown[i] * MS);
    assert_int_equal(fsk_server_patience(s, UINT32_MAX), 10 * SEC);
    tries(s, 2, SEC);
    answers(s, 1, 400 * MS, SEC);
    assert_int_equal(s->srtt, 400 * MS);
    assert_int_equal(fsk_server_patience(s, 0), 1200 * MS);
    answers(s, 1, 480 * MS, SEC); /* RFC 6298 2.3 */
    assert_int_equal(s->srtt, 410 * MS);
    assert_int_equal(s->rttvar, 170 * MS);
    assert_int_equal(fsk_server_patience(s, 0), 1090 * MS);
    assert_int_equal(fsk_server_patience(s, 2), 4360 * MS);
    servers.try_max = SEC;
    assert_int_equal(fsk_server_patience(s, 0), SEC);
}

static void a_fast_server_may_have_to_ask_others(void **state)
{
    struct fsk_server *s = one();
    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        tries(s, 1, SEC);
        answers(s, 1, MS, SEC);
    }
    assert_int_equal(fsk_server_patience(s, 0), 251 * MS);
    assert_int_equal(fsk_server_patience(s, 1), 502 * MS);
    assert_int_equal(fsk_server_patience(s, 2), SEC);
    fsock_time srtt = s->srtt;
    tries(s, 2, SEC);
    answers(s, 1, -1, SEC); /* asked twice: nothing to be learned (Karn) */
    assert_int_equal(s->srtt, srtt);
    answers(s, 1, 0, SEC); /* no time at all is none */
    assert_true(s->srtt > 0);
}

/* ---- set aside ---- */

static void silent_ones_are_set_aside(void **state)
{
    struct fsk_server *s = one();
    (void)state;
    fsock_time now = 100 * SEC;
    static const int64_t sentences[] = {1, 2, 4, 8, 16, 30, 30};
    tries(s, 7, now);
    losses(s, 7, now);
    assert_false(fsk_server_aside(s, now)); /* a few tries may be lost */
    for (unsigned i = 0; i < 7; i++) {
        tries(s, 1, now);
        losses(s, 1, now);
        assert_true(fsk_server_aside(s, now));
        fsock_time back = now + sentences[i] * SEC;
        assert_true(fsk_server_aside(s, back - 1));
        assert_false(fsk_server_aside(s, back)); /* back, to be probed by one question */
        assert_int_equal(s->window, 1);
        assert_true(fsk_servers_room(&servers, back) <= back);
        tries(s, 1, back);
        assert_int_equal(fsk_servers_room(&servers, back), FSOCK_NEVER);
        fsk_server_left(s);
        now = back;
    }
    tries(s, 1, now);
    answers(s, 1, MS, now);
    assert_false(fsk_server_aside(s, now));
    assert_true(s->window >= 16);
    now += SEC; /* its past is forgiven */
    tries(s, 8, now);
    losses(s, 8, now);
    assert_true(fsk_server_aside(s, now + SEC - 1));
    assert_false(fsk_server_aside(s, now + SEC));
}

static void one_that_answers_now_and_then_is_not(void **state)
{
    struct fsk_server *s = one();
    (void)state;
    tries(s, 40, 100 * SEC);
    answers(s, 1, MS, 100 * SEC);
    losses(s, 10, 100 * SEC + MS); /* many, but within a moment */
    assert_false(fsk_server_aside(s, 100 * SEC + MS));
    fsk_server_late(s, 101 * SEC); /* an answer is an answer */
    losses(s, 7, 110 * SEC);
    assert_false(fsk_server_aside(s, 110 * SEC));
    losses(s, 1, 110 * SEC);
    assert_true(fsk_server_aside(s, 110 * SEC));
    assert_int_equal(s->open, 40 - 1 - 18);
    assert_int_equal(s->answered, 2);
    assert_int_equal(s->lost, 17); /* one of them was late only */
}

static void unreachable_ones_at_once(void **state)
{
    struct fsk_server *s = one();
    (void)state;
    tries(s, 3, SEC);
    fsk_server_unreachable(s, SEC);
    fsk_server_unreachable(s, SEC + 1);
    assert_true(fsk_server_aside(s, SEC + 1));
    assert_int_equal(s->sentence, 2 * SEC); /* the second one was the same news */
    assert_false(fsk_server_aside(s, 2 * SEC));
    assert_int_equal(s->window, 2); /* one is still open */
}

/* Whom else? */
static void all_are_aside(void **state)
{
    (void)state;
    servers.rotate = true;
    for (unsigned i = 0; i < 2; i++) {
        fsk_server_try(one(), SEC);
        fsk_server_unreachable(&servers.server[i], SEC + (fsock_time)i * MS);
    }
    fsock_time now = SEC + 2 * MS;
    assert_null(fsk_servers_turn(&servers, now));
    assert_true(fsk_servers_room(&servers, now) <= now);
    servers.server[0].window = 8;
    tries(&servers.server[0], 8, now);
    assert_int_equal(fsk_servers_room(&servers, now), 2 * SEC); /* when the first one is back */
    for (unsigned i = 0; i < 8; i++)
        fsk_server_left(&servers.server[0]);
    assert_ptr_equal(fsk_servers_turn(&servers, 2 * SEC), &servers.server[0]);
    assert_int_equal(servers.aside, 1);
    assert_int_equal(servers.back, 2 * SEC + MS);
}

/* ---- turns ---- */

static void each_has_its_turn(void **state)
{
    (void)state;
    enum { N = 9 }; /* more than there was room for at first */
    unsigned turns[N] = {0};
    servers.rotate = true;
    for (unsigned i = 0; i < N; i++)
        one();
    for (unsigned i = 0; i < 3 * N; i++) {
        struct fsk_server *s = fsk_servers_turn(&servers, SEC);
        assert_ptr_equal(s, &servers.server[i % N]);
        turns[s - servers.server]++;
    }
    tries(&servers.server[4], FSK_WINDOW_FIRST, SEC); /* one that is full has none */
    for (unsigned i = 0; i < 3 * N; i++)
        turns[fsk_servers_turn(&servers, SEC) - servers.server]++;
    assert_int_equal(turns[4], 3);
    for (unsigned i = 0; i < N; i++)
        assert_true(i == 4 || turns[i] >= 6);
    for (unsigned left = 0; left < FSK_WINDOW_FIRST / 4; left++) {
        fsk_server_left(&servers.server[4]); /* a few at a time are not worth it */
        assert_true(fsk_list_empty(&servers.server[4].roomy));
    }
    fsk_server_left(&servers.server[4]);
    for (unsigned i = 0; i < N; i++)
        turns[fsk_servers_turn(&servers, SEC) - servers.server]++;
    assert_int_equal(turns[4], 4);
}

static void in_their_order(void **state)
{
    (void)state;
    one();
    one();
    assert_null(fsk_servers_turn(&servers, SEC));
    tries(&servers.server[0], FSK_WINDOW_FIRST, SEC);
    assert_int_equal(fsk_servers_room(&servers, SEC), FSOCK_NEVER); /* though the second has room */
    fsk_server_unreachable(&servers.server[0], SEC);
    assert_true(fsk_servers_room(&servers, SEC) <= SEC);
    tries(&servers.server[1], FSK_WINDOW_FIRST, SEC);
    assert_int_equal(fsk_servers_room(&servers, SEC), 2 * SEC); /* when the first one is back */
}

static void those_to_come_are_counted(void **state)
{
    (void)state;
    struct fsk_server *s = one();
    servers.coming = FSK_WINDOW_FIRST - 1;
    assert_true(fsk_servers_room(&servers, SEC) <= SEC);
    servers.coming++;
    assert_int_equal(fsk_servers_room(&servers, SEC), FSOCK_NEVER);
    servers.coming = 1;
    tries(s, FSK_WINDOW_FIRST - 1, SEC);
    assert_int_equal(fsk_servers_room(&servers, SEC), FSOCK_NEVER);
}

static void who_waits_is_woken(void **state)
{
    (void)state;
    struct fsk_server *s = one();
    struct fsk_op op[2] = {
        {.driver = &stub.driver, .running = true},
        {.driver = &stub.driver, .running = true}
    };
    struct fsk_servers_wish wish[2] = {{.op = &op[0]}, {.op = &op[1]}};
    tries(s, 10, SEC);
    fsk_server_left(s);
    assert_int_equal(wakes, 0);
    for (unsigned i = 0; i < 2; i++)
        fsk_list_append(&servers.queue, &wish[i].link);
    fsk_server_answered(s, MS, SEC);
    assert_int_equal(wakes, 1);
    fsk_server_lost(s, SEC);
    assert_int_equal(wakes, 2);
    fsk_server_unreachable(s, SEC);
    assert_int_equal(wakes, 3);
    assert_ptr_equal(woken, &op[0]);
    fsk_list_remove(&wish[0].link);
    fsk_server_left(s);
    assert_int_equal(wakes, 4);
    assert_ptr_equal(woken, &op[1]);
}

static void names_for_people(void **state)
{
    (void)state;
    static const struct {
        const char *ip;
        uint16_t port;
        enum fsk_by transport;
        const char *text;
    } rows[] = {
        {"192.0.2.1",    53,   FSK_BY_UDP, "192.0.2.1"                },
        {"192.0.2.1",    853,  FSK_BY_UDP, "192.0.2.1:853"            },
        {"2001:db8::53", 53,   FSK_BY_TCP, "tcp://2001:db8::53"       },
        {"2001:db8::53", 5353, FSK_BY_TCP, "tcp://[2001:db8::53]:5353"},
        {"192.0.2.1",    853,  FSK_BY_TLS, "tls://192.0.2.1"          },
        {"2001:db8::53", 53,   FSK_BY_TLS, "tls://[2001:db8::53]:53"  },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(add(rows[i].ip, rows[i].port, rows[i].transport)->text, rows[i].text);
    servers.patience = 5 * SEC;
    assert_int_equal(fsk_servers_until(&servers, SEC), 31 * SEC);
}

/* ---- paces ---- */

static void as_many_a_second_as_asked_for(void **state)
{
    (void)state;
    static const int64_t rates[] = {1, 8, 100, 1000, 4000, 50000};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct fsk_pace p = {.interval = SEC / rates[i], .slack = MS};
        int64_t n[3] = {0};
        for (fsock_time t = 0; t < 3 * SEC; t += MS / 20)
            for (; p.next <= HOUR + t; n[t / SEC]++)
                fsk_pace_take(&p, HOUR + t);
        assert_in_range(n[0], rates[i], rates[i] + rates[i] / 1000 + 1);
        assert_int_equal(n[1], rates[i]);
        assert_int_equal(n[2], rates[i]);
    }
}

static void late_ones_are_made_up_for_a_little(void **state)
{
    (void)state;
    struct fsk_pace p = {.interval = MS / 10, .slack = MS};
    for (unsigned pause = 1; pause <= 3; pause++) {
        fsock_time now = HOUR * pause;
        unsigned n = 0;
        for (; p.next <= now; n++)
            fsk_pace_take(&p, now);
        assert_int_equal(n, 11); /* what a millisecond would have had, and one */
        assert_int_equal(p.next, now + MS / 10);
    }
}

static void debts_are_paid_back(void **state)
{
    (void)state;
    struct fsk_pace p = {.interval = 10 * MS, .slack = MS}, none = {.interval = 0};
    for (unsigned i = 0; i < 100; i++) {
        fsk_pace_take(&p, HOUR);
        fsk_pace_take(&none, HOUR);
    }
    assert_int_equal(p.next, HOUR + SEC - MS);
    fsk_pace_take(&p, HOUR + 500 * MS);
    assert_int_equal(p.next, HOUR + SEC - MS + 10 * MS);
    assert_int_equal(none.next, 0);
}

static void paces_of_servers(void **state)
{
    (void)state;
    servers.rotate = true;
    servers.server_interval = 100 * MS;
    one();
    one();
    unsigned n = 0;
    for (fsock_time t = HOUR; t < HOUR + SEC; t += MS)
        for (; fsk_servers_room(&servers, t) <= t; n++)
            fsk_server_try(fsk_servers_turn(&servers, t), t);
    assert_in_range(n, 20, 22); /* the slack may let one more slip in */
    assert_int_equal(servers.server[0].asked, n / 2);
    servers.rate = (struct fsk_pace){.interval = 250 * MS};
    n = 0;
    for (fsock_time t = 2 * HOUR; t < 2 * HOUR + SEC; t += MS)
        for (; fsk_servers_room(&servers, t) <= t; n++)
            fsk_server_try(fsk_servers_turn(&servers, t), t);
    assert_int_equal(n, 4);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

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
        T(patience),
        T(a_fast_server_may_have_to_ask_others),
        T(silent_ones_are_set_aside),
        T(one_that_answers_now_and_then_is_not),
        T(unreachable_ones_at_once),
        T(all_are_aside),
        T(each_has_its_turn),
        T(in_their_order),
        T(those_to_come_are_counted),
        T(who_waits_is_woken),
        T(names_for_people),
        T(as_many_a_second_as_asked_for),
        T(late_ones_are_made_up_for_a_little),
        T(debts_are_paid_back),
        T(paces_of_servers),
    };
    return cmocka_run_group_tests_name("servers", tests, NULL, NULL);
}
