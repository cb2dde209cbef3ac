/*
 * get_report.h - all that `fsock get` tells: records, errors, -v, the progress line, the summary.
 *
 * Records are collected in `out` and written when it is full, or when the run has nothing else to
 * do; bodies that go to standard output pass through it, too. With --ordered a record waits until
 * those before it have been written.
 *
 * Any of a run's threads may report; the lines of two never mix. What only one thread can use says
 * so.
 */
#ifndef FSOCK_CLI_GET_REPORT_H
#define FSOCK_CLI_GET_REPORT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <fsock.h>

#include "get_options.h"
#include "base/buf.h"
#include "get_record.h"
#include "get_tally.h"
#include "order.h"
#include "out.h"
#include "progress.h"
#include "summary.h"
#include "trace_log.h"

struct report {
    const struct get_options *o;
    bool single;           /* one URL: its failure is a sentence, and there is no record */
    bool terminal, colour; /* standard output */
    int exitcode;          /* of a single URL */
    fsock_time started;
    fsock_time due; /* when what waits is to be written; FSOCK_NEVER: not known, or nothing does */
    _Atomic uint64_t moved; /* body bytes so far, of all URLs */
    uint64_t expected;      /* bytes of the single body; 0: unknown */
    struct summary summary;
    struct tally tally; /* --warm */
    char note[160];     /* below it; "": nothing */
    struct progress progress;
    struct trace_log trace;
    int dump_fd;         /* -D; -1: none, or standard output */
    struct order *order; /* --ordered; else NULL */
    struct fsk_buf text; /* ... the record at hand */
    struct out record;   /* ... on its way there */
    struct record_past past;
    pthread_mutex_t lock; /* of all the above that changes, but `moved`, and of what follows */
    struct out out, err;
};

/* The options are borrowed. */
void report_init(struct report *r, const struct get_options *o);
void report_fini(struct report *r);

/* Get ready for -D and --ordered. 0, or the exit code with the sentence in `why`. */
int report_open(struct report *r, char *why, size_t cap);

/* The end of one URL. */
void report_record(struct report *r, const struct record *record);

/* A sentence on standard error: "fsock: get: ..." */
void report_say(struct report *r, const char *text);

/* Whether the record of this number may be asked for now; not so if many wait for one. */
bool report_has_room(struct report *r, uint64_t number);

/* How many records there were. */
uint64_t report_ended(struct report *r);

/* A header for -D. 0, or the errno of the write that failed. */
int report_dump(struct report *r, const char *head, size_t len);

/* Body bytes have come. */
static inline void report_moved(struct report *r, uint64_t bytes)
{
    atomic_fetch_add_explicit(&r->moved, bytes, memory_order_relaxed);
}

/* What -v shows. Of a run with one thread. */
void report_marks(struct report *r);
void report_head(struct report *r, const struct fsock_event *head);

/* When to call report_write(), which writes records that have waited for others long enough.
 * FSOCK_NEVER: none waits. */
fsock_time report_due(struct report *r);
void report_write(struct report *r, fsock_time now);

/* All that goes by the clock: the same, and the progress line. */
void report_tick(struct report *r, fsock_time now, size_t running);

/*
 * Nobody need read our output when the time is over: --run-time's, `run_end`; for standard output
 * also that of a single URL, `own_end`. Nor for long after `alarm` has become readable.
 */
void report_patience(struct report *r, fsock_time run_end, fsock_time own_end, int alarm);

/* At the end: write all that waits. */
void report_flush_all(struct report *r);

/* The errno of standard output, if that has failed; else 0. */
int report_broken(struct report *r);

/*
 * After report_flush_all(): say it if standard output has failed, and print the summary. `limit` is
 * the option that would have given a standard output that is stuck more time; NULL: not worth a
 * word.
 */
void report_end(struct report *r, const char *limit);

/* Close the trace, and say it if that has failed. Returns the run's exit code, which was `code`. */
int report_trace_end(struct report *r, int code);

#endif
