/* Telnet: what is agreed, and that no peer can make it talk without end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "telnet_rig.h"

static void every_option(void **state)
{
    (void)state;
    TAKES("", DO TTYPE, "", WILL TTYPE);
    TAKES("", DO NAWS, "", WILL NAWS SIZE);
    TAKES("", DO SGA, "", WILL SGA);
    TAKES("", DO BINARY, "", WILL BINARY);
    TAKES("", WILL ECHO, "", DO ECHO);
    TAKES("", WILL SGA, "", DO SGA);
    TAKES("", WILL BINARY, "", DO BINARY);
    TAKES("", DO ECHO, "", WONT ECHO);
    TAKES("", WILL TTYPE WILL NAWS, "", DONT TTYPE DONT NAWS);
    /* NEW-ENVIRON, COMPRESS2, and the number that is an IAC. */
    TAKES("", DO "\47" WILL "\126" DO IAC WILL IAC, "", WONT "\47" DONT "\126" WONT IAC DONT IAC);
    for (int i = 0; i < 256; i++) {
        const char off[] = {'\377', '\374', (char)i, '\377', '\376', (char)i};
        takes(FSK_SPAN(""), fsk_span(off, sizeof(off)), FSK_SPAN(""), FSK_SPAN(""));
    }
}

static void no_answer_twice(void **state)
{
    (void)state;
    TAKES(DO TTYPE WILL ECHO DO NAWS, DO TTYPE WILL ECHO DO NAWS, "", "");
    TAKES(DO ECHO WILL "\310", DO ECHO WILL "\310" DONT ECHO WONT "\310" DO ECHO WILL "\310", "",
          "");
    TAKES(DO NAWS WILL ECHO, DONT NAWS DONT NAWS WONT ECHO WONT ECHO, "", WONT NAWS DONT ECHO);
    TAKES("", DO NAWS DONT NAWS DO NAWS, "", WILL NAWS SIZE WONT NAWS WILL NAWS SIZE);
}

/* Answers to all that start() has asked for are not answered. */
static void starts(void **state)
{
    struct rig r;
    (void)state;
    rig_init(&r);
    assert_int_equal(fsk_telnet_start(&r.t), FSOCK_OK);
    EXPECT(&r.out, DO SGA WILL TTYPE WILL NAWS);
    assert_int_equal(fsk_telnet_start(&r.t), FSOCK_OK);
    EXPECT(&r.out, "");
    hear(&r, FSK_SPAN(WILL SGA DONT TTYPE DO NAWS));
    EXPECT(&r.out, SIZE);
    assert_true(fsk_telnet_on(&r.t, FSK_TELNET_PEER, FSK_TELNET_SGA));
    assert_false(fsk_telnet_on(&r.t, FSK_TELNET_US, FSK_TELNET_SGA));
    assert_false(fsk_telnet_on(&r.t, FSK_TELNET_US, FSK_TELNET_TTYPE));
    assert_true(fsk_telnet_on(&r.t, FSK_TELNET_US, FSK_TELNET_NAWS));
    rig_fini(&r);

    rig_init_with(&r, (struct fsk_telnet_setup){.binary = true});
    assert_int_equal(fsk_telnet_start(&r.t), FSOCK_OK);
    EXPECT(&r.out, DO SGA WILL TTYPE WILL NAWS WILL BINARY DO BINARY);
    hear(&r, FSK_SPAN(WONT BINARY DO BINARY DO NAWS));
    EXPECT(&r.out, SB NAWS "\0\0\0\0" SE);
    assert_true(fsk_telnet_on(&r.t, FSK_TELNET_US, FSK_TELNET_BINARY));
    assert_false(fsk_telnet_on(&r.t, FSK_TELNET_PEER, FSK_TELNET_BINARY));
    rig_fini(&r);
}

