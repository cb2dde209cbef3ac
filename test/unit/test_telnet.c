/* Telnet: what is data and what is not, in both directions and however the bytes come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "telnet_rig.h"

static void data_of_text(void **state)
{
    (void)state;
    TAKES("", "", "", "");
    TAKES("", "hello\r\nyou\r\n", "hello\r\nyou\r\n", "");
    TAKES("", "a\r\0b\r\0\0\r\r\0\0c\0", "a\rb\r\0\r\r\0c\0", "");
    TAKES("", "a" IAC IAC "b" IAC IAC IAC IAC, "a\377b\377\377", "");
    TAKES("", "\r" IAC IAC "\0", "\r\377\0", "");
    /* Commands are not in the data: the NUL is still behind the CR. */
    TAKES("", "\r" IAC "\371\0x", "\rx", "");
    TAKES("", "\r" WILL ECHO "\0x", "\rx", DO ECHO);
    TAKES("", "\r" IAC "\371\nx", "\r\nx", "");
}

static void data_of_binary(void **state)
{
    (void)state;
    TAKES(WILL BINARY, "a\r\0b\r\n\0" IAC IAC "\n", "a\r\0b\r\n\0\377\n", "");
    /* It begins and ends between two bytes. */
    TAKES("", "\r\0" WILL BINARY "\r\0" WONT BINARY "\r\0", "\r\r\0\r", DO BINARY DONT BINARY);
    /* What we send in binary says nothing of what we receive. */
    TAKES(DO BINARY, "\r\0", "\r", "");
}

static void commands(void **state)
{
    (void)state;
    TAKES("", "a" IAC "\361" IAC "\362" IAC "\363" IAC "\371" IAC "\360" IAC "\357" IAC "Ab", "ab",
          "");
    TAKES("", "a" IAC "\366" IAC "\366", "a", "\r\n[yes]\r\n\r\n[yes]\r\n");
}

static void subnegotiations_do_no_harm(void **state)
{
    struct rig r;
    char zeros[4096] = "";
    (void)state;
    TAKES("", "a" SB "\47\1\0\3VAR" IAC IAC "\r\0" SE "b", "ab", "");
    /* Doubled in there, an IAC is a byte like others: this is no SEND. */
    TAKES(DO TTYPE, SB TTYPE "\1" IAC IAC SE "b", "b", "");
    TAKES("", SB IAC IAC IAC IAC SE "b", "b", "");
    /* A command in place of the end. */
    TAKES(DO TTYPE, SB TTYPE "\1" WILL ECHO "b", "b", DO ECHO);
    TAKES(DO TTYPE, SB TTYPE SB TTYPE "\1" SE "b", "b", SB TTYPE "\0XTERM" SE);
    TAKES(DO TTYPE, SB TTYPE "\1" IAC "\366b", "b", "\r\n[yes]\r\n");
    rig_init(&r);
    hear(&r, FSK_SPAN(DO TTYPE SB TTYPE "\1"));
    for (int i = 0; i < 1000; i++)
        hear(&r, fsk_span(zeros, sizeof(zeros)));
    hear(&r, FSK_SPAN(SE "x" SB TTYPE "\1" SE));
    EXPECT(&r.data, "x");
    EXPECT(&r.out, WILL TTYPE SB TTYPE "\0XTERM" SE);
    rig_fini(&r);
}

/* Bytes from the user, whole, in bytes and split at each place, become these. */
static void sends(bool binary, bool keep_crlf, struct fsk_span s, struct fsk_span out)
{
    for (size_t first = 0; first <= s.n; first++) {
        struct rig r;
        rig_init_with(&r, (struct fsk_telnet_setup){.keep_crlf = keep_crlf});
        if (binary)
            hear(&r, FSK_SPAN(DO BINARY));
        fsk_buf_clear(&r.out);
        say(&r, fsk_span(s.p, first));
        for (size_t at = first; at < s.n; at += first ? s.n - first : 1)
            say(&r, fsk_span(s.p + at, first ? s.n - first : 1));
        if (keep_crlf)
            assert_int_equal(fsk_telnet_send_rest(&r.t), FSOCK_OK);
        expect(&r.out, out);
        rig_fini(&r);
    }
}

static void encodes(void **state)
{
    (void)state;
    sends(false, false, FSK_SPAN("a\nb\r\n\r\0" IAC), FSK_SPAN("a\r\nb\r\0\r\n\r\0\0" IAC IAC));
    sends(false, true, FSK_SPAN("a\nb\r\nc\r"), FSK_SPAN("a\r\nb\r\nc\r\0"));
    sends(false, true, FSK_SPAN("\r\r\n\n\r" IAC "\r"),
          FSK_SPAN("\r\0\r\n\r\n\r\0" IAC IAC "\r\0"));
    sends(true, false, FSK_SPAN("a\nb\r\n\r\0" IAC), FSK_SPAN("a\nb\r\n\r\0" IAC IAC));
    sends(true, true, FSK_SPAN("a\nb\r\n\r\0" IAC "\r"), FSK_SPAN("a\nb\r\n\r\0" IAC IAC "\r"));
}

