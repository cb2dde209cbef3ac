/*
 * breaker.h - when to leave a place alone that can't be reached.
 *
 * A list with ten thousand URLs of a host that is down would else wait for ten thousand timeouts.
 * After 5 failures in a row to get as far as an answer (lookup, connect, TLS, a timeout before the
 * header) a place is suspect: nothing new but a probe, one request like any other, after a second,
 * two more, four more. When these have failed, too, it is dead: all that would go there ends at
 * once, but for a probe each half minute. An answer, whatever it says, makes all good.
 *
 * Pure: no I/O, no clock of its own. Times are nanoseconds.
 */
#ifndef FSK_BREAKER_H
#define FSK_BREAKER_H

#include <stdbool.h>

#include <fsock.h>

#define FSK_BREAKER_FAILURES 5
#define FSK_BREAKER_PROBES   3
#define FSK_BREAKER_EACH     (30 * FSOCK_SECOND) /* a probe of a dead place */

/* A zeroed breaker is that of a place of which nothing bad is known. */
struct fsk_breaker {
    unsigned failures; /* in a row */
    unsigned probes;   /* of these, those that were probes */
    bool probing;      /* one is under way */
};

/* Suspect, or dead. */
static inline bool fsk_breaker_is_open(const struct fsk_breaker *b)
{
    return b->failures >= FSK_BREAKER_FAILURES;
}

static inline bool fsk_breaker_is_dead(const struct fsk_breaker *b)
{
    return b->probes >= FSK_BREAKER_PROBES;
}

/* A request begins. True: it is a probe, and no other may begin. */
bool fsk_breaker_begin(struct fsk_breaker *b);

/* It got an answer. */
static inline void fsk_breaker_success(struct fsk_breaker *b)
{
    *b = (struct fsk_breaker){.failures = 0};
}

/* It did not. Returns when something may begin again: now, or later than that. */
fsock_time fsk_breaker_failure(struct fsk_breaker *b, bool probe, fsock_time now);

/* A probe has ended in a way that tells nothing. */
static inline void fsk_breaker_void(struct fsk_breaker *b)
{
    b->probing = false;
}

#endif
