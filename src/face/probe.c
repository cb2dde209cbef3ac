/* probe.c: any number of targets, each opened and closed again, by drive/loop. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/explain.h"
#include "base/fault.h"
#include "base/time.h"
#include "base/trace.h"
#include "drive/loop.h"
#include "face/budget.h"
#include "face/given.h"
#include "face/opener.h"
#include "face/watch.h"
#include "op/probe.h"

#define PARALLEL 1000
#define QUEUE    256 /* targets that wait inside */
#define FRESH    4   /* ... and that have been started, but had no turn yet */

/* One target: queued, running or ended. */
struct job {
    struct fsk_op op;
    struct fsock_probe *owner;
    struct fsk_list link; /* in one of the owner's lists */
    struct fsk_probe probe;
    struct fsk_endpoint endpoint; /* points into the text */
    char room[FSK_SOCKADDR_TEXT];
    bool fresh; /* it has been started, but had no turn yet */
    void *user;
    uint64_t id;
    char text[]; /* the target as it was given */
};

struct fsock_probe {
    struct fsk_loop loop;
    struct fsk_opener opener;
    struct fsk_watches watches;
    struct fsk_list queue, running, ended;
    size_t n_queued, n_running, n_fresh;
    unsigned parallel;
    int64_t timeout;
    bool full, stopping;
    uint64_t last_id;
    struct job *shown; /* its event has been given out */
    char *payload;
    size_t payload_len;
    char why[64];
    char peer[FSK_ADDR_TEXT];
};

/* ---- Made and freed -------------------------------------------------------------------------- */

static enum fsock_err keep_payload(struct fsock_probe *p, const void *payload, size_t len)
{
    p->payload = malloc(len + 1);
    if (!p->payload)
        return FSOCK_ERR_MEMORY;
    if (len)
        memcpy(p->payload, payload, len);
    p->payload_len = len;
    return FSOCK_OK;
}

fsock_probe *fsock_probe_new(const struct fsock_options *options, unsigned parallel,
                             const void *payload, size_t payload_len, struct fsock_fault *fault)
{
    struct fsock_options given;
    struct fsock_fault unheard;
    fault = fault ? fault : &unheard;
    *fault = (struct fsock_fault){.err = FSOCK_OK};
    if (fsk_given_options(&given, options, fault) != FSOCK_OK)
        return NULL;
    struct fsock_probe *p = calloc(1, sizeof *p);
    if (!p || !fsk_loop_init(&p->loop, given.trace)) {
        fsk_fault_set(fault, errno == ENOMEM ? FSOCK_ERR_MEMORY : FSOCK_ERR_SYSTEM,
                      FSOCK_STAGE_NONE, errno, "probe: %s", fsk_errno_text(errno));
        fsk_fault_advise(fault);
        free(p);
        return NULL;
    }
    struct fsk_list *lists[] = {&p->queue, &p->running, &p->ended};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        fsk_list_init(lists[i]);
    fsk_watches_init(&p->watches, &p->loop.sched.driver);
    p->parallel = fsk_budget(parallel ? parallel : PARALLEL, given.own_files);
    p->timeout = given.connect_timeout;
    enum fsock_err err = fsk_opener_init(&p->opener, &given, &p->loop.sched.driver, fault);
    if (err == FSOCK_OK)
        err = fsk_opener_tls(&p->opener, &given, fault);
    if (err == FSOCK_OK)
        err = keep_payload(p, payload, payload_len);
    if (err == FSOCK_OK)
        return p;
    fsk_fault_set(fault, err, FSOCK_STAGE_NONE, ENOMEM, "out of memory");
    fsk_fault_advise(fault);
    fsock_probe_free(p);
    return NULL;
}

static void free_job(struct job *job)
{
    fsk_op_stop(&job->op);
    fsk_probe_fini(&job->probe);
    fsk_list_remove(&job->link);
    free(job);
}

static void free_jobs(struct fsk_list *list)
{
    FSK_LIST_EACH (link, list)
        free_job(FSK_HOLDER(link, struct job, link));
}

void fsock_probe_free(fsock_probe *p)
{
    if (!p)
        return;
    free_jobs(&p->queue);
    free_jobs(&p->running);
    free_jobs(&p->ended);
    fsk_watches_clear(&p->watches);
    fsk_opener_fini(&p->opener);
    fsk_loop_fini(&p->loop);
    free(p->payload);
    free(p);
}

