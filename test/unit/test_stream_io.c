/*
 * Reading and writing an open stream: how much, how long, and how it ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "stream_rig.h"

/* ---- Reading --------------------------------------------------------------------------------- */

static void test_3_03_short_reads(void **state)
{
    struct line l;
    char got[64];
    size_t n;
    (void)state;
    meet(&l);
    say(l.client, "hello");
    ok(fsock_read(l.server, got, 2, &n, SOON));
    assert_int_equal(n, 2);
    ok(fsock_read(l.server, got, sizeof got, &n, SOON));
    assert_int_equal(n, 3);
    assert_memory_equal(got, "llo", 3);
    ok(fsock_read(l.server, got, 0, &n, FSOCK_NOW));
    assert_int_equal(n, 0);
    assert_int_equal(fsock_inspect(l.server)->received, 5);
    assert_int_equal(fsock_inspect(l.client)->sent, 5);
    part(&l);
}

static void test_read_exact(void **state)
{
    struct line l;
    char got[64];
    size_t n;
    (void)state;
    meet(&l);
    say(l.client, "hel");
    assert_int_equal(fsock_read_exact(l.server, got, 5, &n, FSOCK_NOW), FSOCK_AGAIN);
    assert_int_equal(n, 3);
    assert_memory_equal(got, "hel", 3);
    say(l.client, "lo and b");
    assert_int_equal(fsock_read_exact(l.server, got, 9, &n, fsock_after(0.05)), FSOCK_ERR_TIMEOUT);
    assert_int_equal(n, 8);
    assert_memory_equal(got, "lo and b", 8);
    say(l.client, "ye");
    ok(fsock_shut(l.client, SOON));
    assert_int_equal(fsock_read_exact(l.server, got, 9, &n, SOON), FSOCK_ERR_CLOSED);
    assert_int_equal(n, 2);
    assert_non_null(strstr(fsock_last_fault(l.server)->text, "after 2 of 9 bytes"));
    assert_int_equal(fsock_read_exact(l.server, got, 9, &n, SOON), FSOCK_EOF);
    assert_int_equal(n, 0);
    part(&l);
}

static void test_3_02_a_whole_buffer(void **state)
{
    struct line l;
    (void)state;
    meet(&l);
    char *bytes = many_bytes(300000);
    size_t n;
    ok(fsock_write(l.client, bytes, 300000, &n, SOON));
    assert_int_equal(n, 300000);
    hears_many(l.server, 0, 300000);
    free(bytes);
    part(&l);
}

static void reads_line(fsock_stream *s, size_t cap, const char *want)
{
    char got[64];
    size_t n;
    memset(got, 'x', sizeof got);
    ok(fsock_read_line(s, got, cap, &n, SOON));
    assert_int_equal(n, strlen(want));
    is_text(got, want);
}

static void test_3_04_lines(void **state)
{
    struct line l;
    char got[64];
    size_t n;
    (void)state;
    meet(&l);
    say(l.client, "one\r\n\ntwo and more\nlast");
    ok(fsock_shut(l.client, SOON));
    reads_line(l.server, sizeof got, "one\r\n");
    reads_line(l.server, sizeof got, "\n");
    reads_line(l.server, 5, "two ");
    reads_line(l.server, 2, "a");
    reads_line(l.server, 9, "nd more\n");
    reads_line(l.server, 4, "las");
    reads_line(l.server, 4, "t");
    assert_int_equal(fsock_read_line(l.server, got, sizeof got, &n, SOON), FSOCK_EOF);
    assert_int_equal(n, 0);
    is_text(got, "");
    assert_int_equal(fsock_read_line(l.server, got, 1, &n, SOON), FSOCK_ERR_INPUT);
    part(&l);
}

static void test_a_line_with_nuls(void **state)
{
    struct line l;
    char got[64];
    size_t n;
    (void)state;
    meet(&l);
    ok(fsock_write(l.client, "\0a\0\n\0", 5, NULL, SOON));
    ok(fsock_read_line(l.server, got, sizeof got, &n, SOON));
    assert_int_equal(n, 4);
    assert_memory_equal(got, "\0a\0\n", 5);
    assert_int_equal(fsock_inspect(l.server)->unread, 1);
    part(&l);
}

