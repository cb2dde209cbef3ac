/*
 * trace_output.h - what `fsock trace` makes of a trace: a table, a row for each enum
 * trace_output_kind.
 *
 * An output gets the marks that have passed the filters, of a file or of a program that is being
 * watched, one by one. It may write to `out` as they come, or keep what it needs and write at the
 * end. For each it is told of, runs begin with run(); the marks of a file whose beginning is lost
 * come without.
 *
 * To add one: its kind in trace_options.h, its option (a choice of --view, or a SET row) in
 * trace_options.c, and its row in trace_output.c.
 */
#ifndef FSOCK_CLI_TRACE_OUTPUT_H
#define FSOCK_CLI_TRACE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include <fsock.h>

#include "out.h"
#include "trace_line.h"
#include "trace_options.h"

struct trace_output {
    size_t size; /* of its state, which is zeroed memory before init() */
    /* `out` is borrowed. False: out of memory; fini() is called all the same. */
    bool (*init)(void *state, const struct trace_verb *o, struct out *out);
    void (*run)(void *state, const struct trace_run *run);
    void (*mark)(void *state, const struct fsock_mark *mark);
    /* All has come: write what is left. False: out of memory. NULL: there is nothing to do. */
    bool (*end)(void *state, struct out *out);
    void (*fini)(void *state); /* NULL: there is nothing to do */
};

extern const struct trace_output trace_outputs[];

#endif
