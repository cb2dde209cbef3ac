/* Addresses as text and numbers. inet_pton, inet_ntop and inet_aton are the oracles. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "guard.h"
#include "wire/addr.h"

static struct guard guard;

/* The text, placed so that reading behind it is fatal. */
static struct fsk_span text(const char *s)
{
    size_t n = strlen(s);
    return fsk_span(guard_copy(&guard, s, n), n);
}

static struct fsk_addr addr(const char *s)
{
    struct fsk_addr a;
    struct fsk_span zone;
    assert_true(fsk_addr_parse(text(s), &a, &zone));
    return a;
}

static void check_against_pton(const char *s)
{
    uint8_t ip[16];
    struct fsk_addr a;
    struct fsk_span zone;
    bool ok = fsk_addr_parse(text(s), &a, &zone);
    int family = strchr(s, ':') ? AF_INET6 : AF_INET;

    if (ok != (inet_pton(family, s, ip) == 1))
        fail_msg("%s: parse gives %d", s, ok);
    if (ok)
        assert_memory_equal(a.ip, ip, family == AF_INET ? 4 : 16);
}

/* Addresses, and what nearly is one. */
static const char *const addresses[] = {
    "0.0.0.0",
    "255.255.255.255",
    "192.0.2.1",
    "256.0.0.1",
    "1.2.3",
    "1.2.3.4.",
    ".1.2.3.4",
    "1..2.3",
    "01.2.3.4",
    "1.2.3.00",
    "1.2.3.4.5",
    "1.2.3.-4",
    "1.2.3.+4",
    " 1.2.3.4",
    "1.2.3.4 ",
    "1.2.3.4x",
    "0x1.2.3.4",
    "127.1",
    "1",
    "",
    "1.2.3.1000",
    "::",
    "::1",
    "1::",
    "1::2",
    ":",
    ":::",
    "1:",
    ":1",
    "1:::2",
    "::1::",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::",
    "::2:3:4:5:6:7:8",
    "1::3:4:5:6:7:8",
    "::1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7:8::",
    "12345::",
    "::g",
    "::ffff:192.0.2.1",
    "::192.0.2.1",
    "1:2:3:4:5:6:192.0.2.1",
    "1:2:3:4:5:6:7:192.0.2.1",
    "::192.0.2",
    "::1.2.3.4.5",
    "::01.2.3.4",
    "::1.2.3.4:5",
    "1.2.3.4::",
    "ABCD:ef01::",
    "::0001",
    "::00001",
    "[::1]",
    "::1 ",
    "fe80::1:",
    "1.2.3.4:",
    "::.1.2.3",
    "::ffff:1.2.3.256",
};

static void parses_what_inet_pton_parses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++)
        check_against_pton(addresses[i]);
}

static void formats_what_inet_ntop_formats(void **state)
{
    uint32_t seed = 1;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct fsk_addr a = {.family = round % 8 ? 6 : 4}, back;
        char ours[FSK_ADDR_TEXT], theirs[INET6_ADDRSTRLEN];
        for (int i = 0; i < 16; i += 2) {
            seed = seed * 1664525 + 1013904223;
            /* Many zero groups, so that runs of every length and place occur. */
            bool zero = a.family == 6 && (seed >> 30) != 0 && i < 12;
            a.ip[i] = zero ? 0 : (uint8_t)(seed >> 24 & (seed & 0x100 ? 0x0f : 0xff));
            a.ip[i + 1] = zero ? 0 : (uint8_t)(seed >> 16);
        }
        a.ip[12] |= a.family == 6 ? 1 : 0;
        a.ip[0] |= a.family == 6 ? 0x20 : 0; /* not ::/96: glibc writes that one in its own way */
        if (a.family == 4)
            memset(a.ip + 4, 0, 12);
        size_t n = fsk_addr_format(&a, ours);
        assert_int_equal(n, strlen(ours));
        assert_non_null(
            inet_ntop(a.family == 4 ? AF_INET : AF_INET6, a.ip, theirs, sizeof(theirs)));
        assert_string_equal(ours, theirs);
        assert_true(fsk_addr_parse(text(ours), &back, NULL));
        assert_true(fsk_addr_equal(&a, &back));
    }
}

