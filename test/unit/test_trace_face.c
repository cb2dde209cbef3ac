/* What a trace tells of each kind of object, in which order, against fsock-site. */
#include "transfer_rig.h"

/* ---- A trace in words ------------------------------------------------------------------------ */

#define ROOM 16384

struct story {
    fsock_trace *trace;
    char steps[ROOM];            /* "1:start 1:connect", with their ids; calls left out */
    char calls[ROOM];            /* "socket connect sendto"; calls alone */
    char plain_out[ROOM];        /* with FSOCK_TRACE_DATA, what went into TLS, */
    char plain_in[ROOM];         /* ... came out of it, */
    char out[ROOM], in[ROOM];    /* ... and the sockets' own bytes */
    char fields[ROOM];           /* "addr=127.0.0.1:80 errno=111", of all but calls */
    uint64_t connections, owned; /* how many sockets; calls that belong to an id */
};

static struct story *story_new(unsigned flags)
{
    struct story *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->trace = fsock_trace_new(flags);
    assert_non_null(s->trace);
    return s;
}

static struct fsock_options watched(const struct story *s)
{
    static char servers[64];
    struct fsock_options o = site_options();
    snprintf(servers, sizeof servers, "127.0.0.1:%d", site_port(&site, "dns"));
    o.dns_servers = servers;
    o.trace = s->trace;
    return o;
}

static void put(char text[ROOM], const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(char text[ROOM], const char *format, ...)
{
    size_t n = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + n, ROOM - n, format, args);
    va_end(args);
}

static void put_bytes(char text[ROOM], const struct fsock_mark *m)
{
    if (m->data)
        put(text, "%.*s", (int)m->data_len, (const char *)m->data);
}

static void put_step(struct story *s, const struct fsock_mark *m)
{
    put(s->steps, "%s%llu:%s", s->steps[0] ? " " : "", (unsigned long long)m->id,
        fsock_mark_name(m->kind));
    for (unsigned i = 0; i < m->fields; i++)
        if (m->field[i].text)
            put(s->fields, "%s=%s ", m->field[i].key, m->field[i].text);
        else
            put(s->fields, "%s=%lld ", m->field[i].key, (long long)m->field[i].number);
    if (m->sys_errno)
        put(s->fields, "errno=%d ", m->sys_errno);
}

static void put_mark(struct story *s, const struct fsock_mark *m)
{
    if (m->connection > s->connections)
        s->connections = m->connection;
    if (m->kind == FSOCK_MARK_PLAIN_OUT) {
        put_bytes(s->plain_out, m);
    } else if (m->kind == FSOCK_MARK_PLAIN_IN) {
        put_bytes(s->plain_in, m);
    } else if (m->kind == FSOCK_MARK_CALL) {
        put(s->calls, "%s%s", s->calls[0] ? " " : "", m->call);
        put_bytes(m->call[0] == 'r' ? s->in : s->out, m);
        s->owned += m->id != 0;
    } else {
        put_step(s, m);
    }
}

/* Read what is there, and look at the clock's order. */
static void read_on(struct story *s)
{
    fsock_time last = 0;
    for (const struct fsock_mark *m; (m = fsock_trace_next(s->trace)) != NULL;) {
        assert_true(m->at >= last);
        assert_true(m->took >= 0);
        last = m->at;
        put_mark(s, m);
    }
    assert_int_equal(fsock_trace_lost(s->trace), 0);
}

static void steps_are(struct story *s, const char *steps)
{
    read_on(s);
    assert_string_equal(s->steps, steps);
}

static void tells(const struct story *s, const char *fields)
{
    if (!strstr(s->fields, fields))
        fail_msg("%s is not in %s", fields, s->fields);
}

static void story_end(struct story *s)
{
    fsock_trace_free(s->trace);
    free(s);
}

/* ---- Streams --------------------------------------------------------------------------------- */

static fsock_stream *dial(const struct story *s, const char *scheme, const char *host,
                          const char *service)
{
    struct fsock_options o = watched(s);
    struct fsock_fault fault;
    fsock_stream *stream;
    char target[128];
    snprintf(target, sizeof target, "%s://%s", scheme, host);
    int port = service ? site_port(&site, service) : 0;
    if (fsock_open(&stream, target, port, &o, fsock_after(10), &fault) != FSOCK_OK)
        fail_msg("%s", fault.text);
    return stream;
}

