/* Hex digits, and the dumps of xxd, hexdump, od and tcpdump: the texts are those tools' own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bytes_hex.h"
#include "bytes_rig.h"

static bool read_text(struct fsk_span text, struct fsk_buf *bytes, struct bytes_fault *fault)
{
    return bytes_hex_read(text, bytes, fault);
}

static void plain(void **state)
{
    (void)state;
    GIVES("", "");
    GIVES(" \r\n\t,:", "");
    GIVES("0d0a", "\r\n");
    GIVES("0D 0a", "\r\n");
    GIVES("0d:0A:ff", "\r\n\xff");
    GIVES("0x0d, 0X0a,", "\r\n");
    GIVES("\\x0d\\x0a", "\r\n");
    GIVES("0x160301", "\x16\3\1");
    GIVES("16 0301\r\n0200\n", "\x16\3\1\2\0");
    GIVES("deadbeef 0102\ncafebabe 0304", "\xde\xad\xbe\xef\1\2\xca\xfe\xba\xbe\3\4");
    GIVES("00000000 00000001\n00000000 00000002", "\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2");
    GIVES("0000 47", "\0\0G");
    GIVES("01020304 05 06\n0708 09", "\1\2\3\4\5\6\7\10\11");
    GIVES("0x00000000 01", "\0\0\0\0\1");
}

static void plain_mistakes(void **state)
{
    (void)state;
    REFUSES("0d0", 1, 3, "byte 3: this hex digit has no partner: 3 of them");
    REFUSES("0d\n0a 0", 2, 4, "line 2, column 4: this hex digit has no partner: 1 of them");
    REFUSES("d a", 1, 1, "no partner");
    REFUSES("0xa", 1, 3, "no partner");
    REFUSES("0x", 1, 3, "the end is no hex digit");
    REFUSES("0x 0d", 1, 3, "the byte 0x20 is no hex digit");
    REFUSES("0d zz", 1, 4, "'z' is no hex digit");
    REFUSES("0d-0a", 1, 3, "'-' is no hex digit");
    REFUSES("0dx0a", 1, 3, "'x' is no hex digit");
    REFUSES("\\n", 1, 1, "'\\' is no hex digit");
    REFUSES("1234567", 1, 7, "no partner");
    REFUSES("1234567 89", 1, 7, "no partner");
    REFUSES("*\n", 1, 1, "'*'");
    rig_refuses(FSK_SPAN("0d\0"), 1, 3, "the byte 0x00");
    REFUSES("00000000 47 45", 1, 1, "may be an offset or bytes");
}

#define REQUEST "GET / HTTP/1.0\r\nHost: a\r\n\r\n\0\xff\x7f"

/* "ab", 62 zeros, "xyz|" */
static struct fsk_span squeezed(void)
{
    static char bytes[68] = "ab";
    memcpy(bytes + 64, "xyz|", 4);
    return fsk_span(bytes, sizeof bytes);
}

/* xxd -g1 r */
static const char xxd_bytes[] =
    "00000000: 47 45 54 20 2f 20 48 54 54 50 2f 31 2e 30 0d 0a  GET / HTTP/1.0..\n"
    "00000010: 48 6f 73 74 3a 20 61 0d 0a 0d 0a 00 ff 7f        Host: a.......\n";

/* xxd r */
static const char xxd_words[] =
    "00000000: 4745 5420 2f20 4854 5450 2f31 2e30 0d0a  GET / HTTP/1.0..\n"
    "00000010: 486f 7374 3a20 610d 0a0d 0a00 ff7f       Host: a.......\n";

/* xxd -p r */
static const char xxd_plain[] = "474554202f20485454502f312e300d0a486f73743a20610d0a0d0a00ff7f\n";

/* xxd -u -c 8 -g 4 r */
static const char xxd_upper[] = "00000000: 47455420 2F204854  GET / HT\n"
                                "00000008: 54502F31 2E300D0A  TP/1.0..\n"
                                "00000010: 486F7374 3A20610D  Host: a.\n"
                                "00000018: 0A0D0A00 FF7F      ......\n";

/* hexdump -C r */
static const char hexdump_c[] =
    "00000000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 30 0d 0a  |GET / HTTP/1.0..|\n"
    "00000010  48 6f 73 74 3a 20 61 0d  0a 0d 0a 00 ff 7f        |Host: a.......|\n"
    "0000001e\n";

/* od -A x -t x1z r */
static const char od_text[] =
    "000000 47 45 54 20 2f 20 48 54 54 50 2f 31 2e 30 0d 0a  >GET / HTTP/1.0..<\n"
    "000010 48 6f 73 74 3a 20 61 0d 0a 0d 0a 00 ff 7f        >Host: a.......<\n"
    "00001e\n";

