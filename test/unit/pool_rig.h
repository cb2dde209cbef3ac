/*
 * pool_rig.h - a pool under either driver, items that queue at its places, and ops that wait for a
 * lease.
 */
#ifndef FSK_TEST_POOL_RIG_H
#define FSK_TEST_POOL_RIG_H

#include "drive_rig.h"

#include "op/pool.h"

#define MANY 100

static struct fsk_pool pool;

static inline void make_pool(struct rig *rig, unsigned per_place, unsigned max_conns)
{
    fsk_pool_init(&pool, rig->driver, per_place, max_conns);
}

/* Every test ends with nothing held: no place may be left over. */
static inline void end_pool(void)
{
    fsk_pool_fini(&pool);
    assert_int_equal(pool.places.n, 0);
    assert_int_equal(pool.conns, 0);
}

/* What waits for its start; its name is its place and a number: "a1". */
struct item {
    struct fsk_list link;
    const char *name;
    struct fsk_place *place;
};

static inline void queue(struct item *item, const char *name)
{
    item->name = name;
    fsk_list_init(&item->link);
    item->place = fsk_pool_queue(&pool, fsk_span(name, 1), &item->link);
    assert_non_null(item->place);
}

/* The name of what starts next, or "". */
static inline const char *next(struct fsk_lease *lease)
{
    *lease = (struct fsk_lease){.place = NULL};
    struct fsk_list *link = fsk_pool_start(&pool, lease);
    assert_int_equal(link != NULL, lease->held);
    return link ? FSK_HOLDER(link, struct item, link)->name : "";
}

static inline void lease_of(struct fsk_lease *lease, const char *key)
{
    *lease = (struct fsk_lease){.place = NULL};
    fsk_list_init(&lease->waiter);
    assert_int_equal(fsk_pool_move(&pool, lease, fsk_span_str(key), NULL), FSOCK_OK);
    assert_true(lease->held);
}

static inline void pass(struct rig *rig, fsock_time interval)
{
    struct event e;
    event_init(&e, rig, interval, act_nothing, -1, NULL);
    assert_int_equal(finish(rig, &e.op), FSOCK_OK);
}

/* Runs until it has its lease. */
struct runner {
    struct fsk_op op;
    struct fsk_lease lease;
};

static inline enum fsock_err runner_step(struct fsk_op *op, fsock_time now)
{
    struct runner *r = FSK_HOLDER(op, struct runner, op);
    (void)now;
    if (op->expired)
        return FSOCK_ERR_TIMEOUT;
    return r->lease.held ? FSOCK_OK : FSOCK_AGAIN;
}

#endif
