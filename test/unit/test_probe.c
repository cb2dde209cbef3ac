/*
 * Probes: who is there, of many at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/resource.h>

#include "stream_rig.h"

static struct fsock_fault fault;

static fsock_probe *probe_new(double seconds, unsigned parallel, const char *payload)
{
    struct fsock_options o;
    fsock_options_init(&o);
    o.connect_timeout = (fsock_time)(seconds * 1e9);
    fsock_probe *p = fsock_probe_new(&o, parallel, payload, payload ? strlen(payload) : 0, &fault);
    if (!p)
        fail_msg("%s", fault.text);
    return p;
}

static void next(fsock_probe *p, struct fsock_probe_event *e, enum fsock_event_kind kind)
{
    ok(fsock_probe_next(p, e, SOON));
    assert_int_equal(e->kind, kind);
}

/* Probe one target; the event lives as long as the probe. */
static enum fsock_reach reach(fsock_probe *p, const char *target, int port,
                              struct fsock_probe_event *e)
{
    int mark;
    ok(fsock_probe_add(p, target, port, &mark, &fault));
    next(p, e, FSOCK_EVENT_DONE);
    assert_ptr_equal(e->user, &mark);
    is_text(e->target, target);
    assert_true((e->reach == FSOCK_REACH_OPEN) == (e->fault == NULL));
    if (e->fault)
        assert_true(strlen(e->fault->text) > 0);
    return e->reach;
}

static int closed_port(void)
{
    fsock_listener *l = hear("tcp://127.0.0.1:0", NULL);
    int port = fsock_listener_port(l);
    fsock_listener_close(l);
    return port;
}

static void test_tcp(void **state)
{
    struct fsock_probe_event e;
    char text[64];
    (void)state;
    fsock_probe *p = probe_new(2, 0, NULL);
    fsock_listener *l = hear("tcp://127.0.0.1:0", NULL);
    int port = fsock_listener_port(l);
    assert_int_equal(reach(p, "127.0.0.1", port, &e), FSOCK_REACH_OPEN);
    is_text(e.peer, fsock_listener_name(l));
    assert_int_equal(e.id, 1);
    assert_true(e.took > 0 && e.took < FSOCK_SECOND);
    assert_true(e.lookup <= e.took);
    assert_int_equal(e.answer_len, 0);
    assert_int_equal(reach(p, "localhost", port, &e), FSOCK_REACH_OPEN);
    assert_int_equal(e.id, 2);
    fsock_listener_close(l);
    assert_int_equal(reach(p, "127.0.0.1", port, &e), FSOCK_REACH_REFUSED);
    assert_int_equal(e.fault->sys_errno, ECONNREFUSED);
    is_text(e.peer, "");
    snprintf(text, sizeof text, "unix:///tmp/fsock-no-such-%d", getpid());
    assert_int_equal(reach(p, text, 0, &e), FSOCK_REACH_REFUSED);
    assert_int_equal(reach(p, "no.such.name.localhost.invalid", 1, &e), FSOCK_REACH_FAILED);
    assert_int_equal(fsock_probe_next(p, &e, SOON), FSOCK_EOF);
    fsock_probe_free(p);
}

static void test_no_answer(void **state)
{
    struct fsock_options options;
    struct fsock_probe_event e;
    fsock_stream *waiting[3];
    (void)state;
    fsock_options_init(&options);
    options.backlog = 1;
    fsock_listener *l = hear("tcp://127.0.0.1:0", &options);
    int port = fsock_listener_port(l);
    for (size_t i = 0; i < COUNT(waiting); i++)
        if (fsock_open(&waiting[i], "127.0.0.1", port, NULL, fsock_after(0.1), NULL) != FSOCK_OK)
            waiting[i] = NULL;
    fsock_probe *p = probe_new(0.2, 0, NULL);
    fsock_time began = fsock_now();
    assert_int_equal(reach(p, "127.0.0.1", port, &e), FSOCK_REACH_NO_ANSWER);
    took(began, 0.19, 0.5);
    assert_int_equal(e.fault->err, FSOCK_ERR_TIMEOUT);
    assert_int_equal(e.fault->limit, FSOCK_LIMIT_CONNECT);
    fsock_probe_free(p);
    for (size_t i = 0; i < COUNT(waiting); i++)
        fsock_close(waiting[i]);
    fsock_listener_close(l);
}

/* ---- Datagrams ------------------------------------------------------------------------------- */

static void answer(struct actor *a)
{
    struct fsock_address from;
    char got[64];
    size_t n;
    while (fsock_recv_from(a->stream, got, sizeof got, &n, &from, SOON) == FSOCK_OK) {
        if (n == 4 && memcmp(got, "stop", 4) == 0)
            return;
        char back[80];
        int len = snprintf(back, sizeof back, "got %.*s", (int)n, got);
        fsock_send_to(a->stream, back, (size_t)len, &from, SOON);
    }
}