/* od -t x1 r */
static const char od_octal[] = "0000000 47 45 54 20 2f 20 48 54 54 50 2f 31 2e 30 0d 0a\n"
                               "0000020 48 6f 73 74 3a 20 61 0d 0a 0d 0a 00 ff 7f\n"
                               "0000036\n";

/* od -A n -t x1 r */
static const char od_none[] = " 47 45 54 20 2f 20 48 54 54 50 2f 31 2e 30 0d 0a\n"
                              " 48 6f 73 74 3a 20 61 0d 0a 0d 0a 00 ff 7f\n";

/* xxd -a s */
static const char xxd_star[] =
    "00000000: 6162 0000 0000 0000 0000 0000 0000 0000  ab..............\n"
    "00000010: 0000 0000 0000 0000 0000 0000 0000 0000  ................\n"
    "*\n"
    "00000040: 7879 7a7c                                xyz|\n";

/* hexdump -C s */
static const char hexdump_star[] =
    "00000000  61 62 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |ab..............|\n"
    "00000010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n"
    "*\n"
    "00000040  78 79 7a 7c                                       |xyz||\n"
    "00000044\n";

/* od -t x1 s */
static const char od_star[] = "0000000 61 62 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
                              "0000020 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
                              "*\n"
                              "0000100 78 79 7a 7c\n"
                              "0000104\n";

/* od -A d -t x1z s */
static const char od_decimal_star[] =
    "0000000 61 62 00 00 00 00 00 00 00 00 00 00 00 00 00 00  >ab..............<\n"
    "0000016 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  >................<\n"
    "*\n"
    "0000064 78 79 7a 7c                                      >xyz|<\n"
    "0000068\n";

/* xxd -e r */
static const char xxd_little[] = "00000000: 20544547 5448202f 312f5054 0a0d302e  GET / HTTP/1.0..\n"
                                 "00000010: 74736f48 0d61203a 000a0d0a     7fff  Host: a.......\n";

/* xxd -b -c 4 r */
static const char xxd_binary[] = "00000000: 01000111 01000101 01010100 00100000  GET \n"
                                 "00000004: 00101111 00100000 01001000 01010100  / HT\n"
                                 "00000008: 01010100 01010000 00101111 00110001  TP/1\n"
                                 "0000000c: 00101110 00110000 00001101 00001010  .0..\n"
                                 "00000010: 01001000 01101111 01110011 01110100  Host\n"
                                 "00000014: 00111010 00100000 01100001 00001101  : a.\n"
                                 "00000018: 00001010 00001101 00001010 00000000  ....\n"
                                 "0000001c: 11111111 01111111                    ..\n";

/* hexdump r */
static const char hexdump_words[] = "0000000 4547 2054 202f 5448 5054 312f 302e 0a0d\n"
                                    "0000010 6f48 7473 203a 0d61 0d0a 000a 7fff     \n"
                                    "000001e\n";

/* od r */
static const char od_words[] = "0000000 042507 020124 020057 052110 050124 030457 030056 005015\n"
                               "0000020 067510 072163 020072 006541 006412 000012 077777\n"
                               "0000036\n";

/* od -A x -t x2 r */
static const char od_hex_words[] = "000000 4547 2054 202f 5448 5054 312f 302e 0a0d\n"
                                   "000010 6f48 7473 203a 0d61 0d0a 000a 7fff\n"
                                   "00001e\n";

/* od -A x r */
static const char od_hex_octal[] =
    "000000 042507 020124 020057 052110 050124 030457 030056 005015\n"
    "000010 067510 072163 020072 006541 006412 000012 077777\n"
    "00001e\n";

/* hexdump -x r */
static const char hexdump_x[] =
    "0000000    4547    2054    202f    5448    5054    312f    302e    0a0d\n"
    "0000010    6f48    7473    203a    0d61    0d0a    000a    7fff        \n"
    "000001e\n";

/* od -c r */
static const char od_chars[] =
    "0000000   G   E   T       /       H   T   T   P   /   1   .   0  \\r  \\n\n"
    "0000020   H   o   s   t   :       a  \\r  \\n  \\r  \\n  \\0 377 177\n"
    "0000036\n";

/* tcpdump -X and -x */
static const char tcpdump_text[] =
    "\t0x0000:  4745 5420 2f20 4854 5450 2f31 2e30 0d0a  GET./.HTTP/1.0..\n"
    "\t0x0010:  486f 7374 3a20 610d 0a0d 0a00 ff7f       Host:.a.......\n";

static const char tcpdump_hex[] = "\t0x0000:  4745 5420 2f20 4854 5450 2f31 2e30 0d0a\n"
                                  "\t0x0010:  486f 7374 3a20 610d 0a0d 0a00 ff7f\n";

