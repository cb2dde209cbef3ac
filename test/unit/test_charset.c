/* Encodings: labels, what a page declares, and the way to UTF-8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "charset.h"
#include "guard.h"

static struct guard guard;

static struct fsk_span guarded(const char *text, size_t n)
{
    return fsk_span(guard_copy(&guard, text, n), n);
}

static void assert_charset(const char *expect, const char *got)
{
    if (expect)
        assert_string_equal(got ? got : "(none)", expect);
    else
        assert_null(got);
}

static void labels_of_the_encoding_standard(void **state)
{
    /* clang-format off */
    static const struct {
        const char *label, *name;
    } rows[] = {
        {"utf-8", "UTF-8"},
        {"UTF8", "UTF-8"},
        {" Latin1\t", "CP1252"},
        {"iso-8859-1", "CP1252"},
        {"us-ascii", "CP1252"},
        {"iso-8859-9", "CP1254"},
        {"gb2312", "GB18030"},
        {"shift_jis", "CP932"},
        {"l9", "ISO-8859-15"},
        {"windows-1251", "CP1251"},
        {"utf-16", "UTF-16LE"},
        {"euc-kr", "CP949"},
        {"x-mac-roman", "MACINTOSH"},
        {"", NULL},
        {"utf", NULL},
        {"utf-8 latin1", NULL},
        {"8859", NULL},
        {"//TRANSLIT", NULL},
        {"utf-7", NULL},
        {"iso-2022-cn", NULL},
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_charset(rows[i].name,
                       charset_of_label(guarded(rows[i].label, strlen(rows[i].label))));
}

static void parameters_of_content_type(void **state)
{
    /* clang-format off */
    static const struct {
        const char *type, *value;
    } rows[] = {
        {"text/html; charset=utf-8", "utf-8"},
        {"text/html;Charset=\"latin1\" ; x=y", "latin1"},
        {"text/html; a=\"; charset=no\"; charset=yes", "yes"},
        {"text/html; a=\"\\\"; charset=no\"; charset=yes", "yes"},
        {"text/html; charset=a; charset=b", "a"},
        {"text/html; xcharset=a", ""},
        {"text/html; charset=", ""},
        {"text/html", ""},
        {"", ""},
    };
    /* clang-format on */
    char room[64];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fsk_span type = guarded(rows[i].type, strlen(rows[i].type));
        assert_string_equal(fsk_span_text(charset_parameter(type), room, sizeof room),
                            rows[i].value);
    }
}

/* clang-format off */
static const struct {
    const char *page, *name;
} declared[] = {
    {"<meta charset=latin1>", "CP1252"},
    {"<!doctype html><html lang=de><head><META  CharSet = 'utf-8' >", "UTF-8"},
    {"<meta/charset=utf-8>", "UTF-8"},
    {"<metal charset=utf-8>", NULL},
    {"<!-- <meta charset=latin1> --><meta charset=utf-8>", "UTF-8"},
    {"<!--><meta charset=utf-8>", "UTF-8"},
    {"<a title='<meta charset=latin1>'><meta charset=utf-8>", "UTF-8"},
    {"</p title='<meta charset=latin1>'><meta charset=utf-8>", "UTF-8"},
    {"<?x <meta charset=latin1>", NULL},
    {"a < b <meta charset=koi8-r>", "KOI8-R"},
    {"<meta http-equiv=Content-Type content='text/html; charset=windows-1251'>", "CP1251"},
    {"<meta content=\"text/html; charset='utf-8'\" http-equiv=content-type>", "UTF-8"},
    {"<meta content='text/html; charset=utf-8'>", NULL},
    {"<meta http-equiv=content-type content='charset;charset = sjis'>", "CP932"},
    {"<meta http-equiv=refresh content='charset=utf-8'>", NULL},
    {"<meta charset=utf-16>", "UTF-8"},
    {"<meta charset=nothing><meta charset=latin1>", "CP1252"},
    {"<?xml version='1.0' encoding='iso-8859-2'?><html>", "ISO-8859-2"},
    {"<?xml version='1.0'?><html><meta charset=latin1>", "CP1252"},
    {"<html><body>", NULL},
    {"", NULL},
};
/* clang-format on */

static void what_a_page_declares(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof declared / sizeof *declared; i++)
        assert_charset(declared[i].name,
                       charset_declared(guarded(declared[i].page, strlen(declared[i].page))));
}

/* Cut off at each byte it is read no further, and says nothing that the whole doesn't. */
static void declarations_that_are_cut_off(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof declared / sizeof *declared; i++)
        for (size_t n = 0; n < strlen(declared[i].page); n++)
            charset_declared(guarded(declared[i].page, n));
    char far[1100];
    memset(far, ' ', sizeof far);
    memcpy(far + 1000, "<meta charset=latin1>", 21);
    assert_charset("CP1252", charset_declared(guarded(far, sizeof far)));
    memset(far + 1000, ' ', 21);
    memcpy(far + 1010, "<meta charset=latin1>", 21);
    assert_charset(NULL, charset_declared(guarded(far, sizeof far)));
}