static void sends_commands(void **state)
{
    struct rig r;
    (void)state;
    rig_init_with(&r, (struct fsk_telnet_setup){.keep_crlf = true});
    say(&r, FSK_SPAN("a\r"));
    EXPECT(&r.out, "a");
    assert_int_equal(fsk_telnet_command(&r.t, FSK_TELNET_BRK), FSOCK_OK);
    EXPECT(&r.out, "\r\0" IAC "\363");
    assert_int_equal(fsk_telnet_command(&r.t, FSK_TELNET_IP), FSOCK_OK);
    assert_int_equal(fsk_telnet_command(&r.t, FSK_TELNET_AYT), FSOCK_OK);
    EXPECT(&r.out, IAC "\364" IAC "\366");
    assert_int_equal(fsk_telnet_command(&r.t, FSK_TELNET_SB), FSOCK_ERR_INPUT);
    assert_int_equal(fsk_telnet_command(&r.t, FSK_TELNET_SE), FSOCK_ERR_INPUT);
    assert_int_equal(fsk_telnet_command(&r.t, FSK_TELNET_IAC), FSOCK_ERR_INPUT);
    /* A CR that waits while binary comes on goes without its NUL. */
    say(&r, FSK_SPAN("\r"));
    hear(&r, FSK_SPAN(DO BINARY));
    say(&r, FSK_SPAN("\n"));
    EXPECT(&r.out, WILL BINARY "\r\n");
    rig_fini(&r);
}

/* Every byte behind every other one goes to a second telnet and arrives; text with its line ends.
 */
static void round_trip(bool binary, bool keep_crlf)
{
    struct rig a, b;
    struct fsk_buf want;
    char last = 0;
    rig_init_with(&a, (struct fsk_telnet_setup){.keep_crlf = keep_crlf});
    rig_init(&b);
    fsk_buf_init(&want, 1 << 20);
    hear(&a, binary ? FSK_SPAN(DO BINARY) : FSK_SPAN(""));
    fsk_buf_clear(&a.out);
    hear(&b, binary ? FSK_SPAN(WILL BINARY) : FSK_SPAN(""));
    for (int i = 0; i < 256; i++)
        for (int j = 0; j < 256; j++) {
            const char pair[] = {(char)i, (char)j};
            say(&a, fsk_span(pair, 2));
            for (int k = 0; k < 2; k++) {
                bool keep = keep_crlf && last == '\r';
                if (!binary && pair[k] == '\n' && !keep)
                    fsk_buf_append(&want, "\r", 1);
                fsk_buf_append(&want, &pair[k], 1);
                last = pair[k];
            }
        }
    for (; fsk_buf_len(&a.out); fsk_buf_consume(&a.out, 1))
        hear(&b, fsk_span(a.out.mem + a.out.start, 1));
    expect(&b.data, fsk_buf_span(&want));
    fsk_buf_fini(&want);
    rig_fini(&a);
    rig_fini(&b);
}

static void all_bytes_round_trip(void **state)
{
    (void)state;
    round_trip(true, false);
    round_trip(true, true);
    round_trip(false, false);
    round_trip(false, true);
}

static void data_leaves_room_for_answers(void **state)
{
    struct rig r;
    char text[4096];
    size_t used, len;
    (void)state;
    memset(text, '\377', sizeof(text));
    rig_init(&r);
    fsk_buf_fini(&r.out);
    fsk_buf_init(&r.out, FSK_TELNET_OUT_MIN);
    assert_int_equal(fsk_telnet_send(&r.t, text, sizeof(text), &used), FSOCK_AGAIN);
    len = fsk_buf_len(&r.out);
    assert_int_equal(len, 2 * used);
    assert_true(len <= FSK_TELNET_OUT_MIN - FSK_TELNET_RESERVE);
    hear(&r, FSK_SPAN(DO NAWS WILL ECHO WILL SGA));
    assert_int_equal(fsk_telnet_send(&r.t, text, 1, &used), FSOCK_AGAIN);
    assert_int_equal(used, 0);
    while (fsk_telnet_resize(&r.t, 1, 1) == FSOCK_OK)
        ;
    assert_int_equal(fsk_telnet_want(&r.t, FSK_TELNET_US, FSK_TELNET_SGA, true), FSOCK_AGAIN);
    assert_int_equal(fsk_telnet_start(&r.t), FSOCK_AGAIN);
    while (fsk_telnet_command(&r.t, FSK_TELNET_NOP) == FSOCK_OK)
        ;
    assert_int_equal(fsk_telnet_command(&r.t, FSK_TELNET_NOP), FSOCK_AGAIN);
    assert_int_equal(fsk_telnet_send_rest(&r.t), FSOCK_AGAIN);
    assert_true(fsk_buf_len(&r.out) <= FSK_TELNET_OUT_MIN);
    /* Plain data is received all the same. */
    hear(&r, FSK_SPAN("hello\r\n"));
    EXPECT(&r.data, "hello\r\n");
    rig_fini(&r);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_of_text),
        cmocka_unit_test(data_of_binary),
        cmocka_unit_test(commands),
        cmocka_unit_test(subnegotiations_do_no_harm),
        cmocka_unit_test(encodes),
        cmocka_unit_test(sends_commands),
        cmocka_unit_test(all_bytes_round_trip),
        cmocka_unit_test(data_leaves_room_for_answers),
    };
    guard_init(&guard, 4096);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
