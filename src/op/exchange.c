#include "op/exchange.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/fault.h"
#include "base/time.h"
#include "base/trace.h"
#include "op/exchange_body.h"
#include "op/request.h"

#define TURN_BYTES  ((size_t)256 * 1024)    /* moved in a row before others get their turn */
#define TURN_TIME   (2 * FSOCK_MILLISECOND) /* likewise: a byte may cost TLS or a decoder much */
#define INTERIM_MAX 100                     /* 1xx answers before the final one */

/* ---- Faults ---------------------------------------------------------------------------------- */

static enum fsock_stage stage_of(const struct fsk_exchange *x)
{
    if (x->state != FSK_EXCHANGE_AT_HEAD)
        return FSOCK_STAGE_BODY;
    if (x->plan.no_wait)
        return FSOCK_STAGE_SEND;
    bool all_sent = x->sent == x->plan.head.n + x->plan.body.n;
    return all_sent || x->first_at ? FSOCK_STAGE_HEAD : FSOCK_STAGE_SEND;
}

enum fsock_err fsk_exchange_fail(struct fsk_exchange *x, enum fsock_err err, int sys_errno,
                                 const char *format, ...)
{
    char text[400];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    enum fsock_stage stage = stage_of(x);
    return fsk_fault_set(x->fault, err, stage, sys_errno, "%s %s: %s", fsock_stage_name(stage),
                         x->plan.peer, text);
}

enum fsock_err fsk_exchange_fail_stream(struct fsk_exchange *x, enum fsock_err err)
{
    return fsk_exchange_fail(x, err, x->stream->top->sys_errno, "%s", fsk_stream_why(x->stream));
}

/* A limit has struck: the whole budget, or the silence. */
static enum fsock_err timed_out(struct fsk_exchange *x, fsock_time now)
{
    char how[80], since[32];
    enum fsock_stage stage = stage_of(x);
    fsk_time_text(since, sizeof since, now - x->last_moved);
    if (x->plan.no_wait && x->send_over)
        snprintf(how, sizeof how, "the request sent, but its receipt not acknowledged");
    else if (stage == FSOCK_STAGE_SEND)
        snprintf(how, sizeof how, "only %llu bytes of the request taken",
                 (unsigned long long)x->sent);
    else if (stage == FSOCK_STAGE_HEAD)
        snprintf(how, sizeof how, "no complete header (%zu bytes of it received)",
                 fsk_buf_len(&x->head_bytes));
    else
        snprintf(how, sizeof how, "the body not complete (%llu bytes received)",
                 (unsigned long long)x->received);
    if (x->fault && x->fault->err == FSOCK_OK)
        x->fault->limit = x->op.expired ? FSOCK_LIMIT_TOTAL : FSOCK_LIMIT_READ;
    return fsk_exchange_fail(x, FSOCK_ERR_TIMEOUT, ETIMEDOUT, "%s, %s, silent for %s",
                             x->op.expired ? "time is up" : "the peer is silent", how, since);
}

/* ---- Turns ----------------------------------------------------------------------------------- */

/* Whether bytes may move now, and how many at most. If not, their turn will wake us. */
static bool may_move(struct fsk_exchange *x, struct fsk_exchange_pace *pace, size_t *most,
                     fsock_time now)
{
    bool may = fsk_flow_may(&pace->place, most, now) && fsk_flow_may(&pace->run, most, now);
    x->paused |= !may;
    return may;
}

/* So many have: 0 lets others have the turn. */
static void have_moved(struct fsk_exchange_pace *pace, size_t n, fsock_time now)
{
    fsk_flow_take(&pace->place, n, now);
    fsk_flow_take(&pace->run, n, now);
}

static void join(struct fsk_exchange *x, struct fsk_exchange_pace *pace, struct fsk_flow *place,
                 struct fsk_flow *run)
{
    fsk_flow_join(&pace->place, place, &x->op);
    fsk_flow_join(&pace->run, run, &x->op);
}

static void leave(struct fsk_exchange_pace *pace)
{
    fsk_flow_leave(&pace->place);
    fsk_flow_leave(&pace->run);
}

void fsk_exchange_pace(struct fsk_exchange *x, struct fsk_flow *place, struct fsk_flow *run)
{
    join(x, &x->sending, place, run);
    join(x, &x->receiving, place, run);
}

void fsk_exchange_still(struct fsk_exchange *x)
{
    leave(&x->sending);
    leave(&x->receiving);
}

/* ---- Sending --------------------------------------------------------------------------------- */

/* Nothing more is sent: a turn to do so is for others. */
static void send_no_more(struct fsk_exchange *x)
{
    x->send_over = true;
    leave(&x->sending);
}

