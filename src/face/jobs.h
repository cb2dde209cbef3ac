/*
 * jobs.h - any number of targets in one loop, each an op of its own: what probes and checks share.
 *
 * A job is queued, runs, and has ended; then its event is given out, and it is freed by the next
 * call. The owner embeds struct fsk_job as the first member of its own and says by a struct
 * fsk_job_kind how one begins and is freed.
 *
 * Jobs are started only as fast as they get their first turn: else their limits would measure how
 * busy we are.
 */
#ifndef FSK_FACE_JOBS_H
#define FSK_FACE_JOBS_H

#include "drive/loop.h"
#include "face/watch.h"

struct fsk_jobs;

struct fsk_job {
    struct fsk_op op; /* the driver's; it steps the owner's op as an inner one */
    struct fsk_jobs *jobs;
    struct fsk_list link; /* in one of the lists */
    bool fresh;           /* it has been started, but had no turn yet */
    void *user;
    uint64_t id;
    const char *name;          /* the target, for the trace */
    struct fsk_op *inner;      /* the owner's op, */
    struct fsock_fault *fault; /* ... and how it ended */
};

struct fsk_job_kind {
    /* Its time begins: init the inner op, which ends at what is returned at the latest. */
    fsock_time (*start)(struct fsk_job *, fsock_time now);
    /* It has ended, or was canceled: close what is open. */
    void (*close)(struct fsk_job *);
    void (*free)(struct fsk_job *);
};

struct fsk_jobs {
    struct fsk_loop loop;
    struct fsk_watches watches;
    const struct fsk_job_kind *kind;
    struct fsk_list queue, running, ended;
    size_t n_queued, n_running, n_fresh;
    unsigned parallel;
    bool full, stopping;
    uint64_t last_id;
    struct fsk_job *shown; /* its event has been given out */
    char why[64];          /* it was stopped */
};

/* The driver of all is &jobs->loop.sched.driver. False: no memory or descriptor (errno says). */
bool fsk_jobs_init(struct fsk_jobs *jobs, const struct fsk_job_kind *kind, unsigned parallel,
                   fsock_trace *trace);

/* Free all jobs; afterwards what they have used may be freed, then the loop. */
void fsk_jobs_clear(struct fsk_jobs *jobs);
void fsk_jobs_fini(struct fsk_jobs *jobs);

/*
 * Whether one more is taken: FSOCK_OK; FSOCK_AGAIN, and FSOCK_EVENT_ROOM will tell; after
 * fsk_jobs_stop() FSOCK_ERR_CANCELED with the fault filled in.
 */
enum fsock_err fsk_jobs_room(struct fsk_jobs *jobs, struct fsock_fault *fault);

/* Queue a job whose name, inner and fault are set. */
void fsk_jobs_add(struct fsk_jobs *jobs, struct fsk_job *job, void *user);

struct fsk_job_event {
    enum fsock_event_kind kind; /* DONE, ROOM, READY or MARK */
    struct fsk_job *job;        /* DONE; lives until the next call */
    void *user;                 /* READY */
};

/* As fsock_fetch_next. */
enum fsock_err fsk_jobs_next(struct fsk_jobs *jobs, struct fsk_job_event *event,
                             fsock_time deadline);

/* End all, with FSOCK_ERR_CANCELED; their events follow. */
void fsk_jobs_stop(struct fsk_jobs *jobs, const char *why);

#endif
