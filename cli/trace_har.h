/*
 * trace_har.h - a trace as HTTP Archive 1.2, for the tools of browsers.
 *
 * Requests only: lookups and streams have no place in it. Headers are there if the trace has them
 * (--trace-headers); bodies are not. A field that must be there and is not known is -1 or "", as
 * the format says.
 */
#ifndef FSOCK_CLI_TRACE_HAR_H
#define FSOCK_CLI_TRACE_HAR_H

#include "out.h"
#include "trace_model.h"

void trace_har_write(const struct trace_model *m, struct out *o);

#endif
