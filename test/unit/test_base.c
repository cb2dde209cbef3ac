/* buf, time, fault, rand and digits of base/; and the names of marks. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/digits.h"
#include "base/fault.h"
#include "base/rand.h"
#include "base/time.h"

/* ---- buf ------------------------------------------------------------------------------------- */

static void assert_bytes(const struct fsk_buf *b, const char *expected)
{
    assert_int_equal(fsk_buf_len(b), strlen(expected));
    assert_true(fsk_span_eq(fsk_buf_span(b), fsk_span_str(expected)));
}

static void test_buf_basics(void **state)
{
    struct fsk_buf b;
    (void)state;
    fsk_buf_init(&b, 1000);
    assert_bytes(&b, "");
    assert_int_equal(fsk_buf_append(&b, NULL, 0), FSOCK_OK);
    assert_null(b.mem); /* nothing before the first byte */
    assert_int_equal(fsk_buf_append(&b, "abc", 3), FSOCK_OK);
    assert_int_equal(fsk_buf_puts(&b, "def"), FSOCK_OK);
    assert_bytes(&b, "abcdef");
    fsk_buf_consume(&b, 0);
    fsk_buf_consume(&b, 4);
    assert_bytes(&b, "ef");
    assert_int_equal(fsk_buf_terminate(&b), FSOCK_OK);
    assert_string_equal(b.mem + b.start, "ef");
    assert_bytes(&b, "ef");
    fsk_buf_consume(&b, 2);
    assert_bytes(&b, "");
    assert_int_equal(b.end, 0); /* all its room is back */
    fsk_buf_puts(&b, "z");
    fsk_buf_clear(&b);
    assert_bytes(&b, "");
    fsk_buf_fini(&b);
    assert_null(b.mem);
    assert_int_equal(b.ceiling, 1000);
}

/* It begins in memory that it doesn't own, and leaves it when that is too small. */
static void test_buf_in_room(void **state)
{
    struct fsk_buf b;
    char room[8];
    (void)state;
    fsk_buf_init_in(&b, 12, room, sizeof room);
    assert_bytes(&b, "");
    assert_int_equal(fsk_buf_puts(&b, "abcdefgh"), FSOCK_OK);
    assert_ptr_equal(b.mem, room);
    fsk_buf_consume(&b, 2);
    assert_int_equal(fsk_buf_puts(&b, "ij"), FSOCK_OK); /* slides to the front */
    assert_ptr_equal(b.mem, room);
    assert_int_equal(fsk_buf_puts(&b, "klmn"), FSOCK_OK);
    assert_ptr_not_equal(b.mem, room);
    assert_bytes(&b, "cdefghijklmn");
    assert_int_equal(fsk_buf_puts(&b, "o"), FSOCK_ERR_TOO_BIG);
    fsk_buf_fini(&b);
    fsk_buf_init_in(&b, 12, room, sizeof room);
    fsk_buf_fini(&b); /* and never frees it */
}

/* Whatever is appended and consumed, in whatever pieces, no more than the ceiling is inside. */
static void test_buf_ceiling(void **state)
{
    static const size_t ceilings[] = {0, 1, 255, 256, 257, 300, 1000};
    char piece[1001];
    (void)state;
    memset(piece, 'p', sizeof piece);
    for (size_t c = 0; c < sizeof ceilings / sizeof *ceilings; c++)
        for (size_t step = 1; step <= ceilings[c] + 1; step += 37) {
            struct fsk_buf b;
            size_t len = 0;
            fsk_buf_init(&b, ceilings[c]);
            for (int turn = 0; turn < 3; turn++) {
                while (len + step <= ceilings[c]) {
                    assert_int_equal(fsk_buf_append(&b, piece, step), FSOCK_OK);
                    len += step;
                }
                assert_int_equal(fsk_buf_append(&b, piece, step), FSOCK_ERR_TOO_BIG);
                assert_int_equal(fsk_buf_reserve(&b, SIZE_MAX), FSOCK_ERR_TOO_BIG);
                assert_int_equal(fsk_buf_len(&b), len); /* as it was */
                fsk_buf_consume(&b, len / 2);
                len -= len / 2;
            }
            fsk_buf_fini(&b);
        }
}

