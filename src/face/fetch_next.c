/* fsock_fetch_next: which job starts, what its steps show, and how it ends or goes back. */
#include <errno.h>
#include <stdlib.h>

#include "base/explain.h"
#include "base/fault.h"
#include "base/time.h"
#include "base/trace.h"
#include "face/fetch.h"
#include "op/pool_learn.h"
#include "op/transfer_refuse.h"

#define BACK_AFTER (500 * FSOCK_MILLISECOND) /* jobs that wait for longer may be given back */
#define LOOK_AGAIN (100 * FSOCK_MILLISECOND) /* each look for such jobs goes through all */

/* ---- What is shown --------------------------------------------------------------------------- */

static void fill(struct fsock_event *e, enum fsock_event_kind kind, const struct fsk_job *job)
{
    *e = (struct fsock_event){.kind = kind, .user = job->user, .id = job->id};
    if (job->transfer)
        e->response = &job->transfer->response;
}

/* The job's last event; it is freed by the next call. */
static void show_end(struct fsock_fetch *f, struct fsk_job *job, struct fsock_event *e)
{
    fill(e, FSOCK_EVENT_DONE, job);
    e->err = job->transfer->op.err;
    e->fault = e->err == FSOCK_OK ? NULL : &job->transfer->fault;
    f->shown = job;
}

/* Why a job never started. */
enum unstarted { CANCELED, REFUSED, PLACE_IS_DEAD };

/* A job that never started, in no list, ends like any other: with a transfer that has not moved. */
static bool show_unstarted(struct fsock_fetch *f, struct fsk_job *job, enum unstarted why,
                           struct fsock_event *e)
{
    struct fsk_transfer *t = fsk_fetch_take(f);
    if (!t) {
        fsk_list_append(&f->canceled, &job->link);
        return false;
    }
    fsk_transfer_init(t, &f->http, fsk_span(job->url, job->url_len), job->request, job->id);
    if (why == REFUSED)
        (void)fsk_transfer_refused(t);
    else if (why == PLACE_IS_DEAD)
        (void)fsk_place_blame(job->place, t->aim.peer, &t->fault);
    fsk_transfer_cancel(t, f->why[0] ? f->why : "canceled");
    fsk_fault_advise(&t->fault);
    t->op.err = t->fault.err;
    job->transfer = t;
    f->n_running++;
    show_end(f, job, e);
    return true;
}

static bool show_canceled(struct fsock_fetch *f, struct fsock_event *e)
{
    struct fsk_job *job = FSK_HOLDER(f->canceled.next, struct fsk_job, link);
    fsk_list_remove(&job->link);
    return show_unstarted(f, job, CANCELED, e);
}

/* ---- Starting -------------------------------------------------------------------------------- */

/* A transfer has had its rest: it waits for a lease, in front of those that have not begun. */
static void come_back(struct fsock_fetch *f, struct fsk_job *job)
{
    struct fsk_transfer *t = job->transfer;
    fsk_list_remove(&job->link);
    job->place = fsk_pool_requeue(&f->http.pool, fsk_buf_span(&t->aim.place), &job->link);
    if (job->place) {
        fsk_list_append(&f->returning, &job->queue);
    } else { /* it will find out that memory is short */
        fsk_list_append(&f->running, &job->link);
        fsk_transfer_resume(t, NULL);
    }
}

/* Its place has a lease for it. */
static void go_on(struct fsock_fetch *f, struct fsk_job *job, struct fsk_lease *lease)
{
    fsk_list_remove(&job->queue);
    fsk_list_append(&f->running, &job->link);
    fsk_transfer_resume(job->transfer, lease);
}

/* Start the next job whose place has a lease to give. FSOCK_AGAIN: it had begun
 * before, or none has a lease after all. */
