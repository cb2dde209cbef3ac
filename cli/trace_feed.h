/*
 * trace_feed.h - marks on their way to what is made of them: through the filters (trace_filter.h),
 * into one output (trace_output.h), which writes to standard output or a file (trace_target.h).
 *
 * Who has marks, the reader of a file or the watcher of a program, feeds them in the order in which
 * things happened:
 *
 *     struct trace_feed feed;
 *     if (trace_feed_open(&feed, &options, twice, why, sizeof why) ...)
 *     trace_feed_run(&feed, &run);
 *     trace_feed_mark(&feed, mark);      whose `at` counts from the start of the run
 *     ...
 *     trace_feed_close(&feed, whole);
 *
 * Between marks, trace_feed_failed() tells whether there is any use in going on.
 */
#ifndef FSOCK_CLI_TRACE_FEED_H
#define FSOCK_CLI_TRACE_FEED_H

#include <stdbool.h>
#include <stddef.h>

#include <fsock.h>

#include "trace_filter.h"
#include "trace_line.h"
#include "trace_options.h"
#include "trace_output.h"
#include "trace_target.h"

struct trace_feed {
    const struct trace_output *output;
    void *state; /* the output's */
    struct trace_filter filter;
    bool selecting; /* the first of two readings */
    bool starved;   /* memory is out */
    struct trace_target target;
};

/*
 * `o` is borrowed. `twice`: all marks are going to be fed two times, see trace_feed_again(). 0; or
 * the exit code, with a sentence in `why`, and then there is nothing to close.
 */
int trace_feed_open(struct trace_feed *f, const struct trace_verb *o, bool twice, char *why,
                    size_t cap);

void trace_feed_run(struct trace_feed *f, const struct trace_run *run);
void trace_feed_mark(struct trace_feed *f, const struct fsock_mark *mark);

/* All marks have been fed. True: feed them once more, nothing has been shown yet. */
bool trace_feed_again(struct trace_feed *f);

/* Whether what comes can't be shown: the output can't be written, or memory is out. */
bool trace_feed_failed(const struct trace_feed *f);

/*
 * Let the output write its end, and close. Unless all came that was to come (`whole`), a file of -o
 * stays what it was. 0; or the errno of what failed, ENOMEM if `starved`.
 */
int trace_feed_close(struct trace_feed *f, bool whole);

#endif
