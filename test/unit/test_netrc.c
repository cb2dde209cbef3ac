/* The file of users and passwords, before a guard page, whole and cut off anywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "guard.h"
#include "netrc.h"

static struct guard guard;
static struct netrc_entry entry;

static bool find_user(const char *text, const char *host, const char *user)
{
    size_t n = strlen(text);
    return netrc_find(fsk_span(guard_copy(&guard, text, n), n), fsk_span_str(host),
                      fsk_span_str(user), &entry);
}

static bool find(const char *text, const char *host)
{
    return find_user(text, host, "");
}

static void test_entries(void **state)
{
    static const struct {
        const char *text, *login, *password;
    } good[] = {
        {"machine a.test login tim password secret",                                             "tim",    "secret" },
        {"machine a.test\n\tpassword secret\n\tlogin tim\n",                                     "tim",    "secret" },
        {"machine b.test login x password y machine A.TEST login tim password z",                "tim",    "z"      },
        {"machine a.test login first machine a.test login second",                               "first",  ""       },
        {"default login anyone machine a.test login tim",                                        "tim",    ""       },
        {"default login anyone password none",                                                   "anyone", "none"   },
        {"# machine a.test login no\nmachine a.test login \"t i\\\"m\" password \"a\\\\b\\nc\"",
         "t i\"m",                                                                                         "a\\b\nc"},
        {"macdef init\nmachine a.test login no\n\nmachine a.test login yes",                     "yes",    ""       },
        {"macdef init\r\nput\r\n\r\nmachine a.test login tim",                                   "tim",    ""       },
        {"machine b.test\nmacdef init\r\nput\n\r\nmachine a.test login tim",                     "tim",    ""       },
        {"\xef\xbb\xbfmachine a.test login tim",                                                 "tim",    ""       },
        {"machine a.test account x login tim password #1",                                       "tim",    "#1"     },
        {"machine a.test",                                                                       "",       ""       },
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (!find(good[i].text, "a.test"))
            fail_msg("%s", good[i].text);
        assert_string_equal(entry.login, good[i].login);
        assert_string_equal(entry.password, good[i].password);
    }
    assert_false(find("", "a.test"));
    assert_false(find("machine b.test login x password y", "a.test"));
    assert_false(find("machine aa.test login x", "a.test"));
}

static void test_users(void **state)
{
    static const char text[] = "machine a login x password 1 machine b login y password 2 "
                               "machine a login y password 3 default login z password 4";
    (void)state;
    assert_true(find_user(text, "a", "y") && strcmp(entry.password, "3") == 0);
    assert_true(find_user(text, "a", "x") && strcmp(entry.password, "1") == 0);
    assert_true(find_user(text, "a", "z") && strcmp(entry.password, "4") == 0);
    assert_false(find_user(text, "a", "nobody"));
}

static void test_cut_off(void **state)
{
    static const char text[] =
        "# x\nmacdef m\nput\n\nmachine \"a\\\"\" login \"b c\" password d\r\n"
        "default login e password \"f";
    char copy[sizeof text];
    (void)state;
    for (size_t n = 0; n < sizeof text; n++) {
        memcpy(copy, text, n);
        copy[n] = '\0';
        find(copy, "a\"");
        find(copy, "other");
    }
    assert_true(find(text, "a\"") && strcmp(entry.password, "d") == 0);
    assert_true(find(text, "other") && strcmp(entry.password, "f") == 0);
}

static void test_long_words(void **state)
{
    static char text[NETRC_WORD + 200] = "machine b.test machine a.test login ";
    size_t start = strlen(text);
    (void)state;
    memset(text + start, 'x', NETRC_WORD - 1);
    assert_true(find(text, "a.test") && !entry.cut);
    assert_string_equal(entry.login, text + start);
    text[start + NETRC_WORD - 1] = 'x';
    assert_true(find(text, "a.test") && entry.cut);
    assert_int_equal(strlen(entry.login), NETRC_WORD - 1);
    assert_true(find(text, "b.test") && !entry.cut);
    assert_true(netrc_is_cut(fsk_span_str(text), &entry));
    text[start + NETRC_WORD - 1] = '\0';
    assert_false(netrc_is_cut(fsk_span_str(text), &entry));
}

/* All of them, in their order. */
static void test_walk(void **state)
{
    static const char text[] = "# machine no\nmachine a login x\nmacdef m\nmachine no\n\n"
                               "default password y machine b account z\nmachine";
    struct fsk_span all = fsk_span(guard_copy(&guard, text, sizeof text - 1), sizeof text - 1);
    size_t pos = 0;
    (void)state;
    assert_true(netrc_next(all, &pos, &entry) && !entry.others);
    assert_string_equal(entry.host, "a");
    assert_string_equal(entry.login, "x");
    assert_true(netrc_next(all, &pos, &entry) && entry.others);
    assert_string_equal(entry.password, "y");
    assert_string_equal(entry.login, "");
    assert_true(netrc_next(all, &pos, &entry) && !entry.others);
    assert_string_equal(entry.host, "b");
    assert_false(netrc_next(all, &pos, &entry));
    assert_false(netrc_next(all, &pos, &entry));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries),    cmocka_unit_test(test_users),
        cmocka_unit_test(test_walk),       cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_long_words),
    };
    guard_init(&guard, 3 * NETRC_WORD);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
