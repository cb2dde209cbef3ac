/* Which proxy a request goes by: how proxies are written, what the environment says, no_proxy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "op/aim.h"
#include "op/route.h"

static const char *const variables[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
                                        "all_proxy",  "ALL_PROXY",  "no_proxy",    "NO_PROXY"};

static int clear_environment(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
    return 0;
}

static struct fsk_routes *routes(const char *proxy, const char *user, const char *no_proxy, int env)
{
    struct fsock_options o = {
        .proxy = proxy, .proxy_user = user, .no_proxy = no_proxy, .proxy_from_environment = env};
    struct fsock_fault fault = {.err = FSOCK_OK};
    struct fsk_routes *r = fsk_routes_new(&o, &fault);
    if (!r)
        fail_msg("%s: %s", proxy ? proxy : "(environment)", fault.text);
    return r;
}

static void assert_span(struct fsk_span s, const char *expected, const char *of)
{
    if (!fsk_span_eq(s, fsk_span_str(expected)))
        fail_msg("%s: '%.*s' isn't '%s'", of, (int)s.n, s.p, expected);
}

enum {
    HTTP = FSK_PROXY_HTTP,
    SOCKS = FSK_PROXY_SOCKS5,
    SOCKSH = FSK_PROXY_SOCKS5H,
    SOCKS4 = FSK_PROXY_SOCKS4,
    SOCKS4A = FSK_PROXY_SOCKS4A
};

static const struct {
    const char *url, *proxy_user;
    int kind;
    bool tls;
    const char *host;
    uint16_t port;
    const char *user, *password;
} good[] = {
    {"p.example",                  NULL,      HTTP,    false, "p.example",    1080, "",    ""    },
    {"p.example:3128",             NULL,      HTTP,    false, "p.example",    3128, "",    ""    },
    {"http://p.example:3128/",     NULL,      HTTP,    false, "p.example",    3128, "",    ""    },
    {"HTTP://p.example/x?y#z",     NULL,      HTTP,    false, "p.example",    1080, "",    ""    },
    {"https://p.example",          NULL,      HTTP,    true,  "p.example",    443,  "",    ""    },
    {"socks5://p.example",         NULL,      SOCKS,   false, "p.example",    1080, "",    ""    },
    {"socks5h://p.example:9050",   NULL,      SOCKSH,  false, "p.example",    9050, "",    ""    },
    {"socks://192.0.2.1",          NULL,      SOCKS,   false, "192.0.2.1",    1080, "",    ""    },
    {"socks4://p.example",         NULL,      SOCKS4,  false, "p.example",    1080, "",    ""    },
    {"Socks4A://p.example:9050",   NULL,      SOCKS4A, false, "p.example",    9050, "",    ""    },
    {"socks4://me@p.example",      NULL,      SOCKS4,  false, "p.example",    1080, "me",  ""    },
    {"socks4a://me:@[::1]:81",     "you:pw",  SOCKS4A, false, "::1",          81,   "me",  ""    },
    {"socks4a://p.example",        "you",     SOCKS4A, false, "p.example",    1080, "you", ""    },
    {"[2001:db8::1]:3128",         NULL,      HTTP,    false, "2001:db8::1",  3128, "",    ""    },
    {"http://[fe80::1%25eth0]:80", NULL,      HTTP,    false, "fe80::1%eth0", 80,   "",    ""    },
    {"http://[fe80::1%eth0]",      NULL,      HTTP,    false, "fe80::1%eth0", 1080, "",    ""    },
    {"http://me:pw@p.example",     NULL,      HTTP,    false, "p.example",    1080, "me",  "pw"  },
    {"me:pw@p.example:8080",       NULL,      HTTP,    false, "p.example",    8080, "me",  "pw"  },
    {"http://a%40b:p%3a%2Fw@p.ex", NULL,      HTTP,    false, "p.ex",         1080, "a@b", "p:/w"},
    {"http://me:a:b@p.example",    NULL,      HTTP,    false, "p.example",    1080, "me",  "a:b" },
    {"http://me@p.example",        "you:pw",  HTTP,    false, "p.example",    1080, "me",  ""    },
    {"http://p.example",           "you:p:w", HTTP,    false, "p.example",    1080, "you", "p:w" },
    {"socks5://p.example",         "a%3Ab:%", SOCKS,   false, "p.example",    1080, "a:b", "%"   },
    {"http://p.example",           "you",     HTTP,    false, "p.example",    1080, "you", ""    },
};

static void test_good_proxies(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct fsk_routes *r = routes(good[i].url, good[i].proxy_user, NULL, 0);
        for (int https = 0; https < 2; https++) {
            const struct fsk_proxy *p = fsk_routes_find(r, https, FSK_SPAN("h.example"), 80);
            assert_non_null(p);
            assert_int_equal(p->kind, good[i].kind);
            assert_int_equal(p->tls, good[i].tls);
            assert_int_equal(p->port, good[i].port);
            assert_span(p->host, good[i].host, good[i].url);
            assert_span(p->user, good[i].user, good[i].url);
            assert_span(p->password, good[i].password, good[i].url);
        }
        fsk_routes_free(r);
    }
}

static const struct {
    const char *proxy, *user, *sentence;
} bad[] = {
    {"ftp://p.example",         NULL,        "has the scheme ftp, which"                      },
    {"socks4b://p.example",     NULL,        "has the scheme socks4b, which"                  },
    {"socks4://me:secret@p.ex", NULL,        "has a password, and SOCKS4 knows none"          },
    {"socks4a://:secret@p.exa", NULL,        "has a password, and SOCKS4 knows none"          },
    {"socks4://p.example",      "me:secret", "has a password, and SOCKS4 knows none"          },
    {"http://",                 NULL,        "has no host"                                    },
    {"http://me:secret@",       NULL,        "has no host"                                    },
    {"://p.example",            NULL,        "has no scheme"                                  },
    {":3128",                   NULL,        "has no host"                                    },
    {"p.example:x",             NULL,        "has a port that isn't a number"                 },
    {"p.example:65536",         NULL,        "has the port 65536, which is above 65535"       },
    {"http://p.example:0",      NULL,        "has the port 0"                                 },
    {"p example",               NULL,        "has a space at byte 2"                          },
    {"http://p example",        NULL,        "has a space at byte 9"                          },
    {"p\texample",              NULL,        "holds a control byte at byte 2"                 },
    {"p.exa|mple",              NULL,        "has a character that no host name has at byte 6"},
    {"http://[::1",             NULL,        "has a malformed IPv6 address"                   },
    {"http://[::g]",            NULL,        "has a malformed IPv6 address"                   },
    {"http://me:a%0d%0Ab@p.ex", NULL,        "has a control byte in its user or password"     },
    {"http://m%00e:secret@p.e", NULL,        "has a control byte in its user or password"     },
    {"http://p.example",        "a:b\nc",    "user or password holds a control byte"          },
    {"http://p.example",        "a%0a:b",    "user or password holds a control byte"          },
};

static void test_bad_proxies(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fsock_options o = {.proxy = bad[i].proxy, .proxy_user = bad[i].user};
        struct fsock_fault fault = {.err = FSOCK_OK};
        assert_null(fsk_routes_new(&o, &fault));
        assert_int_equal(fault.err, FSOCK_ERR_INPUT);
        assert_int_equal(fault.stage, FSOCK_STAGE_NONE);
        assert_int_equal(fault.sys_errno, 0);
        assert_ptr_equal(strstr(fault.text, "the proxy"), fault.text);
        if (!strstr(fault.text, bad[i].sentence))
            fail_msg("%s: %s", bad[i].proxy, fault.text);
        assert_null(strstr(fault.text, "secret"));
    }
    assert_null(fsk_routes_new(&(struct fsock_options){.proxy = "ftp://p"}, NULL));
    fsk_routes_free(NULL);
}

/* The options are gone, and changed, before the first request. */
static void test_copies(void **state)
{
    (void)state;
    char proxy[] = "http://p.example:81", user[] = "me:pw", no_proxy[] = "direct.example";
    struct fsk_routes *r = routes(proxy, user, no_proxy, 0);
    memset(proxy, 'x', sizeof proxy - 1);
    memset(user, 'x', sizeof user - 1);
    memset(no_proxy, 'x', sizeof no_proxy - 1);
    assert_null(fsk_routes_find(r, false, FSK_SPAN("direct.example"), 80));
    const struct fsk_proxy *p = fsk_routes_find(r, false, FSK_SPAN("h.example"), 80);
    assert_span(p->host, "p.example", "host");
    assert_span(p->user, "me", "user");
    assert_span(p->password, "pw", "password");
    fsk_routes_free(r);
}

