/* The pulled interface: the order of events, queue, limits, watches, cancelling, kept connections.
 */
#include "transfer_rig.h"

#include <fcntl.h>

#define ITEMS_MAX 2000

static struct fsock_options options;

/* A fetch, and all URLs that have been given to it. */
struct rig {
    fsock_fetch *fetch;
    struct got *got[ITEMS_MAX];
    unsigned n;
    unsigned running_max;
    unsigned rooms;
};

static void open_rig(struct rig *rig, unsigned parallel, unsigned per_host)
{
    struct fsock_fault fault;
    *rig = (struct rig){.n = 0};
    rig->fetch = fsock_fetch_new(&options, parallel, per_host, &fault);
    assert_non_null(rig->fetch);
}

static struct got *add(struct rig *rig, const char *url, const struct fsock_request *r)
{
    struct fsock_fault fault;
    struct got *g = calloc(1, sizeof *g);
    assert_non_null(g);
    rig->got[rig->n++] = g;
    assert_int_equal(fsock_fetch_add(rig->fetch, url, strlen(url), r, g, &fault), FSOCK_OK);
    return g;
}

/* Events until one of this kind, or all of them (0). */
static struct fsock_event until(struct rig *rig, enum fsock_event_kind kind)
{
    struct fsock_event e = {.kind = 0};
    while (fsock_fetch_next(rig->fetch, &e, FSOCK_NEVER) == FSOCK_OK) {
        if (fsock_fetch_running(rig->fetch) > rig->running_max)
            rig->running_max = (unsigned)fsock_fetch_running(rig->fetch);
        if (e.kind == FSOCK_EVENT_ROOM)
            rig->rooms++;
        else if (e.kind != FSOCK_EVENT_READY)
            take_event(e.user, &e);
        if (e.kind == kind)
            return e;
    }
    assert_int_equal(kind, 0);
    return e;
}

static void close_rig(struct rig *rig)
{
    fsock_fetch_free(rig->fetch);
    for (unsigned i = 0; i < rig->n; i++)
        forget(rig->got[i]);
}

static int setup(void **state)
{
    int failed = rig_start(state);
    options = site_options();
    return failed;
}

/* ---- Events ---------------------------------------------------------------------------------- */

static void test_order(void **state)
{
    struct rig rig;
    struct fsock_request follow = request(FSOCK_FOLLOW);
    (void)state;
    open_rig(&rig, 8, 8);
    add(&rig, page("/plain/19"), NULL);
    add(&rig, page("/empty"), NULL);
    add(&rig, page("/redirect/3"), &follow);
    add(&rig, page("/truncated"), NULL);
    add(&rig, page("/empty-reply"), NULL);
    add(&rig, at_host("tcp-refused", "127.0.0.1", "/"), NULL);
    until(&rig, 0);
    static const char *const events[] = {"SHDX", "SHX", "SHDX", "SHDX", "SX", "SX"};
    for (unsigned i = 0; i < rig.n; i++)
        assert_string_equal(rig.got[i]->events, events[i]);
    assert_int_equal(fsock_fetch_running(rig.fetch), 0);
    close_rig(&rig);
}

static void test_users_and_ids(void **state)
{
    struct rig rig;
    (void)state;
    open_rig(&rig, 4, 2);
    for (int i = 0; i < 20; i++)
        add(&rig, page("/plain/1"), NULL);
    struct fsock_event e;
    while (fsock_fetch_next(rig.fetch, &e, FSOCK_NEVER) == FSOCK_OK) {
        assert_in_range(e.id, 1, 20);
        assert_ptr_equal(e.user, rig.got[e.id - 1]);
        take_event(e.user, &e);
    }
    for (unsigned i = 0; i < rig.n; i++)
        assert_string_equal(rig.got[i]->events, "SHDX");
    close_rig(&rig);
}

/* A URL that can't be used has no events; the fetch goes on. */
static void test_bad_input(void **state)
{
    struct rig rig;
    struct fsock_fault fault = {.err = FSOCK_OK};
    (void)state;
    open_rig(&rig, 0, 0);
    assert_int_equal(fsock_fetch_add(rig.fetch, "gopher://x/", 11, NULL, NULL, &fault),
                     FSOCK_ERR_INPUT);
    assert_true(fault.text[0]);
    struct got *g = add(&rig, page("/plain/1"), NULL);
    until(&rig, 0);
    assert_int_equal(g->err, FSOCK_OK);
    close_rig(&rig);
}

