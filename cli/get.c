/*
 * get.c - `fsock get`: one URL, or a list of any length.
 *
 * A run is one loop (run() below): put URLs into the library's queue until it is full, take the
 * next event, act on it. An event belongs to a transfer (transfer.c), to the list (more of it can
 * be read), or to the signal pipe. Records are collected in one buffer, written when it is full or
 * nothing else is to do. Memory does not grow with the list: what is open is bounded by the queue.
 */
#include "get.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/list.h"
#include "base/map.h"
#include "base/time.h"
#include "interrupt.h"
#include "names.h"
#include "trace_lines.h"
#include "transfer.h"
#include "writeout.h"

enum { LINES_A_TURN = 256, FORMAT_MAX = 65536 };

static const fsock_time flush_after = 100 * FSOCK_MILLISECOND;

/* What the events of watched descriptors are known by. */
static char list_watch, signal_watch;

/* ---- The run --------------------------------------------------------------------------------- */

static void feed(struct get *g);
static enum fsock_err next_event(struct get *g, struct fsock_event *e);
static void act(struct get *g, const struct fsock_event *e);
static void tick(struct get *g, fsock_time now);

/* FSOCK_OK, or what stopped the library itself. */
static enum fsock_err run(struct get *g)
{
    for (;;) {
        struct fsock_event e;
        feed(g);
        if (!g->open && g->lists_ended)
            return FSOCK_OK;
        enum fsock_err err = next_event(g, &e);
        if (err == FSOCK_OK)
            act(g, &e);
        else if (err != FSOCK_ERR_TIMEOUT)
            return err == FSOCK_EOF ? FSOCK_OK : err;
        tick(g, fsock_now());
    }
}

/* Wait for an event; before that, write what is waiting to be read by others. */
static enum fsock_err next_event(struct get *g, struct fsock_event *e)
{
    fsock_time now_or_never = 0;
    if (g->out.n || g->busy) {
        enum fsock_err err = fsock_fetch_next(g->fetch, e, now_or_never);
        if (err != FSOCK_ERR_TIMEOUT || g->busy)
            return err;
        out_flush(&g->out);
        tick(g, fsock_now());
    }
    return fsock_fetch_next(g->fetch, e, fsk_time_min(g->progress.next, g->run_deadline));
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
        } else if (!g->stopping) {
            g->interrupted = interrupt_signal();
            get_stop(g, "interrupted");
        }
        break;
    case FSOCK_EVENT_MARK:
        progress_clear(&g->progress);
        trace_mark(&g->err, e->mark, g->started, !g->single);
        break;
    case FSOCK_EVENT_HEAD:
        if (g->o.verbose)
            trace_head(&g->err, e, !g->single);
        transfer_event(g, e);
        break;
    default:
        transfer_event(g, e);
    }
}

/* What goes by the clock, and an output that is gone. */
static void tick(struct get *g, fsock_time now)
{
    if (g->out.n && now - g->flushed > flush_after) {
        out_flush(&g->out);
        g->flushed = now;
    }
    if (g->out.sys_errno && !g->stopping)
        get_stop(g, "standard output can't be written");
    if (now >= g->run_deadline && !g->stopping) {
        g->over = true;
        get_stop(g, "the run is over (--run-time raises this limit)");
    }
    if (now < g->progress.next)
        return;
    struct progress_state state = {
        .ended = g->summary.fine + g->summary.failed,
        .failed = g->summary.failed,
        .bytes = g->moved,
        .expected = g->expected,
        .running = fsock_fetch_running(g->fetch),
        .started = g->started,
        .single = g->single,
    };
    progress_tick(&g->progress, &state, now);
}

void get_stop(struct get *g, const char *why)
{
    g->stopping = g->lists_ended = true;
    if (g->waiting)
        transfer_drop(g, g->waiting);
    g->waiting = NULL;
    fsock_fetch_stop(g->fetch, why);
}

void get_say(struct get *g, const char *text)
{
    progress_clear(&g->progress);
    out_str(&g->err, "fsock: get: ");
    out_text(&g->err, fsk_span_str(text));
    out_char(&g->err, '\n');
    out_flush(&g->err);
}

/* ---- Feeding --------------------------------------------------------------------------------- */

/* The list had to be given up; the next one, if any, goes on. */
static void list_broke(struct get *g, const char *name)
{
    char text[4096];
    snprintf(text, sizeof text, "can't read the list %s: %s", name,
             fsk_errno_text(g->list.sys_errno));
    g->list_failed = true;
    get_say(g, text);
}

