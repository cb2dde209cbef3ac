#include "base/pace.h"

bool fsk_pace_is_rate(double per_second)
{
    return per_second == 0 ||
           (per_second >= FSK_PACE_SLOWEST && per_second <= FSK_PACE_FASTEST); /* no NaN is */
}

void fsk_pace_init(struct fsk_pace *pace, double per_second)
{
    pace->interval = per_second > 0 ? (double)FSOCK_SECOND / per_second : 0;
    pace->slack = FSK_PACE_SLACK;
    atomic_init(&pace->next, 0);
}

/* From when on units count: what was missed before is forgotten. */
static fsock_time from(const struct fsk_pace *pace, fsock_time next, fsock_time now)
{
    if (!next)
        return now;
    return next > now - pace->slack ? next : now - pace->slack;
}

static fsock_time span_of(const struct fsk_pace *pace, uint64_t n)
{
    return (fsock_time)((double)n * pace->interval + 0.5);
}

fsock_time fsk_pace_due(const struct fsk_pace *pace, unsigned ahead, fsock_time now)
{
    if (pace->interval <= 0)
        return 0;
    return from(pace, atomic_load(&pace->next), now) + span_of(pace, ahead);
}

void fsk_pace_take(struct fsk_pace *pace, uint64_t n, fsock_time now)
{
    if (pace->interval <= 0)
        return;
    fsock_time next = atomic_load(&pace->next);
    while (
        !atomic_compare_exchange_weak(&pace->next, &next, from(pace, next, now) + span_of(pace, n)))
        ;
}

bool fsk_pace_ask(struct fsk_pace *pace, fsock_time now)
{
    if (pace->interval <= 0)
        return true;
    fsock_time next = atomic_load(&pace->next);
    do {
        if (next > now)
            return false;
    } while (!atomic_compare_exchange_weak(&pace->next, &next,
                                           from(pace, next, now) + span_of(pace, 1)));
    return true;
}
