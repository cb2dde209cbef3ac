/*
 * trace_svg.h - a trace as a picture: one SVG file that needs nothing else.
 *
 * A row per exchange, under its host, with a bar of its stages. Rows can be reached by Tab; the one
 * that has the focus, or the pointer, shows its details. Light or dark, as the reader's system is.
 */
#ifndef FSOCK_CLI_TRACE_SVG_H
#define FSOCK_CLI_TRACE_SVG_H

#include "out.h"
#include "trace_model.h"

/* `m` has ended. False: out of memory. */
bool trace_svg_write(const struct trace_model *m, struct out *o);

#endif
