/*
 * trace_log.h - where a verb's marks go: into the file of --trace, and, for -v, to standard error.
 *
 * A verb gives `trace` to the library by its options (NULL if nobody asked for anything), and
 * empties it with trace_log_drain() whenever the library may have written something.
 */
#ifndef FSOCK_CLI_TRACE_LOG_H
#define FSOCK_CLI_TRACE_LOG_H

#include "out.h"

/* A part of the options of each verb. */
struct trace_options {
    const char *file;   /* "-": standard output; NULL: none */
    int calls, headers; /* -1: not said */
    int data, secrets;
};

/* Their rows for the verb's table; `member` is the struct trace_options in the verb's own. */
#define TRACE_ROWS(member)                                                                         \
    HEADING("Trace"),                                                                              \
        TEXT(0, "trace", "FILE", member.file,                                                      \
             "write down each step as JSON Lines, for 'fsock trace'; -: standard output"),         \
        FLAG(0, "trace-calls", member.calls,                                                       \
             "with system calls (on unless there are several; see --no-trace-calls)"),             \
        FLAG(0, "trace-data", member.data, "with the bytes that are sent and received"),           \
        FLAG(0, "trace-secrets", member.secrets, "with passwords and cookies, which are masked")

struct trace_log {
    fsock_trace *trace;
    struct out *file;  /* NULL: none */
    const char *name;  /* its name, borrowed */
    struct out *lines; /* where -v prints; NULL: nowhere */
    bool ids;          /* ... with numbers, because several things run at once */
    fsock_time started;
};

/*
 * Open what is asked for; `verb` is who writes, `single` whether about one thing only. `lines` is
 * borrowed (NULL: no -v). False: `why` says what is wrong, and nothing needs to be closed.
 */
bool trace_log_open(struct trace_log *log, const struct trace_options *options, const char *verb,
                    bool single, struct out *lines, char *why, size_t cap);

/*
 * Only a file, for marks that somebody else has: `args`, which ends with NULL, is what makes them.
 * trace_log_put() writes each; trace_log_close() is the end. False: as above.
 */
bool trace_log_open_file(struct trace_log *log, const char *name, const char *const *args,
                         char *why, size_t cap);
void trace_log_put(struct trace_log *log, const struct fsock_mark *mark);

/* Nobody need read the file for longer than this: as out_patience(). */
void trace_log_patience(struct trace_log *log, fsock_time deadline, int alarm);

/* Write all marks that wait. */
void trace_log_drain(struct trace_log *log);

/* Write what is left and close. Safe to call twice. */
void trace_log_close(struct trace_log *log);

/*
 * Close it at the end of a run whose exit code is `code`. Returns the code: EXIT_WRITE if all went
 * well but the file can't have all marks. `why` then says so, else it is "".
 */
int trace_log_end(struct trace_log *log, int code, char *why, size_t cap);

#endif
