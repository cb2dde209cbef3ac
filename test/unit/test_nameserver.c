/* Name servers as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "guard.h"
#include "wire/nameserver.h"

static struct guard guard;

static const char *parse(struct fsk_nameserver_text *ns, const char *text)
{
    size_t n = strlen(text);
    return fsk_nameserver_parse(ns, fsk_span(guard_copy(&guard, text, n), n));
}

static bool is(struct fsk_span s, const char *text)
{
    return s.n == strlen(text) && (!s.n || memcmp(s.p, text, s.n) == 0);
}

static void test_good(void **state)
{
    static const struct {
        const char *text;
        enum fsk_by transport;
        const char *host;
        uint16_t port;
        const char *verify;
    } rows[] = {
        {"192.0.2.53",                       FSK_BY_UDP, "192.0.2.53",   53,    ""           },
        {"192.0.2.53:5353",                  FSK_BY_UDP, "192.0.2.53",   5353,  ""           },
        {" 192.0.2.53\t",                    FSK_BY_UDP, "192.0.2.53",   53,    ""           },
        {"2001:db8::53",                     FSK_BY_UDP, "2001:db8::53", 53,    ""           },
        {"[2001:db8::53]",                   FSK_BY_UDP, "2001:db8::53", 53,    ""           },
        {"[2001:db8::53]:65535",             FSK_BY_UDP, "2001:db8::53", 65535, ""           },
        {"fe80::1%eth0",                     FSK_BY_UDP, "fe80::1%eth0", 53,    ""           },
        {"ns.example",                       FSK_BY_UDP, "ns.example",   53,    ""           },
        {"ns.example:5353",                  FSK_BY_UDP, "ns.example",   5353,  ""           },
        {"udp://192.0.2.53",                 FSK_BY_UDP, "192.0.2.53",   53,    ""           },
        {"TCP://192.0.2.53",                 FSK_BY_TCP, "192.0.2.53",   53,    ""           },
        {"tcp://[::1]:5353",                 FSK_BY_TCP, "::1",          5353,  ""           },
        {"tls://dns.example",                FSK_BY_TLS, "dns.example",  853,   ""           },
        {"tls://192.0.2.53:853#dns.example", FSK_BY_TLS, "192.0.2.53",   853,   "dns.example"},
        {"Tls://2001:db8::53#dns.example",   FSK_BY_TLS, "2001:db8::53", 853,   "dns.example"},
        {"tls://[2001:db8::53]:53#a#b",      FSK_BY_TLS, "2001:db8::53", 53,    "a#b"        },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fsk_nameserver_text ns;
        const char *why = parse(&ns, rows[i].text);
        if (why)
            fail_msg("%s: %s", rows[i].text, why);
        assert_int_equal(ns.transport, rows[i].transport);
        assert_true(is(ns.host, rows[i].host));
        assert_int_equal(ns.port, rows[i].port);
        assert_true(is(ns.verify, rows[i].verify));
    }
}

static void test_bad(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"",                       "empty"   },
        {" \t",                    "empty"   },
        {"https://dns.example",    "tls://"  },
        {"dns.example://x",        "tls://"  },
        {"udp://",                 "no host" },
        {"tls://#dns.example",     "no host" },
        {"192.0.2.53:",            "no host" },
        {"192.0.2.53:99999",       "no host" },
        {"192.0.2.53:5x",          "no host" },
        {"[::1",                   "no host" },
        {"[::1]x",                 "no host" },
        {"192.0.2.53:0",           "port 0"  },
        {"192.0.2.53#dns.example", "tls://"  },
        {"tcp://192.0.2.53#x",     "tls://"  },
        {"tls://192.0.2.53#",      "behind #"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fsk_nameserver_text ns;
        const char *why = parse(&ns, rows[i].text);
        if (!why || !strstr(why, rows[i].says))
            fail_msg("%s: %s", rows[i].text, why ? why : "taken");
    }
}

int main(void)
{
    guard_init(&guard, 4096);
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
    };
    return cmocka_run_group_tests_name("nameserver", tests, NULL, NULL);
}