/* Our wishes (+ on, - off) and the peer's words (W WILL, w WONT), and what we say (RFC 1143). */
static void wish(const char *events, struct fsk_span said, bool on)
{
    struct rig r;
    rig_init(&r);
    for (const char *e = events; *e; e++)
        if (*e == '+' || *e == '-')
            assert_int_equal(fsk_telnet_want(&r.t, FSK_TELNET_PEER, FSK_TELNET_ECHO, *e == '+'),
                             FSOCK_OK);
        else
            hear(&r, *e == 'W' ? FSK_SPAN(WILL ECHO) : FSK_SPAN(WONT ECHO));
    expect(&r.out, said);
    assert_int_equal(fsk_telnet_on(&r.t, FSK_TELNET_PEER, FSK_TELNET_ECHO), on);
    rig_fini(&r);
}

static void wishes(void **state)
{
    struct rig r;
    (void)state;
    wish("-", FSK_SPAN(""), false);
    wish("++", FSK_SPAN(DO ECHO), false);
    wish("+W+", FSK_SPAN(DO ECHO), true);
    wish("+w", FSK_SPAN(DO ECHO), false);
    wish("W-", FSK_SPAN(DO ECHO DONT ECHO), true); /* until it says so */
    wish("W--w", FSK_SPAN(DO ECHO DONT ECHO), false);
    wish("W-W", FSK_SPAN(DO ECHO DONT ECHO), false);
    wish("W-+", FSK_SPAN(DO ECHO DONT ECHO), true);
    wish("W-+W", FSK_SPAN(DO ECHO DONT ECHO), true);
    wish("W-++w", FSK_SPAN(DO ECHO DONT ECHO DO ECHO), false);
    wish("W-+wW", FSK_SPAN(DO ECHO DONT ECHO DO ECHO), true);
    wish("W-+-w", FSK_SPAN(DO ECHO DONT ECHO), false);
    wish("+--W", FSK_SPAN(DO ECHO DONT ECHO), true);
    wish("+-Ww", FSK_SPAN(DO ECHO DONT ECHO), false);
    wish("+-w", FSK_SPAN(DO ECHO), false);
    wish("+-+W", FSK_SPAN(DO ECHO), true);
    rig_init(&r);
    assert_int_equal(fsk_telnet_want(&r.t, FSK_TELNET_US, FSK_TELNET_ECHO, true), FSOCK_ERR_INPUT);
    hear(&r, FSK_SPAN(DO BINARY));
    assert_int_equal(fsk_telnet_want(&r.t, FSK_TELNET_US, FSK_TELNET_BINARY, false), FSOCK_OK);
    /* Our own binary ends with our word, before the peer's answer. */
    say(&r, FSK_SPAN("\n"));
    EXPECT(&r.out, WILL BINARY WONT BINARY "\r\n");
    rig_fini(&r);
}

static void terminal_type(void **state)
{
    static const char *const unknown[] = {
        NULL, "", "a b", "t\377", "x\n", "12345678901234567890123456789012345678901"};
    struct rig r;
    (void)state;
    TAKES("", SB TTYPE "\1" SE, "", "");
    TAKES(DO TTYPE, SB TTYPE "\1" SE "x", "x", SB TTYPE "\0XTERM" SE);
    TAKES(DO TTYPE, SB TTYPE "\0" SE SB TTYPE SE SB TTYPE "\1\1" SE SB SE, "", "");
    TAKES(DO TTYPE DONT TTYPE, SB TTYPE "\1" SE, "", "");
    for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++) {
        rig_init_with(&r, (struct fsk_telnet_setup){.terminal = unknown[i]});
        assert_string_equal(r.t.terminal, "UNKNOWN");
        rig_fini(&r);
    }
    rig_init_with(&r, (struct fsk_telnet_setup){.terminal = unknown[5] + 1});
    assert_string_equal(r.t.terminal, unknown[5] + 1);
    hear(&r, FSK_SPAN(DO TTYPE SB TTYPE "\1" SE));
    assert_true(fsk_buf_len(&r.out) < 3 + FSK_TELNET_ANSWER_MAX);
    rig_fini(&r);
}

