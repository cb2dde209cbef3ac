/* Set-Cookie: the value, its attributes, and dates that have no form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "guard.h"
#include "wire/httpdate.h"
#include "wire/setcookie.h"

#define NOW INT64_C(1700000000)

static struct guard guard;

static struct fsk_span guarded(const char *text)
{
    size_t n = strlen(text);
    return fsk_span(guard_copy(&guard, text, n), n);
}

static bool parse(const char *text, struct fsk_cookie *c)
{
    return fsk_setcookie_parse(guarded(text), NOW, c);
}

static void is(struct fsk_span span, const char *text)
{
    char shown[FSK_COOKIE_MAX + 1];
    assert_string_equal(fsk_span_text(span, shown, sizeof shown), text);
}

static void pairs(void **state)
{
    static const struct {
        const char *text, *name, *value;
    } rows[] = {
        {"a=b",            "a",        "b"      },
        {" a = b ; x=/",   "a",        "b"      },
        {"a=",             "a",        ""       },
        {"a=b=c;",         "a",        "b=c"    },
        {"a=\"b c\"",      "a",        "\"b c\""},
        {"a=b,c d;x",      "a",        "b,c d"  },
        {"\ta\t=\tb\tc\t", "a",        "b\tc"   },
        {"=b",             "",         "b"      },
        {"b",              "",         "b"      },
        {"=b=c",           "",         "b=c"    },
        {"a;=b",           "",         "a"      },
        {"\xc3\xa4=\xff",  "\xc3\xa4", "\xff"   },
    };
    struct fsk_cookie c;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(parse(rows[i].text, &c));
        is(c.name, rows[i].name);
        is(c.value, rows[i].value);
        assert_true(c.expires == FSK_COOKIE_SESSION && !c.domain.n && !c.path_given);
    }
}

static void no_cookies(void **state)
{
    static const char *const rows[] = {
        "",          ";",           "=",     " = ;a=b", "a=b\x01",      "a\x7f=b",
        "a=b;x\x1f", "a=b\r\n c=d", "a=b\n", "; a=b",   "a=b; Path=/\r"};
    struct fsk_cookie c;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_false(parse(rows[i], &c));
    assert_false(fsk_setcookie_parse(FSK_SPAN("a=\0b"), NOW, &c));
}

static void lengths(void **state)
{
    static char text[FSK_COOKIE_MAX + 16];
    struct fsk_cookie c;
    (void)state;
    memset(text, 'v', FSK_COOKIE_MAX + 2);
    text[3] = '='; /* 3 of the name; all but one of the rest are the value */
    assert_false(parse(text, &c));
    text[FSK_COOKIE_MAX + 1] = '\0';
    assert_true(parse(text, &c));
    assert_int_equal(c.name.n + c.value.n, FSK_COOKIE_MAX);
}

static void attributes(void **state)
{
    struct fsk_cookie c;
    (void)state;
    assert_true(parse("a=b; Domain=.Shop.Example; path=/x; secure; HTTPONLY; SameSite=lAX", &c));
    is(c.domain, "Shop.Example");
    is(c.path, "/x");
    assert_true(c.secure && c.http_only && c.path_given && c.same_site == FSOCK_SAME_SITE_LAX);
    assert_true(parse("a=b;Secure=no;HttpOnly=0;SameSite=strict", &c));
    assert_true(c.secure && c.http_only && c.same_site == FSOCK_SAME_SITE_STRICT);
    assert_true(parse("a=b; domain=x; domain=y; path=/; path=z; samesite=none; samesite=odd", &c));
    is(c.domain, "y");
    assert_true(!c.path_given && c.same_site == FSOCK_SAME_SITE_UNSET);
    assert_true(parse("a=b; domain=x; domain; path=/1; path; unknown=1;;; =2", &c));
    assert_true(!c.domain.n && !c.path_given && !c.secure);
    assert_true(parse("a=b; domain=..x; samesite=None", &c));
    is(c.domain, ".x");
    assert_int_equal(c.same_site, FSOCK_SAME_SITE_NONE);
}

/* Longer attributes don't count: not even for those before them. */
static void long_attributes(void **state)
{
    static char text[FSK_COOKIE_ATTRIBUTE_MAX + 64];
    struct fsk_cookie c;
    (void)state;
    int n = snprintf(text, sizeof text, "a=b; path=/1; path=/");
    memset(text + n, 'p', FSK_COOKIE_ATTRIBUTE_MAX);
    assert_true(parse(text, &c));
    is(c.path, "/1");
    text[n + FSK_COOKIE_ATTRIBUTE_MAX - 1] = '\0';
    assert_true(parse(text, &c));
    assert_int_equal(c.path.n, FSK_COOKIE_ATTRIBUTE_MAX);
}