/* Clocks run from the start of the transfer, however long the caller has been elsewhere. */
static void test_clocks(void **state)
{
    struct rig rig;
    (void)state;
    options.total_timeout = 150 * MS;
    open_rig(&rig, 1, 1);
    usleep(200000);
    struct got *first = add(&rig, page("/delay/1"), NULL);
    struct got *second = add(&rig, page("/delay/1"), NULL);
    until(&rig, FSOCK_EVENT_DONE);
    usleep(200000);
    until(&rig, 0);
    options.total_timeout = 20 * FSOCK_SECOND;
    assert_int_equal(first->err, FSOCK_OK);
    assert_int_equal(second->err, FSOCK_OK);
    close_rig(&rig);
}

/* next() keeps to its deadline when nothing happens, and when something happens all the time. */
static void test_deadline_of_next(void **state)
{
    static const char *const pages[] = {"/mute", "/endless-body", "/endless-chunks"};
    struct fsock_request r = request(FSOCK_DISCARD);
    struct fsock_event e;
    struct rig rig;
    (void)state;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        open_rig(&rig, 0, 0);
        add(&rig, page(pages[i]), &r);
        until(&rig, i ? FSOCK_EVENT_HEAD : FSOCK_EVENT_START);
        fsock_time start = fsock_now();
        for (int k = 0; k < 3; k++) {
            assert_int_equal(fsock_fetch_next(rig.fetch, &e, fsock_now() + 50 * MS),
                             FSOCK_ERR_TIMEOUT);
            assert_int_equal(fsock_fetch_next(rig.fetch, &e, 0), FSOCK_ERR_TIMEOUT);
        }
        fsock_time took = fsock_now() - start;
        assert_true(took >= 150 * MS);
        assert_true(took < 5 * FSOCK_SECOND);
        close_rig(&rig);
    }
}

/* ---- Queue and limits ------------------------------------------------------------------------ */

static void test_caps(void **state)
{
    struct fsock_request r = request(FSOCK_DISCARD);
    struct rig rig;
    (void)state;
    forget(get(page("/stats/reset"), NULL, NULL));
    long before = stat_of("open");
    open_rig(&rig, 12, 3);
    for (int i = 0; i < 30; i++)
        add(&rig, page("/delay/20"), &r);
    until(&rig, 0);
    assert_int_equal(rig.running_max, 3);
    assert_true(stat_of("max_open") <= before + 4); /* and the one that asks */
    for (unsigned i = 0; i < rig.n; i++)
        assert_int_equal(rig.got[i]->err, FSOCK_OK);
    close_rig(&rig);
    open_rig(&rig, 5, 100);
    for (int i = 0; i < 30; i++)
        add(&rig, page("/delay/20"), &r);
    until(&rig, 0);
    assert_int_equal(rig.running_max, 5);
    close_rig(&rig);
}

/* One host's queue does not keep others waiting. */
static void test_other_hosts_first(void **state)
{
    struct rig rig;
    (void)state;
    open_rig(&rig, 2, 1);
    struct got *slow = add(&rig, page("/delay/300"), NULL);
    add(&rig, page("/delay/300"), NULL);
    struct got *other = add(&rig, at_host("refuse6", "127.0.0.1", "/plain/1"), NULL);
    struct fsock_event e = until(&rig, FSOCK_EVENT_DONE);
    assert_ptr_equal(e.user, other);
    assert_string_equal(slow->events, "S");
    close_rig(&rig);
}

/* What is to come first has to wait for no other, and finds room in a queue that is full. */
static void test_first(void **state)
{
    struct rig rig;
    struct fsock_request first = request(FSOCK_FIRST);
    (void)state;
    open_rig(&rig, 1, 1);
    struct got *running = add(&rig, page("/delay/50"), NULL);
    until(&rig, FSOCK_EVENT_START);
    while (fsock_fetch_add(rig.fetch, page("/plain/1"), strlen(page("/plain/1")), NULL, running,
                           NULL) == FSOCK_OK)
        assert_true(fsock_fetch_queued(rig.fetch) < 100000);
    struct got *hurried = add(&rig, page("/plain/2"), &first);
    assert_ptr_equal(until(&rig, FSOCK_EVENT_DONE).user, running);
    assert_ptr_equal(until(&rig, FSOCK_EVENT_DONE).user, hurried);
    close_rig(&rig);
}

