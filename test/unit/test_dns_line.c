/* Lines of a log: which address stands where, what is none, and the line with a name in it. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "dns_line.h"
#include "guard.h"
#include "list.h"

static struct guard guard;

/* The line, with the place found in field `field` marked by { and }; "" if there is none. */
static const char *marked(const char *line, size_t n, uint64_t field, struct fsk_addr *a)
{
    static char text[400];
    struct dns_place place;
    const char *copy = guard_copy(&guard, line, n);
    if (!dns_line_find(fsk_span(copy, n), field, &place))
        return "";
    assert_true(place.n > 0 && place.at <= n && place.n <= n - place.at);
    assert_true(n + 3 < sizeof text);
    snprintf(text, sizeof text, "%.*s{%.*s}%.*s", (int)place.at, copy, (int)place.n,
             copy + place.at, (int)(n - place.at - place.n), copy + place.at + place.n);
    *a = place.addr;
    return text;
}

/* `with` is the line with the address in braces; the address to ask for reads `asked`. */
struct found {
    const char *with, *asked;
};

static void finds(const struct found *f, uint64_t field)
{
    char line[200], asked[FSK_ADDR_TEXT];
    struct fsk_addr a;
    size_t n = 0;
    for (const char *c = f->with; *c; c++)
        if (*c != '{' && *c != '}')
            line[n++] = *c;
    const char *got = marked(line, n, field, &a);
    assert_string_equal(got, f->with);
    fsk_addr_format(&a, asked);
    assert_string_equal(asked, f->asked);
    assert_int_equal(a.port, 0);
    assert_int_equal(a.scope, 0);
}

static void leaves(const char *line, uint64_t field)
{
    struct fsk_addr a;
    const char *got = marked(line, strlen(line), field, &a);
    if (*got)
        fail_msg("found in field %d: %s", (int)field, got);
}

