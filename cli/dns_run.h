/*
 * dns_run.h - what both ways of `fsock dns`, lists (dns.c) and logs (dns_log.c), have in common:
 * the library's object, the input, the outputs, and what ends a run.
 *
 * A way of the verb is a loop:
 *
 *     for (;;) {
 *         ... take input with dns_run_line() until it says FSOCK_AGAIN, put questions ...
 *         ... all done? break ...
 *         err = dns_run_next(run, &event);      what has come; FSOCK_ERR_TIMEOUT: nothing yet
 *         ... act on the event's answer ...
 *         dns_run_tick(run, err);               run->stopped: put no more questions
 *     }
 */
#ifndef FSOCK_CLI_DNS_RUN_H
#define FSOCK_CLI_DNS_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include <fsock.h>

#include "dns_options.h"
#include "histogram.h"
#include "list.h"
#include "out.h"
#include "progress.h"

enum { DNS_STATUSES = 32, DNS_STATUS_NAME = 16 };

/* Counts for the summary. */
struct dns_counts {
    uint64_t fine, failed, retries, answered;
    struct {
        char name[DNS_STATUS_NAME];
        uint64_t count;
    } status[DNS_STATUSES];
    struct histogram times; /* of those that were asked */
};

struct dns_run {
    const struct dns_options *o;
    fsock_dns *dns;
    struct list list;
    bool list_waits;  /* its descriptor is being watched */
    bool list_failed; /* one could not be read to its end */
    bool ended;       /* there is no more input */
    bool busy;        /* feeding stopped only to give others a turn */
    bool room;        /* the library takes questions */

    bool stopped;    /* the library was told to stop */
    bool over;       /* ... because --run-time struck */
    int signals;     /* readable from the first signal on */
    unsigned events; /* so far */
    bool waits;      /* some output does, until flush_at */
    fsock_time started, flush_at, run_deadline;

    bool terminal, colour; /* standard output */
    struct trace_log trace;
    struct out out, err;
    struct progress progress;
    struct dns_counts counts;
};

/*
 * Ready for the loop. `raw`: the input is a log. 0, or the exit code with a sentence in `why`; fini
 * it in either case.
 */
int dns_run_init(struct dns_run *run, const struct dns_options *o, bool raw, char *why, size_t cap);

/* Returns the exit code of a run that ended with `code`: that, unless its trace has failed. */
int dns_run_fini(struct dns_run *run, int code);

/*
 * The next line or piece of the input. FSOCK_OK: also one that is bad (line->why). FSOCK_AGAIN:
 * there is none now, or no more at all (run->ended). FSOCK_ERR_MEMORY.
 */
enum fsock_err dns_run_line(struct dns_run *run, struct list_line *line);

/*
 * The next event that is an answer or tells of room; before waiting, what is written goes out.
 * FSOCK_ERR_TIMEOUT: it is time to look around. Else what stopped the library itself.
 */
enum fsock_err dns_run_next(struct dns_run *run, struct fsock_dns_event *event);

/*
 * What goes by the clock, and what ends a run: a signal, --run-time, an output that is gone. `err`
 * is dns_run_next()'s.
 */
void dns_run_tick(struct dns_run *run, enum fsock_err err);

/* Count one end. */
void dns_run_count(struct dns_run *run, const char *status, bool fine,
                   const struct fsock_answer *answer);

/* A sentence on standard error. */
void dns_run_say(struct dns_run *run, const char *text);

/* The class, sentence and exit code of an answer's fault; fine if there is none. */
int dns_run_exitcode(const struct fsock_answer *answer);

/*
 * Flush, print the summary unless it isn't wanted, and tell the exit code of a run that ended with
 * `err`; `single` is that of the one name that was asked for.
 */
int dns_run_finish(struct dns_run *run, enum fsock_err err, const int *single);

#endif