static void test_room(void **state)
{
    struct rig rig;
    struct fsock_fault fault;
    struct fsock_request r = request(FSOCK_DISCARD);
    struct fsock_event e;
    char url[40000];
    unsigned long added = 0, done = 0;
    enum fsock_err err;
    (void)state;
    memset(url, 'x', sizeof url);
    memcpy(url, page("/plain/0?"), strlen(page("/plain/0?")));
    open_rig(&rig, 4, 4);
    while ((err = fsock_fetch_add(rig.fetch, url, sizeof url, &r, NULL, &fault)) == FSOCK_OK)
        assert_true(++added < 10000);
    assert_int_equal(err, FSOCK_AGAIN);
    assert_int_equal(fsock_fetch_queued(rig.fetch), added);
    while (fsock_fetch_next(rig.fetch, &e, FSOCK_NEVER) == FSOCK_OK) {
        done += e.kind == FSOCK_EVENT_DONE;
        if (e.kind == FSOCK_EVENT_ROOM) {
            rig.rooms++;
            assert_int_equal(fsock_fetch_add(rig.fetch, url, sizeof url, &r, NULL, &fault),
                             FSOCK_OK);
            added++;
        }
    }
    assert_int_equal(rig.rooms, 1);
    assert_int_equal(done, added);
    close_rig(&rig);
}

/* Many URLs leave nothing behind. */
static void test_many(void **state)
{
    static const char *const pages[] = {
        "/plain/3",    "/chunked/7", "/gzip/4",     "/close",       "/truncated", "/reset",
        "/status/404", "/bad-chunk", "/redirect/2", "/empty-reply", "/not/br",    "/body-on-204"};
    struct fsock_request r = request(FSOCK_FOLLOW | FSOCK_DISCARD);
    struct fsock_event e;
    struct fsock_fault fault;
    unsigned long done = 0, good = 0;
    (void)state;
    int fds = open_fds();
    fsock_fetch *f = fsock_fetch_new(&options, 32, 16, &fault);
    for (unsigned i = 0; i < ITEMS_MAX; i++) {
        const char *url = i % 16 == 15 ? tls_page(pages[i % 12]) : page(pages[i % 12]);
        assert_int_equal(fsock_fetch_add(f, url, strlen(url), &r, NULL, &fault), FSOCK_OK);
    }
    while (fsock_fetch_next(f, &e, FSOCK_NEVER) == FSOCK_OK)
        if (e.kind == FSOCK_EVENT_DONE) {
            done++;
            good += e.err == FSOCK_OK;
        }
    assert_int_equal(done, ITEMS_MAX);
    assert_in_range(good, ITEMS_MAX * 7 / 12 - 10, ITEMS_MAX * 7 / 12 + 10);
    fsock_fetch_free(f);
    assert_int_equal(open_fds(), fds);
}

/* ---- Kept connections ------------------------------------------------------------------------ */

static void test_reuse(void **state)
{
    struct rig rig;
    (void)state;
    for (int tls = 0; tls < 2; tls++) {
        unsigned connects = 0;
        open_rig(&rig, 2, 1);
        for (int i = 0; i < 20; i++)
            add(&rig, tls ? tls_page("/chunked/7") : page("/plain/5"), NULL);
        until(&rig, 0);
        for (unsigned i = 0; i < rig.n; i++)
            connects += rig.got[i]->response.connects;
        assert_int_equal(connects, 1);
        close_rig(&rig);
    }
}

static void test_no_reuse(void **state)
{
    const unsigned flags[] = {FSOCK_NO_REUSE, FSOCK_HTTP10};
    struct rig rig;
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        struct fsock_request r = request(flags[k]);
        open_rig(&rig, 1, 1);
        for (int i = 0; i < 3; i++)
            add(&rig, page("/plain/5"), &r);
        until(&rig, 0);
        for (unsigned i = 0; i < rig.n; i++) {
            assert_int_equal(rig.got[i]->err, FSOCK_OK);
            assert_int_equal(rig.got[i]->response.connects, 1);
        }
        close_rig(&rig);
    }
}

/* A kept connection that dies is not the transfer's fault: once more, on a new one. */
static void test_die_on_reuse(void **state)
{
    static const char *const pages[] = {"/die-on-reuse", "/die-on-reuse?rst"};
    struct rig rig;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        open_rig(&rig, 1, 1);
        add(&rig, page("/die-on-reuse"), NULL);
        struct got *second = add(&rig, page(pages[i]), NULL);
        until(&rig, 0);
        assert_int_equal(second->err, FSOCK_OK);
        assert_int_equal(second->response.tries, 1);
        assert_int_equal(second->response.connects, 1);
        assert_string_equal(second->events, "SHDX");
        close_rig(&rig);
    }
}

