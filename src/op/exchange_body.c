#include "op/exchange_body.h"

#include <errno.h>

#include "base/time.h"

/*
 * A fast body is waited for in large pieces: each time that a client wakes up costs both sides some
 * 20 us, and a client that is faster than its server wakes up for every segment. If the bytes don't
 * come within the delay, the body is not so fast after all.
 */
#define BULK_FROM  ((uint64_t)1024 * 1024)
#define BULK_BYTES (64 * 1024)
#define BULK_DROP  (256 * 1024) /* of bytes that are dropped: there is nothing else to be done */
#define BULK_DELAY (10 * FSOCK_MILLISECOND)

#define CODINGS_TEXT ((size_t)256) /* all content codings of an answer, joined */

enum fsock_err fsk_exchange_begin_body(struct fsk_exchange *x)
{
    if (x->head.other_coding)
        return fsk_exchange_fail(x, FSOCK_ERR_PROTOCOL, 0,
                                 "the header names a transfer coding that nobody asked for");
    x->framing = fsk_h1_body(&x->head, x->plan.is_head, false);
    if (x->framing == FSK_H1_BODY_LENGTH)
        x->left = (uint64_t)x->head.content_length;
    x->bulk_from = BULK_FROM;
    fsk_chunked_init(&x->chunked, FSK_CHUNKED_TRAILERS_MAX);
    x->body_received =
        x->framing == FSK_H1_BODY_NONE || (x->framing == FSK_H1_BODY_LENGTH && !x->left);
    return FSOCK_OK;
}

/* ---- Framing: the next stretch of body bytes into x->raw ------------------------------------- */

static enum fsock_err cut_off(struct fsk_exchange *x, enum fsock_err err)
{
    if (err == FSOCK_ERR_SPENT)
        return err;
    if (x->framing == FSK_H1_BODY_STREAM)
        return fsk_exchange_fail_stream(x, err);
    if (x->framing == FSK_H1_BODY_CLOSE && err != FSOCK_EOF)
        return fsk_exchange_fail(x, FSOCK_ERR_TRUNCATED, x->stream->top->sys_errno,
                                 "%s after %llu bytes of a body that ends with the connection",
                                 fsk_stream_why(x->stream), (unsigned long long)x->received);
    if (err != FSOCK_EOF && err != FSOCK_ERR_TRUNCATED)
        return fsk_exchange_fail_stream(x, err);
    if (x->framing == FSK_H1_BODY_LENGTH)
        return fsk_exchange_fail(
            x, FSOCK_ERR_TRUNCATED, 0, "the peer closed the connection after %llu of %lld bytes",
            (unsigned long long)x->received, (long long)x->head.content_length);
    return fsk_exchange_fail(
        x, FSOCK_ERR_TRUNCATED, 0,
        "the peer closed the connection before the last chunk (%llu bytes received)",
        (unsigned long long)x->received);
}

/* The trailers are complete. */
static enum fsock_err end_of_trailers(struct fsk_exchange *x)
{
    enum fsk_h1_err why = fsk_h1_check_fields(fsk_buf_span(&x->trailers));
    if (why != FSK_H1_OK)
        return fsk_exchange_fail(x, FSOCK_ERR_PROTOCOL, 0, "the trailer %s",
                                 fsk_h1_error_text(why));
    x->body_received = true;
    return FSOCK_OK;
}

/* What came behind the body is known to the layer. */
static enum fsock_err end_of_stream(struct fsk_exchange *x)
{
    struct fsk_layer_info info;
    fsk_stream_info(x->stream, &info);
    x->header_bytes += info.trailers.n;
    if (fsk_buf_append(&x->trailers, info.trailers.p, info.trailers.n) != FSOCK_OK)
        return fsk_exchange_fail(x, FSOCK_ERR_MEMORY, ENOMEM, "out of memory");
    return end_of_trailers(x);
}

static enum fsock_err take_chunk(struct fsk_exchange *x)
{
    size_t used;
    struct fsk_span piece;
    int what = fsk_chunked_next(&x->chunked, x->in.p, x->in.n, &used, &piece);
    x->in.p += used;
    x->in.n -= used;
    switch (what) {
    case FSK_CHUNKED_MORE:
        return FSOCK_OK;
    case FSK_CHUNKED_DATA:
        x->raw = piece;
        x->received += piece.n;
        return FSOCK_OK;
    case FSK_CHUNKED_TRAILER:
        x->header_bytes += piece.n;
        return fsk_buf_append(&x->trailers, piece.p, piece.n);
    case FSK_CHUNKED_DONE:
        return end_of_trailers(x);
    default:
        break;
    }
    enum fsk_chunked_err why = (enum fsk_chunked_err)(-what);
    bool big = why == FSK_CHUNKED_LINE_TOO_LONG || why == FSK_CHUNKED_TOO_MUCH_EXT ||
               why == FSK_CHUNKED_TRAILERS_TOO_LONG;
    return fsk_exchange_fail(x, big ? FSOCK_ERR_TOO_BIG : FSOCK_ERR_PROTOCOL, 0, "the body %s",
                             fsk_chunked_error_text(why));
}

