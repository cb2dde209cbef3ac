#include "trace_draw.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "trace_markup.h"

/* ---- Bars ------------------------------------------------------------------------------------ */

static double place(const struct trace_chart *c, const struct trace_axis *axis, int64_t at)
{
    return axis->left + trace_chart_percent(c, at) * axis->width / 100;
}

static void put_length(struct out *o, const char *name, double length, const char *unit)
{
    out_char(o, ' ');
    out_str(o, name);
    OUT_LITERAL(o, "=\"");
    markup_decimal(o, length, 5);
    out_str(o, unit);
    out_char(o, '"');
}

void trace_draw_x(struct out *o, const struct trace_chart *c, const struct trace_axis *axis,
                  const char *name, int64_t at)
{
    put_length(o, name, place(c, axis, at), axis->unit);
}

/* One that would be too narrow to be seen has a line around it, as the class "thin" says. */
static void put_box(struct out *o, const struct trace_chart *c, const struct trace_axis *axis,
                    const char *class, const struct trace_span *s)
{
    double from = place(c, axis, s->from), width = place(c, axis, s->to) - from;
    OUT_LITERAL(o, "<rect class=\"");
    out_str(o, class);
    if (width < axis->width / 500)
        OUT_LITERAL(o, " thin");
    out_char(o, '"');
    put_length(o, "x", from, axis->unit);
    put_length(o, "width", width > 0 ? width : 0, axis->unit);
}

void trace_draw_bar(struct out *o, const struct trace_chart *c, const struct trace_axis *axis,
                    const struct trace_exchange *x)
{
    const struct trace_span whole = {x->start, x->end};
    put_box(o, c, axis, "whole", &whole);
    OUT_LITERAL(o, " y=\"11\" height=\"2\"/>");
    for (unsigned i = 0; i < TRACE_STAGES; i++) {
        if (x->stage[i].from < 0)
            continue;
        put_box(o, c, axis, trace_stage_names[i], &x->stage[i]);
        if (i <= TRACE_TLS)
            OUT_LITERAL(o, " y=\"8\" height=\"8\"/>");
        else
            OUT_LITERAL(o, " y=\"5\" height=\"14\"/>");
    }
    if (!x->failed)
        return;
    OUT_LITERAL(o, "<svg class=\"cross\" overflow=\"visible\" width=\"1\" height=\"1\" y=\"12\"");
    trace_draw_x(o, c, axis, "x", x->end);
    OUT_LITERAL(o, "><path class=\"halo\" d=\"M-5-5 5 5M5-5-5 5\"/>"
                   "<path d=\"M-5-5 5 5M5-5-5 5\"/></svg>");
}

static void put_busy(struct out *o, const struct trace_chart *c, const struct trace_axis *axis,
                     const struct trace_span *s)
{
    put_box(o, c, axis, "busy", s);
    OUT_LITERAL(o, " y=\"10\" height=\"4\"/>");
}

void trace_draw_busy(struct out *o, const struct trace_chart *c, const struct trace_axis *axis,
                     const struct trace_chart_host *h)
{
    const int64_t seen = (c->last - c->first) / 1000; /* a gap that is shorter is none */
    struct trace_span busy = {h->start, h->start};
    for (size_t i = 0; i < h->all; i++) {
        const struct trace_exchange *x = h->row[i];
        if (x->start > c->last)
            break;
        if (x->start > busy.to + seen) {
            put_busy(o, c, axis, &busy);
            busy = (struct trace_span){x->start, x->end};
        }
        busy.to = x->end > busy.to ? x->end : busy.to;
    }
    put_busy(o, c, axis, &busy);
}

/* A column from the ground up, which can be seen. */
static void put_column(struct out *o, const struct trace_axis *axis, unsigned height, unsigned i,
                       const char *class, double part)
{
    const double width = axis->width / TRACE_CHART_COLUMNS;
    const double tall = part * height < 1.5 ? 1.5 : part > 1 ? height : part * height;
    OUT_LITERAL(o, "<rect class=\"");
    out_str(o, class);
    out_char(o, '"');
    put_length(o, "x", axis->left + i * width, axis->unit);
    put_length(o, "width", width, axis->unit);
    put_length(o, "y", height - tall, "");
    put_length(o, "height", tall, "");
    OUT_LITERAL(o, "/>");
}

