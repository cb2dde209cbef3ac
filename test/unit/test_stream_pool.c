/*
 * Pools of open streams (pfsockopen): who gets which again, and which are given to nobody.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "stream_rig.h"

static struct fsock_fault fault;

struct rig {
    fsock_listener *listener;
    fsock_pool *pool;
    int port;
    struct fsock_options options;
};

static void rig_init(struct rig *r, size_t max, fsock_time idle)
{
    r->listener = hear("tcp://127.0.0.1:0", NULL);
    r->port = fsock_listener_port(r->listener);
    r->pool = fsock_pool_new(max, idle);
    fsock_options_init(&r->options);
}

static void rig_fini(struct rig *r)
{
    fsock_pool_free(r->pool);
    fsock_listener_close(r->listener);
}

static fsock_stream *get_as(struct rig *r, const char *target, int port, int reused)
{
    fsock_stream *s;
    int is = 99;
    if (fsock_pool_open(r->pool, &s, target, port, &r->options, SOON, &is, &fault) != FSOCK_OK)
        fail_msg("%s", fault.text);
    assert_int_equal(is, reused);
    return s;
}

static fsock_stream *get(struct rig *r, int reused)
{
    return get_as(r, "127.0.0.1", r->port, reused);
}

static void test_2_01_again(void **state)
{
    struct rig r;
    (void)state;
    rig_init(&r, 0, 0);
    fsock_stream *s = get(&r, 0), *server = take(r.listener);
    int port = fsock_inspect(s)->local_port;
    fsock_set_deadline(s, fsock_after(0.001));
    fsock_set_silence(s, 1);
    say(server, "a");
    fsock_pool_keep(r.pool, s);
    assert_int_equal(fsock_pool_count(r.pool), 0); /* nobody had asked for that */
    fsock_close(server);
    s = get(&r, 0);
    server = take(r.listener);
    port = fsock_inspect(s)->local_port;
    say(s, "question");
    hears(server, "question");
    say(server, "answer");
    hears(s, "answer");
    fsock_set_deadline(s, fsock_after(0.001));
    fsock_set_silence(s, 1);
    fsock_pool_keep(r.pool, s);
    assert_int_equal(fsock_pool_count(r.pool), 1);
    s = get(&r, 1);
    assert_int_equal(fsock_pool_count(r.pool), 0);
    assert_int_equal(fsock_inspect(s)->local_port, port);
    assert_int_equal(fsock_inspect(s)->sent, 0);
    assert_int_equal(fsock_inspect(s)->received, 0);
    pause_for(0.002);
    say(s, "question"); /* the limits of before are gone */
    hears(server, "question");
    fsock_close(s);
    fsock_close(server);
    rig_fini(&r);
}

/* What counts as the same, and what doesn't. */
static void test_2_02_the_same(void **state)
{
    struct rig r;
    char target[64];
    (void)state;
    rig_init(&r, 0, 0);
    fsock_pool_keep(r.pool, get(&r, 0));
    snprintf(target, sizeof target, "TCP://127.0.0.1:%d/x", r.port);
    r.options.read_timeout = r.options.connect_timeout = 7 * FSOCK_SECOND;
    fsock_pool_keep(r.pool, get_as(&r, target, 1, 1));
    assert_int_equal(fsock_pool_count(r.pool), 1);
    fsock_stream *other[16];
    size_t n = 0;
    other[n++] = get_as(&r, "localhost", r.port, 0);
#define DIFFERS(member, value)                                                                     \
    fsock_options_init(&r.options);                                                                \
    r.options.member = value;                                                                      \
    other[n++] = get(&r, 0)
    DIFFERS(keepalive, 1);
    DIFFERS(delay, 1);
    DIFFERS(linger, 1);
    DIFFERS(family, 4);
    DIFFERS(bind, "127.0.0.2");
    DIFFERS(tls_name, "a.test");
    DIFFERS(receive_buffer, 9999);
    assert_int_equal(fsock_pool_count(r.pool), 1);
    fsock_options_init(&r.options);
    other[n++] = get(&r, 1);
    while (n)
        fsock_close(other[--n]);
    rig_fini(&r);
}

static void test_2_03_dead_ones(void **state)
{
    struct rig r;
    (void)state;
    rig_init(&r, 0, 0);
    fsock_stream *s = get(&r, 0), *server = take(r.listener);
    fsock_pool_keep(r.pool, s);
    assert_int_equal(fsock_pool_count(r.pool), 1);
    fsock_close(server); /* while it is kept */
    pause_for(0.01);
    s = get(&r, 0);
    assert_int_equal(fsock_pool_count(r.pool), 0);
    server = take(r.listener);
    fsock_pool_keep(r.pool, s);
    say(server, "late"); /* an answer to somebody else's question */
    pause_for(0.01);
    s = get(&r, 0);
    fsock_close(server);
    server = take(r.listener);
    ok(fsock_shut(s, SOON)); /* nobody else could write */
    fsock_pool_keep(r.pool, s);
    assert_int_equal(fsock_pool_count(r.pool), 0);
    fsock_close(server);
    s = get(&r, 0);
    server = take(r.listener);
    ok(fsock_set_option(server, FSOCK_OPTION_LINGER, 0));
    fsock_close(server); /* before it is kept */
    pause_for(0.01);
    fsock_pool_keep(r.pool, s);
    assert_int_equal(fsock_pool_count(r.pool), 0);
    rig_fini(&r);
}

