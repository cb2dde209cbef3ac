#include "zone.h"
#include "loop.h"
#include "record.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whichever of the two addresses was asked for; NULL: there is none. */
static void put_pair(struct answer *a, const struct query *q, const char *v4, const char *v6)
{
    if (q->type == A && v4)
        put_ip(a, NULL, v4, TTL);
    else if (q->type == AAAA && v6)
        put_ip(a, NULL, v6, TTL);
    nodata(a);
}

/* The manners. */

static void ans_v4(struct answer *a, const struct query *q)
{
    put_pair(a, q, "127.0.0.1", NULL);
}

static void ans_v6(struct answer *a, const struct query *q)
{
    put_pair(a, q, NULL, "::1");
}

static void ans_both(struct answer *a, const struct query *q)
{
    put_pair(a, q, "127.0.0.1", "::1");
}

static void ans_dead6(struct answer *a, const struct query *q)
{
    put_pair(a, q, "127.0.0.1", "100::1");
}

static void ans_dead4(struct answer *a, const struct query *q)
{
    put_pair(a, q, "192.0.2.1", "::1");
}

static void ans_many(struct answer *a, const struct query *q)
{
    char ip[32];
    for (int i = 1; q->type == A && i <= 20; i++) {
        snprintf(ip, sizeof ip, "127.0.0.%d", i);
        put_ip(a, NULL, ip, TTL);
    }
    nodata(a);
}

static void ans_ttl0(struct answer *a, const struct query *q)
{
    if (q->type == A)
        put_ip(a, NULL, "127.0.0.1", 0);
    nodata(a);
}

static void ans_site(struct answer *a, const struct query *q)
{
    size_t at;
    if (q->type == SOA)
        put_soa(a, ANSWERS);
    else if (q->type == NS)
        put_target(a, NULL, NS, "ns.site.test");
    else if (q->type == TXT)
        put_text(a, "v=site \"quoted\" \x01", 17);
    if (q->type == MX) {
        at = begin(a, ANSWERS, NULL, MX, TTL);
        put16(a, 10);
        put_name(a, "mail.site.test");
        end(a, at);
    }
    put_pair(a, q, "127.0.0.1", "::1");
}

static void ans_srv(struct answer *a, const struct query *q)
{
    if (q->type == SRV) {
        size_t at = begin(a, ANSWERS, NULL, SRV, TTL);
        put16(a, 1);
        put16(a, 2);
        put16(a, 8080);
        put_name(a, "a.site.test");
        end(a, at);
    }
    nodata(a);
}

static void ans_cname(struct answer *a, const struct query *q)
{
    put_target(a, NULL, CNAME, "a.site.test");
    if (q->type == A)
        put_ip(a, "a.site.test", "127.0.0.1", TTL);
}

/* The records of the chain are in the wrong order, as some servers send them. */
static void ans_chain(struct answer *a, const struct query *q)
{
    if (q->type == A)
        put_ip(a, "c4.site.test", "127.0.0.1", TTL);
    put_target(a, "c3.site.test", CNAME, "c4.site.test");
    put_target(a, "c2.site.test", CNAME, "c3.site.test");
    put_target(a, NULL, CNAME, "c2.site.test");
}

static void ans_split(struct answer *a, const struct query *q)
{
    (void)q;
    put_target(a, NULL, CNAME, "a.site.test");
}

static void ans_loop(struct answer *a, const struct query *q)
{
    (void)q;
    put_target(a, NULL, CNAME, "cname-loop2.site.test");
    put_target(a, "cname-loop2.site.test", CNAME, "cname-loop.site.test");
}

static void ans_endless(struct answer *a, const struct query *q)
{
    char next[64];
    snprintf(next, sizeof next, "deeper%d.site.test", atoi(q->star) + 1);
    put_target(a, NULL, CNAME, next);
}

static void ans_nx(struct answer *a, const struct query *q)
{
    (void)q;
    rcode(a, NXDOMAIN);
    put_soa(a, AUTHORITY);
}

static void ans_nodata(struct answer *a, const struct query *q)
{
    (void)q;
    nodata(a);
}

static void ans_servfail(struct answer *a, const struct query *q)
{
    (void)q;
    rcode(a, SERVFAIL);
}

