/* How much there may be in all, against fsock-site: not a request more, and so many bytes. */
#include <pthread.h>

#include "base/allowance.h"
#include "transfer_rig.h"

#define SEC FSOCK_SECOND

static struct fsock_options options;

/* Options with an allowance of their own; 0: no limit. */
static void allow(uint64_t requests, uint64_t bytes)
{
    fsock_allowance_free(options.allowance);
    options = site_options();
    assert_non_null(options.allowance = fsock_allowance_new(requests, bytes));
}

static int forget_allowance(void **state)
{
    (void)state;
    fsock_allowance_free(options.allowance);
    options.allowance = NULL;
    return 0;
}

/* What came of several URLs. */
struct sum {
    unsigned fine, refused, started, retries;
    uint64_t received; /* headers and bodies, before decoding */
    struct fsock_fault fault;
};

static void add(fsock_fetch *f, const char *url, const struct fsock_request *r, unsigned n)
{
    while (n--)
        assert_int_equal(fsock_fetch_add(f, url, strlen(url), r, NULL, NULL), FSOCK_OK);
}

/* Until nothing is left. Each is fine or refused. */
static struct sum finish(fsock_fetch *f)
{
    struct sum sum = {0};
    struct fsock_event e;
    while (fsock_fetch_next(f, &e, FSOCK_NEVER) == FSOCK_OK) {
        sum.started += e.kind == FSOCK_EVENT_START;
        if (e.kind != FSOCK_EVENT_DONE)
            continue;
        sum.received += e.response->size_header + e.response->size_download;
        sum.retries += e.response->retries + e.response->tries;
        if (e.err == FSOCK_OK) {
            sum.fine++;
            continue;
        }
        assert_string_equal(fsock_err_name(e.err), "spent");
        sum.refused++;
        sum.fault = *e.fault;
    }
    fsock_fetch_free(f);
    return sum;
}

static fsock_fetch *new_fetch(unsigned parallel)
{
    struct fsock_fault fault;
    fsock_fetch *f = fsock_fetch_new(&options, parallel, parallel, &fault);
    assert_non_null(f);
    return f;
}

/* ---- Requests ---- */

static void no_limits(void **state)
{
    (void)state;
    assert_int_equal(fsk_allowance_spent(NULL), FSOCK_LIMIT_NONE);
    assert_true(fsk_allowance_ask(NULL));
    assert_int_equal(fsk_allowance_room(NULL, 7), 7);
    fsk_allowance_take(NULL, 7);
    allow(0, 0);
    fsk_allowance_take(options.allowance, SIZE_MAX);
    for (int i = 0; i < 3; i++)
        assert_true(fsk_allowance_ask(options.allowance));
    assert_int_equal(fsk_allowance_room(options.allowance, SIZE_MAX), SIZE_MAX);
    assert_int_equal(fsk_allowance_spent(options.allowance), FSOCK_LIMIT_NONE);
    fsock_allowance_free(NULL);
}

static void not_one_more(void **state)
{
    (void)state;
    static const unsigned parallel[] = {1, 2, 7, 64};
    for (size_t i = 0; i < sizeof parallel / sizeof *parallel; i++) {
        allow(7, 0);
        long before = stat_of("requests");
        fsock_fetch *f = new_fetch(parallel[i]);
        add(f, page("/plain/1"), NULL, 100);
        struct sum sum = finish(f);
        assert_int_equal(sum.fine, 7);
        assert_int_equal(sum.refused, 93);
        assert_int_equal(stat_of("requests") - before, 7 + 1);
        assert_int_equal(sum.fault.limit, FSOCK_LIMIT_REQUESTS);
        assert_int_equal(sum.fault.stage, FSOCK_STAGE_QUEUE);
        assert_non_null(strstr(sum.fault.text, "no request is left of the 7 allowed"));
    }
}

