#include "trace_command.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/time.h"
#include "outcome.h"
#include "trace_feed.h"
#include "trace_log.h"
#include "tracee.h"

enum { CANT_RUN = 126, SHOWN = 64 /* bytes of a call: more than any line has */ };

struct watch {
    const struct trace_verb *o;
    struct out *err;
    fsock_time started;
    struct trace_log log; /* .file NULL: none is kept */
    struct trace_feed feed;
    bool shown; /* the feed is open */
};

static void say(struct watch *w, const char *text)
{
    out_str(w->err, "fsock: trace: ");
    out_text(w->err, fsk_span_str(text));
    out_char(w->err, '\n');
    out_flush(w->err);
}

/* What is written of the command's words: behind its name may be secrets, as curl's -u has them. */
static const char *const *words(const struct watch *w, const char *name[2])
{
    if (w->o->keep.secrets)
        return (const char *const *)w->o->command;
    name[0] = w->o->command[0];
    name[1] = NULL;
    return name;
}

/* The words with blanks between, as a file's reader has them. */
static void begin_run(struct watch *w)
{
    struct trace_run run = {.wall = fsk_time_unix(), .mono = w->started, .pid = getpid()};
    const char *name[2];
    size_t n = 0;
    snprintf(run.program, sizeof run.program, "fsock %s", FSOCK_VERSION);
    for (const char *const *word = words(w, name); *word && n < sizeof run.args; word++)
        n += (size_t)snprintf(run.args + n, sizeof run.args - n, "%s%s", n ? " " : "", *word);
    trace_feed_run(&w->feed, &run);
}

/* 0, or the exit code after it has been said what is wrong. */
static int open_all(struct watch *w)
{
    const char *name[2];
    char why[4400];
    int code = 0;
    if (w->o->keep.file &&
        !trace_log_open_file(&w->log, w->o->keep.file, words(w, name), why, sizeof why))
        code = EXIT_WRITE;
    if (!code && w->o->output != TRACE_OUTPUT_NONE) {
        code = trace_feed_open(&w->feed, w->o, false, why, sizeof why);
        w->shown = !code;
    }
    if (code)
        say(w, why);
    return code;
}

/*
 * Lines appear as things happen, with the first bytes of each call; a file has them only if it is
 * to. The time of a mark that is shown counts from the start of the run.
 */
static void put(struct watch *w, const struct fsock_mark *mark)
{
    struct fsock_mark own = *mark;
    if (!w->o->keep.data)
        own.data = NULL;
    if (w->log.file)
        trace_log_put(&w->log, &own);
    if (!w->shown || trace_feed_failed(&w->feed))
        return;
    own.data = mark->data;
    own.at -= w->started;
    trace_feed_mark(&w->feed, &own);
    out_flush(&w->feed.target.out);
}

static int follow(struct watch *w, struct tracee *t)
{
    const struct fsock_mark *mark;
    enum tracee_what what;
    char text[4400];
    while ((what = tracee_next(t, &mark)) != TRACEE_END)
        if (what == TRACEE_MARK)
            put(w, mark);
        else
            say(w, tracee_note(t));
    if (tracee_errno(t)) {
        snprintf(text, sizeof text, "can't run %s: %s", w->o->command[0],
                 fsk_errno_text(tracee_errno(t)));
        say(w, text);
    }
    if (tracee_lost(t))
        say(w, "out of memory: a part of the trace is lost");
    return tracee_status(t);
}

/* What of the trace is missing is said, and is an error unless the command has one of its own. */
static int close_all(struct watch *w, int code)
{
    char text[4400];
    code = trace_log_end(&w->log, code, text, sizeof text);
    if (text[0])
        say(w, text);
    int sys_errno = w->shown ? trace_feed_close(&w->feed, true) : 0;
    if (!sys_errno)
        return code;
    snprintf(text, sizeof text, "can't write %s: %s",
             w->o->target ? w->o->target : "standard error", fsk_errno_text(sys_errno));
    say(w, text);
    return code ? code : EXIT_WRITE;
}

int trace_command(const struct trace_verb *o, struct out *err)
{
    static struct watch w;
    const struct tracee_options options = {.data = o->keep.data                     ? SIZE_MAX
                                                   : o->output != TRACE_OUTPUT_NONE ? SHOWN
                                                                                    : 0,
                                           .secrets = o->keep.secrets};
    char why[512];
    w.o = o;
    w.err = err;
    w.started = fsock_now();
    int code = open_all(&w);
    if (code) {
        trace_log_close(&w.log);
        return code;
    }
    if (w.log.file)
        w.started = w.log.started;
    if (w.shown)
        begin_run(&w);
    struct tracee *t = tracee_new(o->command, &options, why, sizeof why);
    if (!t)
        say(&w, why);
    code = t ? follow(&w, t) : CANT_RUN;
    tracee_free(t);
    return close_all(&w, code);
}
