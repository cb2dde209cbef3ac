/* What the calls of a traced program mean: sockets of its own making, and the marks that come of
 * it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "base/trace.h"
#include "tracee_mean.h"

/* ---- A program ------------------------------------------------------------------------------- */

static struct tracee_mean mean;
static fsock_trace *queue;
static char told[2048];

static int setup(void **state)
{
    (void)state;
    queue = fsock_trace_new(FSOCK_TRACE_DATA | FSOCK_TRACE_SECRETS);
    assert_non_null(queue);
    tracee_mean_init(&mean, queue, false);
    mean.moment = (struct tracee_moment){100, 1};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fsock_trace_free(queue);
    return 0;
}

static struct tracee_conn conn_new(int type)
{
    static uint64_t number;
    struct tracee_conn conn = {.number = ++number, .family = AF_INET, .type = type};
    tracee_talk_init(&conn.talk);
    return conn;
}

static struct fsk_sockaddr at(const char *text)
{
    struct fsk_addr addr;
    struct fsk_sockaddr sa;
    assert_true(fsk_addr_parse_port(fsk_span_str(text), 0, &addr, NULL));
    fsk_sockaddr_from_addr(&sa, &addr);
    return sa;
}

static void connect_to(struct tracee_conn *conn, const char *text, int sys_errno)
{
    struct fsk_sockaddr to = at(text);
    tracee_mean_connect(&mean, conn, &to);
    tracee_mean_connected(&mean, conn, sys_errno);
}

static void out(struct tracee_conn *conn, const char *text)
{
    tracee_mean_moved(&mean, conn, true, fsk_span_str(text), strlen(text), NULL);
}

static void in(struct tracee_conn *conn, const char *text)
{
    tracee_mean_moved(&mean, conn, false, fsk_span_str(text), strlen(text), NULL);
}

static void closed(struct tracee_conn *conn)
{
    tracee_mean_gone(&mean, conn);
    tracee_talk_fini(&conn->talk);
}

/* All marks since the last time: "1:start 1:connect ...", with the error of a done. */
static const char *marks(void)
{
    const struct fsock_mark *m;
    size_t n = 0;
    told[0] = '\0';
    while ((m = fsock_trace_next(queue)) != NULL) {
        const struct fsock_field *err = fsock_mark_field(m, "err");
        assert_int_equal(fsock_mark_field(m, "pid")->number, 100);
        n += (size_t)snprintf(told + n, sizeof told - n, "%s%d:%s%s%s", n ? " " : "", (int)m->id,
                              fsock_mark_name(m->kind), err ? "/" : "", err ? err->text : "");
    }
    return told;
}

#define REQUEST  "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define RESPONSE "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/* ---- HTTP ------------------------------------------------------------------------------------ */

static void test_http(void **state)
{
    (void)state;
    struct tracee_conn c = conn_new(SOCK_STREAM);
    connect_to(&c, "192.0.2.1:80", EINPROGRESS);
    assert_string_equal(marks(), "1:start 1:connect");
    tracee_mean_connected(&mean, &c, 0);
    out(&c, REQUEST);
    in(&c, RESPONSE);
    assert_string_equal(marks(), "1:connected 1:request 1:sent 1:first-byte 1:head 1:body 1:done");
    out(&c, REQUEST REQUEST);
    in(&c, RESPONSE "HTTP/1.1 204 No\r\n\r\n");
    assert_string_equal(marks(),
                        "2:start 2:reuse 2:request 2:sent 3:start 3:reuse 3:request 3:sent "
                        "2:first-byte 2:head 2:body 2:done 3:first-byte 3:head 3:body 3:done");
    closed(&c);
    assert_string_equal(marks(), "0:close");
}

