/*
 * rdata.h - the data of a DNS record as text: the presentation form of RFC 1035 5.1.
 *
 * Byte for byte what `dig +nosplit` of BIND 9.18 prints behind the type, for these types: A AAAA NS
 * CNAME PTR DNAME MX TXT SPF SOA SRV CAA HTTPS SVCB TLSA SMIMEA NAPTR DS CDS DNSKEY CDNSKEY SSHFP
 * LOC RRSIG NSEC HINFO URI OPENPGPKEY RP AFSDB. That is one line, base64 and hex without spaces
 * (+nosplit), SOA not spread over lines and keys without comments (dig's +multiline and +rrcomments
 * are off). All else is RFC 3597's \# LENGTH HEX: other types; A, AAAA, SRV, SVCB and HTTPS in a
 * class other than IN; data that have not their type's form: too short, too long, empty where
 * something must be, NSEC's types or SVCB's keys out of order, a latitude of 91 degrees.
 *
 * Always printable ASCII: no byte of an answer gets through to a terminal. Whatever isn't, in names
 * and strings, is \DDD; names are absolute and look as fsk_dname_to_text writes them.
 *
 * Names may be compressed in each of these types, as for BIND's reader; RFC 3597 4 asks it of the
 * older ones only. That is safe here: fsk_dns_name stays within the message, can't loop, and may
 * not run over the end of the record; what is printed is the name itself. In unknown types nothing
 * is taken for a pointer.
 *
 * Known differences from dig. Where it refuses a whole answer since a value makes no sense (a DS
 * digest of a length that isn't its algorithm's, NAPTR flags or expressions, an SVCB `mandatory`
 * naming a key that isn't there) the record is printed as it is, so that its owner can see what is
 * wrong. RRSIG's times are read as 1970 to 2106; dig takes those more than 68 years from today for
 * times 136 years earlier. dig has an A of the classes CH and HS, and follows pointers into the
 * message's header.
 */
#ifndef FSK_RDATA_H
#define FSK_RDATA_H

#include <fsock.h>

#include "base/buf.h"
#include "wire/dnsmsg.h"

/* The longest text there is: an NSEC record with a long name and all types. Others: 300 KB. */
#define FSK_RDATA_TEXT 645048

/*
 * Append the text of the record's data, no NUL. `rec` is one that fsk_dns_next gave for the checked
 * message m. FSOCK_OK, or the buffer's error: then its bytes are what they were before.
 */
enum fsock_err fsk_rdata_text(struct fsk_buf *out, const struct fsk_dns_msg *m,
                              const struct fsk_dns_record *rec);

#endif
