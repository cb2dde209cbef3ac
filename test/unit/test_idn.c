/* International host names. The wanted forms are those of IDNA 2008 and UTS 46's own tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "guard.h"
#include "wire/idn.h"

static struct guard guard;

static size_t convert(const char *name, char out[FSK_IDN_MAX], const char **why)
{
    size_t n = strlen(name);
    *why = NULL;
    return fsk_idn_to_ascii(fsk_span(guard_copy(&guard, name, n), n), out, FSK_IDN_MAX, why);
}

static void converts(void **state)
{
    static const char *const pairs[][2] = {
        {"example.org",           "example.org"          },
        {"EXAMPLE.org",           "EXAMPLE.org"          },
        {"_tcp.example.org.",     "_tcp.example.org."    },
        {"b\xc3\xbc"
         "cher.example", "xn--bcher-kva.example"},
        {"B\xc3\x9c"
         "CHER.example", "xn--bcher-kva.example"},
        {"fa\xc3\x9f.example",    "xn--fa-hia.example"   }, /* non-transitional: sharp s stays */
        {"\xe4\xbe\x8b.example",  "xn--fsq.example"      },
        {"\xe4\xbe\x8b\xe3\x80\x82"
         "example",      "xn--fsq.example"      }, /* ideographic full stop */
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char out[FSK_IDN_MAX];
        const char *why;
        size_t n = convert(pairs[i][0], out, &why);
        assert_string_equal(out, pairs[i][1]);
        assert_int_equal(n, strlen(pairs[i][1]));
        assert_null(why);
    }
}

static void refuses(void **state)
{
    char out[FSK_IDN_MAX], longest[300];
    const char *why;
    static const char *const bad[] = {"", "\xff\xfe", "\xc3", "\xe2\x80\x8f.example"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(convert(bad[i], out, &why), 0);
        assert_non_null(why);
    }
    memset(longest, 'a', sizeof longest);
    longest[FSK_IDN_MAX] = '\0';
    assert_int_equal(convert(longest, out, &why), 0);
    assert_non_null(why);
    longest[FSK_IDN_MAX - 1] = '\0';
    assert_int_equal(convert(longest, out, &why), FSK_IDN_MAX - 1);
    assert_int_equal(fsk_idn_to_ascii(fsk_span("\xc3\xbc\0x", 4), out, sizeof out, &why), 0);
    char small[8];
    assert_int_equal(fsk_idn_to_ascii(fsk_span_str("b\xc3\xbc"
                                                   "cher"),
                                      small, sizeof small, &why),
                     0);
}

static void knows_when_it_is_needed(void **state)
{
    (void)state;
    assert_false(fsk_idn_needed(fsk_span_str("xn--bcher-kva.example")));
    assert_true(fsk_idn_needed(fsk_span_str("\xc3\xbc")));
    assert_false(fsk_idn_needed(fsk_span(NULL, 0)));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(converts),
        cmocka_unit_test(refuses),
        cmocka_unit_test(knows_when_it_is_needed),
    };
    guard_init(&guard, 4096);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
