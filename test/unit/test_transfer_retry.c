/* Transfers that try again, and bodies that go on where they broke off. */
#include "transfer_rig.h"

#include <openssl/evp.h>

/* A request with so many retries, after pauses that take no time. */
static struct fsock_request retrying(unsigned retries, unsigned flags)
{
    struct fsock_request r = request(flags);
    r.retries = retries;
    r.retry_delay = 2 * MS;
    return r;
}

/* A page of which nobody has asked before. */
static const char *fresh(const char *path, const char *query)
{
    static unsigned keys;
    char text[256];
    snprintf(text, sizeof text, "%s/key-%u%s", path, keys++, query);
    return page(text);
}

static void assert_contains(const char *text, const char *part)
{
    if (!text || !strstr(text, part))
        fail_msg("no \"%s\" in:\n%s", part, text ? text : "(nothing)");
}

/* The answer is complete, and its body is what X-SHA256 says. */
static void assert_whole(const struct got *g)
{
    unsigned char sum[32];
    char sha[65];
    if (g->err != FSOCK_OK)
        fail_msg("%s: %s", g->url, g->fault.text);
    assert_int_equal(g->response.status, 200);
    assert_true(EVP_Digest(g->body, g->len, sum, NULL, EVP_sha256(), NULL));
    for (int i = 0; i < 32; i++)
        snprintf(sha + 2 * i, 3, "%02x", sum[i]);
    const char *said = strstr(g->head, "X-SHA256: ");
    assert_non_null(said);
    assert_memory_equal(said + 10, sha, 64);
    assert_int_equal(g->response.size_body, g->len);
}

/* ---- Answers --------------------------------------------------------------------------------- */

static void test_statuses(void **state)
{
    static const int statuses[] = {408, 429, 500, 502, 503, 504};
    struct fsock_request r = retrying(2, 0);
    (void)state;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        char path[64];
        snprintf(path, sizeof path, "/again/%d/2", statuses[i]);
        struct got *g = fetch(fresh(path, ""), &r, NULL);
        assert_int_equal(g->err, FSOCK_OK);
        assert_int_equal(g->response.status, 200);
        assert_int_equal(g->response.retries, 2);
        assert_int_equal(g->response.connects, 1);
        assert_string_equal(g->events, "SHDX");
        assert_string_equal(g->body, "try 3\n");
        forget(g);
        g = get(fresh(path, ""), &r, NULL);
        assert_string_equal(g->body, "try 3\n");
        assert_int_equal(g->response.retries, 2);
        forget(g);
    }
}

/* The last answer counts like any other. */
static void test_no_retries_left(void **state)
{
    struct fsock_request r = retrying(2, 0);
    (void)state;
    struct got *g = fetch(fresh("/again/503/9", ""), &r, NULL);
    assert_int_equal(g->err, FSOCK_OK);
    assert_int_equal(g->response.status, 503);
    assert_int_equal(g->response.retries, 2);
    assert_string_equal(g->events, "SHDX");
    assert_string_equal(g->body, "come again\n");
    forget(g);
    r.flags = FSOCK_FAIL_STATUS;
    g = fetch(fresh("/again/503/9", ""), &r, NULL);
    assert_int_equal(g->err, FSOCK_ERR_STATUS);
    assert_int_equal(g->response.retries, 2);
    forget(g);
}

static void test_other_statuses(void **state)
{
    static const int statuses[] = {400, 401, 404, 410, 416, 501, 505};
    struct fsock_request r = retrying(2, 0);
    (void)state;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        char path[64];
        snprintf(path, sizeof path, "/again/%d/1", statuses[i]);
        struct got *g = fetch(fresh(path, ""), &r, NULL);
        assert_int_equal(g->response.status, statuses[i]);
        assert_int_equal(g->response.retries, 0);
        forget(g);
    }
}