static enum fsock_err start_job(struct fsock_fetch *f, struct fsock_event *e)
{
    struct fsk_lease lease = {.place = NULL};
    struct fsk_driver *driver = &f->loop.sched.driver;
    struct fsk_transfer *t = fsk_fetch_take(f);
    if (!t)
        return FSOCK_ERR_MEMORY;
    fsk_sched_tick(&f->loop.sched); /* its clocks run from now, not from the caller's last call */
    struct fsk_list *link = fsk_pool_start(&f->http.pool, &lease);
    if (!link) {
        fsk_fetch_give(f, t);
        return FSOCK_AGAIN;
    }
    struct fsk_job *job = FSK_HOLDER(link, struct fsk_job, link);
    if (job->transfer) {
        fsk_fetch_give(f, t);
        go_on(f, job, &lease);
        return FSOCK_AGAIN;
    }
    fsk_fetch_unqueue(f, job);
    enum fsock_err err =
        fsk_transfer_init(t, &f->http, fsk_span(job->url, job->url_len), job->request, job->id);
    fsk_transfer_start(t, &lease, FSOCK_NEVER);
    job->transfer = t;
    t->owner = job;
    f->n_running++;
    fsk_list_append(&f->running, &job->link);
    fill(e, FSOCK_EVENT_START, job);
    t->op.first = true; /* so that it finds a connection that was kept just now */
    if (err == FSOCK_OK && !driver->start(driver, &t->op))
        err = FSOCK_ERR_MEMORY;
    if (err != FSOCK_OK) { /* it ends at once */
        fsk_fault_set(&t->fault, err, FSOCK_STAGE_QUEUE, ENOMEM, "out of memory");
        t->op.ended = true;
        t->op.err = err;
        f->http.shown = t;
    }
    return FSOCK_OK;
}

/* A transfer's step had something to show. False: not to the caller. */
static bool show_step(struct fsock_fetch *f, struct fsock_event *e)
{
    static const enum fsock_event_kind kinds[] = {[FSK_TRANSFER_HEAD] = FSOCK_EVENT_HEAD,
                                                  [FSK_TRANSFER_DATA] = FSOCK_EVENT_DATA,
                                                  [FSK_TRANSFER_RESTART] = FSOCK_EVENT_RESTART};
    struct fsk_transfer *t = f->http.shown;
    struct fsk_job *job = t->owner;
    f->http.shown = NULL;
    if (t->op.ended) {
        show_end(f, job, e);
        return true;
    }
    if (t->event == FSK_TRANSFER_RETURN) {
        come_back(f, job);
        return false;
    }
    fill(e, kinds[t->event], job);
    if (t->event == FSK_TRANSFER_DATA) {
        e->data = t->data.p;
        e->len = t->data.n;
    }
    return true;
}

/* One of those that wait for a place that is dead ends. FSOCK_AGAIN: it runs, and will see that. */
static enum fsock_err end_doomed(struct fsock_fetch *f, struct fsk_place *place,
                                 struct fsock_event *e)
{
    struct fsk_job *job = FSK_HOLDER(place->queue.next, struct fsk_job, link);
    if (job->transfer) {
        fsk_fetch_end_return(job);
        fsk_list_append(&f->running, &job->link);
        fsk_transfer_resume(job->transfer, NULL);
        return FSOCK_AGAIN;
    }
    fsk_fetch_unqueue(f, job);
    fsk_pool_unqueue(place, &job->link); /* the place stays: it is remembered */
    return show_unstarted(f, job, PLACE_IS_DEAD, e) ? FSOCK_OK : FSOCK_ERR_MEMORY;
}

/* Nothing is left of the allowance: those who wait shall find out, whatever they wait for. */
static void tell_all(struct fsock_fetch *f)
{
    f->spent = true;
    FSK_LIST_EACH (link, &f->returning) {
        struct fsk_job *job = FSK_HOLDER(link, struct fsk_job, queue);
        fsk_fetch_end_return(job);
        fsk_list_append(&f->running, &job->link);
        fsk_transfer_resume(job->transfer, NULL);
    }
    FSK_LIST_EACH (link, &f->running)
        fsk_op_wake(&FSK_HOLDER(link, struct fsk_job, link)->transfer->op);
}

/* The one that has waited longest in the queue ends. */
static enum fsock_err end_refused(struct fsock_fetch *f, struct fsock_event *e)
{
    struct fsk_job *job = FSK_HOLDER(f->queue.next, struct fsk_job, queue);
    fsk_fetch_unqueue(f, job);
    fsk_pool_unqueue(job->place, &job->link);
    return show_unstarted(f, job, REFUSED, e) ? FSOCK_OK : FSOCK_ERR_MEMORY;
}

/* End what can't run at all, start what may run now. FSOCK_AGAIN: nothing that would have to be
 * shown. */
static enum fsock_err start_jobs(struct fsock_fetch *f, struct fsock_event *e)
{
    enum fsock_err err = FSOCK_AGAIN;
    struct fsk_place *dead;
    if (!fsk_list_empty(&f->http.pool.doomed))
        fsk_sched_tick(&f->loop.sched);
    if (!f->spent && fsk_allowance_spent(f->http.allowance) != FSOCK_LIMIT_NONE)
        tell_all(f);
    if (f->spent && !fsk_list_empty(&f->queue))
        return end_refused(f, e);
    while (err == FSOCK_AGAIN && (dead = fsk_pool_doomed(&f->http.pool)) != NULL)
        err = end_doomed(f, dead, e);
    while (err == FSOCK_AGAIN && f->n_running - f->http.resting < f->parallel &&
           fsk_pool_ready(&f->http.pool))
        err = start_job(f, e);
    return err;
}

