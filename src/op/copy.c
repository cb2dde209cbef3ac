#include "op/copy.h"

#include "base/time.h"

#define STEP_BYTES ((size_t)256 * 1024) /* then others may go */
#define FILL_BYTES ((size_t)64 * 1024)  /* read at once: as much as the nearer caches hold */

static size_t room(const struct fsk_copy *c)
{
    uint64_t left = c->max - c->done;
    return left < STEP_BYTES ? (size_t)left : STEP_BYTES;
}

/* Send from a buffer; *n of the bytes have gone. */
static enum fsock_err drain(struct fsk_copy *c, struct fsk_buf *b, size_t most, size_t *n)
{
    struct fsk_span s = fsk_buf_span(b);
    enum fsock_err err = fsk_stream_send(c->to, s.p, s.n < most ? s.n : most, n, &c->op.wait);
    if (err == FSOCK_OK)
        fsk_buf_consume(b, *n);
    else
        c->failed = c->to;
    return err;
}

static enum fsock_err fill(struct fsk_copy *c)
{
    size_t n;
    size_t most = room(c) < FILL_BYTES ? room(c) : FILL_BYTES;
    if (c->from->top && c->from->top->datagrams)
        most = STEP_BYTES; /* a whole one, whatever there is room for */
    enum fsock_err err = fsk_buf_reserve(c->held, most);
    if (err != FSOCK_OK)
        return err;
    err = fsk_stream_recv(c->from, c->held->mem + c->held->end, most, &n, 0, &c->op.wait);
    if (err == FSOCK_OK)
        c->held->end += n;
    else
        c->failed = c->from;
    return err;
}

/* The kernel does not say which of the two can't go on: guess, and the next time think again. */
static void wait_for_one(struct fsk_copy *c)
{
    bool to = fsk_splice_waiting(c->from) > 0 || (c->by_splice && !c->awaited_to);
    c->by_splice = true;
    c->awaited_to = to;
    c->failed = to ? c->to : c->from;
    if (to)
        fsk_wait_for(&c->op.wait, fsk_stream_fd(c->to), FSK_WRITABLE);
    else
        fsk_wait_for(&c->op.wait, fsk_stream_fd(c->from), FSK_READABLE);
}

/* FSOCK_ERR_INPUT: by reading and writing from now on. */
static enum fsock_err splice(struct fsk_copy *c, size_t *n)
{
    enum fsock_err err = fsk_splice(c->way, c->from, c->to, room(c), n);
    if (err == FSOCK_AGAIN)
        wait_for_one(c);
    else
        c->by_splice = false;
    if (err == FSOCK_EOF) {
        c->failed = c->from;
        c->from->ended = true;
    }
    if (err == FSOCK_ERR_INPUT || err == FSOCK_ERR_SYSTEM) {
        c->way = FSK_SPLICE_NO;
        return FSOCK_OK;
    }
    return err;
}

/* One piece of work. *n bytes have reached `to`, of those that count. */
static enum fsock_err once(struct fsk_copy *c, size_t *n)
{
    size_t unused;
    *n = 0;
    if (c->owed && fsk_buf_len(c->owed))
        return drain(c, c->owed, STEP_BYTES, &unused);
    if (fsk_buf_len(c->held)) {
        enum fsock_err err = drain(c, c->held, room(c), n);
        c->blocked = err == FSOCK_AGAIN;
        return err;
    }
    if (c->way != FSK_SPLICE_NO && !c->from->ended && !c->from->recv_dead && !c->to->send_dead)
        return splice(c, n);
    return fill(c);
}

static enum fsock_err wait_on(struct fsk_copy *c, fsock_time now)
{
    fsock_time until = fsk_time_limit(c->moved, c->silence);
    if (now >= until) {
        c->limit = FSOCK_LIMIT_READ;
        return FSOCK_ERR_TIMEOUT;
    }
    c->op.alarm = until;
    return FSOCK_AGAIN;
}

static enum fsock_err step(struct fsk_op *op, fsock_time now)
{
    struct fsk_copy *c = FSK_HOLDER(op, struct fsk_copy, op);
    if (!c->moved)
        c->moved = now;
    /* (Sending may find room that the kernel doesn't call writable: the peer took nothing.) */
    if (op->by_clock && !op->expired && now >= fsk_time_limit(c->moved, c->silence)) {
        c->limit = FSOCK_LIMIT_READ;
        return FSOCK_ERR_TIMEOUT;
    }
    for (uint64_t began = c->done;;) {
        size_t n;
        if (c->done >= c->max)
            return FSOCK_OK;
        if (op->expired) {
            c->limit = FSOCK_LIMIT_TOTAL;
            return FSOCK_ERR_TIMEOUT;
        }
        enum fsock_err err = once(c, &n);
        c->done += n;
        if (err == FSOCK_AGAIN)
            return wait_on(c, now);
        if (err != FSOCK_OK)
            return err;
        c->moved = now;
        if (c->done - began >= STEP_BYTES && c->done < c->max) {
            op->yield = true;
            return FSOCK_AGAIN;
        }
    }
}

void fsk_copy_init(struct fsk_copy *c, struct fsk_stream *from, struct fsk_stream *to,
                   fsock_time deadline)
{
    *c = (struct fsk_copy){.from = from, .to = to, .failed = from};
    c->way = fsk_splice_way(from, to);
    fsk_op_init(&c->op, step, deadline);
}
