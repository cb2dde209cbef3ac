#include "trace_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/rand.h"
#include "base/time.h"
#include "outcome.h"
#include "trace_event.h"
#include "trace_lines.h"

static void begin_run(struct trace_log *log, const char *const *args)
{
    struct fsk_rand rand = {.left = 0};
    char run[33];
    for (size_t i = 0; i < 32; i += 4)
        snprintf(run + i, sizeof run - i, "%04x", fsk_rand_16(&rand));
    trace_put_run(log->file, run, fsk_time_unix(), log->started, args);
}

static struct out *open_file(const char *name, int *sys_errno)
{
    bool standard = name[0] == '-' && !name[1];
    int fd = standard ? STDOUT_FILENO : open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    *sys_errno = fd < 0 ? errno : ENOMEM;
    struct out *o = fd < 0 ? NULL : malloc(sizeof *o);
    if (o)
        out_init(o, fd);
    else if (fd >= 0 && !standard)
        close(fd);
    return o;
}

static void close_file(struct out *file)
{
    int fd = file->fd;
    out_fini(file);
    free(file);
    if (fd != STDOUT_FILENO)
        close(fd);
}

/* -v alone prints no calls, and wants headers. */
static unsigned flags_of(const struct trace_options *o, bool single, bool lines)
{
    bool headers = (o->headers >= 0 ? o->headers : single) || lines;
    bool calls = (o->calls >= 0 ? o->calls : single || o->data) && o->file;
    return (o->data ? (unsigned)FSOCK_TRACE_DATA : 0) |
           (headers ? (unsigned)FSOCK_TRACE_HEADERS : 0) |
           (calls ? 0 : (unsigned)FSOCK_TRACE_NO_CALLS) |
           (o->secrets ? (unsigned)FSOCK_TRACE_SECRETS : 0);
}

bool trace_log_open(struct trace_log *log, const struct trace_options *options, const char *verb,
                    bool single, struct out *lines, char *why, size_t cap)
{
    *log = (struct trace_log){.lines = lines, .ids = !single, .started = fsock_now()};
    if (!lines && !options->file)
        return true;
    int sys_errno = ENOMEM;
    log->trace = fsock_trace_new(flags_of(options, single, lines != NULL));
    if (log->trace && options->file)
        log->file = open_file(options->file, &sys_errno);
    if (!log->trace || (options->file && !log->file)) {
        snprintf(why, cap, "can't write the trace %s: %s", options->file ? options->file : "of -v",
                 fsk_errno_text(sys_errno));
        fsock_trace_free(log->trace);
        *log = (struct trace_log){.trace = NULL};
        return false;
    }
    if (log->file) {
        log->name = options->file;
        begin_run(log, (const char *[]){verb, NULL});
    }
    return true;
}

void trace_log_patience(struct trace_log *log, fsock_time deadline, int alarm)
{
    if (log->file)
        out_patience(log->file, deadline, alarm);
}

bool trace_log_open_file(struct trace_log *log, const char *name, const char *const *args,
                         char *why, size_t cap)
{
    int sys_errno = 0;
    *log = (struct trace_log){.started = fsock_now()};
    log->file = open_file(name, &sys_errno);
    log->name = name;
    if (log->file)
        begin_run(log, args);
    else
        snprintf(why, cap, "can't write the trace %s: %s", name, fsk_errno_text(sys_errno));
    return log->file;
}

void trace_log_put(struct trace_log *log, const struct fsock_mark *mark)
{
    trace_put_mark(log->file, mark, log->started);
}

void trace_log_drain(struct trace_log *log)
{
    const struct fsock_mark *mark;
    while (log->trace && (mark = fsock_trace_next(log->trace)) != NULL) {
        if (log->file)
            trace_put_mark(log->file, mark, log->started);
        if (log->lines)
            trace_mark(log->lines, mark, log->started, log->ids);
    }
}

/* Returns the errno of a write that failed, or 0; *lost is how many marks found no room. */
static int close_all(struct trace_log *log, uint64_t *lost)
{
    int sys_errno = 0;
    *lost = 0;
    trace_log_drain(log);
    if (log->trace)
        *lost = fsock_trace_lost(log->trace);
    if (log->file) {
        out_flush(log->file);
        sys_errno = log->file->sys_errno;
        close_file(log->file);
    }
    fsock_trace_free(log->trace);
    *log = (struct trace_log){.trace = NULL};
    return sys_errno;
}

void trace_log_close(struct trace_log *log)
{
    uint64_t lost;
    (void)close_all(log, &lost);
}

int trace_log_end(struct trace_log *log, int code, char *why, size_t cap)
{
    const char *name = log->name;
    uint64_t lost;
    int sys_errno = close_all(log, &lost);
    why[0] = '\0';
    if (!name || (!sys_errno && !lost))
        return code;
    if (sys_errno)
        snprintf(why, cap, "can't write the trace %s: %s", name, fsk_errno_text(sys_errno));
    else
        snprintf(why, cap, "the trace %s lacks %llu marks: out of memory", name,
                 (unsigned long long)lost);
    return code ? code : EXIT_WRITE;
}
