/*
 * Streams on descriptors that are open already: pipes, files, terminals, sockets; and pairs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/stat.h>

#include "stream_rig.h"

static fsock_stream *stream_on(int fd, int own)
{
    struct fsock_fault fault;
    fsock_stream *s;
    if (fsock_open_fd(&s, fd, own, &fault) != FSOCK_OK)
        fail_msg("%s", fault.text);
    is_text(fsock_inspect(s)->transport, "fd");
    return s;
}

static void test_a_pipe(void **state)
{
    int fd[2];
    char c;
    size_t n;
    (void)state;
    assert_int_equal(pipe(fd), 0);
    fsock_stream *in = stream_on(fd[0], 1), *out = stream_on(fd[1], 1);
    assert_int_equal(fcntl(fd[0], F_GETFL) & O_NONBLOCK, 0); /* nothing changes for others */
    assert_int_equal(fcntl(fd[1], F_GETFL) & O_NONBLOCK, 0);
    assert_int_equal(fsock_read(in, &c, 1, &n, FSOCK_NOW), FSOCK_AGAIN);
    assert_int_equal(fsock_at_end(in), 0);
    say(out, "hello\n");
    assert_int_equal(fsock_at_end(in), 0);
    hears(in, "hello\n");
    size_t all = fill_up(out);
    assert_int_equal(fsock_write(out, "x", 1, &n, fsock_after(0.02)), FSOCK_ERR_TIMEOUT);
    hears_many(in, 0, all);
    assert_int_equal(fsock_start_tls(out, NULL, NULL, SOON), FSOCK_ERR_INPUT);
    fsock_close(out);
    assert_int_equal(fsock_at_end(in), 1);
    assert_int_equal(fsock_read(in, &c, 1, &n, SOON), FSOCK_EOF);
    fsock_close(in);
}

static void test_a_pipe_without_a_reader(void **state)
{
    int fd[2];
    size_t n;
    (void)state;
    assert_int_equal(pipe(fd), 0);
    fsock_stream *out = stream_on(fd[1], 1);
    close(fd[0]);
    assert_int_equal(fsock_write(out, "x", 1, &n, SOON), FSOCK_ERR_CLOSED);
    assert_int_equal(fsock_last_fault(out)->sys_errno, EPIPE);
    fsock_close(out);
}

static void test_somebody_elses(void **state)
{
    int fd[2];
    (void)state;
    assert_int_equal(pipe(fd), 0);
    fsock_stream *out = stream_on(fd[1], 0);
    say(out, "ab");
    fsock_close(out);
    assert_int_equal(write(fd[1], "c", 1), 1);
    fsock_stream *in = stream_on(fd[0], 0);
    hears(in, "abc");
    fsock_close(in);
    close(fd[0]);
    close(fd[1]);
}

static void test_a_file(void **state)
{
    FILE *f = tmpfile();
    char c;
    size_t n;
    (void)state;
    fputs("one\ntwo\n", f);
    rewind(f);
    fsock_stream *s = stream_on(fileno(f), 0);
    char line[16];
    ok(fsock_read_line(s, line, sizeof line, &n, SOON));
    is_text(line, "one\n");
    ok(fsock_read_line(s, line, sizeof line, &n, FSOCK_NOW));
    is_text(line, "two\n");
    assert_int_equal(fsock_at_end(s), 1);
    assert_int_equal(fsock_read(s, &c, 1, &n, SOON), FSOCK_EOF);
    say(s, "three\n");
    fsock_close(s);
    struct stat st;
    fstat(fileno(f), &st);
    assert_int_equal(st.st_size, 14);
    fclose(f);
}

/* A terminal's both sides: the master must not be opened again, that would be another terminal. */
static void test_a_terminal(void **state)
{
    (void)state;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(master >= 0);
    grantpt(master);
    unlockpt(master);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    assert_true(slave >= 0);
    fsock_stream *a = stream_on(master, 1), *b = stream_on(slave, 1);
    char line[64], c;
    size_t n;
    assert_int_equal(fcntl(slave, F_GETFL) & O_NONBLOCK, 0);
    say(a, "typed\n");
    ok(fsock_read_line(b, line, sizeof line, &n, SOON));
    is_text(line, "typed\n");
    ok(fsock_read_line(a, line, sizeof line, &n, SOON)); /* its echo */
    is_text(line, "typed\r\n");
    assert_int_equal(fsock_read(a, &c, 1, &n, FSOCK_NOW), FSOCK_AGAIN);
    assert_int_equal(fsock_read(b, &c, 1, &n, fsock_after(0.02)), FSOCK_ERR_TIMEOUT);
    fsock_close(b);
    assert_int_equal(fsock_read(a, &c, 1, &n, SOON), FSOCK_EOF);
    fsock_close(a);
}