/* ---- Adding and starting --------------------------------------------------------------------- */

static void move(struct job *job, struct fsk_list *to)
{
    fsk_list_remove(&job->link);
    fsk_list_append(to, &job->link);
}

static enum fsock_err step(struct fsk_op *op, fsock_time now)
{
    struct job *job = FSK_HOLDER(op, struct job, op);
    job->owner->n_fresh -= job->fresh;
    job->fresh = false;
    enum fsock_err err = fsk_op_inner(op, &job->probe.op, now);
    if (err == FSOCK_AGAIN)
        return err;
    fsk_stream_close(&job->probe.stream); /* its descriptor is wanted by others */
    fsk_mark_done(op->driver->trace, job->id, &job->probe.fault);
    move(job, &job->owner->ended);
    return err;
}

/* NULL with the fault filled in: it can't be used. */
static struct job *new_job(fsock_probe *p, const char *target, int port, struct fsock_fault *fault)
{
    char why[FSK_ENDPOINT_WHY];
    size_t n = strlen(target) + 1;
    struct job *job = calloc(1, sizeof *job + n);
    if (!job) {
        fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, ENOMEM, "out of memory");
        return NULL;
    }
    memcpy(job->text, target, n);
    fsk_list_init(&job->link);
    enum fsock_err err = FSOCK_OK;
    if (!fsk_endpoint_parse(fsk_span(job->text, n - 1), port, false, &job->endpoint, why))
        err = fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0, "%s", why);
    if (err == FSOCK_OK)
        err = fsk_opener_aim(&p->opener, &job->endpoint, job->room, &job->probe.target, fault);
    if (err == FSOCK_OK)
        return job;
    free(job);
    return NULL;
}

static void put_name(struct job *job)
{
    const struct fsk_endpoint *e = &job->endpoint;
    bool ipv6 = e->host.n && memchr(e->host.p, ':', e->host.n);
    if (fsk_transport_local(e->transport))
        snprintf(job->probe.name, sizeof job->probe.name, "%.*s", (int)e->path.n, e->path.p);
    else
        snprintf(job->probe.name, sizeof job->probe.name, ipv6 ? "[%.*s]:%u" : "%.*s:%u",
                 (int)(e->host.n < 128 ? e->host.n : 128), e->host.p, e->port);
}

enum fsock_err fsock_probe_add(fsock_probe *p, const char *target, int port, void *user,
                               struct fsock_fault *fault)
{
    struct fsock_fault unheard;
    target = target ? target : "";
    fault = fault ? fault : &unheard;
    *fault = (struct fsock_fault){.err = FSOCK_OK};
    if (p->stopping)
        return fsk_fault_set(fault, FSOCK_ERR_CANCELED, FSOCK_STAGE_NONE, 0, "%s", p->why);
    if (p->n_queued >= QUEUE) {
        p->full = true;
        return FSOCK_AGAIN;
    }
    struct job *job = new_job(p, target, port, fault);
    if (!job)
        return fault->err;
    put_name(job);
    job->owner = p;
    job->user = user;
    job->id = ++p->last_id;
    job->probe.payload = fsk_span(p->payload, p->payload_len);
    fsk_list_append(&p->queue, &job->link);
    p->n_queued++;
    return FSOCK_OK;
}

/* Its time begins; without memory it ends at once. */
static void start(struct fsock_probe *p, struct job *job)
{
    struct fsk_driver *driver = &p->loop.sched.driver;
    move(job, &p->running);
    p->n_queued--;
    p->n_running++;
    fsock_time limit = fsk_time_limit(driver->now, p->timeout);
    fsk_probe_init(&job->probe, &p->opener.dialer, driver->now, limit);
    fsk_op_init(&job->op, step, limit);
    job->op.id = job->id;
    fsk_mark(driver->trace, FSOCK_MARK_START, job->id, -1, 0, 0,
             fsk_text("target", job->probe.name));
    job->fresh = driver->start(driver, &job->op);
    p->n_fresh += job->fresh;
    if (job->fresh)
        return;
    fsk_fault_set(&job->probe.fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, ENOMEM, "out of memory");
    move(job, &p->ended);
}

static bool can_start(const struct fsock_probe *p)
{
    return !fsk_list_empty(&p->queue) && p->n_running < p->parallel && p->n_fresh < FRESH;
}