static void talk(fsock_stream *stream, const char *text)
{
    char some[256];
    size_t n;
    assert_int_equal(fsock_write(stream, text, strlen(text), NULL, fsock_after(10)), FSOCK_OK);
    assert_int_equal(fsock_read(stream, some, sizeof some, &n, fsock_after(10)), FSOCK_OK);
    fsock_close(stream);
}

static const char ask[] = "GET /plain/3 HTTP/1.0\r\nCookie: a=secret\r\n\r\n";

static void tcp_by_name(void **state)
{
    struct story *s = story_new(0);
    (void)state;
    talk(dial(s, "tcp", "a.site.test", "http"), ask);
    read_on(s);
    /* A and AAAA are answered in any order. */
    assert_non_null(strstr(s->steps, "1:start 1:lookup 1:query 1:query 1:answer 1:answer "
                                     "1:addresses 1:connect 1:connected 1:first-byte 1:close "
                                     "1:done"));
    assert_int_equal(s->connections, 3);
    tells(s, "target=tcp://a.site.test ");
    tells(s, "host=a.site.test addresses=127.0.0.1 ");
    tells(s, "rcode=NOERROR ");
    assert_non_null(strstr(s->calls, "sendmmsg"));
    assert_string_equal(s->out, "");
    story_end(s);
}

static void tls_with_data(void **state)
{
    struct story *s = story_new(FSOCK_TRACE_DATA);
    (void)state;
    talk(dial(s, "tls", "localhost", "https"), ask);
    steps_are(s, "1:start 1:connect 1:connected 1:tls 1:first-byte 1:close 1:done");
    assert_string_equal(s->plain_out, "GET /plain/3 HTTP/1.0\r\nCookie: ********\r\n\r\n");
    assert_int_equal(strncmp(s->plain_in, "HTTP/1.", 7), 0);
    assert_null(strstr(s->out, "GET"));
    assert_true(strlen(s->out) > 0);
    tells(s, "version=TLSv1.3 ");
    tells(s, "subject=");
    tells(s, "issuer=");
    tells(s, "expires=");
    story_end(s);
}

static void tls_with_secrets(void **state)
{
    struct story *s = story_new(FSOCK_TRACE_DATA | FSOCK_TRACE_SECRETS);
    (void)state;
    talk(dial(s, "tls", "localhost", "https"), ask);
    read_on(s);
    assert_string_equal(s->plain_out, ask);
    story_end(s);
}

/* TLS that is put on later, as STARTTLS does. */
static void tls_on_an_open_stream(void **state)
{
    struct story *s = story_new(FSOCK_TRACE_DATA);
    struct fsock_options o = watched(s);
    (void)state;
    fsock_stream *stream = dial(s, "tcp", "127.0.0.1", "https");
    assert_int_equal(fsock_start_tls(stream, "localhost", &o, fsock_after(10)), FSOCK_OK);
    talk(stream, ask);
    steps_are(s, "1:start 1:connect 1:connected 1:tls 1:first-byte 1:close 1:done");
    assert_string_equal(s->plain_out, "GET /plain/3 HTTP/1.0\r\nCookie: ********\r\n\r\n");
    tells(s, "subject=");
    story_end(s);
}

static void data_without_tls(void **state)
{
    struct story *s = story_new(FSOCK_TRACE_DATA);
    (void)state;
    talk(dial(s, "tcp", "127.0.0.1", "http"), ask);
    steps_are(s, "1:start 1:connect 1:connected 1:first-byte 1:close 1:done");
    assert_string_equal(s->out, "GET /plain/3 HTTP/1.0\r\nCookie: ********\r\n\r\n");
    assert_int_equal(strncmp(s->in, "HTTP/1.", 7), 0);
    assert_string_equal(s->plain_in, "");
    assert_string_equal(s->plain_out, "");
    story_end(s);
}

static void a_unix_socket_and_a_datagram(void **state)
{
    struct story *s = story_new(0);
    char path[128];
    (void)state;
    snprintf(path, sizeof path, "%s/site.sock", site_dir);
    talk(dial(s, "unix", path, NULL), ask);
    fsock_close(dial(s, "udp", "127.0.0.1", "dns"));
    steps_are(s, "1:start 1:connect 1:connected 1:first-byte 1:close 1:done "
                 "2:start 2:connect 2:connected 2:close 2:done");
    assert_int_equal(s->connections, 2);
    story_end(s);
}

