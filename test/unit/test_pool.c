/* The connection pool: who gets a lease, in which order, and what becomes of kept connections. */
#include "pool_rig.h"

#include "net/plain.h"

/* A connection under the lease; *peer is its other end. */
static struct fsk_conn *open_conn(struct rig *rig, struct fsk_lease *lease, int *peer)
{
    int p[2];
    make_pair(p);
    struct fsk_conn *conn = fsk_conn_new(lease);
    struct fsk_layer *plain = fsk_plain_new(p[0], rig->driver);
    assert_true(conn && plain);
    fsk_stream_init(&conn->stream, plain);
    *peer = p[1];
    return conn;
}

static struct fsk_conn *kept_conn(struct rig *rig, const char *key, int *peer)
{
    struct fsk_lease lease;
    lease_of(&lease, key);
    struct fsk_conn *conn = open_conn(rig, &lease, peer);
    fsk_conn_keep(conn);
    fsk_pool_release(&lease);
    return conn;
}

/* Closes the peer's end. True if ours was closed. */
static bool was_closed(int peer)
{
    char byte;
    ssize_t n = read(peer, &byte, 1);
    close(peer);
    return n == 0;
}

/* ---- Leases ---------------------------------------------------------------------------------- */

static void test_cap(void **state)
{
    struct fsk_lease lease[3], none;
    struct item item[3];
    make_pool(*state, 2, MANY);
    assert_string_equal(next(&none), "");
    queue(&item[0], "a1");
    queue(&item[1], "a2");
    queue(&item[2], "a3");
    assert_string_equal(next(&lease[0]), "a1");
    assert_string_equal(next(&lease[1]), "a2");
    assert_string_equal(next(&none), "");
    fsk_pool_release(&lease[0]);
    fsk_pool_release(&lease[0]); /* harmless */
    assert_string_equal(next(&lease[2]), "a3");
    assert_string_equal(next(&none), "");
    fsk_pool_release(&lease[1]);
    assert_int_equal(pool.places.n, 1);
    fsk_pool_release(&lease[2]);
    assert_int_equal(pool.places.n, 0); /* forgotten */
    end_pool();
}

/* A place with a long queue doesn't hold up the others: each starts one in its turn. */
static void test_round_robin(void **state)
{
    static const char *const names[] = {"a1", "a2", "a3", "b1", "b2", "c1"};
    static const char *const order[] = {"a1", "b1", "c1", "a2", "b2", "a3"};
    struct fsk_lease lease[6];
    struct item item[6];
    make_pool(*state, MANY, MANY);
    for (int i = 0; i < 6; i++)
        queue(&item[i], names[i]);
    for (int i = 0; i < 6; i++)
        assert_string_equal(next(&lease[i]), order[i]);
    for (int i = 0; i < 6; i++)
        fsk_pool_release(&lease[i]);
    end_pool();
}

/* A place whose leases are all out is passed over, and comes back with the first one. */
static void test_busy_place(void **state)
{
    struct fsk_lease a, b, c, none;
    struct item item[4];
    make_pool(*state, 1, MANY);
    queue(&item[0], "a1");
    queue(&item[1], "a2");
    queue(&item[2], "b1");
    queue(&item[3], "c1");
    assert_string_equal(next(&a), "a1");
    assert_string_equal(next(&b), "b1");
    fsk_pool_release(&a);
    assert_string_equal(next(&c), "c1");
    assert_string_equal(next(&a), "a2");
    assert_string_equal(next(&none), "");
    fsk_pool_release(&a);
    fsk_pool_release(&b);
    fsk_pool_release(&c);
    end_pool();
}

static void test_unqueue(void **state)
{
    struct fsk_lease lease;
    struct item item[3];
    make_pool(*state, 1, MANY);
    queue(&item[0], "a1");
    queue(&item[1], "a2");
    queue(&item[2], "b1");
    assert_int_equal(pool.places.n, 2);
    fsk_pool_unqueue(item[0].place, &item[0].link);
    fsk_pool_unqueue(item[2].place, &item[2].link);
    assert_int_equal(pool.places.n, 1);
    assert_string_equal(next(&lease), "a2");
    fsk_pool_release(&lease);
    assert_string_equal(next(&lease), "");
    end_pool();
}

static void act_release(struct event *e)
{
    struct runner *r = FSK_HOLDER(e->whom, struct runner, op);
    fsk_pool_release(&r->lease);
}