static void test_udp(void **state)
{
    struct fsock_probe_event e;
    struct actor a = {.fd = 0};
    (void)state;
    ok(fsock_bind(&a.stream, "udp://127.0.0.1", 0, NULL, SOON, NULL));
    int port = fsock_inspect(a.stream)->local_port;
    actor_start(&a, answer, 0);
    fsock_probe *p = probe_new(5, 0, "who?");
    assert_int_equal(reach(p, "udp://127.0.0.1", port, &e), FSOCK_REACH_OPEN);
    assert_int_equal(e.answer_len, 8);
    assert_memory_equal(e.answer, "got who?", 8);
    is_text(e.peer, fsock_inspect(a.stream)->local);
    fsock_probe_free(p);
    p = probe_new(5, 0, NULL); /* an empty one */
    assert_int_equal(reach(p, "udp://127.0.0.1", port, &e), FSOCK_REACH_OPEN);
    assert_memory_equal(e.answer, "got ", 4);
    fsock_stream *s = dial("udp://127.0.0.1", port, NULL);
    say(s, "stop");
    fsock_close(s);
    actor_join(&a);
    fsock_close(a.stream);
    assert_int_equal(reach(p, "udp://127.0.0.1", port, &e), FSOCK_REACH_REFUSED);
    assert_int_equal(e.fault->sys_errno, ECONNREFUSED);
    fsock_probe_free(p);
}

/* A datagram may be lost, so it is sent three times. */
static void test_a_silent_port(void **state)
{
    struct fsock_probe_event e;
    fsock_stream *silent;
    char got[8];
    size_t n;
    (void)state;
    ok(fsock_bind(&silent, "udp://127.0.0.1", 0, NULL, SOON, NULL));
    fsock_probe *p = probe_new(0.3, 0, "who?");
    fsock_time began = fsock_now();
    assert_int_equal(reach(p, "udp://127.0.0.1", fsock_inspect(silent)->local_port, &e),
                     FSOCK_REACH_NO_ANSWER);
    took(began, 0.29, 0.6);
    assert_non_null(strstr(e.fault->text, "open, or filtered"));
    for (int i = 0; i < 3; i++)
        ok(fsock_read(silent, got, sizeof got, &n, FSOCK_NOW));
    assert_int_equal(fsock_read(silent, got, sizeof got, &n, FSOCK_NOW), FSOCK_AGAIN);
    fsock_probe_free(p);
    fsock_close(silent);
}

/* ---- Many ------------------------------------------------------------------------------------ */

#define PORTS 40

static void test_many(void **state)
{
    fsock_listener *l[PORTS];
    int port[2 * PORTS], mark[2 * PORTS] = {0}, deaf[PORTS];
    struct fsock_probe_event e;
    (void)state;
    for (int i = 0; i < PORTS; i++) {
        l[i] = hear("tcp://127.0.0.1:0", NULL);
        port[2 * i] = fsock_listener_port(l[i]);
        deaf[i] = deaf_socket(&port[2 * i + 1]);
    }
    fsock_probe *p = probe_new(5, 7, NULL);
    for (int i = 0; i < 2 * PORTS; i++)
        ok(fsock_probe_add(p, "127.0.0.1", port[i], &mark[i], &fault));
    assert_int_equal(fsock_probe_queued(p), 2 * PORTS);
    for (int i = 0; i < 2 * PORTS; i++) {
        next(p, &e, FSOCK_EVENT_DONE);
        assert_true(fsock_probe_running(p) <= 7);
        int *who = e.user;
        assert_int_equal(*who, 0);
        *who = 1;
        bool open = (who - mark) % 2 == 0;
        assert_int_equal(e.reach, open ? FSOCK_REACH_OPEN : FSOCK_REACH_REFUSED);
        assert_int_equal(e.id, who - mark + 1);
    }
    assert_int_equal(fsock_probe_next(p, &e, SOON), FSOCK_EOF);
    fsock_probe_free(p);
    for (int i = 0; i < PORTS; i++) {
        fsock_listener_close(l[i]);
        close(deaf[i]);
    }
}