/* A request that changes something is not sent twice. */
static void test_post_is_not_repeated(void **state)
{
    struct fsock_request post = request(0);
    struct rig rig;
    (void)state;
    post.body = "x";
    post.body_len = 1;
    open_rig(&rig, 1, 1);
    add(&rig, page("/die-on-reuse"), NULL);
    struct got *second = add(&rig, page("/die-on-reuse"), &post);
    until(&rig, 0);
    assert_true(second->err == FSOCK_ERR_CLOSED || second->err == FSOCK_ERR_RESET);
    assert_int_equal(second->response.tries, 0);
    close_rig(&rig);
}

static void test_keep_alive_that_closes(void **state)
{
    struct fsock_request post = request(0);
    struct rig rig;
    (void)state;
    post.body = "x";
    post.body_len = 1;
    open_rig(&rig, 1, 1);
    for (int i = 0; i < 10; i++)
        add(&rig, page("/keepalive-then-close"), i % 2 ? &post : NULL);
    struct fsock_event e;
    while (fsock_fetch_next(rig.fetch, &e, FSOCK_NEVER) == FSOCK_OK) {
        take_event(e.user, &e);
        if (e.kind == FSOCK_EVENT_DONE)
            usleep(5000); /* the FIN comes meanwhile */
    }
    for (unsigned i = 0; i < rig.n; i++)
        assert_int_equal(rig.got[i]->err, FSOCK_OK);
    close_rig(&rig);
}

/* ---- Watching, cancelling, stopping ---------------------------------------------------------- */

static void test_watch(void **state)
{
    struct rig rig;
    struct fsock_event e;
    int p[2], mine = 0;
    (void)state;
    assert_int_equal(pipe(p), 0);
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    open_rig(&rig, 0, 0);
    assert_int_equal(fsock_fetch_watch(rig.fetch, p[0], FSOCK_READABLE, &mine), FSOCK_OK);
    assert_int_equal(fsock_fetch_next(rig.fetch, &e, fsock_now() + 20 * MS), FSOCK_ERR_TIMEOUT);
    assert_int_equal(write(p[1], "x", 1), 1);
    for (int i = 0; i < 3; i++) { /* the byte is left in the pipe: ready again and again */
        assert_int_equal(fsock_fetch_next(rig.fetch, &e, FSOCK_NEVER), FSOCK_OK);
        assert_int_equal(e.kind, FSOCK_EVENT_READY);
        assert_ptr_equal(e.user, &mine);
        assert_int_equal(fsock_fetch_next(rig.fetch, &e, FSOCK_NEVER), FSOCK_EOF);
        assert_int_equal(fsock_fetch_watch(rig.fetch, p[0], FSOCK_READABLE, &mine), FSOCK_OK);
    }
    until(&rig, FSOCK_EVENT_READY);
    assert_int_equal(fsock_fetch_watch(rig.fetch, file, FSOCK_READABLE, &file), FSOCK_OK);
    e = until(&rig, FSOCK_EVENT_READY);
    assert_ptr_equal(e.user, &file);
    /* The end of a pipe is something to read, too, though a transfer is under way. */
    assert_int_equal(read(p[0], &mine, 1), 1);
    struct got *g = add(&rig, page("/mute"), NULL);
    assert_int_equal(fsock_fetch_watch(rig.fetch, p[0], FSOCK_READABLE, &mine), FSOCK_OK);
    close(p[1]);
    until(&rig, FSOCK_EVENT_READY);
    assert_true(strlen(g->events) <= 1);
    close(p[0]);
    close(file);
    close_rig(&rig);
}

