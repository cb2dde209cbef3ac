/*
 * timers.h - any number of points in time, and one op that sleeps for all of them.
 *
 * For what has to go on at a certain time, but is no op itself: a place that opens again, a turn to
 * receive. A timer strikes once, in the op's step, and may be set again there, for later.
 */
#ifndef FSK_TIMERS_H
#define FSK_TIMERS_H

#include "op/op.h"

struct fsk_timer {
    struct fsk_heap_node node;
    void (*strike)(struct fsk_timer *timer, fsock_time now);
};

struct fsk_timers {
    struct fsk_driver *driver;
    struct fsk_op op;
    struct fsk_heap heap;
    size_t reserved; /* timers that may be set at once */
};

/* `own`: timers that are set only after the first fsk_timers_reserve(), which counts them in. */
void fsk_timers_init(struct fsk_timers *timers, struct fsk_driver *driver, size_t own);

/* Every timer must have been cleared. */
void fsk_timers_fini(struct fsk_timers *timers);

/* Room for so many timers more, so that setting them can't fail. False: out of memory. */
bool fsk_timers_reserve(struct fsk_timers *timers, size_t more);

/* Give back room for so many. */
static inline void fsk_timers_unreserve(struct fsk_timers *timers, size_t less)
{
    timers->reserved -= less;
}

static inline bool fsk_timer_is_set(const struct fsk_timer *timer)
{
    return timer->node.place != 0;
}

/* Strike at `at`, instead of when it was set to before. */
void fsk_timer_set(struct fsk_timers *timers, struct fsk_timer *timer, fsock_time at);

/* Harmless if it is not set. */
void fsk_timer_clear(struct fsk_timers *timers, struct fsk_timer *timer);

#endif
