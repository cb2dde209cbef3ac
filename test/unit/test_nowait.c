/* Requests whose answers nobody waits for: FSOCK_NO_WAIT. */
#include "transfer_rig.h"

#define LARGE ((size_t)3000000)

static char *large_body(void)
{
    char *body = malloc(LARGE);
    assert_non_null(body);
    memset(body, 'x', LARGE);
    return body;
}

/* A page's counter reaches `expected`: the site has had the whole request. */
static void await_count(const char *name, long expected)
{
    fsock_time end = fsock_after(5);
    long n = -1;
    while (fsock_now() < end && (n = stat_of(name)) < expected)
        ;
    assert_int_equal(n, expected);
}

static void assert_sent(const char *url, const struct fsock_request *r,
                        const struct fsock_options *o)
{
    struct got *g = fetch(url, r, o);
    if (g->err != FSOCK_OK)
        fail_msg("%s: %s", url, g->fault.text);
    assert_string_equal(g->events, "SX");
    assert_int_equal(g->response.status, 0);
    assert_int_equal(g->response.size_upload, r->body_len);
    assert_true(g->response.size_request > 0);
    assert_true(g->response.times.total > 0);
    forget(g);
}

/* The whole body arrives, whatever the layers below; with FSOCK_FAIL_STATUS no status is one. */
static void all_of_it_arrives(void **state)
{
    struct fsock_request r = request(FSOCK_NO_WAIT | FSOCK_FAIL_STATUS | FSOCK_FOLLOW), first = r;
    struct fsock_options o = site_options();
    char *body = large_body(), path[128];
    (void)state;
    r.body = body;
    r.body_len = LARGE;
    first.flags = 0;
    first.body = "";
    forget(get(page("/upload"), &first, NULL));
    long n = stat_of("/upload");
    for (int i = 0; i < 5; i++)
        assert_sent(page("/upload"), &r, NULL);
    await_count("/upload", n + 5);
    for (int i = 0; i < 5; i++)
        assert_sent(tls_page("/upload"), &r, NULL);
    await_count("/upload", n + 10);
    snprintf(path, sizeof path, "%s/site.sock", site_dir);
    o.unix_socket = path;
    assert_sent("http://site.test/upload", &r, &o);
    await_count("/upload", n + 11);
    assert_int_equal(stat_of("open"), 1);
    free(body);
}

static void by_a_blocking_call(void **state)
{
    struct fsock_request r = request(FSOCK_NO_WAIT);
    size_t len = 1;
    (void)state;
    struct got *g = get(page("/plain/1"), &r, NULL);
    assert_int_equal(g->err, FSOCK_OK);
    assert_int_equal(g->response.status, 0);
    assert_int_equal(g->response.head_len, 0);
    assert_int_equal(g->len, len - 1);
    forget(g);
}

/* The peer says nothing, and is not asked to. */
static void silence_is_fine(void **state)
{
    struct fsock_request r = request(FSOCK_NO_WAIT);
    (void)state;
    fsock_time began = fsock_now();
    assert_sent(at_host("tcp-mute", "127.0.0.1", "/"), &r, NULL);
    assert_true(fsock_now() - began < FSOCK_SECOND);
}

/* Each has a connection of its own, which is closed. */
static void no_connection_is_kept(void **state)
{
    struct fsock_request waits = request(0), r = request(FSOCK_NO_WAIT);
    const struct fsock_request *requests[] = {&waits, &r, &waits, &r};
    const unsigned connects[] = {1, 1, 0, 1};
    struct fsock_options o = site_options();
    struct fsock_fault fault;
    struct fsock_event e;
    fsock_fetch *f = fsock_fetch_new(&o, 1, 1, &fault);
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        const char *url = page("/plain/1");
        assert_int_equal(fsock_fetch_add(f, url, strlen(url), requests[i], NULL, &fault), 0);
        do
            assert_int_equal(fsock_fetch_next(f, &e, fsock_after(5)), FSOCK_OK);
        while (e.kind != FSOCK_EVENT_DONE);
        assert_int_equal(e.err, FSOCK_OK);
        assert_int_equal(e.response->connects, connects[i]);
    }
    fsock_fetch_free(f);
}

static void what_can_fail(void **state)
{
    struct fsock_request r = request(FSOCK_NO_WAIT);
    struct fsock_options o = site_options();
    const size_t huge = (size_t)64 << 20;
    char *body = calloc(1, huge);
    (void)state;
    assert_non_null(body);
    struct got *g = both(at_host("tcp-refused", "127.0.0.1", "/"), &r, NULL);
    assert_int_equal(g->err, FSOCK_ERR_CONNECT);
    forget(g);
    r.body = body; /* more than the kernels take, and nobody reads */
    r.body_len = huge;
    o.read_timeout = 300 * MS;
    g = both(at_host("tcp-stopread", "127.0.0.1", "/"), &r, &o);
    assert_int_equal(g->err, FSOCK_ERR_TIMEOUT);
    assert_int_equal(g->fault.stage, FSOCK_STAGE_SEND);
    assert_int_equal(g->fault.limit, FSOCK_LIMIT_READ);
    forget(g);
    r.body = NULL;
    g = fetch(at_host("tcp-reset", "127.0.0.1", "/"), &r, NULL);
    if (g->err != FSOCK_OK && g->err != FSOCK_ERR_CONNECT) /* it may come at any time */
        assert_int_equal(g->err, FSOCK_ERR_RESET);
    forget(g);
    free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it_arrives), cmocka_unit_test(by_a_blocking_call),
        cmocka_unit_test(silence_is_fine),   cmocka_unit_test(no_connection_is_kept),
        cmocka_unit_test(what_can_fail),
    };
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
