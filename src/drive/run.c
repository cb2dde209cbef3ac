#include "drive/run.h"

#include <stdlib.h>

#include "base/time.h"
#include "drive/poll.h"

static bool arm(struct fsk_sched *s, struct fsk_op *op)
{
    (void)s, (void)op; /* op->wait is all that poll needs */
    return true;
}

static void disarm(struct fsk_sched *s, struct fsk_op *op)
{
    (void)s, (void)op;
}

static void forget_fd(struct fsk_driver *d, int fd)
{
    struct fsk_sched *s = (struct fsk_sched *)(void *)d;
    FSK_LIST_EACH (link, &s->waiting) {
        struct fsk_op *op = FSK_HOLDER(link, struct fsk_op, link);
        for (unsigned i = 0; i < op->wait.wants; i++)
            if (op->wait.want[i].fd == fd)
                op->wait.want[i].fd = -1; /* poll passes over it */
    }
}

bool fsk_run_init(struct fsk_run *run, fsock_trace *trace)
{
    run->fds = NULL;
    run->cap = 0;
    if (!fsk_sched_init(&run->sched))
        return false;
    run->sched.arm = arm;
    run->sched.disarm = disarm;
    run->sched.driver.forget_fd = forget_fd;
    run->sched.driver.trace = trace;
    return true;
}

void fsk_run_fini(struct fsk_run *run)
{
    fsk_sched_fini(&run->sched);
    free(run->fds);
}

/* Look which of the waiting ops can go on; sleep until one can if none is ready. */
static enum fsock_err gather(struct fsk_run *run)
{
    struct fsk_sched *s = &run->sched;
    size_t n = 0;
    if (run->cap < s->running * FSK_WANTS_MAX) {
        size_t cap = s->running * FSK_WANTS_MAX * 2;
        struct pollfd *fds = realloc(run->fds, cap * sizeof *fds);
        if (!fds)
            return FSOCK_ERR_MEMORY;
        run->fds = fds;
        run->cap = cap;
    }
    FSK_LIST_EACH (link, &s->waiting) {
        struct fsk_wait *w = &FSK_HOLDER(link, struct fsk_op, link)->wait;
        for (unsigned i = 0; i < w->wants; i++)
            run->fds[n++] = fsk_poll_for(w->want[i].fd, w->want[i].events);
    }
    int ms = 0;
    if (fsk_list_empty(&s->ready))
        ms = fsk_time_poll_ms(fsock_now(), fsk_sched_next(s));
    s->driver.sleeps += ms != 0;
    enum fsock_err err = fsk_poll(s->driver.trace, run->fds, n, ms);
    if (err != FSOCK_OK)
        return err;
    n = 0;
    FSK_LIST_EACH (link, &s->waiting) {
        struct fsk_op *op = FSK_HOLDER(link, struct fsk_op, link);
        bool ready = false;
        for (unsigned i = 0; i < op->wait.wants; i++)
            ready |= run->fds[n++].revents != 0;
        if (ready)
            fsk_sched_ready(s, op);
    }
    return FSOCK_OK;
}

enum fsock_err fsk_run(struct fsk_run *run, struct fsk_op *op)
{
    struct fsk_sched *s = &run->sched;
    fsk_sched_tick(s);
    if (!s->driver.start(&s->driver, op))
        return FSOCK_ERR_MEMORY;
    for (;;) {
        for (size_t turn = s->running; turn && !fsk_list_empty(&s->ready) && !op->ended; turn--)
            fsk_sched_step(s);
        if (op->ended)
            return op->err;
        enum fsock_err err = gather(run);
        if (err != FSOCK_OK) {
            s->driver.stop(&s->driver, op);
            return err;
        }
        fsk_sched_tick(s);
    }
}