/* What the environment holds, and the hosts of the proxies for http and https; NULL: directly. */
static const struct {
    const char *set[5], *proxy;
    int use;
    const char *http, *https;
} environments[] = {
    {{NULL},                                                 NULL, 1, NULL, NULL},
    {{"http_proxy=a"},                                       NULL, 1, "a",  NULL},
    {{"http_proxy=a"},                                       NULL, 0, NULL, NULL},
    {{"HTTP_PROXY=a"},                                       NULL, 1, NULL, NULL},
    {{"https_proxy=a"},                                      NULL, 1, NULL, "a" },
    {{"HTTPS_PROXY=a"},                                      NULL, 1, NULL, "a" },
    {{"https_proxy=a", "HTTPS_PROXY=b"},                     NULL, 1, NULL, "a" },
    {{"https_proxy=", "HTTPS_PROXY=b"},                      NULL, 1, NULL, "b" },
    {{"all_proxy=a"},                                        NULL, 1, "a",  "a" },
    {{"ALL_PROXY=a", "http_proxy=b"},                        NULL, 1, "b",  "a" },
    {{"all_proxy=a", "ALL_PROXY=b"},                         NULL, 1, "a",  "a" },
    {{"all_proxy=ftp://a", "http_proxy=b", "https_proxy=c"}, NULL, 1, "b",  "c" },
    {{"all_proxy=socks4://a", "http_proxy=socks4a://b"},     NULL, 1, "b",  "a" },
    {{"http_proxy=a", "https_proxy=b"},                      "c",  1, "c",  "c" },
    {{"http_proxy=a", "https_proxy=b"},                      "",   1, NULL, NULL},
    {{"all_proxy=a", "no_proxy=*"},                          NULL, 1, NULL, NULL},
    {{"all_proxy=a", "NO_PROXY=h.example"},                  NULL, 1, NULL, NULL},
    {{"all_proxy=a", "no_proxy=x", "NO_PROXY=h.example"},    NULL, 1, "a",  "a" },
    {{"no_proxy=*"},                                         "c",  1, NULL, NULL},
    {{"no_proxy=*"},                                         "c",  0, "c",  "c" },
};

