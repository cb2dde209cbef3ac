/* Transfers at rest, in a fetch: they hold nobody up, and their places are left alone. */
#include "transfer_rig.h"

#define ITEMS_MAX 2000

static struct fsock_options options;

/* A fetch, and all URLs that have been given to it, with the time when they ended. */
struct rig {
    fsock_fetch *fetch;
    struct got *got[ITEMS_MAX];
    fsock_time began, ended[ITEMS_MAX];
    unsigned n;
};

static void open_rig(struct rig *rig, unsigned parallel, unsigned per_host)
{
    struct fsock_fault fault;
    *rig = (struct rig){.began = fsock_now()};
    rig->fetch = fsock_fetch_new(&options, parallel, per_host, &fault);
    assert_non_null(rig->fetch);
}

static unsigned add(struct rig *rig, const char *url, const struct fsock_request *r)
{
    struct fsock_fault fault;
    rig->got[rig->n] = calloc(1, sizeof *rig->got[0]);
    assert_non_null(rig->got[rig->n]);
    assert_int_equal(fsock_fetch_add(rig->fetch, url, strlen(url), r, &rig->got[rig->n], &fault),
                     FSOCK_OK);
    return rig->n++;
}

/* Events until `deadline`, or until all have ended. */
static enum fsock_err run(struct rig *rig, fsock_time deadline)
{
    struct fsock_event e;
    enum fsock_err err;
    while ((err = fsock_fetch_next(rig->fetch, &e, deadline)) == FSOCK_OK) {
        struct got **g = e.user;
        take_event(*g, &e);
        if (e.kind == FSOCK_EVENT_DONE)
            rig->ended[g - rig->got] = fsock_now() - rig->began;
    }
    return err;
}

static void close_rig(struct rig *rig)
{
    fsock_fetch_free(rig->fetch);
    for (unsigned i = 0; i < rig->n; i++)
        forget(rig->got[i]);
}

static struct fsock_request retrying(unsigned retries, int64_t delay)
{
    struct fsock_request r = request(0);
    r.retries = retries;
    r.retry_delay = delay;
    return r;
}

static int setup(void **state)
{
    int failed = rig_start(state);
    options = site_options();
    options.total_timeout = 0;
    return failed;
}

/* At other places, and at its own while that is not held, all goes on; with one at a time, too. */
static void test_holds_nobody_up(void **state)
{
    struct fsock_request r = retrying(1, 0), slowly = retrying(1, 5000 * FSOCK_SECOND);
    struct rig rig;
    (void)state;
    open_rig(&rig, 1, 1);
    unsigned resting = add(&rig, page("/again/503/1/held?after=1"), &r);
    unsigned same = add(&rig, page("/plain/1"), &r);
    unsigned other = add(&rig, at_host("http", "localhost", "/plain/1"), &r);
    unsigned refused = add(&rig, at_host("tcp-refused", "127.0.0.1", "/"), &slowly);
    assert_int_equal(run(&rig, rig.began + 2 * FSOCK_SECOND), FSOCK_ERR_TIMEOUT);
    assert_true(rig.ended[other] && rig.ended[other] < 200 * MS);
    assert_true(rig.ended[resting] >= FSOCK_SECOND && rig.ended[resting] < 1200 * MS);
    assert_true(rig.ended[same] >= rig.ended[resting] && rig.ended[same] < 1200 * MS);
    assert_int_equal(rig.ended[refused], 0);
    assert_string_equal(rig.got[resting]->events, "SHDX");
    assert_int_equal(fsock_fetch_running(rig.fetch), 1);
    close_rig(&rig);
}

/* The place is left alone even by an answer that is the last for its own URL. */
static void test_hold_without_retries_left(void **state)
{
    static const char *const pages[] = {"/again/429/9/a?after=1", "/again/503/9/b?after=1",
                                        "/again/all/0/c?rate=1"};
    (void)state;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        struct fsock_request r = retrying(1, 0);
        struct rig rig;
        open_rig(&rig, 4, 1);
        r.method = i < 2 ? "POST" : "GET"; /* not to be sent again */
        unsigned first = add(&rig, page(pages[i]), &r);
        unsigned second = add(&rig, page("/plain/1"), &r);
        assert_int_equal(run(&rig, FSOCK_NEVER), FSOCK_EOF);
        assert_int_equal(rig.got[first]->response.retries, 0);
        assert_true(rig.ended[first] < 300 * MS);
        assert_true(rig.ended[second] >= FSOCK_SECOND && rig.ended[second] < 1300 * MS);
        close_rig(&rig);
    }
}

/* Who never asked for retries is not held up. */
static void test_no_hold_without_retries(void **state)
{
    struct rig rig;
    (void)state;
    open_rig(&rig, 1, 1);
    add(&rig, page("/again/503/9/d?after=5"), NULL);
    unsigned second = add(&rig, page("/plain/1"), NULL);
    assert_int_equal(run(&rig, FSOCK_NEVER), FSOCK_EOF);
    assert_true(rig.ended[second] < 300 * MS);
    close_rig(&rig);
}

