#include "wire/dnsmsg.h"

#include <string.h>

#define POINTERS_MAX 128 /* no honest name has more than one for each of its 127 labels */

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static uint8_t *put16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
    return p + 2;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* RFC 2181 8: a TTL with its top bit set counts as 0. */
static uint32_t sane_ttl(uint32_t ttl)
{
    return ttl >> 31 ? 0 : ttl;
}

/* ---- asking ---- */

enum { BIT_QR = 0x8000, BIT_AA = 0x400, BIT_TC = 0x200, BIT_RD = 0x100 };
enum { BIT_RA = 0x80, BIT_AD = 0x20, BIT_CD = 0x10 };

/* A label of a decimal number up to 255. */
static uint8_t *put_number(uint8_t *p, unsigned v)
{
    *p++ = (uint8_t)(v > 99 ? 3 : v > 9 ? 2 : 1);
    if (v > 99)
        *p++ = (uint8_t)('0' + v / 100);
    if (v > 9)
        *p++ = (uint8_t)('0' + v / 10 % 10);
    *p++ = (uint8_t)('0' + v % 10);
    return p;
}

void fsk_dns_reverse(struct fsk_dname *name, const struct fsk_addr *a)
{
    static const uint8_t in_addr[] = "\7in-addr\4arpa", ip6[] = "\3ip6\4arpa"; /* and the root */
    static const char hex[] = "0123456789abcdef";
    uint8_t *p = name->b;

    if (a->family == 4) {
        for (unsigned i = 4; i-- > 0;)
            p = put_number(p, a->ip[i]);
        memcpy(p, in_addr, sizeof in_addr);
        p += sizeof in_addr;
    } else if (a->family == 6) {
        for (unsigned i = 32; i-- > 0;) {
            *p++ = 1;
            *p++ = (uint8_t)hex[a->ip[i / 2] >> (i % 2 ? 0 : 4) & 15];
        }
        memcpy(p, ip6, sizeof ip6);
        p += sizeof ip6;
    } else {
        *p++ = 0;
    }
    name->n = (uint8_t)(p - name->b);
}

size_t fsk_dns_build(const struct fsk_dns_query *q, uint8_t out[FSK_DNS_QUERY_MAX])
{
    uint8_t *p = out;

    p = put16(p, q->id);
    p = put16(p, (uint16_t)((q->rd ? BIT_RD : 0) | (q->ad ? BIT_AD : 0)));
    p = put16(p, 1);
    p = put16(p, 0);
    p = put16(p, 0);
    p = put16(p, q->edns);
    memcpy(p, q->name.b, q->name.n);
    p = put16(p + q->name.n, q->type);
    p = put16(p, FSK_DNS_IN);
    if (q->edns) { /* RFC 6891 6.1.2: root, type, size, rcode and version, flags, no options */
        *p++ = 0;
        p = put16(p, FSK_DNS_OPT);
        p = put16(p, FSK_DNS_UDP_SIZE);
        p = put16(p, 0);
        p = put16(p, 0);
        p = put16(p, 0);
    }
    return (size_t)(p - out);
}

/* ---- reading ---- */

/*
 * How long the labels at `at` are up to a pointer, or the root's label included: then *whole is
 * set. `out` bytes of the name came before. Or fsk_dns_bad.
 */
static int piece(const uint8_t *p, size_t n, size_t at, size_t out, bool *whole)
{
    const size_t begin = at, most = begin + FSK_DNAME_MAX - out, end = n < most ? n : most;

    *whole = false;
    for (;;) {
        if (at >= end)
            return at >= n ? FSK_DNS_BAD_SHORT : FSK_DNS_BAD_NAME;
        size_t len = p[at];
        if (len >= 0xc0)
            return (int)(at - begin);
        if (len > 63)
            return FSK_DNS_BAD_NAME;
        if (len >= end - at)
            return at + len >= most ? FSK_DNS_BAD_NAME : FSK_DNS_BAD_SHORT;
        at += 1 + len;
        if (len == 0) {
            *whole = true;
            return (int)(at - begin);
        }
    }
}

int fsk_dns_name(const uint8_t *p, size_t n, size_t at, struct fsk_dname *name)
{
    const size_t begin = at;
    size_t used = 0; /* bytes at `begin`, known after the first pointer */
    size_t out = 0;

    name->n = 0;
    for (unsigned pointers = 0;; pointers++) {
        bool whole;
        int len = piece(p, n, at, out, &whole);
        if (len < 0)
            return len;
        memcpy(name->b + out, p + at, (size_t)len);
        out += (size_t)len;
        const size_t end = at + (size_t)len;
        if (whole) {
            name->n = (uint8_t)out;
            return (int)(used ? used : end - begin);
        }
        if (n - end < 2)
            return FSK_DNS_BAD_SHORT;
        if (used == 0)
            used = end + 2 - begin;
        size_t to = get16(p + end) & 0x3fff;
        if (to >= at || to < FSK_DNS_HEADER || pointers == POINTERS_MAX)
            return FSK_DNS_BAD_NAME;
        at = to;
    }
}

