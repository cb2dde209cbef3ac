/*
 * Listeners, and the connections that are taken from them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "stream_rig.h"

static struct fsock_fault fault;

static void test_3_16_tcp(void **state)
{
    fsock_stream *none;
    (void)state;
    fsock_listener *l = hear("tcp://127.0.0.1:0", NULL);
    char name[64];
    snprintf(name, sizeof name, "127.0.0.1:%d", fsock_listener_port(l));
    is_text(fsock_listener_name(l), name);
    assert_int_equal(fsock_accept(l, &none, FSOCK_NOW, &fault), FSOCK_AGAIN);
    assert_null(none);
    fsock_stream *client = dial(name, 0, NULL), *server = take(l);
    assert_int_equal(fcntl(fsock_fd(server), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    say(client, "hello");
    hears(server, "hello");
    is_text(fsock_inspect(server)->peer, fsock_inspect(client)->local);
    is_text(fsock_inspect(server)->local, name);
    assert_int_equal(fsock_inspect(client)->reach, FSOCK_REACH_OPEN);
    size_t n;
    assert_int_equal(fsock_read(server, name, 1, &n, fsock_after(0.01)), FSOCK_ERR_TIMEOUT);
    assert_non_null(strstr(fsock_last_fault(server)->text, fsock_inspect(client)->local));
    fsock_close(client);
    fsock_close(server);
    fsock_listener_close(l);
    fsock_listener_close(NULL);
}

static void connect_late(struct actor *a)
{
    a->stream = dial("127.0.0.1", a->fd, NULL);
}

static void test_a_deadline(void **state)
{
    fsock_stream *s;
    (void)state;
    fsock_listener *l = hear("tcp://127.0.0.1:0", NULL);
    fsock_time began = fsock_now();
    assert_int_equal(fsock_accept(l, &s, fsock_after(0.1), &fault), FSOCK_ERR_TIMEOUT);
    took(began, 0.09, 0.3);
    assert_int_equal(fault.stage, FSOCK_STAGE_LISTEN);
    assert_int_equal(fault.sys_errno, ETIMEDOUT);
    assert_non_null(strstr(fault.text, "nobody has connected"));
    struct actor a = {.fd = fsock_listener_port(l)};
    actor_start(&a, connect_late, 0.1);
    began = fsock_now();
    s = take(l);
    took(began, 0.09, 0.5);
    actor_join(&a);
    fsock_close(a.stream);
    fsock_close(s);
    fsock_listener_close(l);
}

static void test_every_address(void **state)
{
    (void)state;
    fsock_listener *l = hear("tcp://", NULL);
    int port = fsock_listener_port(l);
    fsock_stream *four = dial("127.0.0.1", port, NULL), *six = dial("[::1]", port, NULL);
    fsock_stream *a = take(l), *b = take(l);
    fsock_close(four);
    fsock_close(six);
    fsock_close(a);
    fsock_close(b);
    fsock_listener_close(l);
    struct fsock_options options;
    fsock_options_init(&options);
    options.family = 4;
    l = hear("tcp://:0", &options);
    assert_int_equal(strncmp(fsock_listener_name(l), "0.0.0.0:", 8), 0);
    fsock_listener_close(l);
    l = hear("tcp://localhost", NULL);
    fsock_close(dial("localhost", fsock_listener_port(l), NULL));
    fsock_listener_close(l);
}

static void fails(const char *target, int port, enum fsock_err err, int sys_errno)
{
    fsock_listener *l;
    assert_int_equal(fsock_listen(&l, target, port, NULL, SOON, &fault), err);
    assert_null(l);
    assert_int_equal(fault.sys_errno, sys_errno);
    assert_true(strlen(fault.text) > 0);
}

static void test_where_nobody_can_listen(void **state)
{
    (void)state;
    fsock_listener *l = hear("tcp://127.0.0.1:0", NULL);
    fails("127.0.0.1", fsock_listener_port(l), FSOCK_ERR_SYSTEM, EADDRINUSE);
    assert_int_equal(fault.stage, FSOCK_STAGE_LISTEN);
    fsock_listener_close(l);
    fails("192.0.2.1", 0, FSOCK_ERR_SYSTEM, EADDRNOTAVAIL);
    fails("udp://127.0.0.1", 0, FSOCK_ERR_INPUT, 0);
    fails("127.0.0.1", 65536, FSOCK_ERR_INPUT, 0);
    fails("unix://", 0, FSOCK_ERR_INPUT, 0);
    fails("unix:///no/such/folder/s", 0, FSOCK_ERR_SYSTEM, ENOENT);
}

/* ---- Paths ----------------------------------------------------------------------------------- */

