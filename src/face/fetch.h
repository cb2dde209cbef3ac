/*
 * fetch.h - the inside of a fsock_fetch: what is added and ended (fetch.c), and what becomes of it
 * (fetch_next.c). Jobs wait in the pool's queues as little more than their URLs; a job that starts
 * becomes a transfer.
 */
#ifndef FSK_FACE_FETCH_H
#define FSK_FACE_FETCH_H

#include "drive/loop.h"
#include "face/watch.h"
#include "op/http.h"
#include "op/transfer.h"

/* Bytes of waiting jobs: the rest waits outside. */
#define FSK_FETCH_QUEUE ((size_t)2 * 1024 * 1024)

/*
 * One URL: queued (in its place's queue), running (has a transfer), or ended before it started. A
 * transfer that comes back from a rest goes through its place's queue once more.
 */
struct fsk_job {
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
    struct fsk_job *shown;      /* its DONE event has been given out: freed by the next call */
    char why[64];
};

/* Memory for a transfer. It is large, and most often still in the CPU's cache. NULL: none. */
struct fsk_transfer *fsk_fetch_take(struct fsock_fetch *f);
void fsk_fetch_give(struct fsock_fetch *f, struct fsk_transfer *t);

/* Take a job out of the fetch's queue; its memory stays. */
void fsk_fetch_unqueue(struct fsock_fetch *f, struct fsk_job *job);

/* No longer in its place's queue, after a rest. */
void fsk_fetch_end_return(struct fsk_job *job);

/* Free a job, which is not queued. */
void fsk_fetch_free_job(struct fsock_fetch *f, struct fsk_job *job);

#endif
