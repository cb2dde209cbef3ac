/* fsock_fetch: any number of URLs, by drive/loop. Made and freed, added to and ended. */
#include "face/fetch.h"

#include <errno.h>
#include <stdlib.h>

#include "base/explain.h"
#include "base/fault.h"
#include "base/time.h"
#include "face/budget.h"
#include "face/given.h"
#include "op/request.h"

#define PARALLEL   64
#define PER_HOST   6
#define KEPT_LEAST 16   /* connections open at once, kept ones too, even for fewer transfers */
#define REST_MAX   1000 /* transfers that have no connection before they count as running */

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

struct fsk_transfer *fsk_fetch_take(struct fsock_fetch *f)
{
    struct fsk_transfer *t = f->spare;
    if (!t)
        return malloc(sizeof *t);
    f->spare = t->owner;
    return t;
}

void fsk_fetch_give(struct fsock_fetch *f, struct fsk_transfer *t)
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

void fsk_fetch_end_return(struct fsk_job *job)
{
    if (fsk_list_empty(&job->queue))
        return;
    fsk_list_remove(&job->queue);
    fsk_pool_unqueue(job->place, &job->link);
}

void fsk_fetch_free_job(struct fsock_fetch *f, struct fsk_job *job)
{
    fsk_fetch_end_return(job);
    fsk_list_remove(&job->link);
    if (job->transfer) {
        fsk_transfer_fini(job->transfer);
        fsk_fetch_give(f, job->transfer);
        f->n_running--;
    }
    free(job);
}

void fsk_fetch_unqueue(struct fsock_fetch *f, struct fsk_job *job)
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
        fsk_fetch_free_job(f, f->shown);
    FSK_LIST_EACH (link, &f->queue) {
        struct fsk_job *job = FSK_HOLDER(link, struct fsk_job, queue);
        fsk_fetch_unqueue(f, job);
        fsk_pool_unqueue(job->place, &job->link);
        free(job);
    }
    FSK_LIST_EACH (link, &f->running)
        fsk_fetch_free_job(f, FSK_HOLDER(link, struct fsk_job, link));
    FSK_LIST_EACH (link, &f->returning)
        fsk_fetch_free_job(f, FSK_HOLDER(link, struct fsk_job, queue));
    FSK_LIST_EACH (link, &f->canceled)
        fsk_fetch_free_job(f, FSK_HOLDER(link, struct fsk_job, link));
    FSK_LIST_EACH (link, &f->back)
        fsk_fetch_free_job(f, FSK_HOLDER(link, struct fsk_job, link));
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
    struct fsk_span place;
    struct fsock_fault unheard;
    fault = fault ? fault : &unheard;
    *fault = (struct fsock_fault){.err = FSOCK_OK};
    if (f->stopping)
        return fsk_fault_set(fault, FSOCK_ERR_CANCELED, FSOCK_STAGE_NONE, 0, "%s", f->why);
    request = request ? request : default_request();
    bool first = request->flags & FSOCK_FIRST;
    if (f->queued_bytes >= (first ? 2 * FSK_FETCH_QUEUE : FSK_FETCH_QUEUE)) {
        f->full = true;
        return FSOCK_AGAIN;
    }
    struct fsock_request unused;
    enum fsock_err err = fsk_given_request(&unused, request, fault);
    if (err != FSOCK_OK)
        return err;
    err = fsk_aim_place(&aim, fsk_span(url, url_len), f->http.routes, &f->aimed, &place, fault);
    struct fsk_job *job = err == FSOCK_OK ? malloc(sizeof *job + url_len) : NULL;
    if (job) {
        *job = (struct fsk_job){
            .request = request, .user = user, .id = f->last_id + 1, .url_len = url_len};
        memcpy(job->url, url, url_len);
        fsk_list_init(&job->link);
        fsk_list_init(&job->queue);
        job->place = fsk_pool_queue(&f->http.pool, place, &job->link);
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
    struct fsk_span place;
    struct fsock_fault unheard;
    fault = fault ? fault : &unheard;
    *fault = (struct fsock_fault){.err = FSOCK_OK};
    if (delay < 0)
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0, "the delay is negative");
    enum fsock_err err =
        fsk_aim_place(&aim, fsk_span(url, url_len), f->http.routes, &f->aimed, &place, fault);
    if (err == FSOCK_OK && !fsk_pool_slow(&f->http.pool, place, delay))
        err = fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, ENOMEM, "out of memory");
    fsk_aim_fini(&aim);
    return err;
}

enum fsock_err fsock_fetch_watch(fsock_fetch *f, int fd, unsigned events, void *user)
{
    return fsk_watches_add(&f->watches, fd, events, user);
}

/* ---- Ending ---------------------------------------------------------------------------------- */

static void cancel_queued(struct fsock_fetch *f, struct fsk_job *job)
{
    fsk_fetch_unqueue(f, job);
    fsk_pool_unqueue(job->place, &job->link);
    fsk_list_append(&f->canceled, &job->link);
}

/* One that would have been given back. */
static void cancel_back(struct fsock_fetch *f, struct fsk_job *job)
{
    fsk_list_remove(&job->link);
    fsk_list_append(&f->canceled, &job->link);
}

/* One that has a transfer. */
static void cancel_running(struct fsock_fetch *f, struct fsk_job *job, const char *why)
{
    if (job != f->shown)
        fsk_transfer_cancel(job->transfer, why);
}

void fsock_fetch_cancel(fsock_fetch *f, uint64_t id)
{
    FSK_LIST_EACH (link, &f->running) {
        struct fsk_job *job = FSK_HOLDER(link, struct fsk_job, link);
        if (job->id == id)
            cancel_running(f, job, "canceled");
    }
    FSK_LIST_EACH (link, &f->returning) {
        struct fsk_job *job = FSK_HOLDER(link, struct fsk_job, queue);
        if (job->id == id)
            cancel_running(f, job, "canceled");
    }
    FSK_LIST_EACH (link, &f->queue) {
        struct fsk_job *job = FSK_HOLDER(link, struct fsk_job, queue);
        if (job->id == id)
            cancel_queued(f, job);
    }
    FSK_LIST_EACH (link, &f->back) {
        struct fsk_job *job = FSK_HOLDER(link, struct fsk_job, link);
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
        cancel_running(f, FSK_HOLDER(link, struct fsk_job, link), f->why);
    FSK_LIST_EACH (link, &f->returning)
        cancel_running(f, FSK_HOLDER(link, struct fsk_job, queue), f->why);
    FSK_LIST_EACH (link, &f->queue)
        cancel_queued(f, FSK_HOLDER(link, struct fsk_job, queue));
    FSK_LIST_EACH (link, &f->back)
        cancel_back(f, FSK_HOLDER(link, struct fsk_job, link));
}

/* ---- Counts ---------------------------------------------------------------------------------- */

size_t fsock_fetch_running(const fsock_fetch *f)
{
    return f->n_running;
}

size_t fsock_fetch_queued(const fsock_fetch *f)
{
    return f->queued;
}