static void ans_refused(struct answer *a, const struct query *q)
{
    (void)q;
    rcode(a, REFUSED);
}

static void ans_notimp(struct answer *a, const struct query *q)
{
    (void)q;
    rcode(a, NOTIMP);
}

static void ans_tc(struct answer *a, const struct query *q)
{
    if (q->tcp)
        ans_v4(a, q);
    else
        a->msg[2] |= 2;
}

static void ans_tcmute(struct answer *a, const struct query *q)
{
    ans_tc(a, q);
    if (q->tcp)
        a->manner = ANSWER_NONE;
}

static void ans_tcfin(struct answer *a, const struct query *q)
{
    ans_tc(a, q);
    if (q->tcp)
        a->manner = ANSWER_FIN;
}

static void ans_mute(struct answer *a, const struct query *q)
{
    (void)q;
    a->manner = ANSWER_NONE;
}

static void ans_slow(struct answer *a, const struct query *q)
{
    a->delay_ms = (unsigned)atoi(q->star);
    ans_both(a, q);
}

static void ans_slow6(struct answer *a, const struct query *q)
{
    ans_v4(a, q);
    if (q->type == AAAA)
        a->manner = ANSWER_NONE;
}

static void ans_slow4(struct answer *a, const struct query *q)
{
    ans_v6(a, q);
    if (q->type == A)
        a->manner = ANSWER_NONE;
}

static void ans_fail6(struct answer *a, const struct query *q)
{
    ans_v4(a, q);
    if (q->type == AAAA)
        rcode(a, SERVFAIL);
}

static void ans_forged(struct answer *a, const struct query *q)
{
    ans_v4(a, q);
    a->manner = ANSWER_FORGED;
}

static void ans_garbage(struct answer *a, const struct query *q)
{
    (void)q;
    a->manner = ANSWER_NOISE;
}

static void ans_noedns(struct answer *a, const struct query *q)
{
    if (q->edns)
        rcode(a, FORMERR);
    else
        ans_v4(a, q);
}

static void ans_lower(struct answer *a, const struct query *q)
{
    for (size_t i = 12; i < 12 + q->qname_len; i++)
        a->msg[i] = (uint8_t)tolower(a->msg[i]);
    ans_v4(a, q);
}

/* Every other query for a name and type is dropped, the first one first. */
static void ans_once(struct answer *a, const struct query *q)
{
    static struct seen {
        struct seen *next;
        unsigned count;
        uint16_t type;
        char name[256];
    } * all;
    struct seen *s = all;
    while (s && (s->type != q->type || strcmp(s->name, q->name) != 0))
        s = s->next;
    if (!s) {
        s = xzalloc(sizeof *s);
        s->type = q->type;
        strcpy(s->name, q->name);
        s->next = all;
        all = s;
    }
    ans_v4(a, q);
    if (s->count++ % 2 == 0)
        a->manner = ANSWER_NONE;
}

static void ans_big(struct answer *a, const struct query *q)
{
    char text[255];
    memset(text, 'b', sizeof text);
    for (int i = 0; q->type == TXT && i < 20; i++)
        put_text(a, text, sizeof text);
    for (int i = 1; q->type == A && i <= 100; i++) {
        char ip[32];
        snprintf(ip, sizeof ip, "127.0.1.%d", i);
        put_ip(a, NULL, ip, TTL);
    }
    nodata(a);
}

static void ans_wrongname(struct answer *a, const struct query *q)
{
    if (q->type == A)
        put_ip(a, "evil.example", "127.0.0.66", TTL);
}

static void ans_pointer(struct answer *a, const struct query *q)
{
    unsigned at = (unsigned)a->len;
    (void)q;
    put16(a, 0xc000 | at); /* points to itself */
    put16(a, A);
    put16(a, 1);
    put32(a, TTL);
    put16(a, 4);
    put32(a, 0x7f000001);
    bump(a, ANSWERS);
}

static void ans_badlen(struct answer *a, const struct query *q)
{
    size_t at;
    (void)q;
    at = begin(a, ANSWERS, NULL, A, TTL);
    put32(a, 0x7f000001);
    a->msg[at - 2] = 0xff;
}

