#include "net/stream.h"

#include "base/fault.h"

void fsk_stream_close(struct fsk_stream *s)
{
    fsk_layer_free(s->top);
    s->top = NULL;
}

/* Whether err ends a direction for good. */
static bool is_final(enum fsock_err err)
{
    return err != FSOCK_OK && err != FSOCK_AGAIN && err != FSOCK_EOF;
}

enum fsock_err fsk_stream_recv(struct fsk_stream *s, void *buf, size_t cap, size_t *n, int flags,
                               struct fsk_wait *wait)
{
    *n = 0;
    if (s->recv_dead)
        return s->recv_dead;
    if (s->ended)
        return FSOCK_EOF;
    enum fsock_err err = s->top->ops->recv(s->top, buf, cap, n, flags, NULL, wait);
    if (err == FSOCK_EOF)
        s->ended = true;
    else if (is_final(err))
        s->recv_dead = s->send_dead = err;
    return err;
}

enum fsock_err fsk_stream_send(struct fsk_stream *s, const void *buf, size_t len, size_t *n,
                               struct fsk_wait *wait)
{
    *n = 0;
    if (s->send_dead)
        return s->send_dead;
    enum fsock_err err = s->top->ops->send(s->top, buf, len, n, 0, NULL, wait);
    if (is_final(err))
        s->send_dead = err;
    return err;
}

void fsk_stream_info(struct fsk_stream *s, struct fsk_layer_info *info)
{
    *info = (struct fsk_layer_info){.fd = -1};
    s->top->ops->info(s->top, info);
}

const char *fsk_stream_why(const struct fsk_stream *s)
{
    if (s->top->detail[0])
        return s->top->detail;
    return fsk_errno_text(s->top->sys_errno);
}
