#include "op/h2_inside.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/digits.h"
#include "base/time.h"

/* All streams' bytes together are held back by no window: each stream has its own. */
#define CONNECTION_WINDOW (16 * 1024 * 1024)

#define ACKS_MAX 100 /* answers to PING and SETTINGS that wait to be sent: else the peer floods */

struct fsk_h2_stream *fsk_h2_find(const struct fsk_h2 *h2, int32_t id)
{
    struct fsk_h2_stream *s = nghttp2_session_get_stream_user_data(h2->ng, id);
    if (s)
        return s;
    FSK_LIST_EACH (link, &h2->streams) { /* libnghttp2 has not opened it, or has closed it */
        s = FSK_HOLDER(link, struct fsk_h2_stream, link);
        if (s->id == id)
            return s;
    }
    return NULL;
}

/* ---- Headers: turned into text --------------------------------------------------------------- */

static void memory_is_out(struct fsk_h2_stream *s)
{
    fsk_h2_stream_fail(s, FSOCK_ERR_MEMORY, "out of memory");
}

/* Part of a header, or of the trailers. */
static bool put_text(struct fsk_h2_stream *s, const struct fsk_span *part, size_t parts)
{
    struct fsk_buf *to = s->final ? &s->trailers : &s->in;
    size_t n = 0;
    for (size_t i = 0; i < parts; i++)
        n += part[i].n;
    if (n > s->text_max) {
        fsk_h2_stream_fail(s, FSOCK_ERR_TOO_BIG, "the header has more than %d bytes",
                           FSK_H1_HEAD_MAX);
        return false;
    }
    for (size_t i = 0; i < parts; i++)
        if (fsk_buf_append(to, part[i].p, part[i].n) != FSOCK_OK) {
            memory_is_out(s);
            return false;
        }
    s->text_max -= n;
    if (!s->final)
        s->in_text += n;
    return true;
}