static void a_refusal(void **state)
{
    struct story *s = story_new(0);
    struct fsock_options o = watched(s);
    struct fsock_fault fault;
    fsock_stream *stream;
    (void)state;
    assert_int_equal(fsock_open(&stream, "tcp://127.0.0.1:1", 0, &o, fsock_after(10), &fault),
                     FSOCK_ERR_CONNECT);
    steps_are(s, "1:start 1:connect 1:connected 1:done");
    tells(s, "addr=127.0.0.1:1 errno=111 ");
    tells(s, "err=connect stage=connect why=");
    story_end(s);
}

static void a_server(void **state)
{
    struct story *s = story_new(FSOCK_TRACE_DATA);
    struct fsock_options o = watched(s);
    struct fsock_fault fault;
    fsock_listener *listener;
    fsock_stream *client, *server;
    char some[256];
    size_t n;
    (void)state;
    assert_int_equal(fsock_listen(&listener, "tcp://127.0.0.1:0", 0, &o, fsock_after(10), &fault),
                     FSOCK_OK);
    assert_int_equal(fsock_open(&client, "127.0.0.1", fsock_listener_port(listener), NULL,
                                fsock_after(10), &fault),
                     FSOCK_OK);
    assert_int_equal(fsock_accept(listener, &server, fsock_after(10), &fault), FSOCK_OK);
    assert_int_equal(fsock_write(client, "PASS x", 6, NULL, fsock_after(10)), FSOCK_OK);
    assert_int_equal(fsock_read(server, some, sizeof some, &n, fsock_after(10)), FSOCK_OK);
    fsock_close(server);
    fsock_close(client);
    fsock_listener_close(listener);
    steps_are(s, "1:start 1:first-byte 1:close 1:done");
    assert_int_equal(s->connections, 2); /* the client has no trace */
    assert_int_equal(strncmp(s->in, "PASS *", 6), 0);
    assert_non_null(strstr(s->calls, "listen"));
    assert_non_null(strstr(s->calls, "accept4"));
    assert_int_equal(strcmp(s->calls + strlen(s->calls) - 5, "close"), 0);
    story_end(s);
}

/* ---- Transfers ------------------------------------------------------------------------------- */

static const char *const exchange = "1:request 1:sent 1:first-byte 1:head 1:body";

static void a_get(void **state)
{
    struct story *s = story_new(FSOCK_TRACE_HEADERS);
    struct fsock_options o = watched(s);
    char want[512];
    (void)state;
    forget(get(page("/plain/3"), NULL, &o));
    snprintf(want, sizeof want, "1:start 1:connect 1:connected %s 1:done 0:close", exchange);
    read_on(s);
    assert_true(strcmp(s->steps, want) == 0 ||
                strcmp(s->steps + strlen(s->steps) - 14, "1:close 1:done") == 0);
    assert_true(s->owned > 5);
    tells(s, "method=GET");
    tells(s, "status=200 head=HTTP/1.1 200 OK");
    story_end(s);
}

static void a_redirect(void **state)
{
    struct story *s = story_new(0);
    struct fsock_options o = watched(s);
    struct fsock_request r = request(FSOCK_FOLLOW);
    char want[512];
    (void)state;
    forget(get(page("/redirect/1"), &r, &o));
    read_on(s);
    snprintf(want, sizeof want, "1:start 1:connect 1:connected %s 1:redirect 1:reuse %s 1:done",
             exchange, exchange);
    assert_int_equal(strncmp(s->steps, want, strlen(want)), 0);
    tells(s, "addr=127.0.0.1:");
    tells(s, "uses=1 ");
    assert_int_equal(s->connections, 1);
    story_end(s);
}

/* A kept connection has just been found silent: there is no use in asking once more for the answer
 * to a request that has just gone out. */
static void an_answer_is_waited_for(void **state)
{
    struct story *s = story_new(0);
    struct fsock_options o = watched(s);
    struct fsock_request r = request(FSOCK_FOLLOW);
    (void)state;
    forget(get(page("/redirect/1"), &r, &o));
    read_on(s);
    const char *second = strstr(strstr(s->calls, "sendto") + 1, "sendto");
    assert_int_equal(strncmp(second, "sendto poll recvfrom", 20), 0);
    story_end(s);
}