/* Who runs already waits before all that hasn't started, first come first served. */
static void test_waiters(void **state)
{
    struct rig *rig = *state;
    struct fsk_lease none;
    struct runner holder, r[3];
    struct item item;
    struct event e;
    make_pool(rig, 1, MANY);
    lease_of(&holder.lease, "a");
    queue(&item, "a1");
    for (int i = 0; i < 3; i++) {
        char from[2] = {(char)('x' + i), 0};
        lease_of(&r[i].lease, from);
        fsk_op_init(&r[i].op, runner_step, fsock_after(10));
        assert_int_equal(fsk_pool_move(&pool, &r[i].lease, FSK_SPAN("a"), &r[i].op), FSOCK_AGAIN);
        assert_false(r[i].lease.held);
    }
    assert_int_equal(pool.places.n, 1); /* x, y and z were given back */
    fsk_pool_release(&r[1].lease);      /* the second one no longer waits */
    start(rig, &r[2].op);
    event_init(&e, rig, 5 * MS, act_release, -1, &holder.op);
    finish_all(rig, &e.op, &r[0].op, NULL);
    assert_int_equal(r[0].op.err, FSOCK_OK);
    assert_false(r[1].lease.held || r[2].lease.held);
    assert_string_equal(next(&none), "");
    event_init(&e, rig, 5 * MS, act_release, -1, &r[0].op);
    finish_all(rig, &e.op, NULL);
    pass(rig, 0);
    assert_true(r[2].op.ended && r[2].lease.held);
    assert_string_equal(next(&none), "");
    fsk_pool_release(&r[2].lease);
    assert_string_equal(next(&none), "a1");
    fsk_pool_release(&none);
    end_pool();
}

/* A move to where one is keeps the lease; the last one out of a place may come back to it. */
static void test_move(void **state)
{
    struct fsk_lease lease;
    make_pool(*state, 1, MANY);
    lease_of(&lease, "a");
    struct fsk_place *place = lease.place;
    assert_int_equal(fsk_pool_move(&pool, &lease, FSK_SPAN("a"), NULL), FSOCK_OK);
    assert_ptr_equal(lease.place, place);
    assert_int_equal(place->leases, 1);
    assert_int_equal(fsk_pool_move(&pool, &lease, FSK_SPAN("b"), NULL), FSOCK_OK);
    assert_int_equal(pool.places.n, 1);
    assert_int_equal(fsk_pool_move(&pool, &lease, FSK_SPAN("a"), NULL), FSOCK_OK);
    assert_int_equal(pool.places.n, 1);
    fsk_pool_release(&lease);
    end_pool();
}

/* ---- Holds ----------------------------------------------------------------------------------- */

/* Nothing begins at a place that is held; others go on, and afterwards it does, too. */
static void test_hold(void **state)
{
    struct rig *rig = *state;
    struct fsk_lease lease[3], none;
    struct item item[3];
    make_pool(rig, MANY, MANY);
    queue(&item[0], "a1");
    queue(&item[1], "a2");
    queue(&item[2], "b1");
    assert_string_equal(next(&lease[0]), "a1");
    fsock_time until = fsock_now() + 30 * MS;
    fsk_place_hold(lease[0].place, until);
    fsk_place_hold(lease[0].place, until - 20 * MS); /* it isn't made shorter */
    fsk_place_hold(lease[0].place, 1);
    assert_string_equal(next(&lease[1]), "b1");
    assert_string_equal(next(&none), "");
    fsk_pool_release(&lease[0]);
    assert_string_equal(next(&none), "");
    pass(rig, 10 * MS);
    assert_true(fsock_now() >= until || *next(&none) == 0);
    pass(rig, 30 * MS);
    assert_string_equal(next(&lease[2]), "a2");
    fsk_pool_release(&lease[1]);
    fsk_pool_release(&lease[2]);
    end_pool();
}

