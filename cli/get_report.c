#include "get_report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fault.h"
#include "colour.h"
#include "get_writeout.h"
#include "trace_lines.h"

static const fsock_time flush_after = 100 * FSOCK_MILLISECOND;

void report_init(struct report *r, const struct get_options *o)
{
    r->o = o;
    r->single = get_is_single(o);
    r->terminal = isatty(STDOUT_FILENO) == 1;
    r->colour = wants_colour(o->colour);
    r->exitcode = EXIT_FINE;
    r->started = r->flushed = fsock_now();
    r->moved = r->expected = 0;
    r->trace = (struct trace_log){.trace = NULL};
    out_init(&r->out, STDOUT_FILENO);
    out_init(&r->err, STDERR_FILENO);
    summary_init(&r->summary, r->started);
    bool body_on_terminal = r->single && r->terminal && !get_saves(o);
    progress_init(&r->progress, &r->err, o->progress && !o->silent && !body_on_terminal,
                  r->started);
}

void report_fini(struct report *r)
{
    trace_log_close(&r->trace);
    out_fini(&r->out);
    out_fini(&r->err);
}

/* ---- Records --------------------------------------------------------------------------------- */

static void count(struct report *r, const struct record *record)
{
    const struct outcome *outcome = record->outcome;
    struct summary_entry entry = {
        .host = record_host(record->url),
        .failure = outcome->exitcode == EXIT_FINE ? NULL : outcome->err,
        .bytes = record->response->size_download,
        .took = record->response->times.total,
    };
    summary_add(&r->summary, &entry);
}

/* One URL for a person: the body was all, or there is a sentence. */
static void tell(struct report *r, const struct outcome *outcome)
{
    if (outcome->exitcode == EXIT_FINE || (r->o->silent && !r->o->show_error))
        return;
    if (r->out.sys_errno)
        return; /* that is told at the end */
    report_say(r, outcome->text);
    if (outcome->hint[0])
        report_say(r, outcome->hint);
}

void report_record(struct report *r, const struct record *record)
{
    count(r, record);
    if (r->single) {
        r->exitcode = record->outcome->exitcode;
        tell(r, record->outcome);
    }
    if (!r->single || r->o->json || r->o->write_out)
        progress_clear(&r->progress);
    if (r->o->json) {
        record_json(&r->out, record);
    } else if (r->o->write_out) {
        writeout(&r->out, &r->err, r->o->write_out, record);
        out_flush(&r->err);
    } else if (!r->single) {
        record_line(&r->out, record, r->terminal, r->colour);
    }
}

/* ---- Everything else ------------------------------------------------------------------------- */

void report_say(struct report *r, const char *text)
{
    progress_clear(&r->progress);
    out_str(&r->err, "fsock: get: ");
    out_text(&r->err, fsk_span_str(text));
    out_char(&r->err, '\n');
    out_flush(&r->err);
}

void report_marks(struct report *r)
{
    if (r->trace.lines)
        progress_clear(&r->progress);
    trace_log_drain(&r->trace);
}

void report_head(struct report *r, const struct fsock_event *head)
{
    progress_clear(&r->progress);
    trace_head(&r->err, head, !r->single);
}

void report_tick(struct report *r, fsock_time now, size_t running)
{
    if (r->out.n && now - r->flushed > flush_after) {
        out_flush(&r->out);
        r->flushed = now;
    }
    if (now < r->progress.next)
        return;
    struct progress_state state = {
        .ended = r->summary.fine + r->summary.failed,
        .failed = r->summary.failed,
        .bytes = r->moved,
        .expected = r->expected,
        .running = running,
        .started = r->started,
        .single = r->single,
    };
    progress_tick(&r->progress, &state, now);
}

/* Why standard output has failed; false: nobody wants to know. */
static bool failure_text(int sys_errno, const char *limit, char *text, size_t cap)
{
    if (!sys_errno || sys_errno == EPIPE || (sys_errno == ETIMEDOUT && !limit))
        return false;
    if (sys_errno == ETIMEDOUT)
        snprintf(text, cap,
                 "nobody reads standard output, and the time is over "
                 "(%s raises this limit)",
                 limit);
    else
        snprintf(text, cap, "can't write standard output: %s", fsk_errno_text(sys_errno));
    return true;
}

void report_flush(struct report *r)
{
    progress_clear(&r->progress);
    out_flush(&r->out);
}

void report_end(struct report *r, const char *limit)
{
    char text[256];
    bool quiet = r->o->silent && !r->o->show_error;
    if (!quiet && failure_text(r->out.sys_errno, limit, text, sizeof text))
        report_say(r, text);
    bool wanted = r->o->summary >= 0 ? r->o->summary : !r->single && !r->o->silent;
    if (wanted && r->out.sys_errno != EPIPE)
        summary_print(&r->summary, &r->err, fsock_now());
}

int report_trace_end(struct report *r, int code)
{
    char why[1024];
    code = trace_log_end(&r->trace, code, why, sizeof why);
    if (why[0] && (!r->o->silent || r->o->show_error))
        report_say(r, why);
    return code;
}
