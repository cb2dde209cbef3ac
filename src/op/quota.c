#include "op/quota.h"

#define ENOUGH       10                 /* requests that make a second worth counting by itself */
#define LONGEST      (5 * FSOCK_SECOND) /* ... and how long is waited for them */
#define GROW_EACH    20                 /* requests */
#define GROW         1.05
#define GROW_FAST    1.2
#define LESS         0.95
#define FEW          50   /* of so many requests one may be turned away */
#define FEW_AT_FIRST 10   /* the same while no limit is known */
#define STREAK       80   /* accepted, after which one may be turned away */
#define FIND         4    /* turned away, before there is a limit at all */
#define LEAST_RATE   0.02 /* requests a second */

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

static void set_rate(struct fsk_quota *q, double rate, fsock_time now)
{
    q->rate = rate;
    q->changed = now;
    q->since = 0;
}

bool fsk_quota_accept(struct fsk_quota *q, fsock_time now)
{
    turn_over(q, now);
    q->now.accepted++;
    q->since++;
    q->streak++;
    int64_t age = now - q->changed;
    if (q->rate <= 0 || age < (q->near ? FSOCK_SECOND : FSOCK_SECOND / 4) || q->since < GROW_EACH)
        return false;
    bool used = per_second(q->since, age, 1) > 0.7 * q->rate; /* else it isn't what holds us up */
    set_rate(q, used ? q->rate * (q->near ? GROW : GROW_FAST) : q->rate, now);
    q->grown = q->grown || used;
    return used;
}

/* What it should be, after more than a few were turned away. */
static double less(const struct fsk_quota *q, struct fsk_quota_count count, fsock_time now)
{
    int64_t time = now - count.began;
    double tried = q->rate;
    if (tried <= 0)
        tried = per_second(count.accepted + count.refused, time, FSOCK_MILLISECOND);
    double rate = LESS * per_second(count.accepted, time, FSOCK_SECOND);
    double least = q->grown && !q->near ? tried / GROW_FAST : tried / 2;
    if (q->rate > 0 && q->rate < GROW_EACH && count.refused < 3)
        least = LESS * tried; /* a second has too few to count */
    if (rate < least)
        rate = least;
    if (rate > LESS * tried)
        rate = LESS * tried;
    return rate < LEAST_RATE ? LEAST_RATE : rate;
}

bool fsk_quota_refuse(struct fsk_quota *q, fsock_time sent, fsock_time now)
{
    turn_over(q, now);
    q->now.refused++;
    unsigned streak = q->streak;
    q->streak = 0;
    if (sent < q->changed)
        return false;
    struct fsk_quota_count count = of_late(q);
    unsigned of = q->rate > 0 ? FEW : FEW_AT_FIRST;
    bool few = streak >= STREAK || count.refused * of <= count.accepted ||
               (q->rate <= 0 && count.refused < FIND);
    set_rate(q, few ? q->rate : less(q, count, now), now);
    q->near = q->near || (q->grown && !few);
    return !few;
}

void fsk_quota_hold(struct fsk_quota *q, fsock_time now, fsock_time until)
{
    int64_t pause = until - (now > q->opens ? now : q->opens);
    if (pause <= 0)
        return;
    q->opens = until;
    q->changed += pause;
    q->last.began += q->last.began ? pause : 0;
    q->now.began += q->now.began ? pause : 0;
}
