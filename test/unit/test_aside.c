/*
 * A place that can't be reached, in a fetch: what waits there ends as FSOCK_ERR_ASIDE. The clock is
 * the test's, so that nobody has to wait for the breaker.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <fsock.h>

#define MS FSOCK_MILLISECOND

static const char nowhere[] = "http://127.0.0.1:1/"; /* refused at once */

static time_t later; /* seconds that have passed in no time */

int clock_gettime(clockid_t clock, struct timespec *at)
{
    long failed = syscall(SYS_clock_gettime, clock, at);
    at->tv_sec += later;
    return (int)failed;
}

/* A fetch, and how those that it was given have ended. */
struct rig {
    fsock_fetch *fetch;
    unsigned started, connect, aside;
};

static void open_rig(struct rig *rig)
{
    struct fsock_options options;
    struct fsock_fault fault;
    fsock_options_init(&options);
    options.breaker = 1;
    options.total_timeout = 0;
    *rig = (struct rig){.fetch = fsock_fetch_new(&options, 8, 2, &fault)};
    assert_non_null(rig->fetch);
}

static void add(struct rig *rig, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(fsock_fetch_add(rig->fetch, nowhere, strlen(nowhere), NULL, NULL, NULL),
                         FSOCK_OK);
}

static void check_aside(const struct fsock_event *e)
{
    assert_int_equal(e->fault->err, FSOCK_ERR_ASIDE);
    assert_int_equal(e->fault->stage, FSOCK_STAGE_QUEUE);
    assert_non_null(strstr(e->fault->text, "set aside: "));
    assert_non_null(strstr(e->fault->text, " failures in a row, the last: connect 127.0.0.1:1"));
    assert_true(e->fault->hint[0]);
    assert_string_equal(e->response->url, nowhere);
    assert_int_equal(e->response->status, 0);
}

/* All that happens now. */
static enum fsock_err run(struct rig *rig)
{
    struct fsock_event e;
    enum fsock_err err;
    while ((err = fsock_fetch_next(rig->fetch, &e, fsock_now() + 100 * MS)) == FSOCK_OK) {
        rig->started += e.kind == FSOCK_EVENT_START;
        if (e.kind != FSOCK_EVENT_DONE)
            continue;
        if (e.err == FSOCK_ERR_ASIDE)
            check_aside(&e);
        else
            assert_int_equal(e.err, FSOCK_ERR_CONNECT);
        rig->connect += e.err == FSOCK_ERR_CONNECT;
        rig->aside += e.err == FSOCK_ERR_ASIDE;
    }
    return err;
}

/* Until three probes have failed, when so many have been added. */
static void fail_all(struct rig *rig, unsigned n)
{
    add(rig, n);
    assert_int_equal(run(rig), FSOCK_ERR_TIMEOUT);
    unsigned failed = rig->connect; /* five, and what was under way by then */
    assert_in_range(failed, 5, 6);
    assert_int_equal(fsock_fetch_queued(rig->fetch), n - failed);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(rig->aside, 0);
        assert_int_equal(run(rig), FSOCK_ERR_TIMEOUT);
        assert_int_equal(rig->connect, failed + i);
        later += 1 << i;
        (void)run(rig);
        assert_int_equal(rig->connect, failed + i + 1);
    }
}

/* Those that wait end at once, without a START; and so do those that come later. */
static void test_all_end(void **state)
{
    struct rig rig;
    (void)state;
    open_rig(&rig);
    fail_all(&rig, 100);
    assert_int_equal(rig.connect + rig.aside, 100);
    assert_int_equal(rig.started, rig.connect);
    assert_int_equal(run(&rig), FSOCK_EOF);
    add(&rig, 20);
    assert_int_equal(run(&rig), FSOCK_EOF);
    assert_int_equal(rig.connect + rig.aside, 120);
    assert_int_equal(rig.started, rig.connect);
    fsock_fetch_free(rig.fetch);
}

/* One each half minute finds out whether it is still so. */
static void test_one_probe(void **state)
{
    struct rig rig;
    (void)state;
    open_rig(&rig);
    fail_all(&rig, 20);
    for (unsigned i = 1; i <= 3; i++) {
        unsigned failed = rig.connect;
        later += 29;
        add(&rig, 5);
        assert_int_equal(run(&rig), FSOCK_EOF);
        assert_int_equal(rig.connect, failed);
        later += 2;
        add(&rig, 5);
        assert_int_equal(run(&rig), FSOCK_EOF);
        assert_int_equal(rig.connect, failed + 1);
        assert_int_equal(rig.connect + rig.aside, 20 + 10 * i);
    }
    fsock_fetch_free(rig.fetch);
}

/* Without it, each is tried. */
static void test_no_breaker(void **state)
{
    struct rig rig;
    struct fsock_fault fault;
    (void)state;
    rig = (struct rig){.fetch = fsock_fetch_new(NULL, 8, 2, &fault)};
    add(&rig, 30);
    assert_int_equal(run(&rig), FSOCK_EOF);
    assert_int_equal(rig.connect, 30);
    fsock_fetch_free(rig.fetch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_end),
        cmocka_unit_test(test_one_probe),
        cmocka_unit_test(test_no_breaker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
