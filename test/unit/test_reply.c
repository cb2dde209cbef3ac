/*
 * Where answers end: each form, at every length before a guard page, and in steps of one byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "guard.h"
#include "wire/reply.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define BYTES(s) s, sizeof(s) - 1

static struct guard guard;

static const struct row {
    enum fsk_reply_form form;
    const char *bytes;
    size_t n;
    ptrdiff_t end;    /* -1: it is no answer */
    const char *line; /* that decides */
} rows[] = {
    {FSK_REPLY_LINE,     BYTES("+OK ready\r\n+OK more\r\n"),                          11, "+OK ready"           },
    {FSK_REPLY_LINE,     BYTES("\n"),                                                 1,  ""                    },
    {FSK_REPLY_CODE,     BYTES("220 hello\r\n"),                                      11, "220 hello"           },
    {FSK_REPLY_CODE,     BYTES("220\n250"),                                           4,  "220"                 },
    {FSK_REPLY_CODE,     BYTES("250-a\r\n250-b\r\n250 c\r\n250 d\r\n"),               21, "250 c"               },
    {FSK_REPLY_CODE,     BYTES("230-a\r\nfree text\r\n 230 b\r\n231 c\r\n230 d\r\n"), 40, "230 d"               },
    {FSK_REPLY_CODE,     BYTES("hello\r\n"),                                          7,  "hello"               },
    {FSK_REPLY_DOTTED,   BYTES("-ERR no\r\n"),                                        9,  "-ERR no"             },
    {FSK_REPLY_DOTTED,   BYTES("+OK\r\na\r\n..\r\n.\r\nx"),                           15, "+OK"                 },
    {FSK_REPLY_TAGGED,   BYTES("* CAP x\r\na1 OK y\r\n"),                             18, "a1 OK y"             },
    {FSK_REPLY_TAGGED,   BYTES("a12 OK y\r\n+ ok\r\n"),                               16, "+ ok"                },
    {FSK_REPLY_TAGGED,   BYTES("* X {6}\r\na1 NO\n end\r\na1 OK\r\n"),                28, "a1 OK"               },
    {FSK_REPLY_TAGGED,   BYTES("* BYE x\r\n"),                                        9,  "* BYE x"             },
    {FSK_REPLY_TAGGED,   BYTES("* X {99999999999}\r\n"),                              -1, NULL                  },
    {FSK_REPLY_SSH,      BYTES("motd\r\nSSH-2.0-x\r\nmore"),                          17, "SSH-2.0-x"           },
    {FSK_REPLY_HEAD,     BYTES("HTTP/1.1 200 OK\r\na: b\r\n\r\nbody"),                25, "HTTP/1.1 200 OK"     },
    {FSK_REPLY_RESP,     BYTES("+PONG\r\n"),                                          7,  "+PONG"               },
    {FSK_REPLY_RESP,     BYTES("$5\r\nhe\nlo\r\n+"),                                  11, "$5"                  },
    {FSK_REPLY_RESP,     BYTES("$-1\r\n"),                                            5,  "$-1"                 },
    {FSK_REPLY_RESP,     BYTES("$x\r\n"),                                             -1, NULL                  },
    {FSK_REPLY_RESP,     BYTES("HTTP"),                                               -1, NULL                  },
    {FSK_REPLY_RESP,     BYTES("\0"),                                                 -1, NULL                  },
    {FSK_REPLY_SSL,      BYTES("Sx"),                                                 1,  NULL                  },
    {FSK_REPLY_SSL,      BYTES("E\0\0\0\5xy"),                                        6,  NULL                  },
    {FSK_REPLY_SSL,      BYTES("E\0\0\0\3"),                                          -1, NULL                  },
    {FSK_REPLY_POSTGRES, BYTES("R\0\0\0\x08\0\0\0\0Z"),                               9,  NULL                  },
    {FSK_REPLY_POSTGRES, BYTES("R\0\0\0\x03"),                                        -1, NULL                  },
    {FSK_REPLY_POSTGRES, BYTES("R\xff\xff\xff\xff"),                                  -1, NULL                  },
    {FSK_REPLY_MYSQL,    BYTES("\x02\0\0\0abc"),                                      6,  NULL                  },
    {FSK_REPLY_POSTGRES, BYTES("R\0\1\0\0"),                                          -1, NULL                  },
    {FSK_REPLY_MYSQL,    BYTES("SSH-"),                                               -1, NULL                  },
    {FSK_REPLY_LDAP,     BYTES("\x30\2zz\x30"),                                       4,  NULL                  },
    {FSK_REPLY_LDAP,     BYTES("SSH-"),                                               -1, NULL                  },
    {FSK_REPLY_LDAP,     BYTES("\x30\x83\1\0\0"),                                     -1, NULL                  },
    {FSK_REPLY_DOTTED,   BYTES("101 x\r\na\r\n.\r\nx"),                               13, "101 x"               },
    {FSK_REPLY_DOTTED,   BYTES("500 x\r\na"),                                         7,  "500 x"               },
    {FSK_REPLY_SIEVE,    BYTES("\"SASL\" \"\"\r\nOKAY\r\nok \"x\"\r\nx"),             25, "ok \"x\""            },
    {FSK_REPLY_SIEVE,    BYTES("\"A\" {4}\r\nOK\r\n\r\nNO {3}\r\nab\n\r\nOK\r\n"),    28, "NO {3}"              },
    {FSK_REPLY_STRING,   BYTES("{5}\r\nab\r\nc\r\nd"),                                12, "{5}"                 },
    {FSK_REPLY_STRING,   BYTES("{0}\r\n\r\nx"),                                       7,  "{0}"                 },
    {FSK_REPLY_STRING,   BYTES("\"\"\r\nOK\r\n"),                                     4,  "\"\""                },
    {FSK_REPLY_IRC,      BYTES(":a NOTICE * :x\r\n:a 020 x\r\n:a  670 b\r\nx"),       37, "670 b"               },
    {FSK_REPLY_IRC,      BYTES("CAP * LS * :a\n@t=1 :a CAP * LS :b\n"),               34, "CAP * LS :b"         },
    {FSK_REPLY_IRC,      BYTES(":a\r\nERROR :x\r\n"),                                 14, "ERROR :x"            },
    {FSK_REPLY_TAG,      BYTES("\n<?xml version='1.0'?>\r\n<s:s a='>'>x"),            35, "<s:s a='>'>"         },
    {FSK_REPLY_TAG,      BYTES("HTTP"),                                               -1, NULL                  },
    {FSK_REPLY_TAG,      BYTES("<?xml?><?xml?>"),                                     -1, NULL                  },
    {FSK_REPLY_ELEMENT,  BYTES(" <a><b>x</b><c/>y</a><d/>"),                          21, "<a><b>x</b><c/>y</a>"},
    {FSK_REPLY_ELEMENT,  BYTES("<a/><b/>"),                                           4,  "<a/>"                },
    {FSK_REPLY_ELEMENT,  BYTES("</s:s>x"),                                            6,  "</s:s>"              },
    {FSK_REPLY_ELEMENT,  BYTES("<a>x<!"),                                             -1, NULL                  },
    {FSK_REPLY_ELEMENT,  BYTES("<?xml?>"),                                            -1, NULL                  },
    {FSK_REPLY_ELEMENT,  BYTES("x"),                                                  -1, NULL                  },
    {FSK_REPLY_MYSQL,    BYTES("220 "),                                               -1, NULL                  },
    {FSK_REPLY_MYSQL,    BYTES("\0\0\0\0"),                                           -1, NULL                  },
};