static void test_room(void **state)
{
    struct fsock_probe_event e;
    size_t added = 0, ended = 0;
    enum fsock_err err = FSOCK_OK;
    int port = closed_port(), rooms = 0;
    (void)state;
    fsock_probe *p = probe_new(5, 10, NULL);
    while ((err = fsock_probe_add(p, "127.0.0.1", port, NULL, &fault)) == FSOCK_OK)
        added++;
    assert_int_equal(err, FSOCK_AGAIN);
    assert_int_equal(fsock_probe_queued(p), added);
    while ((err = fsock_probe_next(p, &e, SOON)) == FSOCK_OK) {
        if (e.kind == FSOCK_EVENT_DONE) {
            ended++;
            continue;
        }
        assert_int_equal(e.kind, FSOCK_EVENT_ROOM);
        rooms++;
        ok(fsock_probe_add(p, "127.0.0.1", port, NULL, &fault));
        added++;
    }
    assert_int_equal(err, FSOCK_EOF);
    assert_int_equal(rooms, 1);
    assert_int_equal(ended, added);
    fsock_probe_free(p);
}

static void test_stop(void **state)
{
    struct fsock_probe_event e;
    fsock_stream *silent;
    (void)state;
    ok(fsock_bind(&silent, "udp://127.0.0.1", 0, NULL, SOON, NULL));
    int port = fsock_inspect(silent)->local_port;
    fsock_probe *p = probe_new(60, 5, NULL);
    for (int i = 0; i < 12; i++)
        ok(fsock_probe_add(p, "udp://127.0.0.1", port, NULL, &fault));
    assert_int_equal(fsock_probe_next(p, &e, fsock_after(0.05)), FSOCK_ERR_TIMEOUT);
    assert_int_equal(fsock_probe_running(p), 5);
    assert_int_equal(fsock_probe_queued(p), 7);
    fsock_probe_stop(p, "enough");
    assert_int_equal(fsock_probe_add(p, "udp://127.0.0.1", port, NULL, &fault), FSOCK_ERR_CANCELED);
    for (int i = 0; i < 12; i++) {
        next(p, &e, FSOCK_EVENT_DONE);
        assert_int_equal(e.fault->err, FSOCK_ERR_CANCELED);
        assert_non_null(strstr(e.fault->text, "enough"));
        assert_int_equal(e.reach, FSOCK_REACH_FAILED);
    }
    assert_int_equal(fsock_probe_next(p, &e, SOON), FSOCK_EOF);
    assert_int_equal(fsock_probe_running(p), 0);
    assert_int_equal(fsock_probe_queued(p), 0);
    fsock_probe_free(p);
    fsock_close(silent);
}

/* Freed in the middle: everything is closed (the tests count). */
static void test_freed_in_the_middle(void **state)
{
    struct fsock_probe_event e;
    fsock_stream *silent;
    (void)state;
    ok(fsock_bind(&silent, "udp://127.0.0.1", 0, NULL, SOON, NULL));
    fsock_probe *p = probe_new(60, 5, NULL);
    for (int i = 0; i < 12; i++)
        ok(fsock_probe_add(p, "udp://127.0.0.1", fsock_inspect(silent)->local_port, NULL, &fault));
    assert_int_equal(fsock_probe_next(p, &e, fsock_after(0.02)), FSOCK_ERR_TIMEOUT);
    fsock_probe_free(p);
    fsock_probe_free(NULL);
    fsock_close(silent);
}

static void test_watch(void **state)
{
    struct fsock_probe_event e;
    int fd[2], mark;
    (void)state;
    assert_int_equal(pipe(fd), 0);
    fsock_probe *p = probe_new(5, 0, NULL);
    ok(fsock_probe_watch(p, fd[0], FSOCK_READABLE, &mark));
    assert_int_equal(fsock_probe_next(p, &e, fsock_after(0.02)), FSOCK_ERR_TIMEOUT);
    ok(fsock_probe_add(p, "127.0.0.1", closed_port(), NULL, &fault));
    next(p, &e, FSOCK_EVENT_DONE);
    assert_int_equal(write(fd[1], "x", 1), 1);
    next(p, &e, FSOCK_EVENT_READY);
    assert_ptr_equal(e.user, &mark);
    assert_int_equal(fsock_probe_next(p, &e, SOON), FSOCK_EOF);
    fsock_probe_free(p);
    close(fd[0]);
    close(fd[1]);
}

static void test_what_cannot_be(void **state)
{
    struct fsock_options o;
    (void)state;
    fsock_probe *p = probe_new(5, 0, NULL);
    assert_int_equal(fsock_probe_add(p, "http://x", 1, NULL, &fault), FSOCK_ERR_INPUT);
    assert_true(strlen(fault.text) > 0);
    assert_int_equal(fsock_probe_add(p, "localhost", 0, NULL, NULL), FSOCK_ERR_INPUT);
    assert_int_equal(fsock_probe_queued(p), 0);
    fsock_probe_free(p);
    fsock_options_init(&o);
    o.family = 5;
    assert_null(fsock_probe_new(&o, 0, NULL, 0, &fault));
    assert_int_equal(fault.err, FSOCK_ERR_INPUT);
}