/* The next transfer of the list; NULL: none now, or that line is done with. */
static struct transfer *from_list(struct get *g, bool *more)
{
    struct list_line line;
    struct transfer *t = NULL;
    enum list_result result = list_next(&g->list, &line);
    *more = result != LIST_END && result != LIST_WAIT;
    if (result == LIST_END)
        g->lists_ended = true;
    else if (result == LIST_FAILED)
        list_broke(g, line.name);
    else if (result == LIST_WAIT && !g->list_waits)
        g->list_waits = fsock_fetch_watch(g->fetch, g->list.fd, &list_watch) == FSOCK_OK;
    else if (result == LIST_LINE || result == LIST_BAD)
        t = transfer_of_line(g, &line);
    if (t && result == LIST_BAD) {
        transfer_refuse(g, t, line.why);
        t = NULL;
    }
    return t;
}

static void feed(struct get *g)
{
    bool more = !g->stopping && !g->lists_ended;
    g->busy = false;
    for (unsigned i = 0; more && !g->stopping; i++) {
        struct transfer *t = g->waiting;
        if (!t && i == LINES_A_TURN) {
            g->busy = true;
            return;
        }
        if (!t && g->next_url < g->o.urls.n)
            t = transfer_of_argument(g, g->next_url++);
        else if (!t)
            t = from_list(g, &more);
        bool full = t && transfer_add(g, t) == FSOCK_AGAIN;
        g->waiting = full ? t : NULL;
        if (full)
            return;
    }
}

/* ---- Before and after ------------------------------------------------------------------------ */

struct argument {
    struct fsk_map_node node;
    char name[NAME_SIZE];
    size_t index;
};

/* With -O, those of the command line's URLs whose plain names are the same get marked ones. */
static bool mark_names(struct get *g)
{
    size_t n = g->o.urls.n;
    if (!g->o.remote_name || (n < 2 && !g->o.lists.n))
        return true;
    struct fsk_map map;
    struct argument *a = calloc(n + 1, sizeof *a);
    g->marked = calloc(n + 1, sizeof *g->marked);
    bool good = a && g->marked;
    fsk_map_init(&map);
    for (size_t i = g->o.outputs.n; good && i < n; i++) {
        names_of_url(fsk_span_str(g->o.urls.item[i].value), false, a[i].name);
        a[i].index = i;
        a[i].node.key = fsk_span_str(a[i].name);
        struct fsk_map_node *same = fsk_map_get(&map, a[i].node.key);
        if (same || g->o.lists.n)
            g->marked[i] = true;
        if (same)
            g->marked[FSK_HOLDER(same, struct argument, node)->index] = true;
        else
            good = fsk_map_add(&map, &a[i].node);
    }
    fsk_map_fini(&map);
    free(a);
    return good;
}

/* -w @FILE: the format stands in a file. Returns it, to be freed; NULL with `why` set. */
static char *read_format(const char *name, char *why, size_t cap)
{
    char *format = calloc(1, FORMAT_MAX);
    int fd = strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 && format ? read(fd, format, FORMAT_MAX - 1) : -1;
    struct fsk_span bad;
    if (n < 0)
        snprintf(why, cap, "can't read %s: %s", name, fsk_errno_text(errno));
    else if (!writeout_check(format, &bad))
        snprintf(why, cap, "-w knows no %.*s (in %s)", (int)bad.n, bad.p, name);
    if (fd > STDIN_FILENO)
        close(fd);
    if (why[0]) {
        free(format);
        format = NULL;
    }
    return format;
}

static bool wants_colour(int colour)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    if (colour != COLOUR_AUTO)
        return colour == COLOUR_ALWAYS;
    return isatty(STDOUT_FILENO) == 1 && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

static void set_up(struct get *g)
{
    g->single = get_is_single(&g->o);
    g->started = g->flushed = fsock_now();
    g->run_deadline = fsk_time_limit(g->started, g->o.run_time);
    g->dump_fd = -1;
    out_init(&g->out, STDOUT_FILENO);
    out_init(&g->err, STDERR_FILENO);
    g->terminal = isatty(STDOUT_FILENO) == 1;
    g->colour = wants_colour(g->o.colour);
    list_init(&g->list, &g->o.lists);
    summary_init(&g->summary, g->started);
    bool body_on_terminal = g->single && g->terminal && !g->o.outputs.n && !g->o.remote_name;
    progress_init(&g->progress, &g->err, g->o.progress && !g->o.silent && !body_on_terminal,
                  g->started);
}

/*
 * A header or method that can't be sent is a mistake of the command line, not of each URL. An empty
 * URL is always refused: if our request is refused for another reason, that reason is the request.
 */