static void ans_missing(struct answer *a, const struct query *q)
{
    (void)q;
    a->msg[ANSWERS + 1] = 3; /* promises records that aren't there */
}

static void ans_short(struct answer *a, const struct query *q)
{
    (void)q;
    a->len = 12;
}

static void ans_reverse(struct answer *a, const struct query *q)
{
    char host[64];
    snprintf(host, sizeof host, "h%d.site.test", atoi(q->star));
    if (q->type == PTR)
        put_target(a, NULL, PTR, host);
    nodata(a);
}

static void ans_reverse6(struct answer *a, const struct query *q)
{
    if (q->type == PTR)
        put_target(a, NULL, PTR, "aaaa.site.test");
    nodata(a);
}

const struct zone_name zone[] = {
    {"site.test",                                                 ans_site, "A, AAAA, MX, TXT, NS, SOA"},
    {"_http._tcp.site.test",                                ans_srv, "SRV"},
    {"a.site.test",                                      ans_v4, "A 127.0.0.1"},
    {"aaaa.site.test",                                                      ans_v6, "AAAA ::1"},
    {"both.site.test",                                               ans_both, "A 127.0.0.1 and AAAA ::1"},
    {"dead6.site.test",                                              ans_dead6, "A 127.0.0.1 and an AAAA that leads nowhere (100::1)"},
    {"dead4.site.test",                                            ans_dead4, "AAAA ::1 and an A that leads nowhere (192.0.2.1)"},
    {"many.site.test",                                                 ans_many, "A 127.0.0.1 to 127.0.0.20"},
    {"big.site.test",                                            ans_big, "TXT of 5 KB, A 127.0.1.1 to 127.0.1.100: too big for UDP"},
    {"ttl0.site.test",                                 ans_ttl0, "A with a TTL of 0"},
    {"cname.site.test",                                           ans_cname, "an alias of a.site.test, all in one answer"},
    {"cname-chain.site.test",      ans_chain, "an alias of c2 of c3 of c4, in the wrong order"},
    {"cname-split.site.test",                                           ans_split,
     "an alias of a.site.test, whose address must be asked for"},
    {"cname-loop.site.test",         ans_loop, "an alias of an alias of itself"},
    {"cname-loop2.site.test",                                            ans_loop, "the other one"},
    {"deeper*.site.test",                                ans_endless, "an alias of the next number, for ever"},
    {"nx*.site.test",                                             ans_nx, "NXDOMAIN with SOA"},
    {"nodata.site.test", ans_nodata, "exists, has no records"},
    {"servfail.site.test",                                            ans_servfail, "SERVFAIL"},
    {"refused.site.test",                                        ans_refused, "REFUSED"},
    {"notimp.site.test",                                           ans_notimp, "NOTIMP"},
    {"tc.site.test",               ans_tc, "TC over UDP, whole over TCP"},
    {"tcmute.site.test",                                     ans_tcmute, "TC over UDP, silence over TCP"},
    {"tcfin.site.test",           ans_tcfin, "TC over UDP, FIN over TCP"},
    {"mute*.site.test",                                     ans_mute, "never answers"},
    {"slow-*.site.test",  ans_slow, "both addresses, after N ms"},
    {"slow6.site.test",                                      ans_slow6, "A at once, AAAA never"},
    {"slow4.site.test",                           ans_slow4, "AAAA at once, A never"},
    {"fail6.site.test",                                     ans_fail6, "A at once, AAAA SERVFAIL"},
    {"forged*.site.test",                                            ans_forged,
     "wrong id, question, case and source port first (127.0.0.66); the truth after 50 ms"},
    {"garbage.site.test",                                         ans_garbage, "an empty datagram, noise, and then nothing"},
    {"noedns.site.test",                    ans_noedns, "FORMERR if there is an OPT record"},
    {"lower.site.test",                                             ans_lower, "doesn't keep the case of the question"},
    {"once*.site.test",                                        ans_once, "drops the first query for a name and type, answers the second"},
    {"wrongname.site.test",                                          ans_wrongname, "an address for another name (127.0.0.66)"},
    {"pointer.site.test",                                   ans_pointer, "a compression pointer to itself"},
    {"badlen.site.test",                                        ans_badlen, "a record longer than the message"},
    {"missing.site.test",                                                 ans_missing, "three records promised, none there"},
    {"short.site.test",                                         ans_short, "nothing behind the header"},
    {"p*.site.test",                                                  ans_v4, "any N: 127.0.0.1"},
    {"s*.site.test",                                          ans_v4, "any N: 127.0.0.1"},
    {"h*.site.test",                                                   ans_v4, "any N: 127.0.0.1"},
    {"c*.site.test",                                              ans_v4, "any N: 127.0.0.1"},
    {"localhost",                              ans_both, "A 127.0.0.1 and AAAA ::1"},
    {"*.0.0.127.in-addr.arpa",                                          ans_reverse, "PTR hN.site.test"},
    {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa",                            ans_reverse6,
     "PTR aaaa.site.test"},
    {"*",                                           ans_nx, "NXDOMAIN with SOA"},
    {0                               },
};

