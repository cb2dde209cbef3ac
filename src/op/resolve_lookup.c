#include "op/resolve_lookup.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "net/sock.h"
#include "wire/addrorder.h"

struct fsk_lookup_run {
    struct fsk_half half[2]; /* AAAA, A, or one of them */
    unsigned halves;
    struct fsk_candidates candidates;
    struct fsk_dname name; /* the candidate that is being asked for */
    fsock_time started, until;
    fsock_time settles; /* when one family is enough; 0: none has addresses yet */
    bool no_data;       /* some candidate exists, without addresses */
};

static bool is_over(const struct fsk_half *h)
{
    return h->state > FSK_HALF_ASKING;
}

/* How many halves are in this state. */
static unsigned count(const struct fsk_lookup_run *run, enum fsk_half_state state)
{
    unsigned n = 0;
    for (unsigned i = 0; i < run->halves; i++)
        n += run->half[i].state == state;
    return n;
}

static void wake_waiters(struct fsk_lookup *l)
{
    FSK_LIST_EACH (link, &l->waiters)
        fsk_op_wake(&FSK_HOLDER(link, struct fsk_resolve, waiter)->op);
}

/* ---- asking ---- */

static void ask(struct fsk_lookup *l, struct fsk_half *h, const struct fsk_dname *name)
{
    fsk_query_fini(&h->query);
    fsk_query_init(&h->query, &l->owner->stub, name, h->type, l->run->until);
    h->query.addr = h->addr;
    h->query.cap = FSK_ADDRS_MAX;
    h->state = FSK_HALF_ASKING;
    fsk_op_start(&l->op, &h->query.op);
}

/* Turn to the next candidate; false: there is none. */
static bool next_candidate(struct fsk_lookup_run *run)
{
    if (!fsk_candidates_next(&run->candidates, &run->name))
        return false;
    for (unsigned i = 0; i < run->halves; i++)
        run->half[i].state = FSK_HALF_UNASKED;
    return true;
}

/* Ask for what has not been asked yet. The A record goes first where one must wait. */
static void ask_halves(struct fsk_lookup *l)
{
    struct fsk_lookup_run *run = l->run;
    for (unsigned i = run->halves; i-- > 0;) {
        struct fsk_half *h = &run->half[i];
        if (h->state != FSK_HALF_UNASKED)
            continue;
        if (l->owner->conf.single_request && count(run, FSK_HALF_ASKING))
            return;
        h->looped = false;
        ask(l, h, &run->name);
    }
}

/* ---- what comes ---- */

static void half_failed(struct fsk_half *h, enum fsock_err err)
{
    h->state = FSK_HALF_FAILED;
    h->err = err;
}

static void half_answered(struct fsk_half *h)
{
    const struct fsk_dns_result *r = &h->query.result;
    if (h->query.op.err != FSOCK_OK) {
        half_failed(h, h->query.op.err);
        return;
    }
    h->ttl = r->ttl;
    switch (r->outcome) {
    case FSK_DNS_FOUND:
        h->n = (unsigned)(r->found < FSK_ADDRS_MAX ? r->found : FSK_ADDRS_MAX);
        h->state = FSK_HALF_FOUND;
        break;
    case FSK_DNS_NODATA:
        h->state = FSK_HALF_NO_DATA;
        break;
    case FSK_DNS_NO_NAME:
        h->state = FSK_HALF_NO_NAME;
        break;
    default:
        h->looped = true;
        half_failed(h, FSOCK_ERR_DNS);
    }
}

void fsk_lookup_order(fsock_trace *trace, struct fsk_addr *addr, unsigned n)
{
    struct fsk_addr source[FSK_ADDRORDER_MAX];
    bool alike = true; /* nothing to tell them apart by: don't ask the kernel for their sources */
    for (unsigned i = 0; i < n; i++)
        alike = alike && addr[i].family == 4 && fsk_addr_scope(&addr[i]) == FSK_SCOPE_GLOBAL;
    if (alike || n < 2)
        return;
    for (unsigned i = 0; i < n; i++)
        if (!fsk_sock_source(trace, &addr[i], &source[i]))
            source[i].family = 0;
    fsk_addrorder_sort(addr, source, n);
    fsk_addrorder_interleave(addr, n);
}

