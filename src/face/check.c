/* check.c: any number of services, each spoken with as its script says, by drive/loop. */
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/explain.h"
#include "base/fault.h"
#include "base/time.h"
#include "face/budget.h"
#include "face/check_wish.h"
#include "face/given.h"
#include "face/jobs.h"
#include "face/opener.h"
#include "op/dialog.h"
#include "wire/service.h"

#define PARALLEL 500
#define WORDS    256 /* capabilities that are shown */
#define FACTS    64

/* One target: queued, running or ended. */
struct job {
    struct fsk_job job;
    struct fsock_check *owner;
    struct fsk_dialog dialog;
    struct fsk_service_target target;
    struct fsk_kept_wish wish;
    char room[FSK_SOCKADDR_TEXT];
    char *host;          /* as a string */
    char authority[300]; /* with its port, for HTTP */
};

struct fsock_check {
    struct fsk_jobs jobs;
    struct fsk_opener opener;
    int64_t connect_timeout, total_timeout, silence;
    char peer[FSK_ADDR_TEXT];
    const char *word[WORDS + 1];
    struct fsock_fact fact[FACTS];
    struct fsock_check_result result;
};

const char *const *fsock_services(void)
{
    return fsk_service_names();
}

static struct job *job_of(struct fsk_job *job)
{
    return FSK_HOLDER(job, struct job, job);
}

/* ---- One target ------------------------------------------------------------------------------ */

static fsock_time start(struct fsk_job *j, fsock_time now)
{
    struct job *job = job_of(j);
    struct fsock_check *c = job->owner;
    fsock_time deadline = fsk_time_limit(now, c->total_timeout);
    fsk_dialog_init(&job->dialog, &c->opener.dialer, now, fsk_time_limit(now, c->connect_timeout),
                    deadline);
    return deadline;
}

static void close_job(struct fsk_job *j)
{
    fsk_dialog_close(&job_of(j)->dialog);
}

static void free_job(struct fsk_job *j)
{
    struct job *job = job_of(j);
    fsk_dialog_fini(&job->dialog);
    fsk_kept_wish_fini(&job->wish);
    free(job->host);
    free(job);
}

static const struct fsk_job_kind kind = {start, close_job, free_job};

/* ---- Made and freed -------------------------------------------------------------------------- */

fsock_check *fsock_check_new(const struct fsock_options *options, unsigned parallel,
                             struct fsock_fault *fault)
{
    struct fsock_options given;
    struct fsock_fault unheard;
    fault = fault ? fault : &unheard;
    *fault = (struct fsock_fault){.err = FSOCK_OK};
    if (fsk_given_options(&given, options, fault) != FSOCK_OK)
        return NULL;
    fsock_check *c = calloc(1, sizeof *c);
    parallel = fsk_budget(parallel ? parallel : PARALLEL, given.own_files);
    if (!c || !fsk_jobs_init(&c->jobs, &kind, parallel, given.trace)) {
        fsk_fault_set(fault, errno == ENOMEM ? FSOCK_ERR_MEMORY : FSOCK_ERR_SYSTEM,
                      FSOCK_STAGE_NONE, errno, "check: %s", fsk_errno_text(errno));
        fsk_fault_advise(fault);
        free(c);
        return NULL;
    }
    c->connect_timeout = given.connect_timeout;
    c->total_timeout = given.total_timeout;
    c->silence = given.read_timeout;
    enum fsock_err err = fsk_opener_init(&c->opener, &given, &c->jobs.loop.sched.driver, fault);
    if (err == FSOCK_OK)
        err = fsk_opener_tls(&c->opener, &given, fault);
    if (err != FSOCK_OK) {
        fsk_fault_set(fault, err, FSOCK_STAGE_NONE, ENOMEM, "out of memory");
        fsk_fault_advise(fault);
        fsock_check_free(c);
        return NULL;
    }
    fsk_tls_config_forgetful(c->opener.dialer.tls); /* each check sees the certificate */
    return c;
}

void fsock_check_free(fsock_check *c)
{
    if (!c)
        return;
    fsk_jobs_clear(&c->jobs);
    fsk_opener_fini(&c->opener);
    fsk_jobs_fini(&c->jobs);
    free(c);
}

