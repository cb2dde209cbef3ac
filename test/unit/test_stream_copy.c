/*
 * fsock_copy(): from anything to anything, the same bytes, and what is left when it stops.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "stream_rig.h"

#define SIZE ((size_t)1 << 20)

enum kind { TCP, UNIX, TLS, PIPE, INTO_FILE };

/* Something with two ends: what goes into one comes out of the other. */
struct channel {
    fsock_stream *in, *out;
};

static void open_channel(struct channel *c, enum kind kind)
{
    struct line l;
    fsock_stream *pair[2];
    int fd[2];
    switch (kind) {
    case TCP:
    case TLS:
        meet(&l);
        if (kind == TLS)
            put_tls(&l);
        *c = (struct channel){l.client, l.server};
        break;
    case UNIX:
        ok(fsock_open_pair(pair, NULL));
        *c = (struct channel){pair[0], pair[1]};
        break;
    case PIPE:
        assert_int_equal(pipe(fd), 0);
        ok(fsock_open_fd(&c->out, fd[0], 1, NULL));
        ok(fsock_open_fd(&c->in, fd[1], 1, NULL));
        break;
    case INTO_FILE: {
        char name[] = "/tmp/fsock-test-XXXXXX";
        fd[0] = mkstemp(name);
        fd[1] = open(name, O_RDONLY);
        unlink(name);
        ok(fsock_open_fd(&c->in, fd[0], 1, NULL));
        ok(fsock_open_fd(&c->out, fd[1], 1, NULL));
    }
    }
}

static void close_channel(struct channel *c)
{
    fsock_close(c->in);
    fsock_close(c->out);
}

static void pour(struct actor *a)
{
    char *bytes = many_bytes(SIZE);
    fsock_write(a->stream, bytes, SIZE, NULL, SOON);
    fsock_close(a->stream);
    free(bytes);
}

static void drink(struct actor *a)
{
    char *got = malloc(SIZE + 1), *want = many_bytes(SIZE);
    size_t n;
    enum fsock_err err = fsock_read_exact(a->stream, got, SIZE + 1, &n, SOON);
    a->fd = err == FSOCK_ERR_CLOSED && n == SIZE && memcmp(got, want, SIZE) == 0;
    free(got);
    free(want);
}

static void copies(enum kind from, enum kind to)
{
    struct channel a, b;
    uint64_t n;
    open_channel(&a, from);
    open_channel(&b, to);
    struct actor writer = {.stream = a.in}, reader = {.stream = b.out};
    if (from == INTO_FILE)
        pour(&(struct actor){.stream = a.in});
    else
        actor_start(&writer, pour, 0);
    if (to != INTO_FILE)
        actor_start(&reader, drink, 0);
    assert_int_equal(fsock_copy(a.out, b.in, UINT64_MAX, &n, SOON), FSOCK_EOF);
    assert_int_equal(n, SIZE);
    assert_int_equal(fsock_inspect(a.out)->received, SIZE);
    assert_int_equal(fsock_inspect(b.in)->sent, SIZE);
    if (from != INTO_FILE)
        actor_join(&writer);
    fsock_close(b.in);
    if (to != INTO_FILE)
        actor_join(&reader);
    else
        drink(&reader);
    if (!reader.fd)
        fail_msg("other bytes, from %d to %d", from, to);
    fsock_close(a.out);
    fsock_close(b.out);
}

static void test_each_to_each(void **state)
{
    (void)state;
    for (enum kind from = TCP; from <= INTO_FILE; from++)
        for (enum kind to = TCP; to <= INTO_FILE; to++)
            copies(from, to);
}