static void check_end(const struct row *row, const struct fsk_reply *r, ptrdiff_t end)
{
    if (end != row->end)
        fail_msg("form %d, %s: %td", row->form, row->bytes, end);
    if (!row->line)
        return;
    assert_int_equal(r->last_n, strlen(row->line));
    assert_memory_equal(row->bytes + r->last, row->line, r->last_n);
}

/* All at once, ending at the guard page, and with every shorter beginning, which is not complete.
 */
static void test_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t n = 0; n <= rows[i].n; n++) {
            struct fsk_reply r;
            fsk_reply_init(&r, rows[i].form, fsk_span_str("a1"));
            ptrdiff_t end = fsk_reply_scan(&r, fsk_span(guard_copy(&guard, rows[i].bytes, n), n));
            if (end > 0)
                assert_true((size_t)end <= n);
            if (n == rows[i].n)
                check_end(&rows[i], &r, end);
            else if (end && rows[i].end > 0)
                check_end(&rows[i], &r, end);
        }
}

/* As it comes, byte by byte. */
static void test_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fsk_reply r;
        ptrdiff_t end = 0;
        fsk_reply_init(&r, rows[i].form, fsk_span_str("a1"));
        for (size_t n = 1; n <= rows[i].n && !end; n++)
            end = fsk_reply_scan(&r, fsk_span(guard_copy(&guard, rows[i].bytes, n), n));
        check_end(&rows[i], &r, end);
    }
}

static void test_ceilings(void **state)
{
    (void)state;
    static char line[FSK_REPLY_LINE_MAX + 1];
    memset(line, 'x', sizeof line);
    struct fsk_reply r;
    fsk_reply_init(&r, FSK_REPLY_LINE, fsk_span("", 0));
    assert_int_equal(fsk_reply_scan(&r, fsk_span(line, sizeof line - 2)), 0);
    assert_int_equal(fsk_reply_scan(&r, fsk_span(line, sizeof line)), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_ceilings),
    };
    guard_init(&guard, 256);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
