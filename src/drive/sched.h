/*
 * sched.h - what both drivers share: which ops are ready, which wait, and until when.
 *
 * A running op stands in one of two rings, ready or waiting; its timer in the heap is never later
 * than its alarm or deadline, but may be earlier: an alarm that moves away costs nothing until
 * the timer fires.
 */
#ifndef FSK_SCHED_H
#define FSK_SCHED_H

#include "op/op.h"

struct fsk_sched {
    struct fsk_driver driver; /* first: the hooks get their sched from it */
    struct fsk_list ready, waiting;
    struct fsk_heap timers;
    size_t running;

    /* The driver's: begin and end to watch op->wait. arm returns false if it is ready already. */
    bool (*arm)(struct fsk_sched *, struct fsk_op *);
    void (*disarm)(struct fsk_sched *, struct fsk_op *);
};

/* False: out of memory. forget_fd, arm and disarm are the caller's to set. */
bool fsk_sched_init(struct fsk_sched *s);

/* Every op must have been stopped. */
void fsk_sched_fini(struct fsk_sched *s);

/* Read the clock, and make ready what is due. */
void fsk_sched_tick(struct fsk_sched *s);

/* Step the first ready op. There must be one. */
void fsk_sched_step(struct fsk_sched *s);

/* Make an op ready that waits; one that is ready keeps its turn. */
void fsk_sched_ready(struct fsk_sched *s, struct fsk_op *op);

/* When the next timer fires, at the earliest. */
fsock_time fsk_sched_next(const struct fsk_sched *s);

#endif
