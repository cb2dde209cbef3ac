/*
 * op.h - an op is anything that can wait: a small struct with a step function.
 *
 * step() goes as far as it can, never sleeps, and returns FSOCK_AGAIN after it has said what it
 * waits for (in `wait`, `alarm`, or nothing if somebody will wake it), or how it ended. The driver
 * (drive/) steps it when that has happened, and tests the deadline before every step.
 *
 * Two ways to make ops of ops:
 *
 *   One after the other: an inner op is stepped by its outer one, with fsk_op_inner(). The driver
 *   never sees it; it waits through its outer op.
 *
 *   Side by side: a child op is given to the driver with fsk_op_start(); it runs on its own and
 *   wakes its parent when it ends. The parent looks at `ended` and `err`, and stops those it no
 *   longer needs.
 *
 * Nothing here allocates. An op is freed by whoever embeds it, once it has ended or been stopped.
 */
#ifndef FSK_OP_H
#define FSK_OP_H

#include <stdbool.h>

#include "base/heap.h"
#include "base/list.h"
#include "base/wait.h"

struct fsk_op {
    enum fsock_err (*step)(struct fsk_op *, fsock_time now);
    fsock_time deadline; /* the budget: may only be lowered */

    /* Said anew in each step that returns FSOCK_AGAIN; cleared by the driver before it. */
    fsock_time alarm;     /* its own timer; the driver never waits beyond the deadline */
    struct fsk_wait wait; /* descriptors */
    bool yield;           /* it has more to do, but others first */
    bool first; /* it goes on with the next step that the driver makes, before all others */

    /* Set by whoever steps it. */
    bool expired;  /* the deadline has struck: end now, and name the stage */
    bool ended;    /* step() has returned something else than FSOCK_AGAIN: `err` */
    bool running;  /* the driver has it */
    bool by_clock; /* it is stepped because its time has come, though no descriptor is ready */
    enum fsock_err err;

    struct fsk_driver *driver;
    struct fsk_op *outer;  /* who steps this inner op */
    struct fsk_op *parent; /* who is woken when this child op ends */
    uint64_t id;           /* of the transfer, for its marks; 0: none */

    /* The driver's own. */
    struct fsk_list link; /* in the ring of those that wait or that are ready, if it is running */
    bool ready;           /* ... and which */
    struct fsk_heap_node timer;
};

/* Zero it and set what every op needs. `deadline` may be FSOCK_NEVER. */
void fsk_op_init(struct fsk_op *op, enum fsock_err (*step)(struct fsk_op *, fsock_time now),
                 fsock_time deadline);

/* Take back what this step has said it waits for: it goes on after all. */
static inline void fsk_op_clear(struct fsk_op *op)
{
    op->alarm = FSOCK_NEVER;
    op->wait.wants = 0;
    op->yield = op->first = false;
}

/* Where it writes its marks; NULL: nowhere. */
static inline fsock_trace *fsk_op_trace(const struct fsk_op *op)
{
    return op->driver ? op->driver->trace : NULL;
}

/* The op that the driver knows: the outermost one. */
struct fsk_op *fsk_op_root(struct fsk_op *op);

/*
 * Step `inner` as a part of `outer`'s step; what it waits for becomes what `outer` waits for.
 * Returns its result. Its deadline is tested first, so that it may be shorter than the outer one's.
 */
enum fsock_err fsk_op_inner(struct fsk_op *outer, struct fsk_op *inner, fsock_time now);

/*
 * Give `child` to the driver of `parent`; its deadline becomes no later than its parent's. Out of
 * memory, it has ended at once with FSOCK_ERR_MEMORY.
 */
void fsk_op_start(struct fsk_op *parent, struct fsk_op *child);

/* Take a child op away from its driver; harmless if it has ended or never ran. */
void fsk_op_stop(struct fsk_op *op);

/* Somebody else did what `op`, or an inner op of it, waits for. */
void fsk_op_wake(struct fsk_op *op);

/*
 * For a parent whose deadline has struck: end a child that still runs by its own words. Afterwards
 * the driver no longer has it.
 */
void fsk_op_expire(struct fsk_op *child, fsock_time now);

/* One step, with the rules kept: clear, test the deadline, step, record the end. For drivers. */
enum fsock_err fsk_op_step(struct fsk_op *op, fsock_time now);

#endif
