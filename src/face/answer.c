/* answer.c: a struct fsock_answer, made of what a query has kept. */
#include <stdio.h>
#include <stdlib.h>

#include "base/explain.h"
#include "base/fault.h"
#include "base/time.h"
#include "face/ask.h"
#include "wire/rdata.h"

#define TEXT_MAX                                                                                   \
    ((size_t)16 * 1024 * 1024) /* a message of 64 KiB, escaped, and what it repeats                \
                                */

void fsk_answer_init(struct fsk_answer *a)
{
    *a = (struct fsk_answer){.record = NULL};
    fsk_buf_init(&a->text, TEXT_MAX);
}

void fsk_answer_fini(struct fsk_answer *a)
{
    fsk_buf_fini(&a->text);
    free(a->record);
    a->record = NULL;
    a->records = 0;
}

int fsock_dns_type(const char *text, size_t len)
{
    return fsk_dns_type_number(fsk_span(text, len));
}

/* ---- records --------------------------------------------------------------------------------- */

static struct fsock_record *new_record(struct fsk_answer *a)
{
    if (a->answer.count == a->records) {
        size_t more = a->records ? a->records * 2 : 16;
        struct fsock_record *record = realloc(a->record, more * sizeof *record);
        if (!record)
            return NULL;
        a->record = record;
        a->records = more;
    }
    return &a->record[a->answer.count++];
}

static enum fsock_err put_name(struct fsk_buf *text, const struct fsk_dname *name)
{
    enum fsock_err err = fsk_buf_reserve(text, FSK_DNAME_TEXT);
    if (err == FSOCK_OK)
        text->end += fsk_dname_to_text(name, text->mem + text->end) + 1;
    return err;
}

/*
 * Append a record, whose owner is the name that was asked for, or another one. Its texts are
 * offsets until all have been put, since the buffer moves; NULL stands for the name, or the type,
 * that was asked for.
 */
static enum fsock_err put_record(struct fsk_answer *a, const struct fsk_dns_msg *m,
                                 const struct fsk_dns_record *rec, bool asked)
{
    char word[FSK_DNS_WORD];
    struct fsk_buf *text = &a->text;
    struct fsock_record *r = new_record(a);
    if (!r)
        return FSOCK_ERR_MEMORY;
    *r = (struct fsock_record){.ttl = rec->ttl, .type = rec->type};
    r->name = asked ? NULL : (const char *)text->end;
    enum fsock_err err = asked ? FSOCK_OK : put_name(text, &rec->owner);
    if (err == FSOCK_OK && rec->type != a->answer.type) {
        const char *type = fsk_dns_type_name(rec->type, word);
        r->type_name = (const char *)text->end;
        err = fsk_buf_append(text, type, strlen(type) + 1);
    }
    r->data = (const char *)text->end;
    if (err == FSOCK_OK)
        err = fsk_rdata_text(text, m, rec);
    r->data_len = text->end - (size_t)r->data;
    if (err == FSOCK_OK)
        err = fsk_buf_append(text, "", 1);
    if (err != FSOCK_OK)
        a->answer.count--;
    return err;
}

/* All records have been put, or there is none. */
static void place_texts(struct fsk_answer *a, enum fsock_err put)
{
    if (put != FSOCK_OK)
        a->answer.count = 0;
    for (size_t i = 0; i < a->answer.count; i++) {
        struct fsock_record *r = &a->record[i];
        r->name = r->name ? a->text.mem + (size_t)r->name : a->qname;
        r->type_name = r->type_name ? a->text.mem + (size_t)r->type_name : a->answer.type_name;
        r->data = a->text.mem + (size_t)r->data;
    }
    a->answer.records = a->record;
}

/* The records of one owner that matter; in *owner where its CNAME leads to, if that is all. */
static enum fsock_err put_owned(struct fsk_answer *a, const struct fsk_dns_msg *m, uint16_t type,
                                struct fsk_dname *owner, bool first, bool *leads_on)
{
    struct fsk_dns_iter it;
    struct fsk_dns_record rec;
    struct fsk_dname target;
    bool found = false;
    *leads_on = false;
    enum fsock_err err = FSOCK_OK;
    for (fsk_dns_iter_init(&it, m); err == FSOCK_OK && fsk_dns_next(&it, &rec);) {
        bool wanted = rec.type == type || type == FSK_DNS_ANY;
        if (rec.section != FSK_DNS_ANSWER)
            break;
        if (rec.class != FSK_DNS_IN || (!wanted && rec.type != FSK_DNS_CNAME) ||
            !fsk_dname_eq(&rec.owner, owner))
            continue;
        found |= wanted;
        if (!wanted && !*leads_on)
            *leads_on = fsk_dns_name(m->p, m->n, rec.rdata, &target) > 0;
        err = put_record(a, m, &rec, first);
    }
    *leads_on &= !found;
    if (*leads_on)
        *owner = target;
    return err;
}