static void test_a_long_line(void **state)
{
    struct line l;
    size_t size = 200000, n, cap = size + 10;
    char *line = malloc(cap), *got = malloc(cap);
    (void)state;
    meet(&l);
    memset(line, 'a', size);
    line[size - 1] = '\n';
    ok(fsock_write(l.client, line, size, NULL, SOON));
    ok(fsock_read_line(l.server, got, cap, &n, SOON));
    assert_int_equal(n, size);
    assert_memory_equal(got, line, size);
    free(line);
    free(got);
    part(&l);
}

/* More than a stream holds comes in parts, and none of it is lost. */
static void test_a_line_without_end(void **state)
{
    struct line l;
    size_t size = 1 << 20, n, all = 0;
    char *bytes = malloc(size), *got = malloc(size);
    (void)state;
    meet(&l);
    memset(bytes, 'a', size);
    for (size_t sent = 0; sent < size; sent += n) {
        n = 0;
        enum fsock_err err = fsock_write(l.client, bytes + sent, size - sent, &n, FSOCK_NOW);
        assert_true(err == FSOCK_OK || err == FSOCK_AGAIN);
        size_t more;
        if (fsock_read_line(l.server, got, size, &more, fsock_after(0.02)) == FSOCK_OK)
            all += more;
    }
    ok(fsock_shut(l.client, SOON));
    while (fsock_read_line(l.server, got, size, &n, SOON) == FSOCK_OK)
        all += n;
    assert_int_equal(all, size);
    free(bytes);
    free(got);
    part(&l);
}

static void test_a_line_that_takes_long(void **state)
{
    struct line l;
    char got[64];
    size_t n;
    (void)state;
    meet(&l);
    for (int i = 0; i < 3; i++) {
        say(l.client, "ab");
        assert_int_equal(fsock_read_line(l.server, got, sizeof got, &n, fsock_after(0.02)),
                         FSOCK_ERR_TIMEOUT);
        assert_int_equal(n, 0);
        assert_true(fsock_inspect(l.server)->timed_out);
        assert_int_equal(fsock_read_line(l.server, got, sizeof got, &n, FSOCK_NOW), FSOCK_AGAIN);
    }
    assert_int_equal(fsock_inspect(l.server)->unread, 6);
    say(l.client, "\nrest");
    reads_line(l.server, sizeof got, "ababab\n");
    assert_int_equal(fsock_read_line(l.server, got, sizeof got, &n, FSOCK_NOW), FSOCK_AGAIN);
    ok(fsock_read(l.server, got, sizeof got, &n, FSOCK_NOW));
    assert_int_equal(n, 4);
    part(&l);
}