static void window_size(void **state)
{
    struct rig r;
    (void)state;
    rig_init(&r);
    assert_int_equal(fsk_telnet_resize(&r.t, 255, 65535), FSOCK_OK);
    EXPECT(&r.out, "");
    hear(&r, FSK_SPAN(DO NAWS));
    EXPECT(&r.out, WILL NAWS SB NAWS "\0" IAC IAC IAC IAC IAC IAC SE);
    assert_int_equal(fsk_telnet_resize(&r.t, 256, 1), FSOCK_OK);
    EXPECT(&r.out, SB NAWS "\1\0\0\1" SE);
    hear(&r, FSK_SPAN(DONT NAWS));
    fsk_buf_clear(&r.out);
    assert_int_equal(fsk_telnet_resize(&r.t, 80, 24), FSOCK_OK);
    EXPECT(&r.out, "");
    rig_fini(&r);
}

/* Let two telnets talk until both are silent; returns how many turns that took. */
static int converse(struct rig *a, struct rig *b)
{
    int turns = 0;
    for (; fsk_buf_len(&a->out) || fsk_buf_len(&b->out); turns++) {
        struct rig *from = fsk_buf_len(&a->out) ? a : b;
        hear(from == a ? b : a, fsk_buf_span(&from->out));
        fsk_buf_clear(&from->out);
        assert_true(turns < 100);
    }
    return turns;
}

static const uint8_t both[] = {FSK_TELNET_BINARY, FSK_TELNET_SGA};

static void assert_agreed(struct rig *a, struct rig *b)
{
    for (size_t i = 0; i < sizeof(both); i++) {
        enum fsk_telnet_option option = both[i];
        assert_int_equal(fsk_telnet_on(&a->t, FSK_TELNET_US, option),
                         fsk_telnet_on(&b->t, FSK_TELNET_PEER, option));
        assert_int_equal(fsk_telnet_on(&b->t, FSK_TELNET_US, option),
                         fsk_telnet_on(&a->t, FSK_TELNET_PEER, option));
    }
}

/* Both change their minds all the time, with words of both under way: they agree in the end. */
static void two_come_to_an_end(void **state)
{
    struct rig a, b;
    uint32_t random = 1;
    (void)state;
    rig_init_with(&a, (struct fsk_telnet_setup){.binary = true});
    rig_init(&b);
    assert_int_equal(fsk_telnet_start(&a.t), FSOCK_OK);
    assert_int_equal(fsk_telnet_start(&b.t), FSOCK_OK);
    assert_true(converse(&a, &b) <= 4);
    assert_agreed(&a, &b);
    assert_true(fsk_telnet_on(&a.t, FSK_TELNET_US, FSK_TELNET_BINARY));
    for (int round = 0; round < 20000; round++) {
        random = random * 1664525 + 1013904223;
        struct rig *r = random >> 31 ? &a : &b, *other = r == &a ? &b : &a;
        assert_int_equal(fsk_telnet_want(&r->t, (enum fsk_telnet_side)(random >> 30 & 1),
                                         both[random >> 29 & 1], random >> 28 & 1),
                         FSOCK_OK);
        size_t some = fsk_buf_len(&r->out) < (random >> 20 & 7) ? 0 : (random >> 20 & 7);
        hear(other, fsk_span(fsk_buf_span(&r->out).p, some));
        fsk_buf_consume(&r->out, some);
        if ((random >> 16 & 15) == 0) {
            assert_true(converse(&a, &b) <= 10);
            assert_agreed(&a, &b);
        }
    }
    rig_fini(&a);
    rig_fini(&b);
}