/* Body bytes that nobody wants to see, nor to look for framing in, are dropped in the kernel. */
static uint64_t droppable(const struct fsk_exchange *x)
{
    if (!x->discard || x->decode || x->http->limits.max_body)
        return 0;
    if (x->framing == FSK_H1_BODY_LENGTH)
        return x->left;
    return x->framing == FSK_H1_BODY_CLOSE || x->framing == FSK_H1_BODY_STREAM ? UINT64_MAX : 0;
}

/* How much of it to wait for. */
static int bulk_of(const struct fsk_exchange *x)
{
    return droppable(x) >= (uint64_t)2 * BULK_DROP ? BULK_DROP : BULK_BYTES;
}

/* Whether it is fast, and enough is still to come. */
static bool is_bulk(const struct fsk_exchange *x)
{
    int64_t silence = x->http->read_timeout;
    return !x->plan.shared && x->received >= x->bulk_from &&
           (silence <= 0 || silence > 10 * BULK_DELAY) &&
           (x->framing != FSK_H1_BODY_LENGTH || x->left >= 2 * (uint64_t)bulk_of(x));
}

static void wake_from(struct fsk_exchange *x, int bytes)
{
    struct fsk_layer_info info;
    if (x->wakes_from == bytes || (!x->wakes_from && bytes == 1))
        return;
    fsk_stream_info(x->stream, &info);
    fsk_sock_lowat(fsk_op_trace(&x->op), info.fd, bytes);
    x->wakes_from = bytes;
}

/* Bytes have come, or none after all: it may have been too little for the wait. */
static void end_wait(struct fsk_exchange *x, size_t came)
{
    if (x->bulk_wait && came < BULK_BYTES / 2)
        x->bulk_from = x->received + BULK_FROM;
    x->bulk_wait = false;
}

static enum fsock_err wait_for_more(struct fsk_exchange *x, fsock_time now)
{
    end_wait(x, 0);
    x->bulk_wait = is_bulk(x);
    wake_from(x, x->bulk_wait ? bulk_of(x) : 1);
    if (x->bulk_wait)
        x->op.alarm = fsk_time_min(x->op.alarm, now + BULK_DELAY);
    return FSOCK_AGAIN;
}

/* FSOCK_OK: x->raw has bytes, or body_received is set, or bytes were dropped. */
static enum fsock_err next_raw(struct fsk_exchange *x, fsock_time now)
{
    size_t dropped = 0;
    enum fsock_err err = fsk_exchange_fill(x, now, droppable(x), &dropped);
    if (err == FSOCK_EOF && x->framing == FSK_H1_BODY_STREAM)
        return end_of_stream(x);
    if (err == FSOCK_EOF && x->framing == FSK_H1_BODY_CLOSE) {
        x->body_received = true;
        return FSOCK_OK;
    }
    if (err == FSOCK_AGAIN)
        return x->op.yield || x->paused ? err : wait_for_more(x, now);
    if (err != FSOCK_OK)
        return cut_off(x, err);
    end_wait(x, x->in.n + dropped);
    x->received += dropped;
    x->made += dropped;
    if (x->framing == FSK_H1_BODY_CHUNKED)
        return take_chunk(x);
    size_t n = x->in.n;
    if (x->framing == FSK_H1_BODY_LENGTH) {
        x->left -= dropped;
        if (n > x->left)
            n = (size_t)x->left;
        x->left -= n;
        x->body_received = x->left == 0;
    }
    x->raw = fsk_span(x->in.p, n);
    x->in.p += n;
    x->in.n -= n;
    x->received += n;
    return FSOCK_OK;
}

/* ---- Decoding: x->raw into x->data ----------------------------------------------------------- */

static enum fsock_err decode_failed(struct fsk_exchange *x, enum fsk_decode_err why)
{
    enum fsock_err err = FSOCK_ERR_DECODE;
    if (why == FSK_DECODE_TOO_BIG || why == FSK_DECODE_BOMB)
        err = FSOCK_ERR_TOO_BIG;
    else if (why == FSK_DECODE_MEMORY)
        err = FSOCK_ERR_MEMORY;
    else if (why == FSK_DECODE_TRUNCATED)
        err = FSOCK_ERR_TRUNCATED;
    if (x->fault && x->fault->err == FSOCK_OK && err == FSOCK_ERR_TOO_BIG)
        x->fault->limit = why == FSK_DECODE_BOMB ? FSOCK_LIMIT_RATIO : FSOCK_LIMIT_BODY;
    return fsk_exchange_fail(x, err, 0, "%s", fsk_decode_error_text(why));
}