/* ---- Adding ---------------------------------------------------------------------------------- */

static enum fsock_err refuse(struct fsock_fault *fault, const char *target, const char *why)
{
    return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0, "check %.120s: %s", target,
                         why);
}

static void put_name(struct job *job)
{
    const struct fsk_service_target *t = &job->target;
    const struct fsk_endpoint *e = &t->endpoint;
    struct fsk_dialog *d = &job->dialog;
    bool local = fsk_transport_local(e->transport);
    bool ipv6 = e->host.n && memchr(e->host.p, ':', e->host.n);
    struct fsk_span shown = local ? e->path : e->host;
    int n = (int)(shown.n < 120 ? shown.n : 120);
    if (local)
        snprintf(d->name, sizeof d->name, "%s://%.*s", t->service->name, n, shown.p);
    else
        snprintf(d->name, sizeof d->name, ipv6 ? "%s://[%.*s]:%u" : "%s://%.*s:%u",
                 t->service->name, n, shown.p, e->port);
}

/* "example.org", "[::1]:8080": without the port that the service has anyway. */
static struct fsk_span put_authority(struct job *job)
{
    const struct fsk_endpoint *e = &job->target.endpoint;
    bool ipv6 = e->host.n && memchr(e->host.p, ':', e->host.n);
    int n = (int)(e->host.n < 255 ? e->host.n : 255);
    int len =
        snprintf(job->authority, sizeof job->authority, ipv6 ? "[%.*s]" : "%.*s", n, e->host.p);
    if (e->port != job->target.service->port)
        len += snprintf(job->authority + len, sizeof job->authority - (size_t)len, ":%u", e->port);
    return fsk_span(job->authority, (size_t)len);
}

/* What the caller wants of this target, checked and in our own memory. */
static enum fsock_err take_wish(struct job *job, const char *target,
                                const struct fsock_check_request *r, struct fsock_fault *fault)
{
    char why[FSK_ENDPOINT_WHY];
    if (!fsk_kept_wish_init(&job->wish, target, r))
        return fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, ENOMEM, "out of memory");
    if (!fsk_service_parse(fsk_span_str(job->wish.target), &job->target, why))
        return refuse(fault, target, why);
    struct fsk_wish *w = &job->dialog.wish;
    *w = job->wish.wish;
    w->user = w->user.n ? w->user : job->target.user;
    w->login = w->user.n || w->password.n;
    w->host = put_authority(job);
    w->server = job->target.endpoint.host;
    w->path = job->target.path;
    const char *wrong = fsk_service_refuses(job->target.service, w);
    wrong = wrong ? wrong : fsk_wish_check(w);
    return wrong ? refuse(fault, target, wrong) : FSOCK_OK;
}

/* NULL with the fault filled in: it can't be used. */
static struct job *new_job(fsock_check *c, const char *target,
                           const struct fsock_check_request *request, struct fsock_fault *fault)
{
    struct job *job = calloc(1, sizeof *job);
    if (!job) {
        fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, ENOMEM, "out of memory");
        return NULL;
    }
    job->owner = c;
    const struct fsk_endpoint *e = &job->target.endpoint;
    enum fsock_err err = take_wish(job, target, request, fault);
    if (err == FSOCK_OK)
        err = fsk_opener_aim(&c->opener, e, job->room, &job->dialog.target, fault);
    struct fsk_span host = e->path.n ? e->path : e->host;
    if (err == FSOCK_OK && !(job->host = strndup(host.p, host.n)))
        err = fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, ENOMEM, "out of memory");
    if (err == FSOCK_OK)
        return job;
    free_job(&job->job);
    return NULL;
}

enum fsock_err fsock_check_add(fsock_check *c, const char *target,
                               const struct fsock_check_request *request, void *user,
                               struct fsock_fault *fault)
{
    struct fsock_check_request given;
    struct fsock_fault unheard;
    fault = fault ? fault : &unheard;
    *fault = (struct fsock_fault){.err = FSOCK_OK};
    enum fsock_err err = fsk_jobs_room(&c->jobs, fault);
    if (err == FSOCK_OK)
        err = fsk_given_check_request(&given, request, fault);
    if (err != FSOCK_OK)
        return err;
    struct job *job = new_job(c, target ? target : "", &given, fault);
    if (!job)
        return fault->err;
    put_name(job);
    job->dialog.service = job->target.service;
    job->dialog.silence = c->silence;
    job->job.name = job->dialog.name;
    job->job.inner = &job->dialog.op;
    job->job.fault = &job->dialog.fault;
    fsk_jobs_add(&c->jobs, &job->job, user);
    return FSOCK_OK;
}

