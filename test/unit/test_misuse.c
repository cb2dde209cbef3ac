/*
 * What callers should not do, and do all the same: it is refused, in words where there is a fault.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <fsock.h>

static const char nowhere[] = "http://127.0.0.1:1/"; /* refused at once */

static fsock_fetch *must_fetch(void)
{
    struct fsock_fault fault;
    fsock_fetch *f = fsock_fetch_new(NULL, 0, 0, &fault);
    assert_non_null(f);
    return f;
}

static void test_structs_without_their_initialiser(void **state)
{
    (void)state;
    struct fsock_options options;
    struct fsock_request request;
    struct fsock_fault fault;
    fsock_result *result;
    fsock_fetch *f = must_fetch();
    for (int fill = 0; fill < 256; fill += 255) {
        memset(&options, fill, sizeof options);
        memset(&request, fill, sizeof request);
        assert_null(fsock_fetch_new(&options, 0, 0, &fault));
        assert_non_null(strstr(fault.text, "fsock_options_init"));
        assert_int_equal(fsock_fetch_add(f, nowhere, strlen(nowhere), &request, NULL, &fault),
                         FSOCK_ERR_INPUT);
        assert_non_null(strstr(fault.text, "fsock_request_init"));
        assert_int_equal(fsock_get(&result, nowhere, &request, NULL, FSOCK_NEVER), FSOCK_ERR_INPUT);
        fsock_result_free(result);
        assert_int_equal(fsock_get(&result, nowhere, NULL, &options, FSOCK_NEVER), FSOCK_ERR_INPUT);
        const struct fsock_response *r = fsock_result_response(result);
        assert_string_equal(r->url, "");
        assert_string_equal(r->method, "");
        assert_string_equal(r->redirect_url, "");
        assert_string_equal(r->tls_version, "");
        assert_true(r->content_length == -1 && r->times.total == -1);
        fsock_result_free(result);
    }
    fsock_fetch_free(f);
}

static void test_limits_beyond_all_bounds(void **state)
{
    (void)state;
    static const fsock_time odd[] = {INT64_MAX, INT64_MAX - 1, INT64_MIN, -1, 1};
    struct fsock_options options;
    fsock_result *result;
    fsock_options_init(&options);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        options.connect_timeout = options.read_timeout = options.total_timeout = odd[i];
        enum fsock_err err = fsock_get(&result, nowhere, NULL, &options, FSOCK_NEVER);
        assert_int_equal(err, odd[i] == 1 ? FSOCK_ERR_TIMEOUT : FSOCK_ERR_CONNECT);
        fsock_result_free(result);
        assert_int_equal(fsock_get(&result, nowhere, NULL, NULL, i ? INT64_MIN : 0),
                         FSOCK_ERR_TIMEOUT);
        fsock_result_free(result);
    }
}

/* Nor is the next value that a later version may have a meaning for. */
static void test_values_that_are_none(void **state)
{
    (void)state;
    static const struct {
        int adaptive, breaker;
        const char *text; /* NULL: all is well */
    } cases[] = {
        {FSOCK_ADAPT_UP,       1,  NULL              },
        {FSOCK_ADAPT_DOWN,     0,  NULL              },
        {-1,                   0,  "adaptive is -1, "},
        {FSOCK_ADAPT_DOWN + 1, 0,  "adaptive is 3, " },
        {0,                    -1, "breaker is -1, " },
        {0,                    2,  "breaker is 2, "  },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fsock_options options;
        struct fsock_fault fault;
        fsock_options_init(&options);
        options.adaptive = cases[i].adaptive;
        options.breaker = cases[i].breaker;
        fsock_fetch *f = fsock_fetch_new(&options, 0, 0, &fault);
        assert_int_equal(f == NULL, cases[i].text != NULL);
        assert_int_equal(fault.err, cases[i].text ? FSOCK_ERR_INPUT : FSOCK_OK);
        if (cases[i].text)
            assert_ptr_equal(strstr(fault.text, cases[i].text), fault.text);
        fsock_fetch_free(f);
    }
}

static void test_urls_that_are_none(void **state)
{
    (void)state;
    static char long_url[70000] = "http://127.0.0.1/";
    static const char with_nul[] = "http://a\0b/";
    fsock_fetch *f = must_fetch();
    struct fsock_fault fault;
    memset(long_url + strlen(long_url), 'a', sizeof long_url - strlen(long_url));
    assert_int_equal(fsock_fetch_add(f, NULL, 0, NULL, NULL, NULL), FSOCK_ERR_INPUT);
    assert_int_equal(fsock_fetch_add(f, long_url, sizeof long_url, NULL, NULL, &fault),
                     FSOCK_ERR_INPUT);
    assert_true(strlen(fault.text) < sizeof fault.text - 1);
    assert_int_equal(fsock_fetch_add(f, with_nul, sizeof with_nul - 1, NULL, NULL, &fault),
                     FSOCK_ERR_INPUT);
    assert_int_equal(fsock_fetch_queued(f), 0);
    fsock_fetch_free(f);
}

