/*
 * Datagrams: with a peer and without, empty ones, large ones, and who is there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>

#include "stream_rig.h"

static fsock_stream *bound(const char *target)
{
    struct fsock_fault fault;
    fsock_stream *s;
    if (fsock_bind(&s, target, 0, NULL, SOON, &fault) != FSOCK_OK)
        fail_msg("%s", fault.text);
    return s;
}

static void gets_from(fsock_stream *s, const char *text, struct fsock_address *from)
{
    char got[64];
    size_t n;
    ok(fsock_recv_from(s, got, sizeof got, &n, from, SOON));
    assert_int_equal(n, strlen(text));
    assert_memory_equal(got, text, n);
}

static void test_3_16_udp(void **state)
{
    struct fsock_address from;
    (void)state;
    static const char *const targets[] = {"udp://127.0.0.1", "udp://[::1]"};
    for (size_t i = 0; i < COUNT(targets); i++) {
        fsock_stream *server = bound(targets[i]);
        assert_int_equal(fsock_inspect(server)->peer_port, 0);
        is_text(fsock_inspect(server)->peer, "");
        fsock_stream *client = dial(targets[i], fsock_inspect(server)->local_port, NULL);
        say(client, "ping");
        gets_from(server, "ping", &from);
        is_text(from.text, fsock_inspect(client)->local);
        ok(fsock_send_to(server, "pong", 4, &from, SOON));
        assert_int_equal(fsock_inspect(client)->reach, FSOCK_REACH_UNKNOWN);
        hears(client, "pong");
        assert_int_equal(fsock_inspect(client)->reach, FSOCK_REACH_OPEN);
        fsock_close(client);
        fsock_close(server);
    }
}

static void test_3_16_udg(void **state)
{
    struct fsock_address from;
    char target[64];
    (void)state;
    snprintf(target, sizeof target, "udg://@fsock-test-%d", getpid());
    fsock_stream *server = bound(target), *client = dial(target, 0, NULL);
    is_text(fsock_inspect(client)->transport, "udg");
    assert_true(strlen(fsock_inspect(client)->local) > 1); /* so that it can be answered */
    say(client, "ping");
    gets_from(server, "ping", &from);
    is_text(from.text, fsock_inspect(client)->local);
    ok(fsock_send_to(server, "pong", 4, &from, SOON));
    hears(client, "pong");
    fsock_close(client);
    fsock_close(server);
}

/* The socket that bind makes in the file system goes with the stream, unless it is another's. */
static void test_a_path(void **state)
{
    char folder[] = "/tmp/fsock-test-XXXXXX", path[64], target[80];
    struct stat st;
    struct fsock_fault fault;
    fsock_stream *s, *other;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/s", folder);
    snprintf(target, sizeof target, "udg://%s", path);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fsock_bind(&s, target, 0, NULL, fsock_after(5), &fault), FSOCK_OK);
        assert_int_equal(fsock_bind(&other, target, 0, NULL, fsock_after(5), &fault),
                         FSOCK_ERR_SYSTEM);
        assert_int_equal(fault.sys_errno, EADDRINUSE);
        assert_int_equal(lstat(path, &st), 0);
        fsock_close(s);
        assert_int_equal(lstat(path, &st), -1);
    }
    assert_int_equal(fsock_bind(&s, target, 0, NULL, fsock_after(5), &fault), FSOCK_OK);
    unlink(path);
    assert_int_equal(fsock_bind(&other, target, 0, NULL, fsock_after(5), &fault), FSOCK_OK);
    fsock_close(s);
    assert_int_equal(lstat(path, &st), 0);
    fsock_close(other);
    assert_int_equal(rmdir(folder), 0);
}

static void test_empty_ones(void **state)
{
    struct fsock_address from;
    char c;
    size_t n = 9;
    (void)state;
    fsock_stream *server = bound("udp://127.0.0.1");
    fsock_stream *client = dial("udp://127.0.0.1", fsock_inspect(server)->local_port, NULL);
    ok(fsock_write(client, "", 0, &n, SOON));
    gets_from(server, "", &from);
    ok(fsock_send_to(server, "", 0, &from, SOON));
    n = 9;
    ok(fsock_read(client, &c, 1, &n, SOON));
    assert_int_equal(n, 0);
    assert_int_equal(fsock_at_end(client), 0);
    assert_int_equal(fsock_read(client, &c, 1, &n, FSOCK_NOW), FSOCK_AGAIN);
    fsock_close(client);
    fsock_close(server);
}

