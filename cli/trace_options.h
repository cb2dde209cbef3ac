/*
 * trace_options.h - the options of `fsock trace`: their table, their defaults, what can't go
 * together.
 */
#ifndef FSOCK_CLI_TRACE_OPTIONS_H
#define FSOCK_CLI_TRACE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <fsock.h>

#include "option.h"
#include "trace_log.h"
#include "trace_view.h"

/* What is made of a trace: trace_output.h has a row for each, and the option table a choice of
 * --view or an option. */
enum trace_output_kind {
    TRACE_OUTPUT_NONE = -1, /* a command's trace is kept in a file only */
    TRACE_OUTPUT_ALL,
    TRACE_OUTPUT_NETWORK,
    TRACE_OUTPUT_CONNECT,
    TRACE_OUTPUT_TIMELINE,
    TRACE_OUTPUT_SUMMARY,
    TRACE_OUTPUT_HAR,
    TRACE_OUTPUT_SVG,
    TRACE_OUTPUT_HTML,
    TRACE_OUTPUTS
};

/* What the command line said. Flags are 0 or 1; -1 is "not said". */
struct trace_verb {
    struct option_list files;
    char *const *command;      /* what stands behind --, ended with NULL; NULL: files are read */
    struct trace_options keep; /* of a command: where its trace is written, too */
    int view;                  /* of --view; -1 is "not said" */
    int asked[TRACE_OUTPUTS];  /* how often the option of each output was given */
    const char *target;        /* of -o; NULL: standard output */
    int clock, delta;          /* how often -t was given; -r */
    int64_t id, connection, fd;
    const char *host;
    int failed, json, colour;
    int64_t since, until; /* nanoseconds since the start of the run */

    /* Made of the above by trace_options_check(): */
    enum trace_view_time time;
    int output; /* enum trace_output_kind */
};

extern const struct option_set trace_option_set;

void trace_options_init(struct trace_verb *o);
void trace_options_fini(struct trace_verb *o);

/* 0; or the exit code, with a sentence in `why`, if the command line makes no sense. */
int trace_options_check(struct trace_verb *o, char *why, size_t cap);

#endif
