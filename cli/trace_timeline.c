#include "trace_timeline.h"

#include <stdio.h>

enum { WIDTH_MIN = 40, BAR_MIN = 20 };

/* What stands for a stage, and how it is coloured: the same hues as in the pictures. */
static const struct {
    char c;
    const char *colour;
} looks[TRACE_STAGES] = {
    [TRACE_LOOKUP] = {'l', "36"  },
      [TRACE_CONNECT] = {'c', "33"  },
      [TRACE_PROXY] = {'p', "35"  },
    [TRACE_TLS] = {'t', "35;1"},
      [TRACE_SEND] = {'s', "37"  },
      [TRACE_WAIT] = {'w', "32"  },
    [TRACE_BODY] = {'b', "34;1"},
};

struct timeline {
    const struct trace_model *model;
    struct out *out;
    unsigned name, bar; /* columns */
    int64_t first, last;
    bool colour;
};

/* ---- Words ----------------------------------------------------------------------------------- */

/* At most `width` characters of s, filled up with blanks; its middle is left out if it is longer.
 */
static void put_column(struct out *o, const char *s, unsigned width)
{
    char text[256];
    size_t n = strlen(s), room = width < sizeof text ? width : sizeof text - 1;
    if (n > room && room > 3) {
        size_t tail = (room - 3) / 2, head = room - 3 - tail;
        snprintf(text, sizeof text, "%.*s...%s", (int)head, s, s + n - tail);
        s = text;
    }
    size_t shown = strlen(s);
    out_text(o, fsk_span_str(s));
    for (; shown < width; shown++)
        out_char(o, ' ');
}

/* A URL without its scheme. */
static const char *short_name(const struct trace_exchange *x)
{
    const char *scheme = strstr(x->what, "://");
    return scheme ? scheme + 3 : x->what;
}

static void put_result(struct out *o, const struct trace_exchange *x)
{
    char text[16] = "ok";
    if (x->failed)
        snprintf(text, sizeof text, "%.10s", x->err ? x->err : "failed");
    else if (x->status)
        snprintf(text, sizeof text, "%d", x->status);
    else if (x->rcode)
        snprintf(text, sizeof text, "%.10s", x->rcode);
    else if (!x->ended)
        snprintf(text, sizeof text, "...");
    out_char(o, x->failed ? '!' : ' ');
    put_column(o, text, 10);
}

/* ---- Bars ------------------------------------------------------------------------------------ */

static unsigned column_of(const struct timeline *t, int64_t at)
{
    int64_t whole = t->last > t->first ? t->last - t->first : 1;
    double part = (double)(at - t->first) / (double)whole;
    unsigned column = (unsigned)(part * t->bar);
    return column < t->bar ? column : t->bar - 1;
}

/* Later stages are put over earlier ones; each that there was has a character of its own. */
static void draw(const struct timeline *t, const struct trace_exchange *x, char *bar)
{
    memset(bar, ' ', t->bar);
    unsigned from = column_of(t, x->start), to = column_of(t, x->end);
    memset(bar + from, '.', to - from + 1);
    for (unsigned i = 0; i < TRACE_STAGES; i++) {
        const struct trace_span *s = &x->stage[i];
        if (s->from < 0)
            continue;
        from = column_of(t, s->from);
        to = column_of(t, s->to);
        memset(bar + from, looks[i].c, to - from + 1);
    }
    if (x->failed)
        bar[column_of(t, x->end)] = 'X';
}

static const char *colour_of(char c)
{
    for (unsigned i = 0; i < TRACE_STAGES; i++)
        if (looks[i].c == c)
            return looks[i].colour;
    return c == 'X' ? "31;1" : NULL;
}

static void put_bar(const struct timeline *t, const char *bar)
{
    unsigned n = t->bar;
    while (n && bar[n - 1] == ' ')
        n--;
    const char *now = NULL;
    for (unsigned i = 0; i < n; i++) {
        const char *colour = t->colour ? colour_of(bar[i]) : NULL;
        if (colour != now) {
            out_str(t->out, "\033[");
            out_str(t->out, colour ? colour : "0");
            out_char(t->out, 'm');
            now = colour;
        }
        out_char(t->out, bar[i]);
    }
    if (now)
        out_str(t->out, "\033[0m");
    out_char(t->out, '\n');
}

/* ---- All of it ------------------------------------------------------------------------------- */

static void put_exchange(const struct timeline *t, const struct trace_exchange *x)
{
    char bar[512], took[32], number[24];
    out_char(t->out, x->part > 1 ? '+' : '#');
    snprintf(number, sizeof number, "%llu", (unsigned long long)x->id);
    put_column(t->out, number, 6);
    put_column(t->out, short_name(x), t->name);
    out_char(t->out, ' ');
    put_result(t->out, x);
    snprintf(took, sizeof took, "%10.1f ms  ", (double)(x->end - x->start) / 1e6);
    out_str(t->out, took);
    draw(t, x, bar);
    put_bar(t, bar);
}

static void put_legend(const struct timeline *t)
{
    char text[80];
    snprintf(text, sizeof text, "%zu exchange%s in %.3f s; ", t->model->n,
             t->model->n == 1 ? "" : "s", (double)(t->last - t->first) / 1e9);
    out_str(t->out, text);
    for (unsigned i = 0; i < TRACE_STAGES; i++) {
        out_char(t->out, looks[i].c);
        out_char(t->out, ' ');
        out_str(t->out, trace_stage_names[i]);
        out_str(t->out, i + 1 < TRACE_STAGES ? ", " : "; X failed\n");
    }
}

void trace_timeline_write(const struct trace_model *m, struct out *o, unsigned width, bool colour)
{
    struct timeline t = {.model = m, .out = o, .colour = colour};
    const unsigned fixed = 1 + 6 + 1 + 11 + 15;
    width = width < WIDTH_MIN ? WIDTH_MIN : width > 500 ? 500 : width;
    t.name = (width - (fixed < width ? fixed : width)) / 3;
    t.name = t.name < 12 ? 12 : t.name > 48 ? 48 : t.name;
    t.bar = width > fixed + t.name + BAR_MIN ? width - fixed - t.name : BAR_MIN;
    for (size_t i = 0; i < m->n; i++) {
        const struct trace_exchange *x = &m->exchange[i];
        t.first = i == 0 || x->start < t.first ? x->start : t.first;
        t.last = x->end > t.last ? x->end : t.last;
    }
    put_legend(&t);
    for (size_t i = 0; i < m->n && i < TRACE_TIMELINE_MAX; i++)
        put_exchange(&t, &m->exchange[i]);
    if (m->n > TRACE_TIMELINE_MAX) {
        out_str(o, "... and ");
        out_u64(o, m->n - TRACE_TIMELINE_MAX);
        out_str(o, " more: --since, --until, --host and --failed choose\n");
    }
}