/* What finds no room comes with the next call; two are never one. */
static void test_in_pieces(void **state)
{
    char got[64];
    size_t n;
    (void)state;
    fsock_stream *server = bound("udp://127.0.0.1");
    fsock_stream *client = dial("udp://127.0.0.1", fsock_inspect(server)->local_port, NULL);
    say(client, "hello");
    say(client, "you");
    ok(fsock_read(server, got, 4, &n, SOON));
    assert_int_equal(n, 4);
    ok(fsock_read(server, got, sizeof got, &n, SOON));
    assert_int_equal(n, 1);
    assert_int_equal(got[0], 'o');
    ok(fsock_read(server, got, sizeof got, &n, SOON));
    assert_int_equal(n, 3);
    fsock_close(client);
    fsock_close(server);
}

/* So many bytes from as many datagrams as it takes, and what is left of the last is kept. */
static void test_exactly(void **state)
{
    char got[16] = "";
    size_t n;
    (void)state;
    fsock_stream *server = bound("udp://127.0.0.1");
    fsock_stream *client = dial("udp://127.0.0.1", fsock_inspect(server)->local_port, NULL);
    say(client, "one");
    say(client, "");
    say(client, "two and more");
    ok(fsock_read_exact(server, got, 7, &n, SOON));
    assert_int_equal(n, 7);
    assert_memory_equal(got, "onetwo ", 8);
    ok(fsock_read_exact(server, got, 8, &n, SOON));
    assert_memory_equal(got, "and more", 9);
    say(client, "x");
    assert_int_equal(fsock_read_exact(server, got, 2, &n, FSOCK_NOW), FSOCK_AGAIN);
    assert_int_equal(n, 1);
    fsock_close(client);
    fsock_close(server);
}

static void test_large_ones(void **state)
{
    struct fsock_address from;
    char *bytes = many_bytes(70000), *got = malloc(70000);
    size_t n;
    (void)state;
    fsock_stream *server = bound("udp://127.0.0.1");
    fsock_stream *client = dial("udp://127.0.0.1", fsock_inspect(server)->local_port, NULL);
    assert_int_equal(fsock_write(client, bytes, 70000, &n, SOON), FSOCK_ERR_TOO_BIG);
    assert_int_equal(n, 0);
    assert_int_equal(fsock_last_fault(client)->sys_errno, EMSGSIZE);
    ok(fsock_write(client, bytes, 65507, &n, SOON));
    ok(fsock_write(client, bytes, 1000, &n, SOON));
    ok(fsock_write(client, bytes, 65507, &n, SOON));
    ok(fsock_read(server, got, 70000, &n, SOON));
    assert_int_equal(n, 65507);
    assert_memory_equal(got, bytes, n);
    assert_int_equal(fsock_recv_from(server, got, 10, &n, &from, SOON), FSOCK_ERR_TOO_BIG);
    assert_int_equal(n, 10);
    assert_memory_equal(got, bytes, 10);
    is_text(from.text, fsock_inspect(client)->local);
    assert_non_null(strstr(fsock_last_fault(server)->text, "1000 bytes"));
    ok(fsock_recv_from(server, got, 65507, &n, NULL, SOON));
    assert_int_equal(n, 65507);
    free(bytes);
    free(got);
    fsock_close(client);
    fsock_close(server);
}

static void test_nobody_answers(void **state)
{
    char c;
    size_t n;
    (void)state;
    fsock_stream *server = bound("udp://127.0.0.1");
    fsock_stream *client = dial("udp://127.0.0.1", fsock_inspect(server)->local_port, NULL);
    assert_int_equal(fsock_read(client, &c, 1, &n, fsock_after(0.02)), FSOCK_ERR_TIMEOUT);
    assert_int_equal(fsock_inspect(client)->reach, FSOCK_REACH_UNKNOWN); /* nothing was asked */
    ok(fsock_write(client, "x", 1, NULL, SOON));
    assert_int_equal(fsock_read(client, &c, 1, &n, fsock_after(0.02)), FSOCK_ERR_TIMEOUT);
    assert_int_equal(fsock_inspect(client)->reach, FSOCK_REACH_NO_ANSWER);
    assert_int_equal(fsock_last_fault(client)->err, FSOCK_ERR_TIMEOUT);
    fsock_close(client);
    fsock_close(server);
}

