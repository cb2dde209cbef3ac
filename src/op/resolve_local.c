#include "op/resolve_local.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/list.h"
#include "net/sock.h"
#include "wire/dname.h"
#include "wire/hosts.h"

#define HOSTS_MAX      ((size_t)256 * 1024 * 1024) /* bytes of a hosts file */
#define HOST_ADDRS_MAX 32                          /* addresses of a name */

struct fsk_pin {
    struct fsk_pin *next;
    uint16_t port;
    unsigned n;
    struct fsk_addr *addr;
    size_t host_n;
    char host[];
};

/* A name of the hosts file. */
struct fsk_host {
    struct fsk_map_node node; /* the key is `name` */
    unsigned n;
    struct fsk_addr *addr;
    char name[];
};

void fsk_local_init(struct fsk_local *local)
{
    *local = (struct fsk_local){.path = NULL};
    fsk_map_init(&local->hosts);
}

void fsk_local_fini(struct fsk_local *local)
{
    for (struct fsk_pin *p = local->pins, *next; p; p = next) {
        next = p->next;
        free(p->addr);
        free(p);
    }
    for (struct fsk_map_node *node; (node = fsk_map_next(&local->hosts, NULL));) {
        struct fsk_host *h = FSK_HOLDER(node, struct fsk_host, node);
        fsk_map_remove(&local->hosts, node);
        free(h->addr);
        free(h);
    }
    fsk_map_fini(&local->hosts);
}

/* ---- pins ---- */

/* Cut off up to the separator, or all; brackets protect what is between them. */
static struct fsk_span cut(struct fsk_span *s, char separator)
{
    size_t i = 0;
    for (bool inside = false; i < s->n && (inside || s->p[i] != separator); i++)
        inside = s->p[i] == '[' || (inside && s->p[i] != ']');
    struct fsk_span part = fsk_span(s->p, i);
    i += i < s->n;
    *s = fsk_span(s->p + i, s->n - i);
    return part;
}

static struct fsk_span without_brackets(struct fsk_span s)
{
    if (s.n >= 2 && s.p[0] == '[' && s.p[s.n - 1] == ']')
        return fsk_span(s.p + 1, s.n - 2);
    return s;
}

/* Read the addresses of an entry into p. False: one of them is none. */
static bool read_addrs(struct fsk_pin *p, struct fsk_span list)
{
    while (list.n) {
        struct fsk_span zone, text = without_brackets(fsk_span_trim(cut(&list, ',')));
        struct fsk_addr *addr = &p->addr[p->n];
        if (!fsk_addr_parse(text, addr, &zone))
            return false;
        if (zone.n && !addr->scope && !(addr->scope = fsk_sock_interface(zone)))
            return false;
        p->n++;
    }
    return p->n > 0;
}

static struct fsk_pin *new_pin(struct fsk_span host, struct fsk_span list)
{
    size_t addrs = 1;
    for (size_t i = 0; i < list.n; i++)
        addrs += list.p[i] == ',';
    struct fsk_pin *p = malloc(sizeof *p + host.n);
    if (!p)
        return NULL;
    *p = (struct fsk_pin){.host_n = host.n, .addr = calloc(addrs, sizeof *p->addr)};
    memcpy(p->host, host.p, host.n);
    if (!p->addr) {
        free(p);
        return NULL;
    }
    return p;
}

enum fsock_err fsk_local_pin(struct fsk_local *local, const char *entry, struct fsock_fault *fault)
{
    struct fsk_span rest = fsk_span_str(entry);
    struct fsk_span host = without_brackets(cut(&rest, ':')), port = cut(&rest, ':');
    const char *why = NULL;
    uint16_t number;

    if (host.n && (host.p[0] == '+' || host.p[0] == '-'))
        why = "a leading + or - is not supported";
    else if (host.n == 0)
        why = "it does not begin with a host name";
    else if (!fsk_port_parse(port, &number))
        why = "the second part is no port number";
    if (why)
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                             "resolve entry \"%.200s\": %s; it must be HOST:PORT:ADDR[,ADDR...]",
                             entry, why);
    struct fsk_pin *p = new_pin(host, rest), **at = &local->pins;
    if (!p)
        return fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, 0, "out of memory");
    p->port = number;
    while (*at)
        at = &(*at)->next;
    *at = p;
    if (!read_addrs(p, rest))
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                             "resolve entry \"%.200s\": \"%.*s\" is not a list of IP addresses",
                             entry, (int)(rest.n < 200 ? rest.n : 200), rest.p);
    return FSOCK_OK;
}