/* Put the addresses that are there into l->addr, in the order to try. False: out of memory. */
static bool collect(struct fsk_lookup *l)
{
    struct fsk_addr addr[FSK_ADDRORDER_MAX];
    unsigned n = 0;
    for (unsigned i = 0; i < l->run->halves; i++) {
        const struct fsk_half *h = &l->run->half[i];
        if (h->state != FSK_HALF_FOUND)
            continue;
        memcpy(addr + n, h->addr, h->n * sizeof *addr);
        n += h->n;
    }
    fsk_lookup_order(fsk_op_trace(&l->op), addr, n);
    n = n < FSK_ADDRS_MAX ? n : FSK_ADDRS_MAX;
    struct fsk_addr *more = realloc(l->addr, n * sizeof *more);
    if (!more)
        return false;
    memcpy(more, addr, n * sizeof *more);
    l->addr = more;
    l->n = n;
    return true;
}

/* ---- the end ---- */

static uint32_t within(uint32_t ttl, uint32_t max)
{
    return ttl < FSK_TTL_MIN ? FSK_TTL_MIN : ttl > max ? max : ttl;
}

/* How many seconds to remember what has come. */
static uint32_t time_to_live(const struct fsk_lookup *l)
{
    uint32_t least = FSK_TTL_MAX;
    for (unsigned i = 0; i < l->run->halves; i++) {
        const struct fsk_half *h = &l->run->half[i];
        uint32_t ttl = FSK_TTL_HALF;
        if (h->state == FSK_HALF_FOUND)
            ttl = within(h->ttl, FSK_TTL_MAX);
        else if (h->state == FSK_HALF_NO_DATA || h->state == FSK_HALF_NO_NAME)
            ttl = within(h->ttl, FSK_TTL_NO_MAX);
        least = ttl < least ? ttl : least;
    }
    return l->err == FSOCK_OK || l->err == FSOCK_ERR_NAME ? least : FSK_TTL_FAILED;
}

static void explain(struct fsk_lookup *l, const struct fsk_half *failed, fsock_time now)
{
    char text[512];
    const struct fsk_half *h = failed ? failed : &l->run->half[l->run->halves - 1];
    if (failed && failed->looped)
        snprintf(text, sizeof text, "its CNAME records lead in a circle, or too far");
    else if (failed)
        fsk_query_describe(&h->query, now, text, sizeof text);
    else if (l->run->no_data)
        snprintf(text, sizeof text, "has no %saddress",
                 l->key[0] == '4'   ? "IPv4 "
                 : l->key[0] == '6' ? "IPv6 "
                                    : "");
    else
        snprintf(text, sizeof text, "the name does not exist (NXDOMAIN from %s)",
                 h->query.server->text);
    l->why = strdup(text);
    l->unheard = failed && !failed->looped && fsk_query_unheard(&h->query);
    l->sys_errno = 0;
    for (unsigned i = 0; failed && i < failed->query.notes; i++)
        if (failed->query.note[i].trouble == FSK_TROUBLE_ERRNO)
            l->sys_errno = failed->query.note[i].detail;
}

/* It is over: turn what has come into the result, and tell. */
static void conclude(struct fsk_lookup *l, fsock_time now)
{
    struct fsk_lookup_run *run = l->run;
    const struct fsk_half *failed = NULL;
    for (unsigned i = run->halves; i-- > 0;)
        if (run->half[i].state == FSK_HALF_FAILED)
            failed = &run->half[i];
    if (count(run, FSK_HALF_FOUND))
        l->err = collect(l) ? FSOCK_OK : FSOCK_ERR_MEMORY;
    else
        l->err = failed ? failed->err : FSOCK_ERR_NAME;
    if (l->err != FSOCK_OK)
        explain(l, failed, now);
    l->expires = now + time_to_live(l) * FSOCK_SECOND;
    for (unsigned i = 0; i < run->halves; i++)
        fsk_query_fini(&run->half[i].query);
    free(run);
    l->run = NULL;
    l->settled = true;
    wake_waiters(l);
}

