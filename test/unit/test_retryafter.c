/* Dates of HTTP, and how long a server wants to be left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "guard.h"
#include "wire/h1.h"
#include "wire/httpdate.h"
#include "wire/retryafter.h"

#define NOW    INT64_C(784111777) /* Sun, 06 Nov 1994 08:49:37 GMT */
#define SECOND INT64_C(1000000000)

static struct guard guard;

static struct fsk_span guarded(const char *text)
{
    size_t n = strlen(text);
    return fsk_span(guard_copy(&guard, text, n), n);
}

static void test_dates(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } rows[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT",     NOW         },
        {"Sunday, 06-Nov-94 08:49:37 GMT",    NOW         },
        {"Sun Nov  6 08:49:37 1994",          NOW         },
        {"Sun Nov 06 08:49:37 1994",          NOW         },
        {"sun, 06 nov 1994 08:49:37 gmt",     NOW         },
        {"Thu, 01 Jan 1970 00:00:00 GMT",     0           },
        {"Wed, 31 Dec 1969 23:59:59 GMT",     -1          },
        {"Thu, 29 Feb 2024 12:00:00 GMT",     1709208000  },
        {"Tue, 29 Feb 2000 00:00:00 GMT",     951782400   },
        {"Sat, 31 Dec 2016 23:59:60 GMT",     1483228800  },
        {"Thu, 26 Nov 2026 04:16:59 GMT",     1795666619  },
        {"Fri, 31 Dec 9999 23:59:59 GMT",     253402300799},
        {"Friday, 01-Jan-44 00:00:00 GMT",    2335219200  },
        {"Wednesday, 01-Jan-45 00:00:00 GMT", -788918400  },
    };
    int64_t seconds;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(fsk_httpdate_parse(guarded(rows[i].text), NOW, &seconds));
        if (seconds != rows[i].seconds)
            print_error("# %s\n", rows[i].text);
        assert_int_equal(seconds, rows[i].seconds);
        for (size_t n = 0; n < strlen(rows[i].text); n++) /* each beginning is no date */
            assert_false(fsk_httpdate_parse(fsk_span(guard_copy(&guard, rows[i].text, n), n), NOW,
                                            &seconds));
    }
}

static void test_no_dates(void **state)
{
    static const char *const rows[] = {
        "",
        "0",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Wed, 29 Feb 2023 12:00:00 GMT",
        "Thu, 29 Feb 1900 12:00:00 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nuv 1994 08:49:37 GMT",
        "Son, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT",
        "1994-11-06T08:49:37Z",
    };
    int64_t seconds;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_false(fsk_httpdate_parse(guarded(rows[i]), NOW, &seconds));
}

struct row {
    const char *fields;
    int64_t ns;
};

/* Whole, and with an end at each byte, where no byte behind it may be looked at. */
static void check(const struct row *row, size_t n, int64_t (*f)(struct fsk_span, int64_t))
{
    for (size_t i = 0; i < n; i++) {
        struct fsk_span fields = guarded(row[i].fields);
        assert_int_equal(fsk_h1_check_fields(fields), FSK_H1_OK);
        int64_t ns = f(fields, NOW);
        if (ns != row[i].ns)
            print_error("# %s: %lld\n", row[i].fields, (long long)ns);
        assert_int_equal(ns, row[i].ns);
        for (size_t end = 0; end < fields.n; end++)
            assert_true(f(fsk_span(guard_copy(&guard, row[i].fields, end), end), NOW) >= -1);
    }
}

