/*
 * addrorder.h - in which order to try addresses: RFC 6724 section 6, then RFC 8305 section 4.
 *
 * Pure functions. Of RFC 6724's rules those are applied that can be told from an address and the
 * source that the kernel would use for it: 1, 2, 5, 6, 8, 9 (IPv6 only: over IPv4 it would undo
 * the servers' own rotation) and 10. The policy table is the default one.
 */
#ifndef FSK_ADDRORDER_H
#define FSK_ADDRORDER_H

#include "wire/addr.h"

#define FSK_ADDRORDER_MAX 64

/*
 * Sort n <= FSK_ADDRORDER_MAX destinations; equal ones keep their order. source[i] is what addr[i]
 * would be reached from, family 0 if it can't be; it moves with its destination.
 */
void fsk_addrorder_sort(struct fsk_addr *addr, struct fsk_addr *source, unsigned n);

/* Let the families alternate, beginning with that of the first; n <= FSK_ADDRORDER_MAX. */
void fsk_addrorder_interleave(struct fsk_addr *addr, unsigned n);

#endif
