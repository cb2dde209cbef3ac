/* How fast at most, against fsock-site: requests and bytes, of a place and of a run. What takes at
 * least so long is tested; what a busy machine adds is not. */
#include <math.h>
#include <pthread.h>

#include "transfer_rig.h"

#define SEC FSOCK_SECOND

static struct fsock_options options;

/* Options, the pacer's rates included; 0: none. */
static void pace(double run, double run_bytes, double host, double host_bytes, fsock_time delay)
{
    options = site_options();
    options.host_rate = host;
    options.host_bytes = host_bytes;
    options.host_delay = delay;
    if (run > 0 || run_bytes > 0)
        assert_non_null(options.pacer = fsock_pacer_new(run, run_bytes));
}

/* n times this URL, side by side: how long it took. All must be fine. */
static fsock_time fetch_many(const char *url, unsigned n, const struct fsock_request *r)
{
    struct fsock_event e;
    struct fsock_fault fault;
    unsigned fine = 0;
    fsock_time since = fsock_now();
    fsock_fetch *f = fsock_fetch_new(&options, 32, 32, &fault);
    assert_non_null(f);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(fsock_fetch_add(f, url, strlen(url), r, NULL, NULL), FSOCK_OK);
    while (fsock_fetch_next(f, &e, FSOCK_NEVER) == FSOCK_OK)
        fine += e.kind == FSOCK_EVENT_DONE && e.err == FSOCK_OK;
    fsock_fetch_free(f);
    assert_int_equal(fine, n);
    return fsock_now() - since;
}

/* ---- Requests ---- */

static void test_requests(void **state)
{
    (void)state;
    struct fsock_request r = request(0);
    pace(0, 0, 100, 0, 0);
    assert_true(fetch_many(page("/plain/1"), 30, &r) >= 290 * MS - 50 * MS);
    pace(0, 0, 0, 0, 20 * MS);
    assert_true(fetch_many(page("/plain/1"), 10, &r) >= 180 * MS);
    pace(100, 0, 0, 0, 0);
    assert_true(fetch_many(page("/plain/1"), 30, &r) >= 290 * MS - 50 * MS);
    fsock_pacer_free(options.pacer);
}

/* Each redirect to the same place is a request, by either driver; so is one that is sent again. */
static void test_redirects_and_repeats(void **state)
{
    (void)state;
    struct fsock_request follow = request(FSOCK_FOLLOW);
    struct got *(*const how[])(const char *, const struct fsock_request *,
                               const struct fsock_options *) = {fetch, get};
    pace(0, 0, 0, 0, 30 * MS);
    for (int i = 0; i < 2; i++) {
        fsock_time since = fsock_now();
        struct got *g = how[i](page("/redirect/3"), &follow, &options);
        assert_int_equal(g->err, FSOCK_OK);
        assert_int_equal(g->response.redirects, 3);
        assert_true(fsock_now() - since >= 90 * MS);
        forget(g);
    }
    options.host_delay = 100 * MS;
    struct fsock_fault fault;
    struct fsock_event e;
    const char *url = page("/die-on-reuse");
    unsigned tries = 0, n = 0;
    fsock_time since = fsock_now();
    fsock_fetch *f = fsock_fetch_new(&options, 1, 1, &fault);
    for (int i = 0; i < 2; i++)
        assert_int_equal(fsock_fetch_add(f, url, strlen(url), NULL, NULL, NULL), FSOCK_OK);
    while (fsock_fetch_next(f, &e, FSOCK_NEVER) == FSOCK_OK)
        if (e.kind == FSOCK_EVENT_DONE) {
            tries += e.response->tries;
            n++;
        }
    fsock_fetch_free(f);
    assert_int_equal(n, 2);
    assert_int_equal(tries, 1);
    assert_true(fsock_now() - since >= 200 * MS);
}

