#include "drive/sched.h"

#include <stdlib.h>

#include "base/time.h"

static struct fsk_sched *sched_of(struct fsk_driver *d)
{
    return (struct fsk_sched *)(void *)d;
}

/* To the front of those that are ready, but behind one whose received bytes are still in the
 * scratch buffer. */
static void advance(struct fsk_sched *s, struct fsk_op *op)
{
    struct fsk_list *front = s->ready.next;
    if (front == &op->link)
        return;
    fsk_list_remove(&op->link);
    if (!fsk_list_empty(&s->ready) && FSK_HOLDER(front, struct fsk_op, link)->first)
        fsk_list_prepend(front, &op->link);
    else
        fsk_list_prepend(&s->ready, &op->link);
}

static bool start(struct fsk_driver *d, struct fsk_op *op)
{
    struct fsk_sched *s = sched_of(d);
    if (!fsk_heap_reserve(&s->timers, s->running + 1))
        return false;
    op->driver = d;
    op->running = true;
    s->running++;
    fsk_sched_ready(s, op);
    if (op->first)
        advance(s, op);
    return true;
}

static void detach(struct fsk_sched *s, struct fsk_op *op)
{
    s->disarm(s, op);
    op->wait.wants = 0;
    fsk_list_remove(&op->link);
    fsk_heap_remove(&s->timers, &op->timer);
    op->running = op->ready = false;
    s->running--;
}

static void stop(struct fsk_driver *d, struct fsk_op *op)
{
    if (op->running)
        detach(sched_of(d), op);
}

void fsk_sched_ready(struct fsk_sched *s, struct fsk_op *op)
{
    if (op->ready)
        return; /* it keeps its turn: who is woken again and again must not wait for ever */
    op->ready = true;
    fsk_list_remove(&op->link);
    fsk_list_append(&s->ready, &op->link);
}

static void wake(struct fsk_driver *d, struct fsk_op *op)
{
    if (op->running)
        fsk_sched_ready(sched_of(d), op);
}

bool fsk_sched_init(struct fsk_sched *s)
{
    *s = (struct fsk_sched){
        .driver = {.start = start, .stop = stop, .wake = wake}
    };
    fsk_list_init(&s->ready);
    fsk_list_init(&s->waiting);
    s->driver.now = fsock_now();
    s->driver.scratch_size = FSK_SCRATCH_SIZE;
    s->driver.scratch = malloc(FSK_SCRATCH_SIZE);
    return s->driver.scratch != NULL;
}

void fsk_sched_fini(struct fsk_sched *s)
{
    assert(s->running == 0);
    fsk_heap_fini(&s->timers);
    free(s->driver.scratch);
}

static fsock_time due(const struct fsk_op *op)
{
    return fsk_time_min(op->alarm, op->deadline);
}

void fsk_sched_tick(struct fsk_sched *s)
{
    s->driver.now = fsock_now();
    for (struct fsk_heap_node *n; (n = fsk_heap_first(&s->timers)) && n->at <= s->driver.now;) {
        struct fsk_op *op = FSK_HOLDER(n, struct fsk_op, timer);
        fsk_heap_remove(&s->timers, n);
        if (due(op) <= s->driver.now) {
            op->by_clock = !op->ready;
            fsk_sched_ready(s, op);
            if (op->deadline <= s->driver.now)
                advance(s, op); /* it ends, and must not wait for those that are busy */
        } else if (due(op) != FSOCK_NEVER)
            fsk_heap_put(&s->timers, n, due(op));
    }
}

void fsk_sched_step(struct fsk_sched *s)
{
    struct fsk_op *op = FSK_HOLDER(s->ready.next, struct fsk_op, link);
    s->disarm(s, op);
    op->ready = false; /* if its own step wakes it, it stands in ready after */
    fsk_list_remove(&op->link);
    fsk_list_append(&s->waiting, &op->link);
    enum fsock_err err = fsk_op_step(op, s->driver.now);
    op->by_clock = false;
    if (err != FSOCK_AGAIN) {
        struct fsk_op *parent = op->parent;
        detach(s, op);
        if (parent)
            fsk_op_wake(parent);
        return;
    }
    if (due(op) < (op->timer.place ? op->timer.at : FSOCK_NEVER))
        fsk_heap_put(&s->timers, &op->timer, due(op));
    if (op->first) {
        op->ready = true;
        fsk_list_remove(&op->link);
        fsk_list_prepend(&s->ready, &op->link);
    } else if (op->yield || !s->arm(s, op)) {
        fsk_sched_ready(s, op);
    }
}

fsock_time fsk_sched_next(const struct fsk_sched *s)
{
    const struct fsk_heap_node *n = fsk_heap_first(&s->timers);
    return n ? n->at : FSOCK_NEVER;
}
