/*
 * query_rig.h - queries against the servers of dns_server.h, one or many, under both drivers.
 *
 * Include it after <cmocka.h>.
 */
#ifndef FSK_TEST_QUERY_RIG_H
#define FSK_TEST_QUERY_RIG_H

#include <errno.h>
#include <stdio.h>

#include "base/time.h"
#include "dns_server.h"
#include "op/query.h"
#include "two_drivers.h"

#define MS FSOCK_MILLISECOND

enum { SERVERS_MAX = 4, QUERIES_MAX = 128 };

struct query_rig {
    struct two_drivers drivers;
    struct dns_server server[SERVERS_MAX];
    unsigned n_servers;
    struct fsk_stub stub;

    /* One query, or many; a query whose time to `give_up` has come is finished. */
    struct fsk_op op;
    struct fsk_query q[QUERIES_MAX];
    struct fsk_buf kept[QUERIES_MAX];
    fsock_time give_up[QUERIES_MAX];
    bool gone[QUERIES_MAX];
    unsigned n;
    fsock_time begun, took;
    void (*look)(struct query_rig *); /* called once, at `look_at` */
    fsock_time look_at;
};

static inline int rig_setup(void **state)
{
    bool loop = *(const bool *)*state;
    struct query_rig *r = calloc(1, sizeof *r);
    if (!r || !two_drivers_init(&r->drivers, loop))
        return -1;
    fsk_stub_init(&r->stub, r->drivers.driver, FSK_PORTS_MAX / 2);
    *state = r;
    return 0;
}

/* The queries of the last run: nothing of them may be left behind. */
static inline void rig_finish(struct query_rig *r)
{
    struct fsk_servers *all = &r->stub.servers;
    fsk_op_stop(&r->op);
    for (unsigned i = 0; i < r->n; i++) {
        fsk_query_fini(&r->q[i]);
        fsk_buf_fini(&r->kept[i]);
    }
    r->n = 0;
    for (unsigned i = 0; i < all->n; i++)
        assert_int_equal(all->server[i].open, 0);
    assert_int_equal(all->coming, 0);
    assert_true(fsk_list_empty(&all->queue));
}

static inline int rig_teardown(void **state)
{
    struct query_rig *r = *state;
    rig_finish(r);
    fsk_stub_fini(&r->stub);
    for (unsigned i = 0; i < r->n_servers; i++)
        dns_stop(&r->server[i]);
    bool clean = two_drivers_fini(&r->drivers);
    free(r);
    return clean ? 0 : -1;
}

/* One more server; asked by this transport. */
static inline struct dns_server *rig_serve_by(struct query_rig *r, enum dns_manner manner,
                                              enum fsk_by transport)
{
    struct dns_server *s = &r->server[r->n_servers++];
    struct fsk_addr at = {
        .family = 4, .ip = {127, 0, 0, 1}
    };
    dns_start(s, manner);
    at.port = s->port;
    assert_true(fsk_servers_add(&r->stub.servers, &at, transport, fsk_span(NULL, 0)));
    return s;
}

static inline struct dns_server *rig_serve(struct query_rig *r, enum dns_manner manner)
{
    return rig_serve_by(r, manner, FSK_BY_UDP);
}

/* Prepare one more query of type A, with so much time. */
static inline struct fsk_query *rig_query(struct query_rig *r, const char *name, fsock_time limit)
{
    struct fsk_dname d;
    struct fsk_query *q = &r->q[r->n];
    assert_int_equal(fsk_dname_from_text(&d, fsk_span_str(name)), FSK_DNAME_OK);
    r->drivers.driver->now = fsock_now();
    fsk_query_init(q, &r->stub, &d, FSK_DNS_A, r->drivers.driver->now + limit);
    fsk_buf_init(&r->kept[r->n], FSK_QUERY_KEPT);
    q->kept = &r->kept[r->n];
    r->give_up[r->n] = FSOCK_NEVER;
    r->gone[r->n] = false;
    r->n++;
    return q;
}

static inline enum fsock_err rig_step(struct fsk_op *op, fsock_time now)
{
    struct query_rig *r = FSK_HOLDER(op, struct query_rig, op);
    bool all = true;
    for (unsigned i = 0; i < r->n; i++) {
        struct fsk_op *child = &r->q[i].op;
        if (!child->parent)
            fsk_op_start(op, child);
        if (now >= r->give_up[i] && !child->ended && !r->gone[i]) {
            fsk_query_fini(&r->q[i]);
            r->gone[i] = true;
        }
        all = all && (child->ended || r->gone[i]);
        if (!child->ended && !r->gone[i])
            op->alarm = fsk_time_min(op->alarm, r->give_up[i]);
    }
    if (r->look && now >= r->look_at) {
        r->look(r);
        r->look = NULL;
    }
    if (r->look)
        op->alarm = fsk_time_min(op->alarm, r->look_at);
    return all && !r->look ? FSOCK_OK : FSOCK_AGAIN;
}

/* Run those that were prepared, side by side. */
static inline void rig_run(struct query_rig *r)
{
    r->begun = fsock_now();
    fsk_op_init(&r->op, rig_step, FSOCK_NEVER);
    assert_int_equal(two_drivers_run(&r->drivers, &r->op), FSOCK_OK);
    r->took = fsock_now() - r->begun;
}

/* Prepare one, and run it. */
static inline struct fsk_query *rig_ask(struct query_rig *r, const char *name, fsock_time limit)
{
    rig_finish(r);
    struct fsk_query *q = rig_query(r, name, limit);
    rig_run(r);
    return q;
}

/* It has been answered by this server, with an address. */
static inline void rig_found(struct query_rig *r, const struct fsk_query *q, unsigned server)
{
    char why[400];
    if (q->op.err != FSOCK_OK) {
        fsk_query_describe(q, fsock_now(), why, sizeof why);
        fail_msg("%s: %s", fsock_err_name(q->op.err), why);
    }
    assert_int_equal(q->result.outcome, FSK_DNS_FOUND);
    assert_ptr_equal(q->server, &r->stub.servers.server[server]);
}

/* What the query says of its failure holds this. */
static inline void rig_says(const struct fsk_query *q, const char *part)
{
    char why[400];
    fsk_query_describe(q, fsock_now(), why, sizeof why);
    if (!strstr(why, part))
        fail_msg("\"%s\" does not say \"%s\"", why, part);
}

static inline unsigned rig_asked(const struct query_rig *r, unsigned server)
{
    return r->server[server].by_udp + r->server[server].by_tcp;
}

#endif
