/* System calls as lines: each that has a row, and what becomes of others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "trace_call.h"
#include "trace_line.h"

/* The line of a call whose mark has these members, as in a trace file. */
static void wants(const char *members, const char *line)
{
    static struct out out;
    struct fsk_buf text = {.ceiling = 65536};
    struct trace_line l;
    char json[4000];
    trace_line_init(&l);
    snprintf(json, sizeof json, "{\"t\":1,\"event\":\"call\",%s}", members);
    if (trace_line_parse(&l, fsk_span_str(json)) != TRACE_LINE_MARK)
        fail_msg("%s: %s", json, l.why);
    out_init_buf(&out, &text);
    trace_call_put(&out, &l.mark);
    out_flush(&out);
    out_fini(&out);
    assert_int_equal(fsk_buf_terminate(&text), FSOCK_OK);
    assert_string_equal(fsk_buf_span(&text).p, line);
    fsk_buf_fini(&text);
    trace_line_fini(&l);
}

static void sockets(void **state)
{
    (void)state;
    wants("\"call\":\"socket\",\"fd\":3,\"family\":\"AF_INET\",\"type\":\"SOCK_STREAM|SOCK_"
          "CLOEXEC\",\"protocol\":\"IPPROTO_TCP\",\"ret\":3",
          "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 3");
    wants("\"call\":\"socket\",\"family\":\"AF_INET6\",\"type\":\"SOCK_DGRAM\",\"protocol\":"
          "\"IPPROTO_IP\",\"ret\":-1,\"errno\":\"EMFILE\"",
          "socket(AF_INET6, SOCK_DGRAM, IPPROTO_IP) = -1 EMFILE (Too many open files)");
    wants("\"call\":\"socketpair\",\"fd\":3,\"family\":\"AF_UNIX\",\"type\":\"SOCK_STREAM\","
          "\"protocol\":\"0\",\"second\":4,\"ret\":0",
          "socketpair(AF_UNIX, SOCK_STREAM, 0, [4]) = 0");
    wants("\"call\":\"connect\",\"fd\":3,\"addr\":\"192.0.2.1:443\",\"ret\":-1,\"errno\":"
          "\"EINPROGRESS\"",
          "connect(3, 192.0.2.1:443) = -1 EINPROGRESS (Operation now in progress)");
    wants("\"call\":\"bind\",\"fd\":3,\"addr\":\"[::1]:80\",\"ret\":0", "bind(3, [::1]:80) = 0");
    wants("\"call\":\"bind\",\"fd\":3,\"addr\":\"/tmp/\\u001b[31m\",\"ret\":0",
          "bind(3, /tmp/\\x1b[31m) = 0");
    wants("\"call\":\"listen\",\"fd\":3,\"backlog\":128,\"ret\":0", "listen(3, 128) = 0");
    wants("\"call\":\"accept4\",\"fd\":3,\"flags\":\"SOCK_CLOEXEC\",\"ret\":5",
          "accept4(3, NULL, SOCK_CLOEXEC) = 5");
    wants("\"call\":\"accept\",\"fd\":3,\"addr\":\"127.0.0.1:9\",\"ret\":5",
          "accept(3, 127.0.0.1:9) = 5");
    wants("\"call\":\"getsockname\",\"fd\":3,\"addr\":\"127.0.0.1:9\",\"ret\":0",
          "getsockname(3, 127.0.0.1:9) = 0");
    wants("\"call\":\"getpeername\",\"fd\":3,\"ret\":-1,\"errno\":\"ENOTCONN\"",
          "getpeername(3, ...) = -1 ENOTCONN (Transport endpoint is not connected)");
    wants("\"call\":\"setsockopt\",\"fd\":3,\"level\":\"SOL_TCP\",\"option\":\"TCP_NODELAY\","
          "\"value\":1,\"ret\":0",
          "setsockopt(3, SOL_TCP, TCP_NODELAY, [1]) = 0");
    wants("\"call\":\"getsockopt\",\"fd\":3,\"level\":\"SOL_SOCKET\",\"option\":\"SO_ERROR\","
          "\"value\":0,\"ret\":0",
          "getsockopt(3, SOL_SOCKET, SO_ERROR, [0]) = 0");
    wants("\"call\":\"getsockopt\",\"fd\":3,\"level\":\"SOL_SOCKET\",\"option\":\"SO_ERROR\","
          "\"value\":111,\"ret\":0",
          "getsockopt(3, SOL_SOCKET, SO_ERROR, [ECONNREFUSED]) = 0");
    wants(
        "\"call\":\"getsockopt\",\"fd\":3,\"level\":\"SOL_TCP\",\"option\":\"TCP_INFO\",\"ret\":0",
        "getsockopt(3, SOL_TCP, TCP_INFO, ...) = 0");
    wants("\"call\":\"shutdown\",\"fd\":3,\"how\":\"SHUT_WR\",\"ret\":0",
          "shutdown(3, SHUT_WR) = 0");
    wants("\"call\":\"close\",\"fd\":3,\"ret\":0", "close(3) = 0");
}

