/*
 * pool_learn.h - the part of a pool that learns from what comes of requests: how many at once a
 * place bears (window.h), how many a second it accepts (quota.h), and whether it is there at all
 * (breaker.h). Nothing is learned unless fsk_pool_learn() has said so.
 *
 * Whoever has a lease tells how the request went, once.
 *
 * A place that is dead takes nothing: what queues there is handed back by fsk_pool_doomed(), those
 * who wait for a lease are woken and see fsk_lease_is_aside(). Places that could not be reached are
 * remembered though nobody uses them, FSK_TROUBLE_MAX of them.
 */
#ifndef FSK_POOL_LEARN_H
#define FSK_POOL_LEARN_H

#include "op/pool.h"

#define FSK_TROUBLE_MAX 10000

/* Before the first place. */
void fsk_pool_learn(struct fsk_pool *pool, int adaptive, bool breaker);

/* An answer has come, its first byte at `first`; the request was sent at `sent`. */
void fsk_lease_answered(struct fsk_lease *lease, int status, fsock_time sent, fsock_time first);

/* There was none, or it broke off: `answered`, there was a header. */
void fsk_lease_failed(struct fsk_lease *lease, const struct fsock_fault *fault, bool answered);

/* Nothing may begin there, and nobody should wait for it. */
bool fsk_place_is_dead(const struct fsk_place *place);

/* Whether a lease that is waited for will not be given, since the place is dead. */
static inline bool fsk_lease_is_aside(const struct fsk_lease *lease)
{
    return lease->place && !lease->held && fsk_place_is_dead(lease->place);
}

/* FSOCK_ERR_ASIDE, in words. */
enum fsock_err fsk_place_blame(const struct fsk_place *place, const char *peer,
                               struct fsock_fault *fault);

/* A place whose queue is to end: all that is in it; NULL: there is none. */
static inline struct fsk_place *fsk_pool_doomed(const struct fsk_pool *pool)
{
    return fsk_list_empty(&pool->doomed) ? NULL
                                         : FSK_HOLDER(pool->doomed.next, struct fsk_place, doomed);
}

/* ---- Between pool.c and pool_learn.c --------------------------------------------------------- */

/* Forget what is held against it. */
void fsk_place_forgive(struct fsk_place *place);

/* What is known of it has changed: give leases, or wake those who wait in vain. */
void fsk_place_reconsider(struct fsk_place *place);

/* Of more than FSK_TROUBLE_MAX places that could not be reached, forget some that nobody uses. */
void fsk_pool_forget_trouble(struct fsk_pool *pool);

#endif