/* A place that has asked for it is slower than the options say; the others are not. */
static void test_slow(void **state)
{
    (void)state;
    struct fsock_event e;
    struct fsock_fault fault;
    char slow[512], other[512];
    fsock_time first = 0, last = 0, since = fsock_now();
    snprintf(slow, sizeof slow, "%s", page("/plain/1"));
    snprintf(other, sizeof other, "%s", at_host("http", "localhost", "/plain/1"));
    pace(0, 0, 0, 0, 0);
    fsock_fetch *f = fsock_fetch_new(&options, 8, 8, &fault);
    assert_int_equal(fsock_fetch_slow(f, slow, strlen(slow), 100 * MS, &fault), FSOCK_OK);
    assert_int_equal(fsock_fetch_slow(f, slow, strlen(slow), -1, &fault), FSOCK_ERR_INPUT);
    assert_int_equal(fsock_fetch_slow(f, "ftp://x/", 8, MS, NULL), FSOCK_ERR_INPUT);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(fsock_fetch_add(f, slow, strlen(slow), NULL, &first, NULL), FSOCK_OK);
        assert_int_equal(fsock_fetch_add(f, other, strlen(other), NULL, &last, NULL), FSOCK_OK);
    }
    while (fsock_fetch_next(f, &e, FSOCK_NEVER) == FSOCK_OK)
        if (e.kind == FSOCK_EVENT_DONE) {
            assert_int_equal(e.err, FSOCK_OK);
            *(fsock_time *)e.user = fsock_now() - since;
        }
    fsock_fetch_free(f);
    assert_true(first >= 300 * MS); /* of the slow one, the last */
    assert_true(last < first);
}

/* Waiting for a unit is part of the transfer's time. */
static void test_no_room_in_time(void **state)
{
    (void)state;
    struct fsock_request follow = request(FSOCK_FOLLOW);
    pace(0, 0, 0.1, 0, 0);
    options.total_timeout = 100 * MS;
    struct got *g = fetch(page("/redirect/3"), &follow, &options);
    assert_int_equal(g->err, FSOCK_ERR_TIMEOUT);
    assert_int_equal(g->fault.stage, FSOCK_STAGE_QUEUE);
    assert_int_equal(g->fault.limit, FSOCK_LIMIT_TOTAL);
    assert_non_null(strstr(g->fault.text, "the pace left no room"));
    forget(g);
}

static void *fetch_ten(void *arg)
{
    struct fsock_request r = request(0);
    fetch_many(arg, 10, &r);
    return NULL;
}

static void test_threads_share_a_pacer(void **state)
{
    (void)state;
    pthread_t thread[4];
    pace(100, 1e9, 0, 0, 0);
    char url[512];
    snprintf(url, sizeof url, "%s", page("/plain/1"));
    fsock_time since = fsock_now();
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, fetch_ten, url), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    assert_true(fsock_now() - since >= 390 * MS - 50 * MS);
    fsock_pacer_free(options.pacer);
}

/* ---- Bytes ---- */

/* The same body as without a limit, but not sooner than the rate allows. */
static void check_body(const char *url, unsigned flags, double bytes)
{
    struct fsock_request r = request(flags);
    struct got *free_g = fetch(url, &r, NULL);
    assert_int_equal(free_g->err, FSOCK_OK);
    double least = (double)free_g->response.size_download / bytes - 0.1 - 0.05;
    for (int i = 0; i < 2; i++) {
        fsock_time since = fsock_now();
        struct got *g = i ? get(url, &r, &options) : fetch(url, &r, &options);
        assert_int_equal(g->err, FSOCK_OK);
        assert_true((double)(fsock_now() - since) >= least * (double)SEC);
        assert_int_equal(g->response.size_body, free_g->response.size_body);
        assert_int_equal(g->len, free_g->len);
        if (g->len)
            assert_memory_equal(g->body, free_g->body, g->len);
        forget(g);
    }
    forget(free_g);
}