static void formats_as_rfc_5952_says(void **state)
{
    static const char *const pairs[][2] = {
        {"::",                   "::"                  },
        {"::1",                  "::1"                 },
        {"1::",                  "1::"                 },
        {"2001:0DB8::0001",      "2001:db8::1"         },
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:0:0:1:0:0:0:1",   "2001:0:0:1::1"       },
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"   },
        {"::ffff:c000:201",      "::ffff:192.0.2.1"    },
        {"::c000:201",           "::c000:201"          },
        {"1:2:3:4:5:6:0:0",      "1:2:3:4:5:6::"       },
        {"fe80::1%7",            "fe80::1%7"           },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
        struct fsk_addr a = addr(pairs[i][0]);
        char out[FSK_ADDR_TEXT];
        fsk_addr_format(&a, out);
        assert_string_equal(out, pairs[i][1]);
    }
    struct fsk_addr none = {0},
                    longest = addr("1111:1111:1111:1111:1111:1111:1111:1111%4294967295");
    char out[FSK_ADDR_TEXT];
    assert_int_equal(fsk_addr_format(&none, out), 0);
    assert_int_equal(fsk_addr_format_port(&none, out), 0);
    longest.port = 65535;
    fsk_addr_format_port(&longest, out);
    assert_string_equal(out, "[1111:1111:1111:1111:1111:1111:1111:1111%4294967295]:65535");
    longest = addr("192.0.2.1");
    fsk_addr_format_port(&longest, out);
    assert_string_equal(out, "192.0.2.1:0");
}

static void zones(void **state)
{
    struct fsk_addr a;
    struct fsk_span zone;
    (void)state;
    assert_true(fsk_addr_parse(text("fe80::1%eth0"), &a, &zone));
    assert_true(fsk_span_eq(zone, FSK_SPAN("eth0")));
    assert_int_equal(a.scope, 0);
    assert_true(fsk_addr_parse(text("fe80::1%12"), &a, &zone));
    assert_true(fsk_span_eq(zone, FSK_SPAN("12")));
    assert_int_equal(a.scope, 12);
    assert_true(fsk_addr_parse(text("fe80::1%12"), &a, NULL));
    assert_false(fsk_addr_parse(text("fe80::1%eth0"), &a, NULL));
    assert_false(fsk_addr_parse(text("fe80::1%4294967296"), &a, NULL));
    assert_false(fsk_addr_parse(text("fe80::1%"), &a, &zone));
    assert_false(fsk_addr_parse(text("127.0.0.1%1"), &a, &zone));
}

static void ports(void **state)
{
    static const char *const bad[] = {"",   "65536", "74321", "+1", "-1",
                                      " 1", "1 ",    "0x10",  "1a", "99999999999999999999"};
    uint16_t port = 7;
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(fsk_port_parse(text(bad[i]), &port));
    assert_int_equal(port, 7);
    assert_true(fsk_port_parse(text("65535"), &port));
    assert_int_equal(port, 65535);
    assert_true(fsk_port_parse(text("00080"), &port));
    assert_int_equal(port, 80);
    assert_true(fsk_port_parse(text("0"), &port));
    assert_int_equal(port, 0);
}

