/* --vary: values, their products, and what is no sense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "get_variant.h"
#include "outcome.h"

static struct variants all;
static char why[256];

static int vary(const char *const *options, const char *const *headers)
{
    struct option_list list = {NULL, 0};
    for (; *options; options++)
        assert_true(option_list_add(&list, *options, 0));
    why[0] = '\0';
    int code = variants_init(&all, &list, headers, why, sizeof why);
    option_list_free(&list);
    return code;
}

static void is(size_t variant, const char *name, const char *const *headers)
{
    size_t i = 0;
    assert_in_range(variant, 0, all.n - 1);
    assert_string_equal(all.v[variant].name, name);
    for (; headers[i]; i++) {
        assert_non_null(all.v[variant].headers[i]);
        assert_string_equal(all.v[variant].headers[i], headers[i]);
    }
    assert_null(all.v[variant].headers[i]);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
static const char *const nothing[] = {NULL};

static void products(void **state)
{
    (void)state;
    assert_int_equal(vary(LIST("Accept-Language=de,en", "cookie=a=1,b=2,"), LIST("X: y")), 0);
    assert_int_equal(all.n, 6);
    is(0, "Accept-Language=de; cookie=a=1", LIST("X: y", "Accept-Language: de", "cookie: a=1"));
    is(1, "Accept-Language=de; cookie=b=2", LIST("X: y", "Accept-Language: de", "cookie: b=2"));
    is(2, "Accept-Language=de; cookie=", LIST("X: y", "Accept-Language: de", "cookie:"));
    is(5, "Accept-Language=en; cookie=", LIST("X: y", "Accept-Language: en", "cookie:"));
    variants_fini(&all);
}

static void commas_and_blanks(void **state)
{
    (void)state;
    assert_int_equal(vary(LIST("a= de\\,en;q=0.5 , fr"), NULL), 0);
    assert_int_equal(all.n, 2);
    is(0, "a=de,en;q=0.5", LIST("a: de,en;q=0.5"));
    is(1, "a=fr", LIST("a: fr"));
    variants_fini(&all);
    assert_int_equal(vary(LIST("a="), nothing), 0);
    is(0, "a=", LIST("a:"));
    variants_fini(&all);
    assert_int_equal(vary(LIST("a=\\,,\\x\\"), nothing), 0);
    is(0, "a=,", LIST("a: ,"));
    is(1, "a=\\x\\", LIST("a: \\x\\"));
    variants_fini(&all);
}

/* What varies replaces what all have. */
static void headers_of_all(void **state)
{
    (void)state;
    assert_int_equal(
        vary(LIST("user-agent=mobile,Desktop,x"), LIST("User-Agent: curl", "B: 1", "USER-AGENT;")),
        0);
    assert_int_equal(all.n, 3);
    assert_string_equal(all.v[0].name, "user-agent=mobile");
    assert_string_equal(all.v[0].headers[0], "B: 1");
    assert_non_null(strstr(all.v[0].headers[1], "user-agent: Mozilla/5.0 (iPhone"));
    assert_null(all.v[0].headers[2]);
    assert_non_null(strstr(all.v[1].headers[1], "user-agent: Mozilla/5.0 (Windows"));
    is(2, "user-agent=x", LIST("B: 1", "user-agent: x"));
    variants_fini(&all);
    assert_int_equal(vary(LIST("device=mobile"), nothing), 0); /* a word of its own */
    is(0, "device=mobile", LIST("device: mobile"));
    variants_fini(&all);
}

static void nonsense(void **state)
{
    (void)state;
    static const struct {
        const char *const options[4];
        const char *sentence;
    } rows[] = {
        {{"user-agent"},                  "--vary needs NAME=VALUE,VALUE, not 'user-agent'"  },
        {{"=a,b"},                        "--vary needs NAME=VALUE,VALUE, not '=a,b'"        },
        {{"a=1,2", "A=3"},                "--vary has A twice; give it once, with all values"},
        {{"a=,,,,,,,,,,", "b=,,,,,,,,,"}, "--vary makes more than 100 requests of each URL"  },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(vary(rows[i].options, nothing), EXIT_USAGE);
        assert_string_equal(why, rows[i].sentence);
        variants_fini(&all);
    }
    assert_int_equal(vary(LIST("a=,,,,,,,,,", "b=,,,,,,,,,"), nothing), 0);
    assert_int_equal(all.n, 100);
    variants_fini(&all);
    assert_int_equal(vary(nothing, LIST("a: b")), 0);
    assert_int_equal(all.n, 0);
    variants_fini(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products),
        cmocka_unit_test(commas_and_blanks),
        cmocka_unit_test(headers_of_all),
        cmocka_unit_test(nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
