#include "dns_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/time.h"
#include "colour.h"
#include "dns_summary.h"
#include "interrupt.h"
#include "outcome.h"

static const fsock_time flush_after = 5 * FSOCK_MILLISECOND;
static const fsock_time to_tell = 100 * FSOCK_MILLISECOND; /* after --run-time has struck */
static const fsock_time to_find = 10 * FSOCK_SECOND;       /* the servers' addresses */

enum { EVENTS_A_TICK = 16 };

/* What the events of watched descriptors are known by. */
static char list_watch, signal_watch;

/* ---- Before and after ------------------------------------------------------------------------ */

/* The log of standard input, if none is named. */
static const struct option_list *inputs(const struct dns_options *o, bool raw)
{
    static struct option_item item = {"-", 0};
    static const struct option_list standard_input = {&item, 1};
    return raw && !o->lists.n ? &standard_input : &o->lists;
}

static fsock_dns *make_dns(const struct dns_options *o, fsock_trace *trace, fsock_time deadline,
                           struct fsock_fault *fault)
{
    struct fsock_options options;
    struct fsock_dns_options how;
    fsock_options_init(&options);
    fsock_dns_options_init(&how);
    options.dns_servers = fsk_buf_len(&o->servers) ? fsk_buf_span(&o->servers).p : NULL;
    options.ca_file = o->ca_file;
    options.insecure = o->insecure;
    options.trace = trace;
    how.timeout = o->max_time;
    how.parallel = (unsigned)o->parallel;
    how.race = (unsigned)o->race;
    how.rate = (uint32_t)o->rate;
    how.server_rate = (uint32_t)o->server_rate;
    how.no_recursion = !o->recurse;
    how.tcp = o->tcp;
    return fsock_dns_new(&options, &how, deadline, fault);
}

static void start_outputs(struct dns_run *run)
{
    run->terminal = isatty(STDOUT_FILENO) == 1;
    run->colour = wants_colour(run->o->colour);
    out_init(&run->out, STDOUT_FILENO);
    out_init(&run->err, STDERR_FILENO);
    bool quiet = run->o->silent || run->o->single || (run->terminal && !run->o->log);
    progress_init(&run->progress, &run->err, run->o->progress && !quiet, run->started);
}

/* Of a run that can't begin, as curl and `fsock get` number it. */
static int start_exitcode(const struct fsock_fault *fault)
{
    if (fault->err == FSOCK_ERR_INPUT)
        return EXIT_USAGE;
    if (fault->err == FSOCK_ERR_TLS_LOCAL) /* there are no other files of TLS */
        return EXIT_CA_FILE;
    return exitcode_of(fault->err, fault->stage);
}

/* Nobody need read our output for longer than the run may take. */
static void set_patience(struct dns_run *run)
{
    fsock_time end = run->run_deadline == FSOCK_NEVER ? FSOCK_NEVER : run->run_deadline + to_tell;
    out_patience(&run->out, end, run->signals);
    out_patience(&run->err, end, run->signals);
    trace_log_patience(&run->trace, end, run->signals);
}

int dns_run_init(struct dns_run *run, const struct dns_options *o, bool raw, char *why, size_t cap)
{
    struct fsock_fault fault = {.err = FSOCK_OK};
    const struct option_list *lists = inputs(o, raw);
    memset(run, 0, offsetof(struct dns_run, out));
    memset(&run->counts, 0, sizeof run->counts);
    run->o = o;
    run->room = true;
    run->started = fsock_now();
    run->run_deadline = fsk_time_limit(o->started, o->run_time);
    start_outputs(run);
    if (raw)
        list_init_raw(&run->list, lists);
    else
        list_init(&run->list, lists);
    const char *bad = list_unreadable(lists);
    if (bad) {
        snprintf(why, cap, "can't read the %s %s: %s", raw ? "log" : "list", bad,
                 fsk_errno_text(errno));
        return EXIT_READ;
    }
    struct out *lines = o->verbose ? &run->err : NULL;
    if (!trace_log_open(&run->trace, &o->trace, "dns", o->single, lines, why, cap))
        return EXIT_WRITE;
    run->dns = make_dns(o, run->trace.trace,
                        fsk_time_min(run->run_deadline, run->started + to_find), &fault);
    if (!run->dns) {
        outcome_sentence(why, cap, &fault);
        return start_exitcode(&fault);
    }
    run->signals = interrupt_catch();
    if (run->signals < 0 ||
        fsock_dns_watch(run->dns, run->signals, FSOCK_READABLE, &signal_watch) != FSOCK_OK) {
        snprintf(why, cap, "out of memory or descriptors");
        return EXIT_MEMORY;
    }
    set_patience(run);
    return 0;
}

