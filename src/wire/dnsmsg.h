/*
 * dnsmsg.h - DNS messages (RFC 1035 4, 2181, 3597, 6891): build a query, read an answer.
 *
 * Pure functions on the caller's bytes; no allocation, no clock. A question's way through them:
 *
 *     n = fsk_dns_build(&q, packet)               send it
 *     fsk_dns_read(&msg, &q, bytes, n)            a packet came: ours? else drop it, wait on
 *     if (msg.tc)                                 ask again over TCP
 *     fsk_dns_digest(&msg, &q, &res, addrs, cap)  what it says
 *
 * fsk_dns_read checks the whole message, every record included: whatever walks it later can't fail
 * and can't leave it. How the data of a record look as text is not this file's business.
 */
#ifndef FSK_DNSMSG_H
#define FSK_DNSMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "wire/addr.h"
#include "wire/dname.h"

#define FSK_DNS_HEADER    12
#define FSK_DNS_QUERY_MAX 282  /* header, the longest name, type, class, OPT */
#define FSK_DNS_UDP_SIZE  1232 /* announced in OPT: what passes unfragmented nearly everywhere */
#define FSK_DNS_LINKS_MAX 16   /* CNAMEs followed in one message */

/* Those that some code here treats specially; fsk_dns_type_name knows many more. */
enum fsk_dns_type {
    FSK_DNS_A = 1,
    FSK_DNS_NS = 2,
    FSK_DNS_CNAME = 5,
    FSK_DNS_SOA = 6,
    FSK_DNS_PTR = 12,
    FSK_DNS_HINFO = 13,
    FSK_DNS_MX = 15,
    FSK_DNS_TXT = 16,
    FSK_DNS_RP = 17,
    FSK_DNS_AFSDB = 18,
    FSK_DNS_AAAA = 28,
    FSK_DNS_LOC = 29,
    FSK_DNS_SRV = 33,
    FSK_DNS_NAPTR = 35,
    FSK_DNS_DNAME = 39,
    FSK_DNS_OPT = 41,
    FSK_DNS_DS = 43,
    FSK_DNS_SSHFP = 44,
    FSK_DNS_RRSIG = 46,
    FSK_DNS_NSEC = 47,
    FSK_DNS_DNSKEY = 48,
    FSK_DNS_TLSA = 52,
    FSK_DNS_SMIMEA = 53,
    FSK_DNS_CDS = 59,
    FSK_DNS_CDNSKEY = 60,
    FSK_DNS_OPENPGPKEY = 61,
    FSK_DNS_SVCB = 64,
    FSK_DNS_HTTPS = 65,
    FSK_DNS_SPF = 99,
    FSK_DNS_ANY = 255,
    FSK_DNS_URI = 256,
    FSK_DNS_CAA = 257
};

enum { FSK_DNS_IN = 1 }; /* the one class that is asked for */

enum fsk_dns_rcode {
    FSK_DNS_NOERROR = 0,
    FSK_DNS_FORMERR = 1,
    FSK_DNS_SERVFAIL = 2,
    FSK_DNS_NXDOMAIN = 3,
    FSK_DNS_NOTIMP = 4,
    FSK_DNS_REFUSED = 5,
    FSK_DNS_BADVERS = 16
};

/* Room for the text of a type or rcode that has no name: "TYPE65535". */
#define FSK_DNS_WORD 12

/* "AAAA", "TYPE1234" (RFC 3597 5): a constant, or written to buf. */
const char *fsk_dns_type_name(uint16_t type, char buf[FSK_DNS_WORD]);

/* The other way, in any case; -1 if it is no type. */
int fsk_dns_type_number(struct fsk_span text);

/* "NXDOMAIN", "RCODE77": a constant, or written to buf. */
const char *fsk_dns_rcode_name(unsigned rcode, char buf[FSK_DNS_WORD]);

/* ---- asking ---- */

/* The name to ask for an address's PTR record (RFC 1035 3.5, RFC 3596 2.5); the root for "none". */
void fsk_dns_reverse(struct fsk_dname *name, const struct fsk_addr *a);

struct fsk_dns_query {
    uint16_t id; /* unpredictable */
    uint16_t type;
    bool rd;         /* recursion desired: yes for a resolver, no for an authoritative server */
    bool ad;         /* "I understand the AD bit" (RFC 6840 5.7) */
    bool edns;       /* with an OPT record: answers up to FSK_DNS_UDP_SIZE, extended rcodes */
    bool mixed_case; /* name's case was mixed: an answer must repeat it exactly */
    struct fsk_dname name;
};

/* Write the query; returns its length, which TCP and TLS want before it in 2 bytes. */
size_t fsk_dns_build(const struct fsk_dns_query *q, uint8_t out[FSK_DNS_QUERY_MAX]);

/* ---- reading ---- */

/* A message that was checked. Borrows the bytes. */
struct fsk_dns_msg {
    const uint8_t *p;
    size_t n;
    uint16_t id;
    uint8_t opcode;
    bool qr, aa, tc, rd, ra, ad, cd;
    uint16_t rcode;         /* 12 bits if there is an OPT record, else 4 */
    uint16_t questions;     /* as in the header */
    struct fsk_dname qname; /* the first question; zeroed if there is none */
    uint16_t qtype, qclass;
    uint16_t count[3]; /* records in answer, authority, additional that are there whole */
    size_t records;    /* offset of the first */
    bool odd_class;    /* a record of the answer section is of another class than the question */
    bool edns;         /* it has an OPT record, and this is what that says: */
    bool edns_do;
    uint8_t edns_version;
    uint16_t edns_size;
};

