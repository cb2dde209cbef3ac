/* What is shown of received bytes, and EBCDIC. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bytes_escape.h"
#include "bytes_rig.h"

static struct ebcdic pages[3];
static const struct ebcdic *page; /* for the way back */

static bool read_text(struct fsk_span text, struct fsk_buf *bytes, struct bytes_fault *fault)
{
    return ebcdic_read(page, text, bytes, fault);
}

/* ---- EBCDIC ---------------------------------------------------------------------------------- */

static void code_pages(void **state)
{
    (void)state;
    static const char brackets[3][2] = {
        {'\xba', '\xbb'},
        {'\x4a', '\x5a'},
        {'\xad', '\xbd'}
    };
    for (int i = 0; i < 3; i++) {
        uint8_t all[256], text[] = "HELLO 09\r\n\x85[]\xe9";
        for (unsigned byte = 0; byte < 256; byte++)
            all[byte] = (uint8_t)byte;
        ebcdic_to_latin1(&pages[i], all, sizeof all);
        ebcdic_from_latin1(&pages[i], all, sizeof all);
        for (unsigned byte = 0; byte < 256; byte++)
            assert_int_equal(all[byte], byte);
        ebcdic_from_latin1(&pages[i], text, sizeof text - 1);
        assert_memory_equal(text, "\xc8\xc5\xd3\xd3\xd6\x40\xf0\xf9\x0d\x25\x15", 11);
        assert_memory_equal(text + 11, brackets[i], 2);
        assert_int_equal(text[13], 0x51);
    }
    struct ebcdic e;
    assert_non_null(ebcdic_init(&e, FSK_SPAN("273")));
    assert_non_null(ebcdic_init(&e, FSK_SPAN("")));
    assert_non_null(ebcdic_init(&e, FSK_SPAN("IBM037")));
}

static void from_utf8(void **state)
{
    (void)state;
    page = &pages[0];
    GIVES("", "");
    GIVES("A\n\xc2\x85\xc3\xa9", "\xc1\x25\x15\x51");
    REFUSES("A\xe2\x82\xac", 1, 2, "EBCDIC has no such character");
    REFUSES("A\n\xff", 2, 1, "no such character");
    REFUSES("A\xc3", 1, 2, "no such character");
    REFUSES("\xc3\n", 1, 1, "no such character");
    REFUSES("\xc1\x81", 1, 1, "no such character");
}

/* ---- Views ----------------------------------------------------------------------------------- */

static void shows(enum view_kind kind, struct fsk_span bytes, struct fsk_span wanted)
{
    for (size_t cut = 0; cut <= bytes.n; cut++) {
        struct fsk_span shown = rig_view(kind, &pages[0], bytes, cut);
        if (!fsk_span_eq(shown, wanted))
            fail_msg("cut %zu: %.*s", cut, (int)shown.n, shown.p);
    }
}

#define SHOWS(kind, bytes, wanted) shows(kind, FSK_SPAN(bytes), FSK_SPAN(wanted))

static void hex(void **state)
{
    (void)state;
    SHOWS(VIEW_HEX, "", "");
    SHOWS(VIEW_HEX, "GET / HTTP/1.0\r\nHost: a\r\n\r\n\0\xff\x7f",
          "00000000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 30 0d 0a  |GET / HTTP/1.0..|\n"
          "00000010  48 6f 73 74 3a 20 61 0d  0a 0d 0a 00 ff 7f        |Host: a.......|\n"
          "0000001e\n");
    struct view v;
    fsk_buf_clear(&rig_shown);
    out_init_buf(&rig_out, &rig_shown);
    view_init(&v, VIEW_HEX, NULL);
    view_write(&v, &rig_out, FSK_SPAN("ab|"));
    view_flush(&v, &rig_out);
    view_flush(&v, &rig_out);
    v.offset += 0xfffffffd;
    view_write(&v, &rig_out, FSK_SPAN("0123456789abcdefg"));
    view_end(&v, &rig_out);
    out_flush(&rig_out);
    struct fsk_span wanted =
        FSK_SPAN("00000000  61 62 7c                                          |ab||\n"
                 "100000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n"
                 "100000010  67                                                |g|\n"
                 "100000011\n");
    assert_true(fsk_span_eq(fsk_buf_span(&rig_shown), wanted));
    out_fini(&rig_out);
}