void trace_draw_load(struct out *o, const struct trace_axis *axis, unsigned height,
                     const struct trace_chart_load *load)
{
    for (unsigned i = 0; i < TRACE_CHART_COLUMNS; i++) {
        if (load->running[i] > 0)
            put_column(o, axis, height, i, "load", load->running[i] / (double)load->most);
        if (load->failed[i])
            put_column(o, axis, height, i, "failed", load->failed[i] / (double)load->most);
    }
}

/* ---- Words ----------------------------------------------------------------------------------- */

void trace_draw_title(struct out *o, const struct trace_chart *c)
{
    static const char *const verbs[] = {"get", "dns", "talk", "check"};
    const char *args = c->model->runs ? c->model->run[0].args : "";
    for (unsigned i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(args, verbs[i]) == 0)
            OUT_LITERAL(o, "fsock ");
    if (*args)
        markup_short(o, fsk_span_str(args), 80);
    else
        OUT_LITERAL(o, "A trace");
    if (c->model->runs > 1) {
        OUT_LITERAL(o, ", and ");
        markup_count(o, c->model->runs - 1, "more run", "s");
    }
}

void trace_draw_when(struct out *o, const struct trace_chart *c)
{
    char text[64];
    time_t at = (time_t)(trace_model_wall(c->model, 0) / (int64_t)FSOCK_SECOND);
    struct tm tm;
    if (at > 0 && gmtime_r(&at, &tm) && strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &tm))
        out_str(o, text);
}

void trace_draw_rest(struct out *o, const struct trace_chart *c)
{
    if (!c->model->n)
        OUT_LITERAL(o, "The trace holds no exchange.");
    if (c->rows == c->model->n)
        return;
    OUT_LITERAL(o, "Only the first ");
    markup_number(o, c->rows);
    OUT_LITERAL(o, " of ");
    markup_count(o, c->model->n, "exchange", "s");
    OUT_LITERAL(
        o, " have a row; counts are of all. --since, --until, --host and --failed choose others.");
}

void trace_draw_failure(struct out *o, const struct trace_exchange *x)
{
    if (!x->failed)
        return;
    markup_text(o, fsk_span_str(x->err ? x->err : "failed"));
    if (x->failed_stage) {
        OUT_LITERAL(o, " in ");
        markup_text(o, fsk_span_str(x->failed_stage));
    }
    const char *why = x->why ? x->why : x->sys_errno;
    if (why) {
        OUT_LITERAL(o, ": ");
        markup_text(o, fsk_span_str(why));
    }
}

/* The word between two facts. */
static void separate(struct out *o, bool *some)
{
    if (*some)
        OUT_LITERAL(o, ", ");
    *some = true;
}

static void put_fact(struct out *o, bool *some, const char *text)
{
    if (!text || !*text)
        return;
    separate(o, some);
    markup_text(o, fsk_span_str(text));
}

static void put_bytes(struct out *o, bool *some, uint64_t bytes, const char *what)
{
    if (!bytes)
        return;
    separate(o, some);
    out_size(o, bytes);
    out_str(o, what);
}

static void put_number(struct out *o, bool *some, uint64_t n, const char *one)
{
    separate(o, some);
    markup_count(o, n, one, "s");
}

bool trace_draw_facts(struct out *o, const struct trace_exchange *x)
{
    bool some = false;
    put_fact(o, &some, x->addr);
    put_fact(o, &some, x->reused ? "a kept connection" : NULL);
    put_fact(o, &some, x->server);
    put_fact(o, &some, x->rcode);
    put_fact(o, &some, x->tls_version);
    put_fact(o, &some, x->tls_cipher);
    put_fact(o, &some, x->resumed ? "a resumed session" : NULL);
    put_fact(o, &some, x->alpn);
    if (x->queries > 1)
        put_number(o, &some, x->queries, "question");
    if (x->attempts > 1)
        put_number(o, &some, x->attempts, "attempt");
    put_bytes(o, &some, x->sent, " sent");
    put_bytes(o, &some, x->header + x->received, " received");
    if (x->rtt_us > 0 && x->rtt_us < INT64_MAX / 1000) {
        separate(o, &some);
        OUT_LITERAL(o, "round trip ");
        out_interval(o, x->rtt_us * 1000);
    }
    if (x->retransmits > 0)
        put_number(o, &some, (uint64_t)x->retransmits, "retransmit");
    return some;
}
