#include "op/resolve.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/time.h"
#include "base/trace.h"
#include "net/sock.h"
#include "op/resolve_local.h"
#include "op/resolve_lookup.h"
#include "op/stubconf.h"
#include "wire/hosts.h"
#include "wire/idn.h"

struct fsk_resolver {
    struct fsk_local local;
    struct fsk_lookups lookups;
    bool configured;  /* resolv.conf has been read */
    bool own_servers; /* the options name them */
    char *hosts_path, *conf_path;
};

/* ---- the resolver ---- */

static enum fsock_err apply(struct fsk_resolver *r, const struct fsock_options *o,
                            struct fsock_fault *fault)
{
    enum fsock_err err = FSOCK_OK;
    r->hosts_path = strdup(o->hosts ? o->hosts : "/etc/hosts");
    r->conf_path = strdup(o->resolv_conf ? o->resolv_conf : "/etc/resolv.conf");
    if (!r->hosts_path || !r->conf_path)
        return fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, 0, "out of memory");
    r->local.path = r->hosts_path;
    if (o->dns_servers)
        err = fsk_stub_add(&r->lookups.stub, o->dns_servers, o, NULL, NULL, fault);
    r->own_servers = o->dns_servers != NULL;
    for (size_t i = 0; err == FSOCK_OK && o->resolve && o->resolve[i]; i++)
        err = fsk_local_pin(&r->local, o->resolve[i], fault);
    return err;
}

struct fsk_resolver *fsk_resolver_new(const struct fsock_options *options,
                                      struct fsk_driver *driver, struct fsock_fault *fault)
{
    struct fsk_resolver *r = calloc(1, sizeof *r);
    if (!r) {
        fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, 0, "out of memory");
        return NULL;
    }
    fsk_lookups_init(&r->lookups, driver, fsk_stub_ports_max());
    fsk_local_init(&r->local);
    if (apply(r, options, fault) != FSOCK_OK) {
        fsk_resolver_free(r);
        return NULL;
    }
    return r;
}

void fsk_resolver_free(struct fsk_resolver *r)
{
    if (!r)
        return;
    fsk_lookups_fini(&r->lookups);
    fsk_local_fini(&r->local);
    free(r->hosts_path);
    free(r->conf_path);
    free(r);
}

/* Read resolv.conf and what the environment adds to it, once. False: out of memory. */
static bool configure(struct fsk_resolver *r)
{
    if (r->configured)
        return true;
    fsk_stub_read_conf(&r->lookups.conf, r->conf_path);
    r->configured = fsk_stub_apply_conf(&r->lookups.stub, &r->lookups.conf);
    return r->configured;
}

/* ---- the fault ---- */

static enum fsock_err fail(struct fsk_resolve *r, enum fsock_err err, int sys_errno,
                           const char *why)
{
    char host[260];
    size_t n = r->host.n < sizeof host ? r->host.n : sizeof host - 1;
    for (size_t i = 0; i < n; i++)
        host[i] = (unsigned char)r->host.p[i] < 0x20 || r->host.p[i] == 0x7f ? '?' : r->host.p[i];
    host[n] = '\0';
    fsk_mark(fsk_op_trace(&r->op), FSOCK_MARK_ADDRESSES, r->op.id, -1, sys_errno, 0,
             fsk_text("host", host), fsk_text("why", why));
    return fsk_fault_set(r->fault, err, FSOCK_STAGE_RESOLVE, sys_errno, "resolve %s: %s", host,
                         why);
}

/* What might help, when name servers were of no help. */
static void hint(struct fsk_resolve *r, bool unheard)
{
    bool single = !memchr(r->host.p, '.', r->host.n);
    if (fsk_special_name(r->host) == FSK_SPECIAL_LOCAL)
        fsk_fault_hint(r->fault,
                       "names under .local come from multicast DNS (Avahi, systemd-resolved), "
                       "which fsock does not speak: put the address into the hosts file, or pin "
                       "it (--resolve)");
    else if (unheard && !r->resolver->own_servers)
        fsk_fault_hint(r->fault, "the name servers were those of resolv.conf; others can be named "
                                 "(--dns-servers)");
    else if (single && !r->resolver->lookups.conf.searches)
        fsk_fault_hint(r->fault, "a name without a dot is looked for in the hosts file and in "
                                 "resolv.conf's search domains, and there are none");
}

/* ---- the wish ---- */

