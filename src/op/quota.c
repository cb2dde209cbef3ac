#include "op/quota.h"

#define ENOUGH     10                 /* requests that make a second worth counting by itself */
#define LONGEST    (5 * FSOCK_SECOND) /* ... and how long is waited for them */
#define GROW_EACH  20                 /* requests */
#define GROW       1.05
#define LESS       0.9
#define LEAST_RATE 0.02 /* requests a second */

/* Begin to count anew if it is time to. */
static void turn_over(struct fsk_quota *q, fsock_time now)
{
    int64_t age = now - q->now.began;
    if (q->now.began && (age < FSOCK_SECOND || (age < LONGEST && q->now.accepted < ENOUGH)))
        return;
    q->last = q->now;
    q->now = (struct fsk_quota_count){.began = now};
}

/* Both whiles together. */
static struct fsk_quota_count of_late(const struct fsk_quota *q)
{
    if (!q->last.began)
        return q->now;
    return (struct fsk_quota_count){.began = q->last.began,
                                    .accepted = q->last.accepted + q->now.accepted,
                                    .refused = q->last.refused + q->now.refused};
}

static double per_second(unsigned n, int64_t time, int64_t at_least)
{
    return n * (double)FSOCK_SECOND / (double)(time > at_least ? time : at_least);
}

bool fsk_quota_accept(struct fsk_quota *q, fsock_time now)
{
    turn_over(q, now);
    q->now.accepted++;
    q->since++;
    int64_t age = now - q->changed;
    if (q->rate <= 0 || age < FSOCK_SECOND || q->since < GROW_EACH)
        return false;
    bool used = per_second(q->since, age, 1) > 0.7 * q->rate; /* else it isn't what holds us up */
    q->rate *= used ? GROW : 1;
    q->changed = now;
    q->since = 0;
    return used;
}

bool fsk_quota_refuse(struct fsk_quota *q, fsock_time sent, fsock_time now)
{
    turn_over(q, now);
    q->now.refused++;
    if (sent < q->changed)
        return false;
    struct fsk_quota_count count = of_late(q);
    int64_t time = now - count.began;
    double tried =
        q->rate > 0 ? q->rate : per_second(count.accepted + count.refused, time, FSOCK_MILLISECOND);
    double rate = LESS * per_second(count.accepted, time, FSOCK_SECOND);
    if (rate < tried / 2)
        rate = tried / 2;
    if (rate > LESS * tried)
        rate = LESS * tried;
    q->rate = rate < LEAST_RATE ? LEAST_RATE : rate;
    q->changed = now;
    q->since = 0;
    return true;
}
