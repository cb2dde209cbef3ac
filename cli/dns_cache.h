/*
 * dns_cache.h - the names of addresses, kept in memory: each address is asked for once.
 *
 * An entry is pending (a question is under way), or known: with a name, with the answer that there
 * is none, or with the failure to get one. What is known has a time at which it expires.
 *
 *     struct dns_entry *e = dns_cache_get(&cache, &addr, now, &ask);   one more reference
 *     if (ask) ... put the question, remember e ...
 *     dns_cache_settle(&cache, e, DNS_NAMED, name, now + ttl);         when the answer has come
 *     dns_cache_release(&cache, e);                                    one reference less
 *
 * A pending entry stays, referred to or not, until it is settled: whoever has put the question may
 * keep the pointer that long. A known entry stays while it is referred to, and nobody is told that
 * it has expired meanwhile. The others are a stock, in the order of their last use; the oldest are
 * dropped when there are more entries than the ceiling. All is O(1). An entry takes about 110
 * bytes, and its name, if it has one.
 *
 * Two addresses are the same if their bytes are: zones and ports don't count.
 */
#ifndef FSOCK_CLI_DNS_CACHE_H
#define FSOCK_CLI_DNS_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <fsock.h>

#include "base/list.h"
#include "base/map.h"
#include "base/span.h"
#include "wire/addr.h"

enum dns_state {
    DNS_PENDING,  /* a question is under way */
    DNS_NAMED,    /* the address has the entry's name */
    DNS_NAMELESS, /* an answer says that it has none */
    DNS_FAILED,   /* there was no answer; isn't saved to a file */
};

#define DNS_NAME_MAX 1023 /* a name of 255 bytes, all of them escaped as \DDD, is shorter */

struct dns_entry {
    struct fsk_map_node node; /* the key is in `ip`: 4 bytes or 16 */
    struct fsk_list link;     /* in the cache's `stock` or `held` */
    fsock_time expires;
    char *name; /* DNS_NAMED: name_n bytes, no NUL */
    uint32_t refs;
    uint16_t name_n;
    uint8_t state; /* enum dns_state */
    uint8_t ip[16];
};

struct dns_cache {
    struct fsk_map map;
    struct fsk_list stock; /* known and not referred to, least recently used first */
    struct fsk_list held;  /* pending or referred to */
    size_t ceiling;
};

/* At most `ceiling` entries, and those that are pending or referred to. */
void dns_cache_init(struct dns_cache *c, size_t ceiling);

/* Frees all entries, whatever their state. */
void dns_cache_fini(struct dns_cache *c);

static inline size_t dns_cache_count(const struct dns_cache *c)
{
    return c->map.n;
}

/*
 * The entry of an address, and one more reference to it. With *ask set it is pending, and the
 * question is the caller's to put: it is new, or what was known has expired and nobody refers to
 * it. NULL, and nothing to ask: out of memory.
 */
struct dns_entry *dns_cache_get(struct dns_cache *c, const struct fsk_addr *addr, fsock_time now,
                                bool *ask);

/* The same entry without any change; NULL if there is none. */
struct dns_entry *dns_cache_peek(const struct dns_cache *c, const struct fsk_addr *addr);

void dns_cache_release(struct dns_cache *c, struct dns_entry *e);

/*
 * An entry becomes known, or what is known of it is replaced; not with DNS_PENDING. The name counts
 * with DNS_NAMED only, and is copied. A name that a line of a log or of a file can't hold
 * (dns_name_fits) makes DNS_NAMELESS of it, and a name for which there is no memory DNS_FAILED. An
 * entry that nobody refers to goes to the stock and may be dropped at once.
 */
void dns_cache_settle(struct dns_cache *c, struct dns_entry *e, enum dns_state state,
                      struct fsk_span name, fsock_time expires);

/*
 * Know an address without having asked, as when a file is loaded. Of two answers that are known the
 * one that expires later stays; a pending entry is left alone. False: out of memory.
 */
bool dns_cache_put(struct dns_cache *c, const struct fsk_addr *addr, enum dns_state state,
                   struct fsk_span name, fsock_time expires);

/* 1 to DNS_NAME_MAX bytes, all of them printable ASCII and no blanks. */
bool dns_name_fits(struct fsk_span name);

/* The name; empty unless DNS_NAMED. */
static inline struct fsk_span dns_entry_name(const struct dns_entry *e)
{
    return fsk_span(e->name, e->name_n);
}

void dns_entry_addr(const struct dns_entry *e, struct fsk_addr *addr);

#endif
