/*
 * fsock_fetch: any number of URLs, by drive/loop. Jobs wait in the pool's queues as little more
 * than their URLs; a job that starts becomes a transfer.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/explain.h"
#include "base/fault.h"
#include "drive/loop.h"
#include "face/budget.h"
#include "face/given.h"
#include "face/watch.h"
#include "base/time.h"
#include "base/trace.h"
#include "op/pool_learn.h"
#include "op/request.h"
#include "op/transfer_refuse.h"

#define PARALLEL   64
#define PER_HOST   6
#define KEPT_LEAST 16 /* connections open at once, kept ones too, even for fewer transfers */
#define REST_MAX                                                                                   \
    1000 /* transfers at rest before they count as running: they have no connection                \
          */
#define QUEUE_BYTES ((size_t)2 * 1024 * 1024) /* of waiting jobs: the rest waits outside */
#define BACK_AFTER  (500 * FSOCK_MILLISECOND) /* jobs that wait for longer may be given back */
#define LOOK_AGAIN  (100 * FSOCK_MILLISECOND) /* each look for such jobs goes through all */

/*
 * One URL: queued (in its place's queue), running (has a transfer), or ended before it started. A
 * transfer that comes back from a rest goes through its place's queue once more.
 */
struct job {
    struct fsk_list link;  /* in its place's queue, in `running` or in `canceled` */
    struct fsk_list queue; /* while it is in its place's: in the fetch's queue, or in `returning` */
    struct fsk_place *place;
    struct fsk_transfer *transfer;
    const struct fsock_request *request;
    void *user;
    uint64_t id;
    size_t url_len;
    char url[];
};

struct fsock_fetch {
    struct fsk_loop loop;
    struct fsk_http http;
    bool full;     /* an add was turned away */
    bool stopping; /* nothing new is started */
    bool spent;    /* nothing is left of the allowance, and all have been told */
    unsigned parallel;
    struct fsk_aim_memory aimed; /* at the URLs that are added: others start meanwhile */
    size_t queued, queued_bytes;
    uint64_t last_id;
    struct fsk_list queue;     /* all jobs that wait, oldest first */
    struct fsk_list running;   /* jobs with a transfer, */
    struct fsk_list returning; /* but those that wait for a lease after a rest */
    struct fsk_list canceled;  /* jobs that end without having run */
    struct fsk_list back;      /* jobs that are to be given back, the oldest first */
    fsock_time look_again;     /* at the queue for such jobs; not before */
    uint64_t looked;           /* ... how many holds there had been by the last; 0: jobs are new */
    struct fsk_watches watches;
    size_t n_running;
    struct fsk_transfer *spare; /* the memory of transfers that have ended; `owner` is the next */
    struct job *shown;          /* its DONE event has been given out: freed by the next call */
    char why[64];
};

/* ---- Made and freed -------------------------------------------------------------------------- */

fsock_fetch *fsock_fetch_new(const struct fsock_options *options, unsigned parallel,
                             unsigned per_host, struct fsock_fault *fault)
{
    struct fsock_options given;
    struct fsock_fault unheard;
    fault = fault ? fault : &unheard;
    *fault = (struct fsock_fault){.err = FSOCK_OK};
    if (fsk_given_options(&given, options, fault) != FSOCK_OK)
        return NULL;
    struct fsock_fetch *f = calloc(1, sizeof *f);
    if (!f || !fsk_loop_init(&f->loop, given.trace)) {
        fsk_fault_set(fault, errno == ENOMEM ? FSOCK_ERR_MEMORY : FSOCK_ERR_SYSTEM,
                      FSOCK_STAGE_NONE, errno, "fetch: %s", fsk_errno_text(errno));
        fsk_fault_advise(fault);
        free(f);
        return NULL;
    }
    struct fsk_list *lists[] = {&f->queue, &f->running, &f->returning, &f->canceled, &f->back};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        fsk_list_init(lists[i]);
    fsk_aim_memory_init(&f->aimed);
    fsk_watches_init(&f->watches, &f->loop.sched.driver);
    f->parallel = fsk_budget(parallel ? parallel : PARALLEL, given.own_files);
    unsigned conns =
        fsk_budget(f->parallel < KEPT_LEAST ? KEPT_LEAST : f->parallel, given.own_files);
    enum fsock_err err = fsk_http_init(&f->http, &given, &f->loop.sched.driver,
                                       per_host ? per_host : PER_HOST, conns, fault);
    if (err != FSOCK_OK) {
        fsk_fault_set(fault, err, FSOCK_STAGE_NONE, ENOMEM, "out of memory");
        fsk_fault_advise(fault);
        fsock_fetch_free(f);
        return NULL;
    }
    f->http.rest_max = REST_MAX;
    return f;
}

