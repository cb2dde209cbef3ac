/* System calls with their marks, on real sockets: what is done and what is told of it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/time.h"
#include "base/trace.h"
#include "base/wait.h"
#include "drive/poll.h"
#include "net/call.h"

static fsock_trace *trace;

static int before(void **state)
{
    (void)state;
    trace = fsock_trace_new(FSOCK_TRACE_DATA);
    return trace ? 0 : -1;
}

static int after(void **state)
{
    (void)state;
    fsock_trace_free(trace);
    return 0;
}

/* The next mark, which is of this call and its result. */
static const struct fsock_mark *marked(const char *call, int fd, int64_t result)
{
    const struct fsock_mark *m = fsock_trace_next(trace);
    assert_non_null(m);
    assert_int_equal(m->kind, FSOCK_MARK_CALL);
    assert_string_equal(m->call, call);
    assert_int_equal(m->fd, fd);
    assert_int_equal(m->result, result);
    if (result >= 0)
        assert_int_equal(m->sys_errno, 0);
    return m;
}

static void has(const struct fsock_mark *m, const char *key, const char *text)
{
    const struct fsock_field *field = fsock_mark_field(m, key);
    if (!text) {
        assert_null(field);
        return;
    }
    assert_non_null(field);
    assert_string_equal(field->text, text);
}

static void counts(const struct fsock_mark *m, const char *key, int64_t number)
{
    assert_non_null(fsock_mark_field(m, key));
    assert_null(fsock_mark_field(m, key)->text);
    assert_int_equal(fsock_mark_field(m, key)->number, number);
}

static void loopback(struct fsk_sockaddr *sa)
{
    const struct fsk_addr addr = {
        .family = 4, .ip = {127, 0, 0, 1}
    };
    fsk_sockaddr_from_addr(sa, &addr);
}