/* Whether connecting may begin with what is there (RFC 8305 3). AAAA need not wait for A. */
static void settle(struct fsk_lookup *l, fsock_time now)
{
    struct fsk_lookup_run *run = l->run;
    if (l->settled || !count(run, FSK_HALF_FOUND))
        return;
    if (!run->settles)
        run->settles = run->half[0].state == FSK_HALF_FOUND ? now : now + FSK_RESOLUTION_DELAY;
    if (now < run->settles) {
        l->op.alarm = run->settles;
        return;
    }
    l->settled = collect(l); /* out of memory: perhaps not later */
    wake_waiters(l);
}

static enum fsock_err step(struct fsk_op *op, fsock_time now)
{
    struct fsk_lookup *l = FSK_HOLDER(op, struct fsk_lookup, op);
    struct fsk_lookup_run *run = l->run;
    for (unsigned i = 0; i < run->halves; i++)
        if (run->half[i].state == FSK_HALF_ASKING && run->half[i].query.op.ended)
            half_answered(&run->half[i]);
    ask_halves(l);
    if (!is_over(&run->half[0]) || (run->halves == 2 && !is_over(&run->half[1]))) {
        settle(l, now);
        return FSOCK_AGAIN;
    }
    run->no_data |= count(run, FSK_HALF_NO_DATA) > 0;
    if (!count(run, FSK_HALF_FOUND) && !count(run, FSK_HALF_FAILED) && next_candidate(run)) {
        ask_halves(l);
        return FSOCK_AGAIN;
    }
    conclude(l, now);
    return FSOCK_OK;
}

/* ---- the cache ---- */

void fsk_lookups_init(struct fsk_lookups *owner, struct fsk_driver *driver, unsigned ports_max)
{
    *owner = (struct fsk_lookups){.driver = driver};
    fsk_stub_init(&owner->stub, driver, ports_max);
    fsk_map_init(&owner->map);
    fsk_list_init(&owner->recent);
}

static void drop(struct fsk_lookup *l)
{
    assert(fsk_list_empty(&l->waiters));
    fsk_op_stop(&l->op);
    for (unsigned i = 0; l->run && i < l->run->halves; i++)
        fsk_query_fini(&l->run->half[i].query);
    fsk_map_remove(&l->owner->map, &l->node);
    fsk_list_remove(&l->recent);
    free(l->run);
    free(l->addr);
    free(l->why);
    free(l);
}

void fsk_lookups_fini(struct fsk_lookups *owner)
{
    FSK_LIST_EACH (link, &owner->recent)
        drop(FSK_HOLDER(link, struct fsk_lookup, recent));
    fsk_map_fini(&owner->map);
    fsk_stub_fini(&owner->stub);
}

/* Room for one more: forget what was not used for the longest time. */
static void evict(struct fsk_lookups *owner)
{
    FSK_LIST_EACH (link, &owner->recent) {
        struct fsk_lookup *l = FSK_HOLDER(link, struct fsk_lookup, recent);
        if (owner->map.n < FSK_LOOKUPS_MAX)
            return;
        if (!l->run && fsk_list_empty(&l->waiters))
            drop(l);
    }
}

/* ---- waiting ---- */

