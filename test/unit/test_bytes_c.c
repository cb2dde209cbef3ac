/* The bytes of arrays in C source. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bytes_c.h"
#include "bytes_rig.h"

static const char *array_name; /* the one that is asked for */

static bool read_text(struct fsk_span text, struct fsk_buf *bytes, struct bytes_fault *fault)
{
    return bytes_c_read(text, array_name, bytes, fault);
}

static void values(void **state)
{
    (void)state;
    GIVES("unsigned char x[] = { 0x16, 0x03, 'A', 10, 017, };", "\x16\3A\n\17");
    GIVES("const uint8_t x[]={0,255,-1,-128,+7,0b101,0XfF};", "\0\xff\xff\x80\7\5\xff");
    GIVES("char x[] = {1u, 2U, 3l, 4L, 5ul, 6LLU, 0x7ull};", "\1\2\3\4\5\6\7");
    GIVES("char x[] = {(uint8_t)0x12, (unsigned char)'x', (char)-1, ((uint8_t)3), (4), -(5)};",
          "\x12x\xff\3\4\xfb");
    GIVES("char x[] = {'\\n', '\\'', '\"', '\\\\', '\\0', '\\xff', '\\377', u8'a'};",
          "\n'\"\\\0\xff\xff"
          "a");
    GIVES("char x[] = {{1, 2}, {3}, 4, {{5}}};", "\1\2\3\4\5");
    GIVES("char x[] = {};", "");
    GIVES("char x[] = {1};;", "\1");
    GIVES("static const uint8_t x[] PROGMEM __attribute__((section(\".x\"), aligned(4))) = {1};",
          "\1");
    GIVES("char x[2], y[] = {3}, *z;", "\3");
    GIVES("int main(void) { unsigned char x[] = {7}; send(fd, x, 1, 0); if (x[0] == 7) x[0] = 8; }",
          "\7");
    GIVES("struct s { int a; } s = { .a = 3 }; char x[] = {1}; unsigned int x_len = 1;", "\1");
}

static void strings(void **state)
{
    (void)state;
    GIVES("const char y[] = \"GET / HTTP/1.0\\r\\n\" \"\\r\\n\";", "GET / HTTP/1.0\r\n\r\n");
    GIVES("const char *y = \"a\\0\" /* and */ \"1\" // more\n u8\"\\u20ac\\\nb\";", "a\0"
                                                                                    "1\xe2\x82\xac"
                                                                                    "b");
    GIVES("char y[] = {\"ab\" \"c\"};", "abc");
    GIVES("char y[] = \"\";", "");
    GIVES("char y[] = \"caf\xc3\xa9 // /* \\\"\";", "caf\xc3\xa9 // /* \"");
    GIVES("char y[6] = \"abc\";", "abc\0\0\0");
    GIVES("char y[4] = \"abc\";", "abc\0");
    GIVES("char y[3] = \"abc\";", "abc");
    GIVES("char y[0x4] = {1, 2};", "\1\2\0\0");
    GIVES("char y[4] = {};", "\0\0\0\0");
    REFUSES("char y[2] = \"abc\";", 1, 6, "y has 3 values, but a size of 2");
    REFUSES("char y[99999999999] = \"abc\";", 1, 6, "the size of y is too large");
}

static void nameless(void **state)
{
    (void)state;
    GIVES("{ 1, 2 }", "\1\2");
    GIVES("0x16, 0x03,\n 0x01,", "\x16\3\1");
    GIVES("/* hello */ \"a\" \"b\"", "ab");
    GIVES("'a', 'b';", "ab");
    GIVES("-1", "\xff");
    REFUSES("{1} {2}", 1, 5, "'{' is no value");
    REFUSES("1; 2", 1, 4, "no value");
    REFUSES("1 2", 1, 3, "'2' is no value");
}

static void passed_over(void **state)
{
    (void)state;
    GIVES("#include <x.h>\n  # define Y[] = {1} \\\n  char z[] = {2};\n/* char x[] = {3}; */\n"
          "// char x[] = {4}; \\\n char x[] = {5};\nchar x[] = { 6, // six\r\n#if 0\r\n 7, /**/ "
          "8,\r\n"
          "#endif\r\n \\\r\n 9 };\n",
          "\6\7\10\11");
    GIVES("int n = 3; short w = 'x'; f(\"char x[] = {1};\"); char v[] = {1};", "\1");
}

/* What xxd -i prints. */
static const char xxd_i[] = "unsigned char a_bin[] = {\n"
                            "  0x47, 0x45, 0x54, 0x20, 0x2f, 0x20, 0x48, 0x54, 0x54, 0x50, 0x2f, "
                            "0x31,\n"
                            "  0x2e, 0x30, 0x0d, 0x0a\n"
                            "};\n"
                            "unsigned int a_bin_len = 16;\n";

static void chosen(void **state)
{
    (void)state;
    static const char three[] = "char a[] = {1};\nchar *b = \"x\";\nchar c[] = {3};\n";
    GIVES(xxd_i, "GET / HTTP/1.0\r\n");
    REFUSES(three, 1, 6, "there are 3 arrays in this source; say which one: a, b, c");
}

