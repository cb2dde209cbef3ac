/*
 * trace_timeline.h - a waterfall in characters: a line per exchange, a bar whose characters are its
 * stages.
 *
 *   #1   shop.example/            200   312 ms  llccttt........wwwwwwwwwwwwwbb
 *
 * It is as wide as the terminal, or 80 columns, and readable without colour. Of more exchanges than
 * TRACE_TIMELINE_MAX the first are shown, and a sentence says so.
 */
#ifndef FSOCK_CLI_TRACE_TIMELINE_H
#define FSOCK_CLI_TRACE_TIMELINE_H

#include "out.h"
#include "trace_model.h"

enum { TRACE_TIMELINE_MAX = 10000 };

/* `width` is in columns, 40 at least. */
void trace_timeline_write(const struct trace_model *m, struct out *o, unsigned width, bool colour);

#endif