/* The owner of a record: nearly always a pointer to the question, whose name is known. */
static int read_owner(const struct fsk_dns_msg *m, size_t at, struct fsk_dname *owner)
{
    if (m->qname.n && m->n - at >= 2 && get16(m->p + at) == (0xc000 | FSK_DNS_HEADER)) {
        fsk_dname_copy(owner, &m->qname);
        return 2;
    }
    return fsk_dns_name(m->p, m->n, at, owner);
}

/* The record at `at`, but for its section; returns the offset behind it or fsk_dns_bad. */
static int read_record(const struct fsk_dns_msg *m, size_t at, struct fsk_dns_record *rec)
{
    const uint8_t *p = m->p;
    const size_t n = m->n;
    int used = read_owner(m, at, &rec->owner);

    if (used < 0)
        return used;
    at += (size_t)used;
    if (n - at < 10)
        return FSK_DNS_BAD_SHORT;
    rec->type = get16(p + at);
    rec->class = get16(p + at + 2);
    rec->ttl = get32(p + at + 4);
    if (rec->type != FSK_DNS_OPT)
        rec->ttl = sane_ttl(rec->ttl);
    rec->rdlen = get16(p + at + 8);
    rec->rdata = at + 10;
    if (rec->rdlen > n - rec->rdata)
        return FSK_DNS_BAD_SHORT;
    return (int)(rec->rdata + rec->rdlen);
}

/* Whether the data consist of that many names and then `rest` bytes. */
static bool names_and(const uint8_t *p, const struct fsk_dns_record *rec, int names, size_t rest)
{
    const size_t end = rec->rdata + rec->rdlen;
    size_t at = rec->rdata;
    struct fsk_dname name;

    while (names--) {
        int used = fsk_dns_name(p, end, at, &name);
        if (used < 0)
            return false;
        at += (size_t)used;
    }
    return end - at == rest;
}

/* For the types that this file reads, and those that every resolver meets. */
static bool rdata_ok(const uint8_t *p, const struct fsk_dns_record *rec)
{
    if (rec->class != FSK_DNS_IN)
        return true;
    switch (rec->type) {
    case FSK_DNS_A:
        return rec->rdlen == 4;
    case FSK_DNS_AAAA:
        return rec->rdlen == 16;
    case FSK_DNS_CNAME:
    case FSK_DNS_DNAME:
    case FSK_DNS_NS:
    case FSK_DNS_PTR:
        return names_and(p, rec, 1, 0);
    case FSK_DNS_SOA:
        return names_and(p, rec, 2, 20);
    default:
        return true;
    }
}

/* RFC 6891 6.1: fill in what the OPT record says. */
static bool read_opt(struct fsk_dns_msg *m, const struct fsk_dns_record *rec)
{
    const size_t end = rec->rdata + rec->rdlen;
    size_t at = rec->rdata;

    if (m->edns || rec->section != FSK_DNS_ADDITIONAL || rec->owner.n != 1)
        return false;
    while (at < end) { /* the options: code, length, data */
        if (end - at < 4 || get16(m->p + at + 2) > end - at - 4)
            return false;
        at += 4u + get16(m->p + at + 2);
    }
    m->edns = true;
    m->edns_size = rec->class;
    m->rcode = (uint16_t)(m->rcode | (rec->ttl >> 24) << 4);
    m->edns_version = (uint8_t)(rec->ttl >> 16);
    m->edns_do = rec->ttl >> 15 & 1;
    return true;
}

/* All zero, but for the room of the name. */
static void clear(struct fsk_dns_msg *m)
{
    const size_t name = offsetof(struct fsk_dns_msg, qname);

    memset(m, 0, name + offsetof(struct fsk_dname, b));
    memset((char *)m + name + sizeof m->qname, 0, sizeof *m - name - sizeof m->qname);
}

static void read_header(struct fsk_dns_msg *m, uint16_t declared[3])
{
    const unsigned flags = get16(m->p + 2);

    m->id = get16(m->p);
    m->qr = flags & BIT_QR;
    m->opcode = flags >> 11 & 15;
    m->aa = flags & BIT_AA;
    m->tc = flags & BIT_TC;
    m->rd = flags & BIT_RD;
    m->ra = flags & BIT_RA;
    m->ad = flags & BIT_AD;
    m->cd = flags & BIT_CD;
    m->rcode = flags & 15;
    m->questions = get16(m->p + 4);
    for (size_t s = 0; s < 3; s++)
        declared[s] = get16(m->p + 6 + 2 * s);
}