/* libnghttp2 has checked the names, the order, and that no byte ends a line. */
static int on_header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_n, const uint8_t *value, size_t value_n, uint8_t flags, void *user)
{
    struct fsk_h2_stream *s = nghttp2_session_get_stream_user_data(ng, frame->hd.stream_id);
    struct fsk_span n = fsk_span((const char *)name, name_n),
                    v = fsk_span((const char *)value, value_n);
    uint64_t length;
    (void)flags, (void)user;
    if (!s)
        return 0;
    if (s->err)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    bool status = fsk_span_eq(n, FSK_SPAN(":status"));
    if (status)
        s->interim = v.n && v.p[0] == '1';
    else if (fsk_span_eq(n, FSK_SPAN("content-length")) && !s->final &&
             fsk_decimal_parse(v, INT64_MAX, &length))
        s->length = (int64_t)length;
    const struct fsk_span line[] = {status ? FSK_SPAN("HTTP/2") : n,
                                    status ? FSK_SPAN(" ") : FSK_SPAN(": "), v, FSK_SPAN("\r\n")};
    return put_text(s, line, sizeof line / sizeof *line) ? 0
                                                         : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static void end_header(struct fsk_h2_stream *s, const nghttp2_frame *frame)
{
    const struct fsk_span end = FSK_SPAN("\r\n");
    if (!s->final && !s->err && put_text(s, &end, 1))
        s->final = !s->interim;
    s->h2->answered |= s->final;
    s->ended |= frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
    fsk_op_wake(s->op);
}

/* ---- Bodies ---------------------------------------------------------------------------------- */

static int on_data(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *data, size_t n,
                   void *user)
{
    struct fsk_h2_stream *s = nghttp2_session_get_stream_user_data(ng, id);
    struct fsk_h2 *h2 = user;
    (void)flags;
    if (nghttp2_session_consume_connection(ng, n) != 0)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    if (!s || s->err)
        return 0;
    fsk_h2_earn(h2);
    s->received += n;
    if (fsk_buf_append(&s->in, data, n) != FSOCK_OK)
        memory_is_out(s);
    else
        fsk_op_wake(s->op);
    return 0;
}

/* ---- Frames ---------------------------------------------------------------------------------- */

static void note_goaway(struct fsk_h2 *h2, const nghttp2_goaway *frame)
{
    h2->draining = h2->leaving = true;
    h2->unwanted |= frame->error_code == NGHTTP2_HTTP_1_1_REQUIRED;
    snprintf(h2->why, sizeof h2->why, "the peer ends the connection (GOAWAY: %s)",
             nghttp2_http2_strerror(frame->error_code));
}

static void note_reset(struct fsk_h2 *h2, struct fsk_h2_stream *s, uint32_t code)
{
    bool unwanted = code == NGHTTP2_HTTP_1_1_REQUIRED;
    h2->unwanted |= unwanted;
    if (unwanted)
        fsk_h2_shut_out(h2);
    if (!s || s->ended)
        return;
    s->reset = true;
    s->untaken = unwanted || code == NGHTTP2_REFUSED_STREAM;
    fsk_h2_stream_fail(s, FSOCK_ERR_RESET, "the peer reset the stream (%s)",
                       nghttp2_http2_strerror(code));
}

static int on_frame(nghttp2_session *ng, const nghttp2_frame *frame, void *user)
{
    struct fsk_h2 *h2 = user;
    struct fsk_h2_stream *s =
        frame->hd.stream_id ? nghttp2_session_get_stream_user_data(ng, frame->hd.stream_id) : NULL;
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
        if (s) {
            fsk_h2_earn(h2); /* each is paid for by the ceiling of its header */
            end_header(s, frame);
        }
        break;
    case NGHTTP2_DATA:
        if (s && frame->hd.flags & NGHTTP2_FLAG_END_STREAM) {
            s->ended = true;
            fsk_op_wake(s->op);
        }
        break;
    case NGHTTP2_RST_STREAM:
        note_reset(h2, s, frame->rst_stream.error_code);
        break;
    case NGHTTP2_GOAWAY:
        note_goaway(h2, &frame->goaway);
        h2->owner->changed(h2->owner);
        break;
    case NGHTTP2_SETTINGS:
        h2->settled = true;
        h2->owner->changed(h2->owner); /* there may be room for more */
        break;
    }
    return 0;
}

