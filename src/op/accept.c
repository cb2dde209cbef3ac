#include "op/accept.h"

#include <errno.h>

#include "net/call.h"

#define NO_DESCRIPTOR_DELAY (50 * FSOCK_MILLISECOND)

/* Errors of a connection that was lost before it was taken, or of the network's: accept(2). */
static bool is_of_the_connection(int e)
{
    return e == EINTR || e == ECONNABORTED || e == EPROTO || e == ENETDOWN || e == ENOPROTOOPT ||
           e == EHOSTDOWN || e == ENONET || e == EHOSTUNREACH || e == EOPNOTSUPP ||
           e == ENETUNREACH || e == EPERM;
}

static bool is_lack_of_descriptors(int e)
{
    return e == EMFILE || e == ENFILE || e == ENOBUFS || e == ENOMEM;
}

static enum fsock_err step(struct fsk_op *op, fsock_time now)
{
    struct fsk_accept *a = FSK_HOLDER(op, struct fsk_accept, op);
    if (op->expired)
        return FSOCK_ERR_TIMEOUT;
    do
        a->fd = fsk_call_accept(fsk_op_trace(op), a->listener);
    while (a->fd < 0 && is_of_the_connection(errno));
    if (a->fd >= 0)
        return FSOCK_OK;
    if (errno == EAGAIN) {
        fsk_wait_for(&op->wait, a->listener, FSK_READABLE);
        return FSOCK_AGAIN;
    }
    a->sys_errno = errno;
    if (!is_lack_of_descriptors(errno))
        return FSOCK_ERR_SYSTEM;
    op->alarm = now + NO_DESCRIPTOR_DELAY;
    return FSOCK_AGAIN;
}

void fsk_accept_init(struct fsk_accept *a, int listener, fsock_time deadline)
{
    *a = (struct fsk_accept){.listener = listener, .fd = -1};
    fsk_op_init(&a->op, step, deadline);
}