static void test_2_03_unread_bytes(void **state)
{
    struct rig r;
    char line[16];
    size_t n;
    (void)state;
    rig_init(&r, 0, 0);
    fsock_stream *s = get(&r, 0), *server = take(r.listener);
    say(server, "line\nrest");
    ok(fsock_read_line(s, line, sizeof line, &n, SOON));
    fsock_pool_keep(r.pool, s);
    assert_int_equal(fsock_pool_count(r.pool), 0);
    fsock_close(server);
    rig_fini(&r);
}

static void test_2_04_as_many_as_may_be(void **state)
{
    struct rig r;
    fsock_stream *s[4];
    int port[4];
    (void)state;
    rig_init(&r, 3, 0);
    for (int i = 0; i < 4; i++) {
        s[i] = get(&r, 0);
        port[i] = fsock_inspect(s[i])->local_port;
    }
    for (int i = 0; i < 4; i++)
        fsock_pool_keep(r.pool, s[i]);
    assert_int_equal(fsock_pool_count(r.pool), 3);
    s[0] = get(&r, 1);
    assert_int_equal(fsock_inspect(s[0])->local_port, port[2]); /* the last one kept */
    fsock_pool_keep(r.pool, s[0]);
    fsock_pool_keep(r.pool, dial("127.0.0.1", r.port, NULL)); /* not from a pool */
    fsock_pool_keep(r.pool, NULL);
    assert_int_equal(fsock_pool_count(r.pool), 3);
    rig_fini(&r);
}

static void test_2_04_not_for_ever(void **state)
{
    struct rig r;
    (void)state;
    rig_init(&r, 0, 30 * MS);
    fsock_pool_keep(r.pool, get(&r, 0));
    fsock_close(get(&r, 1));
    fsock_pool_keep(r.pool, get(&r, 0));
    pause_for(0.04);
    fsock_close(get(&r, 0));
    assert_int_equal(fsock_pool_count(r.pool), 0);
    rig_fini(&r);
}

static void test_what_cannot_be_opened(void **state)
{
    struct rig r;
    fsock_stream *s;
    int reused = 99;
    (void)state;
    rig_init(&r, 0, 0);
    assert_int_equal(fsock_pool_open(r.pool, &s, "http://x", 1, NULL, SOON, &reused, &fault),
                     FSOCK_ERR_INPUT);
    assert_null(s);
    assert_int_equal(reused, 0);
    assert_non_null(strstr(fault.text, "http"));
    assert_int_equal(fsock_pool_open(r.pool, &s, "unix:///no/such", 0, NULL, SOON, NULL, NULL),
                     FSOCK_ERR_CONNECT);
    fsock_pool_free(NULL);
    rig_fini(&r);
}

static void serve(struct actor *a)
{
    if (fsock_accept(a->listener, &a->stream, SOON, NULL) == FSOCK_OK)
        fsock_handshake(a->stream, SOON);
}

static void test_tls(void **state)
{
    struct rig r;
    struct fsock_options server = server_options();
    (void)state;
    rig_init(&r, 0, 0);
    r.options = client_options();
    struct actor a = {.listener = hear("tls://127.0.0.1:0", &server)};
    int port = fsock_listener_port(a.listener);
    actor_start(&a, serve, 0);
    fsock_stream *s = get_as(&r, "tls://127.0.0.1", port, 0);
    actor_join(&a);
    fsock_pool_keep(r.pool, s); /* tickets are no answer */
    assert_int_equal(fsock_pool_count(r.pool), 1);
    s = get_as(&r, "tls://127.0.0.1", port, 1);
    say(s, "hello");
    hears(a.stream, "hello");
    fsock_pool_keep(r.pool, s);
    fsock_close(a.stream);
    pause_for(0.01);
    actor_start(&a, serve, 0);
    s = get_as(&r, "tls://127.0.0.1", port, 0);
    actor_join(&a);
    fsock_close(s);
    fsock_close(a.stream);
    fsock_listener_close(a.listener);
    rig_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_2_01_again),
        TEST(test_2_02_the_same),
        TEST(test_2_03_dead_ones),
        TEST(test_2_03_unread_bytes),
        TEST(test_2_04_as_many_as_may_be),
        TEST(test_2_04_not_for_ever),
        TEST(test_what_cannot_be_opened),
        TEST(test_tls),
    };
    return cmocka_run_group_tests(tests, make_certificates, remove_certificates);
}