/* The way from the name that was asked for to the records: CNAMEs in the order they lead. */
static enum fsock_err put_way(struct fsk_answer *a, const struct fsk_dns_msg *m, uint16_t type)
{
    const bool first = !a->answer.count; /* later messages are about where CNAMEs led to */
    struct fsk_dname owner;
    bool leads_on = true;
    enum fsock_err err = FSOCK_OK;
    fsk_dname_copy(&owner, &m->qname);
    for (unsigned i = 0; i < m->count[0] && leads_on && err == FSOCK_OK; i++) /* not in circles */
        err = put_owned(a, m, type, &owner, first && !i, &leads_on);
    return err;
}

/* ---- all else -------------------------------------------------------------------------------- */

static unsigned flags_of(const struct fsk_dns_msg *m)
{
    return (m->aa ? FSOCK_DNS_AA : 0u) | (m->rd ? FSOCK_DNS_RD : 0u) | (m->ra ? FSOCK_DNS_RA : 0u) |
           (m->ad ? FSOCK_DNS_AD : 0u) | (m->cd ? FSOCK_DNS_CD : 0u);
}

/* What a message says of itself. */
static void put_header(struct fsk_answer *a, const struct fsk_dns_msg *m)
{
    a->answer.rcode = m->rcode;
    a->answer.flags = flags_of(m);
    a->answer.message = m->p;
    a->answer.message_len = m->n;
}

/* Begin an answer anew. */
static void restart(struct fsk_answer *a, const struct fsk_dname *qname, uint16_t type,
                    const char *name)
{
    fsk_dname_to_text(qname, a->qname);
    a->answer = (struct fsock_answer){.name = name ? name : a->qname,
                                      .qname = a->qname,
                                      .type = type,
                                      .type_name = fsk_dns_type_name(type, a->type),
                                      .rcode = -1,
                                      .server = ""};
    fsk_buf_clear(&a->text);
    fsk_buf_append(&a->text, "", 1); /* offset 0 is nobody's */
}

/* The name that the question of a message is about. */
static bool read_qname(struct fsk_dname *qname, const uint8_t *p, size_t n)
{
    return fsk_dns_name(p, n, FSK_DNS_HEADER, qname) > 0;
}

/* The messages that a query has kept, one after the other. */
static enum fsock_err put_messages(struct fsk_answer *a, const struct fsk_ask *ask)
{
    struct fsk_span kept = fsk_buf_span(&ask->kept);
    struct fsk_dname alias;
    struct fsk_dns_msg m;
    enum fsock_err err = FSOCK_OK;
    for (const struct fsk_dname *qname = &ask->qname; kept.n >= 2 && err == FSOCK_OK;
         qname = &alias) {
        const uint8_t *p = (const uint8_t *)kept.p;
        size_t n = (size_t)(p[0] << 8 | p[1]);
        kept = fsk_span(kept.p + 2 + n, kept.n - 2 - n);
        if (qname == &alias && !read_qname(&alias, p + 2, n))
            break;
        fsk_dns_reopen(&m, qname, p + 2, n);
        put_header(a, &m);
        /* What an NXDOMAIN brings besides CNAMEs is not to be believed. */
        err = put_way(a, &m, m.rcode == FSK_DNS_NXDOMAIN ? 0 : ask->type);
    }
    return err;
}

static void set_status(struct fsk_answer *a, enum fsock_dns_status status)
{
    static const char *const names[] = {
        [FSOCK_DNS_NOERROR] = "NOERROR",   [FSOCK_DNS_NODATA] = "NODATA",
        [FSOCK_DNS_NXDOMAIN] = "NXDOMAIN", [FSOCK_DNS_TIMEOUT] = "TIMEOUT",
        [FSOCK_DNS_ERROR] = "ERROR",       [FSOCK_DNS_CANCELED] = "INTERRUPTED",
    };
    a->answer.status = status;
    a->answer.status_name = status == FSOCK_DNS_RCODE
                                ? fsk_dns_rcode_name((unsigned)a->answer.rcode, a->status)
                                : names[status];
}

/* Servers were asked, and none gave a final answer: what stands out among what they did. */
static enum fsock_dns_status failure(struct fsk_answer *a, const struct fsk_query *q)
{
    bool silent = !q->notes;
    int rcode = -1;
    for (unsigned i = 0; i < q->notes; i++) {
        if (q->note[i].trouble == FSK_TROUBLE_RCODE) {
            rcode = q->note[i].detail;
            a->answer.server = q->note[i].server->text;
        }
        silent |= q->note[i].trouble == FSK_TROUBLE_NONE;
    }
    if (rcode >= 0)
        a->answer.rcode = rcode;
    return rcode >= 0 ? FSOCK_DNS_RCODE : silent ? FSOCK_DNS_TIMEOUT : FSOCK_DNS_ERROR;
}

static void put_fault(struct fsk_answer *a, enum fsock_err err, const char *why)
{
    struct fsock_fault *f = &a->fault;
    *f = (struct fsock_fault){.err = FSOCK_OK};
    fsk_fault_set(f, err, FSOCK_STAGE_RESOLVE, 0, "resolve %.200s %s: %s", a->answer.name,
                  a->answer.type_name, why);
    if (err == FSOCK_ERR_TIMEOUT)
        f->limit = FSOCK_LIMIT_TOTAL;
    f->took = a->answer.took;
    fsk_fault_advise(f);
    a->answer.fault = f;
}