/* As Wireshark copies. */
static const char wireshark[] =
    "0000   47 45 54 20 2f 20 48 54 54 50 2f 31 2e 30 0d 0a   GET / HTTP/1.0..\n"
    "0010   48 6f 73 74 3a 20 61 0d 0a 0d 0a 00 ff 7f         Host: a.......\n";

static void dumps(void **state)
{
    (void)state;
    static const char *const texts[] = {
        xxd_bytes, xxd_words, xxd_plain,    xxd_upper,   hexdump_c, od_text,
        od_octal,  od_none,   tcpdump_text, tcpdump_hex, wireshark,
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        GIVES(texts[i], REQUEST);
}

static void repeated(void **state)
{
    (void)state;
    static const char *const texts[] = {xxd_star, hexdump_star, od_star, od_decimal_star};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        rig_gives(fsk_span_str(texts[i]), squeezed());
    REFUSES("0000000 00 00\n*\n0000100 01\n", 3, 1, "may be octal or decimal");
    REFUSES("00000000: 0000\n*\n00000005: 01\n", 3, 1, "no repetitions of the 2 above");
    REFUSES("00000000: 0000\n*\n", 2, 1, "no line follows");
    REFUSES("00000000: 0000\n*\n*\n", 3, 1, "there is none");
    REFUSES("00000000: 0000\n*\n00000001: 01\n", 3, 1, "doesn't fit");
    REFUSES("00000000: 0000\n*\n00100000: 01\n", 3, 1, "too many");
    REFUSES("00000000: 0000\n*\nfffffffffffffffe: 01\n", 3, 1, "too many");
    REFUSES("00000000: 0000\n*\n1fffffffffffffffe: 01\n", 3, 1, "doesn't fit");
    REFUSES("00000000:\n*\n00000005: 01\n", 2, 1, "there is none");
}

/* What is shown in another order, or in another way, is never taken for bytes. */
static void other_orders(void **state)
{
    (void)state;

    REFUSES(xxd_little, 1, 48, "xxd -e");
    REFUSES(xxd_binary, 1, 48, "xxd -b");
    REFUSES(hexdump_words, 1, 9, "hexdump -C or xxd");
    REFUSES(od_words, 1, 9, "hexdump -C or xxd");
    REFUSES(od_hex_words, 1, 8, "hexdump -C or xxd");
    REFUSES(od_hex_octal, 1, 8, "hexdump -C or xxd");
    REFUSES(hexdump_x, 1, 12, "hexdump -C or xxd");
    REFUSES(od_chars, 1, 11, "'G' is no hex digit");
    REFUSES("00000000:   636261                             abc\n", 1, 48, "xxd -e");
    REFUSES("00000000: 64636261     6665                    abcdef\n", 1, 24, "more text");
}

static void offsets(void **state)
{
    (void)state;
    GIVES("00000010: 4745\n00000012: 54\n", "GET");
    GIVES("\r\n00000000: 4745\r\n\r\n00000002: 54\r\n", "GET");
    GIVES("00001000  47 45 54  |GET|\n", "GET");
    GIVES("0000100 47 45\n0000102 54\n", "GET");
    GIVES("0000008 47 45\n0000010 54\n", "GET");
    GIVES("00000000: 47 45 54", "GET");
    REFUSES("00000000: 47 45 54\n00000002: 20\n", 2, 1, "doesn't fit the 3 bytes");
    REFUSES("00000000  47 45 54  |GET|\n00000004  20  | |\n", 2, 1, "doesn't fit the 3 bytes");
    REFUSES("00000000  47 45 54  |GET|\n00000004\n", 2, 1, "doesn't fit the 3 bytes");
    REFUSES("00000000: 4745\n4745\n", 2, 1, "begins with an offset, which a colon ends");
    REFUSES("00000000 47 45\nhello\n", 2, 1, "'h'");
    REFUSES("00000000: 474\n", 1, 11, "3 hex digits");
    REFUSES("00000000: 47g\n", 1, 13, "a blank belongs");
    REFUSES("00000000: gg\n", 1, 11, "'g' is no hex digit");
    REFUSES("00000000  4745 |GE|\n", 1, 16, "'|'");
    REFUSES("00000000: 47 45  54 20\n", 1, 18, "more text than the 2 bytes");
    REFUSES("12:00:01.1 IP a > b: x\n\t0x0000:  4500\n", 1, 9, "'.' is no hex digit");
}

static void read_back(void **state)
{
    (void)state;
    rig_round_trips(VIEW_HEX);
}

int main(void)
{
    rig_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),     cmocka_unit_test(plain_mistakes), cmocka_unit_test(dumps),
        cmocka_unit_test(repeated),  cmocka_unit_test(other_orders),   cmocka_unit_test(offsets),
        cmocka_unit_test(read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
