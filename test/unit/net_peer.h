/*
 * net_peer.h - the other end of a stack of layers, for tests: a thread with plain blocking code.
 *
 * A stack is written from the bottom up: t (TCP) or u (unix), then T (TLS), S (SOCKS5), H (HTTP
 * CONNECT): "tTHT" is TLS through the tunnel of an HTTPS proxy.
 */
#ifndef FSK_TEST_NET_PEER_H
#define FSK_TEST_NET_PEER_H

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "net_cert.h"

struct peer {
    const char *stack;
    void (*play)(struct peer *); /* the connection is open; may close it, else it is closed after */
    struct cert *cert;
    int max_version; /* of TLS; 0: the highest */
    int listener, fd;
    struct sockaddr_storage addr;
    socklen_t addr_len;
    pthread_t thread;
    SSL_CTX *ctx;
    SSL *ssl[2]; /* from the bottom up */
    int n_ssl;
};

static inline ssize_t peer_read(struct peer *p, void *buf, size_t n)
{
    return p->n_ssl ? SSL_read(p->ssl[p->n_ssl - 1], buf, (int)n) : read(p->fd, buf, n);
}

static inline bool peer_read_all(struct peer *p, void *buf, size_t n)
{
    for (size_t got = 0; got < n;) {
        ssize_t some = peer_read(p, (char *)buf + got, n - got);
        if (some <= 0)
            return false;
        got += (size_t)some;
    }
    return true;
}

static inline bool peer_write(struct peer *p, const void *buf, size_t n)
{
    while (n) {
        ssize_t some = p->n_ssl ? SSL_write(p->ssl[p->n_ssl - 1], buf, (int)n)
                                : send(p->fd, buf, n, MSG_NOSIGNAL);
        if (some <= 0)
            return false;
        buf = (const char *)buf + some;
        n -= (size_t)some;
    }
    return true;
}

/* No more will come: in the way of the top layer that has one. */
static inline void peer_end(struct peer *p)
{
    if (p->n_ssl)
        SSL_shutdown(p->ssl[p->n_ssl - 1]);
    else
        shutdown(p->fd, SHUT_WR);
}

static inline void peer_close(struct peer *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
}

/* There is something to read, but it stays unread, so that closing resets. */
static inline void peer_reset(struct peer *p)
{
    struct pollfd fd = {.fd = p->fd, .events = POLLIN};
    const struct linger now = {.l_onoff = 1};
    poll(&fd, 1, 10000);
    setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    peer_close(p);
}

static inline bool peer_accept_tls(struct peer *p)
{
    SSL *ssl = SSL_new(p->ctx);
    if (p->n_ssl) {
        BIO *bio = BIO_new(BIO_f_ssl());
        BIO_set_ssl(bio, p->ssl[0], BIO_NOCLOSE);
        SSL_set_bio(ssl, bio, bio);
    } else {
        SSL_set_fd(ssl, p->fd);
    }
    p->ssl[p->n_ssl++] = ssl;
    return SSL_accept(ssl) == 1;
}

static inline bool peer_accept_socks5(struct peer *p)
{
    unsigned char b[300];
    const unsigned char no_password[2] = {5, 0};
    /* A name of three letters as the proxy's own address, so that its length matters. */
    const unsigned char bound[] = {5, 0, 0, 3, 3, 'a', 'b', 'c', 0, 80};
    return peer_read_all(p, b, 3) && peer_write(p, no_password, 2) && peer_read_all(p, b, 5) &&
           b[3] == 3 && peer_read_all(p, b + 5, b[4] + 2u) && peer_write(p, bound, sizeof bound);
}

static inline bool peer_accept_connect(struct peer *p)
{
    static const char answer[] = "HTTP/1.1 100 Continue\r\n\r\n"
                                 "HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n";
    char head[4096];
    size_t n = 0;
    while (n < 4 || memcmp(head + n - 4, "\r\n\r\n", 4) != 0)
        if (n == sizeof head || peer_read(p, head + n++, 1) != 1)
            return false;
    return memcmp(head, "CONNECT localhost:", 18) == 0 && peer_write(p, answer, sizeof answer - 1);
}

static inline bool peer_open(struct peer *p)
{
    bool ok = p->fd >= 0;
    for (const char *c = p->stack + 1; ok && *c; c++)
        ok = *c == 'T'   ? peer_accept_tls(p)
             : *c == 'S' ? peer_accept_socks5(p)
                         : peer_accept_connect(p);
    return ok;
}

static inline void *peer_run(void *arg)
{
    struct peer *p = arg;
    p->fd = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
    if (peer_open(p))
        p->play(p);
    while (p->n_ssl)
        SSL_free(p->ssl[--p->n_ssl]);
    peer_close(p);
    return NULL;
}

static inline int peer_alpn(SSL *ssl, const unsigned char **out, unsigned char *n,
                            const unsigned char *in, unsigned in_n, void *arg)
{
    (void)ssl, (void)arg;
    return SSL_select_next_proto((unsigned char **)(size_t)out, n,
                                 (const unsigned char *)"\x08http/1.1", 9, in,
                                 in_n) == OPENSSL_NPN_NEGOTIATED
               ? SSL_TLSEXT_ERR_OK
               : SSL_TLSEXT_ERR_NOACK;
}

/* One server for TLS, so that its sessions can be resumed. */
static inline void peer_init(struct peer *p, const char *stack, struct cert *cert, int max_version)
{
    *p = (struct peer){.stack = stack, .cert = cert, .max_version = max_version, .fd = -1};
    if (!strchr(stack, 'T'))
        return;
    p->ctx = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(p->ctx, cert->x509);
    SSL_CTX_use_PrivateKey(p->ctx, cert->key);
    SSL_CTX_set_min_proto_version(p->ctx, TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(p->ctx, max_version);
    SSL_CTX_set_session_id_context(p->ctx, (const unsigned char *)"test", 4);
    SSL_CTX_set_alpn_select_cb(p->ctx, peer_alpn, NULL);
}

static inline void peer_fini(struct peer *p)
{
    SSL_CTX_free(p->ctx);
}

/* Listen, and serve one connection in a thread. */
static inline void peer_start(struct peer *p, void (*play)(struct peer *))
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    bool tcp = p->stack[0] == 't';
    p->play = play;
    p->listener = socket(tcp ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* An empty unix address gets an abstract name from the kernel. */
    int err = tcp ? bind(p->listener, (struct sockaddr *)&in, sizeof in)
                  : bind(p->listener, (struct sockaddr *)&un, sizeof(sa_family_t));
    assert(err == 0);
    p->addr_len = sizeof p->addr;
    getsockname(p->listener, (struct sockaddr *)&p->addr, &p->addr_len);
    err = listen(p->listener, 4);
    assert(err == 0);
    err = pthread_create(&p->thread, NULL, peer_run, p);
    assert(err == 0);
    (void)err;
}

static inline void peer_join(struct peer *p)
{
    pthread_join(p->thread, NULL);
    close(p->listener);
}

#endif
