#include "op/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "op/pool_learn.h"
#include "op/pool_share.h"

#define IDLE_LIFE (60 * FSOCK_SECOND) /* a kept connection that nobody wants */

static void open_again(struct fsk_timer *opens, fsock_time now);

/* ---- Places ---------------------------------------------------------------------------------- */

#define PLACE_TIMERS 2 /* it opens; its flow's */
#define POOL_TIMERS  2 /* the run's next unit; its flow's */

static struct fsk_place *place_new(struct fsk_pool *pool, struct fsk_span key)
{
    struct fsk_place *place = malloc(sizeof *place + key.n);
    if (!place)
        return NULL;
    *place = (struct fsk_place){
        .pool = pool,
        .node.key = {(char *)(place + 1), key.n},
        .opens.strike = open_again,
        .pace = pool->place_pace,
        .bytes = pool->place_bytes
    };
    memcpy(place + 1, key.p, key.n);
    struct fsk_list *lists[] = {&place->waiters, &place->queue,   &place->ring,   &place->ripe,
                                &place->idle,    &place->trouble, &place->doomed, &place->slowed,
                                &place->shared,  &place->hopeful};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        fsk_list_init(lists[i]);
    fsk_flow_init(&place->flow, &place->bytes, &pool->timers);
    fsk_window_init(&place->window,
                    pool->adaptive == FSOCK_ADAPT_DOWN ? pool->per_place : FSK_WINDOW_START,
                    pool->per_place);
    return place;
}

static struct fsk_place *place_of(struct fsk_pool *pool, struct fsk_span key)
{
    struct fsk_map_node *node = fsk_map_get(&pool->places, key);
    if (node)
        return FSK_HOLDER(node, struct fsk_place, node);
    struct fsk_place *place = place_new(pool, key);
    if (!place || !fsk_timers_reserve(&pool->timers, PLACE_TIMERS)) {
        free(place);
        return NULL;
    }
    if (!fsk_map_add(&pool->places, &place->node)) {
        fsk_timers_unreserve(&pool->timers, PLACE_TIMERS);
        free(place);
        return NULL;
    }
    return place;
}

/* Nothing new before then. */
static void close_until(struct fsk_place *place, fsock_time until)
{
    struct fsk_pool *pool = place->pool;
    if (until <= pool->driver->now)
        return;
    if (fsk_timer_is_set(&place->opens) && until <= place->opens.node.at)
        return;
    fsk_timer_set(&pool->timers, &place->opens, until);
    pool->holds++;
}

static void forget(struct fsk_place *place)
{
    struct fsk_pool *pool = place->pool;
    fsk_timer_clear(&pool->timers, &place->opens);
    fsk_flow_fini(&place->flow);
    fsk_timers_unreserve(&pool->timers, PLACE_TIMERS);
    fsk_list_remove(&place->ring);
    fsk_list_remove(&place->ripe);
    fsk_place_forgive(place);
    fsk_map_remove(&pool->places, &place->node);
    free(place);
}

static bool is_used(const struct fsk_place *place)
{
    return place->leases || !fsk_list_empty(&place->waiters) || !fsk_list_empty(&place->queue) ||
           !fsk_list_empty(&place->idle) || !fsk_list_empty(&place->shared);
}

/* A place that nobody uses is forgotten, so that a million hosts cost no more than those in use;
 * but not before its debts are paid. */
void fsk_place_leave(struct fsk_place *place)
{
    if (is_used(place) || !fsk_list_empty(&place->trouble) || !fsk_list_empty(&place->slowed))
        return;
    close_until(place, fsk_pace_due(&place->bytes, 0, place->pool->driver->now));
    if (!fsk_timer_is_set(&place->opens))
        forget(place);
}

/* Whether it has room, and its time has come. */
static bool is_open(const struct fsk_place *place)
{
    unsigned room = place->pool->adaptive ? place->window.size : place->pool->per_place;
    return place->leases < room && !fsk_timer_is_set(&place->opens) && !place->breaker.probing;
}