static void mark_addresses(struct fsk_resolve *r)
{
    char host[260], addresses[4 * (FSK_ADDR_TEXT + 1) + 4], *p = addresses;
    for (unsigned i = 0; i < r->n && i < 4; i++) {
        if (i)
            *p++ = ' ';
        fsk_addr_format(&r->addr[i], p);
        p += strlen(p);
    }
    if (r->n > 4)
        strcpy(p, " ...");
    fsk_mark(fsk_op_trace(&r->op), FSOCK_MARK_ADDRESSES, r->op.id, -1, 0, r->n,
             fsk_text("host", fsk_span_text(r->host, host, sizeof host)),
             fsk_text("addresses", addresses));
}

static enum fsock_err done(struct fsk_resolve *r)
{
    r->settled = true;
    for (unsigned i = 0; i < r->n; i++)
        r->addr[i].port = r->port;
    if (fsk_op_trace(&r->op) && r->from_network)
        mark_addresses(r);
    return FSOCK_OK;
}

/* An address as it stands, also as inet_aton reads it. FSOCK_AGAIN: it is none. */
static enum fsock_err literal(struct fsk_resolve *r)
{
    struct fsk_span zone;
    struct fsk_addr *addr = &r->addr[0];
    if (!fsk_addr_parse(r->host, addr, &zone)) {
        if (!fsk_addr_looks_numeric(r->host))
            return FSOCK_AGAIN;
        if (!fsk_addr_parse_loose(r->host, addr))
            return fail(r, FSOCK_ERR_INPUT, 0, "it ends in a number, but is no IPv4 address");
        zone.n = 0;
    }
    if (zone.n && !addr->scope && !(addr->scope = fsk_sock_interface(zone)))
        return fail(r, FSOCK_ERR_INPUT, 0, "there is no interface of that name here");
    if (r->family && r->family != addr->family) {
        fail(r, FSOCK_ERR_NAME, 0,
             r->family == 4 ? "it is an IPv6 address, and IPv4 was asked for"
                            : "it is an IPv4 address, and IPv6 was asked for");
        fsk_fault_hint(r->fault, "an address has one family: ask for that, or for a name");
        return FSOCK_ERR_NAME;
    }
    r->n = 1;
    return done(r);
}

/* The name as it goes into DNS, or a fault (then 0 is returned). */
static size_t possible_name(struct fsk_resolve *r, char name[FSK_IDN_MAX])
{
    const char *why = NULL;
    struct fsk_dname d;
    size_t n = fsk_idn_to_ascii(r->host, name, FSK_IDN_MAX, &why);
    for (size_t i = 0; i < n && !why; i++)
        if (name[i] <= ' ' || name[i] == 0x7f || name[i] == '\\')
            why = "it holds a character that no host name has";
    enum fsk_dname_err err = why ? FSK_DNAME_OK : fsk_dname_from_text(&d, fsk_span(name, n));
    if (err != FSK_DNAME_OK)
        why = fsk_dname_strerror(err);
    else if (!why && d.n == 1)
        why = "the root of all names is no host";
    if (!why)
        return n;
    char text[160];
    snprintf(text, sizeof text, "no possible host name: %s", why);
    fail(r, FSOCK_ERR_INPUT, 0, text);
    return 0;
}

/* From the hosts file, or by the name alone. FSOCK_AGAIN: name servers must be asked. */
static enum fsock_err without_asking(struct fsk_resolve *r, struct fsk_span name)
{
    switch (fsk_special_name(name)) {
    case FSK_SPECIAL_LOCALHOST:
        r->n = fsk_localhost_addrs(r->family, r->addr);
        break;
    case FSK_SPECIAL_INVALID:
        return fail(r, FSOCK_ERR_NAME, 0, "names under .invalid never exist");
    case FSK_SPECIAL_ONION:
        fsk_fault_hint(r->fault, "a Tor client offers a SOCKS proxy that can: socks5h://");
        return fail(r, FSOCK_ERR_NAME, 0, "names under .onion can be reached through Tor only");
    default:
        r->n = fsk_local_hosts(&r->resolver->local, name, r->family, r->addr, FSK_ADDRS_MAX);
        break;
    }
    if (!r->n)
        return FSOCK_AGAIN;
    fsk_lookup_order(fsk_op_trace(&r->op), r->addr, r->n);
    return done(r);
}