/* A window that slides over a long stream stays small, and its bytes stay the same. */
static void test_buf_slides(void **state)
{
    struct fsk_buf b;
    unsigned in = 0, out = 0;
    (void)state;
    fsk_buf_init(&b, 512);
    for (int turn = 0; turn < 2000; turn++) {
        for (int i = 0; i < 100 + turn % 7; i++) {
            char c = (char)(in++ % 251);
            assert_int_equal(fsk_buf_append(&b, &c, 1), FSOCK_OK);
        }
        struct fsk_span s = fsk_buf_span(&b);
        size_t n = s.n > 50 ? s.n - (size_t)(turn % 50) : s.n;
        for (size_t i = 0; i < n; i++)
            assert_int_equal((unsigned char)s.p[i], out++ % 251);
        fsk_buf_consume(&b, n);
        assert_true(b.cap <= 512);
    }
    fsk_buf_fini(&b);
}

/* ---- time ------------------------------------------------------------------------------------ */

static const struct {
    const char *text;
    int64_t interval; /* -1: refused */
} intervals[] = {
    {"0",                      0                          },
    {"1",                      FSOCK_SECOND               },
    {"1s",                     FSOCK_SECOND               },
    {"1.5",                    3 * FSOCK_SECOND / 2       },
    {"0.001",                  FSOCK_MILLISECOND          },
    {".5",                     FSOCK_SECOND / 2           },
    {"5.",                     5 * FSOCK_SECOND           },
    {"1.05",                   1050 * FSOCK_MILLISECOND   },
    {"500ms",                  500 * FSOCK_MILLISECOND    },
    {"0.5ms",                  FSOCK_MILLISECOND / 2      },
    {"7us",                    7000                       },
    {"2m",                     120 * FSOCK_SECOND         },
    {"1h",                     3600 * FSOCK_SECOND        },
    {"1d",                     86400 * FSOCK_SECOND       },
    {"3650d",                  3650 * 86400 * FSOCK_SECOND},
    {"",                       -1                         },
    {".",                      -1                         },
    {"s",                      -1                         },
    {"ms",                     -1                         },
    {"-1",                     -1                         },
    {"+1",                     -1                         },
    {" 1",                     -1                         },
    {"1 ",                     -1                         },
    {"1 s",                    -1                         },
    {"1,5",                    -1                         },
    {"1.5.2",                  -1                         },
    {"1S",                     -1                         },
    {"1e3",                    -1                         },
    {"0x10",                   -1                         },
    {"inf",                    -1                         },
    {"nan",                    -1                         },
    {"1sm",                    -1                         },
    {"4000d",                  -1                         },
    {"99999999999999999999",   -1                         },
    {"999999999999999999999h", -1                         },
};

static void test_time_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof intervals / sizeof *intervals; i++) {
        int64_t interval = -1;
        bool good = fsk_time_parse(fsk_span_str(intervals[i].text), &interval);
        if (good != (intervals[i].interval >= 0) || interval != intervals[i].interval)
            fail_msg("'%s' is %lld", intervals[i].text, (long long)interval);
    }
}

static void test_time_text(void **state)
{
    static const struct {
        int64_t interval;
        const char *text;
    } texts[] = {
        {0,                          "0 ms"    },
        {-5,                         "0 ms"    },
        {999999,                     "0 ms"    },
        {3 * FSOCK_MILLISECOND,      "3 ms"    },
        {999 * FSOCK_MILLISECOND,    "999 ms"  },
        {FSOCK_SECOND,               "1.00 s"  },
        {1050 * FSOCK_MILLISECOND,   "1.05 s"  },
        {119990 * FSOCK_MILLISECOND, "119.99 s"},
        {120 * FSOCK_SECOND,         "2 m 0 s" },
        {125 * FSOCK_SECOND,         "2 m 5 s" },
    };
    char buf[64];
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_string_equal(fsk_time_text(buf, sizeof buf, texts[i].interval), texts[i].text);
    assert_string_equal(fsk_time_text(buf, 4, 125 * FSOCK_SECOND), "2 m");
    fsk_time_text(buf, sizeof buf, INT64_MAX);
}

