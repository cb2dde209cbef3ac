#include "trace_summary.h"

#include <stdio.h>
#include <stdlib.h>

#include "histogram.h"

enum { HOSTS_SHOWN = 1000, CAUSES = 16, TIMES = TRACE_STAGES + 1 /* the last: the total */ };

struct cause {
    const char *err; /* the model's: the same text is the same pointer */
    uint64_t count;
};

struct sum {
    const char *host; /* NULL: all */
    uint64_t count, failed, sent, received, connected, reused;
    struct histogram *times; /* TIMES of them */
    int64_t shortest[TIMES];
    struct cause cause[CAUSES];
};

static bool init(struct sum *s, const char *host)
{
    *s = (struct sum){.host = host, .times = calloc(TIMES, sizeof *s->times)};
    return s->times != NULL;
}

static void add_time(struct sum *s, unsigned which, int64_t took)
{
    if (!s->times[which].count || took < s->shortest[which])
        s->shortest[which] = took;
    histogram_add(&s->times[which], took);
}

static void add_failure(struct sum *s, const char *err)
{
    struct cause *c = s->cause;
    s->failed++;
    while (c < s->cause + CAUSES - 1 && c->err && c->err != err)
        c++;
    c->err = c->err ? c->err : err;
    c->count++;
}

static void add(struct sum *s, const struct trace_exchange *x)
{
    s->count++;
    s->sent += x->sent;
    s->received += x->received;
    s->connected += x->stage[TRACE_CONNECT].from >= 0 && x->addr;
    s->reused += x->reused;
    if (x->failed)
        add_failure(s, x->err ? x->err : "failed");
    for (unsigned i = 0; i < TRACE_STAGES; i++)
        if (x->stage[i].from >= 0)
            add_time(s, i, trace_stage_took(x, (enum trace_stage)i));
    add_time(s, TRACE_STAGES, x->end - x->start);
}

/* ---- Text ------------------------------------------------------------------------------------ */

static const char *time_name(unsigned which)
{
    return which < TRACE_STAGES ? trace_stage_names[which] : "total";
}

static void put_times(struct out *o, const struct sum *s)
{
    char line[160];
    snprintf(line, sizeof line, "  %-8s %8s %10s %10s %10s %10s %10s %10s\n", "ms", "count", "min",
             "p50", "p90", "p95", "p99", "max");
    out_str(o, line);
    for (unsigned i = 0; i < TIMES; i++) {
        const struct histogram *h = &s->times[i];
        if (!h->count)
            continue;
        snprintf(line, sizeof line, "  %-8s %8llu %10.2f %10.2f %10.2f %10.2f %10.2f %10.2f\n",
                 time_name(i), (unsigned long long)h->count, (double)s->shortest[i] / 1e6,
                 (double)histogram_percentile(h, 50) / 1e6,
                 (double)histogram_percentile(h, 90) / 1e6,
                 (double)histogram_percentile(h, 95) / 1e6,
                 (double)histogram_percentile(h, 99) / 1e6, (double)h->longest / 1e6);
        out_str(o, line);
    }
}

