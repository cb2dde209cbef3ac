#include "op/timers.h"

bool fsk_timers_reserve(struct fsk_timers *timers, size_t more)
{
    if (!fsk_heap_reserve(&timers->heap, timers->reserved + more))
        return false;
    if (!timers->op.running && !timers->driver->start(timers->driver, &timers->op))
        return false;
    timers->reserved += more;
    return true;
}

void fsk_timer_set(struct fsk_timers *timers, struct fsk_timer *timer, fsock_time at)
{
    fsk_heap_put(&timers->heap, &timer->node, at);
    if (at < timers->op.alarm)
        fsk_op_wake(&timers->op);
}

void fsk_timer_clear(struct fsk_timers *timers, struct fsk_timer *timer)
{
    fsk_heap_remove(&timers->heap, &timer->node);
}

static enum fsock_err step(struct fsk_op *op, fsock_time now)
{
    struct fsk_timers *timers = FSK_HOLDER(op, struct fsk_timers, op);
    struct fsk_heap_node *first;
    while ((first = fsk_heap_first(&timers->heap)) && first->at <= now) {
        struct fsk_timer *timer = FSK_HOLDER(first, struct fsk_timer, node);
        fsk_heap_remove(&timers->heap, first);
        timer->strike(timer, now);
    }
    op->alarm = first ? first->at : FSOCK_NEVER;
    return FSOCK_AGAIN;
}

void fsk_timers_init(struct fsk_timers *timers, struct fsk_driver *driver, size_t own)
{
    *timers = (struct fsk_timers){.driver = driver, .reserved = own};
    fsk_op_init(&timers->op, step, FSOCK_NEVER);
}

void fsk_timers_fini(struct fsk_timers *timers)
{
    fsk_op_stop(&timers->op);
    fsk_heap_fini(&timers->heap);
}