/* Give it its questions. False: out of memory. */
static bool begin(struct fsk_lookup *l, int family, const struct fsk_resolve *wish)
{
    struct fsk_lookup_run *run = calloc(1, sizeof *run);
    if (!run)
        return false;
    l->run = run;
    run->started = l->owner->driver->now;
    if (family != 4)
        run->half[run->halves++].type = FSK_DNS_AAAA;
    if (family != 6)
        run->half[run->halves++].type = FSK_DNS_A;
    fsk_candidates_init(&run->candidates, &l->owner->conf, fsk_span(l->key + 1, l->key_n - 1));
    next_candidate(run);
    fsk_op_init(&l->op, step, FSOCK_NEVER);
    l->op.id = wish->op.id;
    return l->owner->driver->start(l->owner->driver, &l->op);
}

static struct fsk_lookup *new_lookup(struct fsk_lookups *owner, const char *key, size_t key_n)
{
    evict(owner);
    struct fsk_lookup *l = calloc(1, sizeof *l + key_n);
    if (!l)
        return NULL;
    l->owner = owner;
    l->key_n = key_n;
    memcpy(l->key, key, key_n);
    l->node.key = fsk_span(l->key, key_n);
    fsk_list_init(&l->waiters);
    fsk_list_init(&l->recent);
    if (!fsk_map_add(&owner->map, &l->node)) {
        free(l);
        return NULL;
    }
    return l;
}

/* The lookup that is remembered under this key, unless its time is over. */
static struct fsk_lookup *find(struct fsk_lookups *owner, const char *key, size_t key_n)
{
    struct fsk_map_node *node = fsk_map_get(&owner->map, fsk_span(key, key_n));
    if (!node)
        return NULL;
    struct fsk_lookup *l = FSK_HOLDER(node, struct fsk_lookup, node);
    if (l->run || !fsk_list_empty(&l->waiters) || owner->driver->now < l->expires)
        return l;
    drop(l);
    return NULL;
}

enum fsock_err fsk_lookup_join(struct fsk_lookups *owner, struct fsk_resolve *wish,
                               struct fsk_span name, int family)
{
    char key[FSK_DNAME_TEXT + 1] = {(char)('0' + family)};
    for (size_t i = 0; i < name.n; i++)
        key[1 + i] = fsk_lower(name.p[i]);
    struct fsk_lookup *l = find(owner, key, name.n + 1);
    if (!l) {
        l = new_lookup(owner, key, name.n + 1);
        if (!l)
            return FSOCK_ERR_MEMORY;
        if (!begin(l, family, wish)) {
            drop(l);
            return FSOCK_ERR_MEMORY;
        }
    }
    fsk_list_remove(&l->recent);
    fsk_list_append(&owner->recent, &l->recent);
    wish->lookup = l;
    fsk_list_append(&l->waiters, &wish->waiter);
    struct fsk_lookup_run *run = l->run;
    if (run) {
        fsock_time until = fsk_servers_until(&owner->stub.servers, run->started);
        for (const struct fsk_op *op = &wish->op; op; op = op->outer)
            until = fsk_time_min(until, op->deadline);
        run->until = until > run->until ? until : run->until;
        for (unsigned i = 0; i < run->halves; i++)
            run->half[i].query.until = run->until;
    }
    return FSOCK_OK;
}

void fsk_lookup_leave(struct fsk_resolve *wish)
{
    struct fsk_lookup *l = wish->lookup;
    fsk_list_remove(&wish->waiter);
    wish->lookup = NULL;
    if (!l->run || !fsk_list_empty(&l->waiters))
        return;
    if (!count(l->run, FSK_HALF_FOUND)) {
        drop(l);
        return;
    }
    fsk_op_stop(&l->op);
    conclude(l, l->owner->driver->now);
}

bool fsk_lookup_describe(const struct fsk_lookup *l, fsock_time now, char *text, size_t cap)
{
    const struct fsk_lookup_run *run = l->run;
    for (unsigned i = run->halves; i-- > 0;) {
        const struct fsk_half *h = &run->half[i];
        if (h->state == FSK_HALF_ASKING || h->state == FSK_HALF_FAILED) {
            fsk_query_describe(&h->query, now, text, cap);
            return fsk_query_unheard(&h->query);
        }
    }
    snprintf(text, cap, "no name server has been asked yet");
    return false;
}