static void bytes(void **state)
{
    (void)state;
    wants("\"call\":\"sendto\",\"fd\":3,\"size\":75,\"flags\":\"MSG_NOSIGNAL\",\"ret\":75,\"data\":"
          "\"R0VUIC8gSFRUUC8xLjENCkhvc3Q6IGV4YW1wbGUub3JnDQo=\"",
          "sendto(3, \"GET / HTTP/1.1\\r\\nHost: example.or\"..., 75, MSG_NOSIGNAL) = 75");
    wants("\"call\":\"sendto\",\"fd\":3,\"size\":4,\"addr\":\"127.0.0.1:53\",\"ret\":4,\"data\":"
          "\"AAExfw==\"",
          "sendto(3, \"\\0\\0011\\177\", 4, 0, 127.0.0.1:53) = 4");
    wants("\"call\":\"write\",\"fd\":3,\"size\":9,\"ret\":9,\"data\":\"IlwJCgsMDRs5\"",
          "write(3, \"\\\"\\\\\\t\\n\\v\\f\\r\\339\", 9) = 9");
    wants("\"call\":\"write\",\"fd\":3,\"size\":2,\"ret\":2,\"data\":\"/w==\"",
          "write(3, \"\\377\"..., 2) = 2");
    wants("\"call\":\"send\",\"fd\":3,\"size\":5,\"ret\":5", "send(3, ..., 5, 0) = 5");
    wants("\"call\":\"recvfrom\",\"fd\":3,\"size\":8192,\"flags\":\"MSG_DONTWAIT\",\"ret\":-1,"
          "\"errno\":\"EAGAIN\"",
          "recvfrom(3, ..., 8192, MSG_DONTWAIT) = -1 EAGAIN (Resource temporarily unavailable)");
    wants("\"call\":\"recvfrom\",\"fd\":3,\"size\":8192,\"ret\":0",
          "recvfrom(3, \"\", 8192, 0) = 0");
    wants("\"call\":\"read\",\"fd\":3,\"size\":100,\"ret\":32,\"data\":"
          "\"eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg=\",\"took\":0.5",
          "read(3, \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\", 100) = 32 <0.500000>");
    wants("\"call\":\"recvmmsg\",\"fd\":3,\"messages\":8,\"size\":700,\"ret\":2",
          "recvmmsg(3, ..., 8, 0) = 2 [700 bytes]");
    wants("\"call\":\"sendmmsg\",\"fd\":3,\"messages\":2,\"size\":80,\"flags\":\"MSG_DONTWAIT\","
          "\"addr\":\"127.0.0.1:53\",\"ret\":2",
          "sendmmsg(3, ..., 2, MSG_DONTWAIT, 127.0.0.1:53) = 2 [80 bytes]");
    wants("\"call\":\"recvmsg\",\"fd\":3,\"size\":512,\"addr\":\"127.0.0.1:53\",\"ret\":45",
          "recvmsg(3, ..., 512, 0, 127.0.0.1:53) = 45");
    wants("\"call\":\"splice\",\"fd\":3,\"to\":4,\"flags\":\"SPLICE_F_MOVE\",\"size\":65536,"
          "\"ret\":10",
          "splice(3, 4, 65536, SPLICE_F_MOVE) = 10");
    wants("\"call\":\"sendfile\",\"fd\":3,\"to\":4,\"size\":65536,\"ret\":10",
          "sendfile(4, 3, 65536) = 10");
}