/* Memory for a transfer. It is large, and most often still in the CPU's cache. */
static struct fsk_transfer *take_transfer(struct fsock_fetch *f)
{
    struct fsk_transfer *t = f->spare;
    if (!t)
        return malloc(sizeof *t);
    f->spare = t->owner;
    return t;
}

static void give_transfer(struct fsock_fetch *f, struct fsk_transfer *t)
{
    t->owner = f->spare;
    f->spare = t;
}

static void free_spare(struct fsock_fetch *f)
{
    for (struct fsk_transfer *t; (t = f->spare) != NULL;) {
        f->spare = t->owner;
        free(t);
    }
}

/* No longer in its place's queue, after a rest. */
static void end_return(struct job *job)
{
    if (fsk_list_empty(&job->queue))
        return;
    fsk_list_remove(&job->queue);
    fsk_pool_unqueue(job->place, &job->link);
}

static void free_job(struct fsock_fetch *f, struct job *job)
{
    end_return(job);
    fsk_list_remove(&job->link);
    if (job->transfer) {
        fsk_transfer_fini(job->transfer);
        give_transfer(f, job->transfer);
        f->n_running--;
    }
    free(job);
}

/* Out of the queue; its memory stays. */
static void unqueue(struct fsock_fetch *f, struct job *job)
{
    fsk_list_remove(&job->queue);
    f->queued--;
    f->queued_bytes -= sizeof *job + job->url_len;
}

void fsock_fetch_free(fsock_fetch *f)
{
    if (!f)
        return;
    if (f->shown)
        free_job(f, f->shown);
    FSK_LIST_EACH (link, &f->queue) {
        struct job *job = FSK_HOLDER(link, struct job, queue);
        unqueue(f, job);
        fsk_pool_unqueue(job->place, &job->link);
        free(job);
    }
    FSK_LIST_EACH (link, &f->running)
        free_job(f, FSK_HOLDER(link, struct job, link));
    FSK_LIST_EACH (link, &f->returning)
        free_job(f, FSK_HOLDER(link, struct job, queue));
    FSK_LIST_EACH (link, &f->canceled)
        free_job(f, FSK_HOLDER(link, struct job, link));
    FSK_LIST_EACH (link, &f->back)
        free_job(f, FSK_HOLDER(link, struct job, link));
    free_spare(f);
    fsk_watches_clear(&f->watches);
    fsk_aim_memory_fini(&f->aimed);
    fsk_http_fini(&f->http);
    fsk_loop_fini(&f->loop);
    free(f);
}

/* ---- Adding ---------------------------------------------------------------------------------- */

static const struct fsock_request *default_request(void)
{
    static const struct fsock_request request = {.size = sizeof request, .max_redirects = 20};
    return &request;
}

enum fsock_err fsock_fetch_add(fsock_fetch *f, const char *url, size_t url_len,
                               const struct fsock_request *request, void *user,
                               struct fsock_fault *fault)
{
    struct fsk_aim aim;
    struct fsock_fault unheard;
    fault = fault ? fault : &unheard;
    *fault = (struct fsock_fault){.err = FSOCK_OK};
    if (f->stopping)
        return fsk_fault_set(fault, FSOCK_ERR_CANCELED, FSOCK_STAGE_NONE, 0, "%s", f->why);
    request = request ? request : default_request();
    bool first = request->flags & FSOCK_FIRST;
    if (f->queued_bytes >= (first ? 2 * QUEUE_BYTES : QUEUE_BYTES)) {
        f->full = true;
        return FSOCK_AGAIN;
    }
    struct fsock_request unused;
    enum fsock_err err = fsk_given_request(&unused, request, fault);
    if (err != FSOCK_OK)
        return err;
    err = fsk_aim_init(&aim, fsk_span(url, url_len), f->http.routes, &f->aimed, fault);
    struct job *job = err == FSOCK_OK ? malloc(sizeof *job + url_len) : NULL;
    if (job) {
        *job = (struct job){
            .request = request, .user = user, .id = f->last_id + 1, .url_len = url_len};
        memcpy(job->url, url, url_len);
        fsk_list_init(&job->link);
        fsk_list_init(&job->queue);
        job->place = fsk_pool_queue(&f->http.pool, fsk_buf_span(&aim.place), &job->link);
    }
    fsk_aim_fini(&aim);
    if (err != FSOCK_OK)
        return err;
    if (!job || !job->place) {
        free(job);
        return fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, ENOMEM, "out of memory");
    }
    if (first)
        fsk_pool_hurry(job->place, &job->link);
    fsk_list_append(&f->queue, &job->queue);
    f->looked = 0;
    f->last_id++;
    f->queued++;
    f->queued_bytes += sizeof *job + url_len;
    return FSOCK_OK;
}

