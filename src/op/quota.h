/*
 * quota.h - how many requests a second a place accepts, learned from those that it turns away.
 *
 * A server that counts requests says 429 or 503 to all above its limit, however few there are at
 * once: no window helps. Then its limit is found: nine tenths of what was accepted in the last
 * second or so, but never less than half of what was tried. From there it grows by a twentieth, at
 * most each second and each twenty requests, until something is turned away again.
 *
 * What is turned away though it was sent before the last change says nothing about it.
 *
 * Pure: no I/O, no clock of its own. Times are nanoseconds.
 */
#ifndef FSK_QUOTA_H
#define FSK_QUOTA_H

#include <stdbool.h>

#include <fsock.h>

struct fsk_quota {
    double rate;        /* requests a second; 0: no limit is known */
    fsock_time changed; /* when it last was */
    unsigned since;     /* requests accepted since then */
    struct fsk_quota_count {
        fsock_time began; /* 0: never */
        unsigned accepted, refused;
    } last, now; /* the last while, and the one at hand: a second each, or longer */
};

/* A request was answered, or turned away; it had been sent at `sent`. Both say whether `rate` is
 * another one now. A zeroed quota is ready for use. */
bool fsk_quota_accept(struct fsk_quota *q, fsock_time now);
bool fsk_quota_refuse(struct fsk_quota *q, fsock_time sent, fsock_time now);

#endif