/* ---- Events ---------------------------------------------------------------------------------- */

/* The strings of a buffer, one after the other; at most `max` of them. */
static size_t strings(const struct fsk_buf *b, const char **out, size_t max)
{
    struct fsk_span rest = fsk_buf_span(b);
    size_t n = 0;
    while (rest.n && n < max) {
        size_t len = strlen(rest.p) + 1;
        out[n++] = rest.p;
        rest = fsk_span(rest.p + len, rest.n - len);
    }
    return n;
}

static void show_script(fsock_check *c, const struct fsk_script *s)
{
    const char *text[2 * FACTS];
    struct fsock_check_result *r = &c->result;
    c->word[strings(&s->words, c->word, WORDS)] = NULL;
    r->facts_count = strings(&s->facts, text, 2 * FACTS) / 2;
    for (size_t i = 0; i < r->facts_count; i++)
        c->fact[i] = (struct fsock_fact){text[2 * i], text[2 * i + 1]};
    struct fsk_span all = fsk_buf_span(&s->text);
    r->text = all.n ? all.p : "";
    r->text_len = all.n;
    r->banner = s->banner;
    r->mechanism = fsk_script_mechanism(s);
}

static fsock_time since(fsock_time started, fsock_time at)
{
    return at ? at - started : 0;
}

/* One that was stopped before its end took until now. */
static fsock_time took(const struct fsk_dialog *d)
{
    if (!d->started)
        return 0;
    return (d->ended ? d->ended : fsock_now()) - d->started;
}

static void show(fsock_check *c, struct job *job)
{
    const struct fsk_dialog *d = &job->dialog;
    c->peer[0] = '\0';
    if (d->peer.family)
        fsk_addr_format_port(&d->peer, c->peer);
    c->word[0] = NULL;
    c->result = (struct fsock_check_result){
        .target = job->wish.target,
        .service = job->target.service->name,
        .host = job->host,
        .port = job->target.endpoint.port,
        .peer = c->peer,
        .lookup = since(d->started, d->looked_up),
        .connect = since(d->started, d->connected),
        .tls = since(d->started, d->secured),
        .greeting = since(d->started, d->greeted),
        .login = since(d->started, d->in),
        .took = took(d),
        .banner = "",
        .capabilities = c->word,
        .facts = c->fact,
        .text = "",
        .tls_version = d->tls_version,
        .tls_cipher = d->tls_cipher,
        .starttls = d->starttls,
        .cert = d->cert,
        .mechanism = "",
        .fault = d->fault.err == FSOCK_OK ? NULL : &d->fault,
    };
    if (d->scripted)
        show_script(c, &d->script);
}

enum fsock_err fsock_check_next(fsock_check *c, struct fsock_check_event *event,
                                fsock_time deadline)
{
    struct fsk_job_event e;
    enum fsock_err err = fsk_jobs_next(&c->jobs, &e, deadline);
    if (err != FSOCK_OK)
        return err;
    *event = (struct fsock_check_event){.kind = e.kind, .user = e.user};
    if (!e.job)
        return FSOCK_OK;
    show(c, job_of(e.job));
    event->user = e.job->user;
    event->id = e.job->id;
    event->result = &c->result;
    return FSOCK_OK;
}

enum fsock_err fsock_check_watch(fsock_check *c, int fd, unsigned events, void *user)
{
    return fsk_watches_add(&c->jobs.watches, fd, events, user);
}

void fsock_check_stop(fsock_check *c, const char *why)
{
    fsk_jobs_stop(&c->jobs, why);
}

size_t fsock_check_running(const fsock_check *c)
{
    return c->jobs.n_running;
}

size_t fsock_check_queued(const fsock_check *c)
{
    return c->jobs.n_queued;
}
