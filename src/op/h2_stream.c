#include "op/h2_inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"

/* A stream that is given up, when the peer has been silent on all of the session for so long: the
 * connection may be dead, and nobody else should begin there. */
#define SUSPECT_AFTER (1 * FSOCK_SECOND)

static struct fsk_h2_stream *stream_of(struct fsk_layer *l)
{
    return (struct fsk_h2_stream *)(void *)l;
}

void fsk_h2_stream_fail(struct fsk_h2_stream *s, enum fsock_err err, const char *format, ...)
{
    va_list ap;
    if (s->err)
        return;
    s->err = err;
    va_start(ap, format);
    vsnprintf(s->layer.detail, sizeof s->layer.detail, format, ap);
    va_end(ap);
    fsk_op_wake(s->op);
}

/* ---- The layer's calls ----------------------------------------------------------------------- */

static enum fsock_err stream_connect(struct fsk_layer *l, struct fsk_wait *wait)
{
    (void)l, (void)wait;
    return FSOCK_OK;
}

/* So many bytes have been taken: the peer may send as many more. */
static void taken(struct fsk_h2_stream *s, size_t n)
{
    size_t text = n < s->in_text ? n : s->in_text;
    fsk_buf_consume(&s->in, n);
    s->in_text -= text;
    if (n > text && !s->closed && !s->ended && !s->h2->over) {
        (void)nghttp2_session_consume_stream(s->h2->ng, s->id, n - text);
        if (nghttp2_session_want_write(s->h2->ng))
            fsk_h2_poke(s->h2);
    }
}

/* The session has ended under it. */
static enum fsock_err ended_with(struct fsk_h2_stream *s)
{
    const struct fsk_h2 *h2 = s->h2;
    enum fsock_err err = h2->err;
    if (err == FSOCK_EOF || err == FSOCK_OK)
        err = s->final ? FSOCK_ERR_TRUNCATED : FSOCK_ERR_CLOSED;
    return fsk_layer_fail(&s->layer, err, h2->sys_errno, "%s", h2->why);
}

static enum fsock_err stream_recv(struct fsk_layer *l, void *buf, size_t cap, size_t *n, int flags,
                                  struct fsk_sockaddr *from, struct fsk_wait *wait)
{
    struct fsk_h2_stream *s = stream_of(l);
    struct fsk_span in = fsk_buf_span(&s->in);
    (void)from, (void)wait;
    if (in.n) {
        *n = in.n < cap ? in.n : cap;
        if (!(flags & FSK_IO_DISCARD))
            memcpy(buf, in.p, *n);
        if (!(flags & FSK_IO_PEEK))
            taken(s, *n);
        return FSOCK_OK;
    }
    if (s->ended && !s->err)
        return FSOCK_EOF;
    if (s->err)
        return s->err;
    return s->h2->over ? ended_with(s) : FSOCK_AGAIN;
}

/* The request's head, which may come in pieces. */
static enum fsock_err take_head(struct fsk_h2_stream *s, const char *p, size_t n)
{
    enum fsock_err err = fsk_buf_append(&s->request, p, n);
    struct fsk_span head = fsk_buf_span(&s->request);
    if (err == FSOCK_OK && head.n >= 4 && memcmp(head.p + head.n - 4, "\r\n\r\n", 4) == 0)
        err = fsk_h2_request(s);
    if (err != FSOCK_OK)
        fsk_h2_stream_fail(s, err, "%s",
                           err == FSOCK_ERR_MEMORY ? "out of memory"
                                                   : "the request can't be said in HTTP/2");
    return err;
}

