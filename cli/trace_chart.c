#include "trace_chart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TICKS = 10 };

/* ---- The axis -------------------------------------------------------------------------------- */

/* The smallest round step that makes at most TICKS of the whole. */
static int64_t round_step(int64_t whole)
{
    static const int64_t leading[] = {1, 2, 5};
    for (int64_t power = 1; power <= INT64_MAX / 100; power *= 10)
        for (unsigned i = 0; i < 3; i++)
            if (whole / (power * leading[i]) < TICKS)
                return power * leading[i];
    return whole;
}

static void find_range(struct trace_chart *c)
{
    const struct trace_model *m = c->model;
    int64_t end = 0;
    for (size_t i = 0; i < m->n; i++) {
        const struct trace_exchange *x = &m->exchange[i];
        c->first = i == 0 || x->start < c->first ? x->start : c->first;
        end = i == 0 || x->end > end ? x->end : end;
        c->last = i < TRACE_CHART_ROWS ? end : c->last;
        c->failed += x->failed;
        c->sent += x->sent;
        c->received += x->received;
    }
    c->took = end - c->first;
    if (c->first > 0 && c->first < (c->last - c->first) / 10)
        c->first = 0; /* from the start of the run, which is close */
    if (c->last <= c->first)
        c->last = c->first + 1;
    c->step = round_step(c->last - c->first);
}

double trace_chart_percent(const struct trace_chart *c, int64_t at)
{
    double part = (double)(at - c->first) / (double)(c->last - c->first);
    return 100 * (part < 0 ? 0 : part > 1 ? 1 : part);
}

int64_t trace_chart_first_tick(const struct trace_chart *c)
{
    int64_t behind = c->first % c->step; /* negative before 0 */
    return c->first - behind + (behind > 0 ? c->step : 0);
}

const char *trace_chart_tick(const struct trace_chart *c, int64_t at, char *text, size_t cap)
{
    static const struct {
        int64_t ns;
        const char *name;
    } units[] = {
        {1000000000, "s"        },
        {1000000,    "ms"       },
        {1000,       "\xc2\xb5s"},
        {1,          "ns"       }
    };
    unsigned unit = 0;
    int decimals = 0;
    if (!at)
        return "0";
    while (unit < 3 && units[unit].ns > (at < 0 ? -at : at))
        unit++;
    for (int64_t part = units[unit].ns; part > 1 && c->step % part && decimals < 3; part /= 10)
        decimals++;
    snprintf(text, cap, "%.*f %s", decimals, (double)at / (double)units[unit].ns, units[unit].name);
    return text;
}

/* ---- Hosts ----------------------------------------------------------------------------------- */

/* By host, and of one as they began, which is the order in the model. */
static int by_host(const void *a, const void *b)
{
    const struct trace_exchange *const *x = a, *const *y = b;
    int order = strcmp((*x)->host, (*y)->host);
    return order ? order : *x < *y ? -1 : *x > *y;
}

/* Those without rows last; the others as their first exchanges began. */
static int by_first(const void *a, const void *b)
{
    const struct trace_chart_host *x = a, *y = b;
    if (!x->rows != !y->rows)
        return x->rows ? -1 : 1;
    return x->row[0] < y->row[0] ? -1 : x->row[0] > y->row[0];
}

static void add_to_host(struct trace_chart *c, struct trace_chart_host *h,
                        const struct trace_exchange *x)
{
    h->start = h->all && h->start < x->start ? h->start : x->start;
    h->end = h->all && h->end > x->end ? h->end : x->end;
    h->all++;
    h->failed += x->failed;
    if (x - c->model->exchange < TRACE_CHART_ROWS) {
        h->rows++;
        c->rows++;
    }
}

static void find_hosts(struct trace_chart *c)
{
    struct trace_chart_host *h = NULL;
    for (size_t i = 0; i < c->model->n; i++) {
        const struct trace_exchange *x = c->exchange[i];
        if (!h || strcmp(h->host, x->host) != 0) {
            h = &c->host[c->hosts++];
            *h = (struct trace_chart_host){.host = x->host, .row = c->exchange + i};
        }
        add_to_host(c, h, x);
    }
    if (c->hosts)
        qsort(c->host, c->hosts, sizeof *c->host, by_first);
    while (c->hosts_shown < c->hosts && c->host[c->hosts_shown].rows)
        c->hosts_shown++;
}

