#include "trace_svg.h"

#include <stdio.h>
#include <string.h>

#include "trace_assets.h"
#include "trace_draw.h"
#include "trace_markup.h"

/* Where things stand, in units of the picture. */
enum {
    WIDTH = 1200,
    MARGIN = 24,
    RIGHT = WIDTH - MARGIN,
    NAME_WIDTH = 330,
    RESULT = 366,
    TOOK = 532, /* its right end */
    AXIS = 552,
    LOAD_TOP = 112,
    LOAD_HEIGHT = 40,
    LOAD_LEAST = 50, /* a picture of fewer rows shows itself how many there are at once */
    LINE = 18,       /* of details */
    NAME_LETTERS = 48
};

static const struct trace_axis axis = {AXIS, RIGHT - AXIS, ""};

struct svg {
    struct trace_chart chart;
    struct trace_chart_load load;
    struct out *o;
    unsigned top; /* 0; or how much lower all is, for one more line above */
    unsigned ticks_at, rows_at, y, height;
};

/* ---- Numbers in attributes ------------------------------------------------------------------- */

/* <g class="row" ... transform="translate(0,y)"> */
static void begin_row(struct svg *s, const char *class)
{
    out_begin(s->o);
    OUT_LITERAL(s->o, "<g class=\"");
    out_str(s->o, class);
    OUT_LITERAL(s->o, "\" transform=\"translate(0,");
    out_u64(s->o, s->y);
    OUT_LITERAL(s->o, ")\">");
}

static void put_at(struct svg *s, const char *tag, const char *name, unsigned number)
{
    out_str(s->o, tag);
    out_char(s->o, ' ');
    out_str(s->o, name);
    OUT_LITERAL(s->o, "=\"");
    out_u64(s->o, number);
    out_char(s->o, '"');
}

/* Text of ours. */
static void put_words(struct svg *s, const char *class, unsigned x, unsigned y, const char *words)
{
    put_at(s, "<text", "x", x);
    put_at(s, "", "y", y);
    OUT_LITERAL(s->o, " class=\"");
    out_str(s->o, class);
    OUT_LITERAL(s->o, "\">");
    markup_text(s->o, fsk_span_str(words));
    OUT_LITERAL(s->o, "</text>\n");
}

/* ---- Head ------------------------------------------------------------------------------------ */

static void put_counts(struct svg *s)
{
    const struct trace_chart *c = &s->chart;
    OUT_LITERAL(s->o, "<text x=\"24\" y=\"60\" class=\"quiet\">");
    markup_count(s->o, c->model->n, "exchange", "s");
    OUT_LITERAL(s->o, " with ");
    markup_count(s->o, c->hosts, "host", "s");
    OUT_LITERAL(s->o, " in ");
    out_interval(s->o, c->took);
    OUT_LITERAL(s->o, ", ");
    markup_count(s->o, c->failed, "failure", "s");
    OUT_LITERAL(s->o, ", ");
    out_size(s->o, c->received);
    OUT_LITERAL(s->o, " received</text>\n<text x=\"24\" y=\"80\" class=\"quiet\">");
    trace_draw_rest(s->o, c);
    OUT_LITERAL(s->o, "</text>\n<text x=\"1176\" y=\"36\" class=\"quiet end\">");
    trace_draw_when(s->o, c);
    OUT_LITERAL(s->o, "</text>\n");
}

static void put_legend(struct svg *s)
{
    unsigned x = MARGIN;
    s->y = s->top;
    begin_row(s, "legend");
    for (unsigned i = 0; i < TRACE_STAGES; i++) {
        put_at(s, "<rect", "x", x);
        put_at(s, "", "y", i <= TRACE_TLS ? 81 : 78);
        put_at(s, "", "height", i <= TRACE_TLS ? 8 : 14);
        OUT_LITERAL(s->o, " width=\"14\" class=\"");
        out_str(s->o, trace_stage_names[i]);
        OUT_LITERAL(s->o, "\"/>");
        put_words(s, "quiet", x + 20, 90, trace_stage_names[i]);
        x += 50 + 7 * (unsigned)strlen(trace_stage_names[i]);
    }
    OUT_LITERAL(s->o,
                "<svg class=\"cross\" overflow=\"visible\" width=\"1\" height=\"1\" y=\"85\"");
    put_at(s, "", "x", x + 5);
    OUT_LITERAL(s->o, "><path d=\"M-5-5 5 5M5-5-5 5\"/></svg>");
    put_words(s, "quiet", x + 16, 90, "failed");
    OUT_LITERAL(s->o, "</g>\n");
}

