/* probe.c: any number of targets, each opened and closed again, by drive/loop. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/explain.h"
#include "base/fault.h"
#include "base/time.h"
#include "face/budget.h"
#include "face/given.h"
#include "face/jobs.h"
#include "face/opener.h"
#include "op/probe.h"

#define PARALLEL 1000

/* One target: queued, running or ended. */
struct job {
    struct fsk_job job;
    struct fsock_probe *owner;
    struct fsk_probe probe;
    struct fsk_endpoint endpoint; /* points into the text */
    char room[FSK_SOCKADDR_TEXT];
    char text[]; /* the target as it was given */
};

struct fsock_probe {
    struct fsk_jobs jobs;
    struct fsk_opener opener;
    int64_t timeout;
    char *payload;
    size_t payload_len;
    char peer[FSK_ADDR_TEXT];
};

static struct job *job_of(struct fsk_job *job)
{
    return FSK_HOLDER(job, struct job, job);
}

/* ---- One target ------------------------------------------------------------------------------ */

static fsock_time start(struct fsk_job *j, fsock_time now)
{
    struct job *job = job_of(j);
    fsock_time limit = fsk_time_limit(now, job->owner->timeout);
    fsk_probe_init(&job->probe, &job->owner->opener.dialer, now, limit);
    return limit;
}

static void close_job(struct fsk_job *j)
{
    fsk_probe_close(&job_of(j)->probe);
}

static void free_job(struct fsk_job *j)
{
    struct job *job = job_of(j);
    fsk_probe_fini(&job->probe);
    free(job);
}

static const struct fsk_job_kind kind = {start, close_job, free_job};

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
    parallel = fsk_budget(parallel ? parallel : PARALLEL, given.own_files);
    if (!p || !fsk_jobs_init(&p->jobs, &kind, parallel, given.trace)) {
        fsk_fault_set(fault, errno == ENOMEM ? FSOCK_ERR_MEMORY : FSOCK_ERR_SYSTEM,
                      FSOCK_STAGE_NONE, errno, "probe: %s", fsk_errno_text(errno));
        fsk_fault_advise(fault);
        free(p);
        return NULL;
    }
    p->timeout = given.connect_timeout;
    enum fsock_err err = fsk_opener_init(&p->opener, &given, &p->jobs.loop.sched.driver, fault);
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

void fsock_probe_free(fsock_probe *p)
{
    if (!p)
        return;
    fsk_jobs_clear(&p->jobs);
    fsk_opener_fini(&p->opener);
    fsk_jobs_fini(&p->jobs);
    free(p->payload);
    free(p);
}

/* ---- Adding ---------------------------------------------------------------------------------- */

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
    enum fsock_err err = fsk_jobs_room(&p->jobs, fault);
    if (err != FSOCK_OK)
        return err;
    struct job *job = new_job(p, target, port, fault);
    if (!job)
        return fault->err;
    put_name(job);
    job->owner = p;
    job->probe.payload = fsk_span(p->payload, p->payload_len);
    job->job.name = job->probe.name;
    job->job.inner = &job->probe.op;
    job->job.fault = &job->probe.fault;
    fsk_jobs_add(&p->jobs, &job->job, user);
    return FSOCK_OK;
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
        .user = job->job.user,
        .id = job->job.id,
        .reach = fsock_reach_of(&probe->fault),
        .target = job->text,
        .peer = p->peer,
        .lookup = probe->looked_up ? probe->looked_up - probe->started : 0,
        .took = probe->ended ? probe->ended - probe->started : 0,
        .answer = probe->answer,
        .answer_len = probe->answer_n,
        .fault = good ? NULL : &probe->fault,
    };
}

enum fsock_err fsock_probe_next(fsock_probe *p, struct fsock_probe_event *event,
                                fsock_time deadline)
{
    struct fsk_job_event e;
    enum fsock_err err = fsk_jobs_next(&p->jobs, &e, deadline);
    if (err != FSOCK_OK)
        return err;
    if (e.job)
        show(p, job_of(e.job), event);
    else
        *event = (struct fsock_probe_event){.kind = e.kind, .user = e.user};
    return FSOCK_OK;
}

enum fsock_err fsock_probe_watch(fsock_probe *p, int fd, unsigned events, void *user)
{
    return fsk_watches_add(&p->jobs.watches, fd, events, user);
}

void fsock_probe_stop(fsock_probe *p, const char *why)
{
    fsk_jobs_stop(&p->jobs, why);
}

size_t fsock_probe_running(const fsock_probe *p)
{
    return p->jobs.n_running;
}

size_t fsock_probe_queued(const fsock_probe *p)
{
    return p->jobs.n_queued;
}
