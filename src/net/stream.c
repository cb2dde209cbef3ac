#include "net/stream.h"

#include "base/fault.h"

void fsk_stream_close(struct fsk_stream *s)
{
    fsk_layer_free(s->top);
    s->top = NULL;
}

static enum fsock_err remember(struct fsk_stream *s, enum fsock_err err)
{
    if (err == FSOCK_EOF)
        s->ended = true;
    else if (err != FSOCK_OK && err != FSOCK_AGAIN)
        s->dead = err;
    return err;
}

enum fsock_err fsk_stream_recv(struct fsk_stream *s, void *buf, size_t cap, size_t *n, int flags,
                               struct fsk_wait *wait)
{
    *n = 0;
    if (s->dead)
        return s->dead;
    if (s->ended)
        return FSOCK_EOF;
    return remember(s, s->top->ops->recv(s->top, buf, cap, n, flags, NULL, wait));
}

enum fsock_err fsk_stream_send(struct fsk_stream *s, const void *buf, size_t len, size_t *n,
                               struct fsk_wait *wait)
{
    *n = 0;
    if (s->dead)
        return s->dead;
    return remember(s, s->top->ops->send(s->top, buf, len, n, 0, NULL, wait));
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