static void put_load(struct svg *s)
{
    const struct trace_chart_load *load = &s->load;
    char text[60];
    snprintf(text, sizeof text, "At once, at most %zu", load->most);
    put_words(s, "quiet", MARGIN, s->top + LOAD_TOP + LOAD_HEIGHT - 4, text);
    s->y = s->top + LOAD_TOP;
    begin_row(s, "all");
    trace_draw_load(s->o, &axis, LOAD_HEIGHT, load);
    OUT_LITERAL(s->o, "</g>\n");
}

static void put_head(struct svg *s)
{
    OUT_LITERAL(s->o, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1200\"");
    put_at(s, "", "height", s->height);
    OUT_LITERAL(s->o, " viewBox=\"0 0 1200 ");
    out_u64(s->o, s->height);
    OUT_LITERAL(s->o, "\">\n<title>");
    trace_draw_title(s->o, &s->chart);
    OUT_LITERAL(s->o, "</title>\n<style>\n");
    out_str(s->o, trace_colours_css);
    out_str(s->o, trace_svg_css);
    OUT_LITERAL(s->o, "</style>\n<rect class=\"page\" width=\"100%\" height=\"100%\"/>\n"
                      "<text x=\"24\" y=\"36\" class=\"title\">");
    trace_draw_title(s->o, &s->chart);
    OUT_LITERAL(s->o, "</text>\n");
    put_counts(s);
    put_legend(s);
}

