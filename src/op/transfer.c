#include "op/transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/digits.h"
#include "base/explain.h"
#include "base/fault.h"
#include "base/time.h"
#include "base/trace.h"
#include "op/pool_learn.h"
#include "op/request.h"
#include "op/transfer_chain.h"
#include "op/transfer_conn.h"
#include "op/transfer_login.h"
#include "op/transfer_refuse.h"
#include "op/transfer_request.h"
#include "op/transfer_response.h"
#include "op/transfer_retry.h"
#include "wire/range.h"

#define PASS_OVER_MAX                                                                              \
    ((uint64_t)64 * 1024) /* of a redirect's body; a longer one costs the connection */

#define REPEATS_MAX 5 /* of a request that the peer did not take (RFC 9113 8.7), or that died */

/* ---- Ending ---------------------------------------------------------------------------------- */

static void drop_dial(struct fsk_transfer *t)
{
    if (t->dialling)
        fsk_dial_fini(&t->dial);
    t->dialling = false;
}

static void drop_exchange(struct fsk_transfer *t)
{
    if (t->exchanging)
        fsk_exchange_fini(&t->exchange);
    t->exchanging = t->showing = t->head_due = false;
    t->then = FSK_THEN_SHOW;
    struct fsk_span head = fsk_buf_span(&t->again.head); /* the other one lived in there */
    t->response.head = head.p;
    t->response.head_len = head.n;
}

/* Part with the connection: keep it for the next one, or close it. */
static void drop_conn(struct fsk_transfer *t, bool keep)
{
    if (!t->conn)
        return;
    if (t->exchanging)
        fsk_exchange_still(&t->exchange); /* its place may be forgotten with the lease */
    if (keep && !(t->request->flags & (FSOCK_NO_REUSE | FSOCK_NO_WAIT | FSOCK_HTTP10))) {
        fsk_trace_owner(t->http->driver->trace, fsk_stream_fd(&t->conn->stream), 0);
        fsk_conn_keep(t->conn);
    } else {
        fsk_conn_close(t->conn);
    }
    t->conn = NULL;
}

/* From now on it counts as running again. */
static void leave_rest(struct fsk_transfer *t)
{
    if (t->again.aside)
        t->http->resting--;
    t->again.aside = t->again.returning = false;
}

static enum fsock_err end(struct fsk_transfer *t, enum fsock_err err)
{
    fsock_time now = fsock_now();
    t->state = FSK_TRANSFER_AT_END;
    t->event = FSK_TRANSFER_NONE;
    t->http->shown = t;
    if (t->exchanging)
        fsk_transfer_note_end(t);
    if (t->conn && t->http->tcp_info)
        fsk_transfer_note_tcp(t, now);
    drop_dial(t);
    drop_conn(t, t->exchanging && (err == FSOCK_OK || err == FSOCK_ERR_STATUS) &&
                     t->exchange.reusable);
    fsk_pool_release(&t->lease);
    leave_rest(t);
    t->response.times.total = now - t->started;
    if (err != FSOCK_OK && t->fault.err == FSOCK_OK)
        fsk_fault_set(&t->fault, err, FSOCK_STAGE_NONE, 0, "%s: %s", t->aim.peer,
                      err == FSOCK_ERR_MEMORY ? "out of memory" : fsock_err_name(err));
    t->fault.took = t->response.times.total;
    fsk_fault_advise(&t->fault);
    fsk_mark_done(t->http->driver->trace, t->op.id, &t->fault);
    return err;
}

/* ---- From one exchange to the next ----------------------------------------------------------- */

