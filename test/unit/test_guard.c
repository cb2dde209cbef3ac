/* Where a dialer must not go: public_only, allow_hosts, deny_hosts; and redirects that lead there.
 */
#include "transfer_rig.h"

static struct fsock_options guarded(const char *allow, const char *deny, int public_only)
{
    struct fsock_options o = site_options();
    o.allow_hosts = allow;
    o.deny_hosts = deny;
    o.public_only = public_only;
    return o;
}

/* `part` stands in the sentence of a refusal. */
static void assert_forbidden(const char *url, const struct fsock_request *r,
                             const struct fsock_options *o, const char *part)
{
    struct got *g = both(url, r, o);
    if (g->err != FSOCK_ERR_FORBIDDEN || !strstr(g->fault.text, part))
        fail_msg("%s: %s: %s", url, fsock_err_name(g->err), g->fault.text);
    assert_int_equal(g->fault.stage, FSOCK_STAGE_CONNECT);
    assert_int_equal(g->response.connects, 0);
    assert_int_equal(g->response.status, 0);
    assert_true(g->fault.hint[0] != '\0');
    forget(g);
}

static void assert_fine(const char *url, const struct fsock_options *o)
{
    struct got *g = both(url, NULL, o);
    if (g->err != FSOCK_OK)
        fail_msg("%s: %s", url, g->fault.text);
    forget(g);
}

static void public_addresses_only(void **state)
{
    struct fsock_options o = guarded(NULL, NULL, 1);
    char text[200];
    static const char *const hosts[][3] = {
        {"127.0.0.1",          "127.0.0.1",          "a loopback address"        },
        {"127.1",              "127.0.0.1",          "a loopback address"        },
        {"0x7f000001",         "127.0.0.1",          "a loopback address"        },
        {"[::1]",              "[::1]",              "a loopback address"        },
        {"[::ffff:127.0.0.1]", "[::ffff:127.0.0.1]", "a loopback address"        },
        {"[64:ff9b::7f00:1]",  "[64:ff9b::7f00:1]",  "a loopback address"        },
        {"0.0.0.0",            "0.0.0.0",            "an address of this network"},
        {"10.0.0.1",           "10.0.0.1",           "a private address"         },
        {"169.254.169.254",    "169.254.169.254",    "a link-local address"      },
    };
    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        snprintf(text, sizeof text, "%s:%d is %s", hosts[i][1], site_port(&site, "http"),
                 hosts[i][2]);
        assert_forbidden(at_host("http", hosts[i][0], "/plain/1"), NULL, &o, text);
    }
    assert_forbidden(at_host("http", "localhost", "/plain/1"), NULL, &o,
                     "is a loopback address, and only public ones are allowed");
}

/* A name is judged by the addresses it has when it is connected to. */
static void names_are_judged_by_addresses(void **state)
{
    struct fsock_options o = guarded(NULL, NULL, 1);
    char pin[2][64];
    const char *const both_pins[] = {pin[0], pin[1], NULL};
    (void)state;
    snprintf(pin[0], sizeof pin[0], "a.test:%d:127.0.0.1", site_port(&site, "http"));
    snprintf(pin[1], sizeof pin[1], "b.test:%d:127.0.0.1,[::1]", site_port(&site, "hang4"));
    o.resolve = both_pins;
    assert_forbidden(at_host("http", "a.test", "/plain/1"), NULL, &o, "127.0.0.1:");
    o.public_only = 0;
    o.deny_hosts = "c.test, 127.0.0.0/8";
    assert_forbidden(at_host("http", "a.test", "/plain/1"), NULL, &o, "is among the hosts denied");
    /* The other address is as good, and at once: nothing is tried at the first. */
    struct got *g = both(at_host("hang4", "b.test", "/plain/1"), NULL, &o);
    assert_int_equal(g->err, FSOCK_OK);
    assert_string_equal(g->response.remote_ip, "::1");
    assert_true(g->response.times.connect < 200 * MS);
    forget(g);
    o.deny_hosts = "127.0.0.0/8,::/0";
    assert_forbidden(at_host("hang4", "b.test", "/plain/1"), NULL, &o, "is among the hosts denied");
}

/* One address is forbidden, the other refuses: a failure to connect, whose sentence tells both. */
static void forbidden_and_refused(void **state)
{
    struct fsock_options o = guarded(NULL, "[::1]", 0);
    char pin[64];
    const char *const pins[] = {pin, NULL};
    (void)state;
    snprintf(pin, sizeof pin, "a.test:%d:[::1],127.0.0.1", site_port(&site, "tcp-refused"));
    o.resolve = pins;
    struct got *g = both(at_host("tcp-refused", "a.test", "/"), NULL, &o);
    assert_int_equal(g->err, FSOCK_ERR_CONNECT);
    assert_int_equal(g->fault.tries, 1);
    assert_non_null(strstr(g->fault.text, "refused after"));
    assert_non_null(strstr(g->fault.text, "; [::1]:"));
    assert_non_null(strstr(g->fault.text, "is among the hosts denied"));
    forget(g);
}

static void lists_of_hosts(void **state)
{
    struct fsock_options o = guarded("*.example, 127.0.0.1", NULL, 0);
    (void)state;
    assert_fine(page("/plain/1"), &o);
    assert_forbidden(at_host("http", "localhost", "/"), NULL, &o, "not among those allowed");
    assert_forbidden("http://nobody.test/", NULL, &o, "connect nobody.test:80: the host is not");
    o.allow_hosts = NULL;
    o.deny_hosts = "localhost";
    assert_fine(page("/plain/1"), &o);
    assert_forbidden(at_host("http", "LocalHost", "/"), NULL, &o, "the host is among those denied");
    o.allow_hosts = "localhost";
    assert_forbidden(at_host("http", "localhost", "/"), NULL, &o, "the host is among those denied");
}

