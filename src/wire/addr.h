/*
 * addr.h - IPv4 and IPv6 addresses and ports, as text and as numbers; what RFC 6724 sorts them by.
 *
 * Pure functions over the caller's bytes: no name lookup, no locale, no allocation. Text is parsed
 * whole: what follows an address is an error, not a rest.
 */
#ifndef FSK_ADDR_H
#define FSK_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/* One address, and a port where one is meant. All zero is "none". */
struct fsk_addr {
    uint8_t family; /* 0 none, 4, 6 */
    uint8_t ip[16]; /* network byte order; the first 4 are used by IPv4, the others are then 0 */
    uint32_t scope; /* the zone as an interface number (RFC 4007), 0 if none; IPv6 only */
    uint16_t port;  /* host byte order */
};

/* Room for any address as text, with brackets, zone, port and the final NUL. */
#define FSK_ADDR_TEXT 72

/* RFC 6724 3.1: the scopes that unicast addresses have. A multicast address has any of 0 to 15. */
enum fsk_addr_scope {
    FSK_SCOPE_LINK = 0x2,
    FSK_SCOPE_SITE = 0x5,
    FSK_SCOPE_GLOBAL = 0xe,
};

/* Decimal digits only, 0 to 65535; leading zeros are fine. Else false and *port is untouched. */
bool fsk_port_parse(struct fsk_span s, uint16_t *port);

/*
 * An IPv4 dotted quad or an IPv6 address (RFC 4291 2.2), strictly: four decimal parts without
 * leading zeros; no brackets. An IPv6 address may have a zone, `fe80::1%eth0` or `fe80::1%2`
 * (RFC 4007 11): it is stored in *zone without the `%` (empty if there is none), and in a->scope
 * if it is a number. With zone == NULL only a numeric zone is taken. The port becomes 0.
 */
bool fsk_addr_parse(struct fsk_span s, struct fsk_addr *a, struct fsk_span *zone);

/*
 * As fsk_addr_parse, with an optional port: `192.0.2.1`, `192.0.2.1:53`, `::1`, `[::1]`,
 * `[::1]:53`. Without a port, default_port.
 */
bool fsk_addr_parse_port(struct fsk_span s, uint16_t default_port, struct fsk_addr *a,
                         struct fsk_span *zone);

/*
 * Split `HOST`, `HOST:PORT`, `V4:PORT`, `[V6]:PORT`, `[V6]` or a bare V6 into host (without
 * brackets) and port (default_port if none is there). The host isn't looked into, except that what
 * stands in brackets, or holds more than one colon, must be an IPv6 address. False if the host is
 * empty, or the port isn't one.
 */
bool fsk_addr_split(struct fsk_span s, uint16_t default_port, struct fsk_span *host,
                    uint16_t *port);

/*
 * True if a host of a URL is meant as an IPv4 number, however written: its last label (one final
 * dot aside) is all digits, or 0x and hex digits (the WHATWG "ends in a number" test). Such a host
 * is never a name to look up: it is an address by fsk_addr_parse or fsk_addr_parse_loose, or
 * an error.
 */
bool fsk_addr_looks_numeric(struct fsk_span host);

/*
 * IPv4 as inet_aton reads it: one to four numbers, decimal, octal (0...) or hex (0x...), the last
 * of which fills all remaining bytes: `127.1`, `0x7f.1`, `017700000001`. Nothing may follow.
 */
bool fsk_addr_parse_loose(struct fsk_span s, struct fsk_addr *a);

/*
 * Write the address as RFC 5952 says (with `%N` if scope isn't 0) and a NUL; returns the length
 * without it. "none" gives "". IPv4-mapped addresses are written `::ffff:192.0.2.1`.
 */
size_t fsk_addr_format(const struct fsk_addr *a, char out[FSK_ADDR_TEXT]);

/* As above, with the port: `192.0.2.1:53`, `[::1]:53`. */
size_t fsk_addr_format_port(const struct fsk_addr *a, char out[FSK_ADDR_TEXT]);

/* Same family, bytes, scope; fsk_addr_equal compares the port too. */
bool fsk_addr_same_ip(const struct fsk_addr *a, const struct fsk_addr *b);
bool fsk_addr_equal(const struct fsk_addr *a, const struct fsk_addr *b);

/* Whether the first `bits` bits of two addresses of one family are the same, at most 128. */
bool fsk_ip_in_block(const uint8_t *ip, const uint8_t *block, unsigned bits);

/* RFC 6724 3.1, 3.2: loopback and 169.254/16, fe80::/10 and ::1 are link-local; 10/8 is global. */
enum fsk_addr_scope fsk_addr_scope(const struct fsk_addr *a);

/* The address's row in the default policy table of RFC 6724 2.1. IPv4 counts as IPv4-mapped. */
unsigned fsk_addr_precedence(const struct fsk_addr *a);
unsigned fsk_addr_label(const struct fsk_addr *a);

/* RFC 6724 2.2: how many leading bits are the same, at most 64 of IPv6; 0 for two families. */
unsigned fsk_addr_common_prefix(const struct fsk_addr *a, const struct fsk_addr *b);

#endif