/* Each frame has to be paid for by something of use, now and then. */
static int on_begin(nghttp2_session *ng, const nghttp2_frame_hd *hd, void *user)
{
    struct fsk_h2 *h2 = user;
    struct fsk_h2_stream *s =
        hd->type == NGHTTP2_DATA ? nghttp2_session_get_stream_user_data(ng, hd->stream_id) : NULL;
    if (s)
        s->announced += hd->length;
    h2->idle_frames++;
    return fsk_h2_is_flooded(h2) ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static int on_sent(nghttp2_session *ng, const nghttp2_frame *frame, void *user)
{
    struct fsk_h2 *h2 = user;
    (void)ng;
    h2->broken |= frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code;
    return 0;
}

/* Why a stream has been closed of which neither side has reset it: libnghttp2 did, by its rules. */
static void blame(struct fsk_h2 *h2, struct fsk_h2_stream *s, uint32_t code)
{
    if (code == NGHTTP2_REFUSED_STREAM) {
        s->untaken = true;
        fsk_h2_stream_fail(s, FSOCK_ERR_CLOSED, "%s before it took the request",
                           h2->why[0] ? h2->why : "the peer ends the connection");
    } else if (s->length >= 0 && s->announced > (uint64_t)s->length && s->final) {
        fsk_h2_stream_fail(s, FSOCK_ERR_PROTOCOL,
                           "the peer sends more than its Content-Length of %lld bytes",
                           (long long)s->length);
    } else if (s->length >= 0 && s->received < (uint64_t)s->length && s->final) {
        fsk_h2_stream_fail(s, FSOCK_ERR_TRUNCATED,
                           "the peer ended the stream after %llu of %lld bytes",
                           (unsigned long long)s->received, (long long)s->length);
    } else {
        fsk_h2_stream_fail(s, FSOCK_ERR_PROTOCOL, "the peer broke HTTP/2 (%s%s%s)",
                           nghttp2_http2_strerror(code), h2->why[0] ? ": " : "", h2->why);
    }
}

static int on_close(nghttp2_session *ng, int32_t id, uint32_t code, void *user)
{
    struct fsk_h2_stream *s = nghttp2_session_get_stream_user_data(ng, id);
    if (!s)
        return 0;
    s->closed = true;
    if (!s->ended && !s->err)
        blame(user, s, code);
    fsk_op_wake(s->op);
    return 0;
}

/* A request that could not even be sent: there was no room, or the session is ending. */
static int on_not_sent(nghttp2_session *ng, const nghttp2_frame *frame, int error, void *user)
{
    struct fsk_h2 *h2 = user;
    (void)ng;
    if (frame->hd.type != NGHTTP2_HEADERS)
        return 0;
    struct fsk_h2_stream *s = fsk_h2_find(h2, frame->hd.stream_id);
    if (!s)
        return 0;
    s->closed = true;
    s->untaken = error == NGHTTP2_ERR_START_STREAM_NOT_ALLOWED;
    fsk_h2_stream_fail(s, s->untaken ? FSOCK_ERR_CLOSED : FSOCK_ERR_INPUT, "%s",
                       s->untaken && h2->why[0] ? h2->why : nghttp2_strerror(error));
    return 0;
}

/* What libnghttp2 finds wrong with the peer, for people. */
static int on_complaint(nghttp2_session *ng, int error, const char *text, size_t n, void *user)
{
    struct fsk_h2 *h2 = user;
    (void)ng, (void)error;
    snprintf(h2->why, sizeof h2->why, "%.*s", (int)(n < sizeof h2->why ? n : sizeof h2->why), text);
    return 0;
}

/* ---- The session ----------------------------------------------------------------------------- */

static int new_session(struct fsk_h2 *h2, const nghttp2_session_callbacks *calls)
{
    nghttp2_option *option;
    int err = nghttp2_option_new(&option);
    if (err)
        return err;
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_no_closed_streams(option, 1);
    nghttp2_option_set_max_outbound_ack(option, ACKS_MAX);
    nghttp2_option_set_max_send_header_block_length(option, SIZE_MAX);
    /* Blanks around a value break RFC 9113 8.2.1, and many servers send them: they are cut off. */
    nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(option, 1);
    err = nghttp2_session_client_new2(&h2->ng, calls, h2, option);
    nghttp2_option_del(option);
    return err;
}

int fsk_h2_frames_new(struct fsk_h2 *h2)
{
    static const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_ENABLE_PUSH,          0              },
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE,  FSK_H2_WINDOW  },
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, FSK_H1_HEAD_MAX},
    };
    nghttp2_session_callbacks *calls;
    int err = nghttp2_session_callbacks_new(&calls);
    if (err)
        return err;
    nghttp2_session_callbacks_set_on_header_callback(calls, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(calls, on_frame);
    nghttp2_session_callbacks_set_on_begin_frame_callback(calls, on_begin);
    nghttp2_session_callbacks_set_on_frame_send_callback(calls, on_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(calls, on_close);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(calls, on_not_sent);
    nghttp2_session_callbacks_set_error_callback2(calls, on_complaint);
    err = new_session(h2, calls);
    nghttp2_session_callbacks_del(calls);
    if (!err)
        err = nghttp2_submit_settings(h2->ng, NGHTTP2_FLAG_NONE, settings,
                                      sizeof settings / sizeof *settings);
    if (!err)
        err =
            nghttp2_session_set_local_window_size(h2->ng, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW);
    return err;
}