/* ---- Giving back ----------------------------------------------------------------------------- */

/* Whether nothing new begins at the job's place for a while, and the caller will keep it. */
static bool may_go_back(const struct fsock_fetch *f, const struct fsk_job *job)
{
    fsock_time soon = f->loop.sched.driver.now + BACK_AFTER;
    return job->request->flags & FSOCK_GIVE_BACK &&
           (job->place->breaker.probing || fsk_place_opens(job->place) > soon);
}

/* The queue is full, and there are jobs or places of which the last look at it didn't know. */
static bool wants_look(const struct fsock_fetch *f)
{
    bool idle = f->n_running - f->http.resting < f->parallel;
    return f->full && idle && f->looked != f->http.pool.holds;
}

/* The queue is full, but not of what could run: of what can't, choose the newest ones, until half
 * of the queue is free. */
static void choose_back(struct fsock_fetch *f)
{
    fsock_time now = f->loop.sched.driver.now;
    if (!wants_look(f) || now < f->look_again)
        return;
    f->look_again = now + LOOK_AGAIN;
    f->looked = f->http.pool.holds;
    for (struct fsk_list *link = f->queue.prev, *prev; link != &f->queue; link = prev) {
        struct fsk_job *job = FSK_HOLDER(link, struct fsk_job, queue);
        prev = link->prev;
        if (f->queued_bytes < FSK_FETCH_QUEUE / 2)
            return;
        if (!may_go_back(f, job))
            continue;
        fsk_fetch_unqueue(f, job);
        fsk_pool_unqueue(job->place, &job->link);
        fsk_list_prepend(&f->back, &job->link);
    }
}

static void show_back(struct fsock_fetch *f, struct fsock_event *e)
{
    struct fsk_job *job = FSK_HOLDER(f->back.next, struct fsk_job, link);
    fsk_list_remove(&job->link);
    fill(e, FSOCK_EVENT_BACK, job);
    f->shown = job;
}

/* ---- The next event -------------------------------------------------------------------------- */

/* What can be shown without a step. FSOCK_AGAIN: nothing. */
static enum fsock_err show_waiting(struct fsock_fetch *f, struct fsock_event *e)
{
    if (fsk_trace_news(f->loop.sched.driver.trace)) {
        *e = (struct fsock_event){.kind = FSOCK_EVENT_MARK};
        return FSOCK_OK;
    }
    if (f->http.shown && show_step(f, e))
        return FSOCK_OK;
    void *user;
    if (fsk_watches_take(&f->watches, &user)) {
        *e = (struct fsock_event){.kind = FSOCK_EVENT_READY, .user = user};
        return FSOCK_OK;
    }
    if (!fsk_list_empty(&f->back)) {
        show_back(f, e);
        return FSOCK_OK;
    }
    if (f->full && f->queued_bytes < FSK_FETCH_QUEUE / 2) {
        f->full = false;
        *e = (struct fsock_event){.kind = FSOCK_EVENT_ROOM};
        return FSOCK_OK;
    }
    enum fsock_err err = start_jobs(f, e);
    if (err != FSOCK_AGAIN)
        return err;
    bool any = !fsk_list_empty(&f->running) || !fsk_list_empty(&f->returning);
    if (!fsk_list_empty(&f->canceled) && (!f->stopping || !any))
        return show_canceled(f, e) ? FSOCK_OK : FSOCK_ERR_MEMORY;
    choose_back(f);
    if (fsk_list_empty(&f->back))
        return FSOCK_AGAIN;
    show_back(f, e);
    return FSOCK_OK;
}

enum fsock_err fsock_fetch_next(fsock_fetch *f, struct fsock_event *event, fsock_time deadline)
{
    if (f->shown)
        fsk_fetch_free_job(f, f->shown);
    f->shown = NULL;
    for (;;) {
        enum fsock_err err = show_waiting(f, event);
        if (err != FSOCK_AGAIN)
            return err;
        if (f->n_running == 0 && f->queued == 0 && fsk_watches_empty(&f->watches))
            return FSOCK_EOF;
        fsock_time until = wants_look(f) ? fsk_time_min(deadline, f->look_again) : deadline;
        err = fsk_loop_step(&f->loop, until);
        if (err != FSOCK_OK && !(err == FSOCK_ERR_TIMEOUT && until < deadline))
            return err;
    }
}