static void test_a_path(void **state)
{
    char folder[] = "/tmp/fsock-test-XXXXXX", path[64], target[80];
    struct stat st;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/s", folder);
    snprintf(target, sizeof target, "unix://%s", path);
    fsock_listener *l = hear(target, NULL);
    is_text(fsock_listener_name(l), path);
    assert_int_equal(fsock_listener_port(l), 0);
    fsock_stream *client = dial(target, 0, NULL), *server = take(l);
    say(client, "hello");
    hears(server, "hello");
    fails(target, 0, FSOCK_ERR_SYSTEM, EADDRINUSE);
    assert_non_null(strstr(fault.hint, "remove the path"));
    assert_int_equal(lstat(path, &st), 0);
    fsock_listener_close(l);
    assert_int_equal(lstat(path, &st), -1);
    say(client, "still");
    hears(server, "still");
    fsock_close(client);
    fsock_close(server);
    /* One that somebody else has put there meanwhile is theirs. */
    l = hear(target, NULL);
    unlink(path);
    fsock_listener *other = hear(target, NULL);
    fsock_listener_close(l);
    assert_int_equal(lstat(path, &st), 0);
    fsock_close(dial(target, 0, NULL));
    fsock_listener_close(other);
    assert_int_equal(rmdir(folder), 0);
}

/* ---- Without descriptors --------------------------------------------------------------------- */

static void give_one_back(struct actor *a)
{
    close(a->fd);
}

static int accept_without_descriptors(void)
{
    fsock_listener *l;
    fsock_stream *s, *client;
    if (fsock_listen(&l, "tcp://127.0.0.1:0", 0, NULL, SOON, NULL) != FSOCK_OK ||
        fsock_open(&client, "127.0.0.1", fsock_listener_port(l), NULL, SOON, NULL) != FSOCK_OK)
        return 1;
    struct actor a = {.fd = dup(0)};
    const struct rlimit few = {64, 64};
    setrlimit(RLIMIT_NOFILE, &few);
    while (dup(0) >= 0)
        continue;
    if (fsock_accept(l, &s, FSOCK_NOW, &fault) != FSOCK_AGAIN)
        return 2;
    if (fsock_accept(l, &s, fsock_after(0.1), &fault) != FSOCK_ERR_TIMEOUT)
        return 3;
    if (!strstr(fault.text, "open files"))
        return 4;
    actor_start(&a, give_one_back, 0.1);
    enum fsock_err err = fsock_accept(l, &s, SOON, &fault);
    actor_join(&a);
    return err == FSOCK_OK ? 0 : 5;
}

static void test_it_waits_for_a_descriptor(void **state)
{
    (void)state;
    assert_int_equal(child_does(accept_without_descriptors), 0);
}

/* A client that has gone before it was taken is no error of the listener's. */
static void test_who_has_gone_already(void **state)
{
    char c;
    size_t n;
    (void)state;
    fsock_listener *l = hear("tcp://127.0.0.1:0", NULL);
    fsock_stream *s = dial("127.0.0.1", fsock_listener_port(l), NULL);
    ok(fsock_set_option(s, FSOCK_OPTION_LINGER, 0));
    fsock_close(s);
    s = take(l);
    assert_int_equal(fsock_read(s, &c, 1, &n, SOON), FSOCK_ERR_RESET);
    fsock_close(s);
    fsock_listener_close(l);
}

static void test_what_streams_inherit(void **state)
{
    struct fsock_options options;
    char c;
    size_t n;
    (void)state;
    fsock_options_init(&options);
    options.read_timeout = 50 * MS;
    options.keepalive = 1;
    fsock_listener *l = hear("tcp://127.0.0.1:0", &options);
    fsock_stream *client = dial("127.0.0.1", fsock_listener_port(l), NULL), *s = take(l);
    assert_int_equal(fsock_read(s, &c, 1, &n, SOON), FSOCK_ERR_TIMEOUT);
    assert_int_equal(fsock_last_fault(s)->limit, FSOCK_LIMIT_READ);
    int on = 0;
    ok(fsock_get_option(s, FSOCK_OPTION_KEEPALIVE, &on));
    assert_int_equal(on, 1);
    ok(fsock_get_option(s, FSOCK_OPTION_NODELAY, &on));
    assert_int_equal(on, 1);
    fsock_close(client);
    fsock_close(s);
    fsock_listener_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_3_16_tcp),
        TEST(test_a_deadline),
        TEST(test_every_address),
        TEST(test_where_nobody_can_listen),
        TEST(test_a_path),
        TEST(test_it_waits_for_a_descriptor),
        TEST(test_who_has_gone_already),
        TEST(test_what_streams_inherit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