/* A hold outlives all who use the place, and isn't forgotten with them; but when it is over. */
static void test_hold_is_remembered(void **state)
{
    struct rig *rig = *state;
    struct fsk_lease lease;
    struct runner r;
    make_pool(rig, MANY, MANY);
    lease_of(&lease, "a");
    fsock_time until = fsock_now() + 30 * MS;
    fsk_place_hold(lease.place, until);
    fsk_pool_release(&lease);
    assert_int_equal(pool.places.n, 1);
    r.lease = (struct fsk_lease){.place = NULL};
    fsk_list_init(&r.lease.waiter);
    fsk_op_init(&r.op, runner_step, fsock_after(10));
    assert_int_equal(fsk_pool_move(&pool, &r.lease, FSK_SPAN("a"), &r.op), FSOCK_AGAIN);
    assert_int_equal(finish(rig, &r.op), FSOCK_OK); /* woken */
    assert_true(fsock_now() >= until);
    fsk_place_hold(r.lease.place, fsock_now() + 10 * MS);
    fsk_pool_release(&r.lease);
    assert_int_equal(pool.places.n, 1);
    pass(rig, 20 * MS);
    assert_int_equal(pool.places.n, 0);
    lease_of(&lease, "a");
    fsk_place_hold(lease.place, FSOCK_NEVER);
    fsk_pool_release(&lease);
    end_pool();
}

/* Many holds end in their order, whichever was said last. */
static void test_holds_in_order(void **state)
{
    static const char *const names[] = {"a1", "b1", "c1", "d1"};
    static const int after[] = {40, 20, 60, 10};
    struct rig *rig = *state;
    struct fsk_lease lease[4];
    struct item item[4];
    make_pool(rig, MANY, MANY);
    for (int i = 0; i < 4; i++)
        queue(&item[i], names[i]);
    fsock_time now = rig->driver->now = fsock_now();
    for (int i = 0; i < 4; i++)
        fsk_place_hold(item[i].place, now + after[i] * MS);
    pass(rig, 70 * MS);
    assert_string_equal(next(&lease[0]), "d1");
    assert_string_equal(next(&lease[1]), "b1");
    assert_string_equal(next(&lease[2]), "a1");
    assert_string_equal(next(&lease[3]), "c1");
    for (int i = 0; i < 4; i++)
        fsk_pool_release(&lease[i]);
    end_pool();
}

/* ---- Connections ----------------------------------------------------------------------------- */

/* The one used last is used next: the others can grow old, and end. */
static void test_last_kept_first_taken(void **state)
{
    struct rig *rig = *state;
    struct fsk_lease lease;
    int peer[3];
    make_pool(rig, MANY, MANY);
    struct fsk_conn *a = kept_conn(rig, "a", &peer[0]);
    struct fsk_conn *b = kept_conn(rig, "a", &peer[1]);
    struct fsk_conn *other = kept_conn(rig, "b", &peer[2]);
    pass(rig, 5 * MS);
    lease_of(&lease, "a");
    assert_ptr_equal(fsk_pool_take(&lease), b);
    assert_ptr_equal(fsk_pool_take(&lease), a);
    assert_null(fsk_pool_take(&lease));
    assert_int_equal(a->uses, 1);
    assert_false(a->idle.running || b->idle.running);
    assert_true(other->idle.running);
    assert_true(fsk_conn_is_alive(a));
    fsk_conn_keep(b);
    fsk_conn_keep(a);
    assert_int_equal(a->uses, 2);
    assert_ptr_equal(fsk_pool_take(&lease), a);
    fsk_conn_close(a);
    assert_true(was_closed(peer[0]));
    assert_int_equal(pool.conns, 2);
    fsk_pool_release(&lease);
    assert_int_equal(pool.places.n, 2);
    end_pool();
    assert_true(was_closed(peer[1]));
    assert_true(was_closed(peer[2]));
}

static void test_max_conns(void **state)
{
    struct rig *rig = *state;
    struct fsk_lease lease;
    int peer[4];
    make_pool(rig, MANY, 2);
    struct fsk_conn *a = kept_conn(rig, "a", &peer[0]);
    kept_conn(rig, "b", &peer[1]);
    lease_of(&lease, "a"); /* used again, so it isn't the oldest any more */
    assert_ptr_equal(fsk_pool_take(&lease), a);
    fsk_conn_keep(a);
    fsk_pool_release(&lease);
    lease_of(&lease, "c");
    struct fsk_conn *c = open_conn(rig, &lease, &peer[2]);
    assert_true(was_closed(peer[1]));
    assert_int_equal(pool.conns, 2);
    assert_int_equal(pool.places.n, 2); /* b is forgotten */
    assert_true(fsk_conn_is_alive(a));
    struct fsk_conn *d = open_conn(rig, &lease, &peer[3]);
    assert_true(was_closed(peer[0]));
    assert_int_equal(pool.conns, 2);
    fsk_conn_close(c);
    fsk_conn_close(d);
    fsk_pool_release(&lease);
    assert_true(was_closed(peer[2]) && was_closed(peer[3]));
    end_pool();
}