/* Never too early: a sleep that ends before its time would make the driver spin. */
static void test_time_poll_ms(void **state)
{
    const fsock_time now = 5 * FSOCK_SECOND + 3;
    (void)state;
    assert_int_equal(fsk_time_poll_ms(now, FSOCK_NEVER), -1);
    assert_int_equal(fsk_time_poll_ms(now, now), 0);
    assert_int_equal(fsk_time_poll_ms(now, 0), 0);
    assert_int_equal(fsk_time_poll_ms(now, now + 1), 1);
    assert_int_equal(fsk_time_poll_ms(now, now + FSOCK_MILLISECOND), 1);
    assert_int_equal(fsk_time_poll_ms(now, now + FSOCK_MILLISECOND + 1), 2);
    assert_int_equal(fsk_time_poll_ms(now, now + 10 * FSOCK_SECOND), 10000);
    assert_int_equal(fsk_time_poll_ms(now, now + 365 * 86400 * FSOCK_SECOND), INT_MAX);
    assert_int_equal(fsk_time_poll_ms(now, FSOCK_NEVER - 1), INT_MAX);
}

static void test_time_points(void **state)
{
    (void)state;
    assert_int_equal(fsk_time_limit(7, 5), 12);
    assert_int_equal(fsk_time_limit(7, 0), FSOCK_NEVER);
    assert_int_equal(fsk_time_limit(7, -1), FSOCK_NEVER);
    assert_int_equal(fsk_time_limit(7, FSOCK_NEVER), FSOCK_NEVER);
    assert_int_equal(fsk_time_limit(7, FSOCK_NEVER - 7), FSOCK_NEVER);
    fsock_time before = fsock_now(), after = fsock_after(0.5), now = fsock_now();
    assert_true(before <= after - FSOCK_SECOND / 2 && after - FSOCK_SECOND / 2 <= now);
    assert_int_equal(fsock_after(-1), FSOCK_NEVER);
    assert_int_equal(fsock_after(1e300), FSOCK_NEVER);
    assert_int_equal(fsock_after((double)NAN), FSOCK_NEVER);
    assert_true(fsock_after(0) >= now);
}

/* ---- fault ----------------------------------------------------------------------------------- */

static void test_fault_first_stays(void **state)
{
    struct fsock_fault f = {.err = FSOCK_OK};
    (void)state;
    assert_int_equal(fsk_fault_set(&f, FSOCK_ERR_CONNECT, FSOCK_STAGE_CONNECT, ECONNREFUSED,
                                   "connect %s: refused", "h:1"),
                     FSOCK_ERR_CONNECT);
    assert_int_equal(fsk_fault_set(&f, FSOCK_ERR_TIMEOUT, FSOCK_STAGE_BODY, 0, "later"),
                     FSOCK_ERR_TIMEOUT);
    fsk_fault_hint(&f, "start %s", "it");
    fsk_fault_hint(&f, "or not");
    assert_int_equal(f.err, FSOCK_ERR_CONNECT);
    assert_int_equal(f.stage, FSOCK_STAGE_CONNECT);
    assert_int_equal(f.sys_errno, ECONNREFUSED);
    assert_string_equal(f.text, "connect h:1: refused");
    assert_string_equal(f.hint, "start it");
}

static void test_fault_null(void **state)
{
    (void)state;
    assert_int_equal(fsk_fault_set(NULL, FSOCK_ERR_DNS, FSOCK_STAGE_RESOLVE, 0, "x"),
                     FSOCK_ERR_DNS);
    fsk_fault_hint(NULL, "x");
    fsk_fault_try(NULL, "x", 0, 0);
}

/* Texts of any length: always a C string, and nothing behind it is touched. */
static void test_fault_long(void **state)
{
    static char text[2000];
    (void)state;
    memset(text, 't', sizeof text - 1);
    for (size_t n = 0; n < sizeof text - 1; n += 13) {
        struct fsock_fault f = {.err = FSOCK_OK, .hint = "hint"};
        size_t shown = n < sizeof f.text - 1 ? n : sizeof f.text - 1;
        fsk_fault_set(&f, FSOCK_ERR_NAME, FSOCK_STAGE_RESOLVE, 0, "%s", text + 1999 - n);
        assert_int_equal(strnlen(f.text, sizeof f.text), shown);
        assert_string_equal(f.hint, "hint");
        assert_memory_equal(f.text, text, shown);
    }
}