/* Give up connection and lease until again.until. */
static enum fsock_err rest(struct fsk_transfer *t, bool keep)
{
    int64_t pause = t->again.until - t->http->driver->now;
    fsk_mark(fsk_op_trace(&t->op), FSOCK_MARK_RETRY, t->op.id, -1, t->fault.sys_errno, 0,
             fsk_text("why", t->again.why), fsk_number("delay_us", pause > 0 ? pause / 1000 : 0));
    if (t->exchanging)
        fsk_transfer_note_end(t);
    if (t->showing)
        t->again.received = t->response.size_download;
    drop_dial(t);
    drop_conn(t, keep);
    drop_exchange(t);
    fsk_pool_release(&t->lease);
    fsk_op_clear(&t->op);
    t->fault = (struct fsock_fault){.err = FSOCK_OK};
    t->fresh = false;
    t->again.aside = t->http->resting < t->http->rest_max;
    t->http->resting += t->again.aside;
    t->response.retries++;
    t->state = FSK_TRANSFER_AT_REST;
    return FSOCK_OK;
}

static enum fsock_err failed(struct fsk_transfer *t, enum fsock_err err, fsock_time now);

static enum fsock_err begin_exchange(struct fsk_transfer *t)
{
    if (!fsk_transfer_may_ask(t))
        return end(t, t->fault.err);
    enum fsock_err err = fsk_transfer_write_request(t);
    if (err != FSOCK_OK)
        return end(t, err);
    const struct fsk_exchange_plan plan = {
        .head = fsk_buf_span(&t->head),
        .body = t->with_body ? fsk_span(t->request->body, (size_t)t->request->body_len)
                             : fsk_span(NULL, 0),
        .is_head = strcmp(t->method, "HEAD") == 0,
        .no_decode = t->request->flags & FSOCK_NO_DECODE || t->request->range ||
                     t->request->resume_from || t->again.from,
        .no_wait = t->request->flags & FSOCK_NO_WAIT,
        .shared = t->conn->of,
        .peer = t->aim.peer,
        .quiet = t->reused ? t->conn->quiet : (struct fsk_wait){.wants = 0},
    };
    fsk_transfer_note_stream(t);
    t->response.proxy_used = t->aim.target.proxy.kind != FSK_PROXY_NONE;
    t->response.times.pretransfer = fsock_now() - t->started;
    fsk_exchange_init(&t->exchange, t->http, &t->conn->stream, &plan, FSOCK_NEVER, &t->fault);
    fsk_exchange_pace(&t->exchange, &t->lease.place->flow, &t->http->pool.flow);
    t->exchange.discard = t->request->flags & FSOCK_DISCARD;
    t->exchanging = true;
    t->state = FSK_TRANSFER_AT_EXCHANGE;
    return FSOCK_OK;
}

/* On to the next request, at the place that is aimed at. */
static enum fsock_err ask_place(struct fsk_transfer *t)
{
    t->state = FSK_TRANSFER_AT_PLACE;
    enum fsock_err err =
        fsk_pool_move(&t->http->pool, &t->lease, fsk_buf_span(&t->aim.place), &t->op);
    return err == FSOCK_ERR_MEMORY ? end(t, err) : FSOCK_OK;
}

static enum fsock_err at_place(struct fsk_transfer *t, fsock_time now)
{
    bool risen;
    if (fsk_transfer_rise(t, &risen) != FSOCK_OK)
        return end(t, t->fault.err);
    if (risen)
        return ask_place(t);
    if (!t->lease.held && !t->lease.place) {
        enum fsock_err err =
            fsk_pool_move(&t->http->pool, &t->lease, fsk_buf_span(&t->aim.place), &t->op);
        if (err == FSOCK_ERR_MEMORY)
            return end(t, err);
    }
    if (fsk_lease_is_aside(&t->lease))
        return end(t, fsk_place_blame(t->lease.place, t->aim.peer, &t->fault));
    if (t->op.expired && (!t->lease.held || t->response.retries || t->hope))
        return end(t, fsk_transfer_late(t)); /* (to try again now would only hide what happened) */
    if (!t->lease.held)
        return FSOCK_AGAIN;
    if (fsk_transfer_take_conn(t))
        return begin_exchange(t);
    if (fsk_transfer_hopes(t, now))
        return FSOCK_AGAIN;
    if (!fsk_transfer_dial(t, now))
        return end(t, FSOCK_ERR_MEMORY);
    t->state = FSK_TRANSFER_AT_DIAL;
    return FSOCK_OK;
}