/* A peer that hangs up, or talks without being asked, ends a kept connection and its place. */
static void test_peer_ends_idle(void **state)
{
    struct rig *rig = *state;
    int peer[3];
    make_pool(rig, MANY, MANY);
    for (int i = 0; i < 3; i++)
        kept_conn(rig, (const char *[]){"a", "b", "c"}[i], &peer[i]);
    pass(rig, 5 * MS);
    assert_int_equal(pool.conns, 3);
    close(peer[0]);
    put_byte(peer[1]);
    pass(rig, 5 * MS);
    assert_int_equal(pool.conns, 1);
    assert_int_equal(pool.places.n, 1);
    close(peer[1]);
    struct fsk_lease lease;
    lease_of(&lease, "a");
    assert_null(fsk_pool_take(&lease));
    fsk_pool_release(&lease);
    end_pool();
    assert_true(was_closed(peer[2]));
}

static void act_put_and_close(struct event *e)
{
    put_byte(e->fd);
    close(e->fd);
}

/* The answer and the end come at once; who read the answer had no reason to read on. */
static void test_end_behind_answer(void **state)
{
    struct rig *rig = *state;
    struct fsk_lease lease;
    struct fsk_layer_info info;
    struct reader r;
    struct event e;
    int peer;
    make_pool(rig, MANY, MANY);
    lease_of(&lease, "a");
    struct fsk_conn *conn = open_conn(rig, &lease, &peer);
    fsk_stream_info(&conn->stream, &info);
    reader_init(&r, info.fd, 1, fsock_after(10));
    event_init(&e, rig, 5 * MS, act_put_and_close, peer, NULL);
    finish_all(rig, &r.op, &e.op, NULL);
    assert_int_equal(r.op.err, FSOCK_OK);
    fsk_conn_keep(conn);
    fsk_pool_release(&lease);
    pass(rig, 5 * MS);
    assert_int_equal(pool.conns, 0);
    assert_int_equal(pool.places.n, 0);
    end_pool();
}

static void test_is_alive(void **state)
{
    struct rig *rig = *state;
    struct fsk_lease lease;
    int peer[2];
    make_pool(rig, MANY, MANY);
    lease_of(&lease, "a");
    struct fsk_conn *a = open_conn(rig, &lease, &peer[0]), *b = open_conn(rig, &lease, &peer[1]);
    assert_true(fsk_conn_is_alive(a) && fsk_conn_is_alive(b));
    close(peer[0]);
    put_byte(peer[1]);
    assert_false(fsk_conn_is_alive(a) || fsk_conn_is_alive(b));
    fsk_conn_close(a);
    fsk_conn_close(b);
    close(peer[1]);
    fsk_pool_release(&lease);
    end_pool();
}

/* Nobody wants it: it is closed after a while. */
static void test_idle_life(void **state)
{
    struct rig *rig = *state;
    int peer;
    make_pool(rig, MANY, MANY);
    struct fsk_conn *conn = kept_conn(rig, "a", &peer);
    assert_true(conn->idle.deadline < FSOCK_NEVER);
    conn->idle.deadline = fsock_now() + 150 * MS;
    pass(rig, 5 * MS);
    assert_int_equal(pool.conns, 1);
    pass(rig, 200 * MS);
    assert_int_equal(pool.conns, 0);
    assert_int_equal(pool.places.n, 0);
    assert_true(was_closed(peer));
    end_pool();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(test_cap),
        BOTH(test_round_robin),
        BOTH(test_busy_place),
        BOTH(test_unqueue),
        BOTH(test_waiters),
        BOTH(test_move),
        BOTH(test_hold),
        BOTH(test_hold_is_remembered),
        BOTH(test_holds_in_order),
        BOTH(test_last_kept_first_taken),
        BOTH(test_max_conns),
        BOTH(test_peer_ends_idle),
        BOTH(test_end_behind_answer),
        BOTH(test_is_alive),
        BOTH(test_idle_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
