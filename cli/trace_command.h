/*
 * trace_command.h - `fsock trace -- COMMAND`: a command is run, and what it does is shown.
 */
#ifndef FSOCK_CLI_TRACE_COMMAND_H
#define FSOCK_CLI_TRACE_COMMAND_H

#include "out.h"
#include "trace_options.h"

/*
 * Run o->command and feed its marks (tracee.h) to the file of --trace and to what is made of them;
 * `err` is for our own sentences. Returns the exit code: the command's, or EXIT_WRITE if
 * that is 0 and a part of the trace is missing.
 */
int trace_command(const struct trace_verb *o, struct out *err);

#endif
