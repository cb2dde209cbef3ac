/*
 * net_pair.h - our client against our server, for tests: both ends of a socketpair in one thread.
 *
 * An end is stepped only when what it says it waits for has come true, so a wait that is not told
 * honestly shows as an end that never gets on.
 */
#ifndef FSK_TEST_NET_PAIR_H
#define FSK_TEST_NET_PAIR_H

#include "net_tls.h"

struct end {
    struct stub_driver driver;
    struct fsk_stream stream;
    struct fsk_wait wait;
    enum fsock_err err; /* of the opening; FSOCK_AGAIN: it never got on */
};

struct pair {
    struct end client, server;
};

static inline void end_init(struct end *e, int fd)
{
    stub_driver_init(&e->driver);
    fsk_stream_init(&e->stream, fsk_plain_new(fd, &e->driver.driver));
    e->err = FSOCK_OK;
}

/* Two open plain streams. */
static inline void pair_init(struct pair *p)
{
    int fd[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd))
        abort();
    end_init(&p->client, fd[0]);
    end_init(&p->server, fd[1]);
}

/* Whether what it waits for has come true. */
static inline bool end_may_go(const struct end *e)
{
    struct pollfd fd[FSK_WANTS_MAX];
    for (unsigned i = 0; i < e->wait.wants; i++)
        fd[i] = (struct pollfd){
            .fd = e->wait.want[i].fd,
            .events = (short)((e->wait.want[i].events & FSK_READABLE ? POLLIN : 0) |
                              (e->wait.want[i].events & FSK_WRITABLE ? POLLOUT : 0)),
        };
    return e->wait.wants == 0 || poll(fd, e->wait.wants, 0) > 0;
}

/* Step the opening of an end, if it can go on. */
static inline bool end_connect(struct end *e)
{
    if (e->err != FSOCK_AGAIN || !end_may_go(e))
        return false;
    e->wait.wants = 0;
    e->err = e->stream.top->ops->connect(e->stream.top, &e->wait);
    assert_true(e->err != FSOCK_AGAIN || e->wait.wants > 0);
    return true;
}

/* Put TLS on both ends and open it as far as it goes; the results are in the ends. */
static inline void pair_start_tls(struct pair *p, struct fsk_tls_config *client, const char *host,
                                  struct fsk_tls_config *server)
{
    p->client.stream.top = fsk_tls_new(p->client.stream.top, client, fsk_span_str(host), 443);
    p->server.stream.top = fsk_tls_new_server(p->server.stream.top, server);
    assert_non_null(p->client.stream.top);
    assert_non_null(p->server.stream.top);
    p->client.err = p->server.err = FSOCK_AGAIN;
    p->client.wait.wants = p->server.wait.wants = 0;
    for (bool moved = true; moved;) {
        moved = end_connect(&p->client);
        moved |= end_connect(&p->server);
    }
}

static inline void pair_open(struct pair *p, struct fsk_tls_config *client, const char *host,
                             struct fsk_tls_config *server)
{
    pair_init(p);
    pair_start_tls(p, client, host, server);
}

static inline void pair_close(struct pair *p)
{
    fsk_stream_close(&p->client.stream);
    fsk_stream_close(&p->server.stream);
}

/* Opened, or the words why not. */
static inline void pair_must_be_open(struct pair *p)
{
    if (p->client.err || p->server.err)
        fail_msg("client: %s: %s; server: %s: %s", fsock_err_name(p->client.err),
                 fsk_stream_why(&p->client.stream), fsock_err_name(p->server.err),
                 fsk_stream_why(&p->server.stream));
}

static inline enum fsock_err end_recv(struct end *e, void *buf, size_t cap, size_t *n)
{
    e->wait.wants = 0;
    return fsk_stream_recv(&e->stream, buf, cap, n, 0, &e->wait);
}

static inline enum fsock_err end_send(struct end *e, const void *p, size_t len, size_t *n)
{
    e->wait.wants = 0;
    return fsk_stream_send(&e->stream, p, len, n, &e->wait);
}

static inline enum fsock_err end_shut(struct end *e)
{
    e->wait.wants = 0;
    return e->stream.top->ops->shut(e->stream.top, &e->wait);
}

/* A short text gets from one end to the other. */
static inline void pass(struct end *from, struct end *to, const char *text)
{
    char buf[64];
    size_t n, len = strlen(text);
    assert_int_equal(end_send(from, text, len, &n), FSOCK_OK);
    assert_int_equal(n, len);
    assert_int_equal(end_recv(to, buf, sizeof buf, &n), FSOCK_OK);
    assert_int_equal(n, len);
    assert_memory_equal(buf, text, len);
}

/* Nothing more comes: an orderly end, or what else is expected. */
static inline void ends_with(struct end *e, enum fsock_err expected)
{
    char byte;
    size_t n;
    assert_int_equal(end_recv(e, &byte, 1, &n), expected);
}

/* A server with this certificate, that speaks the protocols of `alpn` (NULL: of none). */
static inline struct fsk_tls_config *server_config(const struct cert *cert,
                                                   struct fsock_options options, const char *alpn)
{
    struct fsock_fault fault = {.err = FSOCK_OK};
    char path[64], wire[FSK_TLS_ALPN_MAX];
    size_t n;
    snprintf(path, sizeof path, "%s", in_directory("server.pem"));
    cert_save(cert, path, true, NULL);
    options.cert_file = path;
    assert_int_equal(fsk_tls_alpn_parse(wire, &n, alpn, &fault), FSOCK_OK);
    struct fsk_tls_config *config = fsk_tls_config_new_server(&options, fsk_span(wire, n), &fault);
    if (!config)
        fail_msg("%s", fault.text);
    return config;
}

/* A client that trusts our CA, unless the options say that it trusts anybody. */
static inline struct fsk_tls_config *client_config(struct fsock_options options, const char *alpn)
{
    struct fsock_fault fault = {.err = FSOCK_OK};
    char path[64], wire[FSK_TLS_ALPN_MAX];
    size_t n;
    snprintf(path, sizeof path, "%s", in_directory("ca.pem"));
    options.ca_file = path;
    assert_int_equal(fsk_tls_alpn_parse(wire, &n, alpn, &fault), FSOCK_OK);
    struct fsk_tls_config *config = fsk_tls_config_new(&options, fsk_span(wire, n), &fault);
    if (!config)
        fail_msg("%s", fault.text);
    return config;
}

#endif
