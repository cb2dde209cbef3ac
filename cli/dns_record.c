#include "dns_record.h"

#include <string.h>

/* ---- lines ----------------------------------------------------------------------------------- */

/* Pad what was written since `from` to `width` columns; it holds plain ASCII. */
static void pad(struct out *o, size_t from, size_t width)
{
    for (size_t n = o->n - from; n < width; n++)
        out_char(o, ' ');
}

static void put_status(struct out *o, const struct dns_record *r, bool colour)
{
    bool found = r->answer && r->answer->status == FSOCK_DNS_NOERROR;
    if (colour)
        out_str(o, found ? "\033[32m" : r->exitcode ? "\033[31m" : "\033[33m");
    out_str(o, r->status);
    if (colour)
        out_str(o, "\033[0m");
}

/* What stands before DATA. */
static void put_columns(struct out *o, const struct dns_record *r, const char *type,
                        const uint32_t *ttl, bool terminal, bool colour)
{
    size_t from = o->n;
    out_text(o, r->name);
    if (terminal)
        pad(o, from, 24);
    out_char(o, terminal ? ' ' : '\t');
    from = o->n;
    out_str(o, type);
    if (terminal)
        pad(o, from, 5);
    out_char(o, terminal ? ' ' : '\t');
    from = o->n;
    put_status(o, r, colour);
    if (terminal)
        pad(o, from, colour ? 17 : 8);
    out_char(o, terminal ? ' ' : '\t');
    from = o->n;
    if (ttl)
        out_u64(o, *ttl);
    else
        out_char(o, '-');
    if (terminal)
        pad(o, from, 6);
    out_char(o, terminal ? ' ' : '\t');
}

void dns_record_lines(struct out *o, const struct dns_record *r, bool terminal, bool colour)
{
    const struct fsock_answer *a = r->answer;
    out_begin(o);
    for (size_t i = 0; a && i < a->count; i++) {
        const struct fsock_record *record = &a->records[i];
        put_columns(o, r, record->type_name, &record->ttl, terminal, colour);
        out_bytes(o, record->data, record->data_len);
        out_char(o, '\n');
    }
    if (a && a->status == FSOCK_DNS_NOERROR)
        return;
    put_columns(o, r, r->type[0] ? r->type : "-", NULL, terminal, colour);
    out_text(o, fsk_span_str(r->text));
    out_char(o, '\n');
}

void dns_record_short(struct out *o, const struct dns_record *r)
{
    const struct fsock_answer *a = r->answer;
    out_begin(o);
    for (size_t i = 0; a && i < a->count; i++) {
        out_bytes(o, a->records[i].data, a->records[i].data_len);
        out_char(o, '\n');
    }
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void put_records(struct out *o, const struct fsock_answer *a)
{
    OUT_LITERAL(o, ",\"answers\":[");
    for (size_t i = 0; a && i < a->count; i++) {
        const struct fsock_record *r = &a->records[i];
        if (i)
            out_char(o, ',');
        OUT_LITERAL(o, "{\"name\":");
        out_json_string(o, fsk_span_str(r->name));
        OUT_LITERAL(o, ",\"type\":\"");
        out_str(o, r->type_name);
        OUT_LITERAL(o, "\",\"ttl\":");
        out_u64(o, r->ttl);
        OUT_LITERAL(o, ",\"data\":");
        out_json_string(o, fsk_span(r->data, r->data_len));
        out_char(o, '}');
    }
    out_char(o, ']');
}

static void put_flags(struct out *o, unsigned flags)
{
    static const struct {
        unsigned flag;
        const char *text;
    } names[] = {
        {FSOCK_DNS_AA,     "\"aa\"" },
        {FSOCK_DNS_RD,     "\"rd\"" },
        {FSOCK_DNS_RA,     "\"ra\"" },
        {FSOCK_DNS_AD,     "\"ad\"" },
        {FSOCK_DNS_CD,     "\"cd\"" },
        {FSOCK_DNS_BY_TCP, "\"tcp\""},
        {FSOCK_DNS_BY_TLS, "\"tls\""},
    };
    bool more = false;
    OUT_LITERAL(o, ",\"flags\":[");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!(flags & names[i].flag))
            continue;
        if (more)
            out_char(o, ',');
        out_str(o, names[i].text);
        more = true;
    }
    out_char(o, ']');
}

/* What a question that was asked has, besides its records. */
static void put_answer(struct out *o, const struct fsock_answer *a)
{
    OUT_LITERAL(o, ",\"rcode\":");
    out_i64(o, a ? a->rcode : -1);
    OUT_LITERAL(o, ",\"ttl\":");
    out_u64(o, a ? a->ttl : 0);
    OUT_LITERAL(o, ",\"server\":\"");
    out_str(o, a ? a->server : "");
    OUT_LITERAL(o, "\",\"tries\":");
    out_u64(o, a ? a->tries : 0);
    OUT_LITERAL(o, ",\"time\":");
    out_seconds(o, a ? a->took : 0);
    put_flags(o, a ? a->flags : 0);
}

void dns_record_json(struct out *o, const struct dns_record *r)
{
    const struct fsock_answer *a = r->answer;
    out_begin(o);
    OUT_LITERAL(o, "{\"schema_version\":1,\"name\":");
    out_json_string(o, r->name);
    OUT_LITERAL(o, ",\"qname\":");
    out_json_string(o, a ? fsk_span_str(a->qname) : fsk_span("", 0));
    OUT_LITERAL(o, ",\"type\":\"");
    out_str(o, r->type);
    OUT_LITERAL(o, "\",\"status\":\"");
    out_str(o, r->status);
    out_char(o, '"');
    put_records(o, a);
    put_answer(o, a);
    OUT_LITERAL(o, ",\"exitcode\":");
    out_i64(o, r->exitcode);
    OUT_LITERAL(o, ",\"err\":\"");
    out_str(o, r->err);
    OUT_LITERAL(o, "\",\"errormsg\":");
    out_json_string(o, fsk_span_str(r->text));
    OUT_LITERAL(o, ",\"hint\":");
    out_json_string(o, fsk_span_str(a && a->fault ? a->fault->hint : ""));
    OUT_LITERAL(o, "}\n");
}
