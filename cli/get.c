/*
 * get.c - `fsock get`: one URL, or a list of any length.
 *
 * A run is one loop, run() below: put URLs into the library's queue until it is full, take the next
 * event, act on it. An event belongs to an item (one URL and where its body goes), to the list
 * (more of it can be read), or to the signal pipe. Memory does not grow with the list: what is open
 * is bounded by the queue. The parts, each of which can be read alone:
 *
 *   list.h         lines of -i, as they come        get_options.h  the command line
 *   get_item.h     a URL, from line to record       get_request.h  ... as the library wants it
 *   get_report.h   all that is told                 get_sink.h     a body's file
 */
#include "get.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/time.h"
#include "get_item.h"
#include "get_writeout.h"
#include "interrupt.h"

struct get {
    struct get_options o;
    struct get_request ask;
    fsock_fetch *fetch;
    struct list list;
    struct items items;
    struct report report;

    size_t next_url;      /* of the command line */
    struct item *waiting; /* read from the list; the queue was full */
    bool list_waits;      /* its descriptor is being watched */
    bool list_failed;     /* one could not be read to its end */
    bool ended;           /* no more URLs */
    bool busy;            /* feeding stopped only to give others a turn */

    int signals; /* readable from the first signal on */
    fsock_time run_deadline;
    char *format; /* -w @FILE */
};

static enum fsock_err feed(struct get *g);
static enum fsock_err next_event(struct get *g, struct fsock_event *e);
static void act(struct get *g, const struct fsock_event *e);
static void tick(struct get *g, fsock_time now);

/* Of a list that was stopped, nobody need hear of what had not begun. */
static bool is_done(const struct get *g)
{
    bool left_over = g->items.stopped && !g->report.single && !fsock_fetch_running(g->fetch);
    return g->ended && (!g->items.open || left_over);
}

/* FSOCK_OK, or what stopped the library itself. */
static enum fsock_err run(struct get *g)
{
    for (;;) {
        struct fsock_event e;
        enum fsock_err err = feed(g);
        if (err == FSOCK_OK && is_done(g))
            return FSOCK_OK;
        if (err == FSOCK_OK)
            err = next_event(g, &e);
        if (err == FSOCK_OK)
            act(g, &e);
        else if (err != FSOCK_ERR_TIMEOUT)
            return err == FSOCK_EOF ? FSOCK_OK : err;
        tick(g, fsock_now());
    }
}

/* ---- Events ---------------------------------------------------------------------------------- */

/* What the events of watched descriptors are known by. */
static char list_watch, signal_watch;

/* Wait for an event; before that, write what is waiting to be read by others. */
static enum fsock_err next_event(struct get *g, struct fsock_event *e)
{
    const fsock_time now_or_never = 0;
    if (g->report.out.n || g->busy) {
        enum fsock_err err = fsock_fetch_next(g->fetch, e, now_or_never);
        if (err != FSOCK_ERR_TIMEOUT || g->busy)
            return err;
        out_flush(&g->report.out);
        tick(g, fsock_now());
    }
    return fsock_fetch_next(g->fetch, e, fsk_time_min(g->report.progress.next, g->run_deadline));
}

/*
 * Nobody need read our output before the time is over: --run-time's, and for a single URL -m's.
 * With several, the others go on when the reader does.
 */
static void set_patience(struct get *g, bool started)
{
    const fsock_time to_tell = 100 * FSOCK_MILLISECOND;
    fsock_time end = FSOCK_NEVER;
    if (g->run_deadline != FSOCK_NEVER)
        end = g->run_deadline + to_tell;
    out_patience(&g->report.err, end, g->signals);
    trace_log_patience(&g->report.trace, end, g->signals);
    if (started)
        end = fsk_time_min(end, fsk_time_limit(fsock_now(), g->ask.options.total_timeout));
    out_patience(&g->report.out, end, g->signals);
}

static void act(struct get *g, const struct fsock_event *e)
{
    switch (e->kind) {
    case FSOCK_EVENT_ROOM:
        break; /* the next feed() finds it */
    case FSOCK_EVENT_READY:
        if (e->user == &list_watch) {
            g->list_waits = false;
            list_ready(&g->list);
        }
        break; /* tick() finds the signal */
    case FSOCK_EVENT_MARK:
        report_marks(&g->report);
        break;
    case FSOCK_EVENT_START:
        if (g->report.single)
            set_patience(g, true);
        item_event(&g->items, e);
        break;
    case FSOCK_EVENT_HEAD:
        if (g->o.verbose)
            report_head(&g->report, e);
        item_event(&g->items, e);
        break;
    default:
        item_event(&g->items, e);
    }
}

