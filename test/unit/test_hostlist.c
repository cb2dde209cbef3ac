/* Lists of hosts, and which addresses are no public ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "guard.h"
#include "wire/addrkind.h"
#include "wire/hostlist.h"

static struct fsk_addr addr_of(const char *text)
{
    struct fsk_addr a;
    if (!fsk_addr_parse_port(fsk_span_str(text), 80, &a, NULL))
        fail_msg("%s is no address", text);
    return a;
}

/* What route.c's test doesn't ask already. */
static void hosts_as_written(void **state)
{
    static const struct {
        const char *list, *host;
        bool has;
    } rows[] = {
        {"",                "a.example",       false},
        {"*.example",       "a.example",       true },
        {"*.example",       "example",         false},
        {"*.example",       "aexample",        false},
        {"*.example:80",    "a.b.Example.",    true },
        {"*.example:81",    "a.b.example",     false},
        {"**.example",      "a.example",       false},
        {"a.*.example",     "a.b.example",     false},
        {"x a.example\r\n", "a.example",       true },
        {"10.0.0.0/8",      "10.9.8.7",        true },
        {"10.0.0.0/8",      "ten.example",     false},
        {"10.0.0.0/8",      "::ffff:10.9.8.7", false},
        {"fe80::1",         "fe80::1%2",       true },
        {"fe80::1%3",       "fe80::1%2",       false},
        {"[::1]",           "::1",             true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (fsk_hostlist_has(fsk_span_str(rows[i].list), fsk_span_str(rows[i].host), 80) !=
            rows[i].has)
            fail_msg("'%s' and %s", rows[i].list, rows[i].host);
    assert_false(fsk_hostlist_has(fsk_span(NULL, 0), FSK_SPAN("a.test"), 80)); /* none is given */
}

static void addresses_that_names_lead_to(void **state)
{
    static const struct {
        const char *list, *addr;
        bool has;
    } rows[] = {
        {"10.0.0.0/8",          "10.1.2.3",        true },
        {"10.0.0.0/8",          "11.1.2.3",        false},
        {"a.example, 10.1.2.3", "10.1.2.3",        true },
        {"10.1.2.3:80",         "10.1.2.3",        true },
        {"10.1.2.3:81",         "10.1.2.3",        false},
        {"a.example,3",         "10.1.2.3",        false},
        {"fe80::1",             "[fe80::1%7]:443", true },
        {"fe80::/10",           "fe80::1%7",       true },
        {"*",                   "192.0.2.1",       true },
        {"",                    "192.0.2.1",       false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fsk_addr a = addr_of(rows[i].addr);
        if (fsk_hostlist_has_addr(fsk_span_str(rows[i].list), &a) != rows[i].has)
            fail_msg("'%s' and %s", rows[i].list, rows[i].addr);
    }
    assert_false(fsk_hostlist_has_addr(FSK_SPAN("*"), &(struct fsk_addr){.family = 0}));
}

static void what_can_match(void **state)
{
    static const struct {
        const char *list, *bad; /* NULL: nothing is */
    } rows[] = {
        {"",                                        NULL               },
        {" , ",                                     NULL               },
        {"*",                                       NULL               },
        {"a.example,.b.example *.c.example d:8080", NULL               },
        {"192.0.2.1 192.0.2.1:80,192.0.2.0/24",     NULL               },
        {"2001:db8::1,[2001:db8::1]:80,[::]/0",     NULL               },
        {"a.example,10.0.0.0/33",                   "10.0.0.0/33"      },
        {"10.0.0/8",                                "10.0.0/8"         },
        {"::/129",                                  "::/129"           },
        {"http://a.example/",                       "http://a.example/"},
        {"a.example/x",                             "a.example/x"      },
        {"a.example:x",                             "a.example:x"      },
        {"a.example:70000",                         "a.example:70000"  },
        {"127.1",                                   "127.1"            },
        {"1.2.3.4.5",                               "1.2.3.4.5"        },
        {"10.0.0.*",                                "10.0.0.*"         },
        {"*.*.example",                             "*.*.example"      },
        {"*example",                                "*example"         },
        {".",                                       "."                },
        {"*.",                                      "*."               },
        {":80",                                     ":80"              },
        {"b\xc3\xbc"
         "cher.example",                   "b\xc3\xbc"
         "cher.example"               },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fsk_span bad;
        bool sound = fsk_hostlist_is_sound(fsk_span_str(rows[i].list), &bad);
        if (sound != !rows[i].bad || (!sound && !fsk_span_eq(bad, fsk_span_str(rows[i].bad))))
            fail_msg("'%s': '%.*s'", rows[i].list, sound ? 0 : (int)bad.n, bad.p);
    }
}

/* No byte behind a list or a host is looked at. */
static void at_the_edge(void **state)
{
    static const char list[] = "a.example:80, [2001:db8::]/32 ,*.b.example,192.0.2.1";
    struct guard edge, host_edge;
    struct fsk_span bad;
    (void)state;
    guard_init(&edge, sizeof list);
    guard_init(&host_edge, sizeof list);
    for (size_t n = 0; n < sizeof list; n++) {
        struct fsk_span s = fsk_span(guard_copy(&edge, list, n), n);
        for (size_t k = 0; k < sizeof list; k++)
            fsk_hostlist_has(s, fsk_span(guard_copy(&host_edge, list, k), k), 80);
        fsk_hostlist_is_sound(s, &bad);
    }
    guard_fini(&edge);
    guard_fini(&host_edge);
}

static void special_addresses(void **state)
{
    static const struct {
        const char *addr, *what; /* NULL: a public one */
    } rows[] = {
        {"0.0.0.0",                  "this network"   },
        {"0.255.255.255",            "this network"   },
        {"1.0.0.0",                  NULL             },
        {"9.255.255.255",            NULL             },
        {"10.0.0.0",                 "private"        },
        {"10.255.255.255",           "private"        },
        {"11.0.0.0",                 NULL             },
        {"100.63.255.255",           NULL             },
        {"100.64.0.0",               "carrier's NAT"  },
        {"100.127.255.255",          "carrier's NAT"  },
        {"100.128.0.0",              NULL             },
        {"127.0.0.1",                "loopback"       },
        {"127.255.255.255",          "loopback"       },
        {"128.0.0.0",                NULL             },
        {"169.254.169.254",          "link-local"     },
        {"169.253.255.255",          NULL             },
        {"172.15.255.255",           NULL             },
        {"172.16.0.0",               "private"        },
        {"172.31.255.255",           "private"        },
        {"172.32.0.0",               NULL             },
        {"192.0.0.8",                "protocols"      },
        {"192.0.1.0",                NULL             },
        {"192.0.2.1",                "documentation"  },
        {"192.88.99.1",              "6to4 relays"    },
        {"192.168.0.1",              "private"        },
        {"192.169.0.0",              NULL             },
        {"198.17.255.255",           NULL             },
        {"198.18.0.0",               "benchmarks"     },
        {"198.19.255.255",           "benchmarks"     },
        {"198.20.0.0",               NULL             },
        {"198.51.100.1",             "documentation"  },
        {"203.0.113.1",              "documentation"  },
        {"223.255.255.255",          NULL             },
        {"224.0.0.1",                "multicast"      },
        {"239.255.255.255",          "multicast"      },
        {"240.0.0.1",                "reserved"       },
        {"255.255.255.255",          "the broadcast"  },
        {"::",                       "unspecified"    },
        {"::1",                      "loopback"       },
        {"::2",                      "IPv4-compatible"},
        {"::8.8.8.8",                "IPv4-compatible"},
        {"::ffff:127.0.0.1",         "loopback"       },
        {"::ffff:8.8.8.8",           NULL             },
        {"::ffff:0:10.0.0.1",        "private"        },
        {"64:ff9b::169.254.169.254", "link-local"     },
        {"64:ff9b::8.8.8.8",         NULL             },
        {"64:ff9b:0:0:0:1:808:808",  "no global"      },
        {"64:ff9b:1::1",             "local NAT64"    },
        {"100::1",                   "dropped"        },
        {"2001::1",                  "Teredo"         },
        {"2001:2::1",                "benchmarks"     },
        {"2001:10::1",               "protocols"      },
        {"2001:200::1",              NULL             },
        {"2001:4860:4860::8888",     NULL             },
        {"2001:db8::1",              "documentation"  },
        {"2002:7f00:1::1",           "loopback"       },
        {"2002:808:808::1",          NULL             },
        {"3fff::1",                  "documentation"  },
        {"3fff:1000::",              NULL             },
        {"4000::1",                  "no global"      },
        {"5f00::1",                  "no global"      },
        {"fbff::1",                  "no global"      },
        {"fc00::1",                  "private"        },
        {"fdff::1",                  "private"        },
        {"fe80::1",                  "link-local"     },
        {"febf::1",                  "link-local"     },
        {"fec0::1",                  "site-local"     },
        {"ff02::1",                  "multicast"      },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fsk_addr a = addr_of(rows[i].addr);
        const char *what = fsk_addr_special(&a);
        if (!what != !rows[i].what || (what && !strstr(what, rows[i].what)))
            fail_msg("%s: %s", rows[i].addr, what ? what : "(public)");
    }
    assert_non_null(fsk_addr_special(&(struct fsk_addr){.family = 0}));
}

static void addresses_inside(void **state)
{
    static const char *const rows[][2] = {
        {"::ffff:192.0.2.7",         "192.0.2.7"},
        {"::ffff:0:192.0.2.7",       "192.0.2.7"},
        {"::192.0.2.7",              "192.0.2.7"},
        {"64:ff9b::192.0.2.7",       "192.0.2.7"},
        {"2002:c000:207::1",         "192.0.2.7"},
        {"2001:0:1:2:3:4:3fff:fdf8", "192.0.2.7"},
        {"2001:db8::192.0.2.7",      NULL       },
        {"::1",                      NULL       },
        {"::",                       NULL       },
        {"192.0.2.7",                NULL       },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fsk_addr a = addr_of(rows[i][0]), inner = {.family = 0};
        assert_int_equal(fsk_addr_embedded(&a, &inner), rows[i][1] != NULL);
        if (rows[i][1]) {
            struct fsk_addr expected = addr_of(rows[i][1]);
            assert_true(fsk_addr_equal(&inner, &expected));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_as_written),  cmocka_unit_test(addresses_that_names_lead_to),
        cmocka_unit_test(what_can_match),    cmocka_unit_test(at_the_edge),
        cmocka_unit_test(special_addresses), cmocka_unit_test(addresses_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
