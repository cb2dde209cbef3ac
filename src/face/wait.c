/* wait.c: waiting for any of many streams and descriptors, here or in a loop of the caller's. */
#include <stdlib.h>

#include "face/stream.h"

/* One direction of one of them: a child op. */
struct look {
    struct fsk_op op;
    fsock_stream *stream; /* or NULL: the descriptor */
    int fd;
    unsigned event; /* one of the two */
    bool waited;
};

/* Whether bytes are held above the kernel, where poll can't see them, or no more will come. */
static bool holds_bytes(fsock_stream *s, struct fsk_wait *wait)
{
    char byte;
    size_t n;
    if (fsk_buf_len(&s->in) > s->half_line || s->stream.recv_dead || s->stream.ended)
        return true;
    if (!s->tls)
        return false;
    return fsk_stream_recv(&s->stream, &byte, 1, &n, FSK_IO_PEEK, wait) != FSOCK_AGAIN;
}

/* Go on with the handshake. True: it is over, well or not. */
static bool has_shaken(fsock_stream *s, struct fsk_wait *wait)
{
    if (!s->shaking || s->stream.recv_dead)
        return true;
    enum fsock_err err = s->stream.top->ops->connect(s->stream.top, wait);
    if (err == FSOCK_AGAIN)
        return false;
    s->shaking = err != FSOCK_OK;
    if (err != FSOCK_OK)
        s->stream.recv_dead = s->stream.send_dead = err;
    return true;
}

/* What has been taken from the caller must get out, even if only reading is waited for. */
static bool has_paid(fsock_stream *s, struct fsk_wait *wait)
{
    size_t n;
    while (fsk_buf_len(&s->owed)) {
        struct fsk_span owed = fsk_buf_span(&s->owed);
        if (fsk_stream_send(&s->stream, owed.p, owed.n, &n, wait) != FSOCK_OK)
            return s->stream.send_dead != FSOCK_OK;
        fsk_buf_consume(&s->owed, n);
    }
    return true;
}

/* Under TLS the descriptor tells less than all: it is asked itself. */
static bool is_ready(struct look *l, bool woken)
{
    fsock_stream *s = l->stream;
    struct fsk_wait *wait = &l->op.wait;
    if (!s)
        return woken;
    if (!has_shaken(s, wait))
        return false;
    bool paid = has_paid(s, wait);
    if (l->event == FSK_WRITABLE)
        return s->stream.send_dead || (woken && paid);
    return holds_bytes(s, wait) || (woken && !s->tls);
}

static enum fsock_err look_step(struct fsk_op *op, fsock_time now)
{
    struct look *l = FSK_HOLDER(op, struct look, op);
    (void)now;
    if (op->expired)
        return FSOCK_ERR_TIMEOUT;
    if (is_ready(l, l->waited))
        return FSOCK_OK;
    l->waited = true;
    if (op->wait.wants == 0)
        fsk_wait_for(&op->wait, l->fd, l->event);
    return FSOCK_AGAIN;
}

/*
 * It takes three turns: the children look, the kernel is asked about those that wait, and they look
 * again. So all that are ready are known, however late it is.
 */
#define TURNS 3

/* Ends when one of its children has. */
struct waiter {
    struct fsk_op op;
    struct look *look;
    size_t n, started;
    unsigned turns;
    bool at_once; /* after these turns */
};

static enum fsock_err wait_step(struct fsk_op *op, fsock_time now)
{
    struct waiter *w = FSK_HOLDER(op, struct waiter, op);
    enum fsock_err err = FSOCK_AGAIN;
    (void)now;
    for (; w->started < w->n; w->started++)
        fsk_op_start(op, &w->look[w->started].op);
    for (size_t i = 0; i < w->n; i++)
        if (w->look[i].op.ended && w->look[i].op.err != FSOCK_ERR_TIMEOUT)
            err = w->look[i].op.err;
    if (!op->expired && w->turns++ < TURNS) {
        op->yield = true;
        return FSOCK_AGAIN;
    }
    return err == FSOCK_AGAIN && (op->expired || w->at_once) ? FSOCK_ERR_TIMEOUT : err;
}

static bool is_asked_for(const struct fsock_wait_item *item, unsigned event)
{
    return (item->events & event) && (item->stream || item->fd >= 0);
}

static void add(struct waiter *w, const struct fsock_wait_item *item, unsigned event)
{
    struct look *l = &w->look[w->n++];
    *l = (struct look){.stream = item->stream, .event = event, .fd = item->fd};
    fsk_op_init(&l->op, look_step, FSOCK_NEVER);
    if (item->stream)
        l->fd = fsock_fd(item->stream);
}

/* Both directions of all, in one order. */
#define EACH_EVENT(i, event)                                                                       \
    for (size_t i = 0; i < count; i++)                                                             \
        for (unsigned event = FSK_READABLE; event <= FSK_WRITABLE; event <<= 1)                    \
            if (is_asked_for(&list[i], event))

enum fsock_err fsock_wait(struct fsock_wait_item *list, size_t count, fsock_time deadline)
{
    struct fsk_run run;
    struct waiter w = {.look = calloc(2 * count + 1, sizeof *w.look)};
    if (!w.look || !fsk_run_init(&run)) {
        free(w.look);
        return FSOCK_ERR_MEMORY;
    }
    EACH_EVENT(i, event)
    add(&w, &list[i], event);
    w.at_once = deadline <= fsock_now();
    fsk_op_init(&w.op, wait_step, w.at_once ? FSOCK_NEVER : deadline);
    enum fsock_err err = fsk_run(&run, &w.op);
    size_t at = 0;
    for (size_t i = 0; i < count; i++)
        list[i].ready = 0;
    EACH_EVENT(i, event)
    {
        struct fsk_op *op = &w.look[at++].op;
        fsk_op_stop(op);
        if (op->ended && op->err == FSOCK_OK)
            list[i].ready |= event;
    }
    fsk_run_fini(&run);
    free(w.look);
    return err;
}

/* ---- For a loop of the caller's -------------------------------------------------------------- */

int fsock_fd(fsock_stream *s)
{
    struct fsk_layer_info info;
    fsk_stream_info(&s->stream, &info);
    return info.fd;
}

unsigned fsock_wants(fsock_stream *s, unsigned wish)
{
    struct fsk_wait wait = {.wants = 0};
    unsigned events = 0;
    bool over = has_shaken(s, &wait);
    if (over && (wish & FSOCK_READABLE) && holds_bytes(s, &wait))
        return 0;
    if (over && (wish & FSOCK_WRITABLE) && s->stream.send_dead)
        return 0;
    if (over && ((wish & FSOCK_WRITABLE) || fsk_buf_len(&s->owed)))
        events |= FSOCK_WRITABLE;
    if (over && (wish & FSOCK_READABLE) && wait.wants == 0)
        events |= FSOCK_READABLE;
    for (unsigned i = 0; i < wait.wants; i++)
        events |= wait.want[i].events;
    return events;
}