/* End the run early; `why` goes into the records of what was going on. */
static void stop(struct get *g, const char *why)
{
    g->items.stopped = g->ended = true;
    if (g->waiting)
        item_drop(&g->items, g->waiting);
    g->waiting = NULL;
    fsock_fetch_stop(g->fetch, why);
}

/* What ends a run: a signal, --run-time, an output that is gone. And what goes by the clock. */
static void tick(struct get *g, fsock_time now)
{
    report_tick(&g->report, now, fsock_fetch_running(g->fetch));
    if (g->items.stopped)
        return;
    if (interrupt_signal()) {
        stop(g, "interrupted");
    } else if (now >= g->run_deadline) {
        g->items.over = true;
        stop(g, "the run is over (--run-time raises this limit)");
    } else if (g->report.out.sys_errno) {
        stop(g, "standard output can't be written");
    }
}

/* ---- Feeding --------------------------------------------------------------------------------- */

enum { LINES_A_TURN = 256 };

/* The list had to be given up; the next one, if any, goes on. */
static void list_broke(struct get *g, const char *name)
{
    char text[4096];
    snprintf(text, sizeof text, "can't read the list %s: %s", name,
             fsk_errno_text(g->list.sys_errno));
    g->list_failed = true;
    report_say(&g->report, text);
}

/* FSOCK_OK: *item is the next of the list, or NULL if that line is done with. FSOCK_AGAIN: none. */
static enum fsock_err from_list(struct get *g, struct item **item)
{
    struct list_line line;
    switch (list_next(&g->list, &line)) {
    case LIST_END:
        g->ended = true;
        return FSOCK_AGAIN;
    case LIST_MORE:
        g->busy = true;
        return FSOCK_AGAIN;
    case LIST_WAIT:
        if (!g->list_waits &&
            fsock_fetch_watch(g->fetch, g->list.fd, FSOCK_READABLE, &list_watch) != FSOCK_OK)
            return FSOCK_ERR_MEMORY;
        g->list_waits = true;
        return FSOCK_AGAIN;
    case LIST_FAILED:
        list_broke(g, line.name);
        return FSOCK_OK;
    case LIST_LINE:
        *item = item_of_line(&g->items, &line);
        return *item ? FSOCK_OK : FSOCK_ERR_MEMORY;
    case LIST_BAD:
        *item = item_of_line(&g->items, &line);
        if (!*item)
            return FSOCK_ERR_MEMORY;
        item_refuse(&g->items, *item, line.why);
        *item = NULL;
    }
    return FSOCK_OK;
}

/* The next item: the one that had to wait, else of the command line, else of the list. */
static enum fsock_err next_item(struct get *g, struct item **item)
{
    *item = g->waiting;
    g->waiting = NULL;
    if (*item)
        return FSOCK_OK;
    if (g->next_url == g->o.urls.n)
        return from_list(g, item);
    *item = item_of_argument(&g->items, g->next_url++);
    return *item ? FSOCK_OK : FSOCK_ERR_MEMORY;
}

/* Fill the library's queue. FSOCK_OK, or FSOCK_ERR_MEMORY. */
static enum fsock_err feed(struct get *g)
{
    g->busy = false;
    for (unsigned i = 0; !g->ended; i++) {
        struct item *item;
        if (i == LINES_A_TURN) {
            g->busy = true;
            break;
        }
        enum fsock_err err = next_item(g, &item);
        if (err != FSOCK_OK)
            return err == FSOCK_AGAIN ? FSOCK_OK : err;
        if (item && item_add(&g->items, item) == FSOCK_AGAIN) {
            g->waiting = item;
            break;
        }
    }
    return FSOCK_OK;
}

/* ---- Before and after ------------------------------------------------------------------------ */