/* An empty one was sent as well as any. */
static void test_nobody_answers_nothing(void **state)
{
    char c;
    size_t n;
    (void)state;
    fsock_stream *server = bound("udp://127.0.0.1");
    fsock_stream *client = dial("udp://127.0.0.1", fsock_inspect(server)->local_port, NULL);
    ok(fsock_write(client, "", 0, NULL, SOON));
    assert_int_equal(fsock_read(client, &c, 1, &n, fsock_after(0.02)), FSOCK_ERR_TIMEOUT);
    assert_int_equal(fsock_inspect(client)->reach, FSOCK_REACH_NO_ANSWER);
    fsock_close(client);
    fsock_close(server);
}

static void test_what_it_is_not_for(void **state)
{
    struct fsock_fault fault;
    struct fsock_address address, none = {.raw_len = 0};
    struct line l;
    fsock_stream *s;
    char c;
    size_t n;
    (void)state;
    assert_int_equal(fsock_bind(&s, "tcp://127.0.0.1", 0, NULL, SOON, &fault), FSOCK_ERR_INPUT);
    assert_null(s);
    fsock_stream *server = bound("udp://127.0.0.1");
    int port = fsock_inspect(server)->local_port;
    assert_int_equal(fsock_bind(&s, "udp://127.0.0.1", port, NULL, SOON, &fault), FSOCK_ERR_SYSTEM);
    assert_int_equal(fault.sys_errno, EADDRINUSE);
    assert_int_equal(fsock_send_to(server, "x", 1, &none, SOON), FSOCK_ERR_INPUT);
    assert_int_not_equal(fsock_write(server, "x", 1, &n, SOON), FSOCK_OK);
    meet(&l);
    ok(fsock_address_parse(&address, "127.0.0.1:9"));
    assert_int_equal(fsock_send_to(l.client, "x", 1, &address, SOON), FSOCK_ERR_INPUT);
    assert_int_equal(fsock_recv_from(l.client, &c, 1, &n, NULL, SOON), FSOCK_ERR_INPUT);
    say(l.client, "goes on");
    hears(l.server, "goes on");
    part(&l);
    fsock_close(server);
}

static void test_addresses_as_text(void **state)
{
    struct fsock_address a;
    (void)state;
    static const char *const good[] = {"192.0.2.1:53", "[2001:db8::1]:53", "[::1]:65535"};
    for (size_t i = 0; i < COUNT(good); i++) {
        ok(fsock_address_parse(&a, good[i]));
        is_text(a.text, good[i]);
    }
    static const char *const bad[] = {"", "localhost:53", "192.0.2.1:65536", "::1:x", "1.2.3:4"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(fsock_address_parse(&a, bad[i]), FSOCK_ERR_INPUT);
        assert_int_equal(a.raw_len, 0);
    }
}

static void test_broadcast(void **state)
{
    struct fsock_options options;
    struct fsock_address to;
    fsock_stream *s;
    int on;
    (void)state;
    fsock_options_init(&options);
    options.broadcast = 1;
    ok(fsock_bind(&s, "udp://0.0.0.0", 0, &options, SOON, NULL));
    ok(fsock_get_option(s, FSOCK_OPTION_BROADCAST, &on));
    assert_int_equal(on, 1);
    ok(fsock_set_option(s, FSOCK_OPTION_BROADCAST, 0));
    ok(fsock_address_parse(&to, "127.255.255.255:9"));
    assert_int_not_equal(fsock_send_to(s, "x", 1, &to, SOON), FSOCK_OK);
    assert_int_equal(fsock_last_fault(s)->sys_errno, EACCES);
    ok(fsock_set_option(s, FSOCK_OPTION_BROADCAST, 1));
    ok(fsock_send_to(s, "x", 1, &to, SOON));
    fsock_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_3_16_udp),
        TEST(test_3_16_udg),
        TEST(test_a_path),
        TEST(test_empty_ones),
        TEST(test_in_pieces),
        TEST(test_exactly),
        TEST(test_large_ones),
        TEST(test_nobody_answers),
        TEST(test_nobody_answers_nothing),
        TEST(test_what_it_is_not_for),
        TEST(test_addresses_as_text),
        TEST(test_broadcast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