enum fsk_dns_bad {
    FSK_DNS_BAD_SHORT = -1, /* ends within its header, a question, a record or a name */
    FSK_DNS_BAD_NAME = -2,  /* a label type, a name over 255 bytes, a pointer not going backwards */
    FSK_DNS_BAD_RDATA = -3, /* the length of A, AAAA, CNAME, DNAME, NS, PTR or SOA data is a lie */
    FSK_DNS_BAD_OPT = -4    /* a second OPT record, or one in a wrong place or with bad options */
};

/*
 * Check a whole message (the transport knows its length: there is no "partial") and fill in m.
 * Returns the bytes used, n or less (what follows the last record is ignored), or fsk_dns_bad < 0.
 * With TC set a message may end in the middle of its records: m has those that are whole.
 */
int fsk_dns_parse(struct fsk_dns_msg *m, const uint8_t *p, size_t n);

/*
 * Fill in m for a message that fsk_dns_parse took before, that was not cut off, and whose one
 * question has this name.
 */
void fsk_dns_reopen(struct fsk_dns_msg *m, const struct fsk_dname *qname, const uint8_t *p,
                    size_t n);

enum fsk_dns_match {
    FSK_DNS_OURS,          /* the answer to this query; m is filled in */
    FSK_DNS_OURS_NOT_CASE, /* likewise, but the mixed case was not kept: it may be forged */
    FSK_DNS_OURS_BARE, /* id and an rcode other than 0, no question: old servers refuse EDNS so */
    FSK_DNS_NOT_OURS,  /* another id, question, or no answer at all: drop it and wait on */
    FSK_DNS_MALFORMED  /* our id, but broken, or with answers of another class */
};

/* Parse a packet and say whether it answers q (RFC 5452 9.1, but for the sender's address). */
enum fsk_dns_match fsk_dns_read(struct fsk_dns_msg *m, const struct fsk_dns_query *q,
                                const uint8_t *p, size_t n);

/*
 * The name at offset `at` of the message, compression undone. Returns the bytes that it takes at
 * `at` (>= 1), or fsk_dns_bad. Each pointer must go back to before the part of the name that it
 * ends, so that there are no loops; a name may have 128 pointers.
 */
int fsk_dns_name(const uint8_t *p, size_t n, size_t at, struct fsk_dname *name);

enum fsk_dns_section { FSK_DNS_ANSWER, FSK_DNS_AUTHORITY, FSK_DNS_ADDITIONAL };

struct fsk_dns_record {
    enum fsk_dns_section section;
    struct fsk_dname owner;
    uint16_t type, class;
    uint32_t ttl; /* seconds, 0 from 2^31 up (RFC 2181 8); for OPT raw */
    size_t rdata; /* offset in the message: fsk_dns_name reads compressed names there */
    uint16_t rdlen;
};

struct fsk_dns_iter {
    const struct fsk_dns_msg *m;
    size_t at;
    unsigned section;
    uint16_t left; /* in this section */
};

/* Walk the records of all sections of a checked message, in order; false at the end. */
void fsk_dns_iter_init(struct fsk_dns_iter *it, const struct fsk_dns_msg *m);
bool fsk_dns_next(struct fsk_dns_iter *it, struct fsk_dns_record *rec);

/* ---- what it says ---- */

enum fsk_dns_outcome {
    FSK_DNS_FOUND,   /* there are records of the type asked for */
    FSK_DNS_ALIAS,   /* CNAMEs that lead out of the message: ask for `target` next */
    FSK_DNS_NODATA,  /* the name exists, without records of this type (RFC 2308 2.2) */
    FSK_DNS_NO_NAME, /* NXDOMAIN: `target`, where the CNAMEs led to, does not exist */
    FSK_DNS_LOOP,    /* more than FSK_DNS_LINKS_MAX CNAMEs, or they run in a circle */
    FSK_DNS_LAME,    /* nothing, from a server that neither owns the zone nor recurses */
    FSK_DNS_FAILED   /* any other rcode, in msg->rcode: SERVFAIL, REFUSED, ... */
};

struct fsk_dns_result {
    enum fsk_dns_outcome outcome;
    uint32_t ttl; /* seconds to remember this: the least of the records that led here; 0 for a "no"
                     without SOA record and for LOOP, LAME and FAILED */
    unsigned links; /* CNAMEs followed; whoever asks again should add them up */
    size_t found;   /* records of the type asked for at target; may exceed the room in addrs */
    struct fsk_dname target; /* the end of the CNAME chain; the name asked for if there is none */
};

/*
 * Read what a checked answer (neither TC nor anything but FSK_DNS_OURS) says about q. For A and
 * AAAA queries the first `cap` addresses go to addrs, port and scope 0, in the order of the
 * message. For other types walk the message for records whose owner is `target`. A query for CNAME
 * or ANY follows no CNAME.
 */
void fsk_dns_digest(const struct fsk_dns_msg *m, const struct fsk_dns_query *q,
                    struct fsk_dns_result *result, struct fsk_addr *addrs, size_t cap);

#endif
