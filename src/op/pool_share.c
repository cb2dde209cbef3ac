#include "op/pool_share.h"

#include <limits.h>
#include <stdlib.h>

void fsk_place_wake_hopeful(struct fsk_place *place, unsigned most)
{
    FSK_LIST_EACH (link, &place->hopeful)
        if (most-- > 0)
            fsk_op_wake(FSK_HOLDER(link, struct fsk_lease, waiter)->op);
        else
            return;
}

/* ---- Making ---------------------------------------------------------------------------------- */

void fsk_conn_scout(struct fsk_conn *conn)
{
    conn->scout = true;
    conn->place->scouts++;
}

/* Who hopes for it knows now. */
static void settle(struct fsk_conn *conn, bool missed)
{
    if (!conn->scout)
        return;
    conn->scout = false;
    conn->place->scouts--;
    conn->place->missed += missed;
    fsk_place_wake_hopeful(conn->place, UINT_MAX);
}

void fsk_conn_miss(struct fsk_conn *conn)
{
    settle(conn, true);
}

void fsk_conn_is_http1(struct fsk_conn *conn)
{
    if (conn->scout)
        conn->place->http1 = true;
    settle(conn, false);
}

/* ---- Shared connections ---------------------------------------------------------------------- */

/* It has ended: it counts no longer, and what is left of it is freed with its last stream. */
static void bury(struct fsk_conn *shared)
{
    struct fsk_place *place = shared->place;
    fsk_list_remove(&shared->link);
    fsk_list_remove(&shared->age);
    fsk_list_append(&place->pool->closed, &shared->link);
    place->pool->conns--;
    shared->place = NULL;
    fsk_place_leave(place);
}

static void changed(struct fsk_h2_owner *owner)
{
    struct fsk_conn *shared = FSK_HOLDER(owner, struct fsk_conn, shares);
    struct fsk_place *place = shared->place;
    if (!place)
        return;
    place->http1 |= fsk_h2_is_unwanted(shared->h2);
    bool over = fsk_h2_is_over(shared->h2);
    if (over || fsk_h2_is_settled(shared->h2))
        settle(shared, !fsk_h2_is_settled(shared->h2));
    bool open = fsk_h2_is_open(shared->h2); /* else who hopes for room has to look elsewhere */
    fsk_place_wake_hopeful(place, open ? fsk_h2_room(shared->h2) : UINT_MAX);
    bool idle = fsk_h2_streams(shared->h2) == 0;
    if (over)
        bury(shared);
    else if (!idle)
        fsk_list_remove(&shared->age);
    else if (fsk_list_empty(&shared->age))
        fsk_list_append(&place->pool->oldest, &shared->age);
}

static struct fsk_conn *new_conn(struct fsk_place *place)
{
    struct fsk_conn *conn = calloc(1, sizeof *conn);
    if (!conn)
        return NULL;
    conn->place = place;
    fsk_list_init(&conn->link);
    fsk_list_init(&conn->age);
    fsk_list_init(&conn->idle.link);
    return conn;
}

/* Make `conn` a stream of it. */
static bool open_stream(struct fsk_conn *conn, struct fsk_conn *shared, struct fsk_op *op)
{
    struct fsk_layer *layer = fsk_h2_open(shared->h2, op);
    if (!layer)
        return false;
    fsk_stream_init(&conn->stream, layer);
    conn->of = shared;
    conn->uses = shared->uses++;
    fsk_list_remove(&shared->age);
    return true;
}

struct fsk_conn *fsk_pool_join(struct fsk_lease *lease, struct fsk_op *op)
{
    struct fsk_place *place = lease->place;
    fsk_list_remove(&lease->waiter); /* it may have hoped */
    FSK_LIST_EACH (link, &place->shared) {
        struct fsk_conn *shared = FSK_HOLDER(link, struct fsk_conn, link);
        if (!fsk_h2_room(shared->h2))
            continue;
        struct fsk_conn *conn = new_conn(place);
        if (conn && open_stream(conn, shared, op))
            return conn;
        free(conn);
        return NULL;
    }
    return NULL;
}

enum fsk_hope fsk_pool_hope(struct fsk_lease *lease, struct fsk_op *op)
{
    struct fsk_place *place = lease->place;
    enum fsk_hope hope = place->scouts && !place->http1 ? FSK_HOPE_DIAL : FSK_HOPE_NONE;
    fsk_list_remove(&lease->waiter);
    FSK_LIST_EACH (link, &place->shared) {
        const struct fsk_h2 *h2 = FSK_HOLDER(link, struct fsk_conn, link)->h2;
        if (fsk_h2_is_settled(h2) && fsk_h2_is_open(h2))
            hope = FSK_HOPE_ROOM;
    }
    if (hope != FSK_HOPE_NONE) {
        lease->op = op;
        fsk_list_append(&place->hopeful, &lease->waiter);
    }
    return hope;
}

enum fsock_err fsk_conn_share(struct fsk_conn *conn, struct fsk_op *op, bool alone)
{
    struct fsk_place *place = conn->place;
    struct fsk_conn *shared = new_conn(place);
    if (shared)
        shared->shares.changed = changed;
    if (shared)
        shared->h2 = fsk_h2_new(place->pool->driver, &conn->stream, &shared->shares);
    if (!shared || !shared->h2) {
        free(shared);
        return FSOCK_ERR_MEMORY;
    }
    fsk_list_append(&place->shared, &shared->link);
    bool made = open_stream(conn, shared, op);
    if (!made)                /* nobody wants to wait for a stream of it, either */
        place->pool->conns++; /* it counts, and so does conn, until it is closed */
    if (alone || !made)
        fsk_h2_drain(shared->h2);
    shared->scout = conn->scout; /* it is not made before the peer has said what it allows */
    conn->scout = false;
    return made ? FSOCK_OK : FSOCK_ERR_MEMORY;
}

bool fsk_conn_is_untaken(struct fsk_conn *conn)
{
    struct fsk_layer_info info;
    if (!conn || !conn->of)
        return false;
    fsk_stream_info(&conn->stream, &info);
    return info.untaken;
}

bool fsk_conn_is_over(const struct fsk_conn *conn)
{
    return conn && (!conn->of || fsk_h2_is_over(conn->of->h2));
}

bool fsk_conn_is_used_up(const struct fsk_conn *conn)
{
    return conn && conn->of && fsk_h2_is_used_up(conn->of->h2);
}

void fsk_conn_reap(struct fsk_conn *conn)
{
    if (conn->h2 && fsk_h2_streams(conn->h2))
        return;
    fsk_list_remove(&conn->link);
    if (conn->h2)
        fsk_h2_free(conn->h2);
    free(conn);
}