int dns_run_fini(struct dns_run *run, int code)
{
    char why[1024];
    fsock_dns_free(run->dns);
    code = trace_log_end(&run->trace, code, why, sizeof why);
    if (why[0] && !run->o->silent)
        dns_run_say(run, why);
    list_fini(&run->list);
    out_fini(&run->out);
    out_fini(&run->err);
    return code;
}

/* ---- The loop -------------------------------------------------------------------------------- */

/* The list had to be given up; the next one, if any, goes on. */
static void list_broke(struct dns_run *run, const char *name)
{
    char text[4096];
    snprintf(text, sizeof text, "can't read %s: %s", name, fsk_errno_text(run->list.sys_errno));
    run->list_failed = true;
    dns_run_say(run, text);
}

enum fsock_err dns_run_line(struct dns_run *run, struct list_line *line)
{
    for (;;) {
        switch (list_next(&run->list, line)) {
        case LIST_LINE:
        case LIST_BAD:
            return FSOCK_OK;
        case LIST_END:
            run->ended = true;
            return FSOCK_AGAIN;
        case LIST_MORE:
            run->busy = true;
            return FSOCK_AGAIN;
        case LIST_FAILED:
            list_broke(run, line->name);
            break;
        case LIST_WAIT:
            if (!run->list_waits &&
                fsock_dns_watch(run->dns, run->list.fd, FSOCK_READABLE, &list_watch) != FSOCK_OK)
                return FSOCK_ERR_MEMORY;
            run->list_waits = true;
            return FSOCK_AGAIN;
        }
    }
}

static void flush(struct dns_run *run)
{
    progress_clear(&run->progress);
    out_flush(&run->out);
    run->waits = false;
}

/* Whatever comes next. What waits to be written goes out when it has waited for a moment. */
static enum fsock_err any_event(struct dns_run *run, struct fsock_dns_event *e)
{
    const fsock_time now_or_never = 0;
    if (run->out.n && !run->waits) {
        run->waits = true;
        run->flush_at = fsock_now() + flush_after;
    }
    if (run->busy)
        return fsock_dns_next(run->dns, e, now_or_never);
    fsock_time until = fsk_time_min(run->progress.next, run->run_deadline);
    return fsock_dns_next(run->dns, e, run->waits ? fsk_time_min(until, run->flush_at) : until);
}

static void tell_marks(struct dns_run *run)
{
    if (run->trace.lines)
        progress_clear(&run->progress);
    trace_log_drain(&run->trace);
}

enum fsock_err dns_run_next(struct dns_run *run, struct fsock_dns_event *event)
{
    enum fsock_err err = any_event(run, event);
    if (err != FSOCK_OK)
        return err;
    if (event->kind == FSOCK_EVENT_ROOM)
        run->room = true;
    if (event->kind == FSOCK_EVENT_MARK)
        tell_marks(run);
    if (event->kind == FSOCK_EVENT_READY && event->user == &list_watch) {
        run->list_waits = false;
        list_ready(&run->list);
    }
    return event->kind == FSOCK_EVENT_DONE ? FSOCK_OK : FSOCK_ERR_TIMEOUT;
}

static void stop(struct dns_run *run, const char *why)
{
    run->stopped = run->ended = true;
    fsock_dns_stop(run->dns, why);
}

