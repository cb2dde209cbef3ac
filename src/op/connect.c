#include "op/connect.h"

#include <errno.h>

#include "base/trace.h"
#include "net/call.h"

#define FULL_QUEUE_DELAY (10 * FSOCK_MILLISECOND)

static enum fsock_err ended(struct fsk_connect *c, enum fsock_err err, int sys_errno,
                            fsock_time now)
{
    c->took = now - c->started;
    c->sys_errno = sys_errno;
    fsk_mark(fsk_op_trace(&c->op), FSOCK_MARK_CONNECTED, c->op.id, c->fd, sys_errno, 0,
             fsk_text("addr", c->text));
    return err;
}

/* A unix socket whose queue is full says so at once, and no descriptor tells when it has room. */
static bool must_wait(struct fsk_connect *c, int e, fsock_time now)
{
    if (e == EAGAIN && c->to.ss.ss_family == AF_UNIX)
        c->op.alarm = now + FULL_QUEUE_DELAY;
    else if (e == EINPROGRESS || e == EALREADY)
        fsk_wait_for(&c->op.wait, c->fd, FSK_WRITABLE);
    else
        return false;
    return true;
}

static enum fsock_err begin(struct fsk_connect *c, fsock_time now)
{
    int family = c->to.ss.ss_family;
    c->started = now;
    fsock_trace *trace = fsk_op_trace(&c->op);
    int e = fsk_sock_new(trace, c->op.id, family, c->datagrams ? SOCK_DGRAM : SOCK_STREAM, &c->fd);
    if (e)
        return ended(c, FSOCK_ERR_SYSTEM, e, now);
    fsk_tuning_apply(&c->tuning, trace, c->fd, family != AF_UNIX && !c->datagrams);
    if (family == AF_UNIX && c->datagrams)
        e = fsk_sock_autobind(trace, c->fd);
    else
        e = fsk_sock_bind(trace, c->fd, family, c->bind);
    if (e)
        return ended(c, FSOCK_ERR_CONNECT, e, now);
    fsk_mark(trace, FSOCK_MARK_CONNECT, c->op.id, c->fd, 0, 0, fsk_text("addr", c->text));
    e = fsk_sock_connect(trace, c->fd, &c->to);
    if (must_wait(c, e, now))
        return FSOCK_AGAIN;
    return ended(c, e ? FSOCK_ERR_CONNECT : FSOCK_OK, e, now);
}

/* Writable, or woken for nothing: connect(2) again tells which. */
static enum fsock_err look(struct fsk_connect *c, fsock_time now)
{
    int e = fsk_sock_error(fsk_op_trace(&c->op), c->fd);
    if (!e)
        e = fsk_sock_connect(fsk_op_trace(&c->op), c->fd, &c->to);
    if (must_wait(c, e, now))
        return FSOCK_AGAIN;
    if (e == EISCONN)
        e = 0;
    return ended(c, e ? FSOCK_ERR_CONNECT : FSOCK_OK, e, now);
}

static enum fsock_err step(struct fsk_op *op, fsock_time now)
{
    struct fsk_connect *c = FSK_HOLDER(op, struct fsk_connect, op);
    if (op->expired)
        return ended(c, FSOCK_ERR_TIMEOUT, ETIMEDOUT, now);
    return c->fd < 0 ? begin(c, now) : look(c, now);
}

void fsk_connect_init(struct fsk_connect *c, fsock_time deadline)
{
    *c = (struct fsk_connect){.fd = -1};
    fsk_op_init(&c->op, step, deadline);
}

void fsk_connect_fini(struct fsk_connect *c)
{
    fsk_op_stop(&c->op);
    if (c->fd >= 0) {
        c->op.driver->forget_fd(c->op.driver, c->fd);
        fsk_call_close(fsk_op_trace(&c->op), c->fd);
    }
    c->fd = -1;
}
