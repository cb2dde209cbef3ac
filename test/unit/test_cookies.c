/* Cookies of transfers: a jar, the caller's own, both, and who gets none; the same by both drivers.
 */
#include "transfer_rig.h"

static void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no \"%s\" in: %s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("\"%s\" in: %s", part, text);
}

/* What the site hears of cookies; NULL: the field is not there. */
static void hears(const char *url, const struct fsock_request *r, const char *field)
{
    struct got *g = both(url, r, NULL);
    assert_int_equal(g->err, FSOCK_OK);
    if (field)
        assert_contains(g->body, field);
    else
        assert_lacks(g->body, "Cookie");
    forget(g);
}

static fsock_jar *filled(struct fsock_request *r)
{
    r->jar = fsock_jar_new();
    assert_non_null(r->jar);
    forget(both(page("/set-cookie/7"), r, NULL));
    return r->jar;
}

static void test_kept_and_sent(void **state)
{
    struct fsock_request r = request(0);
    struct fsock_cookie c;
    (void)state;
    fsock_jar *jar = filled(&r);
    hears(page("/echo"), &r, "\r\nCookie: site=7\r\n");
    hears(at_host("http", "localhost", "/echo"), &r, NULL);
    fsock_cookies *all = fsock_jar_cookies(jar);
    fsock_cookie_init(&c);
    assert_int_equal(fsock_cookies_next(all, &c), 1);
    assert_string_equal(c.name, "site");
    assert_string_equal(c.path, "/");
    assert_string_equal(c.domain, "127.0.0.1");
    assert_int_equal(fsock_cookies_next(all, &c), 1);
    assert_string_equal(c.name, "other");
    assert_string_equal(c.path, "/set-cookie");
    assert_true(c.http_only);
    assert_int_equal(fsock_cookies_next(all, &c), 0);
    fsock_cookies_free(all);
    r.jar = NULL;
    hears(page("/echo"), &r, NULL);
    fsock_jar_free(jar);
}

static void test_with_the_callers(void **state)
{
    static const char *const instead[] = {"cookie: mine=2", NULL},
                             *const none[] = {"Cookie:", NULL}, *const empty[] = {"Cookie;", NULL};
    struct fsock_request r = request(FSOCK_FOLLOW);
    (void)state;
    r.cookie = "own=1";
    hears(page("/echo"), &r, "\r\nCookie: own=1\r\n");
    hears(page("/redirect-cross"), &r, NULL);
    fsock_jar *jar = filled(&r);
    hears(page("/echo"), &r, "\r\nCookie: site=7; own=1\r\n");
    hears(at_host("http", "localhost", "/echo"), &r, "\r\nCookie: own=1\r\n");
    hears(at_host("http", "localhost", "/redirect-cross"), &r, "\r\nCookie: site=7\r\n");
    r.headers = instead;
    hears(page("/echo"), &r, "\r\ncookie: mine=2\r\n");
    hears(at_host("http", "localhost", "/redirect-cross"), &r, "\r\nCookie: site=7\r\n");
    r.headers = none;
    hears(page("/echo"), &r, NULL);
    hears(at_host("http", "localhost", "/redirect-cross"), &r, NULL);
    r.headers = empty;
    hears(page("/echo"), &r, "\r\nCookie:\r\n");
    r.headers = NULL;
    r.cookie = "a\nb=c";
    struct got *g = both(page("/echo"), &r, NULL);
    assert_int_equal(g->err, FSOCK_ERR_INPUT);
    assert_string_equal(g->fault.text, "the cookie \"a?b=c\" can't be sent");
    forget(g);
    fsock_jar_free(jar);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept_and_sent),
        cmocka_unit_test(test_with_the_callers),
    };
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
