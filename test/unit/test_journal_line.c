/* Lines of a journal: the same there and back, whatever the texts, and no damaged line is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "guard.h"
#include "journal_line.h"

#define MS     FSOCK_MILLISECOND
#define SECOND FSOCK_SECOND

static struct guard guard;

static struct fsk_buf line_of(const struct journal_record *r)
{
    struct fsk_buf b;
    fsk_buf_init(&b, JOURNAL_LINE_MAX);
    assert_true(journal_write(&b, r));
    assert_true(b.end && b.mem[b.end - 1] == '\n' && !memchr(b.mem, '\n', b.end - 1));
    return b;
}

static bool parses(const char *line, size_t n, struct journal_record *r)
{
    return journal_parse(guard_copy(&guard, line, n), n, r);
}

static void same(struct fsk_span a, struct fsk_span b)
{
    assert_true(fsk_span_eq(a, b));
}

static void there_and_back(const struct journal_record *r)
{
    struct journal_record got;
    struct fsk_buf b = line_of(r);
    assert_true(parses(b.mem, b.end - 1, &got));
    assert_int_equal(got.time, r->time / MS * MS);
    assert_int_equal(got.took, r->took / 1000 * 1000);
    assert_int_equal(got.status, r->status);
    assert_int_equal(got.exitcode, r->exitcode);
    same(got.err, r->err);
    same(got.cache, r->cache);
    same(got.variant, r->variant);
    same(got.url, r->url);
    fsk_buf_fini(&b);
}

static struct journal_record usual(void)
{
    return (struct journal_record){.time = 1795666627 * SECOND + 123 * MS + 456,
                                   .err = FSK_SPAN("ok"),
                                   .status = 200,
                                   .took = 12345678,
                                   .cache = FSK_SPAN("HIT"),
                                   .variant = FSK_SPAN("mobile"),
                                   .url = FSK_SPAN("https://shop.example/?a=b&c")};
}

static void as_it_looks(void **state)
{
    (void)state;
    struct journal_record r = usual();
    struct fsk_buf b = line_of(&r);
    assert_int_equal(fsk_buf_terminate(&b), FSOCK_OK);
    assert_string_equal(b.mem + 8, "\t2026-11-26T04:17:07.123Z\tok\t200\t0\t0.012345\tHIT\tmobile\t"
                                   "https://shop.example/?a=b&c\n");
    fsk_buf_clear(&b);
    r.err = FSK_SPAN("timeout");
    r.status = 0;
    r.exitcode = 28;
    r.took = 65 * SECOND;
    r.cache = r.variant = fsk_span(NULL, 0);
    r.url = FSK_SPAN("a\tb\\\n\x7f\xc3\xa9");
    assert_true(journal_write(&b, &r));
    assert_int_equal(fsk_buf_terminate(&b), FSOCK_OK);
    assert_string_equal(strchr(b.mem, 't'),
                        "timeout\t000\t28\t65.000000\t-\t-\ta\\x09b\\x5c\\x0a\\x7f\xc3\xa9\n");
    fsk_buf_fini(&b);
}

static void texts(void **state)
{
    (void)state;
    static const struct fsk_span text[] = {
        {NULL, 0},
        FSK_SPAN("-"),           FSK_SPAN("--"),
        FSK_SPAN("\\x2d"), FSK_SPAN("\\"),          FSK_SPAN("\0a"),
        FSK_SPAN("\t"),    FSK_SPAN("http://h/\n"), FSK_SPAN("\xff\xfe")
    };
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        struct journal_record r = usual();
        r.cache = text[i];
        there_and_back(&r);
        r.variant = text[i];
        there_and_back(&r);
        r.url = text[i];
        there_and_back(&r);
    }
    struct journal_record r = usual();
    r.status = 999;
    r.exitcode = 999;
    r.took = 4000000000 * SECOND;
    there_and_back(&r);
    r.took = r.time = -1;
    struct fsk_buf b = line_of(&r);
    assert_int_equal(fsk_buf_terminate(&b), FSOCK_OK);
    assert_non_null(strstr(b.mem, "\t1970-01-01T00:00:00.000Z\t"));
    assert_non_null(strstr(b.mem, "\t0.000000\t"));
    fsk_buf_fini(&b);
}

/* Against the C library's calendar: the ends of all months from 1970 on, and the last second. */
static void times(void **state)
{
    (void)state;
    for (int64_t day = 0; day < 292 * 365; day++) {
        struct journal_record r = usual(), got;
        time_t seconds = (time_t)(day * 86400 + day * 7919 % 86400);
        struct tm tm;
        char want[40];
        r.time = (int64_t)seconds * SECOND + 999 * MS;
        assert_non_null(gmtime_r(&seconds, &tm));
        strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%S.999Z", &tm);
        struct fsk_buf b = line_of(&r);
        assert_memory_equal(b.mem + 9, want, strlen(want));
        assert_true(journal_parse(b.mem, b.end - 1, &got));
        assert_int_equal(got.time, r.time);
        fsk_buf_fini(&b);
    }
}

/* Each bit turned, each byte lost, each length: not that line. */
static void damage(void **state)
{
    (void)state;
    struct journal_record r = usual(), got;
    struct fsk_buf b = line_of(&r);
    size_t n = b.end - 1;
    char copy[300];
    assert_true(n + 2 < sizeof copy && parses(b.mem, n, &got));
    for (size_t cut = 0; cut < n; cut++)
        assert_false(parses(b.mem, cut, &got));
    for (size_t i = 0; i < n * 8; i++) {
        memcpy(copy, b.mem, n);
        copy[i / 8] = (char)(copy[i / 8] ^ 1 << i % 8);
        if (i / 8 >= 8 || !((copy[i / 8] ^ b.mem[i / 8]) == 0x20)) /* hex in capitals is hex */
            assert_false(parses(copy, n, &got));
    }
    for (size_t i = 0; i < n; i++) {
        memcpy(copy, b.mem, i);
        memcpy(copy + i, b.mem + i + 1, n - i - 1);
        assert_false(parses(copy, n - 1, &got));
    }
    memcpy(copy, b.mem, n);
    copy[n] = '\r';
    assert_false(parses(copy, n + 1, &got));
    memset(copy, 0, sizeof copy);
    for (size_t i = 0; i < sizeof copy; i++)
        assert_false(parses(copy, i, &got));
    fsk_buf_fini(&b);
}

static void too_long(void **state)
{
    (void)state;
    char *url = calloc(1, JOURNAL_LINE_MAX);
    struct journal_record r = usual();
    struct fsk_buf b;
    fsk_buf_init(&b, JOURNAL_LINE_MAX);
    assert_non_null(url);
    r.url = fsk_span(url, JOURNAL_LINE_MAX / 4);
    assert_false(journal_write(&b, &r));
    assert_int_equal(fsk_buf_len(&b), 0);
    r.url.n -= 100;
    assert_true(journal_write(&b, &r));
    assert_true(b.end <= JOURNAL_LINE_MAX);
    fsk_buf_fini(&b);
    free(url);
}

int main(void)
{
    guard_init(&guard, JOURNAL_LINE_MAX);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_it_looks), cmocka_unit_test(texts),    cmocka_unit_test(times),
        cmocka_unit_test(damage),      cmocka_unit_test(too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