static enum fsock_err at_dial(struct fsk_transfer *t, fsock_time now)
{
    enum fsock_err err = fsk_op_inner(&t->op, &t->dial.op, now);
    if (err == FSOCK_AGAIN)
        return err;
    fsk_transfer_note_dial(t);
    if (err == FSOCK_ERR_TIMEOUT)
        t->fault.limit = t->op.expired                ? FSOCK_LIMIT_TOTAL
                         : now >= t->dial.op.deadline ? FSOCK_LIMIT_CONNECT
                                                      : FSOCK_LIMIT_NONE;
    if (err != FSOCK_OK)
        return failed(t, err, now);
    err = fsk_transfer_dialled(t);
    drop_dial(t);
    return err == FSOCK_OK ? begin_exchange(t) : end(t, err);
}

/* ---- What the header decides ----------------------------------------------------------------- */

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* "bytes 500-999/1234" must go on where the caller's part ends (RFC 9110 14.4). */
static enum fsock_err check_resume(struct fsk_transfer *t)
{
    struct fsk_range range;
    if (!t->request->resume_from || t->exchange.head.status != 206)
        return FSOCK_OK;
    t->response.resumed =
        fsk_range_find(t->exchange.head.fields, &range) && range.first == t->request->resume_from;
    if (t->response.resumed)
        return FSOCK_OK;
    return fsk_fault_set(&t->fault, FSOCK_ERR_RESUME, FSOCK_STAGE_HEAD, 0,
                         "head %s: asked to go on at byte %llu, the peer sends another range",
                         t->aim.peer, (unsigned long long)t->request->resume_from);
}

/* The answer at hand is not for the owner: pass over its body, or leave it if that is too much. */
static enum fsock_err pass_over(struct fsk_transfer *t, enum fsk_transfer_then then)
{
    t->then = then;
    t->exchange.discard = true;
    t->exchange.plan.no_decode = true;
    return FSOCK_OK;
}

/* The body that broke off is void: this answer stands in its place. */
static void restart(struct fsk_transfer *t)
{
    fsk_buf_fini(&t->again.head);
    t->again = (struct fsk_again){.broke = FSOCK_OK};
    t->response.resumed = 0;
    t->head_due = true;
}

/* Tell the owner of an answer. */
static enum fsock_err show_head(struct fsk_transfer *t)
{
    const struct fsk_h1_head *head = &t->exchange.head;
    if (head->status >= 400 && t->request->flags & FSOCK_FAIL_STATUS) {
        fsk_fault_set(&t->fault, FSOCK_ERR_STATUS, FSOCK_STAGE_HEAD, 0,
                      "head %s: the answer is %d %.*s", t->aim.peer, head->status,
                      (int)(head->reason.n < 80 ? head->reason.n : 80),
                      head->reason.n ? head->reason.p : "");
        const char *hint = fsk_transfer_login_hint(t);
        if (hint)
            fsk_fault_hint(&t->fault, "%s", hint);
        pass_over(t, FSK_THEN_SHOW);
    }
    t->showing = true;
    t->event = t->head_due ? FSK_TRANSFER_RESTART : FSK_TRANSFER_HEAD;
    t->http->shown = t;
    return FSOCK_AGAIN;
}

/* The answer to a request for the rest of a body, or for all of it once more. */
static enum fsock_err at_next_head(struct fsk_transfer *t)
{
    switch (fsk_transfer_go_on(t)) {
    case FSK_GO_ON:
        t->exchange.made = t->again.made;
        t->showing = true;
        return FSOCK_OK;
    case FSK_GO_NOT:
        return end(t, t->fault.err);
    default:
        break;
    }
    restart(t);
    fsk_transfer_note_head(t);
    enum fsock_err err = check_resume(t);
    return err == FSOCK_OK ? show_head(t) : end(t, err);
}