/* No more than asked for leaves the one, nor gets to the other. */
static void test_at_most(void **state)
{
    (void)state;
    for (enum kind from = TCP; from <= INTO_FILE; from++)
        for (enum kind to = TCP; to <= INTO_FILE; to++) {
            struct channel a, b;
            uint64_t n;
            open_channel(&a, from);
            open_channel(&b, to);
            say(a.in, "0123456789");
            ok(fsock_copy(a.out, b.in, 4, &n, SOON));
            assert_int_equal(n, 4);
            hears(b.out, "0123");
            hears(a.out, "45");
            ok(fsock_copy(a.out, b.in, 0, &n, SOON));
            assert_int_equal(n, 0);
            ok(fsock_copy(a.out, b.in, 4, NULL, SOON));
            hears(b.out, "6789");
            close_channel(&a);
            close_channel(&b);
        }
}

/* What a line has left in the stream's own buffer goes first. */
static void test_what_is_held_goes_first(void **state)
{
    struct channel a, b;
    char line[16];
    size_t n;
    uint64_t all;
    (void)state;
    open_channel(&a, TCP);
    open_channel(&b, PIPE);
    say(a.in, "line\nand");
    ok(fsock_read_line(a.out, line, sizeof line, &n, SOON));
    say(a.in, " more");
    ok(fsock_shut(a.in, SOON));
    assert_int_equal(fsock_copy(a.out, b.in, UINT64_MAX, &all, SOON), FSOCK_EOF);
    assert_int_equal(all, 8);
    hears(b.out, "and more");
    close_channel(&a);
    close_channel(&b);
}

static void test_at_once(void **state)
{
    (void)state;
    for (enum kind from = TCP; from < INTO_FILE; from++)
        for (enum kind to = TCP; to < INTO_FILE; to++) {
            struct channel a, b;
            uint64_t n;
            size_t all = 0;
            open_channel(&a, from);
            open_channel(&b, to);
            assert_int_equal(fsock_copy(a.out, b.in, 100, &n, FSOCK_NOW), FSOCK_AGAIN);
            assert_int_equal(n, 0);
            say(a.in, "0123456789");
            while (all < 10) {
                enum fsock_err err = fsock_copy(a.out, b.in, 100, &n, FSOCK_NOW);
                assert_true(err == FSOCK_OK || err == FSOCK_AGAIN);
                all += n;
            }
            hears(b.out, "0123456789");
            fsock_close(a.in);
            enum fsock_err err;
            while ((err = fsock_copy(a.out, b.in, 100, &n, FSOCK_NOW)) == FSOCK_AGAIN)
                pause_for(0.001);
            assert_int_equal(err, FSOCK_EOF);
            assert_int_equal(n, 0);
            fsock_close(a.out);
            close_channel(&b);
        }
}

static void test_the_time_is_up(void **state)
{
    (void)state;
    for (enum kind from = TCP; from < INTO_FILE; from++) {
        struct channel a, b;
        uint64_t n;
        open_channel(&a, from);
        open_channel(&b, TCP);
        say(a.in, "abc");
        fsock_time began = fsock_now();
        assert_int_equal(fsock_copy(a.out, b.in, 100, &n, fsock_after(0.05)), FSOCK_ERR_TIMEOUT);
        took(began, 0.04, 0.3);
        assert_int_equal(n, 3);
        assert_int_equal(fsock_last_fault(a.out)->stage, FSOCK_STAGE_RECV);
        assert_true(fsock_inspect(a.out)->timed_out);
        fsock_set_silence(b.in, 50 * MS);
        assert_int_equal(fsock_copy(a.out, b.in, 100, &n, SOON), FSOCK_ERR_TIMEOUT);
        assert_int_equal(fsock_last_fault(a.out)->limit, FSOCK_LIMIT_READ);
        hears(b.out, "abc");
        close_channel(&a);
        close_channel(&b);
    }
}

static void hear_what_was_filled(struct actor *a)
{
    hears_many(a->stream, 0, (size_t)a->fd);
}

