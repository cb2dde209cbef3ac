/*
 * measure.h - how the deadline matrix measures a cell, and what it takes for good.
 */
#ifndef MATRIX_MEASURE_H
#define MATRIX_MEASURE_H

#include <pthread.h>
#include <stdbool.h>

#include "cells.h"

/* What came of a cell. */
struct outcome {
    int ended;
    enum fsock_err err;
    struct fsock_fault fault;
    fsock_time took;  /* as its caller sees it */
    fsock_time total; /* as the library says */
    fsock_time lag;   /* of the sleeper beside it */
    fsock_time cpu;   /* the process has used meanwhile; 0: not measured */
    int fds_left;     /* open after it, but not before */
};

/* A way to run cells, in a process of its own, which ends afterwards. */
struct driver {
    const char *name;
    const struct cell *cells;
    const unsigned *n_cells;
    /* Runs the n cells whose numbers are in `which`; outcomes are by number. */
    void (*run)(const unsigned *which, unsigned n, struct outcome *outcomes);
    bool grouped;        /* cells with the same options share a process */
    fsock_time late_max; /* how long after the limit it may end */
};

/* A thread that wants to wake up at a given time, and how much later it did. */
struct sleeper {
    pthread_t thread;
    fsock_time until, lag;
};

void sleeper_start(struct sleeper *s, fsock_time until);
fsock_time sleeper_lag(struct sleeper *s); /* waits for it */

int open_fds(void);
fsock_time cpu_used(void);

/* How long after the limit, and after the sleeper, it ended. */
fsock_time lateness(const struct outcome *o);

enum verdict { GOOD, LATE, WRONG };

/* `why` is "" if it is good. */
enum verdict judge(const struct driver *d, const struct cell *c, const struct outcome *o, char *why,
                   size_t cap);

#endif
