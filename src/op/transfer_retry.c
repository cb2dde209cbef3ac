#include "op/transfer_retry.h"

#include <stdio.h>

#include "base/fault.h"
#include "base/time.h"
#include "op/resolve_lookup.h"
#include "op/retry.h"
#include "wire/range.h"
#include "wire/retryafter.h"

/* ---- Whether and when ------------------------------------------------------------------------ */

/* `fault` is NULL after an answer. */
static bool may_try(const struct fsk_transfer *t, const struct fsock_fault *fault)
{
    return t->response.retries < fsk_retry_times(t->request) && !t->op.expired &&
           fsk_retry_harmless(t->request, t->method, fault);
}

/* Set the time of the next try, `asked` from now at least. False: it would come too late. */
static bool set_time(struct fsk_transfer *t, int64_t asked, fsock_time now)
{
    int64_t pause = fsk_retry_pause(t->request, t->response.retries, fsk_rand_16(&t->http->rand));
    t->again.until = now + (pause > asked ? pause : asked);
    if (t->lease.held) {
        fsock_time opens = fsk_place_opens(t->lease.place);
        t->again.until = t->again.until > opens ? t->again.until : opens;
    }
    return t->again.until < t->op.deadline;
}

/* ---- After an answer ------------------------------------------------------------------------- */

static int64_t longer(int64_t a, int64_t b)
{
    int64_t longest = a > b ? a : b;
    return longest < FSK_RETRY_HOLD_MAX ? longest : FSK_RETRY_HOLD_MAX;
}

/* Leave the place alone for as long as it wants. Returns how long it wants to see nothing of us. */
static int64_t heed(struct fsk_transfer *t, fsock_time now)
{
    struct fsk_span fields = t->exchange.head.fields;
    int status = t->exchange.head.status;
    if (!t->exchange.head.rate_limit && !fsk_retry_status(status))
        return -1;
    int64_t unix_now = fsk_time_unix() / FSOCK_SECOND, asked = -1;
    int64_t limited = fsk_rate_limited(fields, unix_now), hold = limited;
    if (fsk_retry_status(status))
        asked = fsk_retry_after(fields, unix_now);
    if (status == 429 || status == 503)
        hold = longer(asked, limited);
    if (hold > 0)
        fsk_place_hold(t->lease.place, now + longer(hold, 0));
    return longer(asked, limited);
}

/* Who neither tries again nor adapts takes each answer as it is. */
static bool heeds(const struct fsk_transfer *t)
{
    return fsk_retry_times(t->request) || t->http->pool.adaptive;
}

bool fsk_transfer_retry_answer(struct fsk_transfer *t, fsock_time now)
{
    int status = t->exchange.head.status;
    if (!heeds(t))
        return false;
    int64_t asked = heed(t, now);
    if (!fsk_retry_status(status) || !may_try(t, NULL) || !set_time(t, asked, now))
        return false;
    snprintf(t->again.why, sizeof t->again.why, "the answer is %d", status);
    return true;
}

/* ---- After a failure ------------------------------------------------------------------------- */

/* Whether the rest of the body that is being shown can be asked for. */
static bool has_rest(const struct fsk_transfer *t)
{
    const struct fsk_exchange *x = &t->exchange;
    bool whole = t->response.status == 200 || t->response.resumed;
    bool plain = x->head.content_codings == 0 || t->request->flags & FSOCK_NO_DECODE;
    return whole && plain && !t->request->range && !t->with_body && strcmp(t->method, "GET") == 0;
}

/* A body broke off whose header has been shown. False: it can't go on, nor begin anew. */
static bool broke_off(struct fsk_transfer *t, const char *why)
{
    struct fsk_again *a = &t->again;
    struct fsk_exchange *x = &t->exchange;
    if (!a->broke) { /* else it is the rest that broke off, whose header nobody has seen */
        fsk_buf_fini(&a->head);
        a->head = x->head_bytes;
        fsk_buf_init(&x->head_bytes, a->head.ceiling);
        a->base = t->response.resumed ? t->request->resume_from : 0;
        a->as_coded = x->head.content_codings > 0;
        a->validator = has_rest(t) ? fsk_range_validator(x->head.fields) : fsk_span(NULL, 0);
    }
    a->broke = t->fault.err;
    a->limit = t->fault.limit;
    a->broke_why = why;
    a->made = x->made;
    a->from = a->validator.n && a->made ? a->base + a->made : 0;
    return a->from || t->request->flags & FSOCK_RESTART;
}

bool fsk_transfer_retry_failure(struct fsk_transfer *t, fsock_time now)
{
    const char *why = fsk_retry_cause(&t->fault);
    /* The resolver would answer out of its memory before. */
    int64_t least = t->fault.err == FSOCK_ERR_DNS ? FSK_TTL_FAILED * FSOCK_SECOND : 0;
    if (!why || !may_try(t, &t->fault) || !set_time(t, least, now))
        return false;
    if (t->showing && !broke_off(t, why))
        return false;
    snprintf(t->again.why, sizeof t->again.why, "%s", why);
    return true;
}

/* ---- Going on -------------------------------------------------------------------------------- */

/* Whether the answer is all that is missing. */
static bool is_rest(const struct fsk_transfer *t)
{
    const struct fsk_again *a = &t->again;
    int64_t length = t->response.content_length,
            total = length < 0 ? -1 : length + (int64_t)a->base;
    struct fsk_range range;
    const struct fsk_h1_head *head = &t->exchange.head;
    if (head->status != 206 || !fsk_range_find(head->fields, &range) || range.first != a->from ||
        (head->content_codings > 0) != a->as_coded)
        return false;
    if (total < 0)
        total = range.total;
    return total == (int64_t)range.last + 1 && (range.total < 0 || range.total == total);
}

enum fsk_go_on fsk_transfer_go_on(struct fsk_transfer *t)
{
    const struct fsk_again *a = &t->again;
    int status = t->exchange.head.status;
    if (a->from && is_rest(t))
        return FSK_GO_ON;
    bool another = status >= 200 && status < 300 && !(a->from && status == 206);
    if (another && t->request->flags & FSOCK_RESTART)
        return FSK_GO_RESTART;
    const char *what = another ? "the body is another one" : "that is not the rest of it";
    t->fault.limit = a->limit;
    fsk_fault_set(&t->fault, a->broke, FSOCK_STAGE_BODY, 0,
                  "body %s: after %llu bytes %s; the next try was answered by %d, and %s",
                  t->aim.peer, (unsigned long long)a->made, a->broke_why, status, what);
    return FSK_GO_NOT;
}
