/*
 * pace.h - a rate that is kept: when the next event may be (the virtual scheduling form of the
 * leaky bucket, ITU-T I.371).
 *
 * A zeroed pace has no limit. Events that don't ask first, but are counted, are paid back by those
 * that follow.
 */
#ifndef FSK_PACE_H
#define FSK_PACE_H

#include <fsock.h>

struct fsk_pace {
    int64_t interval; /* nanoseconds between two events; 0: no limit */
    int64_t slack;    /* events that come late may be made up for within so much time */
    fsock_time next;  /* when the next one may be */
};

static inline void fsk_pace_take(struct fsk_pace *p, fsock_time now)
{
    if (!p->interval)
        return;
    if (p->next < now - p->slack)
        p->next = now - p->slack;
    p->next += p->interval;
}

#endif