static void secrets_of_a_request(void **state)
{
    struct story *s = story_new(FSOCK_TRACE_DATA | FSOCK_TRACE_HEADERS);
    struct fsock_options o = watched(s);
    struct fsock_request r = request(0);
    (void)state;
    r.user = "me:secret";
    r.headers = (const char *const[]){"Cookie: secret", NULL};
    forget(get(tls_page("/plain/3"), &r, &o));
    read_on(s);
    assert_non_null(strstr(s->plain_out, "Authorization: ***** "));
    assert_null(strstr(s->plain_out, "secret"));
    assert_null(strstr(s->plain_out, "bWU6c2VjcmV0"));
    assert_null(strstr(s->fields, "secret"));
    assert_null(strstr(s->fields, "bWU6c2VjcmV0"));
    tells(s, "Cookie: ***\r\n");
    story_end(s);
}

/* The password of SOCKS is sent as a secret; what an HTTP proxy is told is a header field. */
static void secrets_of_proxies(void **state)
{
    static const char *const kinds[] = {"socks5h", "socks5-auth", "http", "proxy-auth"};
    (void)state;
    for (size_t i = 0; i < 4; i += 2) {
        struct story *s = story_new(FSOCK_TRACE_DATA);
        struct fsock_options o = watched(s);
        char proxy[128];
        snprintf(proxy, sizeof proxy, "%s://user:pass@127.0.0.1:%d", kinds[i],
                 site_port(&site, kinds[i + 1]));
        o.proxy = proxy;
        struct got *g = get(tls_page("/plain/3"), NULL, &o);
        assert_int_equal(g->err, FSOCK_OK);
        forget(g);
        read_on(s);
        assert_null(strstr(s->out, "pass"));
        assert_null(strstr(s->out, "dXNlcjpwYXNz"));
        assert_null(strstr(s->fields, "pass"));
        assert_non_null(strstr(s->steps, "1:connected 1:proxy 1:tls 1:request"));
        story_end(s);
    }
}

/* Ask for what comes; each event of marks has some, which are read at once. */
static unsigned fetch_all(struct story *s, fsock_fetch *f)
{
    struct fsock_event e;
    unsigned told = 0;
    while (fsock_fetch_next(f, &e, fsock_after(20)) == FSOCK_OK)
        if (e.kind == FSOCK_EVENT_MARK) {
            size_t before = strlen(s->steps) + strlen(s->calls);
            read_on(s);
            assert_true(strlen(s->steps) + strlen(s->calls) > before);
            told++;
        }
    return told;
}

static void a_fetch(void **state)
{
    struct story *s = story_new(0);
    struct fsock_options o = watched(s);
    struct fsock_fault fault;
    const char *url = page("/plain/3");
    (void)state;
    fsock_fetch *f = fsock_fetch_new(&o, 1, 1, &fault);
    for (int i = 0; i < 2; i++)
        assert_int_equal(fsock_fetch_add(f, url, strlen(url), NULL, NULL, &fault), FSOCK_OK);
    assert_true(fetch_all(s, f) >= 2);
    fsock_fetch_free(f);
    steps_are(s, "1:start 1:connect 1:connected 1:request 1:sent 1:first-byte 1:head 1:body "
                 "1:done 2:start 2:reuse 2:request 2:sent 2:first-byte 2:head 2:body 2:done "
                 "0:close");
    assert_int_equal(s->connections, 1);
    story_end(s);
}

static void a_limit(void **state)
{
    struct story *s = story_new(0);
    struct fsock_options o = watched(s);
    (void)state;
    o.read_timeout = FSOCK_SECOND / 10;
    struct got *g = get(at_host("tcp-mute", "127.0.0.1", "/"), NULL, &o);
    assert_int_equal(g->err, FSOCK_ERR_TIMEOUT);
    forget(g);
    steps_are(s, "1:start 1:connect 1:connected 1:request 1:sent 1:close 1:limit 1:done");
    tells(s, "limit=read stage=");
    tells(s, "err=timeout ");
    story_end(s);
}

/* ---- Names and probes ------------------------------------------------------------------------ */

static void a_lookup(void **state)
{
    struct story *s = story_new(0);
    struct fsock_options o = watched(s);
    struct fsock_answer *answer;
    (void)state;
    assert_int_equal(fsock_lookup(&answer, "a.site.test", 0, &o, NULL, fsock_after(10)), FSOCK_OK);
    fsock_answer_free(answer);
    steps_are(s, "1:start 1:query 1:answer 1:done");
    tells(s, "name=a.site.test. type=A ");
    story_end(s);
}