void dns_run_tick(struct dns_run *run, enum fsock_err err)
{
    if (err == FSOCK_OK && ++run->events % EVENTS_A_TICK)
        return; /* they come fast enough, or there would have been a timeout */
    fsock_time now = fsock_now();
    if (run->waits && now >= run->flush_at)
        flush(run);
    if (now >= run->progress.next) {
        struct progress_state state = {.ended = run->counts.fine + run->counts.failed,
                                       .failed = run->counts.failed,
                                       .running = fsock_dns_running(run->dns),
                                       .started = run->started,
                                       .no_bytes = true};
        progress_tick(&run->progress, &state, now);
    }
    if (run->stopped)
        return;
    if (interrupt_signal()) {
        stop(run, "interrupted");
    } else if (now >= run->run_deadline) {
        run->over = true;
        stop(run, "the run is over (--run-time raises this limit)");
    } else if (run->out.sys_errno) {
        stop(run, "standard output can't be written");
    }
}

/* ---- Telling --------------------------------------------------------------------------------- */

void dns_run_say(struct dns_run *run, const char *text)
{
    progress_clear(&run->progress);
    out_str(&run->err, "fsock: dns: ");
    out_text(&run->err, fsk_span_str(text));
    out_char(&run->err, '\n');
    out_flush(&run->err);
}

void dns_run_count(struct dns_run *run, const char *status, bool fine,
                   const struct fsock_answer *answer)
{
    struct dns_counts *c = &run->counts;
    c->fine += fine;
    c->failed += !fine;
    if (answer && answer->tries) {
        c->answered += answer->server[0] != '\0';
        c->retries += answer->tries - 1;
        histogram_add(&c->times, answer->took);
    }
    for (unsigned i = 0; i < DNS_STATUSES; i++) {
        if (!c->status[i].count)
            snprintf(c->status[i].name, DNS_STATUS_NAME, "%s", status);
        if (strcmp(c->status[i].name, status) == 0) {
            c->status[i].count++;
            return;
        }
    }
}

int dns_run_exitcode(const struct fsock_answer *answer)
{
    if (!answer->fault)
        return EXIT_FINE;
    return exitcode_of(answer->fault->err, answer->fault->stage);
}

/* Why standard output has failed, if anybody wants to know. */
static void tell_output(struct dns_run *run)
{
    char text[256];
    int sys_errno = run->out.sys_errno;
    if (!sys_errno || sys_errno == EPIPE || (sys_errno == ETIMEDOUT && interrupt_signal()))
        return;
    if (sys_errno == ETIMEDOUT)
        snprintf(text, sizeof text,
                 "nobody reads standard output, and the time is over (--run-time raises this "
                 "limit)");
    else
        snprintf(text, sizeof text, "can't write standard output: %s", fsk_errno_text(sys_errno));
    dns_run_say(run, text);
}

static int exit_code(const struct dns_run *run, const int *single)
{
    bool stuck = run->out.sys_errno == ETIMEDOUT;
    if (run->out.sys_errno && !stuck)
        return EXIT_WRITE;
    if (interrupt_signal())
        return 128 + interrupt_signal();
    if (run->list_failed)
        return EXIT_READ;
    if (single)
        return stuck || (run->over && *single) ? EXIT_TIMEOUT : *single;
    if (!run->counts.failed && !run->over && !stuck)
        return EXIT_FINE;
    return run->counts.fine ? EXIT_SOME_FAILED : EXIT_ALL_FAILED;
}

int dns_run_finish(struct dns_run *run, enum fsock_err err, const int *single)
{
    flush(run);
    tell_output(run);
    bool wanted = run->o->summary >= 0 ? run->o->summary : !single && !run->o->silent;
    if (wanted && run->out.sys_errno != EPIPE)
        dns_summary_print(&run->counts, run->dns, &run->err, fsock_now() - run->started);
    if (err == FSOCK_OK || err == FSOCK_EOF)
        return exit_code(run, single);
    dns_run_say(run, err == FSOCK_ERR_MEMORY ? "out of memory" : "waiting for the network failed");
    return err == FSOCK_ERR_MEMORY ? EXIT_MEMORY : EXIT_RECV;
}
