/*
 * net_client.h - our end of a stack of layers, for tests; net_peer.h says how stacks are written.
 */
#ifndef FSK_TEST_NET_CLIENT_H
#define FSK_TEST_NET_CLIENT_H

#include <errno.h>
#include <stdlib.h>

#include "net/plain.h"
#include "net/proxy.h"
#include "net/sock.h"
#include "net/stream.h"
#include "net/tls.h"
#include "net_peer.h"
#include "stub_driver.h"

struct client {
    struct stub_driver driver;
    struct fsk_tls_config *config;
    const char *host; /* of the peer's certificate */
    struct fsk_stream stream;
    int send_buffer; /* SO_SNDBUF; 0: the default */
};

/* A layer on top of `below`, as the letter says. */
static inline struct fsk_layer *client_layer(struct client *c, struct fsk_layer *below, char letter)
{
    const struct fsk_proxy_target target = {.host = FSK_SPAN("localhost"), .port = 80};
    switch (letter) {
    case 'T':
        return fsk_tls_new(below, c->config, fsk_span_str(c->host), 443);
    case 'S':
        return fsk_socks5_new(below, &target);
    default:
        return fsk_http_connect_new(below, &target);
    }
}

static inline enum fsock_err client_handshake(struct fsk_layer *l)
{
    struct fsk_wait wait = {.wants = 0};
    enum fsock_err err;
    while ((err = l->ops->connect(l, &wait)) == FSOCK_AGAIN)
        if (!stub_wait(&wait))
            return FSOCK_ERR_TIMEOUT;
    return err;
}

/* Connect and open every layer. The stream is made even if that fails. */
static inline enum fsock_err client_open(struct client *c, const struct peer *p)
{
    struct fsk_sockaddr to = {.ss = p->addr, .len = p->addr_len};
    int fd;
    if (fsk_sock_new(NULL, 0, p->addr.ss_family, SOCK_STREAM, &fd))
        abort();
    if (c->send_buffer)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &c->send_buffer, sizeof c->send_buffer);
    int err = fsk_sock_connect(NULL, fd, &to);
    assert(err == 0 || err == EINPROGRESS);
    (void)err;
    fsk_stream_init(&c->stream, fsk_plain_new(fd, &c->driver.driver));
    enum fsock_err result = client_handshake(c->stream.top);
    for (const char *letter = p->stack + 1; !result && *letter; letter++) {
        c->stream.top = client_layer(c, c->stream.top, *letter);
        result = client_handshake(c->stream.top);
    }
    return result;
}

/* Wait until there is something, or the end. */
static inline enum fsock_err client_recv(struct client *c, void *buf, size_t cap, size_t *n,
                                         int flags)
{
    struct fsk_wait wait = {.wants = 0};
    enum fsock_err err;
    while ((err = fsk_stream_recv(&c->stream, buf, cap, n, flags, &wait)) == FSOCK_AGAIN)
        if (!stub_wait(&wait))
            return FSOCK_ERR_TIMEOUT;
    return err;
}

static inline enum fsock_err client_recv_all(struct client *c, void *buf, size_t n, int flags)
{
    for (size_t got = 0, some; got < n; got += some) {
        enum fsock_err err = client_recv(c, (char *)buf + got, n - got, &some, flags);
        if (err)
            return err;
    }
    return FSOCK_OK;
}

static inline enum fsock_err client_send_all(struct client *c, const void *buf, size_t n)
{
    struct fsk_wait wait = {.wants = 0};
    for (size_t sent = 0, some; sent < n; sent += some) {
        enum fsock_err err =
            fsk_stream_send(&c->stream, (const char *)buf + sent, n - sent, &some, &wait);
        if (err == FSOCK_AGAIN && !stub_wait(&wait))
            return FSOCK_ERR_TIMEOUT;
        if (err && err != FSOCK_AGAIN)
            return err;
    }
    return FSOCK_OK;
}

static inline enum fsock_err client_shut(struct client *c)
{
    struct fsk_wait wait = {.wants = 0};
    enum fsock_err err;
    while ((err = c->stream.top->ops->shut(c->stream.top, &wait)) == FSOCK_AGAIN)
        if (!stub_wait(&wait))
            return FSOCK_ERR_TIMEOUT;
    return err;
}

#endif