/* The records could not be put: that is worse than what is known without them. */
static void tell_lack(struct fsk_answer *a, enum fsock_err put)
{
    if (put == FSOCK_OK)
        return;
    set_status(a, FSOCK_DNS_ERROR);
    put_fault(a, put, put == FSOCK_ERR_MEMORY ? "out of memory" : "the answer is far too big");
}

/* A query that failed: status and fault. */
static void tell_failure(struct fsk_answer *a, const struct fsk_query *q, enum fsock_err err)
{
    char why[480];
    fsk_query_describe(q, q->started + q->took, why, sizeof why);
    set_status(a, err == FSOCK_ERR_DNS ? failure(a, q) : FSOCK_DNS_ERROR);
    if (a->answer.status == FSOCK_DNS_TIMEOUT)
        err = FSOCK_ERR_TIMEOUT;
    put_fault(a, err, err == FSOCK_ERR_MEMORY ? "out of memory" : why);
}

static void tell_success(struct fsk_answer *a, const struct fsk_query *q)
{
    static const unsigned by[] = {FSOCK_DNS_BY_TCP, FSOCK_DNS_BY_TCP, FSOCK_DNS_BY_TLS};
    a->answer.server = q->server->text;
    a->answer.ttl = q->result.ttl;
    a->answer.flags |= q->by_stream ? by[q->server->transport] : 0;
    switch (q->result.outcome) {
    case FSK_DNS_FOUND:
        set_status(a, FSOCK_DNS_NOERROR);
        break;
    case FSK_DNS_NODATA:
        set_status(a, FSOCK_DNS_NODATA);
        break;
    case FSK_DNS_NO_NAME:
        set_status(a, FSOCK_DNS_NXDOMAIN);
        break;
    default:
        set_status(a, FSOCK_DNS_ERROR);
        put_fault(a, FSOCK_ERR_DNS, "its CNAME records lead in a circle, or too far");
    }
}

void fsk_answer_tell(struct fsk_answer *a, const struct fsk_ask *ask, enum fsock_err err,
                     const char *why)
{
    const struct fsk_query *q = &ask->query;
    restart(a, &ask->qname, ask->type, ask->given.mem);
    a->answer.tries = q->tries;
    a->answer.took = q->took;
    enum fsock_err put = put_messages(a, ask);
    place_texts(a, put);
    if (err == FSOCK_ERR_CANCELED) {
        set_status(a, FSOCK_DNS_CANCELED);
        put_fault(a, err, why);
    } else if (err != FSOCK_OK) {
        tell_failure(a, q, err);
    } else {
        tell_success(a, q);
        tell_lack(a, put);
    }
}

void fsk_answer_refused(struct fsk_answer *a, const char *name, const struct fsock_fault *fault)
{
    static const struct fsk_dname root = {1, {0}};
    restart(a, &root, 0, name);
    a->qname[0] = '\0';
    set_status(a, FSOCK_DNS_ERROR);
    a->fault = *fault;
    a->answer.fault = &a->fault;
}

/* All records of the answer section, whoever owns them. */
static enum fsock_err put_all(struct fsk_answer *a, const struct fsk_dns_msg *m)
{
    struct fsk_dns_iter it;
    struct fsk_dns_record rec;
    enum fsock_err err = FSOCK_OK;
    for (fsk_dns_iter_init(&it, m); err == FSOCK_OK && fsk_dns_next(&it, &rec);)
        if (rec.section == FSK_DNS_ANSWER)
            err = put_record(a, m, &rec, false);
    return err;
}

enum fsock_err fsk_answer_parse(struct fsk_answer *a, const uint8_t *message, size_t len)
{
    static const char *const bad[] = {
        [-FSK_DNS_BAD_SHORT] = "the message ends too early",
        [-FSK_DNS_BAD_NAME] = "a name in it is malformed",
        [-FSK_DNS_BAD_RDATA] = "a record in it has the wrong length",
        [-FSK_DNS_BAD_OPT] = "its OPT record is malformed",
    };
    struct fsk_dns_msg m;
    int used = fsk_dns_parse(&m, message, len);
    restart(a, &m.qname, m.qtype, NULL);
    set_status(a, FSOCK_DNS_ERROR);
    if (used < 0) {
        put_fault(a, FSOCK_ERR_PROTOCOL, bad[-used]);
        return FSOCK_ERR_PROTOCOL;
    }
    put_header(a, &m);
    enum fsock_err err = put_all(a, &m);
    place_texts(a, err);
    if (m.rcode == FSK_DNS_NXDOMAIN)
        set_status(a, FSOCK_DNS_NXDOMAIN);
    else if (m.rcode != FSK_DNS_NOERROR)
        set_status(a, FSOCK_DNS_RCODE);
    else
        set_status(a, a->answer.count ? FSOCK_DNS_NOERROR : FSOCK_DNS_NODATA);
    tell_lack(a, err);
    return err;
}