static bool request_is_fine(struct get *g, struct fsock_fault *fault)
{
    struct fsock_fault of_url;
    fsock_fetch_add(g->fetch, "", 0, NULL, NULL, &of_url);
    fsock_fetch_add(g->fetch, "", 0, &g->ask.request, NULL, fault);
    return strcmp(of_url.text, fault->text) == 0;
}

/* Where the received headers go. False: that can't be opened. */
static bool open_dump(struct get *g)
{
    const char *name = g->o.dump_header;
    if (!name)
        return true;
    g->dump_fd = strcmp(name, "-") == 0
                     ? STDOUT_FILENO
                     : open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return g->dump_fd >= 0;
}

/* All that can fail before the first URL. 0, or the exit code with a sentence in `why`. */
static int prepare(struct get *g, char *why, size_t cap)
{
    struct fsock_fault fault = {.err = FSOCK_OK};
    const char *list = list_unreadable(&g->o.lists);
    if (list) {
        snprintf(why, cap, "can't read the list %s: %s", list, fsk_errno_text(errno));
        return EXIT_READ;
    }
    int code = get_request_init(&g->ask, &g->o, why, cap);
    if (code)
        return code;
    if (!open_dump(g)) {
        snprintf(why, cap, "can't write %s: %s", g->o.dump_header, fsk_errno_text(errno));
        return EXIT_WRITE;
    }
    int signals = interrupt_catch();
    g->fetch =
        fsock_fetch_new(&g->ask.options, (unsigned)g->o.parallel, (unsigned)g->o.per_host, &fault);
    if (!g->fetch) {
        struct limits limits = {0, g->o.ca_file};
        outcome_fault(&g->outcome, &fault, "", &limits);
        snprintf(why, cap, "%s", fault.text);
        return fault.err == FSOCK_ERR_INPUT ? EXIT_USAGE : g->outcome.exitcode;
    }
    if (!request_is_fine(g, &fault)) {
        snprintf(why, cap, "%s%s%s", fault.text, fault.hint[0] ? "; " : "", fault.hint);
        return EXIT_USAGE;
    }
    if (!mark_names(g) || signals < 0 ||
        fsock_fetch_watch(g->fetch, signals, &signal_watch) != FSOCK_OK) {
        snprintf(why, cap, "out of memory or descriptors");
        return EXIT_MEMORY;
    }
    return 0;
}

/* How the run as a whole went. */
static int exit_code(const struct get *g)
{
    if (g->out.sys_errno)
        return EXIT_WRITE;
    if (g->interrupted)
        return 128 + g->interrupted;
    if (g->list_failed)
        return EXIT_READ;
    if (g->single)
        return g->exitcode;
    if (!g->summary.failed && !g->over)
        return EXIT_FINE;
    return g->summary.fine ? EXIT_SOME_FAILED : EXIT_ALL_FAILED;
}

static int finish(struct get *g, enum fsock_err err)
{
    out_flush(&g->out);
    progress_clear(&g->progress);
    if (g->out.sys_errno && g->out.sys_errno != EPIPE) {
        char text[256];
        snprintf(text, sizeof text, "can't write standard output: %s",
                 fsk_errno_text(g->out.sys_errno));
        get_say(g, text);
    }
    if (err != FSOCK_OK) {
        get_say(g, err == FSOCK_ERR_MEMORY ? "out of memory" : "waiting for the network failed");
        return err == FSOCK_ERR_MEMORY ? EXIT_MEMORY : EXIT_RECV;
    }
    bool wanted = g->o.summary >= 0 ? g->o.summary : !g->single && !g->o.silent;
    if (wanted && g->out.sys_errno != EPIPE)
        summary_print(&g->summary, &g->err, fsock_now());
    return exit_code(g);
}

static void tear_down(struct get *g)
{
    fsock_fetch_free(g->fetch);
    transfer_free_spare(g);
    list_fini(&g->list);
    get_request_fini(&g->ask);
    if (g->dump_fd > STDERR_FILENO)
        close(g->dump_fd);
    free(g->marked);
}

/* The run, options being known. */
static int get(struct get *g)
{
    char why[1024] = "", *format = NULL;
    set_up(g);
    if (g->o.write_out && g->o.write_out[0] == '@')
        g->o.write_out = format = read_format(g->o.write_out + 1, why, sizeof why);
    int code = why[0] ? EXIT_USAGE : prepare(g, why, sizeof why);
    if (code)
        get_say(g, why);
    else
        code = finish(g, run(g));
    tear_down(g);
    free(format);
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
    if (result == OPTION_SHOW_HELP)
        option_help(&get_option_set, stdout);
    else if (result == OPTION_BAD)
        fprintf(stderr, "fsock: get: %s\n", why), code = EXIT_USAGE;
    else
        code = get(&g);
    get_options_fini(&g.o);
    return code;
}
