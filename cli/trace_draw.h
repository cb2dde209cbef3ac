/*
 * trace_draw.h - what pictures of a trace as SVG and as HTML have in common: bars, and what is said
 * of the trace and of an exchange in words.
 *
 * Colours and lines come from classes, whose style sheet is trace_colours.css.
 */
#ifndef FSOCK_CLI_TRACE_DRAW_H
#define FSOCK_CLI_TRACE_DRAW_H

#include "out.h"
#include "trace_chart.h"

enum { TRACE_DRAW_ROW = 24 /* how high a row is */ };

/* Where the axis of time lies: as percentages ("%", 0 and 100), or in units of the picture. */
struct trace_axis {
    double left, width;
    const char *unit;
};

/* An attribute with its blank: ` x="12.5%"`. */
void trace_draw_x(struct out *o, const struct trace_chart *c, const struct trace_axis *axis,
                  const char *name, int64_t at);

/* The bar of an exchange, in a row that begins at y = 0. */
void trace_draw_bar(struct out *o, const struct trace_chart *c, const struct trace_axis *axis,
                    const struct trace_exchange *x);

/* When there was anything to do with a host, as a thin line. */
void trace_draw_busy(struct out *o, const struct trace_chart *c, const struct trace_axis *axis,
                     const struct trace_chart_host *h);

/* How many exchanges went on at once, over all of the time, so high; failures are marked. */
void trace_draw_load(struct out *o, const struct trace_axis *axis, unsigned height,
                     const struct trace_chart_load *load);

/* "fsock get", "curl http://example.org/". */
void trace_draw_title(struct out *o, const struct trace_chart *c);

/* "2026-11-26 02:13:14 UTC"; nothing if no run has said. */
void trace_draw_when(struct out *o, const struct trace_chart *c);

/* What is not shown, as a sentence; nothing if all is. */
void trace_draw_rest(struct out *o, const struct trace_chart *c);

/* "timeout in tls: no answer ..."; only of one that failed. */
void trace_draw_failure(struct out *o, const struct trace_exchange *x);

/* "192.0.2.1:443, reused, TLSv1.3, 812 B received": what is known; false if nothing is. */
bool trace_draw_facts(struct out *o, const struct trace_exchange *x);

#endif