/* All questions; the first is kept. Returns the offset behind them or fsk_dns_bad. */
static int read_questions(struct fsk_dns_msg *m)
{
    size_t at = FSK_DNS_HEADER;
    struct fsk_dname name;

    for (unsigned i = 0; i < m->questions; i++) {
        int used = fsk_dns_name(m->p, m->n, at, &name);
        if (used < 0)
            return used;
        at += (size_t)used;
        if (m->n - at < 4)
            return FSK_DNS_BAD_SHORT;
        if (i == 0) {
            fsk_dname_copy(&m->qname, &name);
            m->qtype = get16(m->p + at);
            m->qclass = get16(m->p + at + 2);
        }
        at += 4;
    }
    return (int)at;
}

/* The record at `at`, checked; returns the offset behind it or fsk_dns_bad. */
static int check_record(struct fsk_dns_msg *m, size_t at, enum fsk_dns_section section)
{
    struct fsk_dns_record rec = {.section = section};
    int end = read_record(m, at, &rec);

    if (end < 0)
        return end;
    m->odd_class |= section == FSK_DNS_ANSWER && rec.class != m->qclass;
    if (rec.type == FSK_DNS_OPT && !read_opt(m, &rec))
        return FSK_DNS_BAD_OPT;
    if (!rdata_ok(m->p, &rec))
        return FSK_DNS_BAD_RDATA;
    return end;
}

int fsk_dns_parse(struct fsk_dns_msg *m, const uint8_t *p, size_t n)
{
    uint16_t declared[3];
    int at;

    if (n > 0xffff)
        n = 0xffff;
    clear(m);
    m->p = p;
    m->n = n;
    if (n < FSK_DNS_HEADER)
        return FSK_DNS_BAD_SHORT;
    read_header(m, declared);
    at = read_questions(m);
    if (at < 0)
        return at;
    m->records = (size_t)at;
    for (int s = FSK_DNS_ANSWER; s <= FSK_DNS_ADDITIONAL; s++) {
        for (unsigned i = 0; i < declared[s]; i++) {
            int end = check_record(m, (size_t)at, (enum fsk_dns_section)s);
            if (end == FSK_DNS_BAD_SHORT && m->tc)
                return at;
            if (end < 0)
                return end;
            at = end;
            m->count[s]++;
        }
    }
    return at;
}

void fsk_dns_reopen(struct fsk_dns_msg *m, const struct fsk_dname *qname, const uint8_t *p,
                    size_t n)
{
    clear(m);
    m->p = p;
    m->n = n;
    fsk_dname_copy(&m->qname, qname);
    read_header(m, m->count);
    m->records = FSK_DNS_HEADER + qname->n + 4u;
    m->qtype = get16(p + m->records - 4);
    m->qclass = get16(p + m->records - 2);
}

enum fsk_dns_match fsk_dns_read(struct fsk_dns_msg *m, const struct fsk_dns_query *q,
                                const uint8_t *p, size_t n)
{
    if (n < FSK_DNS_HEADER || get16(p) != q->id || (get16(p + 2) & (BIT_QR | 0x7800)) != BIT_QR)
        return FSK_DNS_NOT_OURS;
    if (fsk_dns_parse(m, p, n) < 0)
        return FSK_DNS_MALFORMED;
    if (m->questions == 0 && m->rcode != FSK_DNS_NOERROR)
        return FSK_DNS_OURS_BARE;
    if (m->questions != 1 || m->qtype != q->type || m->qclass != FSK_DNS_IN ||
        !fsk_dname_eq(&m->qname, &q->name))
        return FSK_DNS_NOT_OURS;
    if (q->mixed_case && !fsk_dname_same(&m->qname, &q->name))
        return FSK_DNS_OURS_NOT_CASE;
    return m->odd_class ? FSK_DNS_MALFORMED : FSK_DNS_OURS;
}

void fsk_dns_iter_init(struct fsk_dns_iter *it, const struct fsk_dns_msg *m)
{
    *it = (struct fsk_dns_iter){.m = m, .at = m->records, .left = m->count[0]};
}

bool fsk_dns_next(struct fsk_dns_iter *it, struct fsk_dns_record *rec)
{
    int end;

    while (it->left == 0) {
        if (it->section == FSK_DNS_ADDITIONAL)
            return false;
        it->left = it->m->count[++it->section];
    }
    end = read_record(it->m, it->at, rec);
    if (end < 0) /* not a message that fsk_dns_parse took */
        return false;
    rec->section = (enum fsk_dns_section)it->section;
    it->at = (size_t)end;
    it->left--;
    return true;
}

