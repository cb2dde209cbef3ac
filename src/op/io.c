#include "op/io.h"

#include "base/time.h"

#define STEP_BYTES ((size_t)256 * 1024) /* then others may go */

/* Send what is owed. While reading it is tried only. */
static enum fsock_err pay(struct fsk_io *io)
{
    enum fsock_err err = FSOCK_OK;
    while (err == FSOCK_OK && io->owed && fsk_buf_len(io->owed)) {
        struct fsk_span s = fsk_buf_span(io->owed);
        size_t n;
        err = fsk_stream_send(io->stream, s.p, s.n, &n, &io->op.wait);
        if (err == FSOCK_OK)
            fsk_buf_consume(io->owed, n);
    }
    return err;
}

static enum fsock_err receive(struct fsk_io *io, size_t *n)
{
    (void)pay(io); /* if it fails, so will the next write */
    return fsk_stream_recv_from(io->stream, io->into + io->done, io->len - io->done, n, io->flags,
                                io->from, &io->op.wait);
}

static enum fsock_err transmit(struct fsk_io *io, size_t *n)
{
    enum fsock_err err = pay(io);
    if (err != FSOCK_OK)
        return err;
    err = fsk_stream_send_to(io->stream, io->out + io->done, io->len - io->done, n, io->flags,
                             io->to, &io->op.wait);
    io->blocked = err == FSOCK_AGAIN;
    return err;
}

static enum fsock_err once(struct fsk_io *io, size_t *n)
{
    struct fsk_layer *top = io->stream->top;
    enum fsock_err err;
    *n = 0;
    switch (io->kind) {
    case FSK_IO_READ:
        return receive(io, n);
    case FSK_IO_WRITE:
        return transmit(io, n);
    case FSK_IO_SHUT:
        err = pay(io);
        return err == FSOCK_OK ? fsk_stream_shut(io->stream, &io->op.wait) : err;
    case FSK_IO_SHAKE:
        break;
    }
    return top->ops->connect(top, &io->op.wait);
}

static enum fsock_err struck(struct fsk_io *io, enum fsock_limit limit)
{
    io->limit = limit;
    return FSOCK_ERR_TIMEOUT;
}

/* Nothing moves: wait, but not for longer than the silence may be. */
static enum fsock_err wait_on(struct fsk_io *io, fsock_time now)
{
    fsock_time until = fsk_time_limit(io->moved, io->silence);
    if (now >= until)
        return struck(io, FSOCK_LIMIT_READ);
    io->op.alarm = until;
    return FSOCK_AGAIN;
}

static enum fsock_err step(struct fsk_op *op, fsock_time now)
{
    struct fsk_io *io = FSK_HOLDER(op, struct fsk_io, op);
    if (!io->moved)
        io->moved = now;
    /* (Sending may find room that the kernel doesn't call writable: the peer took nothing.) */
    if (op->by_clock && !op->expired && now >= fsk_time_limit(io->moved, io->silence))
        return struck(io, FSOCK_LIMIT_READ);
    for (size_t began = io->done;;) {
        size_t n;
        if (op->expired)
            return struck(io, FSOCK_LIMIT_TOTAL);
        enum fsock_err err = once(io, &n);
        if (err == FSOCK_AGAIN)
            return wait_on(io, now);
        if (err != FSOCK_OK)
            return err;
        io->moved = now;
        io->done += n;
        if (io->done >= io->least)
            return FSOCK_OK; /* at once if least is 0: a datagram may be empty */
        if (io->done - began >= STEP_BYTES) {
            fsk_op_clear(op);
            op->yield = true;
            return FSOCK_AGAIN;
        }
    }
}

void fsk_io_init(struct fsk_io *io, enum fsk_io_kind kind, struct fsk_stream *stream,
                 fsock_time deadline)
{
    *io = (struct fsk_io){.kind = kind, .stream = stream};
    fsk_op_init(&io->op, step, deadline);
}