static void ages(void **state)
{
    static const struct {
        const char *attributes;
        int64_t expires;
    } rows[] = {
        {"max-age=60",                                               NOW + 60                },
        {"Max-Age=0",                                                NOW                     },
        {"Max-Age=-5",                                               NOW                     },
        {"Max-Age=-",                                                NOW                     },
        {"Max-Age=007",                                              NOW + 7                 },
        {"Max-Age=99999999999999999999999999",                       NOW + FSK_COOKIE_AGE_MAX},
        {"Max-Age=34560001",                                         NOW + FSK_COOKIE_AGE_MAX},
        {"Max-Age=-99999999999999999999999999",                      NOW                     },
        {"Max-Age=",                                                 FSK_COOKIE_SESSION      },
        {"Max-Age=6x",                                               FSK_COOKIE_SESSION      },
        {"Max-Age=\"60\"",                                           FSK_COOKIE_SESSION      },
        {"Max-Age=+60",                                              FSK_COOKIE_SESSION      },
        {"Max-Age=60; Max-Age=x",                                    NOW + 60                },
        {"Expires=Sun, 06 Nov 1994 08:49:37 GMT",                    784111777               },
        {"expires=Tue, 14 Nov 2023 22:13:30 GMT",                    NOW + 10                },
        {"expires=Tue, 14-Nov-2999 22:13:30 GMT",                    NOW + FSK_COOKIE_AGE_MAX},
        {"Expires=never",                                            FSK_COOKIE_SESSION      },
        {"Expires=Sun, 06 Nov 1994 08:49:37 GMT; Max-Age=9",         NOW + 9                 },
        {"Max-Age=9; Expires=Sun, 06 Nov 1994 08:49:37 GMT",         NOW + 9                 },
        {"Expires=Sun, 06 Nov 1994 08:49:37 GMT; Expires=x; Secure", 784111777               },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fsk_cookie c;
        char text[128];
        snprintf(text, sizeof text, "a=b; %s", rows[i].attributes);
        assert_true(parse(text, &c));
        assert_int_equal(c.expires, rows[i].expires);
    }
}

/* Cut off at any byte it says what is there so far. */
static void cut_anywhere(void **state)
{
    static const char text[] = "name=value; Domain=.a.example; Path=/p; Max-Age=60; Secure; "
                               "Expires=Sun, 06-Nov-94 08:49:37 GMT; HttpOnly; SameSite=Strict";
    (void)state;
    for (size_t n = 0; n < sizeof text; n++) {
        struct fsk_cookie c;
        bool good = fsk_setcookie_parse(fsk_span(guard_copy(&guard, text, n), n), NOW, &c);
        assert_int_equal(good, n > 0);
        assert_true(n < 5 || (c.name.n == 4 && c.value.n == (n < 10 ? n - 5 : 5)));
        assert_true(c.path_given == (n >= 37) && c.secure == (n >= 58));
    }
}

static void dates(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } rows[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT",  784111777   },
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777   },
        {"Sun Nov  6 08:49:37 1994",       784111777   },
        {"8:49:37 6 november 94",          784111777   },
        {"1994 6 Nov 08:49:37",            784111777   },
        {"nov/6/1994@08:49:37zone",        784111777   },
        {"06th Nov 1994th 08:49:37.5",     784111777   },
        {"Thu, 01 Jan 1970 00:00:00 GMT",  0           },
        {"Thu, 31 Dec 1969 23:59:59 GMT",  -1          },
        {"1 Jan 69 0:0:0",                 3124224000  },
        {"1 Jan 70 0:0:0",                 0           },
        {"29 Feb 2000 00:00:00",           951782400   },
        {"1 Jan 1601 00:00:00",            -11644473600},
    };
    static const char *const bad[] = {
        "",
        "06 Nov 1994",
        "06 Nov 08:49:37",
        "Nov 1994 08:49:37",
        "06 1994 08:49:37",
        "06 Nov 1994 08:49",
        "06 Nov 1994 24:00:00",
        "06 Nov 1994 08:60:00",
        "06 Nov 1994 08:49:60",
        "006 Nov 94 08:49:37",
        "00 Nov 1994 08:49:37",
        "31 Nov 1994 08:49:37",
        "29 Feb 1900 08:49:37",
        "1 Jan 1600 00:00:00",
        "06 Nov 19941 08:49:37",
        "06 Nov 1994 008:49:37",
        "06 Nov 1994 08:49:377",
        "06 N\xc3\xb6v 1994 08:49:37",
    };
    int64_t seconds;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(fsk_cookiedate_parse(guarded(rows[i].text), &seconds));
        assert_int_equal(seconds, rows[i].seconds);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(fsk_cookiedate_parse(guarded(bad[i]), &seconds));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs),           cmocka_unit_test(no_cookies),
        cmocka_unit_test(lengths),         cmocka_unit_test(attributes),
        cmocka_unit_test(long_attributes), cmocka_unit_test(ages),
        cmocka_unit_test(cut_anywhere),    cmocka_unit_test(dates),
    };
    guard_init(&guard, 16384);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