/* As many as are needed are enough; those that follow a redirect count, by either driver. */
static void redirects_count(void **state)
{
    (void)state;
    struct fsock_request follow = request(FSOCK_FOLLOW);
    for (unsigned n = 1; n <= 4; n++)
        for (int by_run = 0; by_run < 2; by_run++) {
            allow(n, 0);
            struct got *g = (by_run ? get : fetch)(page("/redirect/3"), &follow, &options);
            assert_int_equal(g->err, n == 4 ? FSOCK_OK : FSOCK_ERR_SPENT);
            assert_int_equal(g->fault.limit, n == 4 ? FSOCK_LIMIT_NONE : FSOCK_LIMIT_REQUESTS);
            assert_int_equal(g->response.redirects, n < 4 ? n : 3);
            forget(g);
        }
}

/* Both those that a kept connection has lost, and those that the peer would not answer. */
static void repeats_count(void **state)
{
    (void)state;
    struct fsock_request again = request(0);
    again.retries = 5;
    again.retry_delay = MS;
    for (unsigned n = 1; n <= 4; n++) {
        char path[64];
        allow(n, 0);
        snprintf(path, sizeof path, "/again/503/3/allowance-%u", n);
        struct got *g = fetch(page(path), &again, &options);
        assert_int_equal(g->err, n == 4 ? FSOCK_OK : FSOCK_ERR_SPENT);
        if (n < 4)
            assert_non_null(strstr(g->fault.text, "; before, the answer is 503"));
        forget(g);
    }
    for (unsigned n = 2; n <= 3; n++) { /* the second one takes two */
        allow(n, 0);
        fsock_fetch *f = new_fetch(1);
        add(f, page("/die-on-reuse"), NULL, 2);
        assert_int_equal(finish(f).fine, n - 1);
    }
}

/* What was asked for is still answered. */
static void answers_are_waited_for(void **state)
{
    (void)state;
    allow(2, 0);
    fsock_fetch *f = new_fetch(8);
    add(f, page("/delay/300"), NULL, 1);
    add(f, page("/plain/1"), NULL, 5);
    struct sum sum = finish(f);
    assert_int_equal(sum.fine, 2);
    assert_int_equal(sum.refused, 4);
}

/* Nobody waits for a turn that would be of no use: in the queue, at rest, behind a redirect. */
static void all_who_wait_end_at_once(void **state)
{
    (void)state;
    struct fsock_request again = request(FSOCK_FOLLOW);
    again.retries = 1;
    allow(3, 0);
    options.host_delay = 10 * SEC;
    const char *other = at_host("http", "localhost", "/again/503/1/rest?after=10");
    const char *third = at_host("https", "localhost", "/delay/100");
    fsock_time since = fsock_now();
    fsock_fetch *f = new_fetch(64);
    add(f, page("/redirect/3"), &again, 20);
    add(f, other, &again, 1);
    add(f, third, &again, 1);
    struct sum sum = finish(f);
    assert_int_equal(sum.fine, 1); /* the last one of those asked */
    assert_int_equal(sum.refused, 21);
    assert_int_equal(sum.started, 3);
    assert_true(fsock_now() - since < 5 * SEC);
}

/* ---- Bytes ---- */

/* The end of a body, after so many bytes and not one more. */
static void check_cut(const char *url, unsigned flags, uint64_t most)
{
    struct fsock_request r = request(flags);
    for (int by_run = 0; by_run < 2; by_run++) {
        allow(0, most);
        struct got *g = (by_run ? get : fetch)(url, &r, &options);
        assert_string_equal(fsock_err_name(g->err), "spent");
        assert_int_equal(g->fault.limit, FSOCK_LIMIT_BYTES);
        assert_int_equal(g->fault.stage, most < 100 ? FSOCK_STAGE_HEAD : FSOCK_STAGE_BODY);
        assert_non_null(strstr(g->fault.text, "no byte is left of the "));
        assert_true(g->response.size_header + g->response.size_download <= most);
        assert_int_equal(atomic_load(&options.allowance->bytes), most);
        forget(g);
    }
}