static void all_sent(struct fsk_exchange *x)
{
    send_no_more(x);
    fsk_mark(fsk_op_trace(&x->op), FSOCK_MARK_SENT, x->op.id, fsk_stream_fd(x->stream), 0, x->sent,
             FSK_NO_FIELD);
}

/* Whether the turn has lasted too long. Most have one portion only, and need not know the time. */
static bool took_long(struct fsk_exchange *x)
{
    if (++x->portions == 1)
        return false;
    fsock_time now = fsock_now();
    if (x->portions == 2)
        x->turn_ends = now + TURN_TIME;
    return now >= x->turn_ends;
}

bool fsk_exchange_turn_over(struct fsk_exchange *x)
{
    if (x->moved < TURN_BYTES && !took_long(x))
        return false;
    x->moved = 0;
    x->op.yield = true;
    return true;
}

/* Its time has just been read. */
static void mark_first_byte(const struct fsk_exchange *x, size_t n)
{
    const struct fsock_mark mark = {.kind = FSOCK_MARK_FIRST_BYTE,
                                    .id = x->op.id,
                                    .fd = fsk_stream_fd(x->stream),
                                    .at = x->first_at,
                                    .size = n};
    fsk_trace_add(fsk_op_trace(&x->op), &mark, NULL, 0);
}

/* FSOCK_OK when there is nothing left to send, FSOCK_AGAIN, or the error. */
static enum fsock_err send_more(struct fsk_exchange *x, fsock_time now)
{
    while (!x->send_over) {
        uint64_t at = x->sent;
        struct fsk_span rest = x->plan.head;
        if (at >= x->plan.head.n) {
            at -= x->plan.head.n;
            rest = x->plan.body;
        }
        if (at == rest.n) {
            all_sent(x);
            break;
        }
        if (fsk_exchange_turn_over(x))
            return FSOCK_AGAIN;
        bool is_body = x->sent >= x->plan.head.n;
        size_t n = 0, len = rest.n - (size_t)at, most = TURN_BYTES;
        if (is_body && !may_move(x, &x->sending, &most, now))
            return FSOCK_AGAIN;
        enum fsock_err err =
            fsk_stream_send(x->stream, rest.p + at, len < most ? len : most, &n, &x->op.wait);
        have_moved(&x->sending, err == FSOCK_OK ? n : 0, now);
        if (err != FSOCK_OK)
            return err;
        x->sent += n;
        x->moved += n;
        x->last_moved = now;
    }
    return FSOCK_OK;
}

/* ---- Receiving ------------------------------------------------------------------------------- */

enum fsock_err fsk_exchange_fill(struct fsk_exchange *x, fsock_time now, uint64_t discard,
                                 size_t *dropped)
{
    struct fsk_driver *driver = x->op.driver;
    struct fsock_allowance *allowance = x->http->allowance;
    size_t n = 0, cap = driver->scratch_size;
    int flags = discard > cap ? FSK_IO_DISCARD : 0;
    if (flags) /* that takes no room */
        cap = discard < TURN_BYTES ? (size_t)discard : TURN_BYTES;
    cap = fsk_allowance_room(allowance, cap);
    if (x->in.n)
        return FSOCK_OK;
    if (x->ended)
        return FSOCK_EOF;
    if (!cap)
        return fsk_allowance_blame(allowance, FSOCK_LIMIT_BYTES, stage_of(x), x->plan.peer, "",
                                   x->fault);
    if (fsk_exchange_turn_over(x))
        return FSOCK_AGAIN;
    if (!may_move(x, &x->receiving, &cap, now))
        return FSOCK_AGAIN;
    enum fsock_err err = fsk_stream_recv(x->stream, driver->scratch, cap, &n, flags, &x->op.wait);
    have_moved(&x->receiving, err == FSOCK_OK ? n : 0, now);
    if (err == FSOCK_EOF)
        x->ended = true;
    if (err != FSOCK_OK)
        return err;
    if (!x->first_at) {
        x->first_at = fsock_now();
        if (fsk_op_trace(&x->op))
            mark_first_byte(x, n);
    }
    x->last_moved = now;
    x->moved += n;
    fsk_allowance_take(allowance, n);
    if (flags)
        *dropped = n;
    else
        x->in = fsk_span((char *)driver->scratch, n);
    return FSOCK_OK;
}

/* ---- The header ------------------------------------------------------------------------------ */

static enum fsock_err bad_head(struct fsk_exchange *x, enum fsk_h1_err why)
{
    bool big =
        why == FSK_H1_LINE_TOO_LONG || why == FSK_H1_HEAD_TOO_LONG || why == FSK_H1_TOO_MANY_FIELDS;
    return fsk_exchange_fail(x, big ? FSOCK_ERR_TOO_BIG : FSOCK_ERR_PROTOCOL, 0, "the header %s",
                             fsk_h1_error_text(why));
}