/* The options, ready for use. 0, or the exit code with a sentence in `why`. */
static int prepare_options(struct get *g, char *why, size_t cap)
{
    const char *list = list_unreadable(&g->o.lists);
    if (list) {
        snprintf(why, cap, "can't read the list %s: %s", list, fsk_errno_text(errno));
        return EXIT_READ;
    }
    if (g->o.write_out && g->o.write_out[0] == '@') {
        int code = writeout_read(&g->format, g->o.write_out + 1, why, cap);
        if (code)
            return code;
        g->o.write_out = g->format;
    }
    return get_request_init(&g->ask, &g->o, why, cap);
}

/* All that can fail before the first URL; as prepare_options(). */
static int prepare(struct get *g, char *why, size_t cap)
{
    struct fsock_fault fault = {.err = FSOCK_OK};
    int code = prepare_options(g, why, cap);
    if (code)
        return code;
    if (!trace_log_open(&g->report.trace, &g->o.trace, "get", g->report.single,
                        g->o.verbose ? &g->report.err : NULL, why, cap))
        return EXIT_WRITE;
    g->ask.options.trace = g->report.trace.trace;
    g->fetch =
        fsock_fetch_new(&g->ask.options, (unsigned)g->o.parallel, (unsigned)g->o.per_host, &fault);
    if (!g->fetch) {
        outcome_fault(&g->items.outcome, &fault, "", g->o.ca_file);
        outcome_sentence(why, cap, &fault);
        return fault.err == FSOCK_ERR_INPUT ? EXIT_USAGE : g->items.outcome.exitcode;
    }
    code = items_init(&g->items, &g->o, &g->ask, g->fetch, &g->report, why, cap);
    if (code)
        return code;
    g->signals = interrupt_catch();
    if (g->signals < 0 || fsock_fetch_watch(g->fetch, g->signals, FSOCK_READABLE, &signal_watch)) {
        snprintf(why, cap, "out of memory or descriptors");
        return EXIT_MEMORY;
    }
    set_patience(g, false);
    return 0;
}

/* How the run as a whole went. */
static int exit_code(const struct get *g)
{
    bool stuck = g->report.out.sys_errno == ETIMEDOUT;
    if (g->report.out.sys_errno && !stuck)
        return EXIT_WRITE;
    if (interrupt_signal())
        return 128 + interrupt_signal();
    if (g->list_failed)
        return EXIT_READ;
    if (g->report.single)
        return stuck ? EXIT_TIMEOUT : g->report.exitcode;
    if (!g->report.summary.failed && !g->items.over && !stuck)
        return EXIT_FINE;
    return g->report.summary.fine ? EXIT_SOME_FAILED : EXIT_ALL_FAILED;
}

static int finish(struct get *g, enum fsock_err err)
{
    report_flush(&g->report);
    bool run_over = fsock_now() >= g->run_deadline;
    report_end(&g->report, interrupt_signal() ? NULL : run_over ? "--run-time" : "-m");
    if (err == FSOCK_OK)
        return exit_code(g);
    report_say(&g->report,
               err == FSOCK_ERR_MEMORY ? "out of memory" : "waiting for the network failed");
    return err == FSOCK_ERR_MEMORY ? EXIT_MEMORY : EXIT_RECV;
}

/* The run, options being known. */
static int get(struct get *g)
{
    char why[1024] = "";
    report_init(&g->report, &g->o);
    list_init(&g->list, &g->o.lists);
    g->run_deadline = fsk_time_limit(g->report.started, g->o.run_time);
    int code = prepare(g, why, sizeof why);
    if (code)
        report_say(&g->report, why);
    else
        code = finish(g, run(g));
    fsock_fetch_free(g->fetch);
    items_fini(&g->items);
    list_fini(&g->list);
    get_request_fini(&g->ask);
    code = report_trace_end(&g->report, code);
    report_fini(&g->report);
    free(g->format);
    return code;
}

int get_main(int argc, char **argv)
{
    static struct get g;
    char why[1024];
    get_options_init(&g.o);
    enum option_result result =
        option_parse(&get_option_set, &g.o, argc, argv, &g.o.urls, why, sizeof why);
    if (result == OPTION_OK && !get_options_check(&g.o, why, sizeof why))
        result = OPTION_BAD;
    int code = EXIT_FINE;
    if (result == OPTION_SHOW_HELP) {
        option_help(&get_option_set, stdout);
    } else if (result == OPTION_BAD) {
        fprintf(stderr, "fsock: get: %s\n", why);
        code = EXIT_USAGE;
    } else {
        code = get(&g);
    }
    get_options_fini(&g.o);
    return code;
}