static void test_cancel(void **state)
{
    struct rig rig;
    (void)state;
    int fds = open_fds();
    open_rig(&rig, 2, 2);
    struct got *running = add(&rig, page("/mute"), NULL);
    struct got *other = add(&rig, page("/delay/100"), NULL);
    struct got *queued = add(&rig, page("/plain/1"), NULL);
    until(&rig, FSOCK_EVENT_START);
    fsock_fetch_cancel(rig.fetch, 1);
    fsock_fetch_cancel(rig.fetch, 3);
    fsock_fetch_cancel(rig.fetch, 3);
    fsock_fetch_cancel(rig.fetch, 99);
    until(&rig, 0);
    assert_int_equal(running->err, FSOCK_ERR_CANCELED);
    assert_int_equal(queued->err, FSOCK_ERR_CANCELED);
    assert_string_equal(queued->events, "X");
    assert_non_null(strstr(queued->fault.text, "canceled"));
    assert_int_equal(other->err, FSOCK_OK);
    close_rig(&rig);
    assert_int_equal(open_fds(), fds);
}

/* In the middle of a body, from its own DATA event. */
static void test_cancel_at_data(void **state)
{
    struct rig rig;
    (void)state;
    open_rig(&rig, 2, 2);
    struct got *g = add(&rig, page("/endless-chunks"), NULL);
    struct fsock_event e = until(&rig, FSOCK_EVENT_DATA);
    fsock_fetch_cancel(rig.fetch, e.id);
    until(&rig, 0);
    assert_int_equal(g->err, FSOCK_ERR_CANCELED);
    close_rig(&rig);
}

static void test_stop(void **state)
{
    struct rig rig;
    struct fsock_fault fault;
    int p[2];
    (void)state;
    assert_int_equal(pipe(p), 0);
    open_rig(&rig, 4, 4);
    for (int i = 0; i < 4; i++)
        add(&rig, page(i % 2 ? "/mute" : "/drip-body"), NULL);
    for (int i = 0; i < 10; i++)
        add(&rig, page("/plain/1"), NULL);
    fsock_fetch_watch(rig.fetch, p[0], FSOCK_READABLE, NULL);
    for (int i = 0; i < 4; i++)
        until(&rig, FSOCK_EVENT_START);
    fsock_time start = fsock_now();
    fsock_fetch_stop(rig.fetch, "interrupted");
    assert_int_equal(fsock_fetch_add(rig.fetch, "http://x/", 9, NULL, NULL, &fault),
                     FSOCK_ERR_CANCELED);
    for (unsigned i = 0; i < rig.n; i++) {
        struct fsock_event e = until(&rig, FSOCK_EVENT_DONE);
        struct got *g = e.user;
        assert_int_equal(g->err, FSOCK_ERR_CANCELED);
        assert_non_null(strstr(g->fault.text, "interrupted"));
        assert_int_equal(g->events[0] == 'S', i < 4); /* those that had started come first */
    }
    until(&rig, 0);
    assert_true(fsock_now() - start < 2 * FSOCK_SECOND);
    close_rig(&rig);
    close(p[0]);
    close(p[1]);
}

/* Freed in the middle of everything. */
static void test_free_at_any_time(void **state)
{
    static const char *const pages[] = {"/mute", "/endless-body", "/plain/19", "/redirect-loop",
                                        "/huge-gzip/100000000"};
    struct fsock_request r = request(FSOCK_FOLLOW);
    struct fsock_event e;
    struct fsock_fault fault;
    (void)state;
    int fds = open_fds();
    for (int stop_at = 0; stop_at < 40; stop_at++) {
        fsock_fetch *f = fsock_fetch_new(&options, 4, 2, &fault);
        for (size_t i = 0; i < 10; i++) {
            const char *url = i % 2 ? page(pages[i % 5]) : tls_page(pages[i % 5]);
            fsock_fetch_add(f, url, strlen(url), &r, NULL, &fault);
        }
        for (int i = 0; i < stop_at; i++)
            assert_int_equal(fsock_fetch_next(f, &e, FSOCK_NEVER), FSOCK_OK);
        fsock_fetch_free(f);
    }
    assert_int_equal(open_fds(), fds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_users_and_ids),
        cmocka_unit_test(test_bad_input),
        cmocka_unit_test(test_clocks),
        cmocka_unit_test(test_deadline_of_next),
        cmocka_unit_test(test_caps),
        cmocka_unit_test(test_other_hosts_first),
        cmocka_unit_test(test_first),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_reuse),
        cmocka_unit_test(test_no_reuse),
        cmocka_unit_test(test_die_on_reuse),
        cmocka_unit_test(test_post_is_not_repeated),
        cmocka_unit_test(test_keep_alive_that_closes),
        cmocka_unit_test(test_watch),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_cancel_at_data),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_free_at_any_time),
    };
    return cmocka_run_group_tests(tests, setup, rig_stop);
}
