/*
 * hostlist.h - lists of hosts as users write them: who needs no proxy, who is allowed or denied.
 *
 * Commas or blanks stand between the entries; letters may be in any case:
 *   *                               everything
 *   example.com, .example.com       that domain and all names below it
 *   *.example.com                   the names below it alone
 *   192.0.2.1, 2001:db8::1          an address, written in the URL as one
 *   192.0.2.0/24, 2001:db8::/32     a block of them; IPv6 also in brackets: [2001:db8::]/32
 *   example.com:8080, [::1]:8080    any but a block: that port only
 * Dots at the end mean nothing. An entry that is none of the above matches nothing. Pure functions:
 * names are not looked up to see whether their addresses are in the list.
 */
#ifndef FSK_HOSTLIST_H
#define FSK_HOSTLIST_H

#include "wire/addr.h"

/* Is the host of a URL (without brackets) in it? */
bool fsk_hostlist_has(struct fsk_span list, struct fsk_span host, uint16_t port);

/* Is an address, to which a name may have led, in one of its addresses and blocks? An entry without
 * a zone is meant on every interface. */
bool fsk_hostlist_has_addr(struct fsk_span list, const struct fsk_addr *addr);

/*
 * True if each entry can match something; else *bad is the first that can't. Names have to be in
 * ASCII, as those of URLs are when they are compared: xn--bcher-kva.example.
 */
bool fsk_hostlist_is_sound(struct fsk_span list, struct fsk_span *bad);

#endif
