/* DNS: names that are asked for, and which addresses they have. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tracee_mean_rows.h"
#include "wire/dnsmsg.h"
#include "wire/rdata.h"

/* ---- What is remembered ---------------------------------------------------------------------- */

/* A bit for the types that a name's addresses have, and one for all others. */
static unsigned bit_of(uint16_t type)
{
    return type == FSK_DNS_A ? 1 : type == FSK_DNS_AAAA ? 2 : 4;
}

struct mean_lookup *mean_lookup_with(struct tracee_mean *mean, uint64_t id)
{
    for (unsigned i = 0; id && i < MEAN_LOOKUPS; i++)
        if (mean->lookup[i].id == id)
            return &mean->lookup[i];
    return NULL;
}

struct mean_lookup *mean_lookup_of(struct tracee_mean *mean, const struct fsk_addr *addr)
{
    for (unsigned i = 0; i < MEAN_LOOKUPS; i++) {
        struct mean_lookup *l = &mean->lookup[(mean->newest - i) % MEAN_LOOKUPS];
        for (unsigned a = 0; l->id && a < l->addresses; a++)
            if (memcmp(l->address[a].ip, addr->ip, sizeof addr->ip) == 0 &&
                l->address[a].family == addr->family)
                return l;
    }
    return NULL;
}

/* The newest one of this name that is not over. */
static struct mean_lookup *open_lookup(struct tracee_mean *mean, const char *name)
{
    for (unsigned i = 0; i < MEAN_LOOKUPS; i++) {
        struct mean_lookup *l = &mean->lookup[(mean->newest - i) % MEAN_LOOKUPS];
        if (l->id && !l->ended && strcmp(l->name, name) == 0)
            return l;
    }
    return NULL;
}

void mean_lookup_end(struct tracee_mean *mean, struct mean_lookup *l)
{
    struct tracee_moment now = mean->moment;
    if (!l->done && (!l->claimed || !l->connected)) {
        if (l->ended && !l->claimed)
            mean->moment.at = l->ended;
        mean_done(mean, NULL, l->id, l->sys_errno ? FSOCK_ERR_CONNECT : FSOCK_OK,
                  FSOCK_STAGE_CONNECT, l->sys_errno, NULL);
    }
    mean->moment = now;
    l->id = 0;
}

static struct mean_lookup *new_lookup(struct tracee_mean *mean, const struct tracee_conn *conn,
                                      const char *name, uint16_t type)
{
    char word[FSK_DNS_WORD];
    struct mean_lookup *l = &mean->lookup[++mean->newest % MEAN_LOOKUPS];
    if (l->id)
        mean_lookup_end(mean, l);
    *l = (struct mean_lookup){.id = ++mean->ids, .connection = conn->number};
    snprintf(l->name, sizeof l->name, "%s", name);
    MEAN_MARK(mean, NULL, FSOCK_MARK_START, l->id, 0, 0, fsk_text("name", name),
              fsk_text("type", bit_of(type) == 4 ? fsk_dns_type_name(type, word) : NULL));
    MEAN_MARK(mean, NULL, FSOCK_MARK_LOOKUP, l->id, 0, 0, fsk_text("host", name));
    return l;
}

/* Without the last dot, as people write names. */
static const char *name_text(const struct fsk_dname *name, char text[FSK_DNAME_TEXT])
{
    size_t n = fsk_dname_to_text(name, text);
    if (n > 1 && text[n - 1] == '.' && (n < 2 || text[n - 2] != '\\'))
        text[n - 1] = '\0';
    return text;
}

/* ---- Messages -------------------------------------------------------------------------------- */

static void question(struct tracee_mean *mean, struct tracee_conn *conn,
                     const struct fsk_dns_msg *m, const char *server, const char *transport)
{
    char name[FSK_DNAME_TEXT], type[FSK_DNS_WORD];
    name_text(&m->qname, name);
    struct mean_lookup *l = open_lookup(mean, name);
    if (!l)
        l = new_lookup(mean, conn, name, m->qtype);
    l->open |= bit_of(m->qtype);
    l->connection = conn->number;
    MEAN_MARK(mean, conn, FSOCK_MARK_QUERY, l->id, 0, m->n, fsk_text("server", server),
              fsk_text("name", name), fsk_text("type", fsk_dns_type_name(m->qtype, type)),
              fsk_text("transport", transport));
}

/* Keep the addresses that an answer tells. */
static void keep_addresses(struct mean_lookup *l, const struct fsk_dns_msg *m)
{
    struct fsk_dns_iter it;
    struct fsk_dns_record r;
    fsk_dns_iter_init(&it, m);
    while (fsk_dns_next(&it, &r)) {
        bool four = r.type == FSK_DNS_A && r.rdlen == 4;
        bool six = r.type == FSK_DNS_AAAA && r.rdlen == 16;
        if (r.section != FSK_DNS_ANSWER || !(four || six) || l->addresses == MEAN_ADDRESSES)
            continue;
        struct fsk_addr *a = &l->address[l->addresses++];
        *a = (struct fsk_addr){.family = four ? 4 : 6};
        memcpy(a->ip, m->p + r.rdata, r.rdlen);
    }
}