static void waits(void **state)
{
    (void)state;
    wants("\"call\":\"poll\",\"fds\":\"3:out\",\"timeout\":5000,\"ready\":\"3:out\",\"ret\":1,"
          "\"took\":0.012",
          "poll([3:out], 5000) = 1 [3:out] <0.012000>");
    wants("\"call\":\"poll\",\"fds\":\"3:in 5:out,err\",\"timeout\":-1,\"ready\":\"\",\"ret\":0",
          "poll([3:in 5:out,err], -1) = 0");
    wants("\"call\":\"epoll_wait\",\"fd\":4,\"timeout\":0,\"ready\":\"\",\"ret\":0",
          "epoll_wait(4, 0) = 0");
    wants("\"call\":\"epoll_wait\",\"fd\":4,\"timeout\":0,\"ready\":\"7:in 9:out\",\"ret\":2",
          "epoll_wait(4, 0) = 2 [7:in 9:out]");
    wants("\"call\":\"epoll_ctl\",\"fd\":4,\"op\":\"EPOLL_CTL_ADD\",\"target\":7,\"events\":"
          "\"EPOLLIN|EPOLLET\",\"ret\":0",
          "epoll_ctl(4, EPOLL_CTL_ADD, 7, EPOLLIN|EPOLLET) = 0");
    wants("\"call\":\"epoll_create1\",\"fd\":4,\"flags\":\"EPOLL_CLOEXEC\",\"ret\":4",
          "epoll_create1(EPOLL_CLOEXEC) = 4");
    wants("\"call\":\"fcntl\",\"fd\":4,\"cmd\":\"F_GETFL\",\"ret\":2", "fcntl(4, F_GETFL) = 2");
    wants(
        "\"call\":\"fcntl\",\"fd\":4,\"cmd\":\"F_SETFL\",\"flags\":\"O_RDWR|O_NONBLOCK\",\"ret\":0",
        "fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0");
}

static void others(void **state)
{
    (void)state;
    wants("\"call\":\"ioctl\",\"fd\":4,\"pid\":77,\"cmd\":\"FIONREAD\",\"value\":12,\"ret\":0",
          "ioctl(4, cmd=FIONREAD, value=12) = 0");
    wants("\"call\":\"new\\u001bcall\",\"a-b\":\"c\\rd\",\"size\":7,\"ret\":-1,\"errno\":512,"
          "\"data\":\"YWI=\"",
          "new\\x1bcall(a-b=c\\x0dd, \"ab\", 7) = -1 errno 512");
    wants("\"call\":\"getppid\",\"ret\":1", "getppid() = 1");
}

static void classes(void **state)
{
    (void)state;
    static const char *const network[] = {
        "socket",   "bind",        "connect",     "listen",     "accept",     "accept4", "sendto",
        "recvfrom", "getsockname", "getpeername", "socketpair", "setsockopt", "sendmsg", "recvmsg",
        "sendmmsg", "recvmmsg",    "getsockopt",  "shutdown",   "sendfile",
    };
    static const char *const others[] = {"close", "poll", "epoll_wait", "read", "splice", "", "x"};
    for (size_t i = 0; i < sizeof network / sizeof *network; i++)
        assert_true(trace_call_is_network(network[i]));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(trace_call_is_network(others[i]));
    assert_true(trace_call_is_wait("poll") && trace_call_is_wait("epoll_wait"));
    assert_false(trace_call_is_wait("connect") || trace_call_is_wait("x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sockets), cmocka_unit_test(bytes),   cmocka_unit_test(waits),
        cmocka_unit_test(others),  cmocka_unit_test(classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
