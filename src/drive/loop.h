/*
 * loop.h - the driver that runs a hundred thousand ops.
 *
 * It sleeps in epoll, edge-triggered: a descriptor is registered once, at the first wait, and the
 * loop remembers what it has become ready for since.
 */
#ifndef FSK_LOOP_H
#define FSK_LOOP_H

#include "drive/sched.h"

struct fsk_loop_slot;

struct fsk_loop {
    struct fsk_sched sched;
    int epoll;
    struct fsk_loop_slot *slot; /* by descriptor */
    size_t slots;
    size_t turn; /* steps left before the kernel and the clock are asked again */
    bool late;   /* this turn began after the caller's deadline: it is the last one */
};

/* The driver for ops is &loop->sched.driver. False: no memory, or no descriptor (errno says). */
bool fsk_loop_init(struct fsk_loop *loop, fsock_trace *trace);

/* Every op must have ended or been stopped. */
void fsk_loop_fini(struct fsk_loop *loop);

/*
 * Make one step of one op, or sleep until one is ready. FSOCK_OK; FSOCK_ERR_TIMEOUT if `deadline`
 * has passed, and nothing is ready or what was has had its turn; FSOCK_ERR_SYSTEM.
 *
 * A turn that was begun goes on with its own time: whoever starts an op after a pause calls
 * fsk_sched_tick() first.
 */
enum fsock_err fsk_loop_step(struct fsk_loop *loop, fsock_time deadline);

#endif
