#include "op/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"

#define IDLE_LIFE (60 * FSOCK_SECOND) /* a kept connection that nobody wants */

/* ---- Places ---------------------------------------------------------------------------------- */

static struct fsk_place *place_of(struct fsk_pool *pool, struct fsk_span key)
{
    struct fsk_map_node *node = fsk_map_get(&pool->places, key);
    if (node)
        return FSK_HOLDER(node, struct fsk_place, node);
    struct fsk_place *place = malloc(sizeof *place + key.n);
    if (!place)
        return NULL;
    *place = (struct fsk_place){
        .pool = pool, .node.key = {(char *)(place + 1), key.n}
    };
    memcpy(place + 1, key.p, key.n);
    fsk_list_init(&place->waiters);
    fsk_list_init(&place->queue);
    fsk_list_init(&place->ring);
    fsk_list_init(&place->idle);
    if (!fsk_map_add(&pool->places, &place->node)) {
        free(place);
        return NULL;
    }
    return place;
}

/* A place that nobody uses is forgotten, so that a million hosts cost no more than those in use. */
static void forget_if_unused(struct fsk_place *place)
{
    if (place->leases || !fsk_list_empty(&place->waiters) || !fsk_list_empty(&place->queue) ||
        !fsk_list_empty(&place->idle))
        return;
    fsk_list_remove(&place->ring);
    fsk_map_remove(&place->pool->places, &place->node);
    free(place);
}

/* Put it into, or take it out of, the ring of those that can start something. */
static void set_startable(struct fsk_place *place)
{
    bool can = place->leases < place->pool->per_place && !fsk_list_empty(&place->queue);
    if (!can)
        fsk_list_remove(&place->ring);
    else if (fsk_list_empty(&place->ring))
        fsk_list_append(&place->pool->startable, &place->ring);
}

/* ---- Connections ----------------------------------------------------------------------------- */

static void reap(struct fsk_pool *pool)
{
    FSK_LIST_EACH (link, &pool->closed) {
        fsk_list_remove(link);
        free(FSK_HOLDER(link, struct fsk_conn, link));
    }
}

static void hang_up(struct fsk_conn *conn)
{
    struct fsk_pool *pool = conn->place->pool;
    fsk_stream_close(&conn->stream);
    pool->conns--;
}

bool fsk_conn_is_alive(struct fsk_conn *conn)
{
    struct fsk_wait unused = {.wants = 0};
    char byte;
    size_t n;
    return fsk_stream_recv(&conn->stream, &byte, 1, &n, FSK_IO_PEEK, &unused) == FSOCK_AGAIN;
}

/* The step of a kept connection: over when the peer has closed or said anything. */
static enum fsock_err watch(struct fsk_op *op, fsock_time now)
{
    struct fsk_conn *conn = FSK_HOLDER(op, struct fsk_conn, idle);
    char byte;
    size_t n;
    (void)now;
    /* Woken, TLS may have had something for itself only. In the first step the end may be here
     * already: the exchange has read its answer, and no further. */
    if (fsk_stream_recv(&conn->stream, &byte, 1, &n, FSK_IO_PEEK, &op->wait) == FSOCK_AGAIN &&
        !op->expired)
        return FSOCK_AGAIN;
    struct fsk_place *place = conn->place;
    fsk_list_remove(&conn->age);
    fsk_list_remove(&conn->link);
    hang_up(conn);
    fsk_list_append(&place->pool->closed, &conn->link); /* the driver still looks at its op */
    forget_if_unused(place);
    return FSOCK_OK;
}

struct fsk_conn *fsk_pool_take(struct fsk_lease *lease)
{
    struct fsk_place *place = lease->place;
    reap(place->pool);
    if (fsk_list_empty(&place->idle))
        return NULL;
    struct fsk_conn *conn = FSK_HOLDER(place->idle.next, struct fsk_conn, link);
    fsk_op_stop(&conn->idle);
    fsk_list_remove(&conn->age);
    fsk_list_remove(&conn->link);
    return conn;
}

struct fsk_conn *fsk_conn_new(struct fsk_lease *lease)
{
    struct fsk_pool *pool = lease->place->pool;
    struct fsk_conn *conn = calloc(1, sizeof *conn);
    if (!conn)
        return NULL;
    reap(pool);
    while (pool->conns >= pool->max_conns && !fsk_list_empty(&pool->oldest)) {
        struct fsk_conn *old = FSK_HOLDER(pool->oldest.next, struct fsk_conn, age);
        struct fsk_place *place = old->place;
        fsk_conn_close(old);
        forget_if_unused(place);
    }
    conn->place = lease->place;
    fsk_list_init(&conn->link);
    fsk_list_init(&conn->age);
    fsk_op_init(&conn->idle, watch, FSOCK_NEVER);
    pool->conns++;
    return conn;
}

