#include "net/stream.h"

#include <errno.h>

#include "base/fault.h"

void fsk_stream_close(struct fsk_stream *s)
{
    fsk_layer_free(s->top);
    s->top = NULL;
}

/* Whether err ends a direction for good. */
static bool is_final(const struct fsk_stream *s, enum fsock_err err)
{
    return !s->top->datagrams && err != FSOCK_OK && err != FSOCK_AGAIN && err != FSOCK_EOF;
}

enum fsock_err fsk_stream_recv_from(struct fsk_stream *s, void *buf, size_t cap, size_t *n,
                                    int flags, struct fsk_sockaddr *from, struct fsk_wait *wait)
{
    *n = 0;
    if (s->recv_dead)
        return s->recv_dead;
    if (s->ended)
        return FSOCK_EOF;
    enum fsock_err err = s->top->ops->recv(s->top, buf, cap, n, flags, from, wait);
    if (err == FSOCK_EOF)
        s->ended = !(flags & FSK_IO_OOB); /* bytes in the stream may be left */
    else if (is_final(s, err))
        s->recv_dead = s->send_dead = err;
    return err;
}

enum fsock_err fsk_stream_recv(struct fsk_stream *s, void *buf, size_t cap, size_t *n, int flags,
                               struct fsk_wait *wait)
{
    return fsk_stream_recv_from(s, buf, cap, n, flags, NULL, wait);
}

enum fsock_err fsk_stream_send_to(struct fsk_stream *s, const void *buf, size_t len, size_t *n,
                                  int flags, const struct fsk_sockaddr *to, struct fsk_wait *wait)
{
    *n = 0;
    if (s->send_dead)
        return s->send_dead;
    enum fsock_err err = s->top->ops->send(s->top, buf, len, n, flags, to, wait);
    if (is_final(s, err))
        s->send_dead = err;
    return err;
}

enum fsock_err fsk_stream_send(struct fsk_stream *s, const void *buf, size_t len, size_t *n,
                               struct fsk_wait *wait)
{
    return fsk_stream_send_to(s, buf, len, n, 0, NULL, wait);
}

enum fsock_err fsk_stream_shut(struct fsk_stream *s, struct fsk_wait *wait)
{
    if (s->send_dead)
        return s->send_dead;
    enum fsock_err err = s->top->ops->shut(s->top, wait);
    if (is_final(s, err))
        s->send_dead = err;
    return err;
}

void fsk_stream_info(struct fsk_stream *s, struct fsk_layer_info *info)
{
    *info = (struct fsk_layer_info){.fd = -1};
    if (s->top)
        s->top->ops->info(s->top, info);
}

int fsk_stream_fd(const struct fsk_stream *s)
{
    struct fsk_layer_info info = {.fd = -1};
    struct fsk_layer *bottom = s->top;
    while (bottom && bottom->below)
        bottom = bottom->below;
    if (bottom)
        bottom->ops->info(bottom, &info);
    return info.fd;
}

const char *fsk_stream_why(const struct fsk_stream *s)
{
    if (!s->top)
        return "out of memory";
    return s->top->detail[0] ? s->top->detail : fsk_errno_text(s->top->sys_errno);
}

int fsk_stream_errno(const struct fsk_stream *s)
{
    return s->top ? s->top->sys_errno : ENOMEM;
}
