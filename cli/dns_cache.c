#include "dns_cache.h"

#include <stdlib.h>

void dns_cache_init(struct dns_cache *c, size_t ceiling)
{
    fsk_map_init(&c->map);
    fsk_list_init(&c->stock);
    fsk_list_init(&c->held);
    c->ceiling = ceiling;
}

static void drop(struct dns_cache *c, struct dns_entry *e)
{
    fsk_map_remove(&c->map, &e->node);
    fsk_list_remove(&e->link);
    free(e->name);
    free(e);
}

void dns_cache_fini(struct dns_cache *c)
{
    FSK_LIST_EACH (link, &c->stock)
        drop(c, FSK_HOLDER(link, struct dns_entry, link));
    FSK_LIST_EACH (link, &c->held)
        drop(c, FSK_HOLDER(link, struct dns_entry, link));
    fsk_map_fini(&c->map);
}

static struct fsk_span key_of(const struct fsk_addr *addr)
{
    return fsk_span((const char *)addr->ip, addr->family == 4 ? 4 : 16);
}

void dns_entry_addr(const struct dns_entry *e, struct fsk_addr *addr)
{
    *addr = (struct fsk_addr){.family = e->node.key.n == 4 ? 4 : 6};
    memcpy(addr->ip, e->ip, e->node.key.n);
}

/* Drop the oldest of the stock while there are too many entries. */
static void trim(struct dns_cache *c)
{
    while (c->map.n > c->ceiling && !fsk_list_empty(&c->stock))
        drop(c, FSK_HOLDER(c->stock.next, struct dns_entry, link));
}

/* Put the entry where its state and its references say; it has just been used. */
static void place(struct dns_cache *c, struct dns_entry *e)
{
    fsk_list_remove(&e->link);
    fsk_list_append(e->state == DNS_PENDING || e->refs ? &c->held : &c->stock, &e->link);
    trim(c);
}

/* A pending entry in `held`, to which nobody refers; NULL: out of memory. */
static struct dns_entry *add(struct dns_cache *c, const struct fsk_addr *addr)
{
    struct dns_entry *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    struct fsk_span key = key_of(addr);
    memcpy(e->ip, key.p, key.n);
    e->node.key = fsk_span((const char *)e->ip, key.n);
    if (!fsk_map_add(&c->map, &e->node)) {
        free(e);
        return NULL;
    }
    fsk_list_append(&c->held, &e->link);
    return e;
}

struct dns_entry *dns_cache_peek(const struct dns_cache *c, const struct fsk_addr *addr)
{
    struct fsk_map_node *node = fsk_map_get(&c->map, key_of(addr));
    return node ? FSK_HOLDER(node, struct dns_entry, node) : NULL;
}

static void forget_name(struct dns_entry *e)
{
    free(e->name);
    e->name = NULL;
    e->name_n = 0;
}

struct dns_entry *dns_cache_get(struct dns_cache *c, const struct fsk_addr *addr, fsock_time now,
                                bool *ask)
{
    struct dns_entry *e = dns_cache_peek(c, addr);
    *ask = !e || (e->state != DNS_PENDING && !e->refs && e->expires <= now);
    if (!e)
        e = add(c, addr);
    if (!e) {
        *ask = false;
        return NULL;
    }
    if (*ask) {
        forget_name(e);
        e->state = DNS_PENDING;
    }
    e->refs++;
    place(c, e);
    return e;
}

void dns_cache_release(struct dns_cache *c, struct dns_entry *e)
{
    e->refs--;
    place(c, e);
}

bool dns_name_fits(struct fsk_span name)
{
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] <= ' ' || name.p[i] >= 0x7f)
            return false;
    return name.n && name.n <= DNS_NAME_MAX;
}

void dns_cache_settle(struct dns_cache *c, struct dns_entry *e, enum dns_state state,
                      struct fsk_span name, fsock_time expires)
{
    char *copy = NULL;
    if (state == DNS_NAMED && !dns_name_fits(name))
        state = DNS_NAMELESS;
    if (state == DNS_NAMED) {
        copy = malloc(name.n);
        if (copy)
            memcpy(copy, name.p, name.n);
        else
            state = DNS_FAILED;
    }
    forget_name(e);
    e->name = copy;
    e->name_n = (uint16_t)(copy ? name.n : 0);
    e->state = (uint8_t)state;
    e->expires = expires;
    place(c, e);
}

bool dns_cache_put(struct dns_cache *c, const struct fsk_addr *addr, enum dns_state state,
                   struct fsk_span name, fsock_time expires)
{
    struct dns_entry *e = dns_cache_peek(c, addr);
    bool better = !e || (e->state != DNS_PENDING && e->expires < expires);
    if (!e)
        e = add(c, addr);
    if (!e)
        return false;
    if (better)
        dns_cache_settle(c, e, state, name, expires);
    return true;
}
