/* exchange_leave.c: a request whose answer nobody waits for. */
#include <errno.h>

#include "op/exchange_body.h"

#define LOOK_FIRST (1 * FSOCK_MILLISECOND) /* until it looks again; doubled each time, up to */
#define LOOK_LAST  (50 * FSOCK_MILLISECOND)

/*
 * Drop what comes meanwhile. If it were left in the kernel, closing would reset the connection, and
 * with it lose what the peer has not read yet. FSOCK_AGAIN, FSOCK_EOF, or the error.
 */
static enum fsock_err drop_answer(struct fsk_exchange *x, fsock_time now)
{
    enum fsock_err err;
    do {
        err = fsk_exchange_fill(x, now, 0, NULL);
        x->in.n = 0;
    } while (err == FSOCK_OK);
    return err;
}

/* Has all of it arrived at the peer's machine? Nothing tells when it does, so look now and then. */
static bool has_arrived(struct fsk_exchange *x, fsock_time now)
{
    uint64_t acked;
    if (fsk_sock_arrived(fsk_op_trace(&x->op), fsk_stream_fd(x->stream), &acked))
        return true;
    if (acked != x->acked)
        x->last_moved = now;
    x->acked = acked;
    x->look_delay = x->look_delay ? 2 * x->look_delay : LOOK_FIRST;
    if (x->look_delay > LOOK_LAST)
        x->look_delay = LOOK_LAST;
    x->op.alarm = now + x->look_delay;
    return false;
}

enum fsock_err fsk_exchange_leave(struct fsk_exchange *x, fsock_time now)
{
    if (!x->shut && x->send_over) {
        enum fsock_err err = fsk_stream_shut(x->stream, &x->op.wait);
        if (err != FSOCK_OK)
            return err == FSOCK_AGAIN ? err : fsk_exchange_fail_stream(x, err);
        x->shut = true;
    }
    enum fsock_err err = drop_answer(x, now);
    if (x->op.yield || (err == FSOCK_AGAIN && !x->shut))
        return FSOCK_AGAIN;
    if (err == FSOCK_ERR_SPENT)
        return err;
    if (err != FSOCK_AGAIN && err != FSOCK_EOF)
        return fsk_exchange_fail_stream(x, err);
    if (!x->shut || !has_arrived(x, now))
        return FSOCK_AGAIN;
    x->state = FSK_EXCHANGE_AT_END;
    return FSOCK_OK;
}