static void hosts_with_ports(void **state)
{
    static const struct {
        const char *in, *host;
        int port; /* -1: refused */
    } cases[] = {
        {"h",                 "h",            53},
        {"h:80",              "h",            80},
        {"192.0.2.1",         "192.0.2.1",    53},
        {"192.0.2.1:80",      "192.0.2.1",    80},
        {"::1",               "::1",          53},
        {"[::1]",             "::1",          53},
        {"[::1]:80",          "::1",          80},
        {"[fe80::1%eth0]:80", "fe80::1%eth0", 80},
        {"fe80::1%eth0",      "fe80::1%eth0", 53},
        {"",                  "",             -1},
        {":80",               "",             -1},
        {"h:",                "",             -1},
        {"h:65536",           "",             -1},
        {"h:80:90",           "",             -1},
        {"[::1",              "",             -1},
        {"[::1]x",            "",             -1},
        {"[::1]:",            "",             -1},
        {"[h]:80",            "",             -1},
        {"[192.0.2.1]:80",    "",             -1},
        {"[]",                "",             -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct fsk_span host;
        uint16_t port;
        bool ok = fsk_addr_split(text(cases[i].in), 53, &host, &port);
        if (ok != (cases[i].port >= 0))
            fail_msg("%s: split gives %d", cases[i].in, ok);
        if (ok) {
            assert_true(fsk_span_eq(host, fsk_span_str(cases[i].host)));
            assert_int_equal(port, cases[i].port);
        }
    }
    struct fsk_addr a;
    struct fsk_span zone;
    assert_true(fsk_addr_parse_port(text("[::1]:80"), 53, &a, &zone));
    assert_int_equal(a.port, 80);
    assert_false(fsk_addr_parse_port(text("localhost:80"), 53, &a, &zone));
}

static void loose_is_inet_aton(void **state)
{
    static const char *const texts[] = {
        "127.1",      "0x7f.1",     "017700000001", "2130706433",
        "0x7f000001", "127.0.1",    "1.2.3.4",      "0",
        "00",         "0x",         "08",           "1.2.3.4.5",
        "256.1",      "1.16777216", "1.16777215",   "1.2.65536",
        "1.2.65535",  "1.2.3.256",  "4294967295",   "4294967296",
        "1..2",       "1.",         ".1",           "",
        "0X7F.0X1",   "1.2.3.0377", "1.2.3.0400",   "-1",
        "1.-2",       "1a",         "0xg",          "99999999999999999999",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct fsk_addr a;
        struct in_addr in;
        bool ok = fsk_addr_parse_loose(text(texts[i]), &a);
        if (ok != (inet_aton(texts[i], &in) == 1))
            fail_msg("%s: loose gives %d", texts[i], ok);
        if (ok)
            assert_memory_equal(a.ip, &in, 4);
    }
}

static void looks_numeric(void **state)
{
    static const char *const yes[] = {"127.1",   "0x7f.1", "017700000001",       "1",
                                      "1.2.3.4", "foo.1",  "1.2.3.4.",           "foo.0x1f",
                                      "0x",      "09",     "256.256.256.256.256"};
    static const char *const no[] = {"",    ".",  "1..", "example.org", "1.example",
                                     "0xg", "1a", "x1",  "00x1",        "1.2.3.4.."};
    (void)state;
    for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
        if (!fsk_addr_looks_numeric(text(yes[i])))
            fail_msg("%s", yes[i]);
    for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
        if (fsk_addr_looks_numeric(text(no[i])))
            fail_msg("%s", no[i]);
}

static void policy_table_and_scopes(void **state)
{
    static const struct {
        const char *ip;
        unsigned precedence, label, scope;
    } rows[] = {
        {"::1",                50, 0,  FSK_SCOPE_LINK  },
        {"::2",                1,  3,  FSK_SCOPE_GLOBAL},
        {"2a00::1",            40, 1,  FSK_SCOPE_GLOBAL},
        {"192.0.2.1",          35, 4,  FSK_SCOPE_GLOBAL},
        {"10.0.0.1",           35, 4,  FSK_SCOPE_GLOBAL},
        {"127.0.0.1",          35, 4,  FSK_SCOPE_LINK  },
        {"169.254.1.1",        35, 4,  FSK_SCOPE_LINK  },
        {"::ffff:169.254.1.1", 35, 4,  FSK_SCOPE_LINK  },
        {"2002:c000:201::1",   30, 2,  FSK_SCOPE_GLOBAL},
        {"2001::1",            5,  5,  FSK_SCOPE_GLOBAL},
        {"2001:db8::1",        40, 1,  FSK_SCOPE_GLOBAL},
        {"fd00::1",            3,  13, FSK_SCOPE_GLOBAL},
        {"fe80::1",            40, 1,  FSK_SCOPE_LINK  },
        {"febf::1",            40, 1,  FSK_SCOPE_LINK  },
        {"fec0::1",            1,  11, FSK_SCOPE_SITE  },
        {"3ffe::1",            1,  12, FSK_SCOPE_GLOBAL},
        {"ff02::1",            40, 1,  2               },
        {"ff05::1",            40, 1,  5               },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct fsk_addr a = addr(rows[i].ip);
        if (fsk_addr_precedence(&a) != rows[i].precedence || fsk_addr_label(&a) != rows[i].label ||
            fsk_addr_scope(&a) != rows[i].scope)
            fail_msg("%s", rows[i].ip);
    }
}

static unsigned common(const char *a, const char *b)
{
    struct fsk_addr x = addr(a), y = addr(b);
    return fsk_addr_common_prefix(&x, &y);
}

static void common_prefix(void **state)
{
    (void)state;
    assert_int_equal(common("192.0.2.1", "192.0.2.1"), 32);
    assert_int_equal(common("192.0.2.1", "192.0.2.0"), 31);
    assert_int_equal(common("128.0.0.0", "0.0.0.0"), 0);
    assert_int_equal(common("2001:db8::1", "2001:db8::2"), 64);
    assert_int_equal(common("2001:db8::", "2001:db9::"), 31);
    assert_int_equal(common("::", "0.0.0.0"), 0);
}

static void equality(void **state)
{
    struct fsk_addr a = addr("192.0.2.1"), b = a;
    (void)state;
    assert_true(fsk_addr_equal(&a, &b));
    b.port = 1;
    assert_false(fsk_addr_equal(&a, &b));
    assert_true(fsk_addr_same_ip(&a, &b));
    b = addr("::ffff:192.0.2.1");
    assert_false(fsk_addr_same_ip(&a, &b));
    a = addr("fe80::1%1");
    b = addr("fe80::1%2");
    assert_false(fsk_addr_same_ip(&a, &b));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_what_inet_pton_parses),
        cmocka_unit_test(formats_what_inet_ntop_formats),
        cmocka_unit_test(formats_as_rfc_5952_says),
        cmocka_unit_test(zones),
        cmocka_unit_test(ports),
        cmocka_unit_test(hosts_with_ports),
        cmocka_unit_test(loose_is_inet_aton),
        cmocka_unit_test(looks_numeric),
        cmocka_unit_test(policy_table_and_scopes),
        cmocka_unit_test(common_prefix),
        cmocka_unit_test(equality),
    };
    guard_init(&guard, 4096);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