/* Only as many as soon have their turn: else their limits would measure how busy we are. */
static void start_some(struct fsock_probe *p)
{
    if (!can_start(p))
        return;
    fsk_sched_tick(&p->loop.sched); /* clocks run from now, not from the caller's last call */
    while (can_start(p))
        start(p, FSK_HOLDER(p->queue.next, struct job, link));
}

/* ---- Events ---------------------------------------------------------------------------------- */

static void show(struct fsock_probe *p, struct job *job, struct fsock_probe_event *e)
{
    const struct fsk_probe *probe = &job->probe;
    bool good = probe->fault.err == FSOCK_OK;
    p->peer[0] = '\0';
    if (probe->peer.family)
        fsk_addr_format_port(&probe->peer, p->peer);
    *e = (struct fsock_probe_event){
        .kind = FSOCK_EVENT_DONE,
        .user = job->user,
        .id = job->id,
        .reach = fsock_reach_of(&probe->fault),
        .target = job->text,
        .peer = p->peer,
        .lookup = probe->looked_up ? probe->looked_up - probe->started : 0,
        .took = probe->ended ? probe->ended - probe->started : 0,
        .answer = probe->answer,
        .answer_len = probe->answer_n,
        .fault = good ? NULL : &probe->fault,
    };
    p->shown = job;
    p->n_running--;
}

/* What can be shown without a step. FSOCK_AGAIN: nothing. */
static enum fsock_err show_waiting(struct fsock_probe *p, struct fsock_probe_event *e)
{
    if (fsk_trace_news(p->loop.sched.driver.trace)) {
        *e = (struct fsock_probe_event){.kind = FSOCK_EVENT_MARK};
        return FSOCK_OK;
    }
    void *user;
    if (!fsk_list_empty(&p->ended)) {
        show(p, FSK_HOLDER(p->ended.next, struct job, link), e);
        return FSOCK_OK;
    }
    if (fsk_watches_take(&p->watches, &user)) {
        *e = (struct fsock_probe_event){.kind = FSOCK_EVENT_READY, .user = user};
        return FSOCK_OK;
    }
    if (p->full && p->n_queued < QUEUE / 2) {
        p->full = false;
        *e = (struct fsock_probe_event){.kind = FSOCK_EVENT_ROOM};
        return FSOCK_OK;
    }
    return FSOCK_AGAIN;
}

enum fsock_err fsock_probe_next(fsock_probe *p, struct fsock_probe_event *event,
                                fsock_time deadline)
{
    if (p->shown)
        free_job(p->shown);
    p->shown = NULL;
    for (;;) {
        enum fsock_err err = show_waiting(p, event);
        if (err != FSOCK_AGAIN)
            return err;
        start_some(p);
        if (!fsk_list_empty(&p->ended))
            continue;
        if (!p->n_running && !p->n_queued && fsk_watches_empty(&p->watches))
            return FSOCK_EOF;
        err = fsk_loop_step(&p->loop, deadline);
        if (err != FSOCK_OK)
            return err;
    }
}

enum fsock_err fsock_probe_watch(fsock_probe *p, int fd, unsigned events, void *user)
{
    return fsk_watches_add(&p->watches, fd, events, user);
}

static void cancel(struct fsock_probe *p, struct job *job)
{
    fsk_op_stop(&job->op);
    fsk_probe_fini(&job->probe);
    fsk_fault_set(&job->probe.fault, FSOCK_ERR_CANCELED, FSOCK_STAGE_NONE, 0, "%s", p->why);
    move(job, &p->ended);
}

void fsock_probe_stop(fsock_probe *p, const char *why)
{
    p->stopping = true;
    p->full = false;
    strncpy(p->why, why ? why : "canceled", sizeof p->why - 1);
    fsk_watches_clear(&p->watches);
    FSK_LIST_EACH (link, &p->running)
        cancel(p, FSK_HOLDER(link, struct job, link));
    FSK_LIST_EACH (link, &p->queue) {
        cancel(p, FSK_HOLDER(link, struct job, link));
        p->n_queued--;
        p->n_running++;
    }
}

size_t fsock_probe_running(const fsock_probe *p)
{
    return p->n_running;
}

size_t fsock_probe_queued(const fsock_probe *p)
{
    return p->n_queued;
}