static const struct fsk_pin *find_pin(const struct fsk_local *local, struct fsk_span host,
                                      uint16_t port)
{
    const struct fsk_pin *any = NULL, *found = NULL;
    for (const struct fsk_pin *p = local->pins; p; p = p->next) {
        struct fsk_span its = fsk_span(p->host, p->host_n);
        if (p->port != port)
            continue;
        if (fsk_span_eq(its, FSK_SPAN("*")))
            any = p; /* of several for the same, the last one counts */
        else if (fsk_span_caseeq(fsk_without_dot(its), fsk_without_dot(host)))
            found = p;
    }
    return found ? found : any;
}

/* Copy those of a family; how many. */
static unsigned copy_family(const struct fsk_addr *from, unsigned n, int family,
                            struct fsk_addr *addr, unsigned cap)
{
    unsigned k = 0;
    for (unsigned i = 0; i < n && k < cap; i++)
        if (family == 0 || from[i].family == family)
            addr[k++] = from[i];
    return k;
}

bool fsk_local_pinned(const struct fsk_local *local, struct fsk_span host, uint16_t port,
                      int family, struct fsk_addr *addr, unsigned cap, unsigned *n)
{
    const struct fsk_pin *p = find_pin(local, host, port);
    *n = p ? copy_family(p->addr, p->n, family, addr, cap) : 0;
    return p != NULL;
}

/* ---- the hosts file ---- */

/* Lower case and without a final dot: the key of a name. False if it is too long for one. */
static bool key_of(struct fsk_span name, char key[FSK_DNAME_TEXT], size_t *n)
{
    name = fsk_without_dot(name);
    if (name.n > FSK_DNAME_MAX)
        return false;
    for (size_t i = 0; i < name.n; i++)
        key[i] = fsk_lower(name.p[i]);
    *n = name.n;
    return true;
}

static struct fsk_host *host_of(struct fsk_local *local, const char *key, size_t n)
{
    struct fsk_map_node *node = fsk_map_get(&local->hosts, fsk_span(key, n));
    if (node)
        return FSK_HOLDER(node, struct fsk_host, node);
    struct fsk_host *h = malloc(sizeof *h + n);
    if (!h)
        return NULL;
    *h = (struct fsk_host){.n = 0};
    memcpy(h->name, key, n);
    h->node.key = fsk_span(h->name, n);
    if (!fsk_map_add(&local->hosts, &h->node)) {
        free(h);
        return NULL;
    }
    return h;
}

static void add_host(struct fsk_local *local, struct fsk_span name, const struct fsk_addr *addr)
{
    char key[FSK_DNAME_TEXT];
    size_t n;
    struct fsk_host *h = key_of(name, key, &n) ? host_of(local, key, n) : NULL;
    if (!h || h->n == HOST_ADDRS_MAX)
        return;
    for (unsigned i = 0; i < h->n; i++)
        if (fsk_addr_same_ip(&h->addr[i], addr))
            return;
    struct fsk_addr *more = realloc(h->addr, (h->n + 1) * sizeof *more);
    if (!more)
        return;
    more[h->n++] = *addr;
    h->addr = more;
}

static void read_hosts(struct fsk_local *local)
{
    struct fsk_buf file;
    struct fsk_hosts_entry e;
    local->read = true;
    fsk_buf_init(&file, HOSTS_MAX);
    if (!fsk_buf_read_file(&file, local->path)) {
        fsk_buf_fini(&file);
        return;
    }
    struct fsk_span text = fsk_buf_span(&file), name;
    while (fsk_hosts_next(&text, &e)) {
        if (e.zone.n && !(e.addr.scope = fsk_sock_interface(e.zone)))
            continue; /* of an interface that is not here */
        while (fsk_hosts_name(&e.names, &name))
            add_host(local, name, &e.addr);
    }
    fsk_buf_fini(&file);
}

unsigned fsk_local_hosts(struct fsk_local *local, struct fsk_span name, int family,
                         struct fsk_addr *addr, unsigned cap)
{
    char key[FSK_DNAME_TEXT];
    size_t n;
    if (!local->read)
        read_hosts(local);
    if (!key_of(name, key, &n))
        return 0;
    struct fsk_map_node *node = fsk_map_get(&local->hosts, fsk_span(key, n));
    if (!node)
        return 0;
    const struct fsk_host *h = FSK_HOLDER(node, struct fsk_host, node);
    return copy_family(h->addr, h->n, family, addr, cap);
}
