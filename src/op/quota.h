/*
 * quota.h - how many requests a second a place accepts, learned from those that it turns away.
 *
 * A server that counts requests says 429 or 503 to all above its limit, however few there are at
 * once: no window helps. When it is more than one in ten, and four at least, its limit is found:
 * nineteen of twenty that were accepted in the last second or so, but never less than half of what
 * was tried. From there it grows by a fifth, each quarter of a second, until something is turned
 * away again: it goes one step back. From then on it grows by a twentieth, each second. Twenty
 * requests have to be accepted between two steps.
 *
 * What is turned away though it was sent before the last change says nothing about it. Nor does one
 * in fifty, or one after eighty that were accepted: on their way some come nearer to each other
 * than they were sent, and there are servers that fail now and then. Then the rate is kept for
 * another second, else a strict server and a busy network would let it starve. Below twenty a
 * second there are too few to count, and one or two that are turned away cost a twentieth.
 *
 * While a place is held nothing can be accepted: that time doesn't count.
 *
 * Pure: no I/O, no clock of its own. Times are nanoseconds.
 */
#ifndef FSK_QUOTA_H
#define FSK_QUOTA_H

#include <stdbool.h>

#include <fsock.h>

struct fsk_quota {
    double rate;        /* requests a second; 0: no limit is known */
    bool grown;         /* since it is known */
    bool near;          /* it has grown too much once: it is not far from the limit */
    fsock_time changed; /* when it last was */
    unsigned since;     /* requests accepted since then, */
    unsigned streak;    /* and since the last that was turned away */
    fsock_time opens;   /* when the last hold ends */
    struct fsk_quota_count {
        fsock_time began; /* 0: never */
        unsigned accepted, refused;
    } last, now; /* the last while, and the one at hand: a second each, or longer */
};

/* A request was answered, or turned away; it had been sent at `sent`. Both say whether `rate` is
 * another one now. A zeroed quota is ready for use. */
bool fsk_quota_accept(struct fsk_quota *q, fsock_time now);
bool fsk_quota_refuse(struct fsk_quota *q, fsock_time sent, fsock_time now);

/* Nothing will be sent from now until then. */
void fsk_quota_hold(struct fsk_quota *q, fsock_time now, fsock_time until);

#endif