static void assert_route(const struct fsk_routes *r, bool https, const char *expected, size_t row)
{
    const struct fsk_proxy *p = fsk_routes_find(r, https, FSK_SPAN("h.example"), 80);
    if (!p != !expected)
        fail_msg("environment %zu: %s", row, p ? "a proxy" : "no proxy");
    if (p)
        assert_span(p->host, expected, "environment");
}

static void test_environment(void **state)
{
    for (size_t i = 0; i < sizeof environments / sizeof *environments; i++) {
        clear_environment(state);
        for (const char *const *set = environments[i].set; *set; set++) {
            char name[32];
            size_t n = strcspn(*set, "=");
            snprintf(name, sizeof name, "%.*s", (int)n, *set);
            setenv(name, *set + n + 1, 1);
        }
        struct fsk_routes *r = routes(environments[i].proxy, NULL, NULL, environments[i].use);
        assert_route(r, false, environments[i].http, i);
        assert_route(r, true, environments[i].https, i);
        fsk_routes_free(r);
    }
}

/* options->no_proxy, even empty, has the last word; a bad variable is named. */
static void test_environment_and_options(void **state)
{
    (void)state;
    struct fsock_fault fault = {.err = FSOCK_OK};
    setenv("all_proxy", "socks5://p:99999", 1);
    setenv("no_proxy", "*", 1);
    assert_null(fsk_routes_new(&(struct fsock_options){.proxy_from_environment = 1}, &fault));
    assert_string_equal(fault.text, "all_proxy has the port 99999, which is above 65535");
    setenv("all_proxy", "p", 1);
    struct fsk_routes *r = routes(NULL, NULL, "", 1);
    assert_non_null(fsk_routes_find(r, false, FSK_SPAN("h.example"), 80));
    fsk_routes_free(r);
}

