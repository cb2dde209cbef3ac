/*
 * pace.h - a rate that is kept: when the next unit may be had (the virtual scheduling form of the
 * leaky bucket, ITU-T I.371).
 *
 * A unit is whatever is counted: a question, a request, a byte. Taking n of them moves the time of
 * the next free one by n intervals. What was missed, since timers come late, may be made up for,
 * but only `slack` of it, so that the average is met and no pause becomes a burst; nor does the
 * start. Units that are taken without asking are a debt, and paid back by those that follow.
 *
 * One pace may be shared by several threads: `next` is the only thing that changes.
 */
#ifndef FSK_PACE_H
#define FSK_PACE_H

#include <stdatomic.h>
#include <stdbool.h>

#include <fsock.h>

#define FSK_PACE_SLACK (50 * FSOCK_MILLISECOND)

/* Rates that are taken for ones: one unit in ten days, one in a picosecond. */
#define FSK_PACE_SLOWEST 1e-6
#define FSK_PACE_FASTEST 1e12

/* A zeroed pace has no limit. Interval and slack are set before it is shared. */
struct fsk_pace {
    double interval;         /* nanoseconds between two units; 0: no limit */
    int64_t slack;           /* nanoseconds */
    _Atomic fsock_time next; /* when the next unit is free; 0: none was taken yet */
};

/* What a caller paces all of its requests by, in any number of threads. */
struct fsock_pacer {
    struct fsk_pace requests, bytes;
};

/* Whether it is a rate at all, 0 for none included. */
bool fsk_pace_is_rate(double per_second);

/* So many units a second, a rate that is one; 0: no limit. */
void fsk_pace_init(struct fsk_pace *pace, double per_second);

/* When the next unit is free if `ahead` of them are taken before it; 0 without a limit. */
fsock_time fsk_pace_due(const struct fsk_pace *pace, unsigned ahead, fsock_time now);

/* Take n units, whether or not their time has come. */
void fsk_pace_take(struct fsk_pace *pace, uint64_t n, fsock_time now);

/* Take one unit if its time has come; false: nothing has changed. */
bool fsk_pace_ask(struct fsk_pace *pace, fsock_time now);

#endif