/* ---- what it says ---- */

/* An address of type A or AAAA out of its record. */
static void read_addr(const struct fsk_dns_msg *m, const struct fsk_dns_record *rec,
                      struct fsk_addr *addr)
{
    *addr = (struct fsk_addr){.family = rec->type == FSK_DNS_A ? 4 : 6};
    memcpy(addr->ip, m->p + rec->rdata, rec->rdlen);
}

/*
 * One walk through the answer section for the records of r->target: count those asked for and keep
 * addresses. If there are none but a CNAME, its record goes to *alias: true.
 */
static bool walk(const struct fsk_dns_msg *m, const struct fsk_dns_query *q,
                 struct fsk_dns_result *r, struct fsk_addr *addrs, size_t cap,
                 struct fsk_dns_record *alias)
{
    const bool wants_addr = q->type == FSK_DNS_A || q->type == FSK_DNS_AAAA;
    bool has_alias = false;
    struct fsk_dns_iter it;
    struct fsk_dns_record rec;

    fsk_dns_iter_init(&it, m);
    while (fsk_dns_next(&it, &rec) && rec.section == FSK_DNS_ANSWER) {
        if (rec.class != FSK_DNS_IN || !fsk_dname_eq(&rec.owner, &r->target))
            continue;
        if (rec.type == q->type || q->type == FSK_DNS_ANY) {
            if (wants_addr && r->found < cap)
                read_addr(m, &rec, &addrs[r->found]);
            r->found++;
            r->ttl = least(r->ttl, rec.ttl);
        } else if (rec.type == FSK_DNS_CNAME && !has_alias) {
            *alias = rec;
            has_alias = true;
        }
    }
    return has_alias && r->found == 0;
}

/* Find the SOA record of a zone that holds r->target: how long a "no" may be kept (RFC 2308 5). */
static bool has_soa(const struct fsk_dns_msg *m, struct fsk_dns_result *r)
{
    struct fsk_dns_iter it;
    struct fsk_dns_record rec;

    fsk_dns_iter_init(&it, m);
    while (fsk_dns_next(&it, &rec)) {
        if (rec.section != FSK_DNS_AUTHORITY || rec.type != FSK_DNS_SOA ||
            rec.class != FSK_DNS_IN || !fsk_dname_within(&r->target, &rec.owner))
            continue;
        uint32_t minimum = sane_ttl(get32(m->p + rec.rdata + rec.rdlen - 4));
        r->ttl = least(r->ttl, least(rec.ttl, minimum));
        return true;
    }
    return false;
}

/* What it means that the chain ended at r->target after r->links CNAMEs with r->found records. */
static enum fsk_dns_outcome judge(const struct fsk_dns_msg *m, struct fsk_dns_result *r)
{
    if (m->rcode != FSK_DNS_NOERROR && m->rcode != FSK_DNS_NXDOMAIN)
        return FSK_DNS_FAILED;
    if (m->rcode == FSK_DNS_NOERROR && r->links > FSK_DNS_LINKS_MAX)
        return FSK_DNS_LOOP;
    if (m->rcode == FSK_DNS_NOERROR && r->found)
        return FSK_DNS_FOUND;
    bool soa = has_soa(m, r);
    if (m->rcode == FSK_DNS_NOERROR && !soa && r->links)
        return FSK_DNS_ALIAS;
    if (m->rcode == FSK_DNS_NOERROR && !soa && !m->aa && !m->ra)
        return FSK_DNS_LAME;
    if (!soa)
        r->ttl = 0;
    return m->rcode == FSK_DNS_NXDOMAIN ? FSK_DNS_NO_NAME : FSK_DNS_NODATA;
}

void fsk_dns_digest(const struct fsk_dns_msg *m, const struct fsk_dns_query *q,
                    struct fsk_dns_result *result, struct fsk_addr *addrs, size_t cap)
{
    struct fsk_dns_record alias;

    result->ttl = 0x7fffffff;
    result->links = 0;
    result->found = 0;
    fsk_dname_copy(&result->target, &q->name);
    while (result->links <= FSK_DNS_LINKS_MAX && walk(m, q, result, addrs, cap, &alias)) {
        fsk_dns_name(m->p, m->n, alias.rdata, &result->target);
        result->ttl = least(result->ttl, alias.ttl);
        result->links++;
    }
    result->outcome = judge(m, result);
    if (result->outcome != FSK_DNS_FOUND)
        result->found = 0;
    if (result->outcome == FSK_DNS_LOOP || result->outcome == FSK_DNS_LAME ||
        result->outcome == FSK_DNS_FAILED)
        result->ttl = 0;
}