static void test_fault_tries(void **state)
{
    struct fsock_fault f = {.err = FSOCK_OK};
    char addr[200];
    (void)state;
    for (unsigned i = 0; i < FSOCK_TRIES_MAX + 3; i++) {
        snprintf(addr, sizeof addr, "%u%0150d", i, 0);
        fsk_fault_try(&f, addr, (int)i, i);
    }
    assert_int_equal(f.tries, FSOCK_TRIES_MAX + 3);
    for (unsigned i = 0; i < FSOCK_TRIES_MAX; i++) {
        assert_int_equal(f.tried[i].sys_errno, i);
        assert_int_equal(f.tried[i].took, i);
        assert_int_equal(f.tried[i].addr[0], '0' + (int)i);
        assert_int_equal(strlen(f.tried[i].addr), sizeof f.tried[i].addr - 1);
    }
    assert_string_equal(f.text, "");
}

/* Each value has a name of its own; what is no value has one, too. */
static void test_names(void **state)
{
    (void)state;
    for (int a = 0; a < FSOCK_ERR_COUNT_; a++) {
        const char *name = fsock_err_name((enum fsock_err)a);
        assert_non_null(name);
        assert_string_not_equal(name, "unknown");
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name));
        for (int b = 0; b < a; b++)
            assert_string_not_equal(name, fsock_err_name((enum fsock_err)b));
    }
    for (int a = 0; a < FSOCK_STAGE_COUNT_; a++) {
        assert_string_not_equal(fsock_stage_name((enum fsock_stage)a), "unknown");
        for (int b = 0; b < a; b++)
            assert_string_not_equal(fsock_stage_name((enum fsock_stage)a),
                                    fsock_stage_name((enum fsock_stage)b));
    }
    for (int a = FSOCK_MARK_START; a <= FSOCK_MARK_CALL; a++)
        assert_string_not_equal(fsock_mark_name((enum fsock_mark_kind)a), "unknown");
    assert_string_equal(fsock_err_name(FSOCK_ERR_COUNT_), "unknown");
    assert_string_equal(fsock_err_name((enum fsock_err) - 1), "unknown");
    assert_string_equal(fsock_stage_name((enum fsock_stage)FSOCK_STAGE_COUNT_), "unknown");
    assert_string_equal(fsock_mark_name((enum fsock_mark_kind)0), "unknown");
    assert_string_equal(fsock_mark_name((enum fsock_mark_kind)(FSOCK_MARK_CALL + 1)), "unknown");
    assert_string_equal(fsock_version(), FSOCK_VERSION);
}

static void test_errno_text(void **state)
{
    (void)state;
    for (int e = -2; e < 5000; e++) {
        const char *text = fsk_errno_text(e);
        assert_true(text && *text);
        assert_null(strstr(text, "uccess"));
        assert_null(strstr(text, "now in progress"));
    }
    assert_string_equal(fsk_errno_text(ECONNREFUSED), "refused");
    assert_string_equal(fsk_errno_text(99999), "unknown error");
}

/* ---- rand ------------------------------------------------------------------------------------ */

/* What has been given out is gone from the stock, and never comes again. */
static void test_rand(void **state)
{
    struct fsk_rand r = {.left = 0};
    static uint64_t given[3000];
    unsigned char large[3000] = {0}, zeros[sizeof r.stock] = {0};
    (void)state;
    for (size_t i = 0; i < 3000; i++) {
        fsk_rand_bytes(&r, &given[i], sizeof given[i]);
        assert_memory_equal(r.stock + r.left, zeros, sizeof r.stock - r.left);
        for (size_t k = 0; k < i; k++)
            assert_true(given[k] != given[i]);
    }
    fsk_rand_bytes(&r, large, sizeof large); /* more than the stock holds */
    for (size_t i = 0; i + 16 <= sizeof large; i += 8)
        assert_memory_not_equal(large + i, zeros, 16);
    for (size_t n = 0; n <= sizeof r.stock; n++)
        fsk_rand_bytes(&r, large, n);
    unsigned seen = 0;
    for (int i = 0; i < 64; i++)
        seen |= fsk_rand_16(&r);
    assert_int_equal(seen, 0xffff);
}

