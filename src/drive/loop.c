#include "drive/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/time.h"
#include "base/trace.h"
#include "drive/poll.h"

#define TURN        64 /* steps at most before the kernel is asked again: each may move 256 KiB */
#define TURN_TIME   (2 * FSOCK_MILLISECOND) /* nor for longer than this, */
#define CLOCK_STEPS 4                       /* as far as the clock tells, which is read so often */

struct fsk_loop_slot {
    struct fsk_op *reader, *writer; /* who waits; may be the same */
    bool added;                     /* epoll has it */
    unsigned ready;                 /* FSK_READABLE and so on: became so while nobody waited */
};

static struct fsk_loop *loop_of(struct fsk_sched *s)
{
    return (struct fsk_loop *)(void *)s;
}

/* Room for fd, and epoll told about it. 0, or errno. */
static int add(struct fsk_loop *loop, int fd)
{
    size_t i = (size_t)fd;
    if (i >= loop->slots) {
        size_t slots = loop->slots ? loop->slots : 64;
        while (slots <= i)
            slots *= 2;
        struct fsk_loop_slot *slot = realloc(loop->slot, slots * sizeof *slot);
        if (!slot)
            return ENOMEM;
        memset(slot + loop->slots, 0, (slots - loop->slots) * sizeof *slot);
        loop->slot = slot;
        loop->slots = slots;
    }
    struct epoll_event e = {.events = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                            .data.fd = fd};
    if (!loop->slot[i].added && epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &e) < 0 &&
        (errno != EEXIST || epoll_ctl(loop->epoll, EPOLL_CTL_MOD, fd, &e) < 0))
        return errno; /* (a descriptor of the caller's may be known from an earlier watch) */
    loop->slot[i].added = true;
    return 0;
}

/* False if it is ready already: also a regular file (EPERM), and when there is no room to wait. */
static bool arm(struct fsk_sched *s, struct fsk_op *op)
{
    struct fsk_loop *loop = loop_of(s);
    for (unsigned i = 0; i < op->wait.wants; i++) {
        struct fsk_want *w = &op->wait.want[i];
        if (((size_t)w->fd >= loop->slots || !loop->slot[w->fd].added) && add(loop, w->fd) != 0)
            return false;
        struct fsk_loop_slot *slot = &loop->slot[w->fd];
        if (slot->ready & w->events) {
            slot->ready &= ~w->events;
            return false;
        }
        if (w->events & (FSK_READABLE | FSK_URGENT))
            slot->reader = op;
        if (w->events & FSK_WRITABLE)
            slot->writer = op;
    }
    return true;
}

static void disarm(struct fsk_sched *s, struct fsk_op *op)
{
    struct fsk_loop *loop = loop_of(s);
    for (unsigned i = 0; i < op->wait.wants; i++) {
        if ((size_t)op->wait.want[i].fd >= loop->slots)
            continue;
        struct fsk_loop_slot *slot = &loop->slot[op->wait.want[i].fd];
        if (slot->reader == op)
            slot->reader = NULL;
        if (slot->writer == op)
            slot->writer = NULL;
    }
}

/*
 * Closing a descriptor takes it out of epoll by itself. (If a forked child keeps a copy open,
 * events of the old socket wake the new owner of the number for nothing, which is allowed.)
 */
static void forget_fd(struct fsk_driver *d, int fd)
{
    struct fsk_loop *loop = (struct fsk_loop *)(void *)d;
    if ((size_t)fd < loop->slots)
        loop->slot[fd] = (struct fsk_loop_slot){.added = false};
}

bool fsk_loop_init(struct fsk_loop *loop, fsock_trace *trace)
{
    *loop = (struct fsk_loop){.epoll = -1};
    if (!fsk_sched_init(&loop->sched))
        return false;
    loop->sched.arm = arm;
    loop->sched.disarm = disarm;
    loop->sched.driver.forget_fd = forget_fd;
    loop->sched.driver.trace = trace;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll < 0)
        fsk_sched_fini(&loop->sched);
    return loop->epoll >= 0;
}