static void a_body_is_cut_off(void **state)
{
    (void)state;
    static const uint64_t most[] = {1, 50, 1000, 65536, 150001};
    for (size_t i = 0; i < sizeof most / sizeof *most; i++) {
        check_cut(page("/plain/19"), 0, most[i]);
        check_cut(tls_page("/plain/19"), 0, most[i]);
        check_cut(page("/sized/1000000"), FSOCK_DISCARD, most[i]);
        check_cut(page("/chunked/19"), 0, most[i]);
    }
    check_cut(page("/endless-body"), FSOCK_DISCARD, 1000000);
    check_cut(page("/gzip/19"), 0, 5000);
}

/* Exactly as many as there are: all is well, but nothing can follow. */
static void the_last_byte_counts(void **state)
{
    (void)state;
    struct got *g = fetch(page("/plain/9"), NULL, NULL);
    uint64_t size = g->response.size_header + g->response.size_download;
    forget(g);
    allow(0, size);
    fsock_fetch *f = new_fetch(1);
    add(f, page("/plain/9"), NULL, 3);
    struct sum sum = finish(f);
    assert_int_equal(sum.fine, 1);
    assert_int_equal(sum.refused, 2);
    assert_int_equal(sum.fault.limit, FSOCK_LIMIT_BYTES);
    assert_int_equal(sum.fault.stage, FSOCK_STAGE_QUEUE);
}

/* Then it is no use to wait for an answer, either, nor for a turn to receive it. */
static void nothing_is_waited_for(void **state)
{
    (void)state;
    for (int paced = 0; paced < 2; paced++) {
        allow(0, 100000);
        options.host_bytes = paced ? 400e3 : 0;
        fsock_time since = fsock_now();
        fsock_fetch *f = new_fetch(32);
        add(f, page("/mute"), NULL, 3);
        add(f, page("/mute-body"), NULL, 3);
        add(f, at_host("hang4", "127.0.0.1", "/"), NULL, 1);
        add(f, page("/endless-body"), NULL, 3);
        struct sum sum = finish(f);
        assert_int_equal(sum.refused, 10);
        assert_true(fsock_now() - since < 5 * SEC);
    }
}

/* ---- Threads ---- */

enum { THREADS = 4, EACH = 100 };

static char shared_url[512];

static void *fetch_each(void *sum)
{
    fsock_fetch *f = new_fetch(16);
    add(f, shared_url, NULL, EACH);
    *(struct sum *)sum = finish(f);
    return NULL;
}

static struct sum fetch_in_threads(const char *url)
{
    pthread_t thread[THREADS];
    struct sum sum[THREADS], all = {0};
    snprintf(shared_url, sizeof shared_url, "%s", url);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, fetch_each, &sum[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
        all.fine += sum[i].fine;
        all.refused += sum[i].refused;
    }
    return all;
}

static void threads_share_it(void **state)
{
    (void)state;
    for (unsigned n = 1; n < THREADS * EACH; n = 3 * n + 1) {
        allow(n, 0);
        struct sum sum = fetch_in_threads(page("/plain/1"));
        assert_int_equal(sum.fine, n);
        assert_int_equal(sum.refused, THREADS * EACH - n);
    }
    allow(0, 3000000);
    struct sum sum = fetch_in_threads(page("/sized/65536"));
    assert_int_equal(sum.fine + sum.refused, THREADS * EACH);
    assert_in_range(sum.fine, 20, 45);
    assert_in_range(atomic_load(&options.allowance->bytes), 3000000, 3000000 + 3 * 65536);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(no_limits, forget_allowance),
        cmocka_unit_test_teardown(not_one_more, forget_allowance),
        cmocka_unit_test_teardown(redirects_count, forget_allowance),
        cmocka_unit_test_teardown(repeats_count, forget_allowance),
        cmocka_unit_test_teardown(answers_are_waited_for, forget_allowance),
        cmocka_unit_test_teardown(all_who_wait_end_at_once, forget_allowance),
        cmocka_unit_test_teardown(a_body_is_cut_off, forget_allowance),
        cmocka_unit_test_teardown(the_last_byte_counts, forget_allowance),
        cmocka_unit_test_teardown(nothing_is_waited_for, forget_allowance),
        cmocka_unit_test_teardown(threads_share_it, forget_allowance),
    };
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