static void test_cut_off(void **state)
{
    (void)state;
    struct tracee_conn c = conn_new(SOCK_STREAM);
    connect_to(&c, "192.0.2.1:80", 0);
    out(&c, REQUEST);
    in(&c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok");
    marks();
    tracee_mean_ended(&mean, &c, 0);
    closed(&c);
    assert_string_equal(marks(), "1:done/truncated 0:close");
    struct tracee_conn d = conn_new(SOCK_STREAM);
    connect_to(&d, "192.0.2.1:80", 0);
    out(&d, REQUEST);
    marks();
    tracee_mean_ended(&mean, &d, ECONNRESET);
    closed(&d);
    assert_string_equal(marks(), "2:done/reset 0:close");
    struct tracee_conn e = conn_new(SOCK_STREAM);
    connect_to(&e, "192.0.2.1:80", 0);
    out(&e, REQUEST);
    marks();
    closed(&e);
    assert_string_equal(marks(), "3:done/canceled 0:close");
}

static void test_server(void **state)
{
    (void)state;
    struct tracee_conn c = conn_new(SOCK_STREAM);
    struct fsk_sockaddr peer = at("192.0.2.9:4000");
    tracee_mean_accepted(&mean, &c, &peer);
    in(&c, REQUEST);
    out(&c, "HTTP/1.0 200 OK\r\n\r\nto the end");
    closed(&c);
    assert_string_equal(marks(),
                        "1:start 1:request 1:sent 1:first-byte 1:head 1:body 1:done 0:close");
}

static void test_tunnel(void **state)
{
    (void)state;
    struct tracee_conn c = conn_new(SOCK_STREAM);
    connect_to(&c, "192.0.2.1:3128", 0);
    out(&c, "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n");
    in(&c, "HTTP/1.1 200 Fine\r\n\r\n");
    marks();
    out(&c, REQUEST);
    in(&c, RESPONSE);
    assert_string_equal(marks(), "1:request 1:sent 1:first-byte 1:head 1:body 1:done");
    closed(&c);
}

static void test_other_protocols(void **state)
{
    (void)state;
    struct tracee_conn c = conn_new(SOCK_STREAM);
    connect_to(&c, "192.0.2.1:25", 0);
    in(&c, "220 mail\r\n");
    out(&c, "EHLO x\r\n");
    in(&c, "250 y\r\n");
    closed(&c);
    assert_string_equal(marks(),
                        "1:start 1:connect 1:connected 1:first-byte 1:sent 1:done 0:close");
}

static void test_refused(void **state)
{
    (void)state;
    struct tracee_conn c = conn_new(SOCK_STREAM);
    connect_to(&c, "192.0.2.1:80", ECONNREFUSED);
    closed(&c);
    assert_string_equal(marks(), "1:start 1:connect 1:connected 1:done/connect");
    struct tracee_conn d = conn_new(SOCK_STREAM);
    connect_to(&d, "192.0.2.1:80", EINPROGRESS);
    connect_to(&d, "192.0.2.1:80", EALREADY);
    closed(&d);
    assert_string_equal(marks(), "2:start 2:connect 2:done/canceled");
}

/* ---- Names ----------------------------------------------------------------------------------- */

/* A question for a.example and its answer, with the addresses given, in network byte order. */
static void ask(struct tracee_conn *c, uint16_t type, int rcode, const void *data, size_t n)
{
    static const char name[] = "\1a\7example";
    char wire[256] = "\0\1\1\0\0\1\0\0\0\0\0\0";
    size_t len = 12;
    memcpy(wire + len, name, sizeof name);
    len += sizeof name;
    memcpy(wire + len, (char[]){0, (char)type, 0, 1}, 4);
    len += 4;
    tracee_mean_moved(&mean, c, true, fsk_span(wire, len), len, NULL);
    wire[2] = (char)0x81;
    wire[3] = (char)(0x80 | rcode);
    wire[7] = n > 0;
    if (n) {
        memcpy(wire + len, (char[]){(char)0xc0, 12, 0, (char)type, 0, 1, 0, 0, 0, 9, 0, (char)n},
               12);
        memcpy(wire + len + 12, data, n);
        len += 12 + n;
    }
    tracee_mean_moved(&mean, c, false, fsk_span(wire, len), len, NULL);
}

static void test_lookup_and_connection(void **state)
{
    (void)state;
    struct tracee_conn dns = conn_new(SOCK_DGRAM), c = conn_new(SOCK_STREAM),
                       d = conn_new(SOCK_STREAM);
    connect_to(&dns, "192.0.2.53:53", 0);
    ask(&dns, 1, 0, "\300\0\2\1", 4);
    closed(&dns);
    assert_string_equal(marks(), "1:start 1:lookup 1:query 1:answer 1:addresses");
    connect_to(&c, "192.0.2.1:80", 0);
    out(&c, REQUEST);
    in(&c, RESPONSE);
    assert_string_equal(marks(),
                        "1:connect 1:connected 1:request 1:sent 1:first-byte 1:head 1:body "
                        "1:done");
    connect_to(&d, "192.0.2.1:80", 0); /* another one to the same */
    assert_string_equal(marks(), "2:start 2:connect 2:connected");
    closed(&c);
    closed(&d);
    marks();
    tracee_mean_finish(&mean);
    assert_string_equal(marks(), "");
}

static void test_lookups_alone(void **state)
{
    (void)state;
    struct tracee_conn dns = conn_new(SOCK_DGRAM);
    connect_to(&dns, "192.0.2.53:53", 0);
    ask(&dns, 1, 3, NULL, 0);
    assert_string_equal(marks(), "1:start 1:lookup 1:query 1:answer 1:addresses 1:done/name");
    ask(&dns, 28, 2, NULL, 0);
    assert_string_equal(marks(), "2:start 2:lookup 2:query 2:answer 2:addresses 2:done/dns");
    ask(&dns, 28, 0, NULL, 0);
    assert_string_equal(marks(), "3:start 3:lookup 3:query 3:answer 3:addresses 3:done");
    ask(&dns, 1, 0, "\300\0\2\1", 4);
    assert_string_equal(marks(), "4:start 4:lookup 4:query 4:answer 4:addresses");
    closed(&dns);
    tracee_mean_finish(&mean);
    assert_string_equal(marks(), "4:done");
}

/* More names than are remembered: each is told of to its end, all the same. */
static void test_many_lookups(void **state)
{
    (void)state;
    struct tracee_conn dns = conn_new(SOCK_DGRAM);
    unsigned done = 0, started = 0;
    const struct fsock_mark *m;
    connect_to(&dns, "192.0.2.53:53", 0);
    for (unsigned i = 0; i < 3 * MEAN_LOOKUPS; i++)
        ask(&dns, 1, 0, "\300\0\2\1", 4);
    closed(&dns);
    tracee_mean_finish(&mean);
    while ((m = fsock_trace_next(queue)) != NULL) {
        started += m->kind == FSOCK_MARK_START;
        done += m->kind == FSOCK_MARK_DONE;
    }
    assert_int_equal(started, 3 * MEAN_LOOKUPS);
    assert_int_equal(done, 3 * MEAN_LOOKUPS);
}

/* ---- Secrets --------------------------------------------------------------------------------- */

static void test_heads_are_masked(void **state)
{
    (void)state;
    struct tracee_conn c = conn_new(SOCK_STREAM);
    const struct fsock_mark *m;
    bool seen = false;
    connect_to(&c, "192.0.2.1:80", 0);
    out(&c, "GET / HTTP/1.1\r\nAuthorization: Basic abc\r\nCookie: d=e\r\nX: y\r\n\r\n");
    while ((m = fsock_trace_next(queue)) != NULL)
        if (m->kind == FSOCK_MARK_REQUEST) {
            seen = true;
            assert_string_equal(fsock_mark_field(m, "head")->text,
                                "GET / HTTP/1.1\r\nAuthorization: ***** ***\r\nCookie: ***\r\n"
                                "X: y\r\n\r\n");
        }
    assert_true(seen);
    closed(&c);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(http),
        T(cut_off),
        T(server),
        T(tunnel),
        T(other_protocols),
        T(refused),
        T(lookup_and_connection),
        T(lookups_alone),
        T(many_lookups),
        T(heads_are_masked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
