/* How name servers are doing: round trips, turns, sentences, paces; by made-up times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "servers_rig.h"

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

int main(void)
{
    static const struct CMUnitTest tests[] = {
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
        T(paces_of_servers),
    };
    return cmocka_run_group_tests_name("servers", tests, NULL, NULL);
}