/* But who adapts leaves a place alone that asks for it, even if no URL is tried again. */
static void test_hold_of_who_adapts(void **state)
{
    struct rig rig;
    (void)state;
    options.adaptive = FSOCK_ADAPT_DOWN;
    open_rig(&rig, 1, 1);
    add(&rig, page("/again/503/9/adapts?after=1"), NULL);
    unsigned second = add(&rig, page("/plain/1"), NULL);
    options.adaptive = 0;
    assert_int_equal(run(&rig, FSOCK_NEVER), FSOCK_EOF);
    assert_true(rig.ended[second] >= 1000 * MS);
    close_rig(&rig);
}

/* Many that failed together: no more run at once than may, and all end well. */
static void test_many(void **state)
{
    struct fsock_request r = retrying(3, 20 * MS);
    struct rig rig;
    (void)state;
    open_rig(&rig, 3, 2);
    for (int i = 0; i < 300; i++) {
        char path[64];
        snprintf(path, sizeof path, "/again/%s/%d/many-%d", i % 2 ? "502" : "reset", i % 4, i);
        add(&rig, at_host("http", i % 3 ? "127.0.0.1" : "localhost", path), &r);
    }
    assert_int_equal(run(&rig, FSOCK_NEVER), FSOCK_EOF);
    for (unsigned i = 0; i < rig.n; i++) {
        assert_int_equal(rig.got[i]->err, FSOCK_OK);
        /* A reset on a kept connection is repeated at once. */
        assert_int_equal(rig.got[i]->response.retries + rig.got[i]->response.tries, i % 4);
        assert_int_equal(rig.got[i]->response.status, 200);
    }
    close_rig(&rig);
}

/* A thousand may rest; those beyond count as running, so that nothing grows without end. */
static void test_ceiling(void **state)
{
    struct fsock_request r = retrying(1, 10000000 * FSOCK_SECOND);
    struct rig rig;
    (void)state;
    open_rig(&rig, 8, 8);
    for (int i = 0; i < 1100; i++)
        add(&rig, at_host("tcp-refused", "127.0.0.1", "/"), &r);
    assert_int_equal(run(&rig, fsock_after(1.5)), FSOCK_ERR_TIMEOUT);
    assert_in_range(fsock_fetch_running(rig.fetch), 1000, 1008);
    assert_in_range(fsock_fetch_queued(rig.fetch), 80, 92);
    fsock_fetch_stop(rig.fetch, "enough");
    assert_int_equal(run(&rig, FSOCK_NEVER), FSOCK_EOF);
    unsigned chance =
        0; /* one pause of 65,536 is none, after which the second try has failed, too */
    for (unsigned i = 0; i < rig.n; i++)
        if (rig.got[i]->err != FSOCK_ERR_CANCELED) {
            assert_int_equal(rig.got[i]->err, FSOCK_ERR_CONNECT);
            assert_int_equal(rig.got[i]->response.retries, 1);
            chance++;
        }
    assert_in_range(chance, 0, 4);
    close_rig(&rig);
}

/* What rests, and what waits for a place that is held, can be taken back and freed. */
static void test_cancel(void **state)
{
    struct fsock_request r = retrying(1, 0);
    struct rig rig;
    (void)state;
    for (int how = 0; how < 3; how++) {
        char path[64];
        open_rig(&rig, 4, 4);
        snprintf(path, sizeof path, "/again/503/1/rest-%d?after=1", how);
        unsigned first = add(&rig, page(path), &r);
        assert_int_equal(run(&rig, fsock_after(how == 1 ? 0.99 : 0.1)), FSOCK_ERR_TIMEOUT);
        unsigned second = add(&rig, page("/plain/1"), &r);
        if (how == 0)
            fsock_fetch_cancel(rig.fetch, 1);
        else if (how == 1)
            fsock_fetch_stop(rig.fetch, "enough");
        if (how < 2) {
            assert_int_equal(run(&rig, FSOCK_NEVER), FSOCK_EOF);
            assert_int_equal(rig.got[first]->err, FSOCK_ERR_CANCELED);
            assert_int_equal(rig.got[second]->err, how ? FSOCK_ERR_CANCELED : FSOCK_OK);
        }
        close_rig(&rig);
    }
}

/* The total limit holds for one that has come back, and waits for its turn. */
static void test_total_limit_in_queue(void **state)
{
    struct fsock_request r = retrying(1, 100 * MS), plain = request(0);
    struct rig rig;
    (void)state;
    options.total_timeout = 600 * MS;
    open_rig(&rig, 2, 1);
    unsigned back = add(&rig, page("/again/502/1/queued"), &r);
    unsigned slow = add(&rig, page("/delay/5000"), &plain); /* takes the lease that it gave back */
    assert_int_equal(run(&rig, FSOCK_NEVER), FSOCK_EOF);
    assert_int_equal(rig.got[slow]->err, FSOCK_ERR_TIMEOUT);
    if (rig.got[back]->err != FSOCK_OK) {
        assert_int_equal(rig.got[back]->fault.stage, FSOCK_STAGE_QUEUE);
        assert_non_null(strstr(rig.got[back]->fault.text, "the answer is 502"));
    }
    assert_true(rig.ended[back] < 750 * MS);
    close_rig(&rig);
    options.total_timeout = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_holds_nobody_up),
        cmocka_unit_test(test_hold_without_retries_left),
        cmocka_unit_test(test_no_hold_without_retries),
        cmocka_unit_test(test_hold_of_who_adapts),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_ceiling),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_total_limit_in_queue),
    };
    return cmocka_run_group_tests(tests, setup, rig_stop);
}
