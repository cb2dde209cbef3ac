/*
 * pool.h - who may have a connection to which place, and the connections kept for the next one.
 *
 * A place is a scheme, host and port, and the proxy on the way there: all connections to one place
 * are equal, since TLS settings and credentials are the same for the whole pool. To use a
 * connection, new or kept, one needs a lease of its place; a place gives at most `per_place` leases
 * at once. What would start a transfer but has no lease yet queues at its place; who already runs
 * (a redirect led it here) waits in front of them all.
 *
 * A lease is for one request. It is given when the place has room, its pace and that of the run
 * have a unit to spare, and the place is not held: nothing new begins there before a point in time.
 * A redirect to the same place and a request that is sent again take another unit. One op sleeps
 * for all places that will open again: nobody polls.
 *
 * How many a place bears may be learned from what comes of them, and places that can't be reached
 * may be set aside (pool_learn.h).
 *
 * A kept connection is an op that waits for the peer to close it. One of HTTP/2 is shared by all
 * who have a lease (pool_share.h). At most `max_conns` connections are open in all, those being
 * made included: a new one closes the one that has been idle longest.
 */
#ifndef FSK_POOL_H
#define FSK_POOL_H

#include "base/map.h"
#include "base/pace.h"
#include "net/stream.h"
#include "op/breaker.h"
#include "op/flow.h"
#include "op/h2.h"
#include "op/quota.h"
#include "op/timers.h"
#include "op/window.h"

struct fsk_place {
    struct fsk_map_node node; /* key: "https://host:443 proxy..." */
    struct fsk_pool *pool;
    unsigned leases;
    struct fsk_list waiters; /* struct fsk_lease: running, first come first served */
    struct fsk_list queue;   /* the owner's links, see fsk_pool_queue */
    struct fsk_list ring;    /* in pool->startable, while it could start something of its queue */
    struct fsk_list ripe; /* in pool->ripe, while a waiter lacks nothing but a unit of the run's */
    struct fsk_list idle; /* struct fsk_conn, the one used last in front */

    /* Connections that are shared, see pool_share.h. */
    struct fsk_list shared;  /* struct fsk_conn, oldest first */
    struct fsk_list hopeful; /* struct fsk_lease, held: they wait for a stream of one */
    unsigned scouts;         /* being made, and perhaps to be shared */
    unsigned missed;         /* how many came to nothing */
    bool http1;              /* it was found to speak nothing better */

    struct fsk_timer opens; /* nothing new before it strikes: the place is held, or has a debt */
    struct fsk_pace pace, bytes;
    struct fsk_flow flow;   /* of its bytes */
    struct fsk_list slowed; /* in pool->slowed, if it has a pace that others have not */

    /* What was learned of it, see pool_learn.h. */
    struct fsk_window window;
    struct fsk_quota quota;
    struct fsk_pace learned; /* of requests, as the quota says */
    struct fsk_breaker breaker;
    char *why;               /* the last failure to reach it, in words; NULL: none, or no memory */
    struct fsk_list trouble; /* in pool->trouble, while its last request failed to reach it */
    struct fsk_list doomed;  /* in pool->doomed, while its queue is to end */
};

struct fsk_conn {
    struct fsk_stream stream;
    struct fsk_op idle; /* runs while the connection is kept */
    struct fsk_place *place;
    struct fsk_list link;                                   /* in place->idle, or in pool->closed */
    struct fsk_list age;                                    /* in pool->oldest */
    unsigned uses;                                          /* exchanges completed on it */
    char remote_ip[FSK_ADDR_TEXT], local_ip[FSK_ADDR_TEXT]; /* once asked for, until then "" */
    struct fsock_tcp tcp;                                   /* what was known of it */
    fsock_time tcp_at;                                      /* then; 0: nobody has asked */
    /* What to wait for, when a look has just found it alive and silent. */
    struct fsk_wait quiet;

    bool scout;                 /* it counts in place->scouts */
    struct fsk_conn *of;        /* it is a stream of this one; NULL: it is a connection itself */
    struct fsk_h2 *h2;          /* it is shared, and in place->shared; NULL: it is not */
    struct fsk_h2_owner shares; /* ... and this is how the session tells */
};

struct fsk_pool {
    struct fsk_driver *driver;
    struct fsk_map places;
    struct fsk_list startable; /* places in turn: each starts one, then goes to the end */
    struct fsk_list oldest;    /* idle connections, the one idle longest in front */
    struct fsk_list closed;    /* ended while idle; freed at the next call */
    unsigned per_place, max_conns;
    unsigned conns;                          /* open, or being made */
    struct fsk_pace unpaced, *run;           /* requests of the run: the caller's pacer, or none */
    struct fsk_pace place_pace, place_bytes; /* as they are in a place that is new */
    struct fsk_timers timers;
    struct fsk_timer unit; /* when the run's pace has a unit again, while it is `shut` */
    bool shut;
    struct fsk_list ripe;
    struct fsk_flow flow;   /* bytes of the run */
    struct fsk_list slowed; /* the one slowed first in front */
    unsigned n_slowed;
    uint64_t holds; /* counts when places were held, or began to be probed */
    int adaptive;   /* 0, or an FSOCK_ADAPT_ */
    bool breaker;
    struct fsk_list
        trouble; /* places that were not reached, those known for the longest in front */
    unsigned n_trouble;
    struct fsk_list doomed; /* places that are dead and have a queue */
};

