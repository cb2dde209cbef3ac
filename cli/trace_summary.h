/*
 * trace_summary.h - what a trace comes to: per host and in all, counts, failures by their cause,
 * bytes, connections, and percentiles of each stage.
 */
#ifndef FSOCK_CLI_TRACE_SUMMARY_H
#define FSOCK_CLI_TRACE_SUMMARY_H

#include "out.h"
#include "trace_model.h"

/* False: out of memory. `json`: a JSON object per host, and one for all, a line each. */
bool trace_summary_write(const struct trace_model *m, struct out *o, bool json);

#endif