static void named(void **state)
{
    (void)state;
    static const char three[] = "char a[] = {1};\nchar *b = \"x\";\nchar c[] = {x};\n";
    array_name = "b";
    assert_true(rig_read(fsk_span_str(three)));
    assert_true(fsk_span_eq(fsk_buf_span(&rig_bytes), FSK_SPAN("x")));
    array_name = "d";
    REFUSES(three, 4, 1, "there is no array d in this source, but a, b, c");
    array_name = "c";
    REFUSES(three, 3, 13, "x is no number");
    REFUSES("char c[] = {1};\nchar c[] = {2};", 1, 6, "there are 2 arrays c");
    array_name = NULL;
    char many[2000];
    size_t n = 0;
    for (int i = 0; i < 100; i++)
        n += (size_t)snprintf(many + n, sizeof many - n, "char a%d[]={};", i);
    REFUSES(many, 1, 6, "a0, a1, a2, a3");
    assert_non_null(strstr(rig_fault.why, ", ..."));
}

static void no_bytes(void **state)
{
    (void)state;
    REFUSES("", 1, 1, "there is no array");
    REFUSES("int x = 3;\n", 2, 1, "there is no array");
    REFUSES("uint16_t x[] = {1};", 1, 10, "the elements of x are more than bytes");
    REFUSES("unsigned x[] = {1};", 1, 10, "more than bytes");
    REFUSES("short int const x[] = {1};", 1, 17, "more than bytes");
    REFUSES("char *x[] = {\"a\"};", 1, 7, "more than bytes");
    REFUSES("char x[] = L\"a\";", 1, 12, "leave the L out");
    REFUSES("char x[] = {U'a'};", 1, 13, "leave the U out");
    REFUSES("char x[2][2] = {{1}};", 1, 6, "has 2 dimensions");
    REFUSES("char x[SIZE] = {1};", 1, 6, "the size of x is no number");
    REFUSES("char x[2 * 3] = {1};", 1, 6, "the size of x is no number");
}

static void mistakes(void **state)
{
    (void)state;
    REFUSES("char x[] = {1,\n 256};", 2, 2, "line 2, column 2: 256 is no byte");
    REFUSES("char x[] = {-129};", 1, 14, "-129 is no byte");
    REFUSES("char x[] = {99999999999999999999};", 1, 13, "is no number, or too large");
    REFUSES("char x[] = {1.5};", 1, 13, "1.5 is no number");
    REFUSES("char x[] = {0x};", 1, 13, "0x is no number");
    REFUSES("char x[] = {08};", 1, 13, "08 is no number");
    REFUSES("char x[] = {1lulu};", 1, 13, "1lulu is no number");
    REFUSES("char x[] = {SIZE};", 1, 13, "SIZE is no number; write its value");
    REFUSES("char x[] = {(SIZE)};", 1, 14, "SIZE is no number");
    REFUSES("char x[] = {1 << 2};", 1, 15, "'<' is no value");
    REFUSES("char x[] = {[1] = 2};", 1, 13, "designators");
    REFUSES("char x[] = {.a = 2};", 1, 13, "designators");
    REFUSES("char x[] = {1, 2", 1, 17, "ends within the array");
    REFUSES("char x[] = {1 2};", 1, 15, "'2' is no value");
    REFUSES("char x[] = {1,,2};", 1, 15, "',' is no value");
    REFUSES("char x[] = {(1};", 1, 15, "'}' is no value");
    REFUSES("char x[] = {-'a'};", 1, 14, "is no value");
    REFUSES("char x[] = \"a\" NAME \"b\";", 1, 16, "NAME is no number");
    REFUSES("char x[] = {\"a\" NAME};", 1, 17, "NAME is no number");
    REFUSES("char x[] = \"a;\n", 1, 12, "has no end in its line; a \" is lost");
    REFUSES("char x[] = {'a};\n", 1, 13, "a ' is lost");
    REFUSES("/* char x[] = {1};\n", 1, 1, "this comment has no end");
    REFUSES("char x[] = {'ab', ''};", 1, 13,
            "a character constant is one byte, and this one has 2");
    REFUSES("char x[] = {''};", 1, 13, "has 0");
    REFUSES("char x[] = {'\xc3\xa9'};", 1, 13, "has 2");
    REFUSES("char x[] = \"\\q\";", 1, 13, "a backslash before 'q'");
    REFUSES("char x[] = \"\\x0da\";", 1, 13, "more than two");
    rig_refuses(FSK_SPAN("char x[] = {1, \0};"), 1, 16, "the byte 0x00 is no value");
}

static void read_back(void **state)
{
    (void)state;
    rig_round_trips(VIEW_C);
}

int main(void)
{
    rig_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),      cmocka_unit_test(strings),  cmocka_unit_test(nameless),
        cmocka_unit_test(passed_over), cmocka_unit_test(chosen),   cmocka_unit_test(named),
        cmocka_unit_test(no_bytes),    cmocka_unit_test(mistakes), cmocka_unit_test(read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