static void test_methods(void **state)
{
    struct fsock_request r = retrying(1, 0);
    (void)state;
    r.method = "POST";
    r.body = "x";
    r.body_len = 1;
    struct got *g = fetch(fresh("/again/503/1", ""), &r, NULL);
    assert_int_equal(g->response.status, 503);
    assert_int_equal(g->response.retries, 0);
    forget(g);
    r.flags = FSOCK_RETRY_ALL;
    g = fetch(fresh("/again/503/1", ""), &r, NULL);
    assert_int_equal(g->response.status, 200);
    assert_int_equal(g->response.retries, 1);
    assert_int_equal(g->response.size_upload, 2);
    forget(g);
    r.flags = 0;
    g = fetch(at_host("tcp-refused", "127.0.0.1", "/"), &r, NULL);
    assert_int_equal(g->err, FSOCK_ERR_CONNECT);
    assert_int_equal(g->response.retries, 1); /* nothing was sent */
    forget(g);
}

/* By redirect to a page that fails: that page is asked again. */
static void test_after_redirect(void **state)
{
    struct fsock_request r = retrying(1, FSOCK_FOLLOW);
    (void)state;
    struct got *g = fetch(page("/redirect-to/http/again/503/1/moved"), &r, NULL);
    assert_int_equal(g->err, FSOCK_OK);
    assert_string_equal(g->body, "try 2\n");
    assert_int_equal(g->response.redirects, 1);
    assert_int_equal(g->response.retries, 1);
    forget(g);
}

/* ---- Failures -------------------------------------------------------------------------------- */

static void test_failures(void **state)
{
    static const char *const paths[] = {"/again/reset/2", "/again/fin/2", "/again/mute/1"};
    struct fsock_request r = retrying(2, 0);
    struct fsock_options o = site_options();
    (void)state;
    o.read_timeout = 100 * MS;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct got *g = fetch(fresh(paths[i], ""), &r, &o);
        assert_int_equal(g->err, FSOCK_OK);
        assert_int_equal(g->response.status, 200);
        assert_int_equal(g->response.retries, i < 2 ? 2 : 1);
        assert_string_equal(g->events, "SHDX");
        assert_int_equal(g->fault.err, FSOCK_OK);
        forget(g);
        g = get(fresh(paths[i], ""), &r, &o);
        assert_int_equal(g->response.status, 200);
        forget(g);
    }
}

/* Name servers are asked again, not the resolver's memory of what they have said. */
static void test_name_servers(void **state)
{
    struct fsock_request r = retrying(1, 0);
    struct fsock_options o = site_options();
    char servers[64];
    (void)state;
    snprintf(servers, sizeof servers, "127.0.0.1:%d", site_port(&site, "dns"));
    o.dns_servers = servers;
    long before = stat_of("dns_queries");
    struct got *g = fetch("http://servfail.site.test/", NULL, &o);
    assert_int_equal(g->err, FSOCK_ERR_DNS);
    long each = stat_of("dns_queries") - before;
    forget(g);
    g = fetch("http://servfail.site.test/", &r, &o);
    assert_int_equal(g->err, FSOCK_ERR_DNS);
    assert_int_equal(g->response.retries, 1);
    assert_int_equal(stat_of("dns_queries") - before, 3 * each);
    forget(g);
}

static void test_other_failures(void **state)
{
    static const char *const services[] = {"tls-expired", "tls-wronghost", "tls-plain"};
    struct fsock_request r = retrying(2, 0);
    struct fsock_options o = site_options();
    (void)state;
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        struct got *g = fetch(at_host(services[i], "localhost", "/"), &r, &o);
        assert_int_not_equal(g->err, FSOCK_OK);
        assert_int_equal(g->response.retries, 0);
        forget(g);
    }
    struct got *g = fetch("http://nobody.invalid/", &r, &o);
    assert_int_equal(g->err, FSOCK_ERR_NAME);
    assert_int_equal(g->response.retries, 0);
    forget(g);
}

/* ---- Time ------------------------------------------------------------------------------------ */