/* How fast: rates of 0 are no limits. */
struct fsk_pool_rates {
    struct fsock_pacer *pacer;    /* of the run, borrowed; NULL: none */
    double host_rate, host_bytes; /* a second and place */
    int64_t host_delay;           /* between two starts at a place, at least: nanoseconds */
};

/* A right to one connection to one place. */
struct fsk_lease {
    struct fsk_place *place; /* NULL: none, neither held nor waited for */
    bool held;
    bool probe;        /* of a place that may be dead: what comes of it decides */
    struct fsk_op *op; /* woken when the lease is given, or never will be */
    struct fsk_list waiter;
};

void fsk_pool_init(struct fsk_pool *pool, struct fsk_driver *driver, unsigned per_place,
                   unsigned max_conns);

/* Before the first place. Without it, there are no limits. */
void fsk_pool_pace(struct fsk_pool *pool, const struct fsk_pool_rates *rates);

/* Closes the idle ones. No lease may be held, nothing be queued. */
void fsk_pool_fini(struct fsk_pool *pool);

/* ---- Queueing, for what has not started ---- */

/* Queue `item` at the place with this key. NULL: out of memory. */
struct fsk_place *fsk_pool_queue(struct fsk_pool *pool, struct fsk_span key, struct fsk_list *item);

/* The same, in front of all others: it has had its turn once. */
struct fsk_place *fsk_pool_requeue(struct fsk_pool *pool, struct fsk_span key,
                                   struct fsk_list *item);
/* Let a queued item start before all others of its place. */
void fsk_pool_hurry(struct fsk_place *place, struct fsk_list *item);

/* Take an item out of its place's queue, without a lease. */
void fsk_pool_unqueue(struct fsk_place *place, struct fsk_list *item);

/* Whether there seems to be one that may start. */
static inline bool fsk_pool_ready(const struct fsk_pool *pool)
{
    return !pool->shut && !fsk_list_empty(&pool->startable);
}

/* The item that may start next, with its lease in *lease; NULL if every place is busy, closed or
 * empty, or the run's pace gives none. */
struct fsk_list *fsk_pool_start(struct fsk_pool *pool, struct fsk_lease *lease);

/* ---- Leases ---- */

/* Ask for a lease for another request, at this place or another one, giving back the one that is
 * held. FSOCK_OK if it is given at once, FSOCK_AGAIN: op will be woken; FSOCK_ERR_MEMORY. */
enum fsock_err fsk_pool_move(struct fsk_pool *pool, struct fsk_lease *lease, struct fsk_span key,
                             struct fsk_op *op);

/* Give it back, or stop waiting for it. Harmless without one. */
void fsk_pool_release(struct fsk_lease *lease);

/* Whether a lease that is waited for lacks only time: the place is held, or a pace has no unit. */
bool fsk_lease_is_paced(const struct fsk_lease *lease);

/* Nothing new begins at this place before `until`; a hold can only be made longer. The place and
 * its hold are remembered, even if nobody else uses it. */
void fsk_place_hold(struct fsk_place *place, fsock_time until);

/* When something new can begin there, by its holds and its pace; 0: now. */
static inline fsock_time fsk_place_opens(const struct fsk_place *place)
{
    return fsk_timer_is_set(&place->opens) ? place->opens.node.at : 0;
}

#define FSK_POOL_SLOWED_MAX 10000

/*
 * At the place with this key, let `delay` pass between two starts, or as much as everywhere if that
 * is more. It is remembered, even if nobody uses the place; but if too many are, the one slowed
 * first is slow for as long only as somebody uses it. False: out of memory.
 */
bool fsk_pool_slow(struct fsk_pool *pool, struct fsk_span key, int64_t delay);

/* ---- Connections, under a held lease ---- */

/* A kept connection, or NULL. It is the caller's, to be kept or closed. */
struct fsk_conn *fsk_pool_take(struct fsk_lease *lease);

/* A connection about to be made: counts it, and closes an idle one if there are too many. NULL: out
 * of memory. */
struct fsk_conn *fsk_conn_new(struct fsk_lease *lease);

/* Whether a connection that was kept is still open, as far as can be seen from here. Then `quiet`
 * is filled in. */
bool fsk_conn_is_alive(struct fsk_conn *conn);

/* Keep it for the next one, or, in a fault or at its end, close it at once. */
void fsk_conn_keep(struct fsk_conn *conn);
void fsk_conn_close(struct fsk_conn *conn);

#endif