static void test_3_05_at_end(void **state)
{
    struct line l;
    char c;
    size_t n;
    (void)state;
    meet(&l);
    assert_int_equal(fsock_at_end(l.server), 0);
    say(l.client, "x");
    ok(fsock_shut(l.client, SOON));
    assert_int_equal(fsock_at_end(l.server), 0);
    ok(fsock_read(l.server, &c, 1, &n, SOON));
    while (!fsock_at_end(l.server)) /* the end may come a moment after the byte */
        pause_for(0.001);
    assert_int_equal(fsock_read(l.server, &c, 1, &n, FSOCK_NOW), FSOCK_EOF);
    assert_int_equal(fsock_read(l.server, &c, 1, &n, FSOCK_NOW), FSOCK_EOF);
    assert_int_equal(fsock_at_end(l.server), 1);
    part(&l);
    meet(&l);
    fsock_close(l.client);
    pause_for(0.01);
    assert_int_equal(fsock_at_end(l.server), 1); /* though nobody has read */
    fsock_close(l.server);
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void test_printf(void **state)
{
    struct line l;
    char *longest = malloc(65537 + 1);
    (void)state;
    meet(&l);
    ok(fsock_printf(l.client, SOON, "%s %d%%\n", "number", 7));
    hears(l.server, "number 7%\n");
    ok(fsock_printf(l.client, SOON, "%s", ""));
    for (size_t n = 510; n < 514; n++) {
        ok(fsock_printf(l.client, SOON, "%*d", (int)n, 7));
        memset(longest, ' ', n);
        longest[n - 1] = '7';
        size_t have;
        char got[600];
        ok(fsock_read_exact(l.server, got, n, &have, SOON));
        assert_memory_equal(got, longest, n);
    }
    for (size_t i = 0; i < 65536; i++)
        longest[i] = byte_at(i) ? byte_at(i) : 1;
    longest[65536] = '\0';
    ok(fsock_printf(l.client, SOON, "%s", longest));
    char *got = malloc(65536);
    size_t n;
    ok(fsock_read_exact(l.server, got, 65536, &n, SOON));
    assert_memory_equal(got, longest, 65536);
    longest[65536] = 'x';
    longest[65537] = '\0';
    assert_int_equal(fsock_printf(l.client, SOON, "%s", longest), FSOCK_ERR_INPUT);
    say(l.client, "and on");
    hears(l.server, "and on");
    free(got);
    free(longest);
    part(&l);
}

static void test_printf_with_no_time(void **state)
{
    struct line l;
    (void)state;
    meet_small(&l);
    ok(fsock_printf(l.client, FSOCK_NOW, "short"));
    hears(l.server, "short");
    assert_int_equal(fsock_printf(l.client, FSOCK_NOW, "%65000d", 1), FSOCK_ERR_TIMEOUT);
    assert_non_null(strstr(fsock_last_fault(l.client)->text, "of 65000 bytes"));
    fill_up(l.client);
    assert_int_equal(fsock_printf(l.client, FSOCK_NOW, "%d", 1), FSOCK_AGAIN);
    part(&l);
}

static void test_a_write_that_is_cut_off(void **state)
{
    struct line l;
    char *bytes = many_bytes(8 << 20);
    size_t n, all;
    (void)state;
    meet(&l);
    fsock_time began = fsock_now();
    assert_int_equal(fsock_write(l.client, bytes, 8 << 20, &all, fsock_after(0.1)),
                     FSOCK_ERR_TIMEOUT);
    took(began, 0.09, 0.4);
    assert_true(all > 0 && all < 8 << 20);
    assert_int_equal(fsock_last_fault(l.client)->stage, FSOCK_STAGE_SEND);
    assert_int_equal(fsock_inspect(l.client)->sent, all);
    hears_many(l.server, 0, all);
    ok(fsock_write(l.client, bytes + all, 1000, &n, SOON));
    hears_many(l.server, all, 1000);
    free(bytes);
    part(&l);
}

static void test_3_09_half_closed(void **state)
{
    struct line l;
    char c;
    size_t n;
    (void)state;
    meet(&l);
    ok(fsock_shut(l.client, SOON));
    ok(fsock_shut(l.client, SOON));
    assert_int_equal(fsock_read(l.server, &c, 1, &n, SOON), FSOCK_EOF);
    say(l.server, "still here");
    hears(l.client, "still here");
    assert_int_equal(fsock_write(l.client, "x", 1, &n, SOON), FSOCK_ERR_CLOSED);
    assert_int_equal(fsock_last_fault(l.client)->sys_errno, EPIPE);
    say(l.server, "and here");
    hears(l.client, "and here");
    part(&l);
}

/* ---- Out of band ----------------------------------------------------------------------------- */

static void send_urgent(struct actor *a)
{
    fsock_write_oob(a->stream, 0xff, SOON);
}

static void test_3_10_out_of_band(void **state)
{
    struct line l;
    unsigned char byte;
    (void)state;
    meet(&l);
    for (int i = 0; i < 2; i++) {
        fsock_stream *from = i ? l.server : l.client, *to = i ? l.client : l.server;
        assert_int_equal(fsock_read_oob(to, &byte, FSOCK_NOW), FSOCK_AGAIN);
        say(from, "ab");
        ok(fsock_write_oob(from, '!', SOON));
        say(from, "cd");
        ok(fsock_read_oob(to, &byte, SOON));
        assert_int_equal(byte, '!');
        assert_int_equal(fsock_read_oob(to, &byte, FSOCK_NOW), FSOCK_AGAIN);
        hears(to, "abcd");
    }
    part(&l);
}

/* It waits for that byte, and for nothing else: not busily, though there is something to read. */
static void test_waiting_for_a_byte_out_of_band(void **state)
{
    struct line l;
    unsigned char byte;
    (void)state;
    for (int i = 0; i < 2; i++) {
        meet(&l);
        if (i)
            say(l.client, "ab");
        clock_t busy = clock();
        struct actor a = {.stream = l.client};
        actor_start(&a, send_urgent, 0.2);
        fsock_time began = fsock_now();
        ok(fsock_read_oob(l.server, &byte, SOON));
        took(began, 0.15, 1);
        assert_true(clock() - busy < CLOCKS_PER_SEC / 10);
        assert_int_equal(byte, 0xff);
        assert_int_equal(fsock_read_oob(l.server, &byte, fsock_after(0.02)), FSOCK_ERR_TIMEOUT);
        if (i)
            hears(l.server, "ab");
        actor_join(&a);
        part(&l);
    }
}

static void test_who_has_nothing_out_of_band(void **state)
{
    fsock_stream *pair[2];
    unsigned char byte;
    char c;
    size_t n;
    (void)state;
    ok(fsock_open_pair(pair, NULL));
    say(pair[0], "a");
    assert_int_equal(fsock_read_oob(pair[1], &byte, SOON), FSOCK_ERR_INPUT);
    assert_int_equal(fsock_write_oob(pair[1], 'x', SOON), FSOCK_ERR_INPUT);
    ok(fsock_read(pair[1], &c, 1, &n, SOON));
    assert_int_equal(c, 'a');
    fsock_close(pair[0]);
    fsock_close(pair[1]);
}

/* ---- Limits ---------------------------------------------------------------------------------- */

static void test_3_08_at_once(void **state)
{
    struct line l;
    char got[64];
    size_t n;
    unsigned char byte;
    (void)state;
    meet(&l);
    assert_int_equal(fsock_read(l.server, got, 1, &n, FSOCK_NOW), FSOCK_AGAIN);
    assert_int_equal(fsock_read_line(l.server, got, 9, &n, FSOCK_NOW), FSOCK_AGAIN);
    assert_int_equal(fsock_read_exact(l.server, got, 9, &n, FSOCK_NOW), FSOCK_AGAIN);
    assert_int_equal(fsock_read_oob(l.server, &byte, FSOCK_NOW), FSOCK_AGAIN);
    assert_false(fsock_inspect(l.server)->timed_out);
    assert_int_equal(fsock_last_fault(l.server)->err, FSOCK_OK);
    ok(fsock_write(l.server, "x", 1, &n, FSOCK_NOW));
    size_t all = fill_up(l.server);
    assert_int_equal(fsock_write(l.server, "x", 1, &n, FSOCK_NOW), FSOCK_AGAIN);
    assert_int_equal(n, 0);
    hears(l.client, "x");
    hears_many(l.client, 0, all);
    ok(fsock_shut(l.server, FSOCK_NOW));
    part(&l);
}

static void test_3_07_limits_do_not_stay(void **state)
{
    struct line l;
    char got[64];
    size_t n;
    (void)state;
    meet(&l);
    fsock_time began = fsock_now();
    assert_int_equal(fsock_read(l.server, got, 1, &n, fsock_after(0.15)), FSOCK_ERR_TIMEOUT);
    took(began, 0.14, 0.4);
    assert_true(fsock_inspect(l.server)->timed_out);
    assert_int_equal(fsock_last_fault(l.server)->limit, FSOCK_LIMIT_TOTAL);
    say(l.client, "abc");
    ok(fsock_read(l.server, got, 1, &n, SOON));
    assert_false(fsock_inspect(l.server)->timed_out);
    part(&l);
}

/* What is read from the stream's own buffer is a good read as well. */
static void test_3_07_a_good_read_of_what_was_held(void **state)
{
    struct line l;
    char got[64];
    size_t n;
    (void)state;
    meet(&l);
    say(l.client, "abc");
    assert_int_equal(fsock_read_line(l.server, got, 9, &n, fsock_after(0.05)), FSOCK_ERR_TIMEOUT);
    assert_true(fsock_inspect(l.server)->timed_out);
    ok(fsock_read(l.server, got, 3, &n, SOON));
    assert_int_equal(n, 3);
    assert_false(fsock_inspect(l.server)->timed_out);
    part(&l);
}

static void test_the_streams_own_deadline(void **state)
{
    struct line l;
    char got[64];
    size_t n;
    (void)state;
    meet(&l);
    fsock_set_deadline(l.server, fsock_after(0.1));
    fsock_time began = fsock_now();
    assert_int_equal(fsock_read(l.server, got, 1, &n, SOON), FSOCK_ERR_TIMEOUT);
    took(began, 0.09, 0.3);
    say(l.client, "abc");
    assert_int_equal(fsock_read(l.server, got, 1, &n, SOON), FSOCK_ERR_TIMEOUT);
    assert_int_equal(fsock_read(l.server, got, 1, &n, FSOCK_NOW), FSOCK_ERR_TIMEOUT);
    assert_int_equal(fsock_write(l.server, "x", 1, &n, SOON), FSOCK_ERR_TIMEOUT);
    assert_int_equal(n, 0);
    fsock_set_deadline(l.server, FSOCK_NEVER);
    hears(l.server, "abc");
    part(&l);
}

static void drip(struct actor *a)
{
    for (int i = 0; i < 10; i++) {
        fsock_write(a->stream, ".", 1, NULL, SOON);
        pause_for(0.03);
    }
}

/* A peer that drips is not silent; that it may go on like that the deadline alone forbids. */
static void test_silence_and_drips(void **state)
{
    struct line l;
    char got[64];
    size_t n;
    (void)state;
    meet(&l);
    fsock_set_silence(l.server, 150 * MS);
    struct actor a = {.stream = l.client};
    actor_start(&a, drip, 0);
    ok(fsock_read_exact(l.server, got, 10, &n, SOON));
    fsock_time began = fsock_now();
    assert_int_equal(fsock_read_exact(l.server, got, 10, &n, SOON), FSOCK_ERR_TIMEOUT);
    took(began, 0.14, 0.4);
    assert_int_equal(fsock_last_fault(l.server)->limit, FSOCK_LIMIT_READ);
    assert_non_null(strstr(fsock_last_fault(l.server)->text, "nothing came for 150 ms"));
    actor_join(&a);
    actor_start(&a, drip, 0);
    began = fsock_now();
    assert_int_equal(fsock_read_exact(l.server, got, 20, &n, fsock_after(0.15)), FSOCK_ERR_TIMEOUT);
    took(began, 0.14, 0.3);
    assert_true(n > 1 && n < 10);
    actor_join(&a);
    part(&l);
}

/* ---- Errors ---------------------------------------------------------------------------------- */

static void test_3_12_a_reset_stays(void **state)
{
    struct line l;
    char c;
    size_t n;
    (void)state;
    meet(&l);
    ok(fsock_set_option(l.client, FSOCK_OPTION_LINGER, 0));
    fsock_close(l.client);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(fsock_read(l.server, &c, 1, &n, SOON), FSOCK_ERR_RESET);
        assert_int_equal(fsock_last_fault(l.server)->sys_errno, ECONNRESET);
        assert_int_equal(fsock_write(l.server, "x", 1, &n, SOON), FSOCK_ERR_RESET);
        assert_int_equal(fsock_at_end(l.server), 0);
    }
    assert_non_null(strstr(fsock_last_fault(l.server)->text, "reset"));
    fsock_close(l.server);
}

