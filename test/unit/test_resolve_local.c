/* Name lookup that needs no server: literals, the hosts file, pins; options that make no sense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "resolve_rig.h"

static void literals(void **state)
{
    struct env *e = *state;
    static const struct {
        const char *host;
        int family;
        enum fsock_err err;
        const char *addr;
    } rows[] = {
        {"192.0.2.7",      0, FSOCK_OK,        "192.0.2.7:80"    },
        {"127.1",          0, FSOCK_OK,        "127.0.0.1:80"    },
        {"0x7f000001",     0, FSOCK_OK,        "127.0.0.1:80"    },
        {"2001:db8::7",    0, FSOCK_OK,        "[2001:db8::7]:80"},
        {"fe80::1%7",      0, FSOCK_OK,        "[fe80::1%7]:80"  },
        {"::1%lo",         0, FSOCK_OK,        "[::1%1]:80"      },
        {"::1%nowhere0",   0, FSOCK_ERR_INPUT, ""                },
        {"192.0.2.7",      6, FSOCK_ERR_NAME,  ""                },
        {"::1",            4, FSOCK_ERR_NAME,  ""                },
        {"192.0.2.256",    0, FSOCK_ERR_INPUT, ""                },
        {"1.2.3.4.5",      0, FSOCK_ERR_INPUT, ""                },
        {"",               0, FSOCK_ERR_INPUT, ""                },
        {".",              0, FSOCK_ERR_INPUT, ""                },
        {"a..example",     0, FSOCK_ERR_INPUT, ""                },
        {".example",       0, FSOCK_ERR_INPUT, ""                },
        {"a b.example",    0, FSOCK_ERR_INPUT, ""                },
        {"a\n.example",    0, FSOCK_ERR_INPUT, ""                },
        {"a\\.example",    0, FSOCK_ERR_INPUT, ""                },
        {"\xff.example",   0, FSOCK_ERR_INPUT, ""                },
        {"localhost",      4, FSOCK_OK,        "127.0.0.1:80"    },
        {"Sub.LocalHost.", 4, FSOCK_OK,        "127.0.0.1:80"    },
        {"localhost",      6, FSOCK_OK,        "[::1]:80"        },
    };
    serve_and_resolve(e, DNS_MUTE);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (look(e, rows[i].host, rows[i].family, FSOCK_SECOND) != rows[i].err)
            fail_msg("%s: %d %s", rows[i].host, e->w.op.err, e->w.fault.text);
        has(e, rows[i].addr, "");
        assert_false(e->w.wish.from_network);
        if (rows[i].err)
            says(e, "resolve ");
    }
    char longest[300];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(look(e, longest, 0, FSOCK_SECOND), FSOCK_ERR_INPUT);
    for (size_t i = 60; i < 299; i += 61)
        longest[i] = '.';
    assert_int_equal(look(e, longest, 0, FSOCK_SECOND), FSOCK_ERR_INPUT);
    assert_int_equal(asked(e), 0);
}

static void hosts_file(void **state)
{
    struct env *e = *state;
    write_file(e->hosts, "# comment\n192.0.2.20 Front front.alias # x\n2001:db8::20 front\n"
                         "192.0.2.21 front\n192.0.2.20 front\nnonsense here\n"
                         "192.0.2.30 localhost\n192.0.2.40 four.example\n");
    serve_and_resolve(e, DNS_GOOD);
    assert_int_equal(look(e, "FRONT", 0, FSOCK_SECOND), FSOCK_OK);
    assert_int_equal(e->w.wish.n, 3);
    assert_int_equal(look(e, "front.alias.", 4, FSOCK_SECOND), FSOCK_OK);
    has(e, "192.0.2.20:80", "");
    assert_int_equal(look(e, "localhost", 4, FSOCK_SECOND), FSOCK_OK);
    has(e, "127.0.0.1:80", "");
    assert_int_equal(asked(e), 0);
    assert_int_equal(look(e, "four.example", 6, FSOCK_SECOND), FSOCK_OK);
    has(e, "[2001:db8::1]:80", "");
    assert_int_equal(asked(e), 1);
}

static void pins(void **state)
{
    struct env *e = *state;
    static const char *const entries[] = {"shop.example:80:192.0.2.50,[2001:db8::50], 192.0.2.51",
                                          "*:80:192.0.2.60",
                                          "six.example:80:2001:db8::6",
                                          "192.0.2.1:80:192.0.2.70",
                                          "shop.example:81:192.0.2.80",
                                          NULL};
    serve(e, DNS_GOOD);
    resolver(e, entries);
    assert_int_equal(look(e, "SHOP.example", 0, FSOCK_SECOND), FSOCK_OK);
    has(e, "192.0.2.50:80", "[2001:db8::50]:80");
    assert_int_equal(e->w.wish.n, 3);
    assert_int_equal(look(e, "other.example", 0, FSOCK_SECOND), FSOCK_OK);
    has(e, "192.0.2.60:80", "");
    assert_int_equal(look(e, "192.0.2.1", 0, FSOCK_SECOND), FSOCK_OK);
    has(e, "192.0.2.70:80", "");
    assert_int_equal(look(e, "six.example", 4, FSOCK_SECOND), FSOCK_ERR_NAME);
    assert_int_equal(asked(e), 0);
}

static void bad_options(void **state)
{
    struct env *e = *state;
    static const char *const servers[] = {"",
                                          "x",
                                          "127.0.0.1:x",
                                          "127.0.0.1:0",
                                          "1.2.3",
                                          "localhost",
                                          "127.0.0.1,,",
                                          "::1%nowhere0",
                                          "ftp://127.0.0.1",
                                          "tcp://127.0.0.1#name",
                                          "tls://127.0.0.1#"};
    static const char *const entries[] = {
        "",       "a",        "a:80",      "a:80:",     "a:x:192.0.2.1", ":80:192.0.2.1",
        "a:*:::", "a:80:b.c", "-a:80:::1", "+a:80:::1", "a:80:::1,",     "a:80:,::1",
    };
    struct fsock_options o = {.size = sizeof o};
    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
        struct fsock_fault fault = {0};
        o.dns_servers = servers[i];
        if (fsk_resolver_new(&o, e->drivers.driver, &fault) || fault.err != FSOCK_ERR_INPUT)
            fail_msg("servers %s", servers[i]);
        assert_non_null(strstr(fault.text, "name server"));
    }
    o.dns_servers = NULL;
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        const char *list[] = {entries[i], NULL};
        struct fsock_fault fault = {0};
        o.resolve = list;
        struct fsk_resolver *r = fsk_resolver_new(&o, e->drivers.driver, &fault);
        bool comma = strcmp(entries[i], "a:80:::1,") == 0; /* a list may end in one */
        if (!r != !comma)
            fail_msg("entry %s", entries[i]);
        fsk_resolver_free(r);
        if (!comma)
            assert_non_null(strstr(fault.text, "resolve entry"));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        BOTH_DRIVERS(literals),
        BOTH_DRIVERS(hosts_file),
        BOTH_DRIVERS(pins),
        BOTH_DRIVERS(bad_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
