/*
 * resolve_local.h - the names that need no name server: those pinned by options.resolve, and the
 * hosts file.
 */
#ifndef FSK_RESOLVE_LOCAL_H
#define FSK_RESOLVE_LOCAL_H

#include "base/buf.h"
#include "base/map.h"
#include "wire/addr.h"

struct fsk_pin;
struct fsk_host;

struct fsk_local {
    struct fsk_pin *pins; /* in the order given */
    struct fsk_map hosts; /* struct fsk_host, by name in lower case */
    const char *path;     /* of the hosts file; the owner's */
    bool read;            /* it has been */
};

/* `path` is to be set before the first fsk_local_hosts. */
void fsk_local_init(struct fsk_local *local);
void fsk_local_fini(struct fsk_local *local);

/*
 * Take over an entry "HOST:PORT:ADDR[,ADDR...]". HOST "*" stands for every host that no other entry
 * names; IPv6 addresses may stand in brackets. FSOCK_ERR_INPUT with the fault filled in, or
 * FSOCK_ERR_MEMORY.
 */
enum fsock_err fsk_local_pin(struct fsk_local *local, const char *entry, struct fsock_fault *fault);

/*
 * The pinned addresses for host and port, of a family (0, 4, 6), into addr; *n of them. False: none
 * is pinned for this host and port, be it of another family.
 */
bool fsk_local_pinned(const struct fsk_local *local, struct fsk_span host, uint16_t port,
                      int family, struct fsk_addr *addr, unsigned cap, unsigned *n);

/*
 * The addresses in the hosts file (read at the first call) for a name and a family; how many, 0 if
 * there are none. An unreadable file counts as an empty one.
 */
unsigned fsk_local_hosts(struct fsk_local *local, struct fsk_span name, int family,
                         struct fsk_addr *addr, unsigned cap);

#endif