/* Nobody takes what it says: the buffer ends at its ceiling, and nothing is lost or said twice. */
static void a_flood_has_to_wait(void **state)
{
    static const char flood[] = {'\377', '\375', 31, '\377', '\376', 31};
    struct rig r;
    struct fsk_span data;
    size_t used, said = 0, rounds = 0, at = 0;
    (void)state;
    rig_init(&r);
    fsk_buf_fini(&r.out);
    fsk_buf_init(&r.out, FSK_TELNET_OUT_MIN);
    while (rounds < 1000) {
        enum fsock_err err = fsk_telnet_receive(&r.t, flood + at, sizeof(flood) - at, &used, &data);
        at = (at + used) % sizeof(flood);
        rounds += at == 0 && used > 0;
        assert_true(fsk_buf_len(&r.out) <= FSK_TELNET_OUT_MIN);
        if (err == FSOCK_AGAIN) {
            assert_true(fsk_buf_len(&r.out) > FSK_TELNET_OUT_MIN - FSK_TELNET_ANSWER_MAX);
            assert_int_equal(fsk_telnet_receive(&r.t, flood + at, sizeof(flood) - at, &used, &data),
                             FSOCK_AGAIN);
            assert_int_equal(used, 0);
            said += fsk_buf_len(&r.out);
            fsk_buf_clear(&r.out);
        } else {
            assert_int_equal(err, FSOCK_OK);
        }
    }
    said += fsk_buf_len(&r.out);
    assert_int_equal(said, 1000 * (sizeof(WILL NAWS SIZE WONT NAWS) - 1));
    assert_true(fsk_buf_len(&r.log) <= 4096);
    rig_fini(&r);
}

/* All refusals together are at most one for each option and side. */
static void refuses_once(void **state)
{
    struct rig r;
    (void)state;
    rig_init(&r);
    for (int times = 0; times < 10; times++)
        for (int i = 32; i < 256; i++) {
            const char ask[] = {'\377', '\373', (char)i, '\377', '\375', (char)i,
                                '\377', '\374', (char)i, '\377', '\376', (char)i};
            hear(&r, fsk_span(ask, sizeof(ask)));
        }
    assert_int_equal(fsk_buf_len(&r.out), (256 - 32) * 2 * 3);
    rig_fini(&r);
}

static void logs(void **state)
{
    struct rig r;
    (void)state;
    rig_init(&r);
    hear(&r, FSK_SPAN(WILL ECHO DO NAWS WILL "\310" DO TTYPE SB TTYPE "\1" SE));
    EXPECT(&r.log, "peer: WILL ECHO\nus: DO ECHO\npeer: DO NAWS\nus: WILL NAWS\nus: NAWS 80x24\n"
                   "peer: WILL 200\nus: DONT 200\npeer: DO TERMINAL-TYPE\nus: WILL TERMINAL-TYPE\n"
                   "peer: TERMINAL-TYPE SEND\nus: TERMINAL-TYPE IS XTERM\n");
    hear(&r, FSK_SPAN(IAC "\366" IAC "x" SB "\47\1" SE SB "\310" SE));
    EXPECT(&r.log, "peer: AYT\npeer: IAC 120\npeer: SB NEW-ENVIRON\npeer: SB 200\n");
    assert_int_equal(fsk_telnet_command(&r.t, FSK_TELNET_BRK), FSOCK_OK);
    EXPECT(&r.log, "us: BRK\n");
    r.t.log = NULL;
    hear(&r, FSK_SPAN(WILL SGA));
    EXPECT(&r.log, "");
    rig_fini(&r);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(fsk_telnet_option_name(FSK_TELNET_NAWS), "NAWS");
    assert_string_equal(fsk_telnet_option_name(FSK_TELNET_SGA), "SUPPRESS-GO-AHEAD");
    assert_null(fsk_telnet_option_name(2));
    assert_null(fsk_telnet_option_name(255));
    assert_string_equal(fsk_telnet_command_name(FSK_TELNET_EOF), "EOF");
    assert_string_equal(fsk_telnet_command_name(FSK_TELNET_GA), "GA");
    assert_string_equal(fsk_telnet_command_name(FSK_TELNET_DONT), "DONT");
    assert_string_equal(fsk_telnet_command_name(FSK_TELNET_IAC), "IAC");
    assert_null(fsk_telnet_command_name(235));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option),
        cmocka_unit_test(no_answer_twice),
        cmocka_unit_test(starts),
        cmocka_unit_test(wishes),
        cmocka_unit_test(terminal_type),
        cmocka_unit_test(window_size),
        cmocka_unit_test(two_come_to_an_end),
        cmocka_unit_test(a_flood_has_to_wait),
        cmocka_unit_test(refuses_once),
        cmocka_unit_test(logs),
        cmocka_unit_test(names),
    };
    guard_init(&guard, 4096);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
