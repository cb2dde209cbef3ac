/*
 * trace.c - `fsock trace`: a trace shown, drawn or converted.
 *
 * Marks come from files (trace_read.h) and are fed to what is made of them (trace_feed.h). Lines
 * that can't be understood are counted, and told at the end; the rest is shown.
 */
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "interrupt.h"
#include "outcome.h"
#include "trace_command.h"
#include "trace_feed.h"
#include "trace_options.h"
#include "trace_read.h"

enum { BAD_SHOWN = 5 };

struct trace {
    struct trace_verb o;
    struct trace_feed feed;
    struct out err;
    int signals;
    int code;                         /* of the first failure */
    uint64_t good, bad, steps, calls; /* lines, and marks of them */
    char shown[BAD_SHOWN][400];       /* the first bad lines */
};

static void say(struct trace *t, const char *text)
{
    out_str(&t->err, "fsock: trace: ");
    out_text(&t->err, fsk_span_str(text));
    out_char(&t->err, '\n');
    out_flush(&t->err);
}

/* The first failure decides the exit code. */
static void fail(struct trace *t, int code, const char *what, const char *name, int sys_errno)
{
    char text[4400];
    if (t->feed.selecting)
        return; /* it comes once more */
    snprintf(text, sizeof text, "%s %s: %s", what, name, fsk_errno_text(sys_errno));
    say(t, text);
    if (!t->code)
        t->code = code;
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void take_bad(struct trace *t, const char *name, const char *why)
{
    if (t->feed.selecting)
        return; /* it comes once more */
    if (t->bad < BAD_SHOWN)
        snprintf(t->shown[t->bad], sizeof *t->shown, "%.100s: %s", name, why);
    t->bad++;
}

static void take_mark(struct trace *t, const struct fsock_mark *mark)
{
    t->steps += mark->kind != FSOCK_MARK_CALL;
    t->calls += mark->kind == FSOCK_MARK_CALL;
    trace_feed_mark(&t->feed, mark);
}

static bool goes_on(const struct trace *t)
{
    return !interrupt_signal() && !trace_feed_failed(&t->feed);
}

static void read_marks(struct trace *t, struct trace_reader *r, const char *name)
{
    struct trace_run run;
    const struct fsock_mark *mark;
    enum trace_read_result result;
    char why[280];
    while (goes_on(t) &&
           (result = trace_read_next(r, &run, &mark, why, sizeof why)) != TRACE_READ_END) {
        t->good += result != TRACE_READ_BAD;
        if (result == TRACE_READ_MARK)
            take_mark(t, mark);
        else if (result == TRACE_READ_RUN)
            trace_feed_run(&t->feed, &run);
        else
            take_bad(t, name, why);
    }
    int sys_errno = trace_reader_errno(r);
    if (sys_errno && !(sys_errno == EINTR && interrupt_signal()))
        fail(t, EXIT_READ, "can't read", name, sys_errno);
}

static void read_file(struct trace *t, const char *name)
{
    bool standard = strcmp(name, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    struct trace_reader *r = fd < 0 ? NULL : trace_reader_new(fd);
    uint64_t good = t->good, bad = t->bad;
    if (fd < 0)
        fail(t, EXIT_READ, "can't read", name, errno);
    else if (!r)
        fail(t, EXIT_MEMORY, "can't read", name, ENOMEM);
    else {
        trace_reader_alarm(r, t->signals);
        trace_reader_flush(r, &t->feed.target.out);
        read_marks(t, r, standard ? "standard input" : name);
    }
    if (t->bad > bad && t->good == good && !t->code)
        t->code = EXIT_READ;
    trace_reader_free(r);
    if (fd > STDIN_FILENO)
        close(fd);
}

static void read_files(struct trace *t)
{
    for (size_t i = 0; i < t->o.files.n && goes_on(t); i++)
        read_file(t, t->o.files.item[i].value);
}

/* ---- The verb -------------------------------------------------------------------------------- */

static void tell_bad(struct trace *t)
{
    char text[80];
    for (uint64_t i = 0; i < t->bad && i < BAD_SHOWN; i++)
        say(t, t->shown[i]);
    if (t->bad > BAD_SHOWN) {
        snprintf(text, sizeof text, "%llu more lines can't be understood",
                 (unsigned long long)t->bad - BAD_SHOWN);
        say(t, text);
    }
}

/* Why nothing is shown, if it is of what such a trace does not have. */
static void tell_lack_of_calls(struct trace *t)
{
    bool wanted = t->o.output == TRACE_OUTPUT_NETWORK || t->o.output == TRACE_OUTPUT_CONNECT;
    if (wanted && t->steps && !t->calls)
        say(t, "this trace has no system calls, only steps, which --view all shows; of several "
               "URLs or names calls are kept with --trace-calls");
}

/* Write the end and close; the exit code. */
static int finish(struct trace *t)
{
    bool interrupted = interrupt_signal() != 0;
    int sys_errno = trace_feed_close(&t->feed, !interrupted && !t->code);
    tell_bad(t);
    tell_lack_of_calls(t);
    if (t->feed.starved) {
        say(t, "out of memory");
        return EXIT_MEMORY;
    }
    if (interrupted)
        return 128 + interrupt_signal();
    if (sys_errno && sys_errno != EPIPE)
        fail(t, EXIT_WRITE, "can't write", t->o.target ? t->o.target : "standard output",
             sys_errno);
    return sys_errno ? EXIT_WRITE : t->code;
}

/* Whether all of them can be read twice. */
static bool are_regular(const struct option_list *files)
{
    struct stat st;
    for (size_t i = 0; i < files->n; i++)
        if (strcmp(files->item[i].value, "-") == 0 ||
            (stat(files->item[i].value, &st) == 0 && !S_ISREG(st.st_mode)))
            return false;
    return true;
}

static int show(struct trace *t)
{
    char why[4400];
    bool twice = are_regular(&t->o.files);
    if (!twice && (t->o.host || t->o.failed)) {
        say(t, "--host and --failed read a trace twice; give files, no pipe");
        return EXIT_USAGE;
    }
    t->signals = interrupt_catch();
    int code = t->signals < 0 ? EXIT_MEMORY : 0;
    if (code)
        snprintf(why, sizeof why, "out of memory or descriptors");
    else
        code = trace_feed_open(&t->feed, &t->o, twice, why, sizeof why);
    if (code) {
        say(t, why);
        return code;
    }
    out_patience(&t->feed.target.out, FSOCK_NEVER, t->signals);
    out_patience(&t->err, FSOCK_NEVER, t->signals);
    read_files(t);
    if (trace_feed_again(&t->feed))
        read_files(t);
    return finish(t);
}

/* What stands behind -- is a command. Returns how many words stand before it. */
static int split(struct trace *t, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--") == 0) {
            t->o.command = argv + i + 1;
            return i;
        }
    return argc;
}

int trace_main(int argc, char **argv)
{
    static struct trace t;
    char why[512];
    trace_options_init(&t.o);
    argc = split(&t, argc, argv);
    out_init(&t.err, STDERR_FILENO);
    enum option_result result =
        option_parse(&trace_option_set, &t.o, argc, argv, &t.o.files, why, sizeof why);
    int code = result == OPTION_BAD ? EXIT_USAGE : EXIT_FINE;
    if (result == OPTION_SHOW_HELP)
        option_help(&trace_option_set, stdout);
    else if (!code)
        code = trace_options_check(&t.o, why, sizeof why);
    if (code)
        fprintf(stderr, "fsock: trace: %s\n", why);
    else if (result == OPTION_OK)
        code = t.o.command ? trace_command(&t.o, &t.err) : show(&t);
    out_fini(&t.err);
    trace_options_fini(&t.o);
    return code;
}
