/* Many requests on one connection of HTTP/2, by either interface; and memory that runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <fsock.h>

#include "h2_server.h"
#include "starve.h"

static struct h2_server *server;

static int setup(void **state)
{
    (void)state;
    server = h2_server_start();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    h2_server_stop(server);
    return 0;
}

static struct fsock_options prior(void)
{
    struct fsock_options o;
    fsock_options_init(&o);
    o.http2 = FSOCK_HTTP2_PRIOR;
    o.total_timeout = 10 * FSOCK_SECOND;
    return o;
}

static void url_of(char *text, size_t n, unsigned i)
{
    snprintf(text, n, "http://127.0.0.1:%u/%u", server->port, i);
}

/* So many URLs; how many failed, and at what they did last. */
static unsigned fetch_all(unsigned urls, const struct fsock_request *request, unsigned per_host,
                          enum fsock_err *last)
{
    struct fsock_options o = prior();
    struct fsock_fault fault;
    struct fsock_event e;
    unsigned failed = 0, done = 0;
    enum fsock_err err = FSOCK_OK;
    char url[100];
    *last = FSOCK_OK;
    fsock_fetch *f = fsock_fetch_new(&o, 64, per_host, &fault);
    if (!f) {
        *last = fault.err;
        return urls;
    }
    for (unsigned i = 0; i < urls && err == FSOCK_OK; i++) {
        url_of(url, sizeof url, i);
        err = fsock_fetch_add(f, url, strlen(url), request, NULL, &fault);
    }
    for (unsigned tries = 0; err == FSOCK_OK;) {
        err = fsock_fetch_next(f, &e, fsock_after(10));
        if (err == FSOCK_ERR_MEMORY && tries++ < 3)
            err = FSOCK_OK; /* it may be asked again */
        else if (err == FSOCK_OK && e.kind == FSOCK_EVENT_DONE) {
            done++;
            failed += e.err != FSOCK_OK;
            *last = e.err != FSOCK_OK ? e.err : *last;
            if (e.err == FSOCK_OK)
                assert_int_equal(e.response->version, 20);
        }
    }
    *last = err == FSOCK_EOF ? *last : err;
    fsock_fetch_free(f);
    return failed + urls - done;
}

static void test_one_connection_for_all(void **state)
{
    enum fsock_err last;
    (void)state;
    assert_int_equal(fetch_all(500, NULL, 20, &last), 0);
    assert_int_equal(server->connections, 1);
    assert_int_equal(server->requests, 500);
    assert_in_range(server->streams, 2, 20);
}

static void test_a_new_connection_for_each(void **state)
{
    struct fsock_request request;
    enum fsock_err last;
    (void)state;
    fsock_request_init(&request);
    request.flags |= FSOCK_NO_REUSE;
    assert_int_equal(fetch_all(20, &request, 6, &last), 0);
    assert_int_equal(server->connections, 20);
    assert_int_equal(server->requests, 20);
}

static void test_blocking(void **state)
{
    struct fsock_options o = prior();
    struct fsock_request request;
    fsock_result *result;
    size_t n;
    char url[100], bytes[100000] = "x";
    (void)state;
    fsock_request_init(&request);
    request.body = bytes;
    request.body_len = sizeof bytes;
    url_of(url, sizeof url, 7);
    assert_int_equal(fsock_get(&result, url, &request, &o, fsock_after(10)), FSOCK_OK);
    assert_memory_equal(fsock_result_body(result, &n), "/7", 2);
    assert_int_equal(n, 2);
    assert_int_equal(fsock_result_response(result)->version, 20);
    assert_int_equal(fsock_result_response(result)->size_upload, sizeof bytes);
    fsock_result_free(result);
}

static void test_options_are_checked(void **state)
{
    struct fsock_options o = prior();
    struct fsock_fault fault;
    (void)state;
    o.http2 = 3;
    assert_null(fsock_fetch_new(&o, 1, 1, &fault));
    assert_int_equal(fault.err, FSOCK_ERR_INPUT);
    assert_non_null(strstr(fault.text, "http2 is 3"));
}

/* Each run ends, and leaves nothing behind. */
static void test_memory_runs_out(void **state)
{
    char bytes[2000] = "x";
    struct fsock_request request;
    (void)state;
    fsock_request_init(&request);
    request.body = bytes;
    request.body_len = sizeof bytes;
    for_good = false;
    for (unsigned long n = 1; n < N_MAX; n++) {
        enum fsock_err last;
        starve(n);
        (void)fetch_all(3, &request, 3, &last);
        armed = false;
        if (last != FSOCK_OK && !(struck && last == FSOCK_ERR_MEMORY))
            fail_msg("allocation %lu: %s", n, fsock_err_name(last));
        if (held != 0)
            fail_msg("allocation %lu: %ld not freed", n, held);
        if (!struck)
            return;
    }
    fail_msg("it never ends");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(one_connection_for_all), TEST(a_new_connection_for_each), TEST(blocking),
        TEST(options_are_checked),    TEST(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