static void test_retry_after(void **state)
{
    static const struct row rows[] = {
        {"Retry-After: 120\r\n",                                                                  120 * SECOND      },
        {"A: b\r\nretry-after:0\r\n",                                                             0                 },
        {"Retry-After: 0.25\r\n",                                                                 SECOND / 4        },
        {"Retry-After: 1.5000000009\r\n",                                                         SECOND * 3 / 2    },
        {"Retry-After: 99999999999999999999999\r\n",                                              316224000 * SECOND},
        {"Retry-After: 400000000\r\n",                                                            316224000 * SECOND},
        {"Retry-After: 784111780\r\n",                                                            3 * SECOND        },
        {"Retry-After: 784111780000\r\n",                                                         3 * SECOND        },
        {"Retry-After: Sun, 06 Nov 1994 08:50:07 GMT\r\n",                                        30 * SECOND       },
        {"Retry-After: Sunday, 06-Nov-94 08:50:07 GMT\r\n",                                       30 * SECOND       },
        {"Retry-After: Sun Nov  6 08:50:07 1994\r\n",                                             30 * SECOND       },
        {"Retry-After: Sun, 06 Nov 1994 08:49:07 GMT\r\n",                                        0                 },
        {"Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n",                                        316224000 * SECOND},
 /* The server's clock is four minutes behind ours. */
        {"Date: Sun, 06 Nov 1994 08:45:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:45:47 GMT\r\n",
         10 * SECOND                                                                                                },
        {"Date: yesterday\r\nRetry-After: Sun, 06 Nov 1994 08:49:47 GMT\r\n",                     10 * SECOND       },
        {"Date: Sun, 06 Nov 1994 08:45:37 GMT\r\nRetry-After: 7\r\n",                             7 * SECOND        },
        {"Retry-After: soon\r\n",                                                                 -1                },
        {"Retry-After: -1\r\n",                                                                   -1                },
        {"Retry-After: .5\r\n",                                                                   -1                },
        {"Retry-After: 5s\r\n",                                                                   -1                },
        {"Retry-After:\r\n",                                                                      -1                },
        {"Retry: 5\r\n",                                                                          -1                },
        {"",                                                                                      -1                },
    };
    (void)state;
    check(rows, sizeof rows / sizeof *rows, fsk_retry_after);
}

static void test_rate_limits(void **state)
{
    static const struct row rows[] = {
        {"RateLimit: \"default\";r=0;t=30\r\n",                             30 * SECOND   },
        {"RateLimit: \"default\";r=50;t=30\r\n",                            -1            },
        {"RateLimit: \"default\";r=0\r\n",                                  -1            },
        {"RateLimit: \"a\";r=0;t=3, \"b\"; r=0; t=60 ,\"c\";r=1;t=90\r\n",  60 * SECOND   },
        {"RateLimit: \"a\";r=0;t=3\r\nRateLimit: \"b\";r=0;t=60\r\n",       60 * SECOND   },
        {"RateLimit: \"a;r=0;t=9\";r=1;t=3\r\n",                            -1            },
        {"RateLimit: \"a\\\";r=0;t=9\";r=0;t=3\r\n",                        3 * SECOND    },
        {"RateLimit: \"a\";r=0;t=9;pk=:YWI=:\r\n",                          9 * SECOND    },
        {"RateLimit: \"a;r=0;t=9\r\n",                                      -1            },
        {"RateLimit: limit=100, remaining=0, reset=5\r\n",                  5 * SECOND    },
        {"RateLimit: limit=100, remaining=9, reset=5\r\n",                  -1            },
        {"RateLimit-Policy: \"a\";q=0;w=30\r\n",                            -1            },
        {"RateLimit-Remaining: 0\r\nRateLimit-Reset: 12\r\n",               12 * SECOND   },
        {"RateLimit-Remaining: 1\r\nRateLimit-Reset: 12\r\n",               -1            },
        {"RateLimit-Remaining: 0\r\n",                                      -1            },
        {"X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 784111837\r\n",    60 * SECOND   },
        {"X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 784111700\r\n",    0             },
        {"X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 784111837000\r\n", 60 * SECOND   },
        {"X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 7\r\n",            7 * SECOND    },
        {"X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 784111837.5\r\n"
         "X-RateLimit-Reset-After: 1.250\r\n",                     SECOND * 5 / 4},
        {"X-Rate-Limit-Remaining: 0\r\nX-Rate-Limit-Reset: 8\r\n",          8 * SECOND    },
        {"X-RateLimit-Remaining: none\r\nX-RateLimit-Reset: 8\r\n",         -1            },
        {"X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: soon\r\n",         -1            },
        {"",                                                                -1            },
    };
    (void)state;
    check(rows, sizeof rows / sizeof *rows, fsk_rate_limited);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_no_dates),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_rate_limits),
    };
    guard_init(&guard, 512);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
