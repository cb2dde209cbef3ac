/*
 * dial_guard.h - where a dialer must not go: the caller's options public_only, allow_hosts and
 * deny_hosts.
 *
 * The lists are asked about the target's host as it is written, once per dial, before its name is
 * looked up. Addresses are judged one by one just before they are connected to, whatever a name
 * server has said before: a name that changes its mind gains nothing. The addresses of proxies, and
 * the unix socket of options.unix_socket, are the caller's own words and exempt.
 *
 * What a proxy looks up itself nobody sees here: of such a target only the host as written counts.
 */
#ifndef FSK_DIAL_GUARD_H
#define FSK_DIAL_GUARD_H

#include <stdbool.h>

#include <fsock.h>

#include "wire/addr.h"

struct fsk_guard {
    bool public_only;
    char *allow, *deny; /* NULL: no list */
};

/* Copies the lists. FSOCK_ERR_INPUT, FSOCK_ERR_MEMORY with the fault filled in; to be freed in
 * every case. */
enum fsock_err fsk_guard_init(struct fsk_guard *g, const struct fsock_options *options,
                              struct fsock_fault *fault);
void fsk_guard_fini(struct fsk_guard *g);

#define FSK_GUARD_WHY 200

/* False if a host (without brackets) is forbidden by the lists: `why` says so in a sentence. */
bool fsk_guard_host(const struct fsk_guard *g, struct fsk_span host, uint16_t port,
                    char why[FSK_GUARD_WHY]);

/* The same of an address: by the addresses and blocks of deny_hosts, and by public_only. */
bool fsk_guard_addr(const struct fsk_guard *g, const struct fsk_addr *addr,
                    char why[FSK_GUARD_WHY]);

#endif