/*
 * All that was asked is answered, or (err) can't be used. That a name exists without an address of
 * the kind that was asked for is an answer, too.
 */
static void end(struct tracee_mean *mean, struct mean_lookup *l, enum fsock_err err,
                const char *why)
{
    char text[MEAN_ADDRESSES * (FSK_ADDR_TEXT + 1)] = "";
    size_t n = 0;
    l->ended = mean->moment.at;
    for (unsigned i = 0; i < l->addresses; i++) {
        if (n)
            text[n++] = ' ';
        n += fsk_addr_format(&l->address[i], text + n);
    }
    MEAN_MARK(mean, NULL, FSOCK_MARK_ADDRESSES, l->id, 0, l->addresses, fsk_text("host", l->name),
              fsk_text("addresses", n ? text : NULL), fsk_text("why", why));
    if (why)
        mean_done(mean, NULL, l->id, err, FSOCK_STAGE_RESOLVE, 0, err == FSOCK_OK ? NULL : why);
}

/* The last answer that was waited for has come. */
static void end_answered(struct tracee_mean *mean, struct mean_lookup *l, bool addresses)
{
    if (l->addresses || (!addresses && !l->rcode[0]))
        end(mean, l, FSOCK_OK, NULL);
    else if (!l->rcode[0])
        end(mean, l, FSOCK_OK, "no address");
    else
        end(mean, l, strcmp(l->rcode, "NXDOMAIN") ? FSOCK_ERR_DNS : FSOCK_ERR_NAME, l->rcode);
}

static void answer(struct tracee_mean *mean, struct tracee_conn *conn, const struct fsk_dns_msg *m,
                   const char *server)
{
    char name[FSK_DNAME_TEXT], type[FSK_DNS_WORD], room[FSK_DNS_WORD];
    name_text(&m->qname, name);
    struct mean_lookup *l = open_lookup(mean, name);
    if (!l || !(l->open & bit_of(m->qtype)))
        return;
    const char *rcode = fsk_dns_rcode_name(m->rcode, room);
    MEAN_MARK(mean, conn, FSOCK_MARK_ANSWER, l->id, 0, m->n, fsk_text("server", server),
              fsk_text("name", name), fsk_text("type", fsk_dns_type_name(m->qtype, type)),
              fsk_text("rcode", rcode), fsk_number("records", m->count[FSK_DNS_ANSWER]),
              fsk_text("cut", m->tc ? "yes" : NULL));
    if (m->tc)
        return; /* it is asked again by TCP */
    keep_addresses(l, m);
    l->open &= ~bit_of(m->qtype);
    if (m->rcode)
        snprintf(l->rcode, sizeof l->rcode, "%s", rcode);
    if (!l->open)
        end_answered(mean, l, bit_of(m->qtype) != 4);
}

bool mean_dns(struct tracee_mean *mean, struct tracee_conn *conn, bool out, struct fsk_span message,
              const char *server, const char *transport)
{
    struct fsk_dns_msg m;
    if (fsk_dns_parse(&m, (const uint8_t *)message.p, message.n) < 0 || m.qr == out ||
        m.opcode != 0 || m.questions != 1)
        return false;
    if (out)
        question(mean, conn, &m, server, transport);
    else
        answer(mean, conn, &m, server);
    return true;
}

void mean_dns_stream(struct tracee_mean *mean, struct tracee_conn *conn, bool out,
                     struct fsk_span bytes)
{
    struct talk_dns *dns = conn->talk.dns;
    struct fsk_buf *b = out ? &dns->out : &dns->in;
    if (!dns || fsk_buf_append(b, bytes.p, bytes.n) != FSOCK_OK) {
        tracee_talk_turn(&conn->talk, TALK_OTHER);
        return;
    }
    for (;;) {
        struct fsk_span s = fsk_buf_span(b);
        size_t n = s.n < 2 ? 0 : (size_t)(unsigned char)s.p[0] << 8 | (unsigned char)s.p[1];
        if (s.n < 2 || s.n - 2 < n)
            return;
        mean_dns(mean, conn, out, fsk_span(s.p + 2, n), conn->talk.peer, "tcp");
        fsk_buf_consume(b, n + 2);
    }
}

void mean_lookups_gone(struct tracee_mean *mean, struct tracee_conn *conn)
{
    for (unsigned i = 0; i < MEAN_LOOKUPS; i++) {
        struct mean_lookup *l = &mean->lookup[i];
        if (l->id && !l->ended && l->connection == conn->number)
            end(mean, l, l->addresses ? FSOCK_OK : FSOCK_ERR_DNS,
                l->addresses ? NULL : "no answer");
    }
}
