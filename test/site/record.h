/* record.h: DNS messages, written record by record into a struct answer. */
#ifndef SITE_RECORD_H
#define SITE_RECORD_H

#include "zone.h"

enum { A = 1, NS = 2, CNAME = 5, SOA = 6, PTR = 12, MX = 15, TXT = 16, AAAA = 28, SRV = 33 };
enum { FORMERR = 1, SERVFAIL = 2, NXDOMAIN = 3, NOTIMP = 4, REFUSED = 5 };
#define OPT 41
#define TTL 60

/* Where the header counts the records of a section. */
#define ANSWERS    6
#define AUTHORITY  8
#define ADDITIONAL 10

/* Big-endian numbers; what doesn't fit is dropped. */
void put8(struct answer *a, unsigned v);
void put16(struct answer *a, unsigned v);
void put32(struct answer *a, uint32_t v);

/* A dotted name, uncompressed. */
void put_name(struct answer *a, const char *name);

/* Counts one record more in the section. */
void bump(struct answer *a, size_t section);

/* Begins a record: its owner (NULL: the question's name), type and TTL; returns a mark that end
 * needs to fill in the length. */
size_t begin(struct answer *a, size_t section, const char *owner, unsigned type, uint32_t ttl);
void end(struct answer *a, size_t mark);

/* Whole records in the answer section; put_ip writes an A or AAAA, as the text is. */
void put_ip(struct answer *a, const char *owner, const char *ip, uint32_t ttl);
void put_target(struct answer *a, const char *owner, unsigned type, const char *target);
void put_text(struct answer *a, const char *text, size_t len);

/* The zone's SOA, in any section. */
void put_soa(struct answer *a, size_t section);

void rcode(struct answer *a, unsigned code);

/* An answer without records is NODATA, and says so by a SOA. */
void nodata(struct answer *a);

#endif