static void put_ticks(struct svg *s)
{
    const struct trace_chart *c = &s->chart;
    char text[48];
    put_words(s, "quiet", MARGIN, s->ticks_at, "Exchange");
    put_words(s, "quiet", RESULT, s->ticks_at, "Result");
    put_words(s, "quiet end", TOOK, s->ticks_at, "Time");
    for (int64_t at = trace_chart_first_tick(c); at <= c->last; at += c->step) {
        OUT_LITERAL(s->o, "<line class=\"grid\"");
        trace_draw_x(s->o, c, &axis, "x1", at);
        trace_draw_x(s->o, c, &axis, "x2", at);
        put_at(s, "", "y1", s->ticks_at + 6);
        put_at(s, "", "y2", s->height - MARGIN);
        OUT_LITERAL(s->o, "/><text");
        trace_draw_x(s->o, c, &axis, "x", at);
        put_at(s, "", "y", s->ticks_at);
        OUT_LITERAL(s->o, " class=\"quiet middle\">");
        out_str(s->o, trace_chart_tick(c, at, text, sizeof text));
        OUT_LITERAL(s->o, "</text>\n");
        if (at > INT64_MAX - c->step)
            break;
    }
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static void put_stages(struct svg *s, const struct trace_exchange *x)
{
    const char *before = "";
    for (unsigned i = 0; i < TRACE_STAGES; i++) {
        if (x->stage[i].from < 0)
            continue;
        out_str(s->o, before);
        out_str(s->o, trace_stage_names[i]);
        out_char(s->o, ' ');
        out_interval(s->o, trace_stage_took(x, (enum trace_stage)i));
        before = ", ";
    }
    if (!*before)
        OUT_LITERAL(s->o, "nothing is known of its stages");
}

/* Its details stand above the row: there only what came before is covered. */
static void put_details(struct svg *s, const struct trace_exchange *x)
{
    unsigned lines = 3 + x->failed;
    OUT_LITERAL(s->o, "<g class=\"more\" transform=\"translate(24,-");
    out_u64(s->o, lines * LINE + 14);
    OUT_LITERAL(s->o, ")\"><rect rx=\"4\" width=\"1152\"");
    put_at(s, "", "height", lines * LINE + 12);
    OUT_LITERAL(s->o, "/><text x=\"12\" y=\"20\">");
    markup_short(s->o, fsk_span_str(x->what), 150);
    OUT_LITERAL(s->o, "</text><text x=\"12\" y=\"38\">");
    put_stages(s, x);
    OUT_LITERAL(s->o, "</text><text x=\"12\" y=\"56\">begun at ");
    out_interval(s->o, x->start);
    OUT_LITERAL(s->o, "; ");
    trace_draw_facts(s->o, x);
    if (x->failed) {
        OUT_LITERAL(s->o, "</text><text x=\"12\" y=\"74\" class=\"bad\">");
        trace_draw_failure(s->o, x);
    }
    OUT_LITERAL(s->o, "</text></g>");
}

static void put_exchange(struct svg *s, const struct trace_exchange *x, bool below_host)
{
    char text[16];
    const char *result = trace_chart_result(x, text, sizeof text);
    begin_row(s, "row");
    OUT_LITERAL(s->o, "<g tabindex=\"0\"><title>");
    markup_text(s->o, fsk_span_str(x->what));
    OUT_LITERAL(s->o, ": ");
    markup_text(s->o, fsk_span_str(result));
    OUT_LITERAL(s->o, ", ");
    out_interval(s->o, x->end - x->start);
    OUT_LITERAL(s->o, "</title><rect class=\"hit\" width=\"1200\" height=\"24\"/><svg");
    put_at(s, "", "x", below_host ? MARGIN + 16 : MARGIN);
    put_at(s, "", "width", below_host ? NAME_WIDTH - 16 : NAME_WIDTH);
    OUT_LITERAL(s->o, " height=\"24\"><text y=\"16\">");
    if (x->part > 1)
        OUT_LITERAL(s->o, "\xe2\x86\xb3 ");
    markup_short(s->o, fsk_span_str(trace_chart_name(x, below_host)), NAME_LETTERS);
    OUT_LITERAL(s->o, "</text></svg><text x=\"366\" y=\"16\"");
    out_str(s->o, x->failed ? " class=\"bad\">\xc3\x97 " : ">");
    markup_short(s->o, fsk_span_str(result), 14);
    OUT_LITERAL(s->o, "</text><text x=\"532\" y=\"16\" class=\"end\">");
    out_interval(s->o, x->end - x->start);
    OUT_LITERAL(s->o, "</text>");
    trace_draw_bar(s->o, &s->chart, &axis, x);
    put_details(s, x);
    OUT_LITERAL(s->o, "</g></g>\n");
    s->y += TRACE_DRAW_ROW;
}

static void put_host(struct svg *s, const struct trace_chart_host *h)
{
    bool below = h->rows > 1;
    if (below) {
        begin_row(s, "host");
        OUT_LITERAL(s->o, "<text x=\"24\" y=\"16\">");
        markup_short(s->o, fsk_span_str(*h->host ? h->host : "(no host)"), NAME_LETTERS - 4);
        OUT_LITERAL(s->o, "</text><text x=\"532\" y=\"16\" class=\"quiet end\">");
        markup_count(s->o, h->all, "exchange", "s");
        OUT_LITERAL(s->o, "</text>");
        trace_draw_busy(s->o, &s->chart, &axis, h);
        OUT_LITERAL(s->o, "</g>\n");
        s->y += TRACE_DRAW_ROW;
    }
    for (size_t i = 0; i < h->rows; i++)
        put_exchange(s, h->row[i], below);
}

static void lay_out(struct svg *s)
{
    const struct trace_chart *c = &s->chart;
    size_t rows = c->rows;
    for (size_t i = 0; i < c->hosts_shown; i++)
        rows += c->host[i].rows > 1;
    s->top = c->model->n && c->rows == c->model->n ? 0 : 20;
    s->ticks_at = s->top + (c->model->n < LOAD_LEAST ? 124 : LOAD_TOP + LOAD_HEIGHT + 24);
    s->rows_at = s->ticks_at + 12;
    s->height = s->rows_at + (unsigned)rows * TRACE_DRAW_ROW + MARGIN;
}

bool trace_svg_write(const struct trace_model *m, struct out *o)
{
    struct svg s = {.o = o};
    bool good = trace_chart_init(&s.chart, m) && trace_chart_load(&s.chart, &s.load);
    if (good) {
        lay_out(&s);
        put_head(&s);
        if (m->n >= LOAD_LEAST)
            put_load(&s);
        put_ticks(&s);
        s.y = s.rows_at;
        for (size_t i = 0; i < s.chart.hosts_shown; i++)
            put_host(&s, &s.chart.host[i]);
        OUT_LITERAL(o, "</svg>\n");
    }
    trace_chart_fini(&s.chart);
    return good;
}
