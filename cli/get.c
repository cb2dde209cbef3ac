/*
 * get.c - `fsock get`: one URL, or a list of any length.
 *
 * Here is what comes before and after the run, which is a loop, or several (get_loop.h): take URLs
 * and put them into the library's queue until it is full, take the next event, act on it. Memory
 * does not grow with the list: what is open is bounded by the queue. The parts, each of which can
 * be read alone:
 *
 *   get_source.h   where URLs come from            get_options.h  the command line
 *   get_sitemap.h  ... sitemaps                    get_robots.h   whether a site wants that
 *   get_follow.h   ... the links of pages          get_check.h    ... and which of them are broken
 *   get_gate.h     ... and which are passed over   journal.h      what earlier runs did
 *   get_loop.h     the run, or a thread of it      get_inbox.h    from one thread to another
 *   get_item.h     a URL, from line to record      get_request.h  ... as the library wants it
 *   get_later.h    ... or back, for later          get_rounds.h   its requests, with --warm
 *   get_sink.h     a body's file                   get_variant.h  ... and --vary
 *   get_resume.h   ... with -C                     get_held.h     ... or until its header is known
 *   get_report.h   all that is told                get_cookies.h  -b and -c
 *   get_page.h     what is in a page              get_login.h    -u and -n
 *   get_submit.h   ... a form that is sent        get_form.h     -F
 */
#include "get.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/time.h"
#include "get_loop.h"
#include "get_writeout.h"
#include "interrupt.h"
#include "journal_merge.h"

struct get {
    struct get_options o;
    struct get_request ask;
    struct rounds rounds, abroad;
    struct source source;
    struct errands errands;
    struct sitemaps sitemaps;
    struct follow follow;
    struct check check;
    struct robots robots;
    struct gate gate;
    struct report report;
    struct run run;
    struct loop first;
    struct loop *workers; /* --threads; NULL: the first loop fetches */
    struct inbox *inboxes;
    size_t n_workers; /* ready to run */
    char *format;     /* -w @FILE */
};

/* ---- Before ---------------------------------------------------------------------------------- */

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
    int code = get_request_init(&g->ask, &g->o, why, cap);
    if (!code)
        code = rounds_init(&g->rounds, &g->o, g->o.warm ? &g->ask.restarting : &g->ask.request, why,
                           cap);
    if (!code)
        code = rounds_init(&g->abroad, &g->o,
                           g->o.warm ? &g->ask.abroad_restarting : &g->ask.abroad, why, cap);
    return code;
}

static int no_memory(char *why, size_t cap)
{
    snprintf(why, cap, "out of memory or descriptors");
    return EXIT_MEMORY;
}

/* A fetch for one of `share` loops, or the exit code. */
static int make_fetch(struct get *g, size_t share, fsock_fetch **fetch, char *why, size_t cap)
{
    struct fsock_fault fault = {.err = FSOCK_OK};
    struct fsock_options options = g->ask.options;
    size_t parallel = ((size_t)g->o.parallel + share - 1) / share;
    options.own_files = (int)share * (1 + options.own_files) - 1; /* the others' are its own, too */
    *fetch = fsock_fetch_new(&options, (unsigned)parallel, (unsigned)get_per_host(&g->o), &fault);
    if (*fetch)
        return 0;
    struct outcome outcome;
    outcome_fault(&outcome, &fault, "", g->o.ca_file);
    outcome_sentence(why, cap, &fault);
    return fault.err == FSOCK_ERR_INPUT ? EXIT_USAGE : outcome.exitcode;
}

