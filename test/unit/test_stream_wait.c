/*
 * Waiting for any of many, here and in a loop of the caller's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>

#include "stream_rig.h"

static unsigned ready_now(fsock_stream *s, unsigned events)
{
    struct fsock_wait_item item = {.stream = s, .fd = -1, .events = events, .ready = 99};
    enum fsock_err err = fsock_wait(&item, 1, FSOCK_NOW);
    assert_int_equal(err, item.ready ? FSOCK_OK : FSOCK_ERR_TIMEOUT);
    return item.ready;
}

static void test_one(void **state)
{
    struct line l;
    const unsigned both = FSOCK_READABLE | FSOCK_WRITABLE;
    (void)state;
    meet(&l);
    assert_int_equal(ready_now(l.client, FSOCK_READABLE), 0);
    assert_int_equal(ready_now(l.client, both), FSOCK_WRITABLE);
    say(l.server, "x");
    assert_int_equal(ready_now(l.client, FSOCK_READABLE), FSOCK_READABLE);
    assert_int_equal(ready_now(l.client, both), both);
    assert_int_equal(ready_now(l.client, 0), 0);
    hears(l.client, "x");
    size_t all = fill_up(l.client);
    assert_int_equal(ready_now(l.client, both), 0);
    hears_many(l.server, 0, all);
    assert_int_equal(ready_now(l.client, both), FSOCK_WRITABLE);
    fsock_close(l.server);
    assert_int_equal(ready_now(l.client, FSOCK_READABLE), FSOCK_READABLE); /* its end */
    fsock_close(l.client);
}

/* What poll(2) can't see: a line's rest in the stream's buffer, and a record's within TLS. */
static void test_bytes_inside(void **state)
{
    (void)state;
    for (int tls = 0; tls < 2; tls++) {
        struct line l;
        char line[16];
        size_t n;
        meet(&l);
        if (tls)
            put_tls(&l);
        say(l.server, "line\nand more");
        if (tls) {
            ok(fsock_read(l.client, line, 3, &n, SOON));
            assert_int_equal(n, 3);
        } else {
            ok(fsock_read_line(l.client, line, sizeof line, &n, SOON));
        }
        struct pollfd fd = {.fd = fsock_fd(l.client), .events = POLLIN};
        assert_int_equal(poll(&fd, 1, 0), 0);
        assert_int_equal(ready_now(l.client, FSOCK_READABLE), FSOCK_READABLE);
        assert_int_equal(fsock_wants(l.client, FSOCK_READABLE), 0);
        hears(l.client, tls ? "e\nand more" : "and more");
        assert_int_equal(ready_now(l.client, FSOCK_READABLE), 0);
        assert_int_equal(fsock_wants(l.client, FSOCK_READABLE), FSOCK_READABLE);
        part(&l);
    }
}

/* Tickets make the descriptor readable, but there is nothing to read. */
static void test_less_than_a_byte(void **state)
{
    struct line l;
    (void)state;
    meet(&l);
    put_tls(&l);
    assert_int_equal(ready_now(l.client, FSOCK_READABLE), 0);
    struct fsock_wait_item item = {.stream = l.client, .events = FSOCK_READABLE};
    fsock_time began = fsock_now();
    assert_int_equal(fsock_wait(&item, 1, fsock_after(0.05)), FSOCK_ERR_TIMEOUT);
    took(began, 0.04, 0.3);
    part(&l);
}

static void talk(struct actor *a)
{
    fsock_write(a->stream, "x", 1, NULL, SOON);
}

#define MANY 100

static void test_3_18_many(void **state)
{
    struct line l[MANY];
    struct fsock_wait_item items[MANY + 2];
    int fd[2];
    (void)state;
    assert_int_equal(pipe(fd), 0);
    for (int i = 0; i < MANY; i++) {
        meet(&l[i]);
        items[i] = (struct fsock_wait_item){.stream = l[i].client, .events = FSOCK_READABLE};
    }
    items[MANY] = (struct fsock_wait_item){.fd = fd[0], .events = FSOCK_READABLE};
    items[MANY + 1] = (struct fsock_wait_item){.fd = -1, .events = FSOCK_READABLE};
    fsock_time began = fsock_now();
    assert_int_equal(fsock_wait(items, MANY + 2, fsock_after(0.05)), FSOCK_ERR_TIMEOUT);
    took(began, 0.04, 0.3);
    struct actor a = {.stream = l[77].server};
    actor_start(&a, talk, 0.05);
    ok(fsock_wait(items, MANY + 2, SOON));
    actor_join(&a);
    for (int i = 0; i < MANY + 2; i++)
        assert_int_equal(items[i].ready, i == 77 ? FSOCK_READABLE : 0);
    say(l[3].server, "x");
    assert_int_equal(write(fd[1], "x", 1), 1);
    ok(fsock_wait(items, MANY + 2, SOON));
    for (int i = 0; i < MANY + 2; i++) {
        bool ready = i == 3 || i == 77 || i == MANY;
        assert_int_equal(items[i].ready, ready ? FSOCK_READABLE : 0);
    }
    for (int i = 0; i < MANY; i++)
        part(&l[i]);
    close(fd[0]);
    close(fd[1]);
}

