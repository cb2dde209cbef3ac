/*
 * trace_chart.h - where things stand in a picture of a trace: rows by host, the axis of time.
 *
 * What trace_svg.h and trace_html.h draw has the same order: hosts as they were first spoken to,
 * and of each its exchanges as they began. Of more than TRACE_CHART_ROWS exchanges the first get a
 * row; counts, and how many went on at once, are of all.
 */
#ifndef FSOCK_CLI_TRACE_CHART_H
#define FSOCK_CLI_TRACE_CHART_H

#include "trace_model.h"

enum { TRACE_CHART_ROWS = 2000, TRACE_CHART_COLUMNS = 160 };

/* The exchanges with one host. */
struct trace_chart_host {
    const char *host;
    const struct trace_exchange **row; /* that have a row */
    size_t rows;
    size_t all, failed; /* also of those that have none */
    int64_t start, end;
};

struct trace_chart {
    const struct trace_model *model;
    /* Of those that have rows, or from the start of the run if that is close; last > first. */
    int64_t first, last;
    int64_t took;                           /* all of them */
    int64_t step;                           /* from tick to tick: 1, 2 or 5 times a power of ten */
    const struct trace_exchange **exchange; /* all, by host */
    struct trace_chart_host *host;
    size_t hosts, hosts_shown; /* those that have rows come first */
    size_t failed, rows;
    uint64_t sent, received;
};

/* How many exchanges went on at once, on average, in each of the columns that the time from first
 * to last is cut into, and how many failed in it. */
struct trace_chart_load {
    double running[TRACE_CHART_COLUMNS];
    uint32_t failed[TRACE_CHART_COLUMNS];
    size_t most; /* at any moment; 1 at least */
};

/* `m` has ended, and is borrowed. False: out of memory; trace_chart_fini() is needed all the same.
 */
bool trace_chart_init(struct trace_chart *c, const struct trace_model *m);
void trace_chart_fini(struct trace_chart *c);

/* Where a point in time is: from 0, the first, to 100, the last. */
double trace_chart_percent(const struct trace_chart *c, int64_t at);

/* The first tick. */
int64_t trace_chart_first_tick(const struct trace_chart *c);

/* False: out of memory. */
bool trace_chart_load(const struct trace_chart *c, struct trace_chart_load *load);

/* The name of a row: of a request only what comes behind the host, if that stands above. */
const char *trace_chart_name(const struct trace_exchange *x, bool below_host);

/* How it ended, in a word: "200", "NXDOMAIN", "timeout"; "unfinished" if its end is not there. */
const char *trace_chart_result(const struct trace_exchange *x, char *text, size_t cap);

/* A tick's label: "0", "250 ms", "1.5 s". `at` is a multiple of the step. */
const char *trace_chart_tick(const struct trace_chart *c, int64_t at, char *text, size_t cap);

#endif
