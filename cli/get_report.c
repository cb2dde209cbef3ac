#include "get_report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/time.h"
#include "colour.h"
#include "get_writeout.h"
#include "trace_lines.h"

/* How long a record may wait for others to be written with it. */
static const fsock_time flush_after = 20 * FSOCK_MILLISECOND;
#define RECORD_LONGEST ((size_t)64 * 1024 * 1024)

void report_init(struct report *r, const struct get_options *o)
{
    r->o = o;
    r->single = get_is_single(o);
    r->terminal = isatty(STDOUT_FILENO) == 1;
    r->colour = wants_colour(o->colour);
    r->exitcode = EXIT_FINE;
    r->started = fsock_now();
    r->due = FSOCK_NEVER;
    r->moved = 0;
    r->expected = 0;
    r->note[0] = '\0';
    r->dump_fd = -1;
    r->order = NULL;
    memset(r->past.len, 0, sizeof r->past.len);
    r->trace = (struct trace_log){.trace = NULL};
    pthread_mutex_init(&r->lock, NULL);
    fsk_buf_init(&r->text, RECORD_LONGEST);
    out_init_buf(&r->record, &r->text);
    out_init(&r->out, STDOUT_FILENO);
    out_init(&r->err, STDERR_FILENO);
    summary_init(&r->summary, r->started);
    bool body_on_terminal = r->single && r->terminal && !get_saves(o);
    progress_init(&r->progress, &r->err, o->progress && !o->silent && !body_on_terminal,
                  r->started);
}

int report_open(struct report *r, char *why, size_t cap)
{
    const char *dump = r->o->dump_header;
    if (r->o->ordered && !r->single) {
        r->order = calloc(1, sizeof *r->order);
        if (!r->order) {
            snprintf(why, cap, "out of memory");
            return EXIT_MEMORY;
        }
    }
    if (dump && !get_is_dash(dump)) {
        r->dump_fd = open(dump, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (r->dump_fd < 0) {
            snprintf(why, cap, "can't write %s: %s", dump, fsk_errno_text(errno));
            return EXIT_WRITE;
        }
    }
    return 0;
}

void report_fini(struct report *r)
{
    trace_log_close(&r->trace);
    if (r->dump_fd > STDERR_FILENO)
        close(r->dump_fd);
    if (r->order)
        order_fini(r->order);
    free(r->order);
    out_fini(&r->record);
    fsk_buf_fini(&r->text);
    pthread_mutex_destroy(&r->lock);
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
        .bytes = record->response->size_download + record->received_before,
        .retries = record->response->retries,
        .took = record->response->times.total,
    };
    summary_add(&r->summary, &entry);
    if (r->o->warm)
        tally_add(&r->tally, record);
}

static void say(struct report *r, const char *text)
{
    progress_clear(&r->progress);
    out_str(&r->err, "fsock: get: ");
    out_text(&r->err, fsk_span_str(text));
    out_char(&r->err, '\n');
    out_flush(&r->err);
}

/* One URL for a person: the body was all, or there is a sentence. */
static void tell(struct report *r, const struct outcome *outcome)
{
    if (outcome->exitcode == EXIT_FINE || (r->o->silent && !r->o->show_error))
        return;
    if (r->out.sys_errno)
        return; /* that is told at the end */
    say(r, outcome->text);
    if (outcome->hint[0])
        say(r, outcome->hint);
}

/* The record as the user wants it. */
static void print(struct report *r, struct out *to, const struct record *record)
{
    if (r->o->check_links)
        return; /* there is one at the end */
    if (r->o->json) {
        record_json(to, record, &r->past);
    } else if (r->o->write_out) {
        writeout(to, &r->err, r->o->write_out, record);
        out_flush(&r->err);
    } else if (!r->single) {
        record_line(to, record, r->terminal, r->colour);
    }
}

static void print_in_order(struct report *r, const struct record *record)
{
    fsk_buf_clear(&r->text);
    print(r, &r->record, record);
    out_flush(&r->record);
    bool good = order_put(r->order, record->number, fsk_buf_span(&r->text), &r->out);
    if (!good || r->record.sys_errno)
        r->out.sys_errno = ENOMEM;
}