/* ---- digits ---------------------------------------------------------------------------------- */

/* Eight bytes are looked at together, and the last eight once more: each byte at each place. */
static void test_clean(void **state)
{
    char text[20];
    (void)state;
    for (size_t n = 0; n < sizeof text; n++)
        for (size_t at = 0; at < n; at++)
            for (int c = 0; c < 256; c++) {
                memset(text, 'a', sizeof text);
                text[at] = (char)c;
                size_t blank = c <= ' ' || c == 0x7f ? at : n;
                assert_int_equal(fsk_span_clean(fsk_span(text, n), ' ' + 1), blank);
                assert_int_equal(fsk_span_clean(fsk_span(text, n), ' '), c == ' ' ? n : blank);
            }
    assert_int_equal(fsk_span_clean(fsk_span(NULL, 0), ' '), 0);
}

static void test_digits(void **state)
{
    static const uint64_t limits[] = {0, 9, 10, 99, 255, 65535, INT64_MAX, UINT64_MAX};
    char text[FSK_DECIMAL_MAX + 1];
    uint64_t v = 7;
    (void)state;
    for (int c = 0; c < 256; c++) {
        const char *at = c ? strchr("0123456789abcdefABCDEF", c) : NULL;
        int value = at ? (int)strtol((char[]){(char)c, '\0'}, NULL, 16) : -1;
        assert_int_equal(fsk_hex_value((char)c), value);
        assert_int_equal(fsk_is_digit((char)c), value >= 0 && value < 10);
    }
    assert_ptr_equal(fsk_hex_write("\x00\x1f\xa9\xff", 4, text), text + 8);
    assert_memory_equal(text, "001fa9ff", 8);
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        size_t n = fsk_decimal_write(limits[i], text);
        char expect[32];
        snprintf(expect, sizeof expect, "%llu", (unsigned long long)limits[i]);
        assert_int_equal(n, strlen(expect));
        assert_memory_equal(text, expect, n);
        assert_true(fsk_decimal_parse(fsk_span(text, n), limits[i], &v));
        assert_true(v == limits[i]);
        if (limits[i])
            assert_false(fsk_decimal_parse(fsk_span(text, n), limits[i] - 1, &v));
        text[n] = '0';
        assert_int_equal(fsk_decimal_parse(fsk_span(text, n + 1), limits[i], &v), limits[i] == 0);
    }
    v = 7;
    assert_true(fsk_decimal_parse(FSK_SPAN("0000000000000000000000001"), 1, &v));
    assert_int_equal(v, 1);
    assert_false(fsk_decimal_parse(FSK_SPAN("18446744073709551616"), UINT64_MAX, &v));
    assert_false(fsk_decimal_parse(FSK_SPAN(""), 9, &v));
    assert_false(fsk_decimal_parse(FSK_SPAN("-1"), 9, &v));
    assert_false(fsk_decimal_parse(FSK_SPAN("1 "), 9, &v));
    assert_int_equal(v, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buf_basics),
        cmocka_unit_test(test_buf_in_room),
        cmocka_unit_test(test_buf_ceiling),
        cmocka_unit_test(test_buf_slides),
        cmocka_unit_test(test_time_parse),
        cmocka_unit_test(test_time_text),
        cmocka_unit_test(test_time_poll_ms),
        cmocka_unit_test(test_time_points),
        cmocka_unit_test(test_fault_first_stays),
        cmocka_unit_test(test_fault_null),
        cmocka_unit_test(test_fault_long),
        cmocka_unit_test(test_fault_tries),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_errno_text),
        cmocka_unit_test(test_rand),
        cmocka_unit_test(test_digits),
        cmocka_unit_test(test_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