/* The decoder for what Content-Encoding says; none if it says nothing. */
static enum fsock_err make_decoder(struct fsk_exchange *x)
{
    struct fsk_h1_list at = {0};
    struct fsk_span coding, bad = {NULL, 0};
    char text[CODINGS_TEXT];
    size_t n = 0;
    if (x->plan.no_decode || x->head.content_codings == 0)
        return FSOCK_OK;
    while (fsk_h1_next_listed(x->head.fields, FSK_SPAN("Content-Encoding"), &at, &coding)) {
        if (coding.n > sizeof text - n - 1)
            return fsk_exchange_fail(x, FSOCK_ERR_DECODE, 0, "the Content-Encoding is too long");
        memcpy(text + n, coding.p, coding.n);
        n += coding.n;
        text[n++] = ',';
    }
    enum fsk_decode_err err = fsk_decode_new(&x->decode, fsk_span(text, n), &x->http->limits, &bad);
    if (err == FSK_DECODE_UNKNOWN)
        return fsk_exchange_fail(x, FSOCK_ERR_DECODE, 0, "the content coding \"%.*s\" is not known",
                                 (int)(bad.n < 60 ? bad.n : 60), bad.p);
    if (err != FSK_DECODE_OK)
        return decode_failed(x, err);
    x->codings_undone = x->head.content_codings;
    return FSOCK_OK;
}

/* Undo what can be undone of x->raw. */
static enum fsock_err undo(struct fsk_exchange *x)
{
    uint64_t max = x->http->limits.max_body;
    if (!x->decode) {
        x->data = x->raw;
        x->raw.n = 0;
        x->made += x->data.n;
        if (max && x->made > max)
            return decode_failed(x, FSK_DECODE_TOO_BIG);
        return FSOCK_OK;
    }
    size_t made;
    enum fsk_decode_err err =
        fsk_decode_push(x->decode, &x->raw, x->http->out, FSK_SCRATCH_SIZE, &made);
    x->data = fsk_span(x->http->out, made);
    x->made += made;
    x->moved += made; /* a bomb keeps others waiting, too */
    x->decoder_full = err == FSK_DECODE_FULL;
    if (err != FSK_DECODE_OK && err != FSK_DECODE_FULL)
        return decode_failed(x, err);
    return FSOCK_OK;
}

/* Others get their turn in the middle of what was received: take it out of the scratch buffer. */
static enum fsock_err keep_received(struct fsk_exchange *x)
{
    const char *scratch = (const char *)x->op.driver->scratch;
    const char *from = x->raw.n ? x->raw.p : x->in.p; /* raw, if there is any, is in front of in */
    const char *end = x->in.n ? x->in.p + x->in.n : x->raw.p + x->raw.n;
    if (!x->raw.n && !x->in.n)
        return FSOCK_OK;
    if (from < scratch || from >= scratch + x->op.driver->scratch_size)
        return FSOCK_OK;
    fsk_buf_clear(&x->kept);
    enum fsock_err err = fsk_buf_append(&x->kept, from, (size_t)(end - from));
    if (err != FSOCK_OK)
        return fsk_exchange_fail(x, err, ENOMEM, "out of memory");
    x->raw.p = x->raw.n ? x->kept.mem : NULL;
    x->in.p = x->in.n ? x->kept.mem + (x->in.p - from) : NULL;
    return FSOCK_OK;
}

static enum fsock_err body_over(struct fsk_exchange *x)
{
    wake_from(x, 1); /* the next answer may be a small one */
    enum fsk_decode_err err = x->decode ? fsk_decode_finish(x->decode) : FSK_DECODE_OK;
    return err == FSK_DECODE_OK ? FSOCK_OK : decode_failed(x, err);
}

enum fsock_err fsk_exchange_body(struct fsk_exchange *x, fsock_time now)
{
    enum fsock_err err = FSOCK_OK;
    if (!x->decode && x->received == 0 && !x->body_received)
        err = make_decoder(x);
    while (err == FSOCK_OK) {
        if (x->raw.n || x->decoder_full) {
            if (x->decode && fsk_exchange_turn_over(x)) {
                x->last_moved = now; /* the peer isn't silent, there is much to unpack */
                err = keep_received(x);
                return err == FSOCK_OK ? FSOCK_AGAIN : err;
            }
            err = undo(x);
            if (err == FSOCK_OK && x->data.n && !x->discard) {
                x->event = FSK_EXCHANGE_DATA;
                return FSOCK_AGAIN;
            }
        } else if (x->body_received) {
            return body_over(x);
        } else {
            err = next_raw(x, now);
        }
    }
    return err;
}