static void test_3_11_writing_to_nobody(void **state)
{
    struct line l;
    size_t n;
    enum fsock_err err;
    (void)state;
    meet(&l);
    fsock_close(l.client);
    while ((err = fsock_write(l.server, "x", 1, &n, SOON)) == FSOCK_OK)
        continue;
    assert_true(err == FSOCK_ERR_CLOSED || err == FSOCK_ERR_RESET);
    assert_int_equal(fsock_write(l.server, "x", 1, &n, SOON), err);
    fsock_close(l.server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_3_03_short_reads),
        TEST(test_read_exact),
        TEST(test_3_02_a_whole_buffer),
        TEST(test_3_04_lines),
        TEST(test_a_line_with_nuls),
        TEST(test_a_long_line),
        TEST(test_a_line_without_end),
        TEST(test_a_line_that_takes_long),
        TEST(test_3_05_at_end),
        TEST(test_printf),
        TEST(test_printf_with_no_time),
        TEST(test_a_write_that_is_cut_off),
        TEST(test_3_09_half_closed),
        TEST(test_3_10_out_of_band),
        TEST(test_waiting_for_a_byte_out_of_band),
        TEST(test_who_has_nothing_out_of_band),
        TEST(test_3_08_at_once),
        TEST(test_3_07_limits_do_not_stay),
        TEST(test_3_07_a_good_read_of_what_was_held),
        TEST(test_the_streams_own_deadline),
        TEST(test_silence_and_drips),
        TEST(test_3_12_a_reset_stays),
        TEST(test_3_11_writing_to_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
