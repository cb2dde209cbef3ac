/*
 * allowance.h - how much there may be in all: requests that are sent, bytes that are received.
 *
 * One allowance may be shared by several threads: the two counts are all that changes. Not one
 * request is given too many. Who receives asks first and says afterwards what has come, so that
 * each thread but the first may have received a buffer too much when there is nothing left.
 *
 * NULL stands for an allowance without limits.
 */
#ifndef FSK_ALLOWANCE_H
#define FSK_ALLOWANCE_H

#include <stdatomic.h>
#include <stdbool.h>

#include <fsock.h>

struct fsock_allowance {
    uint64_t most_requests, most_bytes; /* 0: no limit */
    _Atomic uint64_t requests, bytes;   /* so far */
};

/* Of which nothing is left, bytes before requests; FSOCK_LIMIT_NONE: there is some of both. */
enum fsock_limit fsk_allowance_spent(const struct fsock_allowance *a);

/* Take one request; false: none is left. */
bool fsk_allowance_ask(struct fsock_allowance *a);

/* How many of `most` bytes may be received. */
size_t fsk_allowance_room(const struct fsock_allowance *a, size_t most);

/* So many have been. */
void fsk_allowance_take(struct fsock_allowance *a, size_t n);

/* Write the fault of what can't go on for want of `limit`. `before`: what had happened then, or "".
 * Returns its class. */
enum fsock_err fsk_allowance_blame(const struct fsock_allowance *a, enum fsock_limit limit,
                                   enum fsock_stage stage, const char *peer, const char *before,
                                   struct fsock_fault *fault);

#endif
