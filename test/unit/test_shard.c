/* Shards: which URLs belong together, and to which one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/fnv.h"
#include "shard.h"

static const char *const variables[] = {"SLURM_ARRAY_TASK_ID",   "SLURM_ARRAY_TASK_MIN",
                                        "SLURM_ARRAY_TASK_MAX",  "SLURM_ARRAY_TASK_COUNT",
                                        "SLURM_ARRAY_TASK_STEP", "JOB_COMPLETION_INDEX"};

static int clear_environment(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
    return 0;
}

/* The vectors that Landon Curt Noll's page gives for "", "a" and "foobar". */
static void the_hash_is_fnv_1a(void **state)
{
    (void)state;
    assert_true(fsk_fnv(FSK_FNV_START, FSK_SPAN("")) == UINT64_C(0xcbf29ce484222325));
    assert_true(fsk_fnv(FSK_FNV_START, FSK_SPAN("a")) == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(fsk_fnv(FSK_FNV_START, FSK_SPAN("foobar")) == UINT64_C(0x85944171f73967e8));
}

static void sites(void **state)
{
    static const struct {
        const char *url, *site;
    } rows[] = {
        {"http://example.com/",                "example.com"          },
        {"https://www.Example.COM:8443/x?y#z", "example.com"          },
        {"a.b.c.example.com",                  "example.com"          },
        {"http://user:pw@www.example.com./",   "example.com"          },
        {"http://www.shop.example.co.uk/",     "example.co.uk"        },
        {"http://co.uk/",                      "co.uk"                },
        {"http://me.github.io/",               "me.github.io"         },
        {"http://localhost:8080/",             "localhost"            },
        {"http://a.b.internal-only/",          "b.internal-only"      },
        {"http://www.b\xc3\xbc"
         "cher.example/",             "xn--bcher-kva.example"},
        {"http://www.xn--bcher-kva.example/",  "xn--bcher-kva.example"},
        {"http://192.0.2.1/",                  "192.0.2.1"            },
        {"http://0xc0000201:81/",              "192.0.2.1"            },
        {"http://[2001:DB8:0::1]:81/",         "2001:db8::1"          },
        {"http://[fe80::1%25eth0]/",           "fe80::1"              },
        {"http://",                            "http://"              },
        {"no url at all",                      "no url at all"        },
        {"",                                   ""                     },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (shard_hash(fsk_span_str(rows[i].url)) !=
            fsk_fnv(FSK_FNV_START, fsk_span_str(rows[i].site)))
            fail_msg("%s is not of %s", rows[i].url, rows[i].site);
}

/* These stand in the manual: they must not change. */
static void vectors(void **state)
{
    static const struct {
        const char *url;
        uint32_t of8, of1000;
    } rows[] = {
        {"http://www.example.com/",       6, 902},
        {"http://example.org/",           3, 435},
        {"http://www.example.co.uk/",     1, 305},
        {"http://192.0.2.1/",             2, 346},
        {"http://[2001:db8::1]/",         8, 344},
        {"http://xn--bcher-kva.example/", 4, 948},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fsk_span url = fsk_span_str(rows[i].url);
        uint64_t hash = shard_hash(url);
        uint32_t folded = (uint32_t)(hash >> 32) ^ (uint32_t)hash;
        if (folded % 8 + 1 != rows[i].of8 || folded % 1000 + 1 != rows[i].of1000)
            fail_msg("%s: %u/8, %u/1000", rows[i].url, folded % 8 + 1, folded % 1000 + 1);
        for (uint32_t k = 1; k <= 8; k++)
            assert_int_equal(shard_has(&(struct shard){k, 8}, url), k == rows[i].of8);
        for (uint32_t k = 1; k <= 1000; k++)
            assert_int_equal(shard_has(&(struct shard){k, 1000}, url), k == rows[i].of1000);
        assert_true(shard_has(&(struct shard){.count = 0}, url));
        assert_true(shard_has(&(struct shard){1, 1}, url));
    }
}

/* Each URL belongs to one shard, and none is much larger than the others. */
static void shares_are_even(void **state)
{
    static const uint32_t counts[] = {2, 3, 8, 10, 64};
    enum { SITES = 64000 };
    (void)state;
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        uint32_t share[64] = {0}, n = counts[c];
        for (int i = 0; i < SITES; i++) {
            char url[64];
            snprintf(url, sizeof url, "http://www.shop%d.example/", i);
            uint64_t hash = shard_hash(fsk_span_str(url));
            share[((uint32_t)(hash >> 32) ^ (uint32_t)hash) % n]++;
        }
        for (uint32_t i = 0; i < n; i++)
            if (share[i] < SITES / n * 85 / 100 || share[i] > SITES / n * 115 / 100)
                fail_msg("%u/%u has %u of %d", i + 1, n, share[i], SITES);
    }
}

static void numbers(void **state)
{
    static const struct {
        const char *text;
        uint32_t index, count; /* 0: refused, */
        const char *why;       /* in these words */
    } rows[] = {
        {"1/1",           1,      1,      NULL                                                  },
        {"1/8",           1,      8,      NULL                                                  },
        {"8/8",           8,      8,      NULL                                                  },
        {"100000/100000", 100000, 100000, NULL                                                  },
        {"0/8",           0,      0,      "--shard 0/8: shards are counted from 1: 1/8 to 8/8"  },
        {"9/8",           0,      0,      "--shard 9/8: shards are counted from 1"              },
        {"1/0",           0,      0,      "--shard takes I/N"                                   },
        {"1/100001",      0,      0,      "N up to 100000"                                      },
        {"1",             0,      0,      "--shard takes I/N"                                   },
        {"",              0,      0,      "--shard takes I/N"                                   },
        {"/",             0,      0,      "--shard takes I/N"                                   },
        {"1/",            0,      0,      "--shard takes I/N"                                   },
        {"/8",            0,      0,      "--shard takes I/N"                                   },
        {"1/8/9",         0,      0,      "--shard takes I/N"                                   },
        {"-1/8",          0,      0,      "--shard takes I/N"                                   },
        {"1 /8",          0,      0,      "--shard takes I/N"                                   },
        {"automatic",     0,      0,      "--shard takes I/N"                                   },
        {"auto/",         0,      0,      "--shard takes I/N"                                   },
        {"auto/0",        0,      0,      "--shard takes I/N"                                   },
        {"auto",          0,      0,      "neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct shard s;
        char why[200] = "";
        bool good = shard_parse(&s, rows[i].text, why, sizeof why);
        if (good != !rows[i].why || (!good && !strstr(why, rows[i].why)))
            fail_msg("'%s': %s", rows[i].text, why);
        assert_int_equal(s.index, rows[i].index);
        assert_int_equal(s.count, rows[i].count);
    }
}

static void from_the_environment(void **state)
{
    static const struct {
        const char *text;
        const char *values[6]; /* of `variables` */
        uint32_t index, count;
        const char *why;
    } rows[] = {
        {"auto",   {"0", "0", "7", "8"},                1, 8, NULL                        },
        {"auto",   {"8", "1", "8", "8", "1"},           8, 8, NULL                        },
        {"auto/8", {"8", "1", "8", "8", "1"},           8, 8, NULL                        },
        {"auto",   {"7", "1", "15", "8", "2"},          4, 8, NULL                        },
        {"auto",   {"15", "1", "15", "8", "2"},         8, 8, NULL                        },
        {"auto",   {"3", "1", "7", "3", "1"},           0, 0, "has gaps"                  },
        {"auto",   {"3"},                               0, 0, "_MIN, _MAX or _COUNT isn't"},
        {"auto/4", {"8", "1", "8", "8", "1"},           0, 0, "the job array has 8 tasks" },
        {"auto/4", {NULL, NULL, NULL, NULL, NULL, "0"}, 1, 4, NULL                        },
        {"auto/4", {NULL, NULL, NULL, NULL, NULL, "3"}, 4, 4, NULL                        },
        {"auto/4", {NULL, NULL, NULL, NULL, NULL, "4"}, 0, 0, "is 4, and counts from 0"   },
        {"auto/4", {NULL, NULL, NULL, NULL, NULL, "x"}, 0, 0, "neither"                   },
        {"auto",   {NULL, NULL, NULL, NULL, NULL, "0"}, 0, 0, "say auto/N"                },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct shard s;
        char why[200] = "";
        clear_environment(state);
        for (size_t k = 0; k < 6; k++)
            if (rows[i].values[k])
                setenv(variables[k], rows[i].values[k], 1);
        bool good = shard_parse(&s, rows[i].text, why, sizeof why);
        if (good != !rows[i].why || (!good && !strstr(why, rows[i].why)))
            fail_msg("row %zu, '%s': %s", i, rows[i].text, why);
        assert_int_equal(s.index, rows[i].index);
        assert_int_equal(s.count, rows[i].count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_is_fnv_1a),
        cmocka_unit_test(sites),
        cmocka_unit_test(vectors),
        cmocka_unit_test(shares_are_even),
        cmocka_unit_test(numbers),
        cmocka_unit_test_teardown(from_the_environment, clear_environment),
    };
    return cmocka_run_group_tests(tests, clear_environment, NULL);
}