/* Queries. */

bool query_parse(const uint8_t *msg, size_t len, bool tcp, struct query *q)
{
    size_t at = 12, out = 0;
    if (len < 12 || msg[2] & 0x80 || msg[4] != 0 || msg[5] != 1)
        return false;
    *q = (struct query){.msg = msg, .len = len, .tcp = tcp, .udp_size = 512};
    while (at < len && msg[at]) {
        size_t n = msg[at++];
        if (n > 63 || at + n >= len || out + n + 2 > sizeof q->name)
            return false;
        if (out)
            q->name[out++] = '.';
        for (size_t i = 0; i < n; i++)
            q->name[out++] = (char)tolower(msg[at++]);
    }
    at++;
    q->qname_len = at - 12;
    if (at + 4 > len)
        return false;
    q->type = (uint16_t)(msg[at] << 8 | msg[at + 1]);
    at += 4;
    if (msg[11] && at + 11 <= len && msg[at] == 0 && (msg[at + 1] << 8 | msg[at + 2]) == OPT) {
        q->edns = true;
        q->udp_size = (size_t)(msg[at + 3] << 8 | msg[at + 4]);
        if (q->udp_size < 512)
            q->udp_size = 512;
    }
    return true;
}

static bool matches(const char *pattern, struct query *q)
{
    const char *star = strchr(pattern, '*');
    size_t len = strlen(q->name);
    if (!star)
        return strcmp(pattern, q->name) == 0;
    size_t before = (size_t)(star - pattern), after = strlen(star + 1);
    if (len < before + after || strncmp(pattern, q->name, before) != 0 ||
        strcmp(star + 1, q->name + len - after) != 0)
        return false;
    q->star = q->name + before;
    return true;
}

/* Header and question. */
static void start(struct answer *a, const struct query *q)
{
    a->len = 0;
    a->delay_ms = 0;
    a->manner = ANSWER_SEND;
    put8(a, q->msg[0]);
    put8(a, q->msg[1]);
    put8(a, 0x84u | (q->msg[2] & 0x79u)); /* answer, authoritative; opcode and RD as asked */
    put8(a, 0x80);                        /* recursion available */
    put16(a, 1);
    put16(a, 0);
    put32(a, 0);
    for (size_t i = 0; i < q->qname_len + 4; i++)
        put8(a, q->msg[12 + i]);
}

static void put_opt(struct answer *a)
{
    put8(a, 0);
    put16(a, OPT);
    put16(a, 1232);
    put32(a, 0);
    put16(a, 0);
    bump(a, ADDITIONAL);
}

void zone_answer(struct answer *a, struct query *q)
{
    start(a, q);
    for (const struct zone_name *z = zone; z->pattern; z++) {
        if (!matches(z->pattern, q))
            continue;
        z->answer(a, q);
        break;
    }
    bool plain = a->len == 12 || (a->msg[3] & 15) == FORMERR;
    if (q->edns && !plain)
        put_opt(a);
    if (q->tcp || a->len <= q->udp_size)
        return;
    start(a, q);
    a->msg[2] |= 2;
    if (q->edns)
        put_opt(a);
}

void zone_lie(struct answer *a, const struct query *q)
{
    start(a, q);
    put_pair(a, q, "127.0.0.66", "100::66");
}
