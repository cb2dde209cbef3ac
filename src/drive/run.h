/*
 * run.h - the driver that runs one op to its end: the blocking face of everything.
 *
 * It sleeps in poll(2).
 * "One op" means the op and all that it starts. What still runs when the op has ended (a port, an
 * idle connection) waits, untouched, for the next fsk_run with the same driver.
 */
#ifndef FSK_RUN_H
#define FSK_RUN_H

#include "drive/sched.h"

struct fsk_run {
    struct fsk_sched sched;
    struct pollfd *fds;
    size_t cap;
};

/*
 * False: out of memory. The driver to give to ops is &run->sched.driver; what it runs writes its
 * marks in `trace`, if it is not NULL.
 */
bool fsk_run_init(struct fsk_run *run, fsock_trace *trace);

/* Every op must have ended or been stopped. */
void fsk_run_fini(struct fsk_run *run);

/* Run op to its end. Returns how it ended; or FSOCK_ERR_MEMORY, FSOCK_ERR_SYSTEM: it can't run. */
enum fsock_err fsk_run(struct fsk_run *run, struct fsk_op *op);

#endif