static void source(void **state)
{
    (void)state;
    SHOWS(VIEW_C, "", "unsigned char received[] = {\n};\n");
    SHOWS(VIEW_C, "GET / HTTP/1.\xff",
          "unsigned char received[] = {\n"
          "    0x47, 0x45, 0x54, 0x20, 0x2f, 0x20, 0x48, 0x54, 0x54, 0x50, 0x2f, 0x31,\n"
          "    0x2e, 0xff,\n"
          "};\n");
}

static void text(void **state)
{
    (void)state;
    SHOWS(VIEW_RAW, "a\0\xff\x1b", "a\0\xff\x1b");
    SHOWS(VIEW_TEXT,
          "a\\b\r\n\tc\x1b[1m\x7f\0"
          "1\"'",
          "a\\\\b\\r\n\\tc\\x1b[1m\\x7f\\x001\"'");
    SHOWS(VIEW_TEXT, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\xed\x9f\xbf\xe0\xa0\x80",
          "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\xed\x9f\xbf\xe0\xa0\x80");
    SHOWS(VIEW_TEXT, "\xc2\x80\xc2\x9b\xc2\xa0", "\\xc2\\x80\\xc2\\x9b\xc2\xa0");
    SHOWS(VIEW_TEXT, "\xe2\x80\xaex\xe2\x81\xa6\xe2\x80\xa8\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5",
          "\\xe2\\x80\\xaex\\xe2\\x81\\xa6\\xe2\\x80\\xa8\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5");
    SHOWS(VIEW_SAFE, "\xe2\x80\xae", "\\xe2\\x80\\xae");
    SHOWS(VIEW_TEXT, "\xc3", "\\xc3");
    SHOWS(VIEW_TEXT, "\xf0\x9f\x98", "\\xf0\\x9f\\x98");
    SHOWS(VIEW_TEXT, "\xf0\x9f\x98z", "\\xf0\\x9f\\x98z");
    SHOWS(VIEW_TEXT, "\xf0\x9f\xc3\xa9\xe2\n", "\\xf0\\x9f\xc3\xa9\\xe2\n");
    SHOWS(VIEW_TEXT, "\xc0\x80\xc1\xbf\xe0\x9f\xbf", "\\xc0\\x80\\xc1\\xbf\\xe0\\x9f\\xbf");
    SHOWS(VIEW_TEXT, "\xed\xa0\x80\xf4\x90\x80\x80\xf5\x80\xff\xfe",
          "\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80\\xf5\\x80\\xff\\xfe");
    SHOWS(VIEW_SAFE, "a\\b\r\n\tc\x1b[1m\x07\x08\0\x7f\x9b\xc2\x9b\xc3\xa9",
          "a\\b\r\n\tc\\x1b[1m\\x07\\x08\\x00\\x7f\\x9b\\xc2\\x9b\xc3\xa9");
}

static void ebcdic(void **state)
{
    (void)state;
    SHOWS(VIEW_EBCDIC, "\xc8\xc5\xd3\xd3\xd6\x15\x40\x51\x25\x0d\xe0\x27\x04",
          "HELLO\\u0085\\\n \xc3\xa9\n\\r\\\\\\x1b\\u009c");
    for (int i = 0; i < 3; i++)
        for (unsigned k = 0; k < RIG_SAMPLES; k++) {
            struct fsk_buf unescaped = {.ceiling = RIG_MAX};
            struct fsk_span shown = rig_view(VIEW_EBCDIC, &pages[i], rig_sample(k), k % 5);
            assert_true(bytes_escape_read(shown, &unescaped, &rig_fault));
            page = &pages[i];
            assert_true(rig_read(fsk_buf_span(&unescaped)));
            assert_true(fsk_span_eq(fsk_buf_span(&rig_bytes), rig_sample(k)));
            fsk_buf_fini(&unescaped);
        }
}