static enum fsock_err at_head(struct fsk_transfer *t, fsock_time now)
{
    const struct fsk_h1_head *head = &t->exchange.head;
    struct fsk_span location;
    fsk_lease_answered(&t->lease, head->status, t->started + t->response.times.pretransfer,
                       t->exchange.first_at);
    bool challenged = false;
    if (fsk_transfer_take_settings(t) != FSOCK_OK ||
        fsk_transfer_take_challenge(t, &challenged) != FSOCK_OK)
        return end(t, FSOCK_ERR_MEMORY);
    if (challenged)
        return pass_over(t, FSK_THEN_LOG_IN);
    if (fsk_transfer_retry_answer(t, now))
        return pass_over(t, FSK_THEN_REST);
    bool moved = is_redirect(head->status) &&
                 fsk_h1_find(head->fields, FSK_SPAN("Location"), &location) && location.n;
    bool follow = moved && t->request->flags & FSOCK_FOLLOW;
    if (t->again.broke)
        return follow ? pass_over(t, FSK_THEN_REDIRECT) : at_next_head(t);
    fsk_transfer_note_head(t);
    enum fsock_err err = check_resume(t);
    if (err != FSOCK_OK)
        return end(t, err);
    if (follow)
        return pass_over(t, FSK_THEN_REDIRECT);
    if (moved)
        fsk_transfer_note_location(t, location);
    return show_head(t);
}

/* ---- What the end of an answer decides ------------------------------------------------------- */

/* The answer at hand was passed over, and the next request is known. */
static enum fsock_err go_on(struct fsk_transfer *t, bool keep)
{
    fsk_transfer_note_end(t);
    drop_conn(t, keep);
    drop_exchange(t);
    t->fresh = false;
    fsk_op_clear(&t->op);
    return ask_place(t);
}

static enum fsock_err redirect(struct fsk_transfer *t, fsock_time now)
{
    struct fsk_span location;
    struct fsock_response *r = &t->response;
    int status = t->exchange.head.status;
    if ((int)r->redirects >= t->request->max_redirects) {
        t->fault.limit = FSOCK_LIMIT_REDIRECTS;
        fsk_fault_set(&t->fault, FSOCK_ERR_REDIRECTS, FSOCK_STAGE_HEAD, 0,
                      "head %s: more than %d redirects", t->aim.peer, t->request->max_redirects);
        return end(t, FSOCK_ERR_REDIRECTS);
    }
    fsk_h1_find(t->exchange.head.fields, FSK_SPAN("Location"), &location);
    struct fsk_aim_kin kin;
    uint64_t asked = fsk_transfer_asks(t);
    enum fsock_err err = fsk_aim_redirect(&t->aim, location, t->http->routes, &kin, &t->fault);
    if (err != FSOCK_OK)
        return end(t, err);
    r->url = t->aim.text.mem;
    fsk_transfer_change_method(t, status);
    if (!kin.same_origin)
        t->foreign = true; /* for good: coming back does not prove who sent us */
    if (!kin.same_site)
        t->cross_site = true; /* likewise */
    err = fsk_transfer_chain(t, asked);
    if (err != FSOCK_OK)
        return end(t, err);
    r->redirects++;
    r->times.redirect = now - t->started;
    fsk_mark(fsk_op_trace(&t->op), FSOCK_MARK_REDIRECT, t->op.id, -1, 0, 0,
             fsk_text("url", r->url));
    fsk_transfer_login_reset(t);
    return go_on(t, t->exchange.reusable);
}

/* The peer may have closed a kept connection just when it was taken, or has not even looked at the
 * request: once more, on another one, which may be shared and die, too. To reset a stream of one
 * that stays open is an answer. */
static bool may_repeat(const struct fsk_transfer *t, enum fsock_err err)
{
    bool few = t->response.tries < REPEATS_MAX;
    if (fsk_conn_is_untaken(t->conn))
        return few || fsk_conn_is_used_up(t->conn);
    return few && t->reused && !t->exchange.first_at && fsk_conn_is_over(t->conn) &&
           fsk_method_idempotent(t->method) &&
           (err == FSOCK_ERR_CLOSED || err == FSOCK_ERR_RESET || err == FSOCK_ERR_TRUNCATED);
}