static void redirects_are_judged(void **state)
{
    struct fsock_options o = guarded("127.0.0.1", NULL, 0);
    struct fsock_request r = request(FSOCK_FOLLOW);
    (void)state;
    struct got *g = both(page("/redirect-cross"), &r, &o);
    assert_int_equal(g->err, FSOCK_ERR_FORBIDDEN);
    assert_int_equal(g->response.redirects, 1);
    assert_non_null(strstr(g->fault.text, "the host is not among those allowed"));
    forget(g);
    g = both(page("/redirect/3"), &r, &o);
    assert_int_equal(g->err, FSOCK_OK);
    forget(g);
}

/* A proxy's address is the caller's own; of what it looks up itself only the name counts. */
static void proxies_are_exempt(void **state)
{
    struct fsock_options o = guarded(NULL, NULL, 1);
    char proxy[64];
    static const char *const schemes[][2] = {
        {"http",    "proxy" },
        {"socks5h", "socks5"}
    };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        snprintf(proxy, sizeof proxy, "%s://127.0.0.1:%d", schemes[i][0],
                 site_port(&site, schemes[i][1]));
        o.proxy = proxy;
        assert_fine(at_host("http", "localhost", "/plain/1"), &o);
        assert_forbidden(page("/plain/1"), NULL, &o, "is a loopback address");
    }
    /* Names that are looked up here. */
    snprintf(proxy, sizeof proxy, "socks5://127.0.0.1:%d", site_port(&site, "socks5"));
    assert_forbidden(at_host("http", "localhost", "/plain/1"), NULL, &o, "is a loopback address");
    o.public_only = 0;
    o.deny_hosts = "::1";
    struct got *g = both(at_host("http", "localhost", "/plain/1"), NULL, &o);
    assert_int_equal(g->err, FSOCK_OK);
    forget(g);
}

static void other_openers_obey(void **state)
{
    struct fsock_options o = guarded(NULL, NULL, 1);
    struct fsock_fault fault;
    fsock_stream *s;
    char path[128];
    (void)state;
    assert_int_equal(
        fsock_open(&s, "tcp://127.0.0.1", site_port(&site, "http"), &o, fsock_after(5), &fault),
        FSOCK_ERR_FORBIDDEN);
    snprintf(path, sizeof path, "unix://%s/site.sock", site_dir);
    assert_int_equal(fsock_open(&s, path, 0, &o, fsock_after(5), &fault), FSOCK_ERR_FORBIDDEN);
    o.public_only = 0;
    assert_int_equal(fsock_open(&s, path, 0, &o, fsock_after(5), &fault), FSOCK_OK);
    fsock_close(s);
}

/* What was opened without a rule serves nobody who has one. */
static void pools_keep_them_apart(void **state)
{
    struct fsock_options o = guarded(NULL, NULL, 0);
    struct fsock_fault fault;
    fsock_stream *s;
    int reused;
    fsock_pool *p = fsock_pool_new(0, 0);
    (void)state;
    int port = site_port(&site, "http");
    assert_int_equal(fsock_pool_open(p, &s, "127.0.0.1", port, &o, fsock_after(5), NULL, &fault),
                     0);
    fsock_pool_keep(p, s);
    o.deny_hosts = "127.0.0.1";
    assert_int_equal(fsock_pool_open(p, &s, "127.0.0.1", port, &o, fsock_after(5), NULL, &fault),
                     FSOCK_ERR_FORBIDDEN);
    o.deny_hosts = NULL;
    o.public_only = 1;
    assert_int_equal(fsock_pool_open(p, &s, "127.0.0.1", port, &o, fsock_after(5), NULL, &fault),
                     FSOCK_ERR_FORBIDDEN);
    o.public_only = 0;
    assert_int_equal(fsock_pool_open(p, &s, "127.0.0.1", port, &o, fsock_after(5), &reused, &fault),
                     FSOCK_OK);
    assert_int_equal(reused, 1);
    fsock_close(s);
    fsock_pool_free(p);
}

/* A rule that can't hold is no rule: it is refused. */
static void broken_lists(void **state)
{
    struct fsock_options o = guarded(NULL, "10.0.0.0/33", 0);
    struct fsock_fault fault;
    (void)state;
    assert_null(fsock_fetch_new(&o, 0, 0, &fault));
    assert_int_equal(fault.err, FSOCK_ERR_INPUT);
    assert_string_equal(fault.text, "the hosts denied: \"10.0.0.0/33\" is no host in ASCII, no "
                                    "address and no block of them");
    o = guarded("a.example, http://b.example/", NULL, 0);
    assert_null(fsock_fetch_new(&o, 0, 0, &fault));
    assert_non_null(strstr(fault.text, "the hosts allowed: \"http://b.example/\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(public_addresses_only), cmocka_unit_test(names_are_judged_by_addresses),
        cmocka_unit_test(forbidden_and_refused), cmocka_unit_test(lists_of_hosts),
        cmocka_unit_test(redirects_are_judged),  cmocka_unit_test(proxies_are_exempt),
        cmocka_unit_test(other_openers_obey),    cmocka_unit_test(pools_keep_them_apart),
        cmocka_unit_test(broken_lists),
    };
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
