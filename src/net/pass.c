#include "net/pass.h"

static enum fsock_err as_below(struct fsk_layer *l, enum fsock_err err)
{
    if (err == FSOCK_OK || err == FSOCK_AGAIN || err == FSOCK_EOF)
        return err;
    return fsk_layer_fail_as_below(l, err);
}

enum fsock_err fsk_pass_recv(struct fsk_layer *l, void *buf, size_t cap, size_t *n, int flags,
                             struct fsk_sockaddr *from, struct fsk_wait *wait)
{
    return as_below(l, l->below->ops->recv(l->below, buf, cap, n, flags, from, wait));
}

enum fsock_err fsk_pass_send(struct fsk_layer *l, const void *buf, size_t len, size_t *n, int flags,
                             const struct fsk_sockaddr *to, struct fsk_wait *wait)
{
    return as_below(l, l->below->ops->send(l->below, buf, len, n, flags, to, wait));
}

enum fsock_err fsk_pass_shut(struct fsk_layer *l, struct fsk_wait *wait)
{
    return as_below(l, l->below->ops->shut(l->below, wait));
}

void fsk_pass_info(struct fsk_layer *l, struct fsk_layer_info *info)
{
    l->below->ops->info(l->below, info);
}

enum fsock_err fsk_pass_send_all(struct fsk_layer *l, const void *p, size_t n, size_t *sent,
                                 int flags, struct fsk_wait *wait)
{
    while (*sent < n) {
        size_t some = 0;
        enum fsock_err err =
            fsk_pass_send(l, (const char *)p + *sent, n - *sent, &some, flags, NULL, wait);
        if (err)
            return err;
        *sent += some;
    }
    return FSOCK_OK;
}

enum fsock_err fsk_pass_recv_all(struct fsk_layer *l, void *p, size_t n, size_t *got,
                                 struct fsk_wait *wait)
{
    while (*got < n) {
        size_t some = 0;
        enum fsock_err err = fsk_pass_recv(l, (char *)p + *got, n - *got, &some, 0, NULL, wait);
        if (err)
            return err == FSOCK_EOF ? fsk_pass_ended(l) : err;
        *got += some;
    }
    return FSOCK_OK;
}

enum fsock_err fsk_pass_ended(struct fsk_layer *l)
{
    return fsk_layer_fail(l, FSOCK_ERR_CLOSED, 0, "the proxy closed the connection");
}