static void addresses(void **state)
{
    (void)state;
    static const struct found cases[] = {
        {"{192.0.2.1}",                                            "192.0.2.1"           },
        {"{0.0.0.0} x",                                            "0.0.0.0"             },
        {"{255.255.255.255}\n",                                    "255.255.255.255"     },
        {"{192.0.2.1}\r\n",                                        "192.0.2.1"           },
        {"{192.0.2.1}\r",                                          "192.0.2.1"           },
        {"\xef\xbb\xbf{192.0.2.1} x",                              "192.0.2.1"           },
        {"{2001:db8::1} x",                                        "2001:db8::1"         },
        {"{2001:DB8:0:0:0:0:0:1}",                                 "2001:db8::1"         },
        {"{2001:db8:1:2:3:4:5:6}",                                 "2001:db8:1:2:3:4:5:6"},
        {"{::}",                                                   "::"                  },
        {"{::1}",                                                  "::1"                 },
        {"{beef::}",                                               "beef::"              },
        {"{fe80::1%eth0} x",                                       "fe80::1"             },
        {"{fe80::1%2}",                                            "fe80::1"             },
        {"{fe80::1%br-lan_0.100}:53",                              "fe80::1"             },
        {"{::ffff:192.0.2.1} x",                                   "192.0.2.1"           },
        {"{::FFFF:c000:0201}",                                     "192.0.2.1"           },
        {"{::ffff:0:192.0.2.1}",                                   "::ffff:0:c000:201"   },
        {"{64:ff9b::192.0.2.1}",                                   "64:ff9b::c000:201"   },
        {"{0000:0000:0000:0000:0000:ffff:255.255.255.255}:65535:", "255.255.255.255"     },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        finds(&cases[i], 1);
}

static void ports(void **state)
{
    (void)state;
    static const struct found cases[] = {
        {"{192.0.2.1}:53",            "192.0.2.1"           },
        {"{192.0.2.1}:0",             "192.0.2.1"           },
        {"{192.0.2.1}:65535:",        "192.0.2.1"           },
        {"{192.0.2.1}#5353:",         "192.0.2.1"           },
        {"{2001:db8::1}#5353",        "2001:db8::1"         },
        {"{192.0.2.1}:",              "192.0.2.1"           },
        {"{::1}:",                    "::1"                 },
        {"{2001:db8::1:80}",          "2001:db8::1:80"      },
        {"{2001:db8::1}:54321",       "2001:db8::1"         },
        {"{2001:db8:1:2:3:4:5:6}:80", "2001:db8:1:2:3:4:5:6"},
        {"{::ffff:192.0.2.1}:80",     "192.0.2.1"           },
        {"{::}:80",                   "::"                  },
        {"[{::1}]:443",               "::1"                 },
        {"[{fe80::1%eth0}]:443",      "fe80::1"             },
        {"[{192.0.2.1}]:25:",         "192.0.2.1"           },
        {"{192.0.2.1}:54321]",        "192.0.2.1"           },
    };
    static const char *const none[] = {
        "192.0.2.1:65536",    "192.0.2.1:99999", "192.0.2.1:http", "192.0.2.1:80:80", "192.0.2.1::",
        "192.0.2.1#",         "192.0.2.1:-1",    ":192.0.2.1",     "[::1]:65536",     "[::1]:443x",
        "fe80::1%eth0:99999", "::1:99999",       "::::",           "192.0.2.1: x:",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        finds(&cases[i], 1);
    for (size_t i = 0; i + 1 < sizeof none / sizeof *none; i++)
        leaves(none[i], 1);
    leaves(none[sizeof none / sizeof *none - 1], 2);
}

static void dressed(void **state)
{
    (void)state;
    static const struct found cases[] = {
        {"[{192.0.2.1}]",                                 "192.0.2.1"        },
        {"({192.0.2.1})",                                 "192.0.2.1"        },
        {"<{192.0.2.1}>",                                 "192.0.2.1"        },
        {"\"{192.0.2.1}\"",                               "192.0.2.1"        },
        {"'{2001:db8::1}'",                               "2001:db8::1"      },
        {"([{192.0.2.1}])",                               "192.0.2.1"        },
        {"\"{192.0.2.1}, 10.0.0.1\"",                     "192.0.2.1"        },
        {"\"[{2001:db8::1}]:4711\"",                      "2001:db8::1"      },
        {"{192.0.2.1}]",                                  "192.0.2.1"        },
        {"{192.0.2.1},",                                  "192.0.2.1"        },
        {"{192.0.2.1};",                                  "192.0.2.1"        },
        {"({192.0.2.1}):",                                "192.0.2.1"        },
        {"{192.0.2.1},10.0.0.1",                          "192.0.2.1"        },
        {"{192.0.2.1},,unknown",                          "192.0.2.1"        },
        {"from=<{192.0.2.1}>,",                           "192.0.2.1"        },
        {"rip={::ffff:192.0.2.1},",                       "192.0.2.1"        },
        {"SRC={2001:db8::1}",                             "2001:db8::1"      },
        {"mail.example[{192.0.2.1}]:25:",                 "192.0.2.1"        },
        {"client=unknown[{192.0.2.1}]",                   "192.0.2.1"        },
        {"mx_1.a-b.example[{2001:db8::1}]",               "2001:db8::1"      },
        {"10.0.0.1[{192.0.2.1}]",                         "192.0.2.1"        },
        {"for=\"[{2001:db8:cafe::17}]:4711\";proto=http", "2001:db8:cafe::17"},
    };
    static const char *const none[] = {
        "unknown,192.0.2.1",
        ",192.0.2.1",
        "=",
        "[]",
        "[",
        "user@192.0.2.1",
        "[x]=1.2.3.4/8",
        "client:192.0.2.1",
        "a/b=192.0.2.1",
        "http://x/?q=1.2.3.4",
        "1.2.3.4=x",
        "x=1.2.3.4=x",
        "{\"ip\":\"1.2.3.4\"}",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        finds(&cases[i], 1);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        leaves(none[i], 1);
}

static const char *const no_address[] = {
    "",
    "\n",
    "\r\n",
    " \t ",
    "-",
    ":",
    "host.example",
    "1.2.3",
    "1.2.3.",
    ".1.2.3.4",
    "1.2.3.4.",
    "1.2.3.4.5",
    "1.2.3.4x",
    "x1.2.3.4",
    "1.2.3.4-5",
    "1.2.3.256",
    "010.0.0.1",
    "127.1",
    "0x7f.0.0.1",
    "2130706433",
    "192.0.2.0/24",
    "2001:db8::/32",
    "/192.0.2.1:80",
    "192.0.2.1%eth0",
    "fe80::1%",
    "fe80::1%eth0%eth1",
    "fe80::1%eth0/64",
    "12:34:56",
    "12:34:56.789",
    "12:34:56,789",
    "12:34:56:",
    "2024-05-17",
    "2024-05-17T12:34:56+00:00",
    "[17/May/2024:12:34:56",
    "2024:05:17:12:34:56",
    "00:11:22:33:44:55",
    "00:11:22:33:44:55:",
    "50:06:01:60:3b:20:4c:5a",
    "50:06:01:60:3b:20:4c:5a:12",
    "d4:1d:8c:d9:8f:00:b2:04:e9:80:09:98:ec:f8:42:7e",
    "d41d8cd98f00b204e9800998ecf8427e",
    "cafe:80",
    "localhost:80",
    "1:2:3:4:5:6:7:8:9:10",
    "1::2::3",
    "12345::",
    "std::string",
    "sshd[1234]:",
    "kernel:",
    "\357\273\277\357\273\277192.0.2.1",
    "x\xef\xbb\xbf 192.0.2.1",
};

static void no_addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof no_address / sizeof *no_address; i++)
        leaves(no_address[i], 1);
    for (size_t n = 65; n < 300; n += 13) { /* longer than any address */
        char line[300];
        memset(line, '0', n);
        line[0] = line[1] = ':';
        struct fsk_addr a;
        assert_string_equal(marked(line, n, 1, &a), "");
        memcpy(line, "fe80::1%", 8);
        assert_string_equal(marked(line, n, 1, &a), "");
    }
}

static void fields(void **state)
{
    (void)state;
    static const struct {
        struct found found;
        uint64_t field;
    } cases[] = {
        {{"www.example {192.0.2.1} - - [17/May/2024:12:34:56 +0000]", "192.0.2.1"},      2 },
        {{" \t {192.0.2.1} 192.0.2.2", "192.0.2.1"},                                     1 },
        {{"192.0.2.1\t \t{192.0.2.2}\t192.0.2.3", "192.0.2.2"},                          2 },
        {{"a b c d e f g h i j k {192.0.2.1}\n", "192.0.2.1"},                           12},
        {{"[Fri May 17 12:34:56 2024] [error] [client {2001:db8::1}] x", "2001:db8::1"}, 8 },
        {{"\xef\xbb\xbf {192.0.2.1}", "192.0.2.1"},                                      1 },
        {{"a\r {192.0.2.1}\r\n", "192.0.2.1"},                                           2 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        finds(&cases[i].found, cases[i].field);
    leaves("192.0.2.1 x", 0);
    leaves("192.0.2.1 x", 2);
    leaves("x 192.0.2.1", 3);
    leaves("x 192.0.2.1 ", UINT64_MAX);
    struct fsk_addr a;
    assert_string_equal(marked("192.0.2.1\0 x", 12, 1, &a), "");
    assert_string_not_equal(marked("\0 192.0.2.1", 11, 2, &a), "");
}

/* The end of a piece isn't the end of a field, unless a newline or a comma says so. */
static void pieces(void **state)
{
    (void)state;
    static const char end[] = " 192.0.2.1";
    size_t n = LIST_LINE_MAX;
    char *line = malloc(n);
    struct dns_place place;
    memset(line, 'x', n);
    memcpy(line + n - 10, end, 10);
    assert_false(dns_line_find(fsk_span(line, n), 2, &place));
    assert_true(dns_line_find(fsk_span(line + 1, n - 1), 2, &place));
    memcpy(line + n - 11, " 192.0.2.1\n", 11);
    assert_true(dns_line_find(fsk_span(line, n), 2, &place));
    memcpy(line + n - 11, " 192.0.2.1,", 11);
    assert_true(dns_line_find(fsk_span(line, n), 2, &place));
    memcpy(line + n - 11, " 192.0.2.1 ", 11);
    assert_true(dns_line_find(fsk_span(line, n), 2, &place));
    assert_int_equal(place.at, n - 10);
    free(line);
}

static void writes(const char *line, const char *name, bool append, const char *wanted)
{
    static struct out out;
    char got[400] = "", path[] = "/tmp/fsock-line-XXXXXX";
    struct dns_place place;
    struct fsk_span text = fsk_span_str(line);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    out_init(&out, fd);
    assert_true(dns_line_find(text, 1, &place));
    dns_line_write(&out, text, &place, fsk_span_str(name), append);
    out_flush(&out);
    ssize_t n = pread(fd, got, sizeof got - 1, 0);
    assert_int_equal(n, strlen(wanted));
    assert_string_equal(got, wanted);
    out_fini(&out);
    close(fd);
}

static void written(void **state)
{
    (void)state;
    writes("192.0.2.1 - x\r\n", "a.example", false, "a.example - x\r\n");
    writes("192.0.2.1 - x\r\n", "a.example", true, "192.0.2.1/a.example - x\r\n");
    writes("192.0.2.1 - x\r\n", NULL, false, "192.0.2.1 - x\r\n");
    writes("192.0.2.1 - x\r\n", NULL, true, "192.0.2.1 - x\r\n");
    writes("192.0.2.1 - x\r\n", "", true, "192.0.2.1 - x\r\n");
    writes("\t[fe80::1%eth0]:443", "a", false, "\t[a]:443");
    writes("\t[fe80::1%eth0]:443", "a", true, "\t[fe80::1%eth0/a]:443");
    writes("\"192.0.2.1\",10.0.0.1", "a.example", false, "\"a.example\",10.0.0.1");
}

int main(void)
{
    guard_init(&guard, 4096);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),    cmocka_unit_test(ports),  cmocka_unit_test(dressed),
        cmocka_unit_test(no_addresses), cmocka_unit_test(fields), cmocka_unit_test(pieces),
        cmocka_unit_test(written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
