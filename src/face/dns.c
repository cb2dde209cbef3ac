/* dns.c: any number of questions to name servers, by drive/loop. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/explain.h"
#include "base/fault.h"
#include "base/time.h"
#include "base/trace.h"
#include "drive/loop.h"
#include "face/ask.h"
#include "face/given.h"
#include "face/watch.h"

#define QUEUE     64   /* questions that wait inside; outside they need less room */
#define KEPT_MOST 4096 /* bytes of messages for which a spare job keeps room */

/* One question: queued, running, ended, or spare. */
struct job {
    struct fsk_op op;
    struct fsock_dns *owner;
    struct fsk_list link; /* in one of the owner's lists */
    struct fsk_ask ask;
    void *user;
    uint64_t id;
};

struct fsock_dns {
    struct fsk_loop loop;
    struct fsk_dns_setup setup;
    struct fsk_answer answer;
    struct fsk_watches watches;
    struct fsk_list queue, running, ended, spare;
    size_t n_queued, n_running;
    bool full;     /* an add was turned away */
    bool stopping; /* nothing new is started */
    uint64_t last_id;
    struct job *shown; /* its answer has been given out */
    char why[64];
};

/* ---- Made and freed -------------------------------------------------------------------------- */

fsock_dns *fsock_dns_new(const struct fsock_options *options,
                         const struct fsock_dns_options *dns_options, fsock_time deadline,
                         struct fsock_fault *fault)
{
    struct fsock_options given;
    struct fsock_dns_options how;
    struct fsock_fault unheard;
    fault = fault ? fault : &unheard;
    *fault = (struct fsock_fault){.err = FSOCK_OK};
    if (fsk_given_options(&given, options, fault) != FSOCK_OK ||
        fsk_given_dns_options(&how, dns_options, fault) != FSOCK_OK)
        return NULL;
    struct fsock_dns *d = calloc(1, sizeof *d);
    if (!d || !fsk_loop_init(&d->loop, given.trace)) {
        fsk_fault_set(fault, errno == ENOMEM ? FSOCK_ERR_MEMORY : FSOCK_ERR_SYSTEM,
                      FSOCK_STAGE_NONE, errno, "dns: %s", fsk_errno_text(errno));
        fsk_fault_advise(fault);
        free(d);
        return NULL;
    }
    struct fsk_driver *driver = &d->loop.sched.driver;
    struct fsk_list *lists[] = {&d->queue, &d->running, &d->ended, &d->spare};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        fsk_list_init(lists[i]);
    fsk_watches_init(&d->watches, driver);
    fsk_answer_init(&d->answer);
    if (fsk_dns_setup_init(&d->setup, driver, &given, &how, deadline, fault) != FSOCK_OK) {
        fsk_fault_advise(fault);
        fsock_dns_free(d);
        return NULL;
    }
    return d;
}

static void free_jobs(struct fsk_list *list)
{
    FSK_LIST_EACH (link, list) {
        struct job *job = FSK_HOLDER(link, struct job, link);
        fsk_op_stop(&job->op);
        fsk_ask_fini(&job->ask);
        free(job);
    }
}

void fsock_dns_free(fsock_dns *d)
{
    if (!d)
        return;
    free_jobs(&d->queue);
    free_jobs(&d->running);
    free_jobs(&d->ended);
    free_jobs(&d->spare);
    fsk_watches_clear(&d->watches);
    fsk_dns_setup_fini(&d->setup);
    fsk_answer_fini(&d->answer);
    fsk_loop_fini(&d->loop);
    free(d);
}

/* ---- Jobs ------------------------------------------------------------------------------------ */

static void move(struct job *job, struct fsk_list *to)
{
    fsk_list_remove(&job->link);
    fsk_list_append(to, &job->link);
}

static enum fsock_err step(struct fsk_op *op, fsock_time now)
{
    struct job *job = FSK_HOLDER(op, struct job, op);
    enum fsock_err err = fsk_op_inner(op, &job->ask.query.op, now);
    if (err != FSOCK_AGAIN)
        move(job, &job->owner->ended);
    return err;
}

