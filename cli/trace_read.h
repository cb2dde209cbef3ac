/*
 * trace_read.h - a trace file, line by line.
 *
 *     struct trace_reader *r = trace_reader_new(fd);
 *     while ((result = trace_read_next(r, &run, &mark, why, sizeof why)) != TRACE_READ_END)
 *         ...
 *     if (trace_reader_errno(r)) ... what came was not all
 *     trace_reader_free(r);
 *
 * A file may hold several runs, one behind the other; what comes before the first, of a file whose
 * beginning is lost, is read, too. Lines are of TRACE_LINE_MAX bytes at most, which is also what is
 * held in memory.
 */
#ifndef FSOCK_CLI_TRACE_READ_H
#define FSOCK_CLI_TRACE_READ_H

#include <stddef.h>

#include <fsock.h>

#include "out.h"
#include "trace_line.h"

enum trace_read_result { TRACE_READ_RUN, TRACE_READ_MARK, TRACE_READ_END, TRACE_READ_BAD };

struct trace_reader;

/* `fd` is borrowed. NULL: out of memory. */
struct trace_reader *trace_reader_new(int fd);

/* NULL is fine. */
void trace_reader_free(struct trace_reader *r);

/* Once the descriptor `alarm` can be read, no more bytes are waited for: that is the end, with
 * EINTR. -1: none, which is so at first. */
void trace_reader_alarm(struct trace_reader *r, int alarm);

/* `out`, which is borrowed, is written before bytes are waited for. NULL: none, which is so at
 * first.
 */
void trace_reader_flush(struct trace_reader *r, struct out *out);

/*
 * The next line that tells anything; waits for it.
 *
 *   TRACE_READ_RUN    *run is filled in
 *   TRACE_READ_MARK   *mark, which lives until the next call; its `at` counts from the start of the
 *                     run
 *   TRACE_READ_BAD    a line that can't be understood: `why` says so, with the line's number, in at
 *                     most `cap` bytes, some of which may be the file's; the rest can still be read
 *   TRACE_READ_END    there is no more
 *
 * Lines whose event is not known are skipped. So are those of a run of a higher schema_version,
 * whose first line is bad.
 */
enum trace_read_result trace_read_next(struct trace_reader *r, struct trace_run *run,
                                       const struct fsock_mark **mark, char *why, size_t cap);

/* 0, or why the end came early. */
int trace_reader_errno(const struct trace_reader *r);

#endif
