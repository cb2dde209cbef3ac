/* Dates of sitemaps and feeds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "date.h"
#include "guard.h"

static struct guard guard;

static bool parse(const char *text, size_t n, struct date *date)
{
    return date_parse(fsk_span(guard_copy(&guard, text, n), n), date);
}

static void good(void **state)
{
    static const struct {
        const char *text;
        int64_t first, last;
    } rows[] = {
        {"2026",                              1767225600,   1798761599  },
        {"2026-11",                           1793491200,   1796083199  },
        {"2024-02",                           1706745600,   1709251199  },
        {"2026-11-26",                        1795651200,   1795737599  },
        {" 2026-11-26\n",                     1795651200,   1795737599  },
        {"2026-11-26T04:26Z",                 1795667160,   1795667219  },
        {"2026-11-26T04:26:15Z",              1795667175,   1795667175  },
        {"2026-11-26t04:26:15.123456z",       1795667175,   1795667175  },
        {"2026-11-26T04:26:15+01:00",         1795663575,   1795663575  },
        {"2026-11-26T04:26:15-0530",          1795686975,   1795686975  },
        {"2026-11-26T04:26:15",               1795667175,   1795667175  },
        {"2026-11-26 04:26:15",               1795667175,   1795667175  },
        {"1970-01-01",                        0,            86399       },
        {"0001-01-01T00:00:00Z",              -62135596800, -62135596800},
        {"9999-12-31",                        253402214400, 253402300799},
        {"2000-02-29",                        951782400,    951868799   },
        {"Thu, 26 Nov 2026 04:26:15 GMT",     1795667175,   1795667175  },
        {"26 Nov 2026 04:26 +0100",           1795663560,   1795663619  },
        {"Thu, 6 November 2026 04:26:15 EST", 1793957175,   1793957175  },
        {"Thu, 26 Nov 2026 04:26:15",         1795667175,   1795667175  },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct date d = {-1, -1};
        if (!parse(rows[i].text, strlen(rows[i].text), &d) || d.first != rows[i].first ||
            d.last != rows[i].last)
            fail_msg("%s: %lld %lld", rows[i].text, (long long)d.first, (long long)d.last);
    }
}

static void bad(void **state)
{
    static const char *const rows[] = {
        "",
        " ",
        "2d",
        "202",
        "20266",
        "2026-",
        "2026-1",
        "2026-13",
        "2026-00",
        "2026-11-31",
        "2023-02-29",
        "1900-02-29",
        "0000",
        "2026-11-26T",
        "2026-11-26T04",
        "2026-11-26T04:60Z",
        "2026-11-26T25:00Z",
        "2026-11-26T04:26:15X",
        "2026-11-26T04:26:15+1",
        "2026-11-26T04:26:15+24:00",
        "2026-11-26x",
        "26 Nov 2026",
        "26 Nob 2026 04:26 GMT",
        "26 Nov 26 04:26 GMT",
        "Thu, 26 Nov 2026 04:26:15 XYZ",
        "yesterday",
    };
    struct date d;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (parse(rows[i], strlen(rows[i]), &d))
            fail_msg("%s", rows[i]);
}

int main(void)
{
    guard_init(&guard, 4096);
    const struct CMUnitTest tests[] = {cmocka_unit_test(good), cmocka_unit_test(bad)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
