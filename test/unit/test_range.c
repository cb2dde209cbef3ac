/* Where a part of a body begins, and what proves that it belongs to the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "guard.h"
#include "wire/range.h"

static struct guard guard;

static struct fsk_span guarded(const char *text, size_t n)
{
    return fsk_span(guard_copy(&guard, text, n), n);
}

static void test_ranges(void **state)
{
    static const struct {
        const char *fields;
        struct fsk_range range;
    } rows[] = {
        {"Content-Range: bytes 0-0/1\r\n",                                     {0, 0, 1}       },
        {"A: b\r\ncontent-range: Bytes 500-999/1234\r\n",                      {500, 999, 1234}},
        {"Content-Range: bytes 500-999/*\r\n",                                 {500, 999, -1}  },
        {"Content-Range: bytes 0-9223372036854775806/9223372036854775807\r\n",
         {0, INT64_MAX - 1, INT64_MAX}                                                         },
    };
    struct fsk_range range;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n = strlen(rows[i].fields);
        assert_true(fsk_range_find(guarded(rows[i].fields, n), &range));
        assert_true(range.first == rows[i].range.first && range.last == rows[i].range.last);
        assert_true(range.total == rows[i].range.total);
        while (n--)
            fsk_range_find(guarded(rows[i].fields, n), &range);
    }
}

static void test_no_ranges(void **state)
{
    static const char *const rows[] = {
        "",
        "Range: bytes=5-\r\n",
        "Content-Range:\r\n",
        "Content-Range: bytes */1234\r\n",
        "Content-Range: bytes 5-/1234\r\n",
        "Content-Range: bytes -5/1234\r\n",
        "Content-Range: bytes 9-5/1234\r\n",
        "Content-Range: bytes 5-1234/1234\r\n",
        "Content-Range: bytes 5-9\r\n",
        "Content-Range: bytes 5-9/\r\n",
        "Content-Range: bytes=5-9/12\r\n",
        "Content-Range: pages 5-9/12\r\n",
        "Content-Range: bytes  5-9/12\r\n",
        "Content-Range: bytes 5-9/12, bytes 3-4/12\r\n",
        "Content-Range: bytes 5-9223372036854775808/9223372036854775809\r\n",
        "Content-Range: bytes 99999999999999999999-5/12\r\n",
    };
    struct fsk_range range;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_false(fsk_range_find(guarded(rows[i], strlen(rows[i])), &range));
}

static void test_validators(void **state)
{
#define DATE     "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
#define MODIFIED "Last-Modified: Sun, 06 Nov 1994 08:49:36 GMT\r\n"
    static const struct {
        const char *fields, *validator;
    } rows[] = {
        {"ETag: \"abc\"\r\n",                                     "\"abc\""                      },
        {"ETag: \"abc\"\r\n" DATE MODIFIED,                       "\"abc\""                      },
        {"ETag: W/\"abc\"\r\n",                                   ""                             },
        {"ETag: abc\r\n",                                         ""                             },
        {"ETag: \"\r\n",                                          ""                             },
        {"ETag: W/\"abc\"\r\n" DATE MODIFIED,                     "Sun, 06 Nov 1994 08:49:36 GMT"},
        {DATE MODIFIED,                                           "Sun, 06 Nov 1994 08:49:36 GMT"},
        {MODIFIED,                                                ""                             },
        {DATE "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n", ""                             },
        {DATE "Last-Modified: Sun, 06 Nov 1994 08:49:38 GMT\r\n", ""                             },
        {DATE "Last-Modified: lately\r\n",                        ""                             },
        {"",                                                      ""                             },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n = strlen(rows[i].fields);
        struct fsk_span v = fsk_range_validator(guarded(rows[i].fields, n));
        assert_true(fsk_span_eq(v, fsk_span_str(rows[i].validator)));
        while (n--)
            fsk_range_validator(guarded(rows[i].fields, n));
    }
}

static void test_asked_for(void **state)
{
    static const char *const good[] = {
        "0-499", "500-", "-500", "0-0", "0-1,5-", " 0-1 , -2 ", "9223372036854775807-"};
    static const char *const bad[] = {"",
                                      "-",
                                      "x",
                                      "1",
                                      "5-2",
                                      "0-1,",
                                      ",0-1",
                                      "1-2-3",
                                      "--1",
                                      "0 -1",
                                      "+1-2",
                                      "bytes=0-1",
                                      "9223372036854775808-"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(fsk_range_is_good(fsk_span_str(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(fsk_range_is_good(fsk_span_str(bad[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_no_ranges),
        cmocka_unit_test(test_validators),
        cmocka_unit_test(test_asked_for),
    };
    guard_init(&guard, 512);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
