#include "op/h2.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "op/h2_inside.h"

#define TURN_BYTES ((size_t)256 * 1024)    /* received in a row before others get their turn */
#define TURN_TIME  (2 * FSOCK_MILLISECOND) /* likewise */
#define IDLE_LIFE  (60 * FSOCK_SECOND)     /* without a stream */
#define OUT_ROOM   ((size_t)32 * 1024)     /* one frame more, after FSK_H2_OUT */

/* The next frames into h2->out. 0, or libnghttp2's error. */
static int fill(struct fsk_h2 *h2)
{
    while (fsk_buf_len(&h2->out) < FSK_H2_OUT) {
        const uint8_t *p;
        ssize_t n = nghttp2_session_mem_send(h2->ng, &p);
        if (n <= 0)
            return (int)n;
        if (fsk_buf_append(&h2->out, p, (size_t)n) != FSOCK_OK)
            return NGHTTP2_ERR_NOMEM;
    }
    return 0;
}

/* ---- How it ends ----------------------------------------------------------------------------- */

/* Say that we leave, and what else is still to be said, if that takes no time. */
static void say_goodbye(struct fsk_h2 *h2)
{
    struct fsk_wait wait = {.wants = 0};
    size_t n;
    (void)nghttp2_submit_goaway(h2->ng, NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, NULL, 0);
    (void)fill(h2);
    struct fsk_span out = fsk_buf_span(&h2->out);
    if (out.n)
        (void)fsk_stream_send_to(&h2->stream, out.p, out.n, &n, FSK_IO_SECRET, NULL, &wait);
}

static enum fsock_err end(struct fsk_h2 *h2, enum fsock_err err, int sys_errno, const char *why)
{
    h2->over = h2->draining = true;
    h2->err = err;
    h2->sys_errno = sys_errno;
    if (why)
        snprintf(h2->why, sizeof h2->why, "%s", why);
    fsk_stream_close(&h2->stream);
    FSK_LIST_EACH (link, &h2->streams)
        fsk_op_wake(FSK_HOLDER(link, struct fsk_h2_stream, link)->op);
    h2->owner->changed(h2->owner);
    return err;
}

/* What the peer sends is not HTTP/2, or too much of what is of no use. */
static enum fsock_err broken(struct fsk_h2 *h2, int error)
{
    char why[sizeof h2->why];
    if (error == NGHTTP2_ERR_NOMEM)
        return end(h2, FSOCK_ERR_MEMORY, ENOMEM, "out of memory");
    if (error == NGHTTP2_ERR_FLOODED || fsk_h2_is_flooded(h2))
        return end(h2, FSOCK_ERR_PROTOCOL, 0,
                   "the peer floods the connection with frames that carry nothing");
    snprintf(why, sizeof why, "the peer broke HTTP/2: %.120s",
             h2->why[0] ? h2->why : nghttp2_strerror(error));
    return end(h2, FSOCK_ERR_PROTOCOL, 0, why);
}

/* ---- Moving bytes ---------------------------------------------------------------------------- */

static bool turn_over(struct fsk_h2 *h2, fsock_time now)
{
    bool over = h2->moved >= TURN_BYTES || (h2->portions > 1 && fsock_now() - now >= TURN_TIME);
    h2->op.yield |= over;
    return over;
}

/* The connection has ended, or failed. */
static enum fsock_err lost(struct fsk_h2 *h2, enum fsock_err err)
{
    if (fill(h2) == 0 && h2->broken) /* that is what we would have told the peer */
        return broken(h2, NGHTTP2_ERR_PROTO);
    if (err != FSOCK_EOF)
        return end(h2, err, fsk_stream_errno(&h2->stream), fsk_stream_why(&h2->stream));
    return end(h2, err, 0, h2->leaving ? NULL : "the peer closed the connection");
}

/* FSOCK_AGAIN, or how it ended. What is received may hold passwords that no mask understands. */
static enum fsock_err receive(struct fsk_h2 *h2, fsock_time now)
{
    struct fsk_driver *d = h2->op.driver;
    while (!turn_over(h2, now)) {
        size_t n;
        enum fsock_err err = fsk_stream_recv(&h2->stream, d->scratch, d->scratch_size, &n,
                                             FSK_IO_SECRET, &h2->op.wait);
        if (err == FSOCK_AGAIN)
            return err;
        if (err != FSOCK_OK)
            return lost(h2, err);
        h2->heard = now;
        h2->moved += n;
        h2->portions++;
        h2->idle_bytes += (int64_t)n;
        ssize_t used = nghttp2_session_mem_recv(h2->ng, d->scratch, n);
        if (used < 0 || fsk_h2_is_flooded(h2))
            return broken(h2, (int)used);
    }
    return FSOCK_AGAIN;
}