static const struct {
    const char *no_proxy, *host;
    uint16_t port;
    bool direct;
} exceptions[] = {
    {"",                         "example.com",         80,   false},
    {" , ,",                     "example.com",         80,   false},
    {"*",                        "example.com",         80,   true },
    {"a, *",                     "192.0.2.1",           80,   true },
    {"*.com",                    "example.com",         80,   true },
    {"*.example.com",            "a.b.example.com",     80,   true },
    {"*.example.com",            "example.com",         80,   false},
    {"example.com",              "example.com",         80,   true },
    {"example.com",              "sub.example.com",     80,   true },
    {"example.com",              "badexample.com",      80,   false},
    {"example.com",              "example.com.evil",    80,   false},
    {"example.com",              "com",                 80,   false},
    {".example.com",             "example.com",         80,   true },
    {".example.com",             "a.b.example.com",     80,   true },
    {".example.com",             "badexample.com",      80,   false},
    {"EXAMPLE.com",              "sub.Example.COM",     80,   true },
    {"example.com.",             "example.com",         80,   true },
    {"example.com",              "example.com.",        80,   true },
    {".",                        "example.com",         80,   false},
    {"a.example b.example",      "b.example",           80,   true },
    {"a.example,b.example",      "b.example",           80,   true },
    {" a.example ,\tb.example ", "b.example",           80,   true },
    {"a.example,b.example",      "c.example",           80,   false},
    {"example.com:8080",         "example.com",         8080, true },
    {"example.com:8080",         "sub.example.com",     8080, true },
    {"example.com:8080",         "example.com",         80,   false},
    {"example.com:x",            "example.com",         80,   false},
    {"localhost",                "localhost",           80,   true },
    {"",                         "localhost",           80,   false},
    {"",                         "127.0.0.1",           80,   false},
    {"192.0.2.1",                "192.0.2.1",           80,   true },
    {"192.0.2.1",                "192.0.2.10",          80,   false},
    {"2.1",                      "192.0.2.1",           80,   false},
    {"192.0.2.1:81",             "192.0.2.1",           81,   true },
    {"192.0.2.1:81",             "192.0.2.1",           80,   false},
    {"127.0.0.1",                "127.1",               80,   true },
    {"127.0.0.0/8",              "0x7f.1",              80,   true },
    {"192.0.2.1",                "a.192.0.2.1.example", 80,   false},
    {"192.0.2.1",                "192.0.2.1.",          80,   true },
    {"192.0.2.0/24",             "192.0.2.255",         80,   true },
    {"192.0.2.0/24",             "192.0.3.0",           80,   false},
    {"192.0.2.128/25",           "192.0.2.127",         80,   false},
    {"192.0.2.128/25",           "192.0.2.128",         80,   true },
    {"192.0.2.77/25",            "192.0.2.0",           80,   true },
    {"0.0.0.0/0",                "203.0.113.9",         80,   true },
    {"0.0.0.0/0",                "2001:db8::1",         80,   false},
    {"0.0.0.0/0",                "example.com",         80,   false},
    {"192.0.2.1/32",             "192.0.2.1",           80,   true },
    {"192.0.2.1/32",             "192.0.2.0",           80,   false},
    {"192.0.2.1/33",             "192.0.2.1",           80,   false},
    {"192.0.2.1/",               "192.0.2.1",           80,   false},
    {"192.0.2.1/x",              "192.0.2.1",           80,   false},
    {"/24",                      "192.0.2.1",           80,   false},
    {"2001:db8::1",              "2001:db8::1",         80,   true },
    {"2001:DB8:0::1",            "2001:db8::1",         80,   true },
    {"[2001:db8::1]",            "2001:db8::1",         80,   true },
    {"[2001:db8::1]:81",         "2001:db8::1",         81,   true },
    {"[2001:db8::1]:81",         "2001:db8::1",         80,   false},
    {"2001:db8::/32",            "2001:db8:ffff::",     80,   true },
    {"[2001:db8::]/32",          "2001:db8:ffff::",     80,   true },
    {"2001:db8::/32",            "2001:db9::",          80,   false},
    {"2001:db8::/33",            "2001:db8:8000::",     80,   false},
    {"::1/128",                  "::1",                 80,   true },
    {"::1/128",                  "::",                  80,   false},
    {"::/129",                   "::1",                 80,   false},
    {"2001:db8::1",              "example.com",         80,   false},
};