/* Let the facts point into head_bytes, which holds the whole header now, instead of `from`. */
static void rebase(struct fsk_exchange *x, const char *from)
{
    const char *to = x->head_bytes.mem + x->head_bytes.start;
    if (x->head.reason.n)
        x->head.reason.p = to + (x->head.reason.p - from);
    if (x->head.fields.n)
        x->head.fields.p = to + (x->head.fields.p - from);
}

/* Look at what has been received: FSOCK_OK if one header (a 1xx one, perhaps) is complete. */
static enum fsock_err parse_head(struct fsk_exchange *x)
{
    size_t before = fsk_buf_len(&x->head_bytes);
    const char *from = x->in.p;
    size_t n = x->in.n;
    if (before) {
        size_t room = FSK_H1_HEAD_MAX + 1 - before; /* the parser refuses before it is used up */
        enum fsock_err err = fsk_buf_append(&x->head_bytes, x->in.p, n < room ? n : room);
        if (err != FSOCK_OK)
            return fsk_exchange_fail(x, err, ENOMEM, "out of memory");
        from = x->head_bytes.mem + x->head_bytes.start;
        n = fsk_buf_len(&x->head_bytes);
    }
    int used = fsk_h1_parse(from, n, x->head_seen, &x->head);
    if (used < 0)
        return bad_head(x, (enum fsk_h1_err)(-used));
    size_t keep = used ? (size_t)used : n;
    if (before)
        x->head_bytes.end -= n - keep;
    else if (fsk_buf_append(&x->head_bytes, from, keep) != FSOCK_OK)
        return fsk_exchange_fail(x, FSOCK_ERR_MEMORY, ENOMEM, "out of memory");
    x->in.p += keep - before;
    x->in.n -= keep - before;
    x->head_seen = keep;
    if (!used)
        return FSOCK_AGAIN;
    rebase(x, from);
    x->header_bytes += keep;
    return FSOCK_OK;
}

static enum fsock_err ended_early(struct fsk_exchange *x, enum fsock_err err)
{
    if (err == FSOCK_ERR_SPENT)
        return err;
    if (err != FSOCK_EOF)
        return fsk_exchange_fail_stream(x, err);
    if (!x->first_at && x->stream->send_dead)
        return fsk_exchange_fail_stream(x, x->stream->send_dead);
    if (!x->first_at)
        return fsk_exchange_fail(x, FSOCK_ERR_CLOSED, 0,
                                 "the peer closed the connection without an answer");
    return fsk_exchange_fail(x, FSOCK_ERR_CLOSED, 0,
                             "the peer closed the connection in the header (%zu bytes received)",
                             fsk_buf_len(&x->head_bytes));
}

/* Up to the end of the final header. */
static void mark_head(struct fsk_exchange *x)
{
    fsock_trace *trace = fsk_op_trace(&x->op);
    struct fsk_buf head = {.ceiling = FSK_H1_HEAD_MAX + 2};
    if (fsk_trace_wants_headers(trace)) /* without memory, without the header */
        (void)fsk_request_show(&head, fsk_buf_span(&x->head_bytes), fsk_trace_masks(trace));
    fsk_mark(trace, FSOCK_MARK_HEAD, x->op.id, fsk_stream_fd(x->stream), 0,
             fsk_buf_len(&x->head_bytes), fsk_number("status", x->head.status),
             fsk_text("version", x->head.major == 2 ? "2" : NULL), fsk_text("head", head.mem));
    fsk_buf_fini(&head);
}

static enum fsock_err read_head(struct fsk_exchange *x, fsock_time now)
{
    for (;;) {
        enum fsock_err err = fsk_exchange_fill(x, now, 0, NULL);
        if (err == FSOCK_AGAIN)
            return err;
        if (err != FSOCK_OK)
            return ended_early(x, err);
        err = parse_head(x);
        if (err == FSOCK_AGAIN)
            continue;
        if (err != FSOCK_OK)
            return err;
        if ((x->head.major == 2) != x->plan.shared)
            return bad_head(x, FSK_H1_BAD_VERSION);
        if (x->head.status >= 200)
            break;
        if (x->head.status == 101)
            return fsk_exchange_fail(x, FSOCK_ERR_PROTOCOL, 0,
                                     "the peer switches to a protocol that nobody asked for (101)");
        if (++x->interim > INTERIM_MAX)
            return fsk_exchange_fail(x, FSOCK_ERR_TOO_BIG, 0, "more than %d interim answers (1xx)",
                                     INTERIM_MAX);
        fsk_buf_clear(&x->head_bytes);
        x->head_seen = 0;
    }
    if (fsk_op_trace(&x->op))
        mark_head(x);
    return fsk_exchange_begin_body(x);
}

