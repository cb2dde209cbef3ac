/*
 * addrkind.h - which addresses are no public ones, and why: the special-purpose registries of IANA
 * (RFC 6890), and the ways to write an IPv4 address inside an IPv6 one.
 *
 * An address that comes from somebody else's name server or redirect may mean this machine, its
 * network or the metadata service of its cloud. Pure functions; ports and zones don't matter.
 */
#ifndef FSK_ADDRKIND_H
#define FSK_ADDRKIND_H

#include "wire/addr.h"

/*
 * NULL if it is a public address of one machine; else what it is: "a loopback address", "a private
 * address". An IPv4 address inside an IPv6 one counts as what it is itself. Of IPv6 only 2000::/3
 * has public addresses.
 */
const char *fsk_addr_special(const struct fsk_addr *a);

/*
 * The IPv4 address to which an IPv6 address leads: IPv4-mapped (::ffff:192.0.2.1), -compatible
 * and -translated ones, NAT64 with the well-known prefix (64:ff9b::/96), 6to4 and Teredo. False if
 * it is none of these. The port stays.
 */
bool fsk_addr_embedded(const struct fsk_addr *a, struct fsk_addr *inner);

#endif