static void mark_then_header_then_page_then_guess(void **state)
{
    /* clang-format off */
    static const struct {
        const char *bytes, *type, *name;
        size_t mark;
    } rows[] = {
        {"\xef\xbb\xbf<meta charset=latin1>", "text/html; charset=koi8-r", "UTF-8", 3},
        {"\xfe\xff<", "text/html", "UTF-16BE", 2},
        {"\xff\xfe<", "text/html", "UTF-16LE", 2},
        {"<meta charset=latin1>", "text/html; charset=koi8-r", "KOI8-R", 0},
        {"<meta charset=latin1>", "text/html; charset=nonsense", "CP1252", 0},
        {"<p>gr\xc3\xbc\xc3\x9f", "text/html", "UTF-8", 0},
        {"<p>gr\xfc\xdf", "text/html", "CP1252", 0},
        {"<p>gr\xc3", "text/html", "CP1252", 0},
        {"", "", "UTF-8", 0},
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t mark;
        struct fsk_span bytes = guarded(rows[i].bytes, strlen(rows[i].bytes));
        assert_charset(rows[i].name, charset_of_page(bytes, fsk_span_str(rows[i].type), &mark));
        assert_int_equal(mark, rows[i].mark);
    }
}

static void to_utf8(void **state)
{
    /* clang-format off */
    static const struct {
        const char *charset, *bytes, *text;
    } rows[] = {
        {"CP1252", "gr\xfc\xdf \x80", "grüß €"},
        {"CP1252", "a\x81z", "a\xef\xbf\xbdz"},
        {"CP932", "\x93\xfa\x96\x7b", "日本"},
        {"CP932", "\x93", "\xef\xbf\xbd"},
        {"KOI8-R", "\xf0\xd2\xc9", "При"},
        {"ISO-2022-JP", "\x1b$BF|K\\\x1b(B!", "日本!"},
        {"UTF-16LE", "a", "\xef\xbf\xbd"},
        {"CP1252", "", ""},
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fsk_buf to;
        fsk_buf_init(&to, 200);
        struct fsk_span bytes = guarded(rows[i].bytes, strlen(rows[i].bytes));
        assert_int_equal(charset_to_utf8(rows[i].charset, bytes, &to), FSOCK_OK);
        assert_true(fsk_span_eq(fsk_buf_span(&to), fsk_span_str(rows[i].text)));
        fsk_buf_fini(&to);
    }
}

static void every_encoding_is_known_to_iconv(void **state)
{
    static const char *const labels[] = {
        "utf-8",          "latin1",      "866",         "latin2", "latin3",   "latin4",
        "cyrillic",       "arabic",      "greek",       "hebrew", "latin6",   "iso-8859-13",
        "iso-8859-14",    "l9",          "iso-8859-16", "koi8-r", "koi8-u",   "mac",
        "x-mac-cyrillic", "tis-620",     "cp1250",      "cp1251", "cp1253",   "latin5",
        "cp1255",         "cp1256",      "cp1257",      "cp1258", "gbk",      "big5",
        "euc-jp",         "iso-2022-jp", "sjis",        "euc-kr", "utf-16be", "utf-16le"};
    (void)state;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        struct fsk_buf to;
        fsk_buf_init(&to, 200);
        const char *charset = charset_of_label(fsk_span_str(labels[i]));
        assert_non_null(charset);
        assert_int_equal(charset_to_utf8(charset, FSK_SPAN("<p>ab<p>"), &to), FSOCK_OK);
        fsk_buf_fini(&to);
    }
}

static void the_ceiling_holds(void **state)
{
    static char bytes[3000];
    (void)state;
    memset(bytes, '\xfc', sizeof bytes);
    for (size_t n = 0; n < sizeof bytes; n += 199) {
        struct fsk_buf to;
        fsk_buf_init(&to, 3000);
        enum fsock_err err = charset_to_utf8("CP1252", fsk_span(bytes, n), &to);
        assert_true(err == FSOCK_OK || err == FSOCK_ERR_TOO_BIG);
        assert_true(fsk_buf_len(&to) <= 3000);
        assert_true(err != FSOCK_OK || fsk_buf_len(&to) == 2 * n);
        assert_true(err == FSOCK_OK || n > 1400);
        fsk_buf_fini(&to);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_of_the_encoding_standard),
        cmocka_unit_test(parameters_of_content_type),
        cmocka_unit_test(what_a_page_declares),
        cmocka_unit_test(declarations_that_are_cut_off),
        cmocka_unit_test(mark_then_header_then_page_then_guess),
        cmocka_unit_test(to_utf8),
        cmocka_unit_test(every_encoding_is_known_to_iconv),
        cmocka_unit_test(the_ceiling_holds),
    };
    guard_init(&guard, 4096);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