static void test_bytes(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) { /* of the place, of the run */
        pace(0, i ? 400e3 : 0, 0, i ? 0 : 400e3, 0);
        check_body(page("/plain/19"), 0, 400e3);
        check_body(tls_page("/plain/19"), 0, 400e3);
        check_body(page("/chunked/19"), 0, 400e3);
        check_body(page("/plain/19"), FSOCK_DISCARD, 400e3);
        check_body(page("/gzip/19"), 0, 400e3);
        fsock_pacer_free(options.pacer);
    }
}

/* Both at once: the slower one counts. */
static void test_bytes_of_place_and_run(void **state)
{
    (void)state;
    struct fsock_request r = request(0);
    pace(0, 4e6, 0, 1e6, 0);
    assert_true(fetch_many(page("/plain/19"), 4, &r) >= 500 * MS);
    fsock_pacer_free(options.pacer);
    pace(0, 1e6, 0, 4e6, 0);
    assert_true(fetch_many(page("/plain/19"), 4, &r) >= 500 * MS);
    fsock_pacer_free(options.pacer);
}

/* Nobody's silence: it is we who wait, longer than the read limit. */
static void test_our_silence_does_not_count(void **state)
{
    (void)state;
    struct fsock_request r = request(0);
    pace(0, 0, 0, 20e3, 0);
    options.read_timeout = 300 * MS;
    assert_true(fetch_many(page("/plain/6"), 16, &r) >= 300 * MS);
    options.read_timeout = 100 * MS; /* but the peer's does */
    struct got *g = fetch(page("/mute-body"), &r, &options);
    assert_int_equal(g->err, FSOCK_ERR_TIMEOUT);
    assert_int_equal(g->fault.limit, FSOCK_LIMIT_READ);
    forget(g);
}

/* Only what moves is counted: small answers are not slowed down by a limit that they don't reach.
 */
static void test_small_answers(void **state)
{
    (void)state;
    struct fsock_request r = request(0);
    pace(0, 10e6, 0, 0, 0);
    assert_true(fetch_many(page("/plain/1"), 400, &r) < 4 * SEC);
    assert_true(fetch_many(page("/slow/50/2"), 32, &r) < 4 * SEC);
    fsock_pacer_free(options.pacer);
}

static void test_upload(void **state)
{
    (void)state;
    static char body[200000];
    struct fsock_request r = request(0);
    r.body = body;
    r.body_len = sizeof body;
    r.method = "PUT";
    pace(0, 0, 0, 400e3, 0);
    fsock_time since = fsock_now();
    struct got *g = fetch(page("/upload"), &r, &options);
    assert_int_equal(g->err, FSOCK_OK);
    assert_int_equal(g->response.size_upload, sizeof body);
    assert_true(fsock_now() - since >= 350 * MS);
    assert_non_null(strstr(g->body, "200000"));
    forget(g);
    static const double rates[] = {10e3, 1000, 300}; /* it would take long, but the answer comes */
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        options.host_bytes = rates[i];
        since = fsock_now();
        g = fetch(page("/early-response"), &r, &options);
        assert_int_equal(g->response.status, 413);
        assert_int_equal(g->err, FSOCK_OK);
        assert_true(fsock_now() - since < 5 * SEC);
        forget(g);
    }
}

