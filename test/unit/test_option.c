/* Command lines by a table: values, mistakes and what is said about them, --help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <fsock.h>

#include "option.h"

struct values {
    int flag, other, family, when, shown;
    int64_t number, size, time;
    double rate;
    int count;
    const char *text, *word;
    struct option_list list;
};

#define AT(member) offsetof(struct values, member)

static const struct option_row rows[] = {
    {.help = "First group"},
    {'f',                   "flag", NULL, OPTION_FLAG, AT(flag), "a flag", 0, 0, NULL},
    {'g',                 "other-flag", NULL, OPTION_FLAG, AT(other), "another one", 0, 0, NULL},
    {'4',             "ipv4", NULL, OPTION_SET, AT(family), "version 4", 4, 0, NULL},
    {'6',                    "ipv6", NULL, OPTION_SET, AT(family), "version 6", 6, 0, NULL},
    {'v',                 "more", NULL, OPTION_COUNT, AT(count), "how often", 0, 0, NULL},
    {'n',                   "number", "N", OPTION_NUMBER, AT(number), "a number", 1, 100, NULL},
    {'z',                 "max-size", "SIZE", OPTION_SIZE, AT(size), "a size", 0, 0, NULL},
    {'t',            "connect-timeout", "TIME", OPTION_TIME, AT(time),
     "a text that is long enough to need a second line, and even then it goes on a bit", 0, 0,
     NULL},
    {0,                    "rate", "RATE", OPTION_RATE, AT(rate), "a rate", 0, 0, NULL},
    {.help = "Second group"                },
    {'o',                   "output", "FILE", OPTION_STRING, AT(text), "a text", 0, 0, NULL},
    {0,                 "purge", "[METHOD]", OPTION_STRING, AT(word), "a word", 0, 0, "PURGE"},
    {'d',           "data", "DATA", OPTION_LIST, AT(list), "a list", 1, 0, NULL},
    {0,                    "data-raw", "DATA", OPTION_LIST, AT(list), "a list", 2, 0, NULL},
    {0,                 "color", "WHEN", OPTION_ENUM, AT(when), "when", 0, 0, "auto|always|never"},
    {0,                   "include", "[received|decoded]", OPTION_ENUM, AT(shown), "what", 0, 0, "received|decoded"},
    {'h',                 "help", NULL, OPTION_HELP, 0, "this", 0, 0, NULL},
    {.help = NULL          },
};

static const struct option_set set = {"test", "About.", rows, "More."};

static struct values v;
static struct option_list args;
static char why[256];

/* Parse the words, a NULL behind them. */
static enum option_result parse(const char *first, ...)
{
    char *argv[20] = {(char *)(uintptr_t) "test"};
    int argc = 1;
    va_list ap;
    va_start(ap, first);
    for (const char *word = first; word; word = va_arg(ap, const char *))
        argv[argc++] = (char *)(uintptr_t)word;
    va_end(ap);
    option_list_free(&v.list);
    option_list_free(&args);
    v = (struct values){.when = -1, .shown = -1};
    why[0] = '\0';
    return option_parse(&set, &v, argc, argv, &args, why, sizeof why);
}

static void says(const char *sentence)
{
    assert_string_equal(why, sentence);
}

static void letters(void **state)
{
    (void)state;
    assert_int_equal(parse("-fg", "-oname", "a", "-n", "7", "-fo", "-", "-", NULL), OPTION_OK);
    assert_true(v.flag && v.other && v.number == 7);
    assert_string_equal(v.text, "-");
    assert_int_equal(args.n, 2);
    assert_string_equal(args.item[0].value, "a");
    assert_string_equal(args.item[1].value, "-");
    assert_int_equal(parse("-46", NULL), OPTION_OK);
    assert_int_equal(v.family, 6);
    assert_int_equal(parse("-fn5", NULL), OPTION_OK);
    assert_int_equal(v.number, 5);
}

static void counts(void **state)
{
    (void)state;
    assert_int_equal(parse("-v", "-vfv", "--more", NULL), OPTION_OK);
    assert_int_equal(v.count, 4);
    assert_int_equal(v.flag, 1);
    assert_int_equal(parse("--more=2", NULL), OPTION_BAD);
    assert_int_equal(parse("--no-more", NULL), OPTION_BAD);
}

static void names(void **state)
{
    (void)state;
    assert_int_equal(parse("--flag", "--output", "x", "--number=100", "--no-flag", NULL),
                     OPTION_OK);
    assert_true(!v.flag && v.number == 100);
    assert_int_equal(parse("--output=", "--color=never", "--include", "u", NULL), OPTION_OK);
    assert_string_equal(v.text, "");
    assert_true(v.when == 2 && v.shown == 0 && args.n == 1);
    assert_int_equal(parse("--include=decoded", NULL), OPTION_OK);
    assert_int_equal(v.shown, 1);
    assert_int_equal(parse("--purge", "BAN", NULL), OPTION_OK);
    assert_string_equal(v.word, "PURGE");
    assert_int_equal(args.n, 1);
    assert_int_equal(parse("--purge=BAN", NULL), OPTION_OK);
    assert_string_equal(v.word, "BAN");
    assert_int_equal(parse("-f", "--", "-f", "--help", NULL), OPTION_OK);
    assert_int_equal(args.n, 2);
    assert_int_equal(parse("--help", "--bogus", NULL), OPTION_SHOW_HELP);
}