/* One that has bytes inside hides none of the others. */
static void test_all_are_named(void **state)
{
    struct line a, b;
    char line[16];
    size_t n;
    (void)state;
    meet(&a);
    meet(&b);
    say(a.server, "line\nrest");
    say(b.server, "x");
    ok(fsock_read_line(a.client, line, sizeof line, &n, SOON));
    for (int now = 0; now < 2; now++) {
        struct fsock_wait_item items[] = {
            {.stream = a.client, .events = FSOCK_READABLE                 },
            {.stream = b.client, .events = FSOCK_READABLE | FSOCK_WRITABLE},
        };
        ok(fsock_wait(items, 2, now ? FSOCK_NOW : SOON));
        assert_int_equal(items[0].ready, FSOCK_READABLE);
        assert_int_equal(items[1].ready, FSOCK_READABLE | FSOCK_WRITABLE);
    }
    part(&a);
    part(&b);
}

/* A stream whose own time is up is ready: a call would say so. */
static void test_the_streams_own_deadline(void **state)
{
    struct line l;
    char c;
    size_t n;
    (void)state;
    meet(&l);
    fsock_time began = fsock_now();
    fsock_set_deadline(l.client, fsock_after(0.05));
    assert_int_equal(ready_now(l.client, FSOCK_READABLE), 0);
    struct fsock_wait_item items[] = {
        {.stream = l.server, .events = FSOCK_READABLE},
        {.stream = l.client, .events = FSOCK_READABLE},
    };
    ok(fsock_wait(items, 2, SOON));
    took(began, 0.04, 0.3);
    assert_int_equal(items[0].ready, 0);
    assert_int_equal(items[1].ready, FSOCK_READABLE);
    assert_int_equal(fsock_wants(l.client, FSOCK_READABLE), 0);
    assert_int_equal(fsock_read(l.client, &c, 1, &n, FSOCK_NOW), FSOCK_ERR_TIMEOUT);
    part(&l);
}

static void test_nothing_to_wait_for(void **state)
{
    (void)state;
    fsock_time began = fsock_now();
    assert_int_equal(fsock_wait(NULL, 0, fsock_after(0.03)), FSOCK_ERR_TIMEOUT);
    took(began, 0.02, 0.3);
    assert_int_equal(fsock_wait(NULL, 0, FSOCK_NOW), FSOCK_ERR_TIMEOUT);
}

static void test_what_a_loop_waits_for(void **state)
{
    struct line l;
    const unsigned both = FSOCK_READABLE | FSOCK_WRITABLE;
    struct fsock_options client = client_options(), server = server_options();
    char c;
    size_t n;
    (void)state;
    meet(&l);
    assert_int_equal(fsock_wants(l.client, FSOCK_READABLE), FSOCK_READABLE);
    assert_int_equal(fsock_wants(l.client, FSOCK_WRITABLE), FSOCK_WRITABLE);
    assert_int_equal(fsock_wants(l.client, both), both);
    /* A client that wants to write during the handshake has to read first. */
    assert_int_equal(fsock_start_tls(l.client, "localhost", &client, FSOCK_NOW), FSOCK_AGAIN);
    assert_int_equal(fsock_wants(l.client, FSOCK_WRITABLE), FSOCK_READABLE);
    assert_int_equal(fsock_start_tls(l.server, NULL, &server, FSOCK_NOW), FSOCK_AGAIN);
    for (int i = 0; i < 10; i++) {
        fsock_wants(l.client, FSOCK_WRITABLE);
        fsock_wants(l.server, FSOCK_READABLE);
    }
    assert_int_equal(fsock_wants(l.client, FSOCK_WRITABLE), FSOCK_WRITABLE);
    say(l.client, "x");
    hears(l.server, "x");
    fsock_close(l.server);
    assert_int_equal(fsock_read(l.client, &c, 1, &n, SOON), FSOCK_EOF);
    assert_int_equal(fsock_wants(l.client, both), 0);
    fsock_close(l.client);
}

/* A MiB each way, by one thread, with nothing but FSOCK_NOW and fsock_wait(). */
static void test_3_17_both_ways_at_once(void **state)
{
    (void)state;
    for (int tls = 0; tls < 2; tls++) {
        struct line l;
        const size_t size = 1 << 20;
        char *bytes = many_bytes(size), *got[2] = {malloc(size), malloc(size)};
        size_t sent[2] = {0, 0}, had[2] = {0, 0}, n;
        meet(&l);
        if (tls)
            put_tls(&l);
        fsock_stream *s[2] = {l.client, l.server};
        while (had[0] < size || had[1] < size) {
            struct fsock_wait_item items[2];
            for (int i = 0; i < 2; i++) {
                while (sent[i] < size &&
                       fsock_write(s[i], bytes + sent[i], size - sent[i], &n, FSOCK_NOW) == 0)
                    sent[i] += n;
                while (had[i] < size &&
                       fsock_read(s[i], got[i] + had[i], size - had[i], &n, FSOCK_NOW) == 0)
                    had[i] += n;
                items[i] = (struct fsock_wait_item){.stream = s[i]};
                items[i].events = (sent[i] < size ? FSOCK_WRITABLE : 0u) | FSOCK_READABLE;
            }
            if (had[0] < size || had[1] < size)
                ok(fsock_wait(items, 2, SOON));
        }
        assert_memory_equal(got[0], bytes, size);
        assert_memory_equal(got[1], bytes, size);
        free(bytes);
        free(got[0]);
        free(got[1]);
        part(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_one),
        TEST(test_bytes_inside),
        TEST(test_less_than_a_byte),
        TEST(test_3_18_many),
        TEST(test_all_are_named),
        TEST(test_the_streams_own_deadline),
        TEST(test_nothing_to_wait_for),
        TEST(test_what_a_loop_waits_for),
        TEST(test_3_17_both_ways_at_once),
    };
    return cmocka_run_group_tests(tests, make_certificates, remove_certificates);
}