void fsk_conn_keep(struct fsk_conn *conn)
{
    struct fsk_pool *pool = conn->place->pool;
    conn->uses++;
    fsk_op_init(&conn->idle, watch, fsk_time_limit(pool->driver->now, IDLE_LIFE));
    if (!pool->driver->start(pool->driver, &conn->idle)) {
        fsk_conn_close(conn);
        return;
    }
    fsk_list_prepend(&conn->place->idle, &conn->link);
    fsk_list_append(&pool->oldest, &conn->age);
}

void fsk_conn_close(struct fsk_conn *conn)
{
    fsk_op_stop(&conn->idle);
    fsk_list_remove(&conn->link);
    fsk_list_remove(&conn->age);
    hang_up(conn);
    free(conn);
}

/* ---- Leases and queues ----------------------------------------------------------------------- */

static void grant(struct fsk_place *place, struct fsk_lease *lease)
{
    place->leases++;
    *lease = (struct fsk_lease){.place = place, .held = true, .op = lease->op};
    fsk_list_init(&lease->waiter);
    set_startable(place);
}

struct fsk_place *fsk_pool_queue(struct fsk_pool *pool, struct fsk_span key, struct fsk_list *item)
{
    struct fsk_place *place = place_of(pool, key);
    if (place) {
        fsk_list_append(&place->queue, item);
        set_startable(place);
    }
    return place;
}

void fsk_pool_hurry(struct fsk_place *place, struct fsk_list *item)
{
    fsk_list_remove(item);
    fsk_list_prepend(&place->queue, item);
}

void fsk_pool_unqueue(struct fsk_place *place, struct fsk_list *item)
{
    fsk_list_remove(item);
    set_startable(place);
    forget_if_unused(place);
}

struct fsk_list *fsk_pool_start(struct fsk_pool *pool, struct fsk_lease *lease)
{
    if (fsk_list_empty(&pool->startable))
        return NULL;
    struct fsk_place *place = FSK_HOLDER(pool->startable.next, struct fsk_place, ring);
    struct fsk_list *item = place->queue.next;
    fsk_list_remove(item);
    fsk_list_remove(&place->ring); /* to the end, if it can start more */
    grant(place, lease);
    return item;
}

enum fsock_err fsk_pool_move(struct fsk_pool *pool, struct fsk_lease *lease, struct fsk_span key,
                             struct fsk_op *op)
{
    struct fsk_place *place = place_of(pool, key);
    if (!place)
        return FSOCK_ERR_MEMORY;
    lease->op = op;
    if (place == lease->place && lease->held)
        return FSOCK_OK;
    fsk_pool_release(lease);
    if (place->leases < pool->per_place && fsk_list_empty(&place->waiters)) {
        grant(place, lease);
        return FSOCK_OK;
    }
    lease->place = place;
    fsk_list_append(&place->waiters, &lease->waiter);
    return FSOCK_AGAIN;
}

void fsk_pool_release(struct fsk_lease *lease)
{
    struct fsk_place *place = lease->place;
    if (!place)
        return;
    lease->place = NULL;
    if (!lease->held) {
        fsk_list_remove(&lease->waiter);
    } else {
        lease->held = false;
        place->leases--;
        if (!fsk_list_empty(&place->waiters)) {
            struct fsk_lease *next = FSK_HOLDER(place->waiters.next, struct fsk_lease, waiter);
            fsk_list_remove(&next->waiter);
            grant(place, next);
            fsk_op_wake(next->op);
        }
    }
    set_startable(place);
    forget_if_unused(place);
}

void fsk_pool_init(struct fsk_pool *pool, struct fsk_driver *driver, unsigned per_place,
                   unsigned max_conns)
{
    *pool = (struct fsk_pool){.driver = driver, .per_place = per_place, .max_conns = max_conns};
    fsk_map_init(&pool->places);
    fsk_list_init(&pool->startable);
    fsk_list_init(&pool->oldest);
    fsk_list_init(&pool->closed);
}

void fsk_pool_fini(struct fsk_pool *pool)
{
    while (!fsk_list_empty(&pool->oldest)) {
        struct fsk_conn *conn = FSK_HOLDER(pool->oldest.next, struct fsk_conn, age);
        struct fsk_place *place = conn->place;
        fsk_conn_close(conn);
        forget_if_unused(place);
    }
    reap(pool);
    fsk_map_fini(&pool->places);
}
