/* Users and passwords by host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "op/logins.h"

static fsock_logins *logins;

static void add(const char *host, const char *user, const char *password)
{
    assert_int_equal(fsock_logins_add(logins, host, user, password), FSOCK_OK);
}

/* "user:password", or "-". */
static const char *find(const char *host, const char *user, bool others_too)
{
    static char text[64];
    const struct fsk_login *l =
        fsk_logins_find(logins, fsk_span_str(host), fsk_span_str(user), others_too);
    if (!l)
        return "-";
    snprintf(text, sizeof text, "%.*s:%.*s", (int)l->user.n, l->user.p, (int)l->password.n,
             l->password.p);
    return text;
}

static int make(void **state)
{
    (void)state;
    logins = fsock_logins_new();
    return logins ? 0 : -1;
}

static int drop(void **state)
{
    (void)state;
    fsock_logins_free(logins);
    return 0;
}

static void by_host_and_user(void **state)
{
    (void)state;
    assert_string_equal(find("a.test", "", true), "-");
    add("A.test", "one", "1");
    add("a.TEST", "two", "2");
    add(NULL, "any", "0");
    add("::1", "six", NULL);
    assert_string_equal(find("a.test", "", true), "one:1");
    assert_string_equal(find("A.TEST", "two", false), "two:2");
    assert_string_equal(find("a.test", "three", true), "-");
    assert_string_equal(find("a.test", "any", true), "any:0");
    assert_string_equal(find("b.a.test", "", true), "any:0");
    assert_string_equal(find("b.a.test", "", false), "-");
    assert_string_equal(find("a.tes", "one", true), "-");
    assert_string_equal(find("::1", "", false), "six:");
}

static void long_names(void **state)
{
    char name[512];
    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(fsock_logins_add(logins, name, "u", "p"), FSOCK_ERR_TOO_BIG);
    assert_string_equal(find(name, "", true), "-");
    name[256] = '\0';
    assert_string_equal(find(name, "", true), "-");
    name[255] = '\0';
    add(name, "u", "p");
    assert_string_equal(find(name, "", true), "u:p");
}

static void ceiling(void **state)
{
    (void)state;
    for (int i = 0; i < FSK_LOGINS_MAX; i++)
        add("a.test", "u", "p");
    assert_int_equal(fsock_logins_add(logins, "a.test", "u", "p"), FSOCK_ERR_TOO_BIG);
    fsock_logins_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(by_host_and_user, make, drop),
        cmocka_unit_test_setup_teardown(long_names, make, drop),
        cmocka_unit_test_setup_teardown(ceiling, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
