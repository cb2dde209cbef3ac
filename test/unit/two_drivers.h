/*
 * two_drivers.h - for tests that run the same under both drivers, run and loop.
 *
 * A test is told by its initial state which of them; see TWO_DRIVERS.
 */
#ifndef FSK_TEST_TWO_DRIVERS_H
#define FSK_TEST_TWO_DRIVERS_H

#include <dirent.h>

#include "drive/loop.h"
#include "drive/run.h"

struct two_drivers {
    bool loop;
    struct fsk_run run;
    struct fsk_loop looping;
    struct fsk_driver *driver;
    unsigned fds; /* open before */
};

static inline unsigned open_fds(void)
{
    unsigned n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

static inline bool two_drivers_init(struct two_drivers *d, bool loop)
{
    d->fds = open_fds();
    d->loop = loop;
    d->driver = loop ? &d->looping.sched.driver : &d->run.sched.driver;
    return loop ? fsk_loop_init(&d->looping, NULL) : fsk_run_init(&d->run, NULL);
}

/* False: a descriptor is still open that was not before. */
static inline bool two_drivers_fini(struct two_drivers *d)
{
    if (d->loop)
        fsk_loop_fini(&d->looping);
    else
        fsk_run_fini(&d->run);
    return open_fds() == d->fds;
}

/* Run an op to its end. */
static inline enum fsock_err two_drivers_run(struct two_drivers *d, struct fsk_op *op)
{
    if (!d->loop)
        return fsk_run(&d->run, op);
    fsk_sched_tick(&d->looping.sched);
    if (!d->driver->start(d->driver, op))
        return FSOCK_ERR_MEMORY;
    while (!op->ended)
        fsk_loop_step(&d->looping, FSOCK_NEVER);
    return op->err;
}

static bool by_run = false, by_loop = true;

#define TWO_DRIVERS(f, setup, teardown)                                                            \
    {#f " (run)", f, setup, teardown, &by_run},                                                    \
    {                                                                                              \
#f " (loop)", f, setup, teardown, &by_loop                                                 \
    }

#endif