static void lists_keep_order_and_tags(void **state)
{
    (void)state;
    assert_int_equal(parse("-da", "--data-raw", "b", "-d", "c", "--data=d", "-de", NULL),
                     OPTION_OK);
    assert_int_equal(v.list.n, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(v.list.item[i].value[0], 'a' + (int)i);
        assert_int_equal(v.list.item[i].tag, i == 1 ? 2 : 1);
    }
}

static void values(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t size;
    } sizes[] = {
        {"0",   0               },
        {"500", 500             },
        {"1k",  1024            },
        {"64K", 65536           },
        {"2M",  2 << 20         },
        {"3G",  INT64_C(3) << 30}
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_int_equal(parse("-z", sizes[i].text, NULL), OPTION_OK);
        assert_int_equal(v.size, sizes[i].size);
    }
    assert_int_equal(parse("-t", "1.5", NULL), OPTION_OK);
    assert_int_equal(v.time, 1500 * FSOCK_MILLISECOND);
    assert_int_equal(parse("-t500ms", NULL), OPTION_OK);
    assert_int_equal(v.time, 500 * FSOCK_MILLISECOND);
}

static void rates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double rate; /* -1: none */
    } cases[] = {
        {"200",     200  },
        {"200/s",   200  },
        {"0.5",     0.5  },
        {".5/s",    0.5  },
        {"30/m",    0.5  },
        {"90/h",    0.025},
        {"0",       0    },
        {"0/h",     0    },
        {"1e3",     -1   },
        {"-1",      -1   },
        {"",        -1   },
        {"/s",      -1   },
        {"5/d",     -1   },
        {"5s",      -1   },
        {"5/sec",   -1   },
        {"1.2.3",   -1   },
        {"0.001/h", -1   },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool good = cases[i].rate >= 0;
        assert_int_equal(parse("--rate", cases[i].text, NULL), good ? OPTION_OK : OPTION_BAD);
        if (good)
            assert_true(v.rate > cases[i].rate - 1e-9 && v.rate < cases[i].rate + 1e-9);
        else
            assert_non_null(strstr(why, "--rate needs a rate like 0.5, 200/s, 30/m or 100/h, not"));
    }
}

static void mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *word[2];
        const char *sentence;
    } cases[] = {
        {{"--conect-timeout", "5"},
         "unknown option --conect-timeout; did you mean --connect-timeout?"                         },
        {{"--connect", "5"},             "unknown option --connect; did you mean --connect-timeout?"},
        {{"--flga", NULL},               "unknown option --flga; did you mean --flag?"              },
        {{"--entirely-else", NULL},      "unknown option --entirely-else; --help lists them all"    },
        {{"--no-output", NULL},          "unknown option --no-output; did you mean --output?"       },
        {{"-q", NULL},                   "unknown option -q; --help lists them all"                 },
        {{"-fq", NULL},                  "unknown option -q; --help lists them all"                 },
        {{"--flag=1", NULL},             "--flag takes no value; write it without '=1'"             },
        {{"-o", NULL},                   "-o needs a value: -o FILE"                                },
        {{"--output", NULL},             "--output needs a value: --output FILE"                    },
        {{"-n", "0"},                    "-n needs a whole number from 1 to 100, not '0'"           },
        {{"--number", "101"},            "--number needs a whole number from 1 to 100, not '101'"   },
        {{"-n", "1x"},                   "-n needs a whole number from 1 to 100, not '1x'"          },
        {{"-n", "99999999999999999999"},
         "-n needs a whole number from 1 to 100, not '99999999999999999999'"                        },
        {{"-z", "10X"},                  "-z needs a size like 500, 64k, 10M or 2G, not '10X'"      },
        {{"-z", "99999999T"},            "-z needs a size like 500, 64k, 10M or 2G, not '99999999T'"},
        {{"-z", "-1"},                   "-z needs a size like 500, 64k, 10M or 2G, not '-1'"       },
        {{"-t", "soon"},                 "-t needs a time like 1.5, 500ms, 10s or 2m, not 'soon'"   },
        {{"-t", "1,5"},                  "-t needs a time like 1.5, 500ms, 10s or 2m, not '1,5'"    },
        {{"--color", "red"},             "--color must be one of auto|always|never, not 'red'"      },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(parse(cases[i].word[0], cases[i].word[1], NULL), OPTION_BAD);
        says(cases[i].sentence);
    }
}

static void help(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0, column = 0;
    FILE *to = open_memstream(&text, &len);
    option_help(&set, to);
    fclose(to);
    assert_non_null(strstr(text, "usage: test\n\nAbout.\n"));
    assert_non_null(strstr(text, "\nSecond group:\n  -o, --output FILE"));
    assert_non_null(strstr(text, "      --include[=received|decoded]\n"));
    assert_non_null(strstr(text, "a text that is long enough"));
    for (size_t i = 0; i < len; i++) {
        column = text[i] == '\n' ? 0 : column + 1;
        assert_true(column <= 80);
        assert_false(text[i] == '\n' && i && text[i - 1] == ' ');
    }
    for (const struct option_row *row = rows; row->help; row++)
        assert_true(!row->name || strstr(text, row->name) != NULL);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters),  cmocka_unit_test(counts),
        cmocka_unit_test(names),    cmocka_unit_test(lists_keep_order_and_tags),
        cmocka_unit_test(values),   cmocka_unit_test(rates),
        cmocka_unit_test(mistakes), cmocka_unit_test(help),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    option_list_free(&v.list);
    option_list_free(&args);
    return failed;
}