void report_record(struct report *r, const struct record *record)
{
    pthread_mutex_lock(&r->lock);
    count(r, record);
    if (r->single) {
        r->exitcode = record->outcome->exitcode;
        tell(r, record->outcome);
    }
    if (!r->single || r->o->json || r->o->write_out)
        progress_clear(&r->progress);
    if (r->order)
        print_in_order(r, record);
    else
        print(r, &r->out, record);
    pthread_mutex_unlock(&r->lock);
}

bool report_has_room(struct report *r, uint64_t number)
{
    if (!r->order)
        return true;
    pthread_mutex_lock(&r->lock);
    bool room = order_room(r->order, number);
    pthread_mutex_unlock(&r->lock);
    return room;
}

uint64_t report_ended(struct report *r)
{
    pthread_mutex_lock(&r->lock);
    uint64_t ended = r->summary.fine + r->summary.failed;
    pthread_mutex_unlock(&r->lock);
    return ended;
}

/* ---- Everything else ------------------------------------------------------------------------- */

int report_dump(struct report *r, const char *head, size_t len)
{
    if (!r->o->dump_header)
        return 0;
    if (r->dump_fd >= 0)
        return write_all(r->dump_fd, head, len);
    pthread_mutex_lock(&r->lock);
    int sys_errno = out_now(&r->out, head, len);
    pthread_mutex_unlock(&r->lock);
    return sys_errno;
}

void report_say(struct report *r, const char *text)
{
    pthread_mutex_lock(&r->lock);
    say(r, text);
    pthread_mutex_unlock(&r->lock);
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
    trace_head(&r->err, head, !r->single, !r->o->trace.secrets);
}

static void show_progress(struct report *r, fsock_time now, size_t running)
{
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

/* Write what is due. */
static void flush_due(struct report *r, fsock_time now)
{
    if (now < r->due)
        return;
    out_flush(&r->out);
    r->due = FSOCK_NEVER;
}

void report_write(struct report *r, fsock_time now)
{
    pthread_mutex_lock(&r->lock);
    flush_due(r, now);
    pthread_mutex_unlock(&r->lock);
}

void report_tick(struct report *r, fsock_time now, size_t running)
{
    pthread_mutex_lock(&r->lock);
    flush_due(r, now);
    if (now >= r->progress.next)
        show_progress(r, now, running);
    pthread_mutex_unlock(&r->lock);
}

void report_patience(struct report *r, fsock_time run_end, fsock_time own_end, int alarm)
{
    const fsock_time to_tell = 100 * FSOCK_MILLISECOND;
    if (run_end != FSOCK_NEVER)
        run_end += to_tell;
    out_patience(&r->err, run_end, alarm);
    trace_log_patience(&r->trace, run_end, alarm);
    out_patience(&r->out, fsk_time_min(run_end, own_end), alarm);
}

fsock_time report_due(struct report *r)
{
    pthread_mutex_lock(&r->lock);
    if (!r->out.n)
        r->due = FSOCK_NEVER;
    else if (r->due == FSOCK_NEVER)
        r->due = fsock_now() + flush_after;
    fsock_time due = r->due;
    pthread_mutex_unlock(&r->lock);
    return due;
}

int report_broken(struct report *r)
{
    pthread_mutex_lock(&r->lock);
    int sys_errno = r->out.sys_errno;
    pthread_mutex_unlock(&r->lock);
    return sys_errno;
}

void report_flush_all(struct report *r)
{
    progress_clear(&r->progress);
    if (r->order)
        order_flush(r->order, &r->out);
    out_flush(&r->out);
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

void report_end(struct report *r, const char *limit)
{
    char text[256];
    bool quiet = r->o->silent && !r->o->show_error;
    if (!quiet && failure_text(r->out.sys_errno, limit, text, sizeof text))
        report_say(r, text);
    bool wanted = r->o->summary >= 0 ? r->o->summary : !r->single && !r->o->silent;
    if (!wanted || r->out.sys_errno == EPIPE)
        return;
    summary_print(&r->summary, &r->err, fsock_now());
    if (r->o->warm)
        tally_print(&r->tally, &r->err);
    out_str(&r->err, r->note);
    out_str(&r->err, r->note[0] ? "\n" : "");
    out_flush(&r->err);
}

int report_trace_end(struct report *r, int code)
{
    char why[1024];
    code = trace_log_end(&r->trace, code, why, sizeof why);
    if (why[0] && (!r->o->silent || r->o->show_error))
        report_say(r, why);
    return code;
}