static void test_no_proxy(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++) {
        struct fsk_routes *r = routes("p.example", NULL, exceptions[i].no_proxy, 0);
        bool direct =
            !fsk_routes_find(r, false, fsk_span_str(exceptions[i].host), exceptions[i].port);
        if (direct != exceptions[i].direct)
            fail_msg("no_proxy '%s', %s:%u: %s", exceptions[i].no_proxy, exceptions[i].host,
                     exceptions[i].port, direct ? "direct" : "by the proxy");
        fsk_routes_free(r);
    }
}

/* A link-local address is another one on each interface: a connection to one serves no other. */
static void test_zones_are_places(void **state)
{
    (void)state;
    static const char *const urls[] = {"http://[fe80::1%25eth0]/", "http://[fe80::1%25eth1]/",
                                       "http://[fe80::1]/"};
    struct fsk_routes *r = routes("", NULL, NULL, 0);
    struct fsock_fault fault = {.err = FSOCK_OK};
    struct fsk_aim aim[3];
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(fsk_aim_init(&aim[i], fsk_span_str(urls[i]), r, NULL, &fault), FSOCK_OK);
    for (size_t i = 0; i < 3; i++) {
        struct fsk_span a = fsk_buf_span(&aim[i].place), b = fsk_buf_span(&aim[(i + 1) % 3].place);
        assert_false(fsk_span_eq(a, b));
        assert_string_equal(aim[i].peer, "[fe80::1]:80");
    }
    struct fsk_aim_kin kin = {.same_origin = false};
    assert_int_equal(fsk_aim_redirect(&aim[0], FSK_SPAN("/x"), r, &kin, &fault), FSOCK_OK);
    assert_true(kin.same_origin && kin.same_site);
    assert_true(fsk_span_eq(aim[0].target.host, FSK_SPAN("fe80::1%eth0")));
    assert_false(fsk_span_eq(fsk_buf_span(&aim[0].place), fsk_buf_span(&aim[2].place)));
    for (size_t i = 0; i < 3; i++)
        fsk_aim_fini(&aim[i]);
    fsk_routes_free(r);
}

static void assert_same_aim(const struct fsk_aim *a, const struct fsk_aim *b)
{
    assert_true(fsk_span_eq(fsk_buf_span(&a->text), fsk_buf_span(&b->text)));
    assert_true(fsk_span_eq(fsk_buf_span(&a->place), fsk_buf_span(&b->place)));
    assert_true(fsk_span_eq(fsk_buf_span(&a->userinfo), fsk_buf_span(&b->userinfo)));
    assert_true(fsk_span_eq(a->target.host, b->target.host));
    assert_true(fsk_span_eq(a->target.proxy.host, b->target.proxy.host));
    assert_true(fsk_span_eq(a->url.path, b->url.path));
    assert_true(fsk_span_eq(a->url.query, b->url.query));
    assert_true(fsk_span_eq(a->url.fragment, b->url.fragment));
    assert_true(fsk_span_eq(a->url.scheme, b->url.scheme));
    assert_true(fsk_span_eq(a->url.host, b->url.host));
    assert_int_equal(a->url.port, b->url.port);
    assert_int_equal(a->url.has_query, b->url.has_query);
    assert_int_equal(a->url.has_fragment, b->url.has_fragment);
    assert_int_equal(a->target.port, b->target.port);
    assert_int_equal(a->target.tls, b->target.tls);
    assert_int_equal(a->target.tunnel, b->target.tunnel);
    assert_ptr_equal(a->via, b->via);
    assert_string_equal(a->peer, b->peer);
}

