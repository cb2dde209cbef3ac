/* Text with the escapes of C. */
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

static bool read_text(struct fsk_span text, struct fsk_buf *bytes, struct bytes_fault *fault)
{
    return bytes_escape_read(text, bytes, fault);
}

static void escapes(void **state)
{
    (void)state;
    GIVES("", "");
    GIVES("GET / HTTP/1.0\\r\\n\\r\\n", "GET / HTTP/1.0\r\n\r\n");
    GIVES("\\a\\b\\t\\n\\v\\f\\r\\e", "\a\b\t\n\v\f\r\x1b");
    GIVES("\\\\\\\"\\'\\?", "\\\"'?");
    GIVES("\\0\\00\\000\\0000", "\0\0\0\0"
                                "0");
    GIVES("\\08\\17z\\377\\12\\1234", "\0"
                                      "8\17z\377\12\123"
                                      "4");
    GIVES("\\x0\\xd\\x0d\\xFF\\xfFf\\xag", "\0\r\r\xff\xff"
                                           "f\ng");
    GIVES("\\u0000\\u007f\\u0080\\u07ff\\u0800\\u20ac\\uD7FF\\ue000\\uffff",
          "\0\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xe2\x82\xac\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf");
    GIVES("\\U00010000\\U0001f600\\U0010FFFF\\u20ac0",
          "\xf0\x90\x80\x80\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\xe2\x82\xac"
          "0");
    GIVES("a\\\nb\\\r\nc\nd\re", "abc\nd\re");
    GIVES("caf\xc3\xa9 \xff", "caf\xc3\xa9 \xff");
    rig_gives(FSK_SPAN("a\0b"), FSK_SPAN("a\0b"));
}

static void mistakes(void **state)
{
    (void)state;
    REFUSES("ab\\q", 1, 3, "byte 3: a backslash before 'q' is no escape; write \\\\");
    REFUSES("a\nb\n c\\8", 3, 3, "line 3, column 3: a backslash before '8'");
    REFUSES("a\\", 1, 2, "a backslash before the end");
    REFUSES("a\\\n\\", 2, 1, "a backslash before the end");
    REFUSES("a\\ b\n", 1, 2, "byte 2: a backslash before the byte 0x20");
    REFUSES("\\\rx", 1, 1, "the byte 0x0d");
    REFUSES("\\N", 1, 1, "'N'");
    REFUSES("\\x", 1, 1, "\\x has no hex digit");
    REFUSES("\\xg0", 1, 1, "\\x has no hex digit");
    REFUSES("\\400", 1, 1, "\\400 is more than a byte holds");
    REFUSES("\\777", 1, 1, "\\777");
    REFUSES("\\u20a", 1, 1, "\\u takes exactly 4");
    REFUSES("\\u20ag", 1, 1, "\\u takes exactly 4");
    REFUSES("\\U0001f60", 1, 1, "\\U takes exactly 8");
    REFUSES("\\ud800", 1, 1, "no character U+D800");
    REFUSES("\\uDFFF", 1, 1, "no character U+DFFF");
    REFUSES("\\U00110000", 1, 1, "no character U+110000");
    REFUSES("\\Uffffffff", 1, 1, "no character U+FFFFFFFF");
    rig_refuses(FSK_SPAN("\\\0"), 1, 1, "the byte 0x00");
}

/* On failure the buffer holds what it held; beyond the ceiling nothing is taken. */
static void buffers(void **state)
{
    (void)state;
    struct fsk_buf small = {.ceiling = 6};
    struct bytes_fault fault;
    assert_int_equal(fsk_buf_puts(&small, "ab"), FSOCK_OK);
    assert_false(bytes_escape_read(FSK_SPAN("cd\\q"), &small, &fault));
    assert_true(fsk_span_eq(fsk_buf_span(&small), FSK_SPAN("ab")));
    assert_true(bytes_escape_read(FSK_SPAN("\\143\\x64ef"), &small, &fault));
    assert_true(fsk_span_eq(fsk_buf_span(&small), FSK_SPAN("abcdef")));
    small.end = 2;
    assert_false(bytes_escape_read(FSK_SPAN("abcd\\n"), &small, &fault));
    assert_non_null(strstr(fault.why, "more than 4 bytes"));
    assert_true(fsk_span_eq(fsk_buf_span(&small), FSK_SPAN("ab")));
    fsk_buf_fini(&small);
}

static void read_back(void **state)
{
    (void)state;
    rig_round_trips(VIEW_TEXT);
}

int main(void)
{
    rig_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(buffers),
        cmocka_unit_test(read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