/* One that is free, at the end of no list. NULL: out of memory. */
static struct job *get_job(struct fsock_dns *d)
{
    if (!fsk_list_empty(&d->spare)) {
        struct job *job = FSK_HOLDER(d->spare.next, struct job, link);
        fsk_list_remove(&job->link);
        return job;
    }
    struct job *job = malloc(sizeof *job);
    if (!job)
        return NULL;
    job->owner = d;
    fsk_list_init(&job->link);
    fsk_ask_init(&job->ask);
    fsk_op_init(&job->op, step, FSOCK_NEVER);
    return job;
}

enum fsock_err fsock_dns_add(fsock_dns *d, const char *name, size_t len, unsigned type, void *user,
                             struct fsock_fault *fault)
{
    struct fsock_fault unheard;
    fault = fault ? fault : &unheard;
    fault->err = FSOCK_OK;
    if (d->stopping)
        return fsk_fault_set(fault, FSOCK_ERR_CANCELED, FSOCK_STAGE_NONE, 0, "%s", d->why);
    if (d->n_queued >= QUEUE) {
        d->full = true;
        return FSOCK_AGAIN;
    }
    struct job *job = get_job(d);
    if (!job)
        return fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, ENOMEM, "out of memory");
    enum fsock_err err = fsk_ask_set(&job->ask, name, len, type, fault);
    if (err != FSOCK_OK) {
        fsk_list_prepend(&d->spare, &job->link);
        return err;
    }
    job->user = user;
    job->id = ++d->last_id;
    fsk_list_append(&d->queue, &job->link);
    d->n_queued++;
    return FSOCK_OK;
}

/* Its time begins; without memory it ends at once. */
static void start(struct fsock_dns *d, struct job *job)
{
    struct fsk_driver *driver = &d->loop.sched.driver;
    move(job, &d->running);
    d->n_queued--;
    d->n_running++;
    fsk_ask_begin(&job->ask, &d->setup, job->id, fsk_time_limit(driver->now, d->setup.how.timeout));
    fsk_query_admit(&job->ask.query);
    fsk_op_init(&job->op, step, FSOCK_NEVER);
    job->op.id = job->id;
    if (driver->start(driver, &job->op))
        return;
    fsk_query_fini(&job->ask.query);
    job->op.ended = true;
    job->op.err = FSOCK_ERR_MEMORY;
    move(job, &d->ended);
}

/* Start those for which there is room; when there may be more. */
static fsock_time start_some(struct fsock_dns *d)
{
    struct fsk_driver *driver = &d->loop.sched.driver;
    if (fsk_list_empty(&d->queue))
        return FSOCK_NEVER;
    fsk_sched_tick(&d->loop.sched); /* clocks run from now, not from the caller's last call */
    while (!fsk_list_empty(&d->queue) && d->n_running < d->setup.how.parallel) {
        fsock_time when = fsk_servers_room(&d->setup.stub.servers, driver->now);
        if (when > driver->now)
            return when;
        start(d, FSK_HOLDER(d->queue.next, struct job, link));
    }
    return FSOCK_NEVER;
}

/* ---- Events ---------------------------------------------------------------------------------- */

static void show(struct fsock_dns *d, struct job *job, struct fsock_dns_event *e)
{
    bool began = job->op.ended;
    fsk_answer_tell(&d->answer, &job->ask, began ? job->op.err : FSOCK_ERR_CANCELED, d->why);
    *e = (struct fsock_dns_event){
        .kind = FSOCK_EVENT_DONE, .user = job->user, .id = job->id, .answer = &d->answer.answer};
    fsk_mark_done(d->loop.sched.driver.trace, job->id, d->answer.answer.fault);
    d->shown = job;
    d->n_running--;
}