static void test_a_masters_flags_are_put_back(void **state)
{
    (void)state;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    fsock_stream *s = stream_on(master, 0);
    assert_int_equal(fcntl(master, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    fsock_close(s);
    assert_int_equal(fcntl(master, F_GETFL) & O_NONBLOCK, 0);
    close(master);
}

/* Sockets can do all that others can, though they block. */
static void test_a_tcp_socket(void **state)
{
    struct line l;
    unsigned char byte;
    char c;
    size_t n;
    (void)state;
    meet(&l);
    int fd = dup(fsock_fd(l.client));
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    fsock_stream *s = stream_on(fd, 0);
    assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    is_text(fsock_inspect(s)->peer, fsock_inspect(l.client)->peer);
    assert_int_equal(fsock_read(s, &c, 1, &n, FSOCK_NOW), FSOCK_AGAIN);
    size_t all = fill_up(s);
    hears_many(l.server, 0, all);
    say(l.server, "ab");
    ok(fsock_write_oob(l.server, '!', SOON));
    ok(fsock_read_oob(s, &byte, SOON));
    assert_int_equal(byte, '!');
    hears(s, "ab");
    assert_int_equal(fsock_at_end(s), 0);
    ok(fsock_shut(l.server, SOON));
    while (!fsock_at_end(s))
        pause_for(0.001);
    fsock_close(s);
    assert_int_equal(send(fd, "x", 1, MSG_NOSIGNAL), 1);
    hears(l.server, "x");
    s = stream_on(fd, 1);
    ok(fsock_shut(s, SOON));
    assert_int_equal(fsock_read(l.server, &c, 1, &n, SOON), FSOCK_EOF);
    fsock_close(s);
    part(&l);
}

static void test_a_socketpair(void **state)
{
    int fd[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    fsock_stream *a = stream_on(fd[0], 1), *b = stream_on(fd[1], 1);
    say(a, "hello");
    hears(b, "hello");
    fsock_close(a);
    assert_int_equal(fsock_at_end(b), 1);
    fsock_close(b);
}

static void test_datagrams(void **state)
{
    char got[8];
    size_t n;
    struct fsock_address from, to;
    fsock_stream *peer;
    (void)state;
    ok(fsock_bind(&peer, "udp://127.0.0.1", 0, NULL, SOON, NULL));
    fsock_stream *s = stream_on(socket(AF_INET, SOCK_DGRAM, 0), 1);
    ok(fsock_address_parse(&to, fsock_inspect(peer)->local));
    ok(fsock_send_to(s, "hello", 5, &to, SOON));
    ok(fsock_recv_from(peer, got, sizeof got, &n, &from, SOON));
    assert_int_equal(n, 5);
    ok(fsock_send_to(peer, "far too long", 12, &from, SOON));
    assert_int_equal(fsock_recv_from(s, got, sizeof got, &n, &from, SOON), FSOCK_ERR_TOO_BIG);
    is_text(from.text, to.text);
    fsock_close(s);
    fsock_close(peer);
}

static void test_what_is_not_open(void **state)
{
    struct fsock_fault fault;
    fsock_stream *s;
    (void)state;
    assert_int_equal(fsock_open_fd(&s, -1, 1, &fault), FSOCK_ERR_INPUT);
    assert_null(s);
    assert_int_equal(fsock_open_fd(&s, 9999, 1, &fault), FSOCK_ERR_INPUT);
    assert_int_equal(fault.sys_errno, EBADF);
    assert_true(strlen(fault.text) > 0);
}

static void test_3_16_a_pair(void **state)
{
    fsock_stream *pair[2];
    char c;
    size_t n;
    (void)state;
    ok(fsock_open_pair(pair, NULL));
    is_text(fsock_inspect(pair[0])->transport, "unix");
    is_text(fsock_inspect(pair[0])->local, "");
    say(pair[0], "ping");
    hears(pair[1], "ping");
    say(pair[1], "pong");
    hears(pair[0], "pong");
    ok(fsock_shut(pair[0], SOON));
    assert_int_equal(fsock_read(pair[1], &c, 1, &n, SOON), FSOCK_EOF);
    say(pair[1], "more");
    hears(pair[0], "more");
    fsock_close(pair[0]);
    assert_int_equal(fsock_write(pair[1], "x", 1, &n, SOON), FSOCK_ERR_CLOSED);
    fsock_close(pair[1]);
}

/* The reason that is told is the file's own: here it is memory that can't be read. */
static void test_a_file_that_fails(void **state)
{
    char c;
    size_t n;
    (void)state;
    fsock_stream *s = stream_on(open("/proc/self/mem", O_RDONLY | O_CLOEXEC), 1);
    assert_int_equal(fsock_read(s, &c, 1, &n, SOON), FSOCK_ERR_SYSTEM);
    assert_int_equal(fsock_last_fault(s)->sys_errno, EIO);
    fsock_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_pipe),         TEST(test_a_pipe_without_a_reader),
        TEST(test_somebody_elses), TEST(test_a_file),
        TEST(test_a_terminal),     TEST(test_a_masters_flags_are_put_back),
        TEST(test_a_tcp_socket),   TEST(test_a_socketpair),
        TEST(test_datagrams),      TEST(test_what_is_not_open),
        TEST(test_3_16_a_pair),    TEST(test_a_file_that_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
