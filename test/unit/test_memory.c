/*
 * Memory runs out: for n = 1, 2, 3 ... the n-th allocation of the library fails, until a run needs
 * no more than that. Each run ends, with FSOCK_ERR_MEMORY or as if nothing had happened, and leaves
 * nothing allocated.
 */
#include "transfer_rig.h"

#include "starve.h"

/* What is tried again and again. */
struct script {
    const char *url;
    struct fsock_request request;
    struct fsock_options options;
    bool traced;
    unsigned flags; /* of the trace */
};

/* Everything of the fetch interface; the last error that its URL ended with. */
static enum fsock_err by_loop(const struct script *s)
{
    struct fsock_event e;
    struct fsock_fault fault;
    enum fsock_err err = FSOCK_OK, ended = FSOCK_OK;
    fsock_fetch *f = fsock_fetch_new(&s->options, 2, 2, &fault);
    if (!f) {
        assert_true(fault.text[0]);
        return fault.err;
    }
    for (int i = 0; i < 2 && err == FSOCK_OK; i++)
        err = fsock_fetch_add(f, s->url, strlen(s->url), &s->request, NULL, &fault);
    for (int tries = 0; err == FSOCK_OK;) {
        err = fsock_fetch_next(f, &e, fsock_now() + 10 * FSOCK_SECOND);
        if (err == FSOCK_ERR_MEMORY && tries++ < 3)
            err = FSOCK_OK; /* it may be asked again */
        else if (err == FSOCK_OK && e.kind == FSOCK_EVENT_DONE && e.err != FSOCK_OK) {
            assert_int_equal(e.fault->err, e.err);
            assert_true(e.fault->text[0]);
            ended = e.err;
        }
    }
    fsock_fetch_free(f);
    return err == FSOCK_EOF ? ended : err;
}

static enum fsock_err by_run(const struct script *s)
{
    fsock_result *result;
    enum fsock_err err = fsock_get(&result, s->url, &s->request, &s->options, fsock_after(10));
    if (result && err != FSOCK_OK)
        assert_true(fsock_result_fault(result)->text[0]);
    fsock_result_free(result);
    return err;
}

/* The same with a jar, which is looked into afterwards. */
static enum fsock_err by_loop_with_jar(const struct script *s)
{
    struct script mine = *s;
    struct fsock_cookie cookie;
    fsock_cookie_init(&cookie);
    cookie.name = "before";
    cookie.domain = "127.0.0.1";
    mine.request.jar = fsock_jar_new();
    if (!mine.request.jar)
        return FSOCK_ERR_MEMORY;
    enum fsock_err err = fsock_jar_put(mine.request.jar, &cookie, NULL);
    if (err == FSOCK_OK)
        err = by_loop(&mine);
    unsigned cookies = 0;
    fsock_cookies *all = fsock_jar_cookies(mine.request.jar);
    while (fsock_cookies_next(all, &cookie))
        cookies++;
    if (!struck)
        assert_int_equal(cookies, 3);
    fsock_cookies_free(all);
    fsock_jar_free(mine.request.jar);
    return err;
}

/* The same with logins, by the best way that is offered. */
static enum fsock_err by_loop_with_logins(const struct script *s)
{
    struct script mine = *s;
    fsock_logins *logins = fsock_logins_new();
    if (!logins)
        return FSOCK_ERR_MEMORY;
    mine.request.auth = FSOCK_AUTH_ANY;
    mine.request.logins = logins;
    enum fsock_err err = fsock_logins_add(logins, "127.0.0.1", "user", "pass");
    if (err == FSOCK_OK)
        err = by_loop(&mine);
    fsock_logins_free(logins);
    return err;
}

/* A run, with a trace of its own, whose memory counts, too. */
static enum fsock_err run(const struct script *s, enum fsock_err (*go)(const struct script *))
{
    struct script traced = *s;
    if (!s->traced)
        return go(s);
    traced.options.trace = fsock_trace_new(s->flags);
    enum fsock_err err = go(&traced);
    unsigned marks = 0;
    while (traced.options.trace && fsock_trace_next(traced.options.trace))
        marks++;
    if (!struck)
        assert_in_range(marks, 15, 10000);
    fsock_trace_free(traced.options.trace);
    return err;
}

/* Until nothing struck; the fault may also have been overcome. How many runs it has failed. */
static unsigned exhaust(const struct script *s, enum fsock_err (*go)(const struct script *))
{
    int fds = open_fds();
    unsigned failed = 0;
    for (unsigned long n = 1;; n++) {
        starve(n);
        enum fsock_err err = run(s, go);
        armed = false;
        if (err != FSOCK_OK && !(struck && err == FSOCK_ERR_MEMORY))
            fail_msg("%s, allocation %lu: %s", s->url, n, fsock_err_name(err));
        if (held != 0)
            fail_msg("%s, allocation %lu: %ld not freed", s->url, n, held);
        assert_int_equal(open_fds(), fds);
        failed += err != FSOCK_OK;
        if (!struck)
            return failed;
        assert_true(n < N_MAX);
    }
}

