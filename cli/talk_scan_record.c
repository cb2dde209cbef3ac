#include "talk_scan_record.h"

#include "base/time.h"

/* ---- A line ---------------------------------------------------------------------------------- */

void scan_record_line(struct out *o, const struct scan_record *r, bool terminal)
{
    out_begin(o);
    size_t from = o->n;
    out_text(o, r->host);
    out_column(o, from, 24, terminal);
    from = o->n;
    if (r->port)
        out_u64(o, r->port);
    else
        out_char(o, '-');
    out_column(o, from, 5, terminal);
    from = o->n;
    out_str(o, r->state);
    out_column(o, from, 11, terminal);
    from = o->n;
    out_milliseconds(o, r->event->took);
    if (r->text[0]) {
        out_column(o, from, 10, terminal);
        out_text(o, fsk_span_str(r->text));
    }
    out_char(o, '\n');
}

/* ---- JSON ------------------------------------------------------------------------------------ */

/* The datagram that came back, in hex. */
static void put_answer(struct out *o, const unsigned char *bytes, size_t n)
{
    OUT_LITERAL(o, ",\"answer_size\":");
    out_u64(o, n);
    OUT_LITERAL(o, ",\"answer\":");
    if (!bytes) {
        OUT_LITERAL(o, "null");
        return;
    }
    out_char(o, '"');
    out_hex(o, bytes, n);
    out_char(o, '"');
}

void scan_record_json(struct out *o, const struct scan_record *r)
{
    const struct fsock_probe_event *e = r->event;
    out_begin(o);
    OUT_LITERAL(o, "{\"schema_version\":1,\"target\":");
    out_json_string(o, fsk_span_str(r->target));
    OUT_LITERAL(o, ",\"host\":");
    out_json_string(o, r->host);
    OUT_LITERAL(o, ",\"port\":");
    out_u64(o, r->port);
    OUT_LITERAL(o, ",\"transport\":\"");
    out_str(o, r->transport);
    OUT_LITERAL(o, "\",\"state\":\"");
    out_str(o, r->state);
    OUT_LITERAL(o, "\",\"remote_ip\":");
    out_json_address(o, e->peer);
    OUT_LITERAL(o, ",\"time_namelookup\":");
    out_seconds(o, e->lookup);
    OUT_LITERAL(o, ",\"time_connect\":");
    out_seconds(o, e->took);
    OUT_LITERAL(o, ",\"exitcode\":");
    out_i64(o, r->exitcode);
    OUT_LITERAL(o, ",\"err\":\"");
    out_str(o, fsock_err_name(e->fault ? e->fault->err : FSOCK_OK));
    OUT_LITERAL(o, "\",\"errormsg\":");
    if (r->text[0])
        out_json_string(o, fsk_span_str(r->text));
    else
        OUT_LITERAL(o, "null");
    OUT_LITERAL(o, ",\"errno\":");
    out_i64(o, e->fault ? e->fault->sys_errno : 0);
    OUT_LITERAL(o, ",\"hint\":");
    if (e->fault && e->fault->hint[0])
        out_json_string(o, fsk_span_str(e->fault->hint));
    else
        OUT_LITERAL(o, "null");
    put_answer(o, e->answer, e->answer_len);
    OUT_LITERAL(o, "}\n");
}
