/* The order of addresses. The rows are RFC 6724's own examples (10.2) where they name sources. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "wire/addrorder.h"

static struct fsk_addr addr(const char *s)
{
    struct fsk_addr a = {.family = 0};
    if (*s && !fsk_addr_parse(fsk_span_str(s), &a, NULL))
        fail_msg("%s is no address", s);
    return a;
}

#define ROW_MAX 4

struct row {
    const char *in[ROW_MAX], *source[ROW_MAX]; /* "": no source, the destination is unusable */
    const char *out[ROW_MAX];
};

static const struct row rows[] = {
  /* Rule 1: one that can't be reached goes last, however good it is. */
    {{"2001:db8::1", "192.0.2.1"},              {"", "192.0.2.9"},             {"192.0.2.1", "2001:db8::1"} },
    {{"::1", "127.0.0.1"},                      {"", "127.0.0.1"},             {"127.0.0.1", "::1"}         },
 /* Rule 2: matching scope. */
    {{"2001:db8:1::1", "198.51.100.121"},
     {"2001:db8:1::2", "169.254.13.78"},
     {"2001:db8:1::1", "198.51.100.121"}                                                                    },
    {{"2001:db8:1::1", "198.51.100.121"},
     {"fe80::1", "198.51.100.117"},
     {"198.51.100.121", "2001:db8:1::1"}                                                                    },
 /* Rule 5: matching label. */
    {{"2001:db8:1::1", "2002:c633:6401::1"},
     {"2002:c633:6401::2", "2002:c633:6401::2"},
     {"2002:c633:6401::1", "2001:db8:1::1"}                                                                 },
 /* Rule 6: precedence. */
    {{"10.1.2.3", "2001:db8:1::1"},             {"10.1.2.4", "2001:db8:1::2"}, {"2001:db8:1::1", "10.1.2.3"}},
    {{"127.0.0.1", "::1"},                      {"127.0.0.1", "::1"},          {"::1", "127.0.0.1"}         },
    {{"fd00::1", "192.0.2.1"},                  {"fd00::2", "192.0.2.2"},      {"192.0.2.1", "fd00::1"}     },
 /* Rule 8: smaller scope. */
    {{"2001:db8:1::1", "fe80::1"},              {"2001:db8:1::2", "fe80::2"},  {"fe80::1", "2001:db8:1::1"} },
 /* Rule 9: longest prefix, of IPv6 only. */
    {{"2001:db8:3ffe::1", "2001:db8:1::1"},
     {"2001:db8:1::2", "2001:db8:1::2"},
     {"2001:db8:1::1", "2001:db8:3ffe::1"}                                                                  },
    {{"198.51.100.1", "192.0.2.1"},             {"192.0.2.2", "192.0.2.2"},    {"198.51.100.1", "192.0.2.1"}},
 /* Rule 10: else as they came. */
    {{"192.0.2.3", "192.0.2.1", "192.0.2.2"},
     {"192.0.2.9", "192.0.2.9", "192.0.2.9"},
     {"192.0.2.3", "192.0.2.1", "192.0.2.2"}                                                                },
    {{"192.0.2.3", "192.0.2.1", "2001:db8::2"},
     {"", "", ""},
     {"192.0.2.3", "192.0.2.1", "2001:db8::2"}                                                              },
};

static void sorts_as_rfc_6724_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fsk_addr a[ROW_MAX], source[ROW_MAX], want[ROW_MAX];
        unsigned n = 0;
        for (; n < ROW_MAX && rows[i].in[n]; n++) {
            a[n] = addr(rows[i].in[n]);
            source[n] = addr(rows[i].source[n]);
            want[n] = addr(rows[i].out[n]);
        }
        fsk_addrorder_sort(a, source, n);
        for (unsigned j = 0; j < n; j++)
            if (!fsk_addr_equal(&a[j], &want[j]))
                fail_msg("row %zu, place %u", i, j);
    }
}

static void sources_move_with_their_destinations(void **state)
{
    (void)state;
    struct fsk_addr a[2] = {addr("192.0.2.1"), addr("2001:db8::1")};
    struct fsk_addr source[2] = {addr("192.0.2.9"), addr("2001:db8::9")};
    fsk_addrorder_sort(a, source, 2);
    assert_int_equal(a[0].family, 6);
    assert_int_equal(source[0].family, 6);
    assert_int_equal(source[1].family, 4);
}

/* '4' and '6' with a serial number each: the families must alternate, each in its own order. */
static void interleaves(void **state)
{
    static const char *const cases[][2] = {
        {"",         ""        },
        {"4",        "4"       },
        {"444",      "444"     },
        {"64",       "64"      },
        {"6644",     "6464"    },
        {"66444",    "64644"   },
        {"466666",   "466666"  },
        {"66664",    "64666"   },
        {"44444666", "46464644"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fsk_addr a[16] = {{.family = 0}};
        unsigned n = (unsigned)strlen(cases[i][0]);
        uint16_t last[2] = {0, 0};
        for (unsigned j = 0; j < n; j++)
            a[j] = (struct fsk_addr){.family = (uint8_t)(cases[i][0][j] - '0'),
                                     .port = (uint16_t)(j + 1)};
        fsk_addrorder_interleave(a, n);
        for (unsigned j = 0; j < n; j++) {
            uint16_t *before = &last[a[j].family == 6];
            if (a[j].family != cases[i][1][j] - '0')
                fail_msg("%s: place %u", cases[i][0], j);
            assert_true(a[j].port > *before);
            *before = a[j].port;
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorts_as_rfc_6724_says),
        cmocka_unit_test(sources_move_with_their_destinations),
        cmocka_unit_test(interleaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
