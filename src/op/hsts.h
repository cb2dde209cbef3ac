/*
 * hsts.h - hosts that want to be asked by https alone (RFC 6797), as their answers have said.
 *
 * They stand in one map by name; a ring of all is in the order of their last use, so that it is
 * known who makes room. Hosts are ASCII; an address is never one. A dot at the end and the case of
 * letters don't count.
 *
 * Any thread may use it at any time: each call here holds its lock, and none waits for anything
 * else. Times are seconds since 1970.
 */
#ifndef FSK_HSTS_H
#define FSK_HSTS_H

#include <pthread.h>

#include <fsock.h>

#include "base/list.h"
#include "base/map.h"
#include "base/span.h"

#define FSK_HSTS_MAX      100000
#define FSK_HSTS_HOST_MAX 255

struct fsock_hsts {
    pthread_mutex_t lock;
    struct fsk_map hosts;
    struct fsk_list used; /* those not used for the longest time first */
};

struct fsk_hsts_host {
    struct fsk_map_node node;
    struct fsk_list used;
    int64_t expires;
    bool subdomains; /* what is below it is meant, too */
    char name[];     /* in lower case, a C string */
};

void fsk_hsts_init(struct fsock_hsts *hsts);
void fsk_hsts_fini(struct fsock_hsts *hsts);

/*
 * Put a host in, in place of what was known of it, or making room. One that has expired is taken
 * out, no more. FSOCK_ERR_INPUT: it is no name of a host; FSOCK_ERR_MEMORY.
 */
enum fsock_err fsk_hsts_put(struct fsock_hsts *hsts, struct fsk_span host, int64_t expires,
                            bool subdomains, int64_t now);

/* Take what a host's answer says in its field lines (wire/h1.h). FSOCK_ERR_MEMORY. */
enum fsock_err fsk_hsts_take(struct fsock_hsts *hsts, struct fsk_span fields, struct fsk_span host,
                             int64_t now);

/* Whether a host is among them, or below one that speaks for its subdomains. */
bool fsk_hsts_knows(struct fsock_hsts *hsts, struct fsk_span host, int64_t now);

#endif
