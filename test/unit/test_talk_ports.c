/* Lists and ranges of ports: what they hold, each once, and what is no such list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "guard.h"
#include "talk_ports.h"

static struct guard guard;
static struct talk_ports ports;
static char why[TALK_PORTS_WHY];

static bool parse(const char *text, size_t n)
{
    why[0] = '\0';
    return talk_ports_parse(&ports, fsk_span(guard_copy(&guard, text, n), n), why);
}

static void must_parse(const char *text)
{
    if (!parse(text, strlen(text)))
        fail_msg("%s: %s", text, why);
}

static void next(unsigned expected)
{
    uint16_t port;
    assert_true(talk_ports_next(&ports, &port));
    assert_int_equal(port, expected);
}

static void over(void)
{
    uint16_t port;
    assert_false(talk_ports_next(&ports, &port));
    assert_false(talk_ports_next(&ports, &port));
}

static void test_one(void **state)
{
    (void)state;
    must_parse("80");
    assert_int_equal(ports.n, 1);
    next(80);
    over();
    must_parse("00443");
    next(443);
    over();
    must_parse("65535-65535");
    assert_int_equal(ports.n, 1);
    next(65535);
    over();
    talk_ports_one(&ports, 0);
    assert_int_equal(ports.n, 1);
    next(0);
    over();
    talk_ports_one(&ports, 65535);
    next(65535);
    over();
}

static void test_some(void **state)
{
    (void)state;
    must_parse("80,20-22,1,22-23,80,21");
    assert_int_equal(ports.n, 6);
    next(1);
    next(20);
    next(21);
    next(22);
    next(23);
    next(80);
    over();
    must_parse("63-64,127-129");
    assert_int_equal(ports.n, 5);
    next(63);
    next(64);
    next(127);
    next(128);
    next(129);
    over();
}

static void test_all(void **state)
{
    (void)state;
    must_parse("1-65535");
    assert_int_equal(ports.n, 65535);
    for (unsigned i = 1; i <= 65535; i++)
        next(i);
    over();
    must_parse("1-40000,30000-65535,5,1-65535");
    assert_int_equal(ports.n, 65535);
}

static void test_bad(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"",                                          "no port is given:"                           },
        {",",                                         "a port is missing beside a comma of ','"     },
        {"80,",                                       "a port is missing beside a comma of '80,'"   },
        {",80",                                       "a port is missing beside a comma of ',80'"   },
        {"80,,81",                                    "a port is missing beside a comma of '80,,81'"},
        {"25-20",                                     "the port range 25-20 is upside down"         },
        {"80,25-20",                                  "the port range 25-20 is upside down"         },
        {"20-",                                       "the port range '20-' needs both its ends"    },
        {"-20",                                       "the port range '-20' needs both its ends"    },
        {"-",                                         "the port range '-' needs both its ends"      },
        {"1-2-3",                                     "'2-3' is no port"                            },
        {"0",                                         "ports are from 1 to 65535, and 0 is not"     },
        {"0-80",                                      "ports are from 1 to 65535, and 0 is not"     },
        {"65536",                                     "ports are from 1 to 65535, and 65536 is not" },
        {"1-65536",                                   "ports are from 1 to 65535, and 65536 is not" },
        {"4294967376",                                "and 4294967376 is not"                       },
        {"18446744073709551696",                      "and 18446744073709551696 is not"             },
        {"http",                                      "'http' is no port"                           },
        {"80 ",                                       "'80 ' is no port"                            },
        {"+80",                                       "'+80' is no port"                            },
        {"8\033[1m",                                  "'8?[1m' is no port"                          },
        {"9\xff",                                     "'9?' is no port"                             },
        {"x123456789x123456789x123456789x123456789x",
         "'x123456789x123456789x123456789x123456789...'"                                            },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (parse(rows[i].text, strlen(rows[i].text)) || !strstr(why, rows[i].says))
            fail_msg("%s: %s", rows[i].text, why[0] ? why : "taken");
    assert_false(parse("80\0", 3));
    assert_string_equal(why, "'80?' is no port: ports are numbers, as in 80 or 20-25,443");
}

/* Each start of a list: what it holds, or 0 if it is no list. Nothing behind it is looked at. */
static void test_each_start(void **state)
{
    static const char text[] = "80,20-25,1-655";
    static const unsigned holds[] = {0, 1, 1, 0, 2, 2, 0, 0, 7, 0, 8, 0, 13, 66, 655};
    (void)state;
    for (size_t n = 0; n < sizeof text; n++) {
        bool good = parse(text, n);
        if (good != (holds[n] > 0) || (good && ports.n != holds[n]))
            fail_msg("%.*s: %u %s", (int)n, text, ports.n, why);
        assert_true(good == (why[0] == '\0'));
    }
}

int main(void)
{
    guard_init(&guard, 4096);
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one), cmocka_unit_test(test_some),       cmocka_unit_test(test_all),
        cmocka_unit_test(test_bad), cmocka_unit_test(test_each_start),
    };
    return cmocka_run_group_tests_name("talk_ports", tests, NULL, NULL);
}
