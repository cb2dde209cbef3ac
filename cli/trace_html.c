#include "trace_html.h"

#include <stdio.h>
#include <string.h>

#include "trace_assets.h"
#include "trace_draw.h"
#include "trace_markup.h"

enum { LOAD_HEIGHT = 40 };

static const struct trace_axis axis = {0, 100, "%"};

struct page {
    struct trace_chart chart;
    struct trace_chart_load load;
    struct out *o;
};

static void put_text(struct page *p, const char *text)
{
    markup_text(p->o, fsk_span_str(text));
}

/* ---- Head ------------------------------------------------------------------------------------ */

static void put_style(struct page *p, const char *sheet)
{
    OUT_LITERAL(p->o, "<style>");
    out_str(p->o, sheet);
    OUT_LITERAL(p->o, "</style>\n");
}

static void put_head(struct page *p)
{
    OUT_LITERAL(p->o, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                      "<meta http-equiv=\"Content-Security-Policy\" content=\""
                      "default-src 'none'; style-src ");
    out_str(p->o, trace_colours_css_hash);
    out_char(p->o, ' ');
    out_str(p->o, trace_html_css_hash);
    OUT_LITERAL(p->o, "; script-src ");
    out_str(p->o, trace_html_js_hash);
    OUT_LITERAL(p->o, "; base-uri 'none'; form-action 'none'\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    trace_draw_title(p->o, &p->chart);
    OUT_LITERAL(p->o, "</title>\n");
    put_style(p, trace_colours_css);
    put_style(p, trace_html_css);
    OUT_LITERAL(p->o, "</head>\n");
}

static void put_count(struct page *p, uint64_t n, const char *what, const char *class)
{
    OUT_LITERAL(p->o, "<li");
    out_str(p->o, class);
    OUT_LITERAL(p->o, "><b>");
    markup_number(p->o, n);
    OUT_LITERAL(p->o, "</b> ");
    out_str(p->o, what);
    out_str(p->o, n == 1 ? "</li>" : "s</li>");
}

static void put_banner(struct page *p)
{
    const struct trace_chart *c = &p->chart;
    OUT_LITERAL(p->o, "<header>\n<div><h1>");
    trace_draw_title(p->o, c);
    OUT_LITERAL(p->o, "</h1><p>");
    trace_draw_when(p->o, c);
    OUT_LITERAL(p->o, "</p></div>\n<ul class=\"counts\">");
    put_count(p, c->model->n, "exchange", "");
    put_count(p, c->hosts, "host", "");
    put_count(p, c->failed, "failure", c->failed ? " class=\"bad\"" : "");
    OUT_LITERAL(p->o, "<li><b>");
    out_interval(p->o, c->took);
    OUT_LITERAL(p->o, "</b> in all</li><li><b>");
    out_size(p->o, c->received);
    OUT_LITERAL(p->o, "</b> received</li></ul>\n</header>\n<p class=\"rest\">");
    trace_draw_rest(p->o, c);
    OUT_LITERAL(p->o, "</p>\n");
}

static void put_swatch(struct page *p, unsigned stage)
{
    OUT_LITERAL(p->o, "<svg class=\"swatch\" aria-hidden=\"true\"><rect width=\"14\" class=\"");
    out_str(p->o, trace_stage_names[stage]);
    if (stage <= TRACE_TLS)
        OUT_LITERAL(p->o, "\" y=\"3\" height=\"8\"/></svg>");
    else
        OUT_LITERAL(p->o, "\" height=\"14\"/></svg>");
    out_str(p->o, trace_stage_names[stage]);
}

static void put_legend(struct page *p)
{
    OUT_LITERAL(p->o, "<ul class=\"legend\">");
    for (unsigned i = 0; i < TRACE_STAGES; i++) {
        OUT_LITERAL(p->o, "<li>");
        put_swatch(p, i);
        OUT_LITERAL(p->o, "</li>");
    }
    OUT_LITERAL(p->o, "<li><svg class=\"swatch cross\" aria-hidden=\"true\">"
                      "<path d=\"M2 2 12 12M12 2 2 12\"/></svg>failed</li></ul>\n");
}

/* What needs the script; it shows this. */
static void put_tools(struct page *p)
{
    OUT_LITERAL(p->o,
                "<div class=\"tools\" hidden>\n"
                "<label>Sort by <select id=\"sort\"><option value=\"start\">start</option>"
                "<option value=\"took\">duration</option><option value=\"host\">host</option>"
                "<option value=\"result\">result</option></select></label>\n"
                "<label><input type=\"checkbox\" id=\"failures\"> Failures only</label>\n"
                "<label><input type=\"checkbox\" id=\"group\" checked> By host</label>\n"
                "<button type=\"button\" id=\"fold\">Fold all</button>\n"
                "<span role=\"group\" aria-label=\"Zoom\">"
                "<button type=\"button\" id=\"out\" aria-label=\"Zoom out\">\xe2\x88\x92</button>"
                "<output id=\"level\">100%</output>"
                "<button type=\"button\" id=\"in\" aria-label=\"Zoom in\">+</button>"
                "<button type=\"button\" id=\"fit\">Fit</button></span>\n"
                "<output id=\"shown\"></output>\n</div>\n");
}

/* ---- Axis ------------------------------------------------------------------------------------ */

static void put_labels(struct page *p)
{
    const struct trace_chart *c = &p->chart;
    char text[48];
    for (int64_t at = trace_chart_first_tick(c); at <= c->last; at += c->step) {
        OUT_LITERAL(p->o, "<text y=\"16\"");
        trace_draw_x(p->o, c, &axis, "x", at);
        out_str(p->o, at == c->first ? " class=\"first\">" : ">");
        out_str(p->o, trace_chart_tick(c, at, text, sizeof text));
        OUT_LITERAL(p->o, "</text>");
        if (at > INT64_MAX - c->step)
            break;
    }
}

static void put_lines(struct page *p)
{
    const struct trace_chart *c = &p->chart;
    for (int64_t at = trace_chart_first_tick(c); at <= c->last; at += c->step) {
        OUT_LITERAL(p->o, "<line class=\"grid\" y2=\"100%\"");
        trace_draw_x(p->o, c, &axis, "x1", at);
        trace_draw_x(p->o, c, &axis, "x2", at);
        OUT_LITERAL(p->o, "/>");
        if (at > INT64_MAX - c->step)
            break;
    }
}

static void put_axis(struct page *p)
{
    OUT_LITERAL(p->o, "<div class=\"axis\">\n<div class=\"line\"><div class=\"label most\">"
                      "At once, at most ");
    markup_number(p->o, p->load.most);
    OUT_LITERAL(p->o, "</div><svg class=\"at-once\" aria-hidden=\"true\">");
    trace_draw_load(p->o, &axis, LOAD_HEIGHT, &p->load);
    OUT_LITERAL(p->o, "</svg></div>\n<div class=\"line\"><div class=\"label\">"
                      "<span>Exchange</span><span>Result</span><span>Time</span></div>"
                      "<svg class=\"ticks\" aria-hidden=\"true\">");
    put_labels(p);
    OUT_LITERAL(p->o, "</svg></div>\n</div>\n<svg class=\"lines\" aria-hidden=\"true\">");
    put_lines(p);
    OUT_LITERAL(p->o, "</svg>\n");
}

/* ---- Details of a row ------------------------------------------------------------------------ */

static void put_stage(struct page *p, const struct trace_exchange *x, enum trace_stage stage)
{
    OUT_LITERAL(p->o, "<tr><th scope=\"row\">");
    put_swatch(p, stage);
    OUT_LITERAL(p->o, "</th><td>");
    out_interval(p->o, x->stage[stage].from - x->start);
    OUT_LITERAL(p->o, "</td><td>");
    out_interval(p->o, trace_stage_took(x, stage));
    OUT_LITERAL(p->o, "</td></tr>");
}

static void put_stages(struct page *p, const struct trace_exchange *x)
{
    OUT_LITERAL(p->o, "<table><thead><tr><th scope=\"col\">Stage</th><th scope=\"col\">from</th>"
                      "<th scope=\"col\">took</th></tr></thead><tbody>");
    for (unsigned i = 0; i < TRACE_STAGES; i++)
        if (x->stage[i].from >= 0)
            put_stage(p, x, (enum trace_stage)i);
    OUT_LITERAL(p->o, "</tbody></table>");
}

static void put_header(struct page *p, const char *name, const char *head)
{
    struct fsk_span s = fsk_span_str(head ? head : "");
    while (s.n && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r'))
        s.n--;
    if (!s.n)
        return;
    OUT_LITERAL(p->o, "<h3>");
    out_str(p->o, name);
    OUT_LITERAL(p->o, "</h3><pre>");
    markup_lines(p->o, s);
    OUT_LITERAL(p->o, "</pre>");
}

static void put_details(struct page *p, const struct trace_exchange *x)
{
    OUT_LITERAL(p->o, "<div class=\"more\"><div><p class=\"what\">");
    if (x->method) {
        put_text(p, x->method);
        out_char(p->o, ' ');
    }
    put_text(p, x->what);
    OUT_LITERAL(p->o, "</p>");
    if (x->failed) {
        OUT_LITERAL(p->o, "<p class=\"bad\">");
        trace_draw_failure(p->o, x);
        OUT_LITERAL(p->o, "</p>");
    }
    OUT_LITERAL(p->o, "<p>Exchange ");
    out_u64(p->o, x->id);
    if (x->connection) {
        OUT_LITERAL(p->o, " on connection ");
        out_u64(p->o, x->connection);
    }
    OUT_LITERAL(p->o, ", begun at ");
    out_interval(p->o, x->start);
    out_str(p->o, x->ended ? "." : ", whose end is not in the trace.");
    OUT_LITERAL(p->o, "</p><p>");
    trace_draw_facts(p->o, x);
    OUT_LITERAL(p->o, "</p>");
    put_stages(p, x);
    OUT_LITERAL(p->o, "</div>");
    if (x->request_head || x->head) {
        OUT_LITERAL(p->o, "<div>");
        put_header(p, "Request", x->request_head);
        put_header(p, "Answer", x->head);
        OUT_LITERAL(p->o, "</div>");
    }
    OUT_LITERAL(p->o, "</div>");
}

/* ---- Rows ------------------------------------------------------------------------------------ */

/* What the script sorts by. */
static void put_data(struct page *p, const struct trace_exchange *x, const char *result)
{
    OUT_LITERAL(p->o, " data-start=\"");
    out_i64(p->o, x->start);
    OUT_LITERAL(p->o, "\" data-took=\"");
    out_i64(p->o, x->end - x->start);
    OUT_LITERAL(p->o, "\" data-host=\"");
    put_text(p, x->host);
    OUT_LITERAL(p->o, "\" data-result=\"");
    put_text(p, result);
    out_str(p->o, x->failed ? "\" data-failed" : "\"");
}

/* The host is shown where it doesn't stand above. */
static void put_name(struct page *p, const struct trace_exchange *x)
{
    const char *name = trace_chart_name(x, true);
    OUT_LITERAL(p->o, "<span class=\"name\">");
    if (x->part > 1)
        OUT_LITERAL(p->o, "\xe2\x86\xb3 ");
    if (name != trace_chart_name(x, false)) {
        OUT_LITERAL(p->o, "<span class=\"of\">");
        put_text(p, x->host);
        OUT_LITERAL(p->o, "</span>");
    }
    put_text(p, name);
    OUT_LITERAL(p->o, "</span>");
}

/* What the bar is, for those who can't see it, and under the pointer. */
static void put_bar_title(struct page *p, const struct trace_exchange *x)
{
    const char *before = "";
    OUT_LITERAL(p->o, "<title>");
    for (unsigned i = 0; i < TRACE_STAGES; i++) {
        if (x->stage[i].from < 0)
            continue;
        out_str(p->o, before);
        out_str(p->o, trace_stage_names[i]);
        out_char(p->o, ' ');
        out_interval(p->o, trace_stage_took(x, (enum trace_stage)i));
        before = ", ";
    }
    if (x->failed) {
        out_str(p->o, before);
        trace_draw_failure(p->o, x);
    }
    OUT_LITERAL(p->o, "</title>");
}

static void put_exchange(struct page *p, const struct trace_exchange *x)
{
    char text[16];
    const char *result = trace_chart_result(x, text, sizeof text);
    out_begin(p->o);
    OUT_LITERAL(p->o, "<details class=\"exchange\"");
    put_data(p, x, result);
    OUT_LITERAL(p->o, "><summary class=\"line\"><span class=\"label\">");
    put_name(p, x);
    OUT_LITERAL(p->o, "<span class=\"result");
    out_str(p->o, x->failed ? " bad\">\xc3\x97 " : "\">");
    put_text(p, result);
    OUT_LITERAL(p->o, "</span><span class=\"took\">");
    out_interval(p->o, x->end - x->start);
    OUT_LITERAL(p->o, "</span></span><svg class=\"bar\" role=\"img\">");
    put_bar_title(p, x);
    trace_draw_bar(p->o, &p->chart, &axis, x);
    OUT_LITERAL(p->o, "</svg></summary>");
    put_details(p, x);
    OUT_LITERAL(p->o, "</details>\n");
}

static void put_host(struct page *p, const struct trace_chart_host *h)
{
    if (h->rows > 1) {
        OUT_LITERAL(p->o, "<details class=\"host\" open><summary class=\"line\">"
                          "<span class=\"label\"><span class=\"name\">");
        put_text(p, *h->host ? h->host : "(no host)");
        OUT_LITERAL(p->o, "</span><span class=\"result\">");
        if (h->failed) {
            OUT_LITERAL(p->o, "<span class=\"bad\">\xc3\x97 ");
            markup_number(p->o, h->failed);
            OUT_LITERAL(p->o, " failed</span>");
        }
        OUT_LITERAL(p->o, "</span><span class=\"took\">");
        markup_count(p->o, h->all, "exchange", "s");
        OUT_LITERAL(p->o, "</span></span><svg class=\"bar\" aria-hidden=\"true\">");
        trace_draw_busy(p->o, &p->chart, &axis, h);
        OUT_LITERAL(p->o, "</svg></summary>\n");
    }
    for (size_t i = 0; i < h->rows; i++)
        put_exchange(p, h->row[i]);
    if (h->rows > 1)
        OUT_LITERAL(p->o, "</details>\n");
}

/* ---- All of it ------------------------------------------------------------------------------- */

static void put_chart(struct page *p)
{
    OUT_LITERAL(p->o, "<main class=\"chart\" tabindex=\"0\" aria-label=\"Waterfall\">\n"
                      "<div class=\"plot\" data-first=\"");
    out_i64(p->o, p->chart.first);
    OUT_LITERAL(p->o, "\" data-last=\"");
    out_i64(p->o, p->chart.last);
    OUT_LITERAL(p->o, "\">\n");
    put_axis(p);
    OUT_LITERAL(p->o, "<div class=\"rows\">\n");
    for (size_t i = 0; i < p->chart.hosts_shown; i++)
        put_host(p, &p->chart.host[i]);
    OUT_LITERAL(p->o, "</div>\n</div>\n</main>\n");
}

bool trace_html_write(const struct trace_model *m, struct out *o)
{
    struct page p = {.o = o};
    bool good = trace_chart_init(&p.chart, m) && trace_chart_load(&p.chart, &p.load);
    if (good) {
        put_head(&p);
        OUT_LITERAL(o, "<body>\n");
        put_banner(&p);
        put_legend(&p);
        put_tools(&p);
        put_chart(&p);
        OUT_LITERAL(o, "<script>");
        out_str(o, trace_html_js);
        OUT_LITERAL(o, "</script>\n</body>\n</html>\n");
    }
    trace_chart_fini(&p.chart);
    return good;
}
