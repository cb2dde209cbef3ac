/*
 * ber.h - elements of ASN.1's Basic Encoding Rules as LDAP has them (RFC 4511 5.1): a tag of one
 * byte, a length that is said, the value. Pure.
 */
#ifndef FSK_BER_H
#define FSK_BER_H

#include <fsock.h>

#include "base/buf.h"

enum {
    FSK_BER_INTEGER = 0x02,
    FSK_BER_OCTETS = 0x04,
    FSK_BER_ENUMERATED = 0x0a,
    FSK_BER_SEQUENCE = 0x30,
    FSK_BER_SET = 0x31
};

/*
 * Look for the end of the element with this tag, of at most `max` bytes, with which `bytes` begin.
 * > 0: it has so many; 0: it is not complete; -1: it is another, or too long.
 */
ptrdiff_t fsk_ber_scan(struct fsk_span bytes, unsigned char tag, size_t max);

/* Take the next element off the front of *rest. False: there is none that is complete. */
bool fsk_ber_take(struct fsk_span *rest, unsigned char *tag, struct fsk_span *value);

/* ... which must have this tag. */
bool fsk_ber_take_tag(struct fsk_span *rest, unsigned char tag, struct fsk_span *value);

/* A number of one or two bytes, not below 0. */
bool fsk_ber_number(struct fsk_span value, unsigned *number);

#define FSK_BER_HEAD 6 /* bytes that fsk_ber_put_head() appends */

/* Append the tag of an element, and its length. */
enum fsock_err fsk_ber_put_head(struct fsk_buf *b, unsigned char tag, size_t n);

#endif
