#include "face/jobs.h"

#include <errno.h>
#include <string.h>

#include "base/fault.h"
#include "base/trace.h"

#define QUEUE 256 /* targets that wait inside */
#define FRESH 4   /* ... and that have been started, but had no turn yet */

/* ---- Made and freed -------------------------------------------------------------------------- */

bool fsk_jobs_init(struct fsk_jobs *jobs, const struct fsk_job_kind *kind, unsigned parallel,
                   fsock_trace *trace)
{
    *jobs = (struct fsk_jobs){.kind = kind, .parallel = parallel};
    if (!fsk_loop_init(&jobs->loop, trace))
        return false;
    struct fsk_list *lists[] = {&jobs->queue, &jobs->running, &jobs->ended};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        fsk_list_init(lists[i]);
    fsk_watches_init(&jobs->watches, &jobs->loop.sched.driver);
    return true;
}

static void free_job(struct fsk_job *job)
{
    fsk_op_stop(&job->op);
    fsk_list_remove(&job->link);
    job->jobs->kind->free(job);
}

static void free_jobs(struct fsk_list *list)
{
    FSK_LIST_EACH (link, list)
        free_job(FSK_HOLDER(link, struct fsk_job, link));
}

void fsk_jobs_clear(struct fsk_jobs *jobs)
{
    free_jobs(&jobs->queue);
    free_jobs(&jobs->running);
    free_jobs(&jobs->ended);
    fsk_watches_clear(&jobs->watches);
}

void fsk_jobs_fini(struct fsk_jobs *jobs)
{
    fsk_loop_fini(&jobs->loop);
}

/* ---- Adding and starting --------------------------------------------------------------------- */

static void move(struct fsk_job *job, struct fsk_list *to)
{
    fsk_list_remove(&job->link);
    fsk_list_append(to, &job->link);
}

static enum fsock_err step(struct fsk_op *op, fsock_time now)
{
    struct fsk_job *job = FSK_HOLDER(op, struct fsk_job, op);
    struct fsk_jobs *jobs = job->jobs;
    jobs->n_fresh -= job->fresh;
    job->fresh = false;
    enum fsock_err err = fsk_op_inner(op, job->inner, now);
    if (err == FSOCK_AGAIN)
        return err;
    jobs->kind->close(job); /* its descriptor is wanted by others */
    fsk_mark_done(op->driver->trace, job->id, job->fault);
    move(job, &jobs->ended);
    return err;
}

enum fsock_err fsk_jobs_room(struct fsk_jobs *jobs, struct fsock_fault *fault)
{
    if (jobs->stopping)
        return fsk_fault_set(fault, FSOCK_ERR_CANCELED, FSOCK_STAGE_NONE, 0, "%s", jobs->why);
    if (jobs->n_queued < QUEUE)
        return FSOCK_OK;
    jobs->full = true;
    return FSOCK_AGAIN;
}

void fsk_jobs_add(struct fsk_jobs *jobs, struct fsk_job *job, void *user)
{
    job->jobs = jobs;
    job->user = user;
    job->id = ++jobs->last_id;
    fsk_list_init(&job->link);
    fsk_list_append(&jobs->queue, &job->link);
    jobs->n_queued++;
}

/* Its time begins; without memory it ends at once. */
static void start(struct fsk_jobs *jobs, struct fsk_job *job)
{
    struct fsk_driver *driver = &jobs->loop.sched.driver;
    move(job, &jobs->running);
    jobs->n_queued--;
    jobs->n_running++;
    fsk_op_init(&job->op, step, jobs->kind->start(job, driver->now));
    job->op.id = job->id;
    fsk_mark(driver->trace, FSOCK_MARK_START, job->id, -1, 0, 0, fsk_text("target", job->name));
    job->fresh = driver->start(driver, &job->op);
    jobs->n_fresh += job->fresh;
    if (job->fresh)
        return;
    fsk_fault_set(job->fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, ENOMEM, "out of memory");
    move(job, &jobs->ended);
}

static bool can_start(const struct fsk_jobs *jobs)
{
    return !fsk_list_empty(&jobs->queue) && jobs->n_running < jobs->parallel &&
           jobs->n_fresh < FRESH;
}

static void start_some(struct fsk_jobs *jobs)
{
    if (!can_start(jobs))
        return;
    fsk_sched_tick(&jobs->loop.sched); /* clocks run from now, not from the caller's last call */
    while (can_start(jobs))
        start(jobs, FSK_HOLDER(jobs->queue.next, struct fsk_job, link));
}

/* ---- Events ---------------------------------------------------------------------------------- */

/* What can be shown without a step. FSOCK_AGAIN: nothing. */
static enum fsock_err show_waiting(struct fsk_jobs *jobs, struct fsk_job_event *e)
{
    *e = (struct fsk_job_event){.kind = FSOCK_EVENT_MARK};
    if (fsk_trace_news(jobs->loop.sched.driver.trace))
        return FSOCK_OK;
    if (!fsk_list_empty(&jobs->ended)) {
        e->kind = FSOCK_EVENT_DONE;
        e->job = jobs->shown = FSK_HOLDER(jobs->ended.next, struct fsk_job, link);
        jobs->n_running--;
        return FSOCK_OK;
    }
    if (fsk_watches_take(&jobs->watches, &e->user)) {
        e->kind = FSOCK_EVENT_READY;
        return FSOCK_OK;
    }
    if (jobs->full && jobs->n_queued < QUEUE / 2) {
        jobs->full = false;
        e->kind = FSOCK_EVENT_ROOM;
        return FSOCK_OK;
    }
    return FSOCK_AGAIN;
}

enum fsock_err fsk_jobs_next(struct fsk_jobs *jobs, struct fsk_job_event *event,
                             fsock_time deadline)
{
    if (jobs->shown)
        free_job(jobs->shown);
    jobs->shown = NULL;
    for (;;) {
        enum fsock_err err = show_waiting(jobs, event);
        if (err != FSOCK_AGAIN)
            return err;
        start_some(jobs);
        if (!fsk_list_empty(&jobs->ended))
            continue;
        if (!jobs->n_running && !jobs->n_queued && fsk_watches_empty(&jobs->watches))
            return FSOCK_EOF;
        err = fsk_loop_step(&jobs->loop, deadline);
        if (err != FSOCK_OK)
            return err;
    }
}

static void cancel(struct fsk_jobs *jobs, struct fsk_job *job)
{
    fsk_op_stop(&job->op);
    jobs->kind->close(job);
    fsk_fault_set(job->fault, FSOCK_ERR_CANCELED, FSOCK_STAGE_NONE, 0, "%s", jobs->why);
    move(job, &jobs->ended);
}

void fsk_jobs_stop(struct fsk_jobs *jobs, const char *why)
{
    jobs->stopping = true;
    jobs->full = false;
    strncpy(jobs->why, why ? why : "canceled", sizeof jobs->why - 1);
    fsk_watches_clear(&jobs->watches);
    FSK_LIST_EACH (link, &jobs->running)
        cancel(jobs, FSK_HOLDER(link, struct fsk_job, link));
    FSK_LIST_EACH (link, &jobs->queue) {
        cancel(jobs, FSK_HOLDER(link, struct fsk_job, link));
        jobs->n_queued--;
        jobs->n_running++;
    }
}