/* After any other URL, each leads to where it leads by itself; its bytes are its own. */
static void test_memory_changes_nothing(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "http://shop.example/a",
        "http://shop.example/b?c=d#e",
        "http://shop.example:80/",
        "http://shop.example:8080/",
        "https://shop.example/a",
        "http://shop.example?q",
        "http://shop.example",
        "shop.example/x",
        "http://Shop.Example/y",
        "http://shop.example/../z",
        "http://shop.example/\xc3\xa4",
        "http://u:p@shop.example/a",
        "http://shop.example@b.example/",
        "http://127.1/a",
        "http://127.1/b",
        "http://[::1]/",
        "http://[fe80::1%25eth0]/",
        "http://direct.example/a",
        "http://direct.example/b",
        "http://shop.example.b/",
        "http://shop.example/a@b.example/",
        "http://shop.example/a?b/../c#d?e",
        "http://SHOP.example/./xy?\xc3\xa4#",
        "http://SHOP.example/#?",
        "shop.example/a",
        "shop.example?a/b",
        "shop.example//c://d",
    };
    const size_t n = sizeof urls / sizeof *urls;
    struct fsk_routes *r = routes("http://p.example:3128", NULL, "direct.example", 0);
    for (size_t i = 0; i < n * n; i++) {
        struct fsock_fault fault = {.err = FSOCK_OK};
        struct fsk_aim_memory memory;
        struct fsk_aim before, with, without;
        struct fsk_span place;
        struct fsk_span url = fsk_span_str(urls[i % n]);
        fsk_aim_memory_init(&memory);
        assert_int_equal(fsk_aim_init(&before, fsk_span_str(urls[i / n]), r, &memory, &fault),
                         FSOCK_OK);
        fsk_aim_fini(&before);
        assert_int_equal(fsk_aim_init(&with, url, r, &memory, &fault), FSOCK_OK);
        assert_int_equal(fsk_aim_init(&without, url, r, NULL, &fault), FSOCK_OK);
        assert_same_aim(&with, &without);
        fsk_aim_fini(&with);
        assert_int_equal(fsk_aim_place(&with, url, r, &memory, &place, &fault), FSOCK_OK);
        assert_true(fsk_span_eq(place, fsk_buf_span(&without.place)));
        fsk_aim_fini(&with);
        struct fsk_span spaced = FSK_SPAN("http://shop.example/a b");
        assert_int_equal(fsk_aim_place(&with, spaced, r, &memory, &place, &fault), FSOCK_ERR_INPUT);
        fsk_aim_fini(&with);
        fsk_aim_memory_fini(&memory);
        fsk_aim_fini(&without);
    }
    fsk_routes_free(r);
}

/* No SOCKS4 proxy is even connected to for an IPv6 address, be it a redirect's. */
static void test_socks4_goes_to_ipv4(void **state)
{
    (void)state;
    static const char *const proxies[] = {"socks4://p.example", "socks4a://p.example"};
    for (size_t i = 0; i < 2; i++) {
        struct fsk_routes *r = routes(proxies[i], NULL, "::2", 0);
        struct fsock_fault fault = {.err = FSOCK_OK};
        struct fsk_aim aim;
        struct fsk_aim_kin kin;
        assert_int_equal(fsk_aim_init(&aim, FSK_SPAN("http://[::1]/"), r, NULL, &fault),
                         FSOCK_ERR_INPUT);
        assert_string_equal(fault.text, "the URL \"http://[::1]/\" has an IPv6 address, which a "
                                        "SOCKS4 proxy can't go to (SOCKS5 can)");
        fsk_aim_fini(&aim);
        assert_int_equal(fsk_aim_init(&aim, FSK_SPAN("http://[::2]/"), r, NULL, &fault), FSOCK_OK);
        fsk_aim_fini(&aim);
        assert_int_equal(fsk_aim_init(&aim, FSK_SPAN("http://127.1/"), r, NULL, &fault), FSOCK_OK);
        assert_int_equal(fsk_aim_redirect(&aim, FSK_SPAN("http://[::1]/"), r, &kin, &fault),
                         FSOCK_ERR_REDIRECTS);
        assert_non_null(strstr(fault.text, "a SOCKS4 proxy can't go to"));
        fsk_aim_fini(&aim);
        fsk_routes_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_proxies),
        cmocka_unit_test(test_bad_proxies),
        cmocka_unit_test(test_copies),
        cmocka_unit_test_teardown(test_environment, clear_environment),
        cmocka_unit_test_teardown(test_environment_and_options, clear_environment),
        cmocka_unit_test(test_no_proxy),
        cmocka_unit_test(test_zones_are_places),
        cmocka_unit_test(test_memory_changes_nothing),
        cmocka_unit_test(test_socks4_goes_to_ipv4),
    };
    return cmocka_run_group_tests(tests, clear_environment, NULL);
}