bool trace_chart_init(struct trace_chart *c, const struct trace_model *m)
{
    *c = (struct trace_chart){.model = m};
    c->exchange = malloc((m->n + 1) * sizeof(const struct trace_exchange *));
    c->host = malloc((m->n + 1) * sizeof *c->host);
    find_range(c);
    if (!c->exchange || !c->host)
        return false;
    for (size_t i = 0; i < m->n; i++)
        c->exchange[i] = &m->exchange[i];
    if (m->n)
        qsort(c->exchange, m->n, sizeof(const struct trace_exchange *), by_host);
    find_hosts(c);
    return true;
}

void trace_chart_fini(struct trace_chart *c)
{
    free(c->exchange);
    free(c->host);
}

/* ---- How much at once ------------------------------------------------------------------------ */

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* The most that went on at one moment; one that begins as another ends is behind it. */
static bool find_most(const struct trace_chart *c, struct trace_chart_load *load)
{
    const struct trace_model *m = c->model;
    int64_t *ends = malloc((m->n + 1) * sizeof *ends);
    if (!ends)
        return false;
    for (size_t i = 0; i < m->n; i++)
        ends[i] = m->exchange[i].end;
    if (m->n)
        qsort(ends, m->n, sizeof *ends, by_time);
    load->most = 1;
    for (size_t i = 0, ended = 0; i < m->n && m->exchange[i].start <= c->last; i++) {
        while (ended < i && ends[ended] <= m->exchange[i].start)
            ended++;
        if (i + 1 - ended > load->most)
            load->most = i + 1 - ended;
    }
    free(ends);
    return true;
}

/* Add an exchange to the columns that it is in, to each as much as it takes of it. */
static void add_load(const struct trace_chart *c, struct trace_chart_load *load,
                     const struct trace_exchange *x)
{
    double from = trace_chart_percent(c, x->start) / 100 * TRACE_CHART_COLUMNS;
    double to = trace_chart_percent(c, x->end) / 100 * TRACE_CHART_COLUMNS;
    unsigned first = (unsigned)from, last = (unsigned)to;
    for (unsigned i = first; i <= last && i < TRACE_CHART_COLUMNS; i++) {
        double left = i > first ? i : from, right = i < last ? i + 1 : to;
        load->running[i] += right - left;
    }
    if (x->failed && x->end <= c->last)
        load->failed[last < TRACE_CHART_COLUMNS ? last : TRACE_CHART_COLUMNS - 1]++;
}

bool trace_chart_load(const struct trace_chart *c, struct trace_chart_load *load)
{
    const struct trace_model *m = c->model;
    *load = (struct trace_chart_load){.most = 0};
    for (size_t i = 0; i < m->n && m->exchange[i].start <= c->last; i++)
        add_load(c, load, &m->exchange[i]);
    return find_most(c, load);
}

/* ---- Words ----------------------------------------------------------------------------------- */

const char *trace_chart_name(const struct trace_exchange *x, bool below_host)
{
    const char *scheme = strstr(x->what, "://"), *name = scheme ? scheme + 3 : x->what;
    if (!*x->what)
        return "(its beginning is not in the trace)";
    if (!below_host || x->kind != TRACE_REQUEST || !scheme)
        return name;
    const char *path = name + strcspn(name, "/?#");
    return *path ? path : "/";
}

const char *trace_chart_result(const struct trace_exchange *x, char *text, size_t cap)
{
    bool by_status = x->status && x->err && strcmp(x->err, "status") == 0;
    if (x->failed && !by_status)
        return x->err ? x->err : "failed";
    if (x->rcode && x->kind == TRACE_QUESTION)
        return x->rcode;
    if (!x->status)
        return x->ended ? "ok" : "unfinished";
    snprintf(text, cap, "%d", x->status);
    return text;
}
