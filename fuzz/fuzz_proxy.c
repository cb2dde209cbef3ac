/*
 * What proxies answer: SOCKS4, SOCKS5 without and with a password, HTTP CONNECT. The first byte
 * says which, the second in pieces of how many bytes the rest arrives. Invariants: connect() ends,
 * or asks for more only when all that has arrived is looked at; the end of the stream ends it;
 * opened or not, and where the tunnel begins, is the same for every way to cut the answer; and the
 * tunnel begins right behind the reply, whose length is found here by other means.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "net/proxy.h"
#include "wire/h1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum kind { SOCKS4, SOCKS5, SOCKS5_LOGIN, CONNECT, KINDS };

/* ---- The layer below: a proxy that listens to everything and says what the fuzzer says --------
 */

struct fake {
    struct fsk_layer layer;
    const uint8_t *data;
    size_t size, arrived, taken;
    bool asked; /* something was wanted that hasn't arrived */
};

static enum fsock_err fake_recv(struct fsk_layer *l, void *buf, size_t cap, size_t *n, int flags,
                                struct fsk_sockaddr *from, struct fsk_wait *wait)
{
    struct fake *f = (struct fake *)l;
    size_t left = f->arrived - f->taken;
    (void)from, (void)wait;
    assert(cap > 0 && (flags & ~FSK_IO_PEEK) == 0);
    if (left == 0 && f->arrived == f->size)
        return FSOCK_EOF;
    f->asked = left == 0;
    if (f->asked)
        return FSOCK_AGAIN;
    *n = left < cap ? left : cap;
    memcpy(buf, f->data + f->taken, *n);
    if (!(flags & FSK_IO_PEEK))
        f->taken += *n;
    return FSOCK_OK;
}

/* Takes less than it could, so that what is sent goes out in pieces, too. */
static enum fsock_err fake_send(struct fsk_layer *l, const void *buf, size_t len, size_t *n,
                                int flags, const struct fsk_sockaddr *to, struct fsk_wait *wait)
{
    (void)l, (void)buf, (void)flags, (void)to, (void)wait;
    assert(len > 0);
    *n = len / 2 + 1;
    return FSOCK_OK;
}

static void fake_free(struct fsk_layer *l)
{
    (void)l;
}

static const struct fsk_layer_ops fake_ops = {
    .name = "fake", .recv = fake_recv, .send = fake_send, .free = fake_free};

/* ---- How long a good reply is ---------------------------------------------------------------- */

static size_t socks5_length(const uint8_t *p, size_t n)
{
    size_t methods = 2;
    assert(n >= methods && p[0] == 5);
    if (p[1] == 2)
        methods += 2; /* what it says of the password */
    assert(n >= methods + 5);
    p += methods;
    assert(p[0] == 5 && p[1] == 0);
    return methods + 4 + (p[3] == 1 ? 4 : p[3] == 4 ? 16 : 1 + (size_t)p[4]) + 2;
}

static size_t connect_length(const char *p, size_t n)
{
    struct fsk_h1_head head = {.status = 0};
    size_t sum = 0;
    while (head.status < 200) {
        int len = fsk_h1_parse(p + sum, n - sum, 0, &head);
        assert(len > 0);
        sum += (size_t)len;
    }
    assert(head.status < 300);
    return sum;
}

static size_t reply_length(enum kind kind, const uint8_t *p, size_t n)
{
    if (kind == SOCKS4)
        return 8;
    return kind == CONNECT ? connect_length((const char *)p, n) : socks5_length(p, n);
}

/* ---- One handshake --------------------------------------------------------------------------- */

static struct fsk_layer *new_layer(enum kind kind, struct fsk_layer *below)
{
    struct fsk_proxy_target target = {.host = FSK_SPAN("a.test"), .port = 80};
    if (kind == SOCKS5_LOGIN) {
        target.user = FSK_SPAN("me");
        target.password = FSK_SPAN("pass");
    }
    return kind == SOCKS4    ? fsk_socks4_new(below, &target)
           : kind == CONNECT ? fsk_http_connect_new(below, &target)
                             : fsk_socks5_new(below, &target);
}

/* What comes behind the reply is the tunnel's, to the byte. */
static void check_tunnel(struct fsk_layer *l, struct fake *f)
{
    uint8_t byte;
    size_t n = 0, begin = f->taken;
    f->arrived = f->size;
    enum fsock_err err = l->ops->recv(l, &byte, 1, &n, 0, NULL, NULL);
    if (begin == f->size)
        assert(err == FSOCK_EOF);
    else
        assert(err == FSOCK_OK && n == 1 && byte == f->data[begin]);
}

/* Where the tunnel begins; 0: it was not opened. */
static size_t handshake(enum kind kind, const uint8_t *data, size_t size, size_t piece)
{
    struct fake f = {.layer = {.ops = &fake_ops}, .data = data, .size = size};
    struct fsk_wait wait = {.wants = 0};
    struct fsk_layer *l = new_layer(kind, &f.layer);
    enum fsock_err err;
    size_t begin = 0;
    if (!l)
        abort();
    while ((err = l->ops->connect(l, &wait)) == FSOCK_AGAIN) {
        assert(f.asked && f.taken == f.arrived && f.arrived < size);
        f.arrived += piece < size - f.arrived ? piece : size - f.arrived;
    }
    if (err == FSOCK_OK) {
        begin = f.taken;
        assert(begin == reply_length(kind, data, size));
        check_tunnel(l, &f);
    } else {
        assert(err == FSOCK_ERR_PROXY || err == FSOCK_ERR_CLOSED);
        assert(l->detail[0]);
    }
    fsk_layer_free(l);
    return begin;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    enum kind kind = data[0] % KINDS;
    size_t piece = data[1] ? data[1] : 256, n = size - 2;
    uint8_t *copy = malloc(n ? n : 1); /* of just this size: asan sees each step over */
    if (!copy)
        return 0;
    if (n)
        memcpy(copy, data + 2, n);
    size_t begin = handshake(kind, copy, n, piece);
    assert(begin == handshake(kind, copy, n, n ? n : 1));
    if (n < 2000)
        assert(begin == handshake(kind, copy, n, 1));
    free(copy);
    return 0;
}