/* How long it takes: at least `from`, at most a tenth of a second more (a second for dates). */
static void check_pause(const char *query, int64_t from, int64_t to)
{
    struct fsock_request r = retrying(1, 0);
    fsock_time began = fsock_now();
    struct got *g = fetch(fresh("/again/503/1", query), &r, NULL);
    int64_t took = fsock_now() - began;
    assert_int_equal(g->response.status, 200);
    if (took < from || took > to + 150 * MS)
        fail_msg("%s took %lld ms", query, (long long)(took / MS));
    forget(g);
}

static void test_retry_after(void **state)
{
    (void)state;
    check_pause("?after=0", 0, 0);
    check_pause("?after=1", FSOCK_SECOND, FSOCK_SECOND);
    check_pause("?date=2", FSOCK_SECOND, 2 * FSOCK_SECOND);
    check_pause("?rate=1", FSOCK_SECOND, FSOCK_SECOND);
}

/* A pause that doesn't fit into what is left: the answer at hand is the end. */
static void test_pause_does_not_fit(void **state)
{
    static const char *const queries[] = {"?after=5", "?date=9", "?rate=5", "?after=99999999999"};
    struct fsock_request r = retrying(5, 0);
    struct fsock_options o = site_options();
    (void)state;
    o.total_timeout = FSOCK_SECOND;
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        fsock_time began = fsock_now();
        struct got *g = fetch(fresh("/again/503/1", queries[i]), &r, &o);
        assert_true(fsock_now() - began < 200 * MS);
        assert_int_equal(g->err, FSOCK_OK);
        assert_int_equal(g->response.status, 503);
        assert_int_equal(g->response.retries, 0);
        assert_string_equal(g->events, "SHDX");
        forget(g);
    }
}

/* Retries have no budget of their own. */
/* It would try for ever. How exactly the limit is kept, the matrix of deadlines measures. */
static void test_total_limit(void **state)
{
    struct fsock_request r = retrying(UINT32_MAX, 0);
    struct fsock_options o = site_options();
    (void)state;
    o.total_timeout = 300 * MS;
    r.retry_delay = 20 * MS;
    fsock_time began = fsock_now();
    struct got *g = fetch(at_host("tcp-refused", "127.0.0.1", "/"), &r, &o);
    assert_true(fsock_now() - began < 10 * o.total_timeout);
    assert_int_equal(g->err, FSOCK_ERR_CONNECT);
    assert_true(g->response.retries >= 1 && g->response.retries < 100);
    assert_contains(g->fault.text, "refused");
    forget(g);
}

/* ---- Bodies that broke off ------------------------------------------------------------------- */

static void check_goes_on(const char *path, const char *query, unsigned flags, unsigned retries)
{
    struct fsock_request r = retrying(3, flags);
    struct fsock_options o = site_options();
    o.read_timeout = 100 * MS;
    struct got *g = fetch(fresh(path, query), &r, &o);
    assert_string_equal(g->events, flags & FSOCK_DISCARD ? "SHX" : "SHDX");
    if (flags & FSOCK_DISCARD) {
        assert_int_equal(g->err, FSOCK_OK);
        assert_int_equal(g->response.size_body, 300000);
    } else {
        assert_whole(g);
    }
    assert_int_equal(g->response.retries, retries);
    assert_int_equal(g->response.content_length, 300000);
    assert_int_equal(g->response.size_download, 300000);
    assert_contains(g->decoded, "Content-Length: 300000\r\n");
    forget(g);
    g = get(fresh(path, query), &r, &o);
    if (!(flags & FSOCK_DISCARD))
        assert_whole(g);
    forget(g);
}

static void test_goes_on(void **state)
{
    static const char *const queries[] = {"", "?rst", "?mute"};
    (void)state;
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        check_goes_on("/cut/300000/1/1", queries[i], 0, 1);
        check_goes_on("/cut/300000/150000/1", queries[i], 0, 1);
        check_goes_on("/cut/300000/90000/3", queries[i], 0, 3);
        check_goes_on("/cut/300000/299999/1", queries[i], FSOCK_RESTART, 1);
        check_goes_on("/cut/300000/70000/2", queries[i], FSOCK_DISCARD, 2);
    }
}