/* Two framings of one body are how requests are smuggled. */
static void test_framing_is_ours(void **state)
{
    (void)state;
    const char *const lines[] = {"transfer-encoding: chunked", NULL};
    const char *const removed[] = {"Transfer-Encoding:", NULL};
    struct fsock_request request;
    struct fsock_fault fault;
    fsock_request_init(&request);
    request.headers = lines;
    assert_int_equal(fsock_request_check(&request, &fault), FSOCK_ERR_INPUT);
    assert_non_null(strstr(fault.text, "transfer-encoding"));
    request.headers = removed;
    assert_int_equal(fsock_request_check(&request, &fault), FSOCK_OK);

    const char *const five[] = {"Content-Length: 5", NULL}, *const none[] = {"Content-Length: 0",
                                                                             NULL};
    request.headers = five;
    assert_int_equal(fsock_request_check(&request, &fault), FSOCK_ERR_INPUT);
    request.body = "12345";
    request.body_len = 5;
    assert_int_equal(fsock_request_check(&request, &fault), FSOCK_OK);
    request.headers = none;
    assert_int_equal(fsock_request_check(&request, &fault), FSOCK_ERR_INPUT);
    request.body = NULL;
    assert_int_equal(fsock_request_check(&request, &fault), FSOCK_OK);
}

static void test_descriptors_that_are_none(void **state)
{
    (void)state;
    fsock_fetch *f = must_fetch();
    struct fsock_event e;
    int closed = dup(0), end[2];
    assert_int_equal(fsock_fetch_watch(f, -1, FSOCK_READABLE, NULL), FSOCK_ERR_INPUT);
    assert_int_equal(fsock_fetch_next(f, &e, 0), FSOCK_EOF);
    close(closed); /* one that is not open has failed: it is reported */
    assert_int_equal(fsock_fetch_watch(f, closed, FSOCK_READABLE, end), FSOCK_OK);
    assert_int_equal(fsock_fetch_next(f, &e, fsock_after(5)), FSOCK_OK);
    assert_true(e.kind == FSOCK_EVENT_READY && e.user == end);
    assert_int_equal(fsock_fetch_next(f, &e, 0), FSOCK_EOF);
    fsock_fetch_free(f);
}

static void test_after_the_end(void **state)
{
    (void)state;
    fsock_fetch *f = must_fetch();
    struct fsock_event e;
    fsock_fetch_cancel(f, 0);
    fsock_fetch_cancel(f, 7);
    for (int round = 0; round < 2; round++) { /* an end is no end: more may be added */
        int done = 0;
        assert_int_equal(fsock_fetch_add(f, nowhere, strlen(nowhere), NULL, NULL, NULL), FSOCK_OK);
        while (fsock_fetch_next(f, &e, fsock_after(5)) == FSOCK_OK)
            done += e.kind == FSOCK_EVENT_DONE;
        assert_int_equal(done, 1);
        assert_int_equal(fsock_fetch_next(f, &e, fsock_after(5)), FSOCK_EOF);
    }
    assert_int_equal(fsock_fetch_add(f, nowhere, strlen(nowhere), NULL, NULL, NULL), FSOCK_OK);
    fsock_fetch_stop(f, NULL);
    assert_int_equal(fsock_fetch_add(f, nowhere, strlen(nowhere), NULL, NULL, NULL),
                     FSOCK_ERR_CANCELED);
    assert_int_equal(fsock_fetch_next(f, &e, FSOCK_NEVER), FSOCK_OK);
    assert_true(e.kind == FSOCK_EVENT_DONE && e.err == FSOCK_ERR_CANCELED);
    fsock_fetch_stop(f, "again");
    assert_int_equal(fsock_fetch_next(f, &e, FSOCK_NEVER), FSOCK_EOF);
    fsock_fetch_free(f);
    fsock_fetch_free(NULL);
    fsock_result_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_structs_without_their_initialiser),
        cmocka_unit_test(test_limits_beyond_all_bounds),
        cmocka_unit_test(test_values_that_are_none),
        cmocka_unit_test(test_urls_that_are_none),
        cmocka_unit_test(test_framing_is_ours),
        cmocka_unit_test(test_descriptors_that_are_none),
        cmocka_unit_test(test_after_the_end),
    };
    return cmocka_run_group_tests_name("misuse", tests, NULL, NULL);
}
