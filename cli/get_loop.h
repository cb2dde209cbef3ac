/*
 * get_loop.h - a loop of `fsock get`: take URLs, fetch them or hand them on, act on what happens.
 *
 * A run has one loop. With --threads N it has N that fetch, each in a thread of its own, and in
 * front of them one that reads the lists and hands each URL on: those of one host always to the
 * same loop, so that what is promised for a host needs no talk between threads.
 *
 *   source --> loop --> items                one loop
 *   source --> loop --> inbox --> loop --> items   with threads
 *
 * URLs whose host is left alone for a while stand aside (get_later.h) at the loop that fetches
 * them.
 */
#ifndef FSOCK_CLI_GET_LOOP_H
#define FSOCK_CLI_GET_LOOP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <fsock.h>

#include "get_batch.h"
#include "get_follow.h"
#include "get_gate.h"
#include "get_inbox.h"
#include "get_item.h"
#include "get_later.h"
#include "get_report.h"
#include "get_robots.h"
#include "get_sitemap.h"
#include "get_source.h"

/* What the loops of a run share. */
struct run {
    const struct get_options *o;
    const struct get_request *ask;
    const struct rounds *rounds, *abroad; /* the latter for other sites than a sitemap's own */
    struct source *source;
    struct errands *errands;
    struct sitemaps *sitemaps;
    struct follow *follow;
    struct robots *robots;
    struct gate *gate;
    struct report *report;
    fsock_time deadline; /* --run-time */
    int signals;         /* readable from the first signal on */
    int room; /* an eventfd: inboxes have room again, a loop has ended, --ordered goes on; or -1 */
    _Atomic uint64_t numbered; /* URLs taken so far: any loop may look */
    struct batch batch;        /* the first loop's */
    _Atomic bool blocked;      /* the first loop waits for --ordered or --batch */
    const char *_Atomic why;   /* the run is to end early: why; NULL: it is not */
    bool over;                 /* ... because --run-time struck; set before `why` */
    _Atomic bool lost;         /* URLs that waited can't be read back: ended for that */
    _Atomic int spent; /* the FSOCK_LIMIT_ that has left nothing for more requests; 0: none */
};

struct loop {
    struct run *run;
    fsock_fetch *fetch;
    struct items items;   /* those it fetches */
    struct later later;   /* those it couldn't begin, and will ask for again */
    struct inbox *inbox;  /* where its URLs come from; NULL: the run's source */
    struct loop *workers; /* to whom it hands them on; NULL: to nobody */
    size_t n_workers;

    struct source_url url; /* the one at hand */
    bool at_hand;
    struct item *waiting; /* made of it; the queue was full */
    bool waits;           /* where URLs come from is being watched */
    bool ended;           /* no more URLs */
    bool busy;            /* feeding stopped only to give others a turn */

    pthread_t thread;       /* a worker's */
    _Atomic size_t running; /* ... transfers, for the progress line */
    _Atomic bool finished;  /* ... and it has returned: */
    enum fsock_err err;
};

/*
 * Get ready: `fetch` becomes the loop's own. `inbox` is NULL for the first loop. False: out of
 * memory or descriptors.
 */
bool loop_init(struct loop *l, struct run *run, fsock_fetch *fetch, struct inbox *inbox);

/* After loop_init(), or of what is all zero. */
void loop_fini(struct loop *l);

/* FSOCK_OK, or what stopped the library itself. */
enum fsock_err loop_run(struct loop *l);

/* The first loop, with its workers: start their threads, run it, wait for them. */
enum fsock_err loop_run_all(struct loop *first, struct loop *workers, size_t n);

#endif
