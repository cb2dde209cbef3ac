/*
 * DNS messages and names. Invariants: what was parsed can be walked to its end, within its bytes,
 * with as many records as it said, all of which have a printable text; all names are well formed
 * and survive being text; a query built from any name reads back as itself; text that reads as a
 * name reads back from its own escaped form.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "wire/rdata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(const struct fsk_dname *d)
{
    char text[FSK_DNAME_TEXT];
    struct fsk_dname back;
    size_t at = 0, n;

    assert(d->n >= 1);
    while (d->b[at]) {
        assert(d->b[at] <= 63);
        at += 1u + d->b[at];
        assert(at < d->n);
    }
    assert(at + 1u == d->n);
    n = fsk_dname_to_text(d, text);
    assert(n < FSK_DNAME_TEXT && strlen(text) == n);
    for (size_t i = 0; i < n; i++)
        assert(text[i] > ' ' && text[i] <= '~');
    assert(fsk_dname_from_text(&back, fsk_span(text, n)) == FSK_DNAME_OK);
    assert(fsk_dname_same(d, &back));
}

static void check_query(const struct fsk_dname *name, const uint8_t *data, size_t size)
{
    struct fsk_dns_query q = {.name = *name, .rd = true, .mixed_case = true};
    struct fsk_dns_msg m;
    uint8_t bits[32] = {0}, packet[FSK_DNS_QUERY_MAX];
    size_t n;

    memcpy(bits, data, size < sizeof bits ? size : sizeof bits);
    fsk_dname_mix_case(&q.name, bits);
    assert(fsk_dname_eq(&q.name, name));
    q.id = (uint16_t)(bits[0] << 8 | bits[1]);
    q.type = (uint16_t)(bits[2] << 8 | bits[3]);
    q.edns = bits[4] & 1;
    q.ad = bits[4] & 2;
    n = fsk_dns_build(&q, packet);
    assert(fsk_dns_parse(&m, packet, n) == (int)n);
    assert(fsk_dname_same(&m.qname, &q.name) && m.qtype == q.type && m.id == q.id);
    assert(m.edns == q.edns && m.ad == q.ad && m.rd && !m.qr);
    assert(fsk_dns_read(&m, &q, packet, n) == FSK_DNS_NOT_OURS);
    packet[2] |= 0x80;
    assert(fsk_dns_read(&m, &q, packet, n) == FSK_DNS_OURS);
}

static void check_digest(const struct fsk_dns_msg *m)
{
    struct fsk_dns_query q = {.name = m->qname, .id = m->id, .type = m->qtype};
    struct fsk_dns_result r;
    struct fsk_addr addrs[4] = {0};
    struct fsk_dns_msg again;

    enum fsk_dns_match match = fsk_dns_read(&again, &q, m->p, m->n);
    assert(match != FSK_DNS_OURS_NOT_CASE && (match != FSK_DNS_MALFORMED || m->odd_class));
    if (match != FSK_DNS_OURS)
        return;
    fsk_dns_digest(m, &q, &r, addrs, 4);
    check_name(&r.target);
    assert(r.links <= FSK_DNS_LINKS_MAX + 1 && r.ttl <= 0x7fffffff);
    assert((r.outcome == FSK_DNS_FOUND) == (r.found > 0));
    assert(r.outcome != FSK_DNS_ALIAS || r.links);
    if (r.outcome == FSK_DNS_FOUND && (q.type == FSK_DNS_A || q.type == FSK_DNS_AAAA))
        for (size_t i = 0; i < 4 && i < r.found; i++)
            assert(addrs[i].family == (q.type == FSK_DNS_A ? 4 : 6));
}

static void check_data(const struct fsk_dns_msg *m, const struct fsk_dns_record *rec)
{
    struct fsk_buf out = {.ceiling = FSK_RDATA_TEXT};
    struct fsk_span s;

    assert(fsk_rdata_text(&out, m, rec) == FSOCK_OK);
    s = fsk_buf_span(&out);
    assert(s.n > 0);
    for (size_t i = 0; i < s.n; i++)
        assert(s.p[i] >= ' ' && s.p[i] <= '~');
    fsk_buf_fini(&out);
}

static void check_message(const uint8_t *p, size_t n)
{
    struct fsk_dns_msg m;
    struct fsk_dns_iter it;
    struct fsk_dns_record rec;
    unsigned seen[3] = {0};
    int used = fsk_dns_parse(&m, p, n);

    assert(used != 0 && used <= (int)n);
    if (used < 0)
        return;
    for (fsk_dns_iter_init(&it, &m); fsk_dns_next(&it, &rec);) {
        seen[rec.section]++;
        check_name(&rec.owner);
        assert(rec.rdata + rec.rdlen <= (size_t)used);
        check_data(&m, &rec);
        assert(rec.type == FSK_DNS_OPT || rec.ttl <= 0x7fffffff);
    }
    for (int s = 0; s < 3; s++)
        assert(seen[s] == m.count[s]);
    if (m.qname.n) {
        check_name(&m.qname);
        check_query(&m.qname, p, n);
        check_digest(&m);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fsk_dname name;
    char word[FSK_DNS_WORD];
    struct fsk_span s;
    uint8_t *copy =
        malloc(size ? size : 1); /* of just this size, so that asan sees each step over */

    if (!copy)
        return 0;
    if (size)
        memcpy(copy, data, size);
    check_message(copy, size);
    s = fsk_span((const char *)copy, size);
    if (fsk_dname_from_text(&name, s) == FSK_DNAME_OK) {
        check_name(&name);
        check_query(&name, copy, size);
    } else {
        assert(name.n == 0);
    }
    int type = fsk_dns_type_number(s);
    if (type >= 0)
        assert(fsk_dns_type_number(fsk_span_str(fsk_dns_type_name((uint16_t)type, word))) == type);
    free(copy);
    return 0;
}
