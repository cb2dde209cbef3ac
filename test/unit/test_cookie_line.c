/* Lines of Netscape cookie files, read and written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "cookie_line.h"
#include "guard.h"

static struct guard guard;
static char room[4096];

static enum cookie_line read_line(const char *line, size_t n, struct fsock_cookie *c)
{
    return cookie_line_read(fsk_span(guard_copy(&guard, line, n), n), c, room);
}

static const char *written(const struct fsock_cookie *c)
{
    static struct out out;
    static struct fsk_buf text;
    fsk_buf_fini(&text);
    fsk_buf_init(&text, 1 << 16);
    out_init_buf(&out, &text);
    cookie_line_write(&out, c);
    out_flush(&out);
    out_fini(&out);
    assert_int_equal(fsk_buf_terminate(&text), FSOCK_OK);
    return text.mem;
}

/* What is written is what was read, and the same as it was. */
static void round_trip(void **state)
{
    static const char *const rows[] = {
        "h.example\tFALSE\t/\tFALSE\t0\tname\tvalue\n",
        ".h.example\tTRUE\t/a/b\tTRUE\t1735689600\tname\t\"a b\"=c; d\n",
        "#HttpOnly_127.0.0.1\tFALSE\t/\tFALSE\t9223372036854775807\tname\t\n",
        "#HttpOnly_.h.example\tTRUE\t/\tFALSE\t0\t\talone\n",
        "h.example\tFALSE\t/\tFALSE\t0\tname\ta\tb\t\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fsock_cookie c;
        assert_int_equal(read_line(rows[i], strlen(rows[i]) - 1, &c), COOKIE_LINE_COOKIE);
        assert_string_equal(written(&c), rows[i]);
    }
}

static void fields(void **state)
{
    static const char line[] = "#HttpOnly_.H.example\ttrue\t/p\tTrue\t12\tn\tv\r";
    struct fsock_cookie c;
    (void)state;
    assert_int_equal(read_line(line, sizeof line - 1, &c), COOKIE_LINE_COOKIE);
    assert_string_equal(c.domain, "H.example");
    assert_string_equal(c.path, "/p");
    assert_string_equal(c.name, "n");
    assert_string_equal(c.value, "v");
    assert_true(c.others_too == 1 && c.secure == 1 && c.http_only == 1 && c.expires == 12);
    static const char bare[] = "h.example\tFALSE\t/\tFALSE\t0\tn";
    assert_int_equal(read_line(bare, sizeof bare - 1, &c), COOKIE_LINE_COOKIE);
    assert_string_equal(c.name, "n");
    assert_string_equal(c.value, "");
    assert_true(!c.others_too && !c.secure && !c.http_only && c.expires == 0);
}

static void others(void **state)
{
    static const char *const nothing[] = {"",    "\r",
                                          " \t", "# Netscape HTTP Cookie File",
                                          "#",   "#h.example\tFALSE\t/\tFALSE\t0\tn\tv"};
    static const char *const bad[] = {
        "x",
        "<html>",
        "h.example\tFALSE\t/\tFALSE\t0",
        "\tFALSE\t/\tFALSE\t0\tn\tv",
        ".\tFALSE\t/\tFALSE\t0\tn\tv",
        ".#h\tTRUE\t/\tFALSE\t0\tn\tv",
        "..h\tTRUE\t/\tFALSE\t0\tn\tv",
        "h.example\tno\t/\tFALSE\t0\tn\tv",
        "h.example\tFALSE\tp\tFALSE\t0\tn\tv",
        "h.example\tFALSE\t\tFALSE\t0\tn\tv",
        "h.example\tFALSE\t/\t1\t0\tn\tv",
        "h.example\tFALSE\t/\tFALSE\t-1\tn\tv",
        "h.example\tFALSE\t/\tFALSE\t\tn\tv",
        "h.example\tFALSE\t/\tFALSE\t9223372036854775808\tn\tv",
        "#HttpOnly_",
        "#HttpOnly_h.example",
    };
    struct fsock_cookie c;
    (void)state;
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
        assert_int_equal(read_line(nothing[i], strlen(nothing[i]), &c), COOKIE_LINE_NOTHING);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(read_line(bad[i], strlen(bad[i]), &c), COOKIE_LINE_BAD);
    static const char nul[] = "h\tFALSE\t/\tFALSE\t0\tn\tv\0";
    assert_int_equal(read_line(nul, sizeof nul - 1, &c), COOKIE_LINE_BAD);
}

static void cut_anywhere(void **state)
{
    static const char line[] = "#HttpOnly_.h.example\tTRUE\t/path\tTRUE\t1735689600\tname\tvalue";
    (void)state;
    for (size_t n = 0; n < sizeof line; n++) {
        struct fsock_cookie c;
        enum cookie_line kind = read_line(line, n, &c);
        size_t name = (size_t)(strstr(line, "name") - line);
        assert_int_equal(kind, n < 10     ? COOKIE_LINE_NOTHING
                               : n < name ? COOKIE_LINE_BAD
                                          : COOKIE_LINE_COOKIE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(fields),
        cmocka_unit_test(others),
        cmocka_unit_test(cut_anywhere),
    };
    guard_init(&guard, 4096);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