static enum fsock_err failed(struct fsk_transfer *t, enum fsock_err err, fsock_time now)
{
    bool repeat = may_repeat(t, err);
    if (t->then == FSK_THEN_LOG_IN && !t->op.expired) {
        t->fault = (struct fsock_fault){.err = FSOCK_OK}; /* its header was all that matters */
        return go_on(t, false);
    }
    if (!repeat)
        fsk_lease_failed(&t->lease, &t->fault, t->exchanging && t->exchange.first_at);
    if (t->op.expired)
        return end(t, err);
    if (!repeat) {
        bool again = t->then == FSK_THEN_REST || fsk_transfer_retry_failure(t, now);
        return again ? rest(t, false) : end(t, err);
    }
    fsk_mark(fsk_op_trace(&t->op), FSOCK_MARK_RETRY, t->op.id, -1, t->fault.sys_errno, 0,
             fsk_text("why", fsk_conn_is_untaken(t->conn)
                                 ? "the peer did not take the request"
                                 : "the kept connection was closed by the peer"));
    t->fault = (struct fsock_fault){.err = FSOCK_OK};
    fsk_transfer_note_end(t);
    drop_exchange(t);
    drop_conn(t, false);
    fsk_op_clear(&t->op);
    t->fresh = true;
    t->response.tries++;
    return ask_place(t);
}

/* Nothing more is to be read of the answer at hand. */
static enum fsock_err passed_over(struct fsk_transfer *t, fsock_time now)
{
    bool keep = t->exchange.reusable;
    return t->then == FSK_THEN_REST       ? rest(t, keep)
           : t->then == FSK_THEN_REDIRECT ? redirect(t, now)
                                          : go_on(t, keep);
}

static enum fsock_err at_exchange(struct fsk_transfer *t, fsock_time now)
{
    struct fsk_exchange *x = &t->exchange;
    if (t->head_due) {
        t->head_due = false;
        t->event = FSK_TRANSFER_HEAD;
        t->http->shown = t;
        t->op.first = true; /* what was received behind the header is still in the scratch buffer */
        return FSOCK_AGAIN;
    }
    enum fsock_err err = fsk_op_inner(&t->op, &x->op, now);
    if (err == FSOCK_AGAIN && x->event == FSK_EXCHANGE_HEAD)
        return at_head(t, now);
    if (t->then != FSK_THEN_SHOW &&
        (err == FSOCK_OK || x->received > PASS_OVER_MAX || x->framing == FSK_H1_BODY_CLOSE))
        return passed_over(t, now);
    if (err == FSOCK_AGAIN) {
        t->event = x->event == FSK_EXCHANGE_DATA ? FSK_TRANSFER_DATA : FSK_TRANSFER_NONE;
        t->data = x->data;
        if (x->event)
            t->http->shown = t;
        return err;
    }
    if (err != FSOCK_OK)
        return failed(t, err, now);
    return end(t, t->fault.err); /* FSOCK_OK, or FSOCK_ERR_STATUS */
}

/* The place is asked for a lease by the owner, who knows how many may run; or here. */
static enum fsock_err at_rest(struct fsk_transfer *t, fsock_time now)
{
    if (t->op.expired)
        return end(t, fsk_transfer_late(t));
    if (now < t->again.until) {
        t->op.alarm = t->again.until;
        return FSOCK_AGAIN;
    }
    if (!t->again.aside) {
        t->state = FSK_TRANSFER_AT_PLACE;
        return FSOCK_OK;
    }
    if (!t->again.returning) {
        t->again.returning = true;
        t->event = FSK_TRANSFER_RETURN;
        t->http->shown = t;
    }
    return FSOCK_AGAIN;
}