/* Nobody reads at the far end: all that was taken from the near one has been sent or is there. */
static void test_a_far_end_that_stalls(void **state)
{
    (void)state;
    for (enum kind from = TCP; from <= INTO_FILE; from++)
        for (enum kind to = TCP; to < INTO_FILE; to++) {
            struct channel a, b;
            uint64_t n, more = 0;
            open_channel(&a, from);
            open_channel(&b, to);
            size_t filled = fill_up(b.in), said = 0;
            char *bytes = many_bytes(50000);
            ok(fsock_write(a.in, bytes, 50000, &said, SOON));
            enum fsock_err err = fsock_copy(a.out, b.in, said, &n, fsock_after(0.03));
            if (err != FSOCK_OK || to == UNIX || to == PIPE) /* TCP may find room after all */
                assert_int_equal(err, FSOCK_ERR_TIMEOUT);
            assert_int_equal(fsock_inspect(b.in)->timed_out, err == FSOCK_ERR_TIMEOUT);
            struct actor reader = {.stream = b.out, .fd = (int)filled};
            actor_start(&reader, hear_what_was_filled, 0);
            if (n < said)
                ok(fsock_copy(a.out, b.in, said - n, &more, SOON));
            assert_int_equal(n + more, said);
            ok(fsock_write(b.in, "!", 1, NULL, SOON)); /* and before it what TLS owes */
            actor_join(&reader);
            hears_many(b.out, 0, said);
            hears(b.out, "!");
            free(bytes);
            close_channel(&a);
            close_channel(&b);
        }
}

static void test_a_far_end_that_breaks(void **state)
{
    (void)state;
    for (enum kind from = TCP; from <= INTO_FILE; from++)
        for (enum kind to = TCP; to < INTO_FILE; to++) {
            struct channel a, b;
            uint64_t n;
            open_channel(&a, from);
            open_channel(&b, to);
            fsock_close(b.out);
            while (fsock_write(b.in, "x", 1, NULL, SOON) == FSOCK_OK)
                continue;
            say(a.in, "0123456789");
            enum fsock_err err = fsock_copy(a.out, b.in, UINT64_MAX, &n, SOON);
            assert_true(err == FSOCK_ERR_CLOSED || err == FSOCK_ERR_RESET);
            assert_int_equal(fsock_last_fault(b.in)->err, err);
            assert_int_equal(fsock_last_fault(a.out)->err, FSOCK_OK);
            assert_int_equal(n, 0);
            hears(a.out, "0123456789");
            fsock_close(b.in);
            close_channel(&a);
        }
}

static int copy_to_nobody(void)
{
    struct channel a, b;
    signal(SIGPIPE, SIG_DFL);
    open_channel(&a, TCP);
    open_channel(&b, PIPE);
    say(a.in, "0123456789");
    fsock_close(b.out);
    return fsock_copy(a.out, b.in, UINT64_MAX, NULL, SOON) == FSOCK_ERR_CLOSED ? 0 : 1;
}

static void test_never_a_sigpipe(void **state)
{
    (void)state;
    assert_int_equal(child_does(copy_to_nobody), 0);
}

/* Each datagram is taken whole, though there is room for a part of it only. */
static void test_datagrams(void **state)
{
    (void)state;
    struct channel b;
    fsock_stream *from;
    uint64_t n;
    open_channel(&b, TCP);
    ok(fsock_bind(&from, "udp://127.0.0.1", 0, NULL, SOON, NULL));
    fsock_stream *s = dial("udp://127.0.0.1", fsock_inspect(from)->local_port, NULL);
    say(s, "0123456789");
    ok(fsock_copy(from, b.in, 4, &n, SOON));
    assert_int_equal(n, 4);
    hears(b.out, "0123");
    hears(from, "456789");
    fsock_close(s);
    fsock_close(from);
    close_channel(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_to_each),
        TEST(test_at_most),
        TEST(test_what_is_held_goes_first),
        TEST(test_at_once),
        TEST(test_the_time_is_up),
        TEST(test_a_far_end_that_stalls),
        TEST(test_a_far_end_that_breaks),
        TEST(test_never_a_sigpipe),
        TEST(test_datagrams),
    };
    return cmocka_run_group_tests(tests, make_certificates, remove_certificates);
}