/* However random bytes are cut, the output is the same; and what is safe drives no terminal. */
static void cuts(void **state)
{
    (void)state;
    static char whole[16384];
    for (unsigned i = 0; i < 100; i++)
        for (int kind = VIEW_RAW; kind <= VIEW_SAFE; kind++) {
            struct fsk_span shown = rig_view((enum view_kind)kind, &pages[1], rig_sample(i), 0);
            assert_true(shown.n <= sizeof whole);
            size_t n = shown.n;
            if (n)
                memcpy(whole, shown.p, n);
            for (size_t k = 0; kind == VIEW_SAFE && k < n; k++)
                assert_true((uint8_t)whole[k] >= 0x20 ? whole[k] != 0x7f
                                                      : strchr("\n\t\r", whole[k]) && whole[k]);
            for (size_t cut = 1; cut < 20; cut++)
                assert_true(
                    fsk_span_eq(rig_view((enum view_kind)kind, &pages[1], rig_sample(i), cut),
                                fsk_span(whole, n)));
        }
}

/* A flush tells half a character apart. */
static void flushed(void **state)
{
    (void)state;
    struct view v;
    fsk_buf_clear(&rig_shown);
    out_init_buf(&rig_out, &rig_shown);
    view_init(&v, VIEW_SAFE, NULL);
    view_write(&v, &rig_out, FSK_SPAN("a\xe2\x82"));
    assert_int_equal(rig_out.n, 1);
    view_flush(&v, &rig_out);
    view_write(&v, &rig_out, FSK_SPAN("\xac"));
    view_end(&v, &rig_out);
    out_flush(&rig_out);
    assert_true(fsk_span_eq(fsk_buf_span(&rig_shown), FSK_SPAN("a\\xe2\\x82\\xac")));
    out_fini(&rig_out);
}

static void dump(void **state)
{
    (void)state;
    struct view sent, received;
    struct view_stamp stamp = {true, UINT64_C(43201123456), 123999};
    fsk_buf_clear(&rig_shown);
    out_init_buf(&rig_out, &rig_shown);
    view_init(&sent, VIEW_HEX, NULL);
    view_init(&received, VIEW_HEX, NULL);
    view_dump(&sent, &rig_out, &stamp, FSK_SPAN("0123456789abcdef"));
    stamp = (struct view_stamp){false, UINT64_C(86399999999), -1};
    view_dump(&received, &rig_out, &stamp, FSK_SPAN("+"));
    stamp = (struct view_stamp){true, 0, FSOCK_SECOND};
    view_dump(&sent, &rig_out, &stamp, FSK_SPAN("ab"));
    out_flush(&rig_out);
    struct fsk_span wanted =
        FSK_SPAN("> 12:00:01.123456 +0.000123 16 bytes\n"
                 "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n"
                 "< 23:59:59.999999 +0.000000 1 byte\n"
                 "00000000  2b                                                |+|\n"
                 "> 00:00:00.000000 +1.000000 2 bytes\n"
                 "00000010  61 62                                             |ab|\n");
    assert_true(fsk_span_eq(fsk_buf_span(&rig_shown), wanted));
    out_fini(&rig_out);
}

static void names(void **state)
{
    (void)state;
    enum view_kind kind = VIEW_RAW;
    assert_true(view_by_name(FSK_SPAN("safe"), &kind));
    assert_int_equal(kind, VIEW_SAFE);
    assert_true(view_by_name(FSK_SPAN("c"), &kind));
    assert_int_equal(kind, VIEW_C);
    assert_false(view_by_name(FSK_SPAN("Hex"), &kind));
    assert_false(view_by_name(FSK_SPAN(""), &kind));
}

static int make_pages(void **state)
{
    (void)state;
    return ebcdic_init(&pages[0], FSK_SPAN("037")) || ebcdic_init(&pages[1], FSK_SPAN("500")) ||
           ebcdic_init(&pages[2], FSK_SPAN("1047"));
}

int main(void)
{
    rig_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(code_pages), cmocka_unit_test(from_utf8), cmocka_unit_test(hex),
        cmocka_unit_test(source),     cmocka_unit_test(text),      cmocka_unit_test(ebcdic),
        cmocka_unit_test(cuts),       cmocka_unit_test(flushed),   cmocka_unit_test(dump),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, make_pages, NULL);
}