/* A listener and its address in words. */
static int hear(struct fsk_sockaddr *at, char text[FSK_SOCKADDR_TEXT])
{
    loopback(at);
    int fd = fsk_call_socket(trace, 0, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(fsk_call_bind(trace, fd, at), 0);
    assert_int_equal(fsk_call_listen(trace, fd, 5), 0);
    assert_int_equal(fsk_call_getsockname(trace, fd, at), 0);
    fsk_sockaddr_format(at, text);
    return fd;
}

static void a_connection(void **state)
{
    struct fsk_sockaddr at, peer;
    char text[FSK_SOCKADDR_TEXT];
    (void)state;
    int listener = hear(&at, text);
    const struct fsock_mark *m = marked("socket", listener, listener);
    assert_int_equal(m->connection, 1);
    has(m, "family", "AF_INET");
    has(m, "type", "SOCK_STREAM|SOCK_CLOEXEC");
    has(m, "protocol", "IPPROTO_IP");
    has(marked("bind", listener, 0), "addr", "127.0.0.1:0");
    counts(marked("listen", listener, 0), "backlog", 5);
    has(marked("getsockname", listener, 0), "addr", text);
    int client = fsk_call_socket(trace, 0, AF_INET, SOCK_STREAM, IPPROTO_TCP);
    assert_int_equal(marked("socket", client, client)->connection, 2);
    assert_int_equal(fsk_call_connect(trace, client, &at), 0);
    has(marked("connect", client, 0), "addr", text);
    int server = fsk_call_accept(trace, listener);
    assert_int_equal(fcntl(server, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    m = marked("accept4", listener, server);
    assert_int_equal(m->connection, 1);
    has(m, "flags", "SOCK_CLOEXEC|SOCK_NONBLOCK");
    assert_int_equal(fsk_call_getpeername(trace, client, &peer), 0);
    m = marked("getpeername", client, 0);
    has(m, "addr", text);
    assert_int_equal(m->connection, 2);
    assert_int_equal(fsk_call_shutdown(trace, server, SHUT_WR), 0);
    m = marked("shutdown", server, 0);
    has(m, "how", "SHUT_WR");
    assert_int_equal(m->connection, 3);
    fsk_call_close(trace, server);
    assert_int_equal(marked("close", server, 0)->connection, 3);
    fsk_call_close(trace, client);
    fsk_call_close(trace, listener);
}

/* errno is the call's own, whatever the mark has done, and the mark tells it. */
static void errno_is_kept(void **state)
{
    struct fsk_sockaddr at, peer;
    char text[FSK_SOCKADDR_TEXT], byte;
    (void)state;
    int listener = hear(&at, text);
    while (fsock_trace_next(trace))
        continue;
    int fd = fsk_call_socket(trace, 0, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    (void)marked("socket", fd, fd);
#define FAILS(call, name, fd_, error)                                                              \
    do {                                                                                           \
        errno = 0;                                                                                 \
        assert_int_equal(call, -1);                                                                \
        assert_int_equal(errno, error);                                                            \
        assert_int_equal(marked(name, fd_, -1)->sys_errno, error);                                 \
    } while (0)
    FAILS(fsk_call_getpeername(trace, fd, &peer), "getpeername", fd, ENOTCONN);
    assert_int_equal(peer.len, 0);
    FAILS(fsk_call_connect(trace, fd, &at), "connect", fd, EINPROGRESS);
    int server = fsk_call_accept(trace, listener);
    (void)marked("accept4", listener, server);
    FAILS(fsk_call_recv(trace, server, &byte, 1, MSG_DONTWAIT, NULL, false), "recvfrom", server,
          EAGAIN);
    FAILS(fsk_call_bind(trace, server, &at), "bind", server, EINVAL);
    FAILS(fsk_call_socket(trace, 0, AF_INET, 77, 0), "socket", -1, EINVAL);
    FAILS(fsk_call_listen(trace, -1, 1), "listen", -1, EBADF);
    FAILS(fsk_call_accept(trace, -1), "accept4", -1, EBADF);
    FAILS(fsk_call_shutdown(trace, -1, SHUT_RD), "shutdown", -1, EBADF);
    FAILS(fsk_call_send(trace, -1, "x", 1, 0, NULL, false), "sendto", -1, EBADF);
    FAILS(fsk_call_set_int(trace, server, SOL_SOCKET, 9999, 1), "setsockopt", server, ENOPROTOOPT);
    FAILS(fsk_call_splice(trace, server, -1, 10), "splice", server, EBADF);
    FAILS(fsk_call_sendfile(trace, -1, server, 10), "sendfile", -1, EBADF);
    fsk_call_close(NULL, server);
    fsk_call_close(NULL, fd);
    fsk_call_close(NULL, listener);
}

static void options(void **state)
{
    int value = 0;
    socklen_t len = sizeof value;
    (void)state;
    int fd = fsk_call_socket(NULL, 0, AF_INET, SOCK_STREAM, 0);
    assert_int_equal(fsk_call_set_int(trace, fd, IPPROTO_TCP, TCP_NODELAY, 1), 0);
    const struct fsock_mark *m = marked("setsockopt", fd, 0);
    has(m, "level", "SOL_TCP");
    has(m, "option", "TCP_NODELAY");
    counts(m, "value", 1);
    assert_int_equal(fsk_call_getsockopt(trace, fd, SOL_SOCKET, SO_ERROR, &value, &len), 0);
    m = marked("getsockopt", fd, 0);
    has(m, "option", "SO_ERROR");
    counts(m, "value", 0);
    len = 8;
    assert_int_equal(fsk_call_getsockopt(trace, fd, SOL_SOCKET, SO_LINGER, (char[8]){0}, &len), 0);
    assert_null(fsock_mark_field(marked("getsockopt", fd, 0), "value"));
    assert_int_equal(m->connection, 0); /* the trace has not seen it begin */
    fsk_call_close(trace, fd);
}

static void bytes_of_a_stream(void **state)
{
    int fd[2];
    char buf[16] = "";
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    assert_int_equal(fsk_call_send(trace, fd[0], "PASS me\n", 8, MSG_NOSIGNAL, NULL, false), 8);
    const struct fsock_mark *m = marked("sendto", fd[0], 8);
    has(m, "flags", "MSG_NOSIGNAL");
    has(m, "addr", NULL);
    assert_int_equal(m->size, 8);
    assert_int_equal(m->data_len, 8);
    assert_memory_equal(m->data, "PASS **\n", 8);
    assert_int_equal(fsk_call_recv(trace, fd[1], buf, sizeof buf, MSG_PEEK, NULL, false), 8);
    m = marked("recvfrom", fd[1], 8);
    assert_null(m->data); /* it comes again */
    assert_int_equal(fsk_call_recv(trace, fd[1], buf, sizeof buf, 0, NULL, false), 8);
    assert_string_equal(buf, "PASS me\n"); /* masks are the trace's business */
    m = marked("recvfrom", fd[1], 8);
    assert_int_equal(m->size, 16);
    assert_memory_equal(m->data, "PASS **\n", 8);
    assert_int_equal(fsk_call_send(trace, fd[0], "secret", 6, 0, NULL, true), 6);
    assert_null(marked("sendto", fd[0], 6)->data);
    close(fd[0]);
    assert_int_equal(fsk_call_recv(trace, fd[1], buf, 6, 0, NULL, false), 6);
    (void)marked("recvfrom", fd[1], 6);
    assert_int_equal(fsk_call_recv(trace, fd[1], buf, 6, 0, NULL, false), 0); /* the end */
    assert_null(marked("recvfrom", fd[1], 0)->data);
    close(fd[1]);
}

/* With addresses; and of one that is longer than the room, no more than came. */
static void datagrams(void **state)
{
    struct fsk_sockaddr at, from;
    char text[FSK_SOCKADDR_TEXT], buf[4];
    (void)state;
    loopback(&at);
    int fd = fsk_call_socket(NULL, 0, AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(fsk_call_bind(NULL, fd, &at), 0);
    assert_int_equal(fsk_call_getsockname(NULL, fd, &at), 0);
    fsk_sockaddr_format(&at, text);
    assert_int_equal(fsk_call_send(trace, fd, "longer", 6, 0, &at, false), 6);
    has(marked("sendto", fd, 6), "addr", text);
    assert_int_equal(fsk_call_recv(trace, fd, buf, sizeof buf, MSG_TRUNC, &from, false), 6);
    const struct fsock_mark *m = marked("recvfrom", fd, 6);
    has(m, "addr", text);
    assert_int_equal(m->size, 4);
    assert_int_equal(m->data_len, 4);
    assert_memory_equal(m->data, "long", 4);
    fsk_call_close(NULL, fd);
}

static void messages(void **state)
{
    struct fsk_sockaddr at;
    char text[FSK_SOCKADDR_TEXT], in[2][8];
    struct iovec out_iov[2] =
        {
            {"one",   3},
            {"three", 5}
    },
                 in_iov[2] = {{in[0], 8}, {in[1], 8}};
    struct mmsghdr m[2];
    struct sockaddr_storage name[2];
    (void)state;
    loopback(&at);
    int fd = fsk_call_socket(NULL, 0, AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(fsk_call_bind(NULL, fd, &at), 0);
    assert_int_equal(fsk_call_getsockname(NULL, fd, &at), 0);
    fsk_sockaddr_format(&at, text);
    for (int i = 0; i < 2; i++)
        m[i] = (struct mmsghdr){
            .msg_hdr = {.msg_name = &at.ss,
                        .msg_namelen = at.len,
                        .msg_iov = &out_iov[i],
                        .msg_iovlen = 1}
        };
    assert_int_equal(fsk_call_sendmmsg(trace, fd, m, 2, 0), 2);
    const struct fsock_mark *mark = marked("sendmmsg", fd, 2);
    counts(mark, "messages", 2);
    assert_int_equal(mark->size, 8);
    has(mark, "addr", text);
    for (int i = 0; i < 2; i++)
        m[i] = (struct mmsghdr){
            .msg_hdr = {.msg_name = &name[i],
                        .msg_namelen = sizeof name[i],
                        .msg_iov = &in_iov[i],
                        .msg_iovlen = 1}
        };
    assert_int_equal(fsk_call_recvmmsg(trace, fd, m, 2, MSG_DONTWAIT), 2);
    mark = marked("recvmmsg", fd, 2);
    assert_int_equal(mark->size, 8);
    has(mark, "addr", text);
    has(mark, "flags", "MSG_DONTWAIT");
    errno = 0;
    assert_int_equal(fsk_call_recvmsg(trace, fd, &m[0].msg_hdr, MSG_ERRQUEUE), -1);
    assert_int_equal(errno, EAGAIN);
    mark = marked("recvmsg", fd, -1);
    assert_int_equal(mark->sys_errno, EAGAIN);
    has(mark, "addr", NULL);
    fsk_call_close(NULL, fd);
}

static void bytes_that_the_kernel_moves(void **state)
{
    int fd[2], pipes[2];
    FILE *file = tmpfile();
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    assert_int_equal(pipe(pipes), 0);
    fputs("bytes", file);
    rewind(file);
    assert_int_equal(fsk_call_sendfile(trace, fileno(file), fd[0], 100), 5);
    const struct fsock_mark *m = marked("sendfile", fileno(file), 5);
    counts(m, "to", fd[0]);
    assert_int_equal(m->size, 100);
    assert_int_equal(fsk_call_splice(trace, fd[1], pipes[1], 100), 5);
    m = marked("splice", fd[1], 5);
    counts(m, "to", pipes[1]);
    has(m, "flags", "SPLICE_F_MOVE|SPLICE_F_NONBLOCK");
    fclose(file);
    for (int i = 0; i < 2; i++) {
        close(fd[i]);
        close(pipes[i]);
    }
}

/* ---- Waiting --------------------------------------------------------------------------------- */

static void poll_in_words(void **state)
{
    char text[FSK_POLL_TEXT] = "";
    (void)state;
    size_t n = fsk_poll_put(text, 0, 3, POLLIN);
    n = fsk_poll_put(text, n, 5, POLLOUT | POLLERR);
    n = fsk_poll_put(text, n, 6, 0);
    n = fsk_poll_put(text, n, INT32_MIN,
                     POLLIN | POLLPRI | POLLOUT | POLLERR | POLLHUP | POLLRDHUP | POLLNVAL);
    assert_int_equal(n, strlen(text));
    assert_string_equal(text, "3:in 5:out,err 6 -2147483648:in,pri,out,err,hup,rdhup,bad");
}

/* Once something has found no room nothing follows, however short. */
static void poll_text_that_is_full(void **state)
{
    (void)state;
    for (int fd = 1; fd < 100000; fd *= 7) {
        char text[FSK_POLL_TEXT] = "";
        size_t n = 0, full = 0;
        for (int i = 0; i < 300; i++) {
            n = fsk_poll_put(text, n, i % 3 ? fd : 1, i % 3 ? POLLIN | POLLRDHUP : 0);
            assert_int_equal(n, strlen(text));
            assert_true(n < FSK_POLL_TEXT);
            bool dots = n > 4 && strcmp(text + n - 4, " ...") == 0;
            assert_true(!full || (dots && n == full));
            full = dots ? n : 0;
        }
        assert_true(full > FSK_POLL_TEXT - 40);
        assert_ptr_equal(strstr(text, "..."), text + n - 3);
    }
}

static void a_wait(void **state)
{
    int fd[2];
    (void)state;
    assert_int_equal(pipe(fd), 0);
    struct pollfd fds[3] = {fsk_poll_for(fd[0], FSK_READABLE), fsk_poll_for(-1, FSK_READABLE),
                            fsk_poll_for(fd[1], FSK_WRITABLE)};
    char asked[64], ready[64];
    snprintf(asked, sizeof asked, "%d:in %d:out", fd[0], fd[1]);
    snprintf(ready, sizeof ready, "%d:out", fd[1]);
    assert_int_equal(fsk_poll(trace, fds, 3, -1), FSOCK_OK);
    const struct fsock_mark *m = marked("poll", -1, 1);
    has(m, "fds", asked);
    has(m, "ready", ready);
    counts(m, "timeout", -1);
    assert_int_equal(fsk_poll(trace, fds, 1, 20), FSOCK_OK);
    m = marked("poll", -1, 0);
    has(m, "ready", "");
    assert_true(m->took >= 19 * FSOCK_MILLISECOND);
    assert_int_equal(fsk_poll(trace, fds, 1, 0), FSOCK_OK);
    assert_int_equal(marked("poll", -1, 0)->took, 0); /* it may not sleep */
    close(fd[0]);
    close(fd[1]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, before, after)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_connection),
        TEST(errno_is_kept),
        TEST(options),
        TEST(bytes_of_a_stream),
        TEST(datagrams),
        TEST(messages),
        TEST(bytes_that_the_kernel_moves),
        TEST(poll_in_words),
        TEST(poll_text_that_is_full),
        TEST(a_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