static int prepare_workers(struct get *g, char *why, size_t cap)
{
    size_t n = (size_t)g->o.threads;
    g->workers = calloc(n, sizeof *g->workers);
    g->inboxes = calloc(n, sizeof *g->inboxes);
    if (!g->workers || !g->inboxes)
        return no_memory(why, cap);
    while (g->n_workers < n) {
        size_t i = g->n_workers;
        fsock_fetch *fetch;
        if (!inbox_init(&g->inboxes[i], g->run.room))
            return no_memory(why, cap);
        g->n_workers++;
        int code = make_fetch(g, n, &fetch, why, cap);
        if (code)
            return code;
        if (!loop_init(&g->workers[i], &g->run, fetch, &g->inboxes[i]))
            return no_memory(why, cap);
    }
    return 0;
}

/* All that can fail before the first URL; as prepare_options(). */
static int prepare(struct get *g, char *why, size_t cap)
{
    fsock_fetch *fetch;
    int code = prepare_options(g, why, cap);
    if (!code)
        code = gate_open(&g->gate, &g->o, why, cap);
    if (code)
        return code;
    if (why[0] && !g->o.silent)
        report_say(&g->report, why);
    if (!trace_log_open(&g->report.trace, &g->o.trace, "get", g->report.single,
                        g->o.verbose ? &g->report.err : NULL, why, cap))
        return EXIT_WRITE;
    g->ask.options.trace = g->report.trace.trace;
    code = make_fetch(g, 1, &fetch, why, cap);
    if (code)
        return code;
    g->first.fetch = fetch; /* to be freed, whatever follows */
    code = report_open(&g->report, why, cap);
    if (code)
        return code;
    bool threads = g->o.threads > 1 && !g->report.single;
    g->run = (struct run){.o = &g->o,
                          .ask = &g->ask,
                          .rounds = &g->rounds,
                          .abroad = &g->abroad,
                          .source = &g->source,
                          .errands = &g->errands,
                          .sitemaps = &g->sitemaps,
                          .follow = &g->follow,
                          .robots = &g->robots,
                          .gate = &g->gate,
                          .report = &g->report,
                          .deadline = fsk_time_limit(g->report.started, g->o.run_time),
                          .signals = interrupt_catch(),
                          .room = threads ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1};
    g->errands = (struct errands){.fetch = fetch, .ask = &g->ask};
    follow_init(&g->follow, &g->o, &g->report, &g->check);
    check_init(&g->check, &g->o, &g->report, &g->follow.seen);
    if (!source_init(&g->source, &g->o, &g->gate, &g->sitemaps, &g->follow) ||
        !sitemaps_init(&g->sitemaps, &g->o, &g->errands, &g->report, &g->check, &g->run.numbered) ||
        !robots_init(&g->robots, &g->o, &g->errands, &g->report) || g->run.signals < 0 ||
        (threads && g->run.room < 0) || !loop_init(&g->first, &g->run, fetch, NULL))
        return no_memory(why, cap);
    g->source.variants = rounds_variants(&g->rounds);
    batch_init(&g->run.batch, (uint64_t)g->o.batch * g->source.variants, g->o.pause);
    report_patience(&g->report, g->run.deadline, FSOCK_NEVER, g->run.signals);
    return threads ? prepare_workers(g, why, cap) : 0;
}

/* ---- After ----------------------------------------------------------------------------------- */

/* How the run as a whole went. */
static int exit_code(const struct get *g)
{
    bool stuck = g->report.out.sys_errno == ETIMEDOUT;
    if (g->report.out.sys_errno && !stuck)
        return EXIT_WRITE;
    if (interrupt_signal())
        return 128 + interrupt_signal();
    if (g->source.failed || g->sitemaps.broken || g->follow.broken || g->check.failed ||
        g->run.lost)
        return EXIT_READ;
    if (g->report.single)
        return stuck ? EXIT_TIMEOUT : g->report.exitcode;
    uint64_t failed = g->check.o ? g->check.broken : g->report.summary.failed;
    if (!failed && !g->run.over && !g->run.spent && !stuck)
        return EXIT_FINE;
    return g->report.summary.fine ? EXIT_SOME_FAILED : EXIT_ALL_FAILED;
}