static enum fsock_err stream_send(struct fsk_layer *l, const void *buf, size_t len, size_t *n,
                                  int flags, const struct fsk_sockaddr *to, struct fsk_wait *wait)
{
    struct fsk_h2_stream *s = stream_of(l);
    (void)flags, (void)to, (void)wait;
    if (s->err)
        return s->err;
    if (s->h2->over)
        return ended_with(s);
    *n = len;
    if (!s->id)
        return take_head(s, buf, len);
    if (s->closed || s->ended) /* the answer is here already: that is more worth than the rest */
        return fsk_layer_fail(l, FSOCK_ERR_CLOSED, 0, "the peer has answered, and wants no more");
    if (!s->body_left)
        return FSOCK_OK; /* more than its Content-Length */
    if (fsk_buf_len(&s->out))
        return FSOCK_AGAIN;
    *n = len < FSK_H2_OUT ? len : FSK_H2_OUT;
    *n = *n < s->body_left ? *n : (size_t)s->body_left;
    enum fsock_err err = fsk_buf_append(&s->out, buf, *n);
    if (err != FSOCK_OK) {
        fsk_h2_stream_fail(s, err, "out of memory");
        return err;
    }
    s->body_left -= *n;
    (void)nghttp2_session_resume_data(s->h2->ng, s->id);
    fsk_h2_poke(s->h2);
    return FSOCK_OK;
}

static enum fsock_err stream_shut(struct fsk_layer *l, struct fsk_wait *wait)
{
    (void)l, (void)wait;
    return FSOCK_OK; /* a request ends with its body */
}

static void stream_info(struct fsk_layer *l, struct fsk_layer_info *info)
{
    struct fsk_h2_stream *s = stream_of(l);
    fsk_stream_info(&s->h2->stream, info);
    info->shared = true;
    info->untaken = s->untaken;
    info->trailers = fsk_buf_span(&s->trailers);
}

static void stream_free(struct fsk_layer *l)
{
    struct fsk_h2_stream *s = stream_of(l);
    struct fsk_h2 *h2 = s->h2;
    if (s->id && !h2->over && !s->closed) {
        fsock_time since = h2->heard > s->opened ? h2->heard : s->opened;
        if (!s->ended && h2->op.driver->now - since >= SUSPECT_AFTER)
            h2->draining = true;
        (void)nghttp2_session_set_stream_user_data(h2->ng, s->id, NULL);
        (void)nghttp2_submit_rst_stream(h2->ng, NGHTTP2_FLAG_NONE, s->id,
                                        s->ended ? NGHTTP2_NO_ERROR : NGHTTP2_CANCEL);
        h2->idle_bytes -= (int64_t)FSK_H2_WINDOW;
        fsk_h2_poke(h2);
    } else if (s->id && !h2->over) {
        (void)nghttp2_session_set_stream_user_data(h2->ng, s->id, NULL);
    }
    fsk_list_remove(&s->link);
    fsk_buf_fini(&s->request);
    fsk_buf_fini(&s->out);
    fsk_buf_fini(&s->in);
    fsk_buf_fini(&s->trailers);
    free(s);
    if (--h2->n_streams == 0) {
        h2->idle_since = h2->op.driver->now;
        if (h2->draining)
            fsk_h2_poke(h2); /* it is over now */
    }
    h2->owner->changed(h2->owner);
}

static const struct fsk_layer_ops stream_ops = {
    .name = "h2",
    .connect = stream_connect,
    .recv = stream_recv,
    .send = stream_send,
    .shut = stream_shut,
    .info = stream_info,
    .free = stream_free,
};

struct fsk_layer *fsk_h2_open(struct fsk_h2 *h2, struct fsk_op *op)
{
    struct fsk_h2_stream *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->layer.ops = &stream_ops;
    s->layer.driver = h2->op.driver;
    s->layer.stage = FSOCK_STAGE_CONNECT;
    s->h2 = h2;
    s->op = op;
    s->opened = h2->op.driver->now;
    s->length = -1;
    s->text_max = FSK_H1_HEAD_MAX;
    fsk_buf_init(&s->request, 1024 * 1024);
    fsk_buf_init(&s->out, FSK_H2_OUT);
    fsk_buf_init(&s->in, FSK_H2_WINDOW + FSK_H1_HEAD_MAX);
    fsk_buf_init(&s->trailers, FSK_H1_HEAD_MAX);
    fsk_list_append(&h2->streams, &s->link);
    h2->n_streams++;
    return &s->layer;
}