void fsk_loop_fini(struct fsk_loop *loop)
{
    fsk_sched_fini(&loop->sched);
    close(loop->epoll);
    free(loop->slot);
}

static void deliver(struct fsk_loop *loop, const struct epoll_event *e)
{
    struct fsk_loop_slot *slot = &loop->slot[e->data.fd];
    unsigned events = 0;
    if (e->events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        events |= FSK_READABLE;
    if (e->events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
        events |= FSK_WRITABLE;
    if (e->events & EPOLLPRI)
        events |= FSK_URGENT;
    if ((events & (FSK_READABLE | FSK_URGENT)) && slot->reader) {
        fsk_sched_ready(&loop->sched, slot->reader);
        events &= ~(unsigned)(FSK_READABLE | FSK_URGENT);
    }
    if ((events & FSK_WRITABLE) && slot->writer) {
        fsk_sched_ready(&loop->sched, slot->writer); /* perhaps the reader, who is ready by now */
        events &= ~(unsigned)FSK_WRITABLE;
    }
    slot->ready |= events;
}

static void mark_wait(struct fsk_loop *loop, const struct epoll_event *events, int n, int ms,
                      fsock_time since)
{
    char ready[FSK_POLL_TEXT] = "";
    struct fsock_mark m = {.kind = FSOCK_MARK_CALL,
                           .call = "epoll_wait",
                           .fd = loop->epoll,
                           .result = n,
                           .sys_errno = n < 0 ? errno : 0,
                           .at = fsock_now()};
    size_t len = 0;
    for (int i = 0; i < n; i++)
        len = fsk_poll_put(ready, len, events[i].data.fd, (short)events[i].events);
    const struct fsock_field field[] = {fsk_number("timeout", ms), fsk_text("ready", ready)};
    m.took = ms ? m.at - since : 0;
    fsk_trace_add(loop->sched.driver.trace, &m, field, sizeof field / sizeof *field);
}

static int wait_for(struct fsk_loop *loop, struct epoll_event *events, int most, int ms)
{
    fsock_trace *trace = loop->sched.driver.trace;
    fsock_time since = fsk_trace_wants_calls(trace) ? fsock_now() : 0;
    int n = epoll_wait(loop->epoll, events, most, ms);
    int saved = errno;
    if (fsk_trace_wants_calls(trace))
        mark_wait(loop, events, n, ms, since);
    errno = saved;
    return n;
}

/* Ask the kernel and the clock what has become ready; sleep only if nothing is. */
static enum fsock_err gather(struct fsk_loop *loop, fsock_time deadline)
{
    struct epoll_event events[256];
    struct fsk_sched *s = &loop->sched;
    int ms = 0;
    if (fsk_list_empty(&s->ready))
        ms = fsk_time_poll_ms(fsock_now(), fsk_time_min(deadline, fsk_sched_next(s)));
    s->driver.sleeps += ms != 0;
    int n = wait_for(loop, events, 256, ms);
    if (n < 0 && errno != EINTR)
        return FSOCK_ERR_SYSTEM;
    for (int i = 0; i < n; i++)
        deliver(loop, &events[i]);
    fsk_sched_tick(s);
    loop->turn = TURN;
    loop->late = s->driver.now >= deadline;
    return FSOCK_OK;
}

enum fsock_err fsk_loop_step(struct fsk_loop *loop, fsock_time deadline)
{
    struct fsk_sched *s = &loop->sched;
    while (loop->turn == 0 || fsk_list_empty(&s->ready)) {
        bool over = loop->late && s->driver.now >= deadline;
        loop->late = false;
        if (over)
            return FSOCK_ERR_TIMEOUT;
        enum fsock_err err = gather(loop, deadline);
        if (err != FSOCK_OK)
            return err;
    }
    loop->turn--;
    fsk_sched_step(s);
    if (loop->turn % CLOCK_STEPS == 0 && loop->turn && fsock_now() - s->driver.now > TURN_TIME)
        loop->turn = 0;
    return FSOCK_OK;
}