/* ---- The op ---------------------------------------------------------------------------------- */

static enum fsock_err show(struct fsk_exchange *x, enum fsk_exchange_event event)
{
    x->event = event;
    x->op.first = true; /* received bytes in the scratch buffer must survive until the next step */
    return FSOCK_AGAIN;
}

/* Nothing had come when the request began to go out, and it went out whole: to ask at once for an
 * answer would be in vain. */
static bool answer_takes_time(struct fsk_exchange *x)
{
    bool quiet = x->plan.quiet.wants && x->send_over;
    if (quiet)
        x->op.wait = x->plan.quiet;
    x->plan.quiet.wants = 0;
    return quiet;
}

/* Read up to the end of the header, and send meanwhile: an answer may come before all is sent. */
static enum fsock_err up_to_head(struct fsk_exchange *x, fsock_time now)
{
    enum fsock_err err = send_more(x, now);
    if (x->op.yield || answer_takes_time(x))
        return FSOCK_AGAIN;
    if (x->plan.no_wait)
        return err == FSOCK_OK || err == FSOCK_AGAIN ? fsk_exchange_leave(x, now)
                                                     : fsk_exchange_fail_stream(x, err);
    if (err != FSOCK_OK && err != FSOCK_AGAIN)
        send_no_more(x); /* the peer's answer, if there is one, says why */
    err = read_head(x, now);
    if (err != FSOCK_OK)
        return err;
    send_no_more(x);
    x->state = FSK_EXCHANGE_AT_BODY;
    return show(x, FSK_EXCHANGE_HEAD);
}

static enum fsock_err up_to_end(struct fsk_exchange *x, fsock_time now)
{
    enum fsock_err err = fsk_exchange_body(x, now);
    if (err == FSOCK_AGAIN && x->event)
        return show(x, x->event);
    if (err != FSOCK_OK)
        return err;
    x->state = FSK_EXCHANGE_AT_END;
    x->reusable = fsk_h1_persists(&x->head) && x->framing != FSK_H1_BODY_CLOSE && !x->in.n &&
                  (!x->ended || x->plan.shared) && x->sent == x->plan.head.n + x->plan.body.n;
    fsk_mark(fsk_op_trace(&x->op), FSOCK_MARK_BODY, x->op.id, fsk_stream_fd(x->stream), 0,
             x->received, FSK_NO_FIELD);
    return FSOCK_OK;
}

static enum fsock_err step(struct fsk_op *op, fsock_time now)
{
    struct fsk_exchange *x = FSK_HOLDER(op, struct fsk_exchange, op);
    int64_t silence = x->http->read_timeout;
    if (!x->last_moved || x->paused)
        x->last_moved = now;
    x->paused = false;
    x->event = FSK_EXCHANGE_NONE;
    x->portions = 0;
    /* (Sending may find room that the kernel doesn't call writable: the peer took nothing.) */
    if (op->expired || (fsk_op_root(op)->by_clock && now >= fsk_time_limit(x->last_moved, silence)))
        return timed_out(x, now);
    enum fsock_err err = x->state == FSK_EXCHANGE_AT_HEAD ? up_to_head(x, now) : up_to_end(x, now);
    if (err != FSOCK_AGAIN || x->event || x->paused)
        return err;
    fsock_time silent_at = fsk_time_limit(x->last_moved, silence);
    if (now >= silent_at)
        return timed_out(x, now);
    op->alarm = fsk_time_min(op->alarm, silent_at);
    return FSOCK_AGAIN;
}

void fsk_exchange_init(struct fsk_exchange *x, struct fsk_http *http, struct fsk_stream *stream,
                       const struct fsk_exchange_plan *plan, fsock_time deadline,
                       struct fsock_fault *fault)
{
    *x = (struct fsk_exchange){.http = http, .stream = stream, .plan = *plan, .fault = fault};
    fsk_op_init(&x->op, step, deadline);
    fsk_buf_init(&x->head_bytes, FSK_H1_HEAD_MAX + 1);
    fsk_buf_init(&x->trailers, FSK_H1_HEAD_MAX + 1);
    fsk_buf_init(&x->kept, FSK_SCRATCH_SIZE);
}

void fsk_exchange_fini(struct fsk_exchange *x)
{
    fsk_exchange_still(x);
    fsk_buf_fini(&x->head_bytes);
    fsk_buf_fini(&x->trailers);
    fsk_buf_fini(&x->kept);
    fsk_decode_free(x->decode);
    x->decode = NULL;
}