static void dns_of_many(void **state)
{
    struct story *s = story_new(0);
    struct fsock_options o = watched(s);
    struct fsock_dns_event e;
    struct fsock_fault fault;
    unsigned told = 0;
    (void)state;
    fsock_dns *d = fsock_dns_new(&o, NULL, fsock_after(10), &fault);
    assert_non_null(d);
    assert_int_equal(fsock_dns_add(d, "a.site.test", 11, 0, NULL, &fault), FSOCK_OK);
    while (fsock_dns_next(d, &e, fsock_after(10)) == FSOCK_OK) {
        size_t before = strlen(s->steps) + strlen(s->calls);
        if (e.kind != FSOCK_EVENT_MARK)
            continue;
        read_on(s);
        assert_true(strlen(s->steps) + strlen(s->calls) > before);
        told++;
    }
    assert_true(told > 0);
    fsock_dns_free(d);
    steps_are(s, "1:start 1:query 1:answer 1:done");
    story_end(s);
}

static void probes(void **state)
{
    struct story *s = story_new(0);
    struct fsock_options o = watched(s);
    struct fsock_probe_event e;
    struct fsock_fault fault;
    unsigned told = 0;
    (void)state;
    fsock_probe *p = fsock_probe_new(&o, 1, NULL, 0, &fault);
    assert_int_equal(fsock_probe_add(p, "127.0.0.1", site_port(&site, "http"), NULL, &fault),
                     FSOCK_OK);
    assert_int_equal(fsock_probe_add(p, "127.0.0.1", 1, NULL, &fault), FSOCK_OK);
    while (fsock_probe_next(p, &e, fsock_after(10)) == FSOCK_OK) {
        size_t before = strlen(s->steps) + strlen(s->calls);
        if (e.kind != FSOCK_EVENT_MARK)
            continue;
        read_on(s);
        assert_true(strlen(s->steps) + strlen(s->calls) > before);
        told++;
    }
    assert_true(told > 0);
    fsock_probe_free(p);
    steps_are(s, "1:start 1:connect 1:connected 1:close 1:done "
                 "2:start 2:connect 2:connected 2:done");
    tells(s, "errno=111 err=connect ");
    story_end(s);
}

/* Nobody reads: what has been told of is not told again. */
static void marks_are_told_once(void **state)
{
    struct story *s = story_new(0);
    struct fsock_options o = watched(s);
    struct fsock_event e;
    struct fsock_fault fault;
    const char *url = at_host("tcp-mute", "127.0.0.1", "/");
    (void)state;
    fsock_fetch *f = fsock_fetch_new(&o, 1, 1, &fault);
    assert_int_equal(fsock_fetch_add(f, url, strlen(url), NULL, NULL, &fault), FSOCK_OK);
    while (fsock_fetch_next(f, &e, fsock_after(0.1)) == FSOCK_OK)
        assert_int_not_equal(e.kind, FSOCK_EVENT_DONE);
    for (int i = 0; i < 3; i++) { /* the wait itself was news */
        assert_int_equal(fsock_fetch_next(f, &e, FSOCK_NOW), FSOCK_OK);
        assert_int_equal(e.kind, FSOCK_EVENT_MARK);
        assert_int_equal(fsock_fetch_next(f, &e, FSOCK_NOW), FSOCK_ERR_TIMEOUT);
    }
    fsock_fetch_free(f);
    read_on(s);
    story_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp_by_name),
        cmocka_unit_test(tls_with_data),
        cmocka_unit_test(tls_with_secrets),
        cmocka_unit_test(tls_on_an_open_stream),
        cmocka_unit_test(data_without_tls),
        cmocka_unit_test(a_unix_socket_and_a_datagram),
        cmocka_unit_test(a_refusal),
        cmocka_unit_test(a_server),
        cmocka_unit_test(a_get),
        cmocka_unit_test(a_redirect),
        cmocka_unit_test(an_answer_is_waited_for),
        cmocka_unit_test(secrets_of_a_request),
        cmocka_unit_test(secrets_of_proxies),
        cmocka_unit_test(a_fetch),
        cmocka_unit_test(a_limit),
        cmocka_unit_test(a_lookup),
        cmocka_unit_test(dns_of_many),
        cmocka_unit_test(probes),
        cmocka_unit_test(marks_are_told_once),
    };
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