/* Where it can't go on, those who can begin anew do. */
static void test_restart(void **state)
{
    static const char *const queries[] = {"?etag=none", "?etag=weak", "?etag=new", "?norange"};
    struct fsock_request r = retrying(3, FSOCK_RESTART);
    (void)state;
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        struct got *g = fetch(fresh("/cut/300000/90000/2", queries[i]), &r, NULL);
        assert_whole(g);
        if (i != 2 || strcmp(g->events, "SHDRHDX") != 0)
            assert_string_equal(g->events, "SHDRHDRHDX");
        assert_int_equal(g->response.retries, 2);
        assert_int_equal(g->response.size_download, 300000);
        forget(g);
        g = get(fresh("/cut/300000/90000/2", queries[i]), &r, NULL);
        assert_whole(g);
        forget(g);
    }
}

static void test_no_restart(void **state)
{
    static const struct {
        const char *query, *text;
        unsigned retries;
    } rows[] = {
        {"?etag=none", "after 90000 of 300000 bytes",                     0},
        {"?etag=weak", "after 90000 of 300000 bytes",                     0},
        {"?etag=new",  "answered by 200, and the body is another one",    1},
        {"?norange",   "answered by 200, and the body is another one",    1},
        {"?then=404",  "answered by 404, and that is not the rest of it", 1},
        {"?then=503",  "answered by 503, and that is not the rest of it", 3},
        {"?then=206",  "answered by 206, and that is not the rest of it", 1},
    };
    struct fsock_request r = retrying(3, 0);
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct got *g = fetch(fresh("/cut/300000/90000/9", rows[i].query), &r, NULL);
        assert_int_equal(g->err, FSOCK_ERR_TRUNCATED);
        assert_int_equal(g->fault.stage, FSOCK_STAGE_BODY);
        assert_contains(g->fault.text, rows[i].text);
        assert_string_equal(g->events, "SHDX");
        assert_int_equal(g->response.status, 200);
        assert_int_equal(g->response.retries, rows[i].retries);
        assert_int_equal(g->response.size_body, 90000);
        assert_int_equal(g->len, 90000);
        forget(g);
    }
    /* What the caller has is not void because of an answer without a body. */
    r.flags = FSOCK_RESTART;
    struct got *g = fetch(fresh("/cut/300000/90000/9", "?then=404"), &r, NULL);
    assert_int_equal(g->err, FSOCK_ERR_TRUNCATED);
    assert_string_equal(g->events, "SHDX");
    forget(g);
}

/* It goes on from where the caller's own part ended, too. */
static void test_resumed(void **state)
{
    struct fsock_request r = retrying(2, 0);
    (void)state;
    struct got *whole = fetch(page("/cut/300000/0/0/whole"), NULL, NULL);
    assert_whole(whole);
    r.resume_from = 100000;
    r.validator = "\"again-0\"";
    struct got *g = fetch(fresh("/cut/300000/90000/2", ""), &r, NULL);
    assert_int_equal(g->err, FSOCK_OK);
    assert_int_equal(g->response.status, 206);
    assert_int_equal(g->response.resumed, 1);
    assert_int_equal(g->response.retries, 2);
    assert_int_equal(g->len, 200000);
    assert_memory_equal(g->body, whole->body + 100000, 200000);
    forget(g);
    forget(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statuses),       cmocka_unit_test(test_no_retries_left),
        cmocka_unit_test(test_other_statuses), cmocka_unit_test(test_methods),
        cmocka_unit_test(test_after_redirect), cmocka_unit_test(test_failures),
        cmocka_unit_test(test_name_servers),   cmocka_unit_test(test_other_failures),
        cmocka_unit_test(test_retry_after),    cmocka_unit_test(test_pause_does_not_fit),
        cmocka_unit_test(test_total_limit),    cmocka_unit_test(test_goes_on),
        cmocka_unit_test(test_restart),        cmocka_unit_test(test_no_restart),
        cmocka_unit_test(test_resumed),
    };
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
