/* record_line: a record for people and grep. */
#include "get_record.h"

/* Pad what was written since `from` to `width` columns; it holds plain ASCII. */
static void pad(struct out *o, size_t from, size_t width)
{
    for (size_t n = o->n - from; n < width; n++)
        out_char(o, ' ');
}

static void put_result(struct out *o, const struct record *r, bool colour)
{
    bool good = r->outcome->exitcode == EXIT_FINE;
    if (colour)
        out_str(o, good ? "\033[32m" : "\033[31m");
    out_str(o, good ? "ok" : "failed");
    if (colour)
        out_str(o, "\033[0m");
}

static void columns_for_people(struct out *o, const struct record *r)
{
    out_str(o, r->outcome->exitcode == EXIT_FINE ? "     " : " ");
    out_padded(o, (uint64_t)r->response->status, 3);
    out_char(o, ' ');
    size_t from = o->n;
    out_size(o, r->response->size_body);
    pad(o, from, 11);
    from = o->n;
    out_interval(o, r->response->times.total);
    pad(o, from, 10);
}

static void columns_for_programs(struct out *o, const struct record *r)
{
    out_char(o, '\t');
    out_padded(o, (uint64_t)r->response->status, 3);
    out_char(o, '\t');
    out_u64(o, r->response->size_body);
    out_char(o, '\t');
    out_seconds(o, r->response->times.total);
    out_char(o, '\t');
}

/* "MISS->HIT", or what there is of it. */
static void put_cache(struct out *o, const struct record *r)
{
    if (r->again) {
        out_str(o, fsk_cache_verdict_name(r->cache_before));
        out_str(o, "->");
    }
    if (r->response->head_len)
        out_str(o, fsk_cache_verdict_name(record_verdict(r->response)));
}

void record_line(struct out *o, const struct record *r, bool terminal, bool colour)
{
    bool good = r->outcome->exitcode == EXIT_FINE;
    const char *last = good ? r->file : r->outcome->text;
    out_begin(o);
    put_result(o, r, colour);
    if (terminal)
        columns_for_people(o, r);
    else
        columns_for_programs(o, r);
    if (terminal && r->warm) {
        size_t from = o->n;
        put_cache(o, r);
        pad(o, from, 10);
    }
    record_url(o, r->url, out_text);
    if (terminal && r->variant) {
        out_str(o, "  ");
        out_text(o, fsk_span_str(r->variant));
    }
    if (last || (r->warm && !terminal)) {
        out_str(o, !terminal ? "\t" : good ? " -> " : "  ");
        out_text(o, fsk_span_str(last));
    }
    if (r->warm && !terminal) {
        out_char(o, '\t');
        put_cache(o, r);
        out_char(o, '\t');
        out_text(o, fsk_span_str(r->variant));
    }
    out_char(o, '\n');
}
