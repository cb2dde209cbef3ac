/* Lines of the file of --hsts, read and written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "guard.h"
#include "hsts_line.h"

static struct guard guard;

static enum hsts_line_kind read_line(const char *text, size_t n, struct hsts_line *line)
{
    return hsts_line_read(fsk_span(guard_copy(&guard, text, n), n), line);
}

static void round_trip(void **state)
{
    static const struct {
        const char *text;
        struct hsts_line line;
    } rows[] = {
        {"a.example \"20271126 11:46:27\"\n", {"a.example", 1827229587, 0}   },
        {".b.example \"unlimited\"\n",        {"b.example", INT64_MAX, 1}    },
        {"c \"19700101 00:00:00\"\n",         {"c", 0, 0}                    },
        {".d \"99991231 23:59:59\"\n",        {"d", INT64_C(253402300799), 1}},
    };
    struct hsts_line line;
    struct fsk_buf text;
    static struct out out;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n = strlen(rows[i].text);
        assert_int_equal(read_line(rows[i].text, n - 1, &line), HSTS_LINE_ONE);
        assert_string_equal(line.host, rows[i].line.host);
        assert_int_equal(line.expires, rows[i].line.expires);
        assert_int_equal(line.subdomains, rows[i].line.subdomains);
        fsk_buf_init(&text, 1024);
        out_init_buf(&out, &text);
        hsts_line_write(&out, line.host, line.expires, line.subdomains);
        out_flush(&out);
        out_fini(&out);
        assert_true(fsk_span_eq(fsk_buf_span(&text), fsk_span(rows[i].text, n)));
        fsk_buf_fini(&text);
    }
}

static void others(void **state)
{
    static const struct {
        const char *text;
        enum hsts_line_kind kind;
    } rows[] = {
        {"",                              HSTS_LINE_NOTHING},
        {" \t\r",                         HSTS_LINE_NOTHING},
        {"# a \"unlimited\"",             HSTS_LINE_NOTHING},
        {" a\t \"20271126 11:46:27\" \r", HSTS_LINE_ONE    },
        {"a\"unlimited\"",                HSTS_LINE_ONE    },
        {"a \"16000101 00:00:00\"",       HSTS_LINE_ONE    },
        {".",                             HSTS_LINE_BAD    },
        {". \"unlimited\"",               HSTS_LINE_BAD    },
        {"..a \"unlimited\"",             HSTS_LINE_BAD    },
        {"a",                             HSTS_LINE_BAD    },
        {"a \"",                          HSTS_LINE_BAD    },
        {"a \"\"",                        HSTS_LINE_BAD    },
        {"a b \"unlimited\"",             HSTS_LINE_BAD    },
        {"a \"unlimited\" x",             HSTS_LINE_BAD    },
        {"\"unlimited\"",                 HSTS_LINE_BAD    },
        {"a unlimited",                   HSTS_LINE_BAD    },
        {"a \"20271126\"",                HSTS_LINE_BAD    },
        {"a \"20271326 11:46:27\"",       HSTS_LINE_BAD    },
        {"a \"20270026 11:46:27\"",       HSTS_LINE_BAD    },
        {"a \"20271132 11:46:27\"",       HSTS_LINE_BAD    },
        {"a \"20271126 24:46:27\"",       HSTS_LINE_BAD    },
        {"a \"20271126 11:60:27\"",       HSTS_LINE_BAD    },
        {"a \"20271126 11:46:60\"",       HSTS_LINE_BAD    },
        {"a \"20271126-11:46:27\"",       HSTS_LINE_BAD    },
        {"a \"2027112x 11:46:27\"",       HSTS_LINE_BAD    },
    };
    struct hsts_line line;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(read_line(rows[i].text, strlen(rows[i].text), &line), rows[i].kind);
}

/* Cut anywhere it is no line, and one of a host that is too long is none either. */
static void cut(void **state)
{
    static const char text[] = ".a.example \"20271126 11:46:27\"";
    char lengthy[HSTS_LINE_HOST + 32];
    struct hsts_line line;
    (void)state;
    for (size_t n = 1; n < sizeof text - 1; n++)
        assert_int_equal(read_line(text, n, &line), HSTS_LINE_BAD);
    for (size_t n = HSTS_LINE_HOST - 1; n <= HSTS_LINE_HOST; n++) {
        memset(lengthy, 'a', n);
        memcpy(lengthy + n, " \"unlimited\"", 12);
        assert_int_equal(read_line(lengthy, n + 12, &line),
                         n < HSTS_LINE_HOST ? HSTS_LINE_ONE : HSTS_LINE_BAD);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(others),
        cmocka_unit_test(cut),
    };
    guard_init(&guard, 4096);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
