/*
 * trace_event.h - marks as lines of a trace file, written and read.
 *
 * A trace file is JSON Lines. The first line of a run says what ran, and what the times count from:
 *
 *   {"event":"run","schema_version":1,"run":"9f2c...","time":1764118772.123456789,
 *    "mono":812.500000000,"pid":4711,"program":"fsock 1.2.3","args":["get"]}
 *
 * `time` is the wall clock (seconds since 1970), `mono` CLOCK_MONOTONIC, both at the moment from
 * which the `t` of all lines that follow counts; `run` is a random number in hex; `args` names the
 * verb, or the command that was traced: other words may hold secrets, and a command's are there
 * only if those are asked for. Then a line per mark (fsock/trace.h), keys in this order, those that
 * say nothing left out:
 *
 *   t      seconds since the start of the run, nine decimals
 *   event  fsock_mark_name()
 *   call   of a system call its name
 *   id     which transfer, lookup, probe or stream
 *   conn   which socket of the run, from 1
 *   fd     descriptor
 *   ...    the mark's fields, texts as strings and numbers as numbers
 *   size   bytes
 *   ret    what a call returned
 *   errno  "ECONNREFUSED", or a number without a name
 *   took   seconds that a call slept, nine decimals
 *   data   bytes in Base64 (RFC 4648)
 *
 * Whoever reads skips keys and events that it does not know; a run of a higher schema_version is
 * refused. Files may be put behind one another: each run line begins another run.
 */
#ifndef FSOCK_CLI_TRACE_EVENT_H
#define FSOCK_CLI_TRACE_EVENT_H

#include <stdbool.h>

#include <fsock.h>

#include "out.h"

#define TRACE_SCHEMA 1

/* Write the line that begins a run. `args` ends with NULL. */
void trace_put_run(struct out *o, const char *run, fsock_time wall, fsock_time mono,
                   const char *const *args);

/* Write a mark as a line; `started` is the run's `mono`. */
void trace_put_mark(struct out *o, const struct fsock_mark *mark, fsock_time started);

#endif
