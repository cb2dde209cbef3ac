/*
 * get_report.h - all that `fsock get` tells: records, errors, -v, the progress line, the summary.
 *
 * Records are collected in `out` and written when it is full, or when the run has nothing else to
 * do; bodies that go to standard output pass through it, too.
 */
#ifndef FSOCK_CLI_GET_REPORT_H
#define FSOCK_CLI_GET_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include <fsock.h>

#include "get_options.h"
#include "get_record.h"
#include "out.h"
#include "progress.h"
#include "summary.h"
#include "trace_log.h"

struct report {
    const struct get_options *o;
    bool single;           /* one URL: its failure is a sentence, and there is no record */
    bool terminal, colour; /* standard output */
    int exitcode;          /* of a single URL */
    fsock_time started, flushed;
    uint64_t moved;    /* body bytes so far, of all URLs */
    uint64_t expected; /* bytes of the single body; 0: unknown */
    struct summary summary;
    struct progress progress;
    struct trace_log trace;
    struct out out, err;
};

/* The options are borrowed. */
void report_init(struct report *r, const struct get_options *o);
void report_fini(struct report *r);

/* The end of one URL. */
void report_record(struct report *r, const struct record *record);

/* A sentence on standard error: "fsock: get: ..." */
void report_say(struct report *r, const char *text);

/* What -v shows. */
void report_marks(struct report *r);
void report_head(struct report *r, const struct fsock_event *head);

/* What goes by the clock: records that have waited, the progress line. */
void report_tick(struct report *r, fsock_time now, size_t running);

/* Write all that waits. */
void report_flush(struct report *r);

/*
 * After report_flush(): say it if standard output has failed, and print the summary. `limit` is the
 * option that would have given a standard output that is stuck more time; NULL: not worth a word.
 */
void report_end(struct report *r, const char *limit);

/* Close the trace, and say it if that has failed. Returns the run's exit code, which was `code`. */
int report_trace_end(struct report *r, int code);

#endif
