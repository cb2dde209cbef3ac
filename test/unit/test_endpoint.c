/* Targets as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "guard.h"
#include "wire/endpoint.h"

static struct guard guard;
static char why[FSK_ENDPOINT_WHY];

static bool parse(struct fsk_endpoint *e, const char *text, int port, bool listening)
{
    size_t n = strlen(text);
    memset(why, 'x', sizeof why);
    return fsk_endpoint_parse(fsk_span(guard_copy(&guard, text, n), n), port, listening, e, why);
}

static bool is(struct fsk_span s, const char *text)
{
    return s.n == strlen(text) && (!s.n || memcmp(s.p, text, s.n) == 0);
}

static void test_good(void **state)
{
    static const struct {
        const char *text;
        int argument;
        enum fsk_transport transport;
        const char *host, *path;
        int port;
    } rows[] = {
        {"example.org:80",            0,   FSK_TCP,  "example.org",  "",              80   },
        {"example.org",               80,  FSK_TCP,  "example.org",  "",              80   },
        {"tcp://example.org:80",      0,   FSK_TCP,  "example.org",  "",              80   },
        {"TCP://Example.org:80",      0,   FSK_TCP,  "Example.org",  "",              80   },
        {"udp://192.0.2.53:53",       0,   FSK_UDP,  "192.0.2.53",   "",              53   },
        {"tls://example.org",         443, FSK_TLS,  "example.org",  "",              443  },
        {"ssl://example.org",         443, FSK_TLS,  "example.org",  "",              443  },
        {"tlsv1.2://example.org:443", 0,   FSK_TLS,  "example.org",  "",              443  },
        {"example.org:8080",          80,  FSK_TCP,  "example.org",  "",              8080 },
        {"example.org:8080",          -1,  FSK_TCP,  "example.org",  "",              8080 },
        {"example.org:8080",          7e7, FSK_TCP,  "example.org",  "",              8080 },
        {"example.org:80/a:b/c",      0,   FSK_TCP,  "example.org",  "",              80   },
        {"example.org:80/",           0,   FSK_TCP,  "example.org",  "",              80   },
        {"example.org:65535",         0,   FSK_TCP,  "example.org",  "",              65535},
        {"example.org:0080",          0,   FSK_TCP,  "example.org",  "",              80   },
        {"[2001:db8::7]:80",          0,   FSK_TCP,  "2001:db8::7",  "",              80   },
        {"[2001:db8::7]",             80,  FSK_TCP,  "2001:db8::7",  "",              80   },
        {"[fe80::1%eth0]:80",         0,   FSK_TCP,  "fe80::1%eth0", "",              80   },
        {"udp://[::1]:53/x",          0,   FSK_UDP,  "::1",          "",              53   },
        {"::1",                       80,  FSK_TCP,  "::1",          "",              80   },
        {"2001:db8::7",               80,  FSK_TCP,  "2001:db8::7",  "",              80   },
        {"unix:///run/app.sock",      0,   FSK_UNIX, "",             "/run/app.sock", 0    },
        {"unix:///a:1/b",             0,   FSK_UNIX, "",             "/a:1/b",        0    },
        {"unix://here",               -1,  FSK_UNIX, "",             "here",          0    },
        {"UDG:///dev/log",            0,   FSK_UDG,  "",             "/dev/log",      0    },
        {"udg://@log",                0,   FSK_UDG,  "",             "@log",          0    },
        {"127.1",                     80,  FSK_TCP,  "127.1",        "",              80   },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fsk_endpoint e;
        if (!parse(&e, rows[i].text, rows[i].argument, false))
            fail_msg("%s: %s", rows[i].text, why);
        assert_int_equal(e.transport, rows[i].transport);
        assert_true(is(e.host, rows[i].host));
        assert_true(is(e.path, rows[i].path));
        assert_int_equal(e.port, rows[i].port);
    }
}

static void test_versions_of_tls(void **state)
{
    static const char *const rows[][2] = {
        {"tls://a:1",     NULL },
        {"ssl://a:1",     NULL },
        {"tlsv1.0://a:1", "1.0"},
        {"tlsv1.1://a:1", "1.1"},
        {"tlsv1.2://a:1", "1.2"},
        {"TLSv1.3://a:1", "1.3"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fsk_endpoint e;
        assert_true(parse(&e, rows[i][0], 0, false));
        assert_int_equal(e.transport, FSK_TLS);
        assert_true(e.tls_version == rows[i][1] || strcmp(e.tls_version, rows[i][1]) == 0);
    }
}

/* What is wrong, as a part of the sentence. */
static const struct {
    const char *text;
    int argument;
    const char *why;
} bad[] = {
    {"example.org",                                0,     "there is no port"                                       },
    {"example.org",                                -1,    "ports are from 1 to 65535"                              },
    {"example.org",                                65536, "ports are from 1 to 65535"                              },
    {"example.org:0",                              0,     "there is no port"                                       },
    {"example.org:",                               0,     "no port follows the colon"                              },
    {"example.org:/x",                             0,     "no port follows the colon"                              },
    {"example.org:65536",                          0,     "ports end at 65535"                                     },
    {"example.org:99999999999999999999",           0,     "ports end at 65535"                                     },
    {"example.org:80x",                            0,     "what follows the colon is no port"                      },
    {"example.org:-1",                             0,     "what follows the colon is no port"                      },
    {"example.org: 80",                            0,     "what follows the colon is no port"                      },
    {"example.org/x",                              80,    "a host holds no slash"                                  },
    {"",                                           0,     "there is no host"                                       },
    {"",                                           80,    "there is no host"                                       },
    {":80",                                        0,     "there is no host"                                       },
    {"tcp://",                                     80,    "there is no host"                                       },
    {"tcp://:80",                                  0,     "there is no host"                                       },
    {"a b",                                        80,    "a host holds no blanks"                                 },
    {" ",                                          80,    "a host holds no blanks"                                 },
    {"a\x7f",                                      80,    "a host holds no blanks"                                 },
    {"a\nb:80",                                    0,     "\"a?b:80\": a host holds no blanks"                     },
    {"user@example.org:80",                        0,     "there is no user here"                                  },
    {"[::1",                                       80,    "an IPv6 address belongs in the brackets"                },
    {"[::1]x",                                     80,    "only a port can follow the bracket"                     },
    {"[]:80",                                      0,     "an IPv6 address belongs in the brackets"                },
    {"[127.0.0.1]:80",                             0,     "an IPv6 address belongs in the brackets"                },
    {"[example.org]:80",                           0,     "an IPv6 address belongs in the brackets"                },
    {"2001:db8::7:",                               80,    "needs brackets"                                         },
    {"a:b:80",                                     0,     "needs brackets"                                         },
    {"http://example.org:80",                      0,     "unable to find the socket transport \"http\": there are"},
    {"foo.bar+x-1://a:1",                          0,     "unable to find the socket transport \"foo.bar+x-1\""    },
    {"tlsv1.4://a:1",                              0,     "unable to find the socket transport \"tlsv1.4\""        },
    {"abcdefghijklmnopqrstuvwxyz0123456789://a:1", 0,
     "transport \"abcdefghijklmnopqrstuvwxyz01234\":"                                                              },
    {"x://a:1",                                    0,     "no port follows the colon"                              },
    {"unix://",                                    0,     "there is no path"                                       },
    {"unix://@",                                   0,     "there is no path"                                       },
    {"unix:///x",                                  80,    "a unix socket has no port"                              },
    {"udg:///x",                                   80,    "a unix socket has no port"                              },
};

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fsk_endpoint e;
        if (parse(&e, bad[i].text, bad[i].argument, false))
            fail_msg("\"%s\" is taken for good", bad[i].text);
        if (!strstr(why, bad[i].why))
            fail_msg("\"%s\": %s", bad[i].text, why);
        assert_null(strchr(why, '\n'));
    }
}

