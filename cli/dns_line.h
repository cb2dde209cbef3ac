/*
 * dns_line.h - the address in a line of a log, and the line with a name in its place.
 *
 * Pure functions on the caller's bytes: no allocation, no clock. A line is cut into fields at
 * blanks and tabs, any number of them; those in front of the first field make none. A byte order
 * mark in front of the line belongs to no field, nor does what ends the line (LF or CR LF). All
 * other bytes, NUL among them, are like letters. In the first piece of an overlong line (see
 * list.h) a field that reaches its end is not looked at: the rest of an address may be to come.
 *
 * Of a field, the part before its first ',' or ';' is looked at, so that of a list the first counts
 * ("192.0.2.1,10.0.0.1", "for=192.0.2.1;proto=http"). That part is an address if all of it is
 *
 *     PREFIX ADDRESS CLOSING PORT CLOSING [:]
 *
 *     PREFIX   nothing; or openings, [ ( < " ' =, with letters, digits, '.', '-' and '_' before and
 *              between them, the last byte an opening: `[`, `("`, `from=<`, `mail.example[`,
 *              `client=mail.example[`
 *     ADDRESS  an IPv4 address, a dotted quad without leading zeros; or an IPv6 address, which may
 *              have a zone of letters, digits, '.', '-' and '_': `fe80::1%eth0`
 *     CLOSING  any number of ] ) > " ' (they need not match the openings: a field is often only a
 *              part of what they stand around, as in `[client 192.0.2.1]`)
 *     PORT     nothing, or ':' or '#' and a number up to 65535
 *
 * and of an address followed by a colon as much is the address as can be: `2001:db8::1:80` is one
 * address, while `2001:db8::1:54321` is one with a port, because no group has five digits. So is
 * `:::80`, the port 80 of `::`.
 *
 * Short or odd IPv6 addresses count, since the user has said that addresses stand in this field:
 * `::`, `beef::`. Eight groups of exactly two digits are none: so EUI-64 numbers and World Wide
 * Names are written. Everything else leaves the line alone: a name, `-`, `1.2.3`, `1.2.3.4.5`,
 * `127.1`, `010.0.0.1`, a time, a date, a MAC address, a fingerprint, `192.0.2.0/24`, a URL,
 * `client:192.0.2.1`.
 */
#ifndef FSOCK_CLI_DNS_LINE_H
#define FSOCK_CLI_DNS_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "out.h"
#include "wire/addr.h"

/* Where in a line an address stands, and which. */
struct dns_place {
    size_t at, n;         /* its own bytes: no brackets, no port; a zone belongs to them */
    struct fsk_addr addr; /* to be asked for: no port, no scope; an IPv4-mapped one as IPv4 */
};

/*
 * The address in the field-th field, from 1, of a line, with or without what ends it, or of the
 * first piece of one. False: there is none, and *place is void.
 */
bool dns_line_find(struct fsk_span line, uint64_t field, struct dns_place *place);

/*
 * Write the line with `name` instead of the address; with `append`, ADDRESS/NAME. An empty name
 * leaves the line as it is, and then `place` may be NULL. Of a place only `at` and `n` count.
 */
void dns_line_write(struct out *out, struct fsk_span line, const struct dns_place *place,
                    struct fsk_span name, bool append);

#endif