static void put_text(struct out *o, const struct sum *s)
{
    out_text(o, fsk_span_str(s->host ? s->host : "all"));
    out_str(o, ": ");
    out_u64(o, s->count);
    out_str(o, s->count == 1 ? " exchange, " : " exchanges, ");
    out_u64(o, s->failed);
    out_str(o, " failed");
    for (const struct cause *c = s->cause; c < s->cause + CAUSES && c->err; c++) {
        out_str(o, c == s->cause ? " (" : ", ");
        out_text(o, fsk_span_str(c->err));
        out_char(o, ' ');
        out_u64(o, c->count);
    }
    out_str(o, s->cause[0].err ? "); " : "; ");
    out_u64(o, s->connected);
    out_str(o, " connected, ");
    out_u64(o, s->reused);
    out_str(o, " reused; ");
    out_size(o, s->sent);
    out_str(o, " sent, ");
    out_size(o, s->received);
    out_str(o, " received\n");
    put_times(o, s);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void put_number(struct out *o, const char *key, uint64_t number)
{
    out_str(o, ",\"");
    out_str(o, key);
    out_str(o, "\":");
    out_u64(o, number);
}

static void put_time(struct out *o, const char *key, int64_t ns)
{
    out_str(o, ",\"");
    out_str(o, key);
    out_str(o, "\":");
    out_seconds(o, ns);
}

static void put_json_times(struct out *o, const struct sum *s)
{
    const char *before = ",\"times\":{\"";
    for (unsigned i = 0; i < TIMES; i++) {
        const struct histogram *h = &s->times[i];
        if (!h->count)
            continue;
        out_str(o, before);
        out_str(o, time_name(i));
        out_str(o, "\":{\"count\":");
        out_u64(o, h->count);
        put_time(o, "min", s->shortest[i]);
        put_time(o, "p50", histogram_percentile(h, 50));
        put_time(o, "p90", histogram_percentile(h, 90));
        put_time(o, "p95", histogram_percentile(h, 95));
        put_time(o, "p99", histogram_percentile(h, 99));
        put_time(o, "max", h->longest);
        out_char(o, '}');
        before = ",\"";
    }
    out_char(o, '}');
}

static void put_json(struct out *o, const struct sum *s)
{
    out_begin(o);
    OUT_LITERAL(o, "{\"schema_version\":1,\"host\":");
    if (s->host)
        out_json_string(o, fsk_span_str(s->host));
    else
        OUT_LITERAL(o, "null");
    put_number(o, "count", s->count);
    put_number(o, "failed", s->failed);
    OUT_LITERAL(o, ",\"causes\":{");
    for (const struct cause *c = s->cause; c < s->cause + CAUSES && c->err; c++) {
        if (c > s->cause)
            out_char(o, ',');
        out_json_string(o, fsk_span_str(c->err));
        out_char(o, ':');
        out_u64(o, c->count);
    }
    out_char(o, '}');
    put_number(o, "connected", s->connected);
    put_number(o, "reused", s->reused);
    put_number(o, "sent", s->sent);
    put_number(o, "received", s->received);
    put_json_times(o, s);
    OUT_LITERAL(o, "}\n");
}

/* ---- All of it ------------------------------------------------------------------------------- */

/* Pointers to exchanges, so that those of a host stand together. */
static int by_host(const void *a, const void *b)
{
    const struct trace_exchange *const *x = a, *const *y = b;
    return strcmp((*x)->host, (*y)->host);
}

static bool sum_up(const struct trace_exchange *const *x, size_t n, const char *host, bool json,
                   struct out *o)
{
    struct sum s;
    if (!init(&s, host))
        return false;
    for (size_t i = 0; i < n; i++)
        add(&s, x[i]);
    if (json)
        put_json(o, &s);
    else
        put_text(o, &s);
    free(s.times);
    return true;
}

bool trace_summary_write(const struct trace_model *m, struct out *o, bool json)
{
    const struct trace_exchange **x = malloc((m->n + 1) * sizeof(struct trace_exchange *));
    bool good = x != NULL;
    for (size_t i = 0; good && i < m->n; i++)
        x[i] = &m->exchange[i];
    if (good)
        qsort(x, m->n, sizeof *x, by_host);
    unsigned hosts = 0;
    for (size_t i = 0, k; good && i < m->n; i = k) {
        for (k = i + 1; k < m->n && strcmp(x[k]->host, x[i]->host) == 0; k++)
            ;
        if (hosts++ < HOSTS_SHOWN || json)
            good = sum_up(x + i, k - i, x[i]->host, json, o);
    }
    if (good && hosts > HOSTS_SHOWN && !json) {
        out_u64(o, hosts - HOSTS_SHOWN);
        out_str(o, " more hosts; --json shows all\n");
    }
    good = good && sum_up(x, m->n, NULL, json, o);
    free(x);
    return good;
}