/* FSOCK_AGAIN: a lookup has been joined. */
static enum fsock_err begin(struct fsk_resolve *r)
{
    char text[FSK_IDN_MAX];
    struct fsk_lookups *lookups = &r->resolver->lookups;
    if (fsk_local_pinned(&r->resolver->local, r->host, r->port, r->family, r->addr, FSK_ADDRS_MAX,
                         &r->n)) {
        if (!r->n)
            return fail(r, FSOCK_ERR_NAME, 0, "no address of this family is pinned for it");
        return done(r);
    }
    enum fsock_err err = literal(r);
    if (err != FSOCK_AGAIN)
        return err;
    size_t n = possible_name(r, text);
    if (!n)
        return FSOCK_ERR_INPUT;
    struct fsk_span name = fsk_span(text, n);
    err = without_asking(r, name);
    if (err != FSOCK_AGAIN)
        return err;
    if (!configure(r->resolver))
        return fail(r, FSOCK_ERR_MEMORY, 0, "out of memory");
    if (r->family == 6 && lookups->conf.no_aaaa)
        return fail(r, FSOCK_ERR_NAME, 0, "resolv.conf says no-aaaa, and only IPv6 was asked for");
    fsk_mark(fsk_op_trace(&r->op), FSOCK_MARK_LOOKUP, r->op.id, -1, 0, 0, fsk_text("host", text));
    r->from_network = true;
    int family = r->family ? r->family : lookups->conf.no_aaaa ? 4 : 0;
    if (fsk_lookup_join(lookups, r, name, family) != FSOCK_OK)
        return fail(r, FSOCK_ERR_MEMORY, 0, "out of memory");
    return FSOCK_AGAIN;
}

/* Add the addresses of the lookup that are not there yet. */
static void gather(struct fsk_resolve *r, const struct fsk_lookup *l)
{
    const unsigned before = r->n;
    for (unsigned i = 0; i < l->n && r->n < FSK_ADDRS_MAX; i++) {
        bool known = false;
        for (unsigned j = 0; j < before; j++)
            known |= fsk_addr_same_ip(&r->addr[j], &l->addr[i]);
        if (known)
            continue;
        r->addr[r->n] = l->addr[i];
        r->addr[r->n++].port = r->port;
    }
}

static enum fsock_err expired(struct fsk_resolve *r, fsock_time now)
{
    char why[512] = "the time was up before any name server was asked";
    if (r->n)
        return done(r);
    bool unheard = false;
    if (r->lookup && r->lookup->run) {
        unheard = fsk_lookup_describe(r->lookup, now, why, sizeof why);
    } else if (r->lookup && r->lookup->why) {
        unheard = r->lookup->unheard;
        snprintf(why, sizeof why, "%s", r->lookup->why);
    }
    hint(r, unheard);
    return fail(r, FSOCK_ERR_TIMEOUT, 0, why);
}

static enum fsock_err follow(struct fsk_resolve *r, fsock_time now)
{
    const struct fsk_lookup *l = r->lookup;
    if (l && l->settled) {
        gather(r, l);
        r->settled = r->n > 0;
    }
    if (l && !l->run && r->n)
        return done(r);
    if (r->op.expired)
        return expired(r, now);
    if (l->run)
        return FSOCK_AGAIN;
    if (l->err == FSOCK_ERR_MEMORY || !l->why)
        return fail(r, FSOCK_ERR_MEMORY, 0, "out of memory");
    if (l->err != FSOCK_ERR_NAME || fsk_special_name(r->host) == FSK_SPECIAL_LOCAL ||
        !memchr(r->host.p, '.', r->host.n))
        hint(r, l->unheard);
    return fail(r, l->err, l->sys_errno, l->why);
}

static enum fsock_err step(struct fsk_op *op, fsock_time now)
{
    struct fsk_resolve *r = FSK_HOLDER(op, struct fsk_resolve, op);
    enum fsock_err err = FSOCK_AGAIN;
    if (!r->begun) {
        r->begun = true;
        r->started = now;
        err = begin(r);
    }
    if (err == FSOCK_AGAIN)
        err = follow(r, now);
    if (err != FSOCK_AGAIN && r->lookup)
        fsk_lookup_leave(r);
    return err;
}

void fsk_resolve_init(struct fsk_resolve *r, struct fsk_resolver *resolver, struct fsk_span host,
                      uint16_t port, int family, fsock_time deadline, struct fsock_fault *fault)
{
    *r = (struct fsk_resolve){
        .resolver = resolver, .host = host, .port = port, .family = family, .fault = fault};
    fsk_op_init(&r->op, step, deadline);
    fsk_list_init(&r->waiter);
}

void fsk_resolve_fini(struct fsk_resolve *r)
{
    fsk_op_stop(&r->op);
    if (r->lookup)
        fsk_lookup_leave(r);
}