/* Close the journal. Returns the run's exit code, which was `code`. */
static int close_gate(struct get *g, int code)
{
    char why[1024];
    int failed = gate_close(&g->gate, why, sizeof why);
    if (failed && (!g->o.silent || g->o.show_error))
        report_say(&g->report, why);
    return failed && code < 128 ? failed : code;
}

/* Of those that were not even begun there is no record that could say it. */
static void tell_spent(struct get *g)
{
    char text[80];
    if (!g->run.spent || g->report.single || (g->o.silent && !g->o.show_error))
        return;
    snprintf(text, sizeof text, "the run has ended early (%s raises this limit)",
             g->run.spent == FSOCK_LIMIT_BYTES ? "--max-total" : "--max-requests");
    report_say(&g->report, text);
}

/* What saving came to; returns the run's exit code, which was `code`. */
static int tell_saved(struct get *g, int failed, const char *why, int code)
{
    if (failed && (!g->o.silent || g->o.show_error))
        report_say(&g->report, why);
    return failed && code < 128 ? failed : code;
}

/* Write what outlives the run to where -c and --hsts say. */
static int save(struct get *g, int code)
{
    char why[1024];
    int failed = get_cookies_save(&g->ask.cookies, &g->o, &g->report.out, why, sizeof why);
    code = tell_saved(g, failed, why, code);
    failed = get_hsts_save(g->ask.options.hsts, &g->o, why, sizeof why);
    return tell_saved(g, failed, why, code);
}

static int finish(struct get *g, enum fsock_err err)
{
    check_report(&g->check);
    report_flush_all(&g->report);
    tell_spent(g);
    sitemaps_text(&g->sitemaps, g->report.note, sizeof g->report.note);
    if (g->check.o)
        check_text(&g->check, g->report.note, sizeof g->report.note);
    if (g->source.elsewhere)
        summary_skip(&g->report.summary, "of other shards", g->source.elsewhere);
    gate_count(&g->gate, &g->report.summary);
    bool run_over = fsock_now() >= g->run.deadline;
    report_end(&g->report, interrupt_signal() ? NULL : run_over ? "--run-time" : "-m");
    if (err == FSOCK_OK)
        return exit_code(g);
    report_say(&g->report,
               err == FSOCK_ERR_MEMORY ? "out of memory" : "waiting for the network failed");
    return err == FSOCK_ERR_MEMORY ? EXIT_MEMORY : EXIT_RECV;
}

/* ---- The run --------------------------------------------------------------------------------- */

static void free_all(struct get *g)
{
    for (size_t i = 0; i < g->n_workers; i++) {
        loop_fini(&g->workers[i]);
        inbox_fini(&g->inboxes[i]);
    }
    free(g->workers);
    free(g->inboxes);
    loop_fini(&g->first);
    source_fini(&g->source);
    rounds_fini(&g->rounds);
    rounds_fini(&g->abroad);
    sitemaps_fini(&g->sitemaps);
    follow_fini(&g->follow);
    check_fini(&g->check);
    robots_fini(&g->robots);
    get_request_fini(&g->ask);
    if (g->run.room > STDERR_FILENO)
        close(g->run.room);
}

/* All being prepared; the exit code. */
static int run(struct get *g)
{
    enum fsock_err err =
        g->workers ? loop_run_all(&g->first, g->workers, g->n_workers) : loop_run(&g->first);
    return save(g, finish(g, err));
}

/* Options being known. */
static int get(struct get *g)
{
    char why[1024] = "";
    report_init(&g->report, &g->o);
    int code = prepare(g, why, sizeof why);
    if (code)
        report_say(&g->report, why);
    else
        code = run(g);
    free_all(g);
    code = close_gate(g, code);
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
    if (result == OPTION_OK && g.o.merge) {
        code = journal_merge(g.o.merge, &g.o.urls, why, sizeof why);
        if (code || !g.o.silent)
            fprintf(stderr, "fsock: get: %s\n", why);
    } else if (result == OPTION_SHOW_HELP) {
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