/* FSOCK_OK: all is sent; FSOCK_AGAIN, or how it ended. */
static enum fsock_err transmit(struct fsk_h2 *h2)
{
    for (size_t moved = 0; moved < TURN_BYTES;) {
        size_t n;
        int error = fill(h2);
        struct fsk_span out = fsk_buf_span(&h2->out);
        if (error)
            return broken(h2, error);
        if (!out.n)
            return FSOCK_OK;
        enum fsock_err err =
            fsk_stream_send_to(&h2->stream, out.p, out.n, &n, FSK_IO_SECRET, NULL, &h2->op.wait);
        if (err == FSOCK_AGAIN)
            return err;
        if (err != FSOCK_OK) { /* the peer's last words may still be there */
            fsk_h2_shut_out(h2);
            return FSOCK_OK;
        }
        fsk_buf_consume(&h2->out, n);
        moved += n;
    }
    h2->op.yield = true;
    return FSOCK_AGAIN;
}

/* ---- The op ---------------------------------------------------------------------------------- */

void fsk_h2_poke(struct fsk_h2 *h2)
{
    fsk_op_wake(&h2->op);
}

static enum fsock_err step(struct fsk_op *op, fsock_time now)
{
    struct fsk_h2 *h2 = FSK_HOLDER(op, struct fsk_h2, op);
    h2->moved = h2->portions = 0;
    enum fsock_err err = receive(h2, now);
    if (err != FSOCK_AGAIN)
        return err;
    err = transmit(h2);
    if (err != FSOCK_OK && err != FSOCK_AGAIN)
        return err;
    if (h2->broken)
        return broken(h2, NGHTTP2_ERR_PROTO);
    bool used = h2->n_streams || op->yield;
    if (!used && (h2->draining || now >= h2->idle_since + IDLE_LIFE)) {
        say_goodbye(h2);
        return end(h2, FSOCK_EOF, 0, NULL);
    }
    op->alarm = (used ? now : h2->idle_since) + IDLE_LIFE;
    return FSOCK_AGAIN;
}

/* ---- Life ------------------------------------------------------------------------------------ */

struct fsk_h2 *fsk_h2_new(struct fsk_driver *driver, struct fsk_stream *stream,
                          struct fsk_h2_owner *owner)
{
    struct fsk_layer_info info;
    struct fsk_h2 *h2 = calloc(1, sizeof *h2);
    if (!h2) {
        fsk_stream_close(stream);
        return NULL;
    }
    h2->owner = owner;
    h2->stream = *stream;
    stream->top = NULL;
    fsk_stream_info(&h2->stream, &info);
    h2->tls = info.tls_version != NULL;
    h2->heard = h2->idle_since = driver->now;
    fsk_list_init(&h2->streams);
    fsk_buf_init(&h2->out, FSK_H2_OUT + OUT_ROOM);
    fsk_op_init(&h2->op, step, FSOCK_NEVER);
    if (fsk_h2_frames_new(h2) == 0 && driver->start(driver, &h2->op))
        return h2;
    fsk_h2_free(h2);
    return NULL;
}

void fsk_h2_free(struct fsk_h2 *h2)
{
    if (h2->op.running && !h2->over)
        say_goodbye(h2);
    fsk_op_stop(&h2->op);
    fsk_stream_close(&h2->stream);
    nghttp2_session_del(h2->ng);
    fsk_buf_fini(&h2->out);
    free(h2);
}

void fsk_h2_drain(struct fsk_h2 *h2)
{
    h2->draining = true;
    fsk_h2_poke(h2);
}

unsigned fsk_h2_room(const struct fsk_h2 *h2)
{
    uint32_t most =
        nghttp2_session_get_remote_settings(h2->ng, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
    if (!h2->settled)
        most = 1;
    else if (most > FSK_H2_STREAMS_MAX)
        most = FSK_H2_STREAMS_MAX;
    bool takes = !h2->draining && nghttp2_session_check_request_allowed(h2->ng);
    return takes && h2->n_streams < most ? most - h2->n_streams : 0;
}

bool fsk_h2_is_open(const struct fsk_h2 *h2)
{
    return fsk_h2_room(h2) || (!h2->draining && h2->n_streams);
}

bool fsk_h2_is_settled(const struct fsk_h2 *h2)
{
    return h2->settled;
}

bool fsk_h2_is_over(const struct fsk_h2 *h2)
{
    return h2->over;
}

bool fsk_h2_is_used_up(const struct fsk_h2 *h2)
{
    return h2->leaving && h2->answered;
}

bool fsk_h2_is_unwanted(const struct fsk_h2 *h2)
{
    return h2->unwanted;
}

unsigned fsk_h2_streams(const struct fsk_h2 *h2)
{
    return h2->n_streams;
}