static enum fsock_err step(struct fsk_op *op, fsock_time now)
{
    struct fsk_transfer *t = FSK_HOLDER(op, struct fsk_transfer, op);
    enum fsock_err err = FSOCK_OK;
    if (t->give_up)
        return end(t, t->fault.err);
    while (err == FSOCK_OK && t->state != FSK_TRANSFER_AT_END) {
        if (fsk_transfer_refused(t))
            return end(t, t->fault.err);
        switch (t->state) {
        case FSK_TRANSFER_AT_PLACE:
            err = at_place(t, now);
            break;
        case FSK_TRANSFER_AT_DIAL:
            err = at_dial(t, now);
            break;
        case FSK_TRANSFER_AT_REST:
            err = at_rest(t, now);
            break;
        default:
            err = at_exchange(t, now);
            break;
        }
    }
    return err;
}

/* ---- Life ------------------------------------------------------------------------------------ */

enum fsock_err fsk_transfer_init(struct fsk_transfer *t, struct fsk_http *http, struct fsk_span url,
                                 const struct fsock_request *request, uint64_t id)
{
    memset(t, 0, offsetof(struct fsk_transfer, dial));
    t->http = http;
    t->request = request;
    fsk_op_init(&t->op, step, FSOCK_NEVER);
    t->op.id = id;
    t->method = fsk_request_method(request);
    t->with_body = request->body != NULL;
    fsk_list_init(&t->lease.waiter);
    fsk_buf_init_in(&t->head, FSK_REQUEST_MAX, t->head_room, sizeof t->head_room);
    fsk_buf_init(&t->location, 16 * FSK_URL_MAX);
    fsk_buf_init(&t->user, FSK_URL_MAX);
    fsk_response_init(&t->response, t->method);
    enum fsock_err err = fsk_aim_init(&t->aim, url, http->routes, &http->aimed, &t->fault);
    t->response.url = t->aim.text.mem;
    return err;
}

void fsk_transfer_start(struct fsk_transfer *t, struct fsk_lease *lease, fsock_time deadline)
{
    t->started = t->http->driver->now;
    fsk_mark(t->http->driver->trace, FSOCK_MARK_START, t->op.id, -1, 0, 0,
             fsk_text("url", t->aim.text.mem));
    t->op.deadline = fsk_time_min(deadline, fsk_time_limit(t->started, t->http->total_timeout));
    if (lease) {
        t->lease = *lease;
        fsk_list_init(&t->lease.waiter);
        if (!fsk_span_eq(t->lease.place->node.key, fsk_buf_span(&t->aim.place)))
            fsk_pool_release(&t->lease);
    }
}

void fsk_transfer_resume(struct fsk_transfer *t, struct fsk_lease *lease)
{
    leave_rest(t);
    if (lease) {
        t->lease = *lease;
        t->lease.op = &t->op;
        fsk_list_init(&t->lease.waiter);
    }
    t->state = FSK_TRANSFER_AT_PLACE;
    fsk_op_wake(&t->op);
}

void fsk_transfer_cancel(struct fsk_transfer *t, const char *why)
{
    enum fsock_stage stage = t->exchanging ? FSOCK_STAGE_BODY : FSOCK_STAGE_CONNECT;
    fsk_fault_set(&t->fault, FSOCK_ERR_CANCELED, stage, 0, "%s: %s", t->aim.peer, why);
    t->give_up = true;
    fsk_op_wake(&t->op);
}

void fsk_transfer_close(struct fsk_transfer *t)
{
    fsk_op_stop(&t->op);
    drop_dial(t);
    drop_conn(t, false);
    fsk_pool_release(&t->lease);
    leave_rest(t);
}

void fsk_transfer_fini(struct fsk_transfer *t)
{
    fsk_transfer_close(t);
    drop_exchange(t);
    fsk_transfer_login_fini(t);
    fsk_aim_fini(&t->aim);
    fsk_buf_fini(&t->head);
    fsk_buf_fini(&t->location);
    fsk_buf_fini(&t->chain);
    fsk_buf_fini(&t->again.head);
}
