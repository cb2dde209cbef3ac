/*
 * A session of HTTP/2 that reads what any peer might send, in pieces of any size: three requests
 * are open, one of which uploads. What their streams show is a header that the parser of HTTP/1
 * takes, with trailers that it takes, and never more of a body than the window.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/buf.h"
#include "op/h2.h"
#include "wire/h1.h"

#define STREAMS   3
#define STEPS_MAX 4000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- A driver, and a peer -------------------------------------------------------------------- */

struct fuzz_driver {
    struct fsk_driver driver;
    struct fsk_op *session;
    bool woken;
};

static bool start(struct fsk_driver *d, struct fsk_op *op)
{
    op->driver = d;
    op->running = true;
    ((struct fuzz_driver *)(void *)d)->session = op;
    return true;
}

static void stop(struct fsk_driver *d, struct fsk_op *op)
{
    (void)d;
    op->running = false;
}

static void wake(struct fsk_driver *d, struct fsk_op *op)
{
    struct fuzz_driver *f = (struct fuzz_driver *)(void *)d;
    f->woken |= op == f->session;
}

static void forget_fd(struct fsk_driver *d, int fd)
{
    (void)d, (void)fd;
}

/* The peer: gives the fuzzer's bytes, and takes all. */
struct peer {
    struct fsk_layer layer;
    const uint8_t *p;
    size_t n, piece;
};

static enum fsock_err peer_connect(struct fsk_layer *l, struct fsk_wait *wait)
{
    (void)l, (void)wait;
    return FSOCK_OK;
}

static enum fsock_err peer_recv(struct fsk_layer *l, void *buf, size_t cap, size_t *n, int flags,
                                struct fsk_sockaddr *from, struct fsk_wait *wait)
{
    struct peer *peer = (struct peer *)(void *)l;
    (void)flags, (void)from, (void)wait;
    if (!peer->n)
        return FSOCK_AGAIN;
    *n = peer->n < peer->piece ? peer->n : peer->piece;
    *n = *n < cap ? *n : cap;
    memcpy(buf, peer->p, *n);
    peer->p += *n;
    peer->n -= *n;
    return FSOCK_OK;
}

static enum fsock_err peer_send(struct fsk_layer *l, const void *buf, size_t len, size_t *n,
                                int flags, const struct fsk_sockaddr *to, struct fsk_wait *wait)
{
    (void)l, (void)buf, (void)flags, (void)to, (void)wait;
    *n = len;
    return FSOCK_OK;
}

static void peer_info(struct fsk_layer *l, struct fsk_layer_info *info)
{
    (void)l, (void)info;
}

static void peer_free(struct fsk_layer *l)
{
    (void)l;
}

static const struct fsk_layer_ops peer_ops = {
    .name = "peer",
    .connect = peer_connect,
    .recv = peer_recv,
    .send = peer_send,
    .shut = peer_connect,
    .info = peer_info,
    .free = peer_free,
};

static void changed(struct fsk_h2_owner *owner)
{
    (void)owner;
}

/* ---- What is looked at ----------------------------------------------------------------------- */

struct user {
    struct fsk_op op;
    struct fsk_layer *layer;
    struct fsk_buf text;
    enum fsock_err err;
};

static void say(struct user *u, const char *text)
{
    struct fsk_wait wait = {.wants = 0};
    size_t n;
    (void)u->layer->ops->send(u->layer, text, strlen(text), &n, 0, NULL, &wait);
}

static void hear(struct user *u)
{
    static char buf[4096];
    struct fsk_wait wait = {.wants = 0};
    size_t n = 0;
    while ((u->err = u->layer->ops->recv(u->layer, buf, sizeof buf, &n, 0, NULL, &wait)) ==
           FSOCK_OK)
        assert(fsk_buf_append(&u->text, buf, n) == FSOCK_OK);
}

/* Heads up to the final one, then the body. */
static void look(struct user *u)
{
    struct fsk_span text = fsk_buf_span(&u->text);
    struct fsk_layer_info info = {.fd = -1};
    struct fsk_h1_head head = {.status = 100};
    while (text.n && head.status < 200) {
        int used = fsk_h1_parse(text.p, text.n, 0, &head);
        if (used <= 0) /* not whole, or a length that no body can have */
            break;
        assert(head.major == 2 && !head.chunked);
        text.p += used;
        text.n -= (size_t)used;
    }
    u->layer->ops->info(u->layer, &info);
    assert(fsk_h1_check_fields(info.trailers) == FSK_H1_OK || u->err != FSOCK_EOF);
    if (u->err != FSOCK_AGAIN && u->err != FSOCK_EOF)
        assert(u->layer->detail[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned char scratch[FSK_SCRATCH_SIZE];
    static const char *const requests[STREAMS] = {
        "GET /a HTTP/2\r\nHost: a\r\n\r\n", "HEAD /b HTTP/2\r\nHost: a\r\nX-Y: z\r\n\r\n",
        "POST /c HTTP/2\r\nHost: a\r\nContent-Length: 70000\r\n\r\n"};
    static char body[70000];
    struct fuzz_driver f = {
        .driver = {.start = start,
                   .stop = stop,
                   .wake = wake,
                   .forget_fd = forget_fd,
                   .now = 1,
                   .scratch = scratch,
                   .scratch_size = sizeof scratch}
    };
    struct fsk_h2_owner owner = {changed};
    struct peer peer = {
        .layer = {.ops = &peer_ops, .driver = &f.driver}
    };
    struct user user[STREAMS] = {0};
    struct fsk_stream stream;
    if (size < 2)
        return 0;
    peer.piece = data[0] ? data[0] : FSK_SCRATCH_SIZE;
    peer.p = data + 1;
    peer.n = size - 1;
    fsk_stream_init(&stream, &peer.layer);
    struct fsk_h2 *h2 = fsk_h2_new(&f.driver, &stream, &owner);
    assert(h2);
    for (size_t i = 0; i < STREAMS; i++) {
        fsk_op_init(&user[i].op, NULL, FSOCK_NEVER);
        fsk_buf_init(&user[i].text, 64 * 1024 * 1024);
        user[i].layer = fsk_h2_open(h2, &user[i].op);
        say(&user[i], requests[i]);
    }
    enum fsock_err err = FSOCK_AGAIN;
    for (unsigned steps = 0; err == FSOCK_AGAIN && steps < STEPS_MAX; steps++) {
        size_t n;
        struct fsk_wait wait = {.wants = 0};
        f.woken = false;
        err = fsk_op_step(f.session, f.driver.now);
        (void)user[2].layer->ops->send(user[2].layer, body, sizeof body, &n, 0, NULL, &wait);
        for (size_t i = 0; i < STREAMS; i++)
            hear(&user[i]);
        if (!peer.n && !f.woken && !f.session->yield)
            break;
    }
    assert(fsk_h2_is_over(h2) == (err != FSOCK_AGAIN));
    if (err != FSOCK_AGAIN)
        f.session->running = false;
    for (size_t i = 0; i < STREAMS; i++) {
        look(&user[i]);
        fsk_layer_free(user[i].layer);
        fsk_buf_fini(&user[i].text);
    }
    fsk_h2_free(h2);
    return 0;
}
