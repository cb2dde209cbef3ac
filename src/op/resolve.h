/*
 * resolve.h - from a host name to addresses, within the deadline, by our own stub resolver.
 *
 * A struct fsk_resolver is shared by all ops of one owner: the configuration, the hosts file, the
 * cache, the UDP ports, and the lookups that are under way (one per name at a time; whoever asks
 * for the same name joins it). A struct fsk_resolve is one wish: an inner op of a dial.
 *
 * options.resolve, IP literals (IPv4 also as inet_aton reads it), localhost (RFC 6761) and the
 * hosts file answer at once. Names may be in UTF-8 (wire/idn.h). A and AAAA are asked side by side
 * (RFC 8305 3): `settled` is set as soon as connecting may begin, that is when both have come, or
 * one has and 50 ms have passed; the op goes on until both are over.
 */
#ifndef FSK_RESOLVE_H
#define FSK_RESOLVE_H

#include "op/op.h"
#include "wire/addr.h"

#define FSK_ADDRS_MAX 32

struct fsk_resolver;

/*
 * Reads resolv.conf and the hosts file (or what the options name instead) when the first name needs
 * them, and asks nobody. NULL with the fault filled in (FSOCK_ERR_INPUT) for dns_servers or resolve
 * entries that can't be used.
 */
struct fsk_resolver *fsk_resolver_new(const struct fsock_options *options,
                                      struct fsk_driver *driver, struct fsock_fault *fault);

/* No fsk_resolve may be left. Stops its ops, closes its ports. */
void fsk_resolver_free(struct fsk_resolver *resolver);

struct fsk_lookup;

struct fsk_resolve {
    struct fsk_op op;
    struct fsk_resolver *resolver;
    struct fsk_span host; /* the caller's; no brackets */
    uint16_t port;
    int family;                /* 0, 4, 6 */
    struct fsock_fault *fault; /* the caller's */
    fsock_time started;

    /* The result: in the order to try (RFC 6724 sorted, families interleaved by RFC 8305 4), ports
     * set. While the op runs, it only grows at its end. */
    bool settled;
    bool from_network; /* a name server was asked, or had been (cache) */
    unsigned n;
    struct fsk_addr addr[FSK_ADDRS_MAX];

    bool begun;
    struct fsk_lookup *lookup; /* that it waits for; NULL: none */
    struct fsk_list waiter;    /* in that lookup */
};

/*
 * FSOCK_OK with n > 0; FSOCK_ERR_NAME (does not exist, or no address of the family), FSOCK_ERR_DNS
 * (no usable answer), FSOCK_ERR_TIMEOUT, FSOCK_ERR_INPUT (no possible name), FSOCK_ERR_MEMORY,
 * FSOCK_ERR_SYSTEM; the fault then says which server did what.
 */
void fsk_resolve_init(struct fsk_resolve *r, struct fsk_resolver *resolver, struct fsk_span host,
                      uint16_t port, int family, fsock_time deadline, struct fsock_fault *fault);

/* Leaves its lookup (which ends, if nobody else waits for it). */
void fsk_resolve_fini(struct fsk_resolve *r);

#endif