/* Put it into, or take it out of, the ring of those that can start something. */
static void set_startable(struct fsk_place *place)
{
    bool can = is_open(place) && fsk_list_empty(&place->waiters) && !fsk_list_empty(&place->queue);
    if (!can)
        fsk_list_remove(&place->ring);
    else if (fsk_list_empty(&place->ring))
        fsk_list_append(&place->pool->startable, &place->ring);
    if (!fsk_place_is_dead(place) || fsk_list_empty(&place->queue))
        fsk_list_remove(&place->doomed);
    else if (fsk_list_empty(&place->doomed))
        fsk_list_append(&place->pool->doomed, &place->doomed);
}

/* ---- Connections ----------------------------------------------------------------------------- */

static void reap(struct fsk_pool *pool)
{
    FSK_LIST_EACH (link, &pool->closed)
        fsk_conn_reap(FSK_HOLDER(link, struct fsk_conn, link));
}

static void hang_up(struct fsk_conn *conn)
{
    struct fsk_pool *pool = conn->place->pool;
    fsk_conn_miss(conn);
    fsk_stream_close(&conn->stream);
    if (conn->h2)
        fsk_h2_free(conn->h2);
    if (!conn->of) /* a stream is part of one that counts already */
        pool->conns--;
}

bool fsk_conn_is_alive(struct fsk_conn *conn)
{
    char byte;
    size_t n;
    conn->quiet.wants = 0;
    return fsk_stream_recv(&conn->stream, &byte, 1, &n, FSK_IO_PEEK, &conn->quiet) == FSOCK_AGAIN;
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
    fsk_place_leave(place);
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
        fsk_place_leave(place);
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
    if (conn->of) { /* what is kept is the connection that it is a stream of */
        fsk_conn_close(conn);
        return;
    }
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

/* A unit of the run's pace. False: `unit` strikes when there is one again. */
static bool ask_run(struct fsk_pool *pool)
{
    fsock_time now = pool->driver->now;
    if (pool->shut)
        return false;
    pool->shut = !fsk_pace_ask(pool->run, now);
    if (pool->shut)
        fsk_timer_set(&pool->timers, &pool->unit, fsk_pace_due(pool->run, 0, now));
    return !pool->shut;
}

/* A request begins there. */
static void charge(struct fsk_place *place)
{
    fsock_time now = place->pool->driver->now;
    fsk_pace_take(&place->pace, 1, now);
    fsk_pace_take(&place->learned, 1, now);
    close_until(place, fsk_pace_due(&place->pace, 0, now));
    close_until(place, fsk_pace_due(&place->learned, 0, now));
    fsk_window_begin(&place->window, place->leases);
}

static void grant(struct fsk_place *place, struct fsk_lease *lease)
{
    place->leases++;
    charge(place);
    *lease = (struct fsk_lease){
        .place = place, .held = true, .probe = fsk_breaker_begin(&place->breaker), .op = lease->op};
    fsk_list_init(&lease->waiter);
    place->pool->holds += lease->probe;
    set_startable(place);
}

/* Give leases to those who wait, as far as there are any, and then to the queue. */
static void admit(struct fsk_place *place)
{
    struct fsk_pool *pool = place->pool;
    while (is_open(place) && !fsk_list_empty(&place->waiters)) {
        if (!ask_run(pool)) {
            if (fsk_list_empty(&place->ripe))
                fsk_list_append(&pool->ripe, &place->ripe);
            break;
        }
        struct fsk_lease *next = FSK_HOLDER(place->waiters.next, struct fsk_lease, waiter);
        fsk_list_remove(&next->waiter);
        grant(place, next);
        fsk_op_wake(next->op);
    }
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

struct fsk_place *fsk_pool_requeue(struct fsk_pool *pool, struct fsk_span key,
                                   struct fsk_list *item)
{
    struct fsk_place *place = place_of(pool, key);
    if (place) {
        fsk_list_prepend(&place->queue, item);
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
    fsk_place_leave(place);
}

struct fsk_list *fsk_pool_start(struct fsk_pool *pool, struct fsk_lease *lease)
{
    if (fsk_list_empty(&pool->startable) || !ask_run(pool))
        return NULL;
    struct fsk_place *place = FSK_HOLDER(pool->startable.next, struct fsk_place, ring);
    struct fsk_list *item = place->queue.next;
    fsk_list_remove(item);
    fsk_list_remove(&place->ring); /* to the end, if it can start more */
    grant(place, lease);
    return item;
}

/* Whether the leases that there are may go on to other requests. */
static bool fits(const struct fsk_place *place)
{
    bool wide = place->pool->adaptive && place->leases > place->window.size;
    return !wide && !fsk_timer_is_set(&place->opens) && !place->breaker.probing;
}

/* Once more at the place whose lease is held already: at once, or in line with the others. */
static enum fsock_err move_nowhere(struct fsk_lease *lease)
{
    struct fsk_place *place = lease->place;
    if (fits(place) && ask_run(place->pool)) {
        charge(place);
        set_startable(place);
        return FSOCK_OK;
    }
    place->leases--;
    lease->held = false;
    fsk_list_remove(&lease->waiter);
    fsk_list_append(&place->waiters, &lease->waiter);
    admit(place);
    return lease->held ? FSOCK_OK : FSOCK_AGAIN;
}

enum fsock_err fsk_pool_move(struct fsk_pool *pool, struct fsk_lease *lease, struct fsk_span key,
                             struct fsk_op *op)
{
    struct fsk_place *place = place_of(pool, key);
    if (!place)
        return FSOCK_ERR_MEMORY;
    lease->op = op;
    if (place == lease->place && lease->held)
        return move_nowhere(lease);
    fsk_pool_release(lease);
    if (is_open(place) && fsk_list_empty(&place->waiters) && ask_run(pool)) {
        grant(place, lease);
        return FSOCK_OK;
    }
    lease->place = place;
    fsk_list_append(&place->waiters, &lease->waiter);
    admit(place);
    return FSOCK_AGAIN;
}

bool fsk_lease_is_paced(const struct fsk_lease *lease)
{
    const struct fsk_place *place = lease->place;
    return place && !lease->held && (fsk_timer_is_set(&place->opens) || place->pool->shut);
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
        if (!fsk_list_empty(&lease->waiter)) { /* it hoped, and what woke it is for another one */
            fsk_list_remove(&lease->waiter);
            fsk_place_wake_hopeful(place, 1);
        }
        if (lease->probe)
            fsk_breaker_void(&place->breaker);
        lease->probe = false;
    }
    admit(place);
    fsk_place_leave(place);
}

void fsk_place_reconsider(struct fsk_place *place)
{
    admit(place);
    if (fsk_place_is_dead(place))
        FSK_LIST_EACH (link, &place->waiters)
            fsk_op_wake(FSK_HOLDER(link, struct fsk_lease, waiter)->op);
}

void fsk_pool_forget_trouble(struct fsk_pool *pool)
{
    FSK_LIST_EACH (link, &pool->trouble) {
        struct fsk_place *place = FSK_HOLDER(link, struct fsk_place, trouble);
        if (pool->n_trouble <= FSK_TROUBLE_MAX)
            return;
        if (!is_used(place))
            forget(place);
    }
}

/* ---- What goes by the clock ------------------------------------------------------------------ */

void fsk_place_hold(struct fsk_place *place, fsock_time until)
{
    fsk_quota_hold(&place->quota, place->pool->driver->now, until);
    close_until(place, until);
    set_startable(place);
}

/* So much between two at least: what was missed may only be made up for by what is beyond it. */
static void keep_apart(struct fsk_pace *pace, int64_t delay)
{
    double least = delay > 0 ? (double)delay : 0;
    if (pace->interval < least)
        pace->interval = least;
    if (delay > 0 && pace->interval - least < (double)pace->slack)
        pace->slack = (int64_t)(pace->interval - least);
}

/* It is forgotten again when nobody uses it. */
static void unslow(struct fsk_place *place)
{
    if (fsk_list_empty(&place->slowed))
        return;
    fsk_list_remove(&place->slowed);
    place->pool->n_slowed--;
}

bool fsk_pool_slow(struct fsk_pool *pool, struct fsk_span key, int64_t delay)
{
    struct fsk_place *place = place_of(pool, key);
    if (!place)
        return false;
    unslow(place);
    place->pace.interval = pool->place_pace.interval;
    place->pace.slack = pool->place_pace.slack;
    keep_apart(&place->pace, delay);
    if (place->pace.interval > pool->place_pace.interval) {
        fsk_list_append(&pool->slowed, &place->slowed);
        pool->n_slowed++;
    }
    if (pool->n_slowed > FSK_POOL_SLOWED_MAX) {
        struct fsk_place *first = FSK_HOLDER(pool->slowed.next, struct fsk_place, slowed);
        unslow(first);
        fsk_place_leave(first);
    }
    fsk_place_leave(place);
    return true;
}

static void open_again(struct fsk_timer *opens, fsock_time now)
{
    struct fsk_place *place = FSK_HOLDER(opens, struct fsk_place, opens);
    (void)now;
    admit(place);
    fsk_place_leave(place);
}

/* The run's pace has a unit again: for those who run already, else fsk_pool_start() asks for it. */
static void next_unit(struct fsk_timer *unit, fsock_time now)
{
    struct fsk_pool *pool = FSK_HOLDER(unit, struct fsk_pool, unit);
    (void)now;
    pool->shut = false;
    while (!pool->shut && !fsk_list_empty(&pool->ripe)) {
        struct fsk_place *place = FSK_HOLDER(pool->ripe.next, struct fsk_place, ripe);
        fsk_list_remove(&place->ripe);
        admit(place);
    }
}

/* ---- Made and freed -------------------------------------------------------------------------- */

void fsk_pool_init(struct fsk_pool *pool, struct fsk_driver *driver, unsigned per_place,
                   unsigned max_conns)
{
    *pool = (struct fsk_pool){.driver = driver, .per_place = per_place, .max_conns = max_conns};
    fsk_map_init(&pool->places);
    struct fsk_list *lists[] = {&pool->startable, &pool->oldest, &pool->closed, &pool->ripe,
                                &pool->trouble,   &pool->doomed, &pool->slowed};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        fsk_list_init(lists[i]);
    fsk_timers_init(&pool->timers, driver, POOL_TIMERS);
    pool->unit.strike = next_unit;
    pool->run = &pool->unpaced;
    fsk_flow_init(&pool->flow, &pool->unpaced, &pool->timers);
}

void fsk_pool_pace(struct fsk_pool *pool, const struct fsk_pool_rates *rates)
{
    fsk_pace_init(&pool->place_bytes, rates->host_bytes);
    fsk_pace_init(&pool->place_pace, rates->host_rate);
    keep_apart(&pool->place_pace, rates->host_delay);
    if (!rates->pacer)
        return;
    pool->run = &rates->pacer->requests;
    fsk_flow_init(&pool->flow, &rates->pacer->bytes, &pool->timers);
}

void fsk_pool_fini(struct fsk_pool *pool)
{
    struct fsk_heap_node *first;
    while (!fsk_list_empty(&pool->oldest)) {
        struct fsk_conn *conn = FSK_HOLDER(pool->oldest.next, struct fsk_conn, age);
        struct fsk_place *place = conn->place;
        fsk_conn_close(conn);
        fsk_place_leave(place);
    }
    reap(pool);
    FSK_LIST_EACH (link, &pool->slowed) {
        struct fsk_place *place = FSK_HOLDER(link, struct fsk_place, slowed);
        unslow(place);
        fsk_place_leave(place);
    }
    fsk_timer_clear(&pool->timers, &pool->unit);
    fsk_flow_fini(&pool->flow);
    FSK_LIST_EACH (link, &pool->trouble)
        forget(FSK_HOLDER(link, struct fsk_place, trouble));
    while ((first = fsk_heap_first(&pool->timers.heap)) != NULL)
        forget(FSK_HOLDER(first, struct fsk_place, opens.node));
    fsk_timers_fini(&pool->timers);
    fsk_map_fini(&pool->places);
}
