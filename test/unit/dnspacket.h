/*
 * dnspacket.h - names and DNS packets for tests, put together piece by piece.
 *
 * Include it after <cmocka.h>: names that are none fail the test. Packets are read at a guard page.
 */
#ifndef FSK_TEST_DNSPACKET_H
#define FSK_TEST_DNSPACKET_H

#include <stdio.h>

#include "guard.h"
#include "wire/dnsmsg.h"

static struct guard guard;

static inline struct fsk_dname name(const char *text)
{
    struct fsk_dname d;
    if (fsk_dname_from_text(&d, fsk_span_str(text)) != FSK_DNAME_OK)
        fail_msg("%s is no name", text);
    return d;
}

static inline const char *text(const struct fsk_dname *d)
{
    static char s[FSK_DNAME_TEXT];
    size_t n = fsk_dname_to_text(d, s);
    assert_int_equal(n, strlen(s));
    return s;
}

/* Labels of these lengths, parted by dots. */
static inline struct fsk_span labels(char *buf, const int *lengths, int n)
{
    size_t at = 0;
    for (int i = 0; i < n; i++) {
        if (i)
            buf[at++] = '.';
        memset(buf + at, 'a' + i, (size_t)lengths[i]);
        at += (size_t)lengths[i];
    }
    return fsk_span(buf, at);
}

struct packet {
    uint8_t b[4096];
    size_t n;
};

static inline void put(struct packet *k, const void *p, size_t n)
{
    memcpy(k->b + k->n, p, n);
    k->n += n;
}

static inline void put16(struct packet *k, unsigned v)
{
    put(k, (uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2);
}

static inline void put_name(struct packet *k, const char *s)
{
    struct fsk_dname d = name(s);
    put(k, d.b, d.n);
}

/* Owner, type, class IN, ttl, and the data. */
static inline void put_record(struct packet *k, const char *owner, unsigned type, uint32_t ttl,
                              const void *data, size_t n)
{
    put_name(k, owner);
    put16(k, type);
    put16(k, 1);
    put16(k, ttl >> 16);
    put16(k, ttl & 0xffff);
    put16(k, (unsigned)n);
    put(k, data, n);
}

static inline void put_a(struct packet *k, const char *owner, uint32_t ttl, uint8_t last)
{
    put_record(k, owner, FSK_DNS_A, ttl, (uint8_t[]){192, 0, 2, last}, 4);
}

static inline void put_cname(struct packet *k, const char *owner, uint32_t ttl, const char *target)
{
    struct fsk_dname d = name(target);
    put_record(k, owner, FSK_DNS_CNAME, ttl, d.b, d.n);
}

static inline void put_soa(struct packet *k, const char *owner, uint32_t ttl, uint16_t minimum)
{
    uint8_t data[23] = {0, 0}; /* two root names, serial, refresh, retry, expire, minimum */
    data[20] = (uint8_t)(minimum >> 8);
    data[21] = (uint8_t)minimum;
    put_record(k, owner, FSK_DNS_SOA, ttl, data, 22);
}

enum { QR = 0x8000, AA = 0x400, TC = 0x200, RA = 0x80 };

enum { TEST_ID = 0x1234 };

/* The header and the question; the counts of the sections are what the test says. */
static inline struct packet answer(unsigned flags, const char *qname, unsigned qtype, unsigned an,
                                   unsigned ns, unsigned ar)
{
    struct packet k = {.n = 0};
    put16(&k, TEST_ID);
    put16(&k, flags);
    put16(&k, 1);
    put16(&k, an);
    put16(&k, ns);
    put16(&k, ar);
    put_name(&k, qname);
    put16(&k, qtype);
    put16(&k, 1);
    return k;
}

static inline int parse(const struct packet *k, struct fsk_dns_msg *m)
{
    return fsk_dns_parse(m, (uint8_t *)guard_copy(&guard, k->b, k->n), k->n);
}

static inline struct fsk_dns_query query(const char *qname, uint16_t type)
{
    return (struct fsk_dns_query){.name = name(qname), .id = TEST_ID, .type = type, .rd = true};
}

static inline struct fsk_dns_result digest(const struct packet *k, const char *qname, uint16_t type,
                                           struct fsk_addr *addrs, size_t cap)
{
    struct fsk_dns_query q = query(qname, type);
    struct fsk_dns_result r;
    struct fsk_dns_msg m;
    assert_int_equal(fsk_dns_read(&m, &q, (uint8_t *)guard_copy(&guard, k->b, k->n), k->n),
                     FSK_DNS_OURS);
    fsk_dns_digest(&m, &q, &r, addrs, cap);
    return r;
}

#endif
