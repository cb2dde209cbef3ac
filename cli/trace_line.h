/*
 * trace_line.h - one line of a trace file (trace_event.h) taken apart: a run, or a mark.
 *
 * What it gives points into itself, and lives until the next line. Keys and events that it does not
 * know are passed over; of a key that comes twice the last one counts. A key that it does know,
 * with a value that makes no sense, makes the line a bad one. So do a text that holds a NUL
 * character, bytes that are not UTF-8, and numbers that are too large; nothing is guessed.
 *
 * A line has at most TRACE_LINE_MAX bytes and TRACE_VALUES_MAX values. The first TRACE_FIELDS_MAX
 * texts and whole numbers that are no member of struct fsock_mark, and whose keys are words of
 * ASCII letters, digits, '_', '-' and '.', become its fields.
 */
#ifndef FSOCK_CLI_TRACE_LINE_H
#define FSOCK_CLI_TRACE_LINE_H

#include <fsock.h>

#include "base/buf.h"
#include "base/span.h"

#define TRACE_LINE_MAX   ((size_t)16 * 1024 * 1024)
#define TRACE_FIELDS_MAX 32
#define TRACE_VALUES_MAX 65536

/* What began with a run line. Texts are cut off where they are full. */
struct trace_run {
    char run[40];
    fsock_time wall; /* since 1970; as exact as a double: to a quarter of a microsecond */
    fsock_time mono;
    char program[64];
    int64_t pid;
    char args[512]; /* blanks between */
};

enum trace_line_kind {
    TRACE_LINE_RUN,   /* `run` */
    TRACE_LINE_NEWER, /* a run that only a later version can read; `why` says so */
    TRACE_LINE_MARK,  /* `mark`; its `at` counts from the start of the run */
    TRACE_LINE_OTHER, /* an event that is not known; an empty line */
    TRACE_LINE_BAD    /* `why`, which may hold bytes of the line */
};

struct trace_line {
    struct trace_run run;
    struct fsock_mark mark;
    struct fsock_field field[TRACE_FIELDS_MAX];
    char why[256];
    struct json_t *json; /* holds the texts */
    struct fsk_buf data;
};

void trace_line_init(struct trace_line *l);
void trace_line_fini(struct trace_line *l);

/* Take a line apart, without its newline. */
enum trace_line_kind trace_line_parse(struct trace_line *l, struct fsk_span text);

#endif