enum fsock_err fsock_fetch_slow(fsock_fetch *f, const char *url, size_t url_len, fsock_time delay,
                                struct fsock_fault *fault)
{
    struct fsk_aim aim;
    struct fsock_fault unheard;
    fault = fault ? fault : &unheard;
    *fault = (struct fsock_fault){.err = FSOCK_OK};
    if (delay < 0)
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0, "the delay is negative");
    enum fsock_err err =
        fsk_aim_init(&aim, fsk_span(url, url_len), f->http.routes, &f->aimed, fault);
    if (err == FSOCK_OK && !fsk_pool_slow(&f->http.pool, fsk_buf_span(&aim.place), delay))
        err = fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, ENOMEM, "out of memory");
    fsk_aim_fini(&aim);
    return err;
}

enum fsock_err fsock_fetch_watch(fsock_fetch *f, int fd, unsigned events, void *user)
{
    return fsk_watches_add(&f->watches, fd, events, user);
}

/* ---- Ending ---------------------------------------------------------------------------------- */

static void cancel_queued(struct fsock_fetch *f, struct job *job)
{
    unqueue(f, job);
    fsk_pool_unqueue(job->place, &job->link);
    fsk_list_append(&f->canceled, &job->link);
}

/* One that would have been given back. */
static void cancel_back(struct fsock_fetch *f, struct job *job)
{
    fsk_list_remove(&job->link);
    fsk_list_append(&f->canceled, &job->link);
}

/* One that has a transfer. */
static void cancel_running(struct fsock_fetch *f, struct job *job, const char *why)
{
    if (job != f->shown)
        fsk_transfer_cancel(job->transfer, why);
}

void fsock_fetch_cancel(fsock_fetch *f, uint64_t id)
{
    FSK_LIST_EACH (link, &f->running) {
        struct job *job = FSK_HOLDER(link, struct job, link);
        if (job->id == id)
            cancel_running(f, job, "canceled");
    }
    FSK_LIST_EACH (link, &f->returning) {
        struct job *job = FSK_HOLDER(link, struct job, queue);
        if (job->id == id)
            cancel_running(f, job, "canceled");
    }
    FSK_LIST_EACH (link, &f->queue) {
        struct job *job = FSK_HOLDER(link, struct job, queue);
        if (job->id == id)
            cancel_queued(f, job);
    }
    FSK_LIST_EACH (link, &f->back) {
        struct job *job = FSK_HOLDER(link, struct job, link);
        if (job->id == id)
            cancel_back(f, job);
    }
}

void fsock_fetch_stop(fsock_fetch *f, const char *why)
{
    f->stopping = true;
    f->full = false;
    strncpy(f->why, why ? why : "canceled", sizeof f->why - 1);
    fsk_watches_clear(&f->watches);
    FSK_LIST_EACH (link, &f->running)
        cancel_running(f, FSK_HOLDER(link, struct job, link), f->why);
    FSK_LIST_EACH (link, &f->returning)
        cancel_running(f, FSK_HOLDER(link, struct job, queue), f->why);
    FSK_LIST_EACH (link, &f->queue)
        cancel_queued(f, FSK_HOLDER(link, struct job, queue));
    FSK_LIST_EACH (link, &f->back)
        cancel_back(f, FSK_HOLDER(link, struct job, link));
}

/* ---- Events ---------------------------------------------------------------------------------- */

static void fill(struct fsock_event *e, enum fsock_event_kind kind, const struct job *job)
{
    *e = (struct fsock_event){.kind = kind, .user = job->user, .id = job->id};
    if (job->transfer)
        e->response = &job->transfer->response;
}