/* Those that end in the middle leave their turn to others. */
static void test_canceled_in_the_queue(void **state)
{
    (void)state;
    struct fsock_event e;
    struct fsock_fault fault;
    unsigned canceled = 0, fine = 0;
    const char *big = page("/plain/19"), *small = page("/plain/1");
    pace(0, 50e3, 0, 40e3, 0);
    fsock_fetch *f = fsock_fetch_new(&options, 32, 32, &fault);
    for (int i = 0; i < 8; i++)
        assert_int_equal(fsock_fetch_add(f, big, strlen(big), NULL, NULL, NULL), FSOCK_OK);
    assert_int_equal(fsock_fetch_add(f, small, strlen(small), NULL, &e, NULL), FSOCK_OK);
    fsock_time end = fsock_after(0.3);
    while (fsock_fetch_next(f, &e, end) == FSOCK_OK)
        fine += e.kind == FSOCK_EVENT_DONE;
    for (uint64_t id = 1; id <= 8; id++)
        fsock_fetch_cancel(f, id);
    while (fsock_fetch_next(f, &e, FSOCK_NEVER) == FSOCK_OK)
        if (e.kind == FSOCK_EVENT_DONE) {
            canceled += e.err == FSOCK_ERR_CANCELED;
            fine += e.err == FSOCK_OK;
        }
    assert_int_equal(canceled, 8);
    assert_int_equal(fine, 1);
    fsock_fetch_free(f);
    fsock_pacer_free(options.pacer);
}

/* ---- Nonsense ---- */

static void test_refused(void **state)
{
    (void)state;
    static const double bad[] = {-1, 1e-9, 1e15, NAN, INFINITY};
    struct fsock_fault fault;
    for (size_t i = 0; i < 3 * sizeof bad / sizeof *bad; i++) {
        double rate = bad[i % 5];
        pace(0, 0, i < 5 ? rate : 0, i >= 5 && i < 10 ? rate : 0, i >= 10 ? -1 : 0);
        assert_null(fsock_fetch_new(&options, 1, 1, &fault));
        assert_int_equal(fault.err, FSOCK_ERR_INPUT);
        assert_non_null(strstr(fault.text, "host_rate"));
    }
}

/*
 * A host that is left alone fills the queue: some of its URLs are given back, each once and with no
 * other event, and another host's gets in. Without the flag, it has to wait.
 */
static void test_given_back(void **state)
{
    (void)state;
    struct fsock_request back = request(FSOCK_GIVE_BACK), stay = request(0);
    char other[64];
    snprintf(other, sizeof other, "http://localhost:%u/plain/1", site_port(&site, "http"));
    for (unsigned i = 0; i < 2; i++) {
        struct fsock_event e;
        enum fsock_err err;
        uint64_t added = 0, given = 0, room = 0, others = 0;
        pace(0, 0, 0, 0, 20 * SEC);
        fsock_fetch *f = fsock_fetch_new(&options, 8, 8, NULL);
        assert_non_null(f);
        while ((err = fsock_fetch_add(f, page("/plain/1"), strlen(page("/plain/1")),
                                      i ? &stay : &back, NULL, NULL)) == FSOCK_OK)
            added++;
        assert_int_equal(err, FSOCK_AGAIN);
        fsock_time end = fsock_now() + SEC;
        while (!others && (err = fsock_fetch_next(f, &e, end)) == FSOCK_OK) {
            given += e.kind == FSOCK_EVENT_BACK;
            room += e.kind == FSOCK_EVENT_ROOM;
            others += e.kind == FSOCK_EVENT_DONE && e.user == other;
            if (e.kind == FSOCK_EVENT_ROOM)
                assert_int_equal(fsock_fetch_add(f, other, strlen(other), &stay, other, NULL),
                                 FSOCK_OK);
        }
        assert_int_equal(room, !i);
        assert_int_equal(others, !i);
        assert_int_equal(given > 0, !i);
        assert_int_equal(fsock_fetch_queued(f) + given + 1, added);
        fsock_fetch_free(f);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_redirects_and_repeats),
        cmocka_unit_test(test_slow),
        cmocka_unit_test(test_no_room_in_time),
        cmocka_unit_test(test_threads_share_a_pacer),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_bytes_of_place_and_run),
        cmocka_unit_test(test_our_silence_does_not_count),
        cmocka_unit_test(test_small_answers),
        cmocka_unit_test(test_upload),
        cmocka_unit_test(test_canceled_in_the_queue),
        cmocka_unit_test(test_given_back),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