/* ---- Few descriptors ------------------------------------------------------------------------- */

static int port_to_probe;

static int probe_with_few_descriptors(void)
{
    const struct rlimit few = {32, 32};
    struct fsock_options o;
    struct fsock_probe_event e;
    int open = 0;
    setrlimit(RLIMIT_NOFILE, &few);
    fsock_options_init(&o);
    fsock_probe *p = fsock_probe_new(&o, 0, NULL, 0, NULL);
    if (!p)
        return 1;
    for (int i = 0; i < 200; i++)
        if (fsock_probe_add(p, "127.0.0.1", port_to_probe, NULL, NULL) != FSOCK_OK)
            return 2;
    while (fsock_probe_next(p, &e, SOON) == FSOCK_OK)
        open += e.kind == FSOCK_EVENT_DONE && e.reach == FSOCK_REACH_OPEN;
    fsock_probe_free(p);
    return open == 200 ? 0 : 3;
}

static void test_few_descriptors(void **state)
{
    (void)state;
    fsock_listener *l = hear("tcp://127.0.0.1:0", NULL);
    port_to_probe = fsock_listener_port(l);
    assert_int_equal(child_does(probe_with_few_descriptors), 0);
    fsock_listener_close(l);
}

/* Overwritten before they are freed, so that who still reads them doesn't find them. */
static void forget(char *text)
{
    memset(text, 'x', strlen(text));
    free(text);
}

static void shake(struct actor *a)
{
    fsock_stream *s = take(a->listener);
    fsock_handshake(s, SOON);
    fsock_close(s);
}

static void test_options_are_copied(void **state)
{
    struct fsock_options o, server = server_options();
    struct fsock_probe_event e;
    struct actor a = {.stream = NULL};
    char path[64], target[80];
    (void)state;
    snprintf(path, sizeof path, "@fsock-probe-%d", getpid());
    snprintf(target, sizeof target, "unix://%s", path);
    fsock_listener *l = hear(target, NULL);
    fsock_options_init(&o);
    char *given = strdup(path);
    o.unix_socket = given;
    fsock_probe *p = fsock_probe_new(&o, 0, NULL, 0, &fault);
    fsock_stream *s = dial("no.such.name.invalid", 1, &o);
    forget(given);
    fsock_close(s);
    assert_int_equal(reach(p, "no.such.name.invalid", 1, &e), FSOCK_REACH_OPEN);
    fsock_probe_free(p);
    fsock_listener_close(l);

    a.listener = hear("tls://127.0.0.2:0", &server); /* which the certificate does not name */
    o = client_options();
    o.tls_name = given = strdup("localhost");
    p = fsock_probe_new(&o, 0, NULL, 0, &fault);
    forget(given);
    actor_start(&a, shake, 0);
    snprintf(target, sizeof target, "tls://%s", fsock_listener_name(a.listener));
    assert_int_equal(reach(p, target, 0, &e), FSOCK_REACH_OPEN);
    actor_join(&a);
    fsock_probe_free(p);
    fsock_listener_close(a.listener);
}

/* A unix socket whose queue is full takes nothing: that is waited for, not tried all the time. */
static void test_a_full_queue(void **state)
{
    struct fsock_probe_event e;
    char target[80];
    struct timespec before, after;
    fsock_stream *full, *s;
    (void)state;
    snprintf(target, sizeof target, "udg://@fsock-full-%d", getpid());
    ok(fsock_bind(&full, target, 0, NULL, SOON, &fault));
    s = dial(target, 0, NULL);
    while (fsock_write(s, "x", 1, NULL, FSOCK_NOW) == FSOCK_OK)
        ;
    fsock_probe *p = probe_new(0.5, 0, NULL);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    assert_int_equal(reach(p, target, 0, &e), FSOCK_REACH_NO_ANSWER);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    assert_true(after.tv_sec * 1000 + after.tv_nsec / 1000000 <
                before.tv_sec * 1000 + before.tv_nsec / 1000000 + 200);
    fsock_probe_free(p);
    fsock_close(s);
    fsock_close(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_tcp),
        TEST(test_no_answer),
        TEST(test_udp),
        TEST(test_a_silent_port),
        TEST(test_many),
        TEST(test_room),
        TEST(test_stop),
        TEST(test_freed_in_the_middle),
        TEST(test_watch),
        TEST(test_what_cannot_be),
        TEST(test_few_descriptors),
        TEST(test_options_are_copied),
        TEST(test_a_full_queue),
    };
    return cmocka_run_group_tests(tests, make_certificates, remove_certificates);
}