/* What can be shown without a step. FSOCK_AGAIN: nothing. */
static enum fsock_err show_waiting(struct fsock_dns *d, struct fsock_dns_event *e)
{
    if (fsk_trace_news(d->loop.sched.driver.trace)) {
        *e = (struct fsock_dns_event){.kind = FSOCK_EVENT_MARK};
        return FSOCK_OK;
    }
    void *user;
    if (!fsk_list_empty(&d->ended)) {
        show(d, FSK_HOLDER(d->ended.next, struct job, link), e);
        return FSOCK_OK;
    }
    if (fsk_watches_take(&d->watches, &user)) {
        *e = (struct fsock_dns_event){.kind = FSOCK_EVENT_READY, .user = user};
        return FSOCK_OK;
    }
    if (d->full && d->n_queued < QUEUE / 2) {
        d->full = false;
        *e = (struct fsock_dns_event){.kind = FSOCK_EVENT_ROOM};
        return FSOCK_OK;
    }
    return FSOCK_AGAIN;
}

/* The answer given out last is no longer needed. */
static void let_go(struct fsock_dns *d)
{
    if (!d->shown)
        return;
    fsk_query_fini(&d->shown->ask.query);
    if (d->shown->ask.kept.cap > KEPT_MOST)
        fsk_buf_fini(&d->shown->ask.kept);
    fsk_list_remove(&d->shown->link);
    fsk_list_prepend(&d->spare, &d->shown->link); /* the next one's memory is in the caches */
    d->shown = NULL;
}

enum fsock_err fsock_dns_next(fsock_dns *d, struct fsock_dns_event *event, fsock_time deadline)
{
    let_go(d);
    for (;;) {
        enum fsock_err err = show_waiting(d, event);
        if (err != FSOCK_AGAIN)
            return err;
        fsock_time when = start_some(d);
        if (!fsk_list_empty(&d->ended))
            continue;
        if (!d->n_running && !d->n_queued && fsk_watches_empty(&d->watches))
            return FSOCK_EOF;
        err = fsk_loop_step(&d->loop, fsk_time_min(deadline, when));
        if (err == FSOCK_ERR_TIMEOUT && when < deadline)
            continue;
        if (err != FSOCK_OK)
            return err;
    }
}

enum fsock_err fsock_dns_watch(fsock_dns *d, int fd, unsigned events, void *user)
{
    return fsk_watches_add(&d->watches, fd, events, user);
}

void fsock_dns_stop(fsock_dns *d, const char *why)
{
    d->stopping = true;
    d->full = false;
    strncpy(d->why, why ? why : "canceled", sizeof d->why - 1);
    fsk_watches_clear(&d->watches);
    FSK_LIST_EACH (link, &d->running) {
        struct job *job = FSK_HOLDER(link, struct job, link);
        fsk_op_stop(&job->op);
        job->ask.query.took = d->loop.sched.driver.now - job->ask.query.started;
        fsk_query_fini(&job->ask.query);
        move(job, &d->ended);
    }
    FSK_LIST_EACH (link, &d->queue) {
        struct job *job = FSK_HOLDER(link, struct job, link);
        job->ask.query = (struct fsk_query){.stub = NULL};
        job->op.ended = false;
        move(job, &d->ended);
        d->n_queued--;
        d->n_running++;
    }
}

/* ---- What is known --------------------------------------------------------------------------- */

int fsock_dns_server(const fsock_dns *d, size_t n, struct fsock_dns_server *server)
{
    const struct fsk_servers *servers = &d->setup.stub.servers;
    if (n >= servers->n)
        return 0;
    const struct fsk_server *s = &servers->server[n];
    *server = (struct fsock_dns_server){.name = s->text,
                                        .asked = s->asked,
                                        .answered = s->answered,
                                        .lost = s->lost,
                                        .srtt = s->srtt,
                                        .open = s->open,
                                        .window = s->window};
    return 1;
}

uint64_t fsock_dns_dropped(const fsock_dns *d)
{
    return d->setup.stub.ports.dropped;
}

size_t fsock_dns_running(const fsock_dns *d)
{
    return d->n_running;
}

size_t fsock_dns_queued(const fsock_dns *d)
{
    return d->n_queued;
}