/* PHP's sentence is in it. */
static void test_1_03_failed_to_parse_address(void **state)
{
    struct fsk_endpoint e;
    (void)state;
    assert_false(parse(&e, "example.org", 0, false));
    assert_non_null(strstr(why, "failed to parse address \"example.org\""));
}

static void test_long(void **state)
{
    char text[400] = "unix://";
    struct fsk_endpoint e;
    (void)state;
    memset(text + 7, 'p', 107);
    assert_true(parse(&e, text, 0, false));
    assert_int_equal(e.path.n, 107);
    text[7 + 107] = 'p';
    assert_false(parse(&e, text, 0, false));
    assert_non_null(strstr(why, "at most 107 bytes"));
    memset(text, 'h', 300);
    text[300] = '\0';
    assert_true(parse(&e, text, 80, false)); /* looking it up will tell */
    assert_false(parse(&e, text, 0, false));
    assert_true(strlen(why) < 200);
}

static void test_listening(void **state)
{
    struct fsk_endpoint e;
    (void)state;
    assert_true(parse(&e, "tcp://:80", 0, true));
    assert_int_equal(e.host.n, 0);
    assert_int_equal(e.port, 80);
    assert_true(parse(&e, "udp://", 0, true));
    assert_true(parse(&e, "", 0, true));
    assert_true(parse(&e, "127.0.0.1", 0, true));
    assert_int_equal(e.port, 0);
    assert_true(parse(&e, "[::1]:0", 0, true));
    assert_false(parse(&e, "127.0.0.1:65536", 0, true));
    assert_false(parse(&e, "127.0.0.1", -1, true));
    assert_false(parse(&e, "unix://", 0, true));
}

/* Each beginning of each text, before a page that can't be read, is judged alone. */
static void test_each_beginning(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        for (size_t n = 0; n <= strlen(bad[i].text); n++) {
            struct fsk_endpoint e;
            struct fsk_span s = fsk_span(guard_copy(&guard, bad[i].text, n), n);
            if (!fsk_endpoint_parse(s, bad[i].argument, false, &e, why))
                assert_true(strlen(why) > 0);
            fsk_endpoint_parse(s, 0, true, &e, why);
        }
}

static void test_names(void **state)
{
    struct fsk_endpoint e;
    char text[64];
    (void)state;
    for (size_t i = 0; fsk_transport_names[i]; i++) {
        snprintf(text, sizeof text, "%s://a", fsk_transport_names[i]);
        bool good = parse(&e, text, 1, false) || parse(&e, text, 0, false);
        assert_true(good);
        assert_non_null(fsk_transport_name(e.transport));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_versions_of_tls),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_1_03_failed_to_parse_address),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_listening),
        cmocka_unit_test(test_each_beginning),
        cmocka_unit_test(test_names),
    };
    guard_init(&guard, 512);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