/* The job's last event; it is freed by the next call. */
static void show_end(struct fsock_fetch *f, struct job *job, struct fsock_event *e)
{
    fill(e, FSOCK_EVENT_DONE, job);
    e->err = job->transfer->op.err;
    e->fault = e->err == FSOCK_OK ? NULL : &job->transfer->fault;
    f->shown = job;
}

/* Why a job never started. */
enum unstarted { CANCELED, REFUSED, PLACE_IS_DEAD };

/* A job that never started, in no list, ends like any other: with a transfer that has not moved. */
static bool show_unstarted(struct fsock_fetch *f, struct job *job, enum unstarted why,
                           struct fsock_event *e)
{
    struct fsk_transfer *t = take_transfer(f);
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
    struct job *job = FSK_HOLDER(f->canceled.next, struct job, link);
    fsk_list_remove(&job->link);
    return show_unstarted(f, job, CANCELED, e);
}

/* A transfer has had its rest: it waits for a lease, in front of those that have not begun. */
static void come_back(struct fsock_fetch *f, struct job *job)
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
static void go_on(struct fsock_fetch *f, struct job *job, struct fsk_lease *lease)
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
    struct fsk_transfer *t = take_transfer(f);
    if (!t)
        return FSOCK_ERR_MEMORY;
    fsk_sched_tick(&f->loop.sched); /* its clocks run from now, not from the caller's last call */
    struct fsk_list *link = fsk_pool_start(&f->http.pool, &lease);
    if (!link) {
        give_transfer(f, t);
        return FSOCK_AGAIN;
    }
    struct job *job = FSK_HOLDER(link, struct job, link);
    if (job->transfer) {
        give_transfer(f, t);
        go_on(f, job, &lease);
        return FSOCK_AGAIN;
    }
    unqueue(f, job);
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
    struct job *job = t->owner;
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
    struct job *job = FSK_HOLDER(place->queue.next, struct job, link);
    if (job->transfer) {
        end_return(job);
        fsk_list_append(&f->running, &job->link);
        fsk_transfer_resume(job->transfer, NULL);
        return FSOCK_AGAIN;
    }
    unqueue(f, job);
    fsk_pool_unqueue(place, &job->link); /* the place stays: it is remembered */
    return show_unstarted(f, job, PLACE_IS_DEAD, e) ? FSOCK_OK : FSOCK_ERR_MEMORY;
}

/* Nothing is left of the allowance: those who wait shall find out, whatever they wait for. */
static void tell_all(struct fsock_fetch *f)
{
    f->spent = true;
    FSK_LIST_EACH (link, &f->returning) {
        struct job *job = FSK_HOLDER(link, struct job, queue);
        end_return(job);
        fsk_list_append(&f->running, &job->link);
        fsk_transfer_resume(job->transfer, NULL);
    }
    FSK_LIST_EACH (link, &f->running)
        fsk_op_wake(&FSK_HOLDER(link, struct job, link)->transfer->op);
}

/* The one that has waited longest in the queue ends. */
static enum fsock_err end_refused(struct fsock_fetch *f, struct fsock_event *e)
{
    struct job *job = FSK_HOLDER(f->queue.next, struct job, queue);
    unqueue(f, job);
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

/* Whether nothing new begins at the job's place for a while, and the caller will keep it. */
static bool may_go_back(const struct fsock_fetch *f, const struct job *job)
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
        struct job *job = FSK_HOLDER(link, struct job, queue);
        prev = link->prev;
        if (f->queued_bytes < QUEUE_BYTES / 2)
            return;
        if (!may_go_back(f, job))
            continue;
        unqueue(f, job);
        fsk_pool_unqueue(job->place, &job->link);
        fsk_list_prepend(&f->back, &job->link);
    }
}

static void show_back(struct fsock_fetch *f, struct fsock_event *e)
{
    struct job *job = FSK_HOLDER(f->back.next, struct job, link);
    fsk_list_remove(&job->link);
    fill(e, FSOCK_EVENT_BACK, job);
    f->shown = job;
}

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
    if (f->full && f->queued_bytes < QUEUE_BYTES / 2) {
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
        free_job(f, f->shown);
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

size_t fsock_fetch_running(const fsock_fetch *f)
{
    return f->n_running;
}

size_t fsock_fetch_queued(const fsock_fetch *f)
{
    return f->queued;
}