static void exhaust_both(const struct script *s)
{
    for (int all = 0; all < 2; all++) {
        for_good = all;
        exhaust(s, by_loop);
        exhaust(s, by_run);
    }
}

static struct script script(const char *url, unsigned flags)
{
    return (struct script){.url = url, .request = request(flags), .options = site_options()};
}

static void test_plain(void **state)
{
    (void)state;
    struct script s = script(page("/chunked/7"), 0);
    exhaust_both(&s);
}

static void test_redirect(void **state)
{
    struct script s = script(page("/redirect/3"), FSOCK_FOLLOW);
    (void)state;
    s.request.user = "user:pass";
    exhaust_both(&s);
}

static void test_cookies(void **state)
{
    struct script s = script(page("/set-cookie/1"), 0);
    (void)state;
    for (int all = 0; all < 2; all++) {
        for_good = all;
        exhaust(&s, by_loop_with_jar);
    }
}

/* A challenge that can't be kept is asked for again: no answer but 200 is seen. */
static void test_logins(void **state)
{
    static const char *const pages[] = {"/auth-basic", "/auth-digest"};
    (void)state;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        struct script s = script(page(pages[i]), FSOCK_FAIL_STATUS);
        for (int all = 0; all < 2; all++) {
            for_good = all;
            exhaust(&s, by_loop_with_logins);
        }
    }
}

/* What fails each time, and what goes on where it broke off. */
static void test_retries(void **state)
{
    static const char *const pages[] = {"/again/503/999999999/memory",
                                        "/cut/5000/2000/999999999/memory"};
    (void)state;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        struct script s = script(page(pages[i]), FSOCK_RESTART);
        s.request.retries = 3;
        s.request.retry_delay = 1;
        exhaust_both(&s);
    }
}

static void test_codings(void **state)
{
    static const char *const pages[] = {"/gzip-chunked/4", "/br/4", "/zstd/4", "/deflate/4",
                                        "/stacked"};
    (void)state;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        struct script s = script(page(pages[i]), 0);
        exhaust_both(&s);
    }
}

static void test_names(void **state)
{
    struct script s = script(at_host("http", "cname-split.site.test", "/plain/3"), 0);
    char servers[64];
    (void)state;
    snprintf(servers, sizeof servers, "127.0.0.1:%d", site_port(&site, "dns"));
    s.options.dns_servers = servers;
    exhaust_both(&s);
    s.url = at_host("http", "tc.site.test", "/plain/3");
    exhaust_both(&s);
}

static void test_tls(void **state)
{
    (void)state;
    struct script s = script(tls_page("/plain/3"), 0);
    exhaust_both(&s);
}

static void test_proxies(void **state)
{
    struct script s = script(page("/plain/3"), 0);
    char proxy[64];
    (void)state;
    s.options.proxy = proxy;
    s.options.no_proxy = "example.org,192.0.2.0/24";
    snprintf(proxy, sizeof proxy, "socks5h://user:pass@127.0.0.1:%d",
             site_port(&site, "socks5-auth"));
    exhaust_both(&s);
    snprintf(proxy, sizeof proxy, "http://user:pass@127.0.0.1:%d", site_port(&site, "proxy-auth"));
    exhaust_both(&s);
    s.url = tls_page("/plain/3");
    exhaust_both(&s);
}

static void test_trace(void **state)
{
    struct script s = script(page("/plain/3"), 0);
    (void)state;
    s.traced = true;
    exhaust_both(&s);
    s.flags = FSOCK_TRACE_DATA;
    s.url = tls_page("/plain/3");
    exhaust_both(&s);
}

/*
 * A trace that finds no memory fails nothing: as many runs fail as without one. Where bytes come
 * late a run may need an allocation more, trace or not; harm would be done each time.
 */
static void test_trace_harms_nobody(void **state)
{
    struct script plain = script(page("/plain/3"), 0), traced = plain;
    unsigned tries = 0;
    (void)state;
    for_good = false;
    traced.traced = true;
    traced.flags = FSOCK_TRACE_DATA;
    while (exhaust(&plain, by_run) < exhaust(&traced, by_run))
        assert_true(++tries < 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_redirect),
        cmocka_unit_test(test_cookies),
        cmocka_unit_test(test_logins),
        cmocka_unit_test(test_retries),
        cmocka_unit_test(test_codings),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_tls),
        cmocka_unit_test(test_proxies),
        cmocka_unit_test(test_trace),
        cmocka_unit_test(test_trace_harms_nobody),
    };
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
