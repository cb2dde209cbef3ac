/*
 * trace_html.h - a trace as a page: one HTML file that needs nothing else, and no network.
 *
 * A row per exchange, under its host, with a bar of its stages; a row opens to show its details,
 * and a host folds. That works without script. With it (trace_html.js), the page zooms, sorts, and
 * leaves out what went well. Its Content-Security-Policy lets only its own style sheets and script
 * have effect.
 */
#ifndef FSOCK_CLI_TRACE_HTML_H
#define FSOCK_CLI_TRACE_HTML_H

#include "out.h"
#include "trace_model.h"

/* `m` has ended. False: out of memory. */
bool trace_html_write(const struct trace_model *m, struct out *o);

#endif
