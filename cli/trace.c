/*
 * trace.c - `fsock trace`: a trace shown, drawn or converted.
 *
 * Marks come from files (trace_read.h), pass the filters (trace_filter.h) and go to one output
 * (trace_output.h), which writes to standard output or to a file (trace_target.h). Lines that can't
 * be understood are counted, and told at the end; the rest is shown.
 */
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "interrupt.h"
#include "outcome.h"
#include "trace_filter.h"
#include "trace_options.h"
#include "trace_output.h"
#include "trace_read.h"
#include "trace_target.h"

enum { BAD_SHOWN = 5 };

struct trace {
    struct trace_verb o;
    struct trace_filter filter;
    const struct trace_output *output;
    void *state; /* the output's */
    struct trace_target target;
    struct out err;
    int signals;
    int code;       /* of the first failure */
    bool selecting; /* it is the first of two times that the files are read */
    uint64_t good, bad;
    char shown[BAD_SHOWN][400];
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
    snprintf(text, sizeof text, "%s %s: %s", what, name, fsk_errno_text(sys_errno));
    say(t, text);
    if (!t->code)
        t->code = code;
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void take_mark(struct trace *t, const struct fsock_mark *mark)
{
    t->good++;
    if (t->selecting) {
        if (!trace_filter_look(&t->filter, mark) && !t->code)
            t->code = EXIT_MEMORY;
    } else if (trace_filter_passes(&t->filter, mark))
        t->output->mark(t->state, mark);
}

static void take_run(struct trace *t, const struct trace_run *run)
{
    t->good++;
    trace_filter_run(&t->filter);
    if (!t->selecting)
        t->output->run(t->state, run);
}

static void take_bad(struct trace *t, const char *name, const char *why)
{
    if (t->selecting)
        return;
    if (t->bad < BAD_SHOWN)
        snprintf(t->shown[t->bad], sizeof *t->shown, "%.100s: %s", name, why);
    t->bad++;
}

static bool goes_on(const struct trace *t)
{
    return !interrupt_signal() && !t->target.out.sys_errno && t->code != EXIT_MEMORY;
}

static void read_marks(struct trace *t, struct trace_reader *r, const char *name)
{
    struct trace_run run;
    const struct fsock_mark *mark;
    enum trace_read_result result;
    char why[280];
    while (goes_on(t) &&
           (result = trace_read_next(r, &run, &mark, why, sizeof why)) != TRACE_READ_END) {
        if (result == TRACE_READ_MARK)
            take_mark(t, mark);
        else if (result == TRACE_READ_RUN)
            take_run(t, &run);
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
        trace_reader_flush(r, &t->target.out);
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

/* Write the end and close; the exit code. */
static int finish(struct trace *t)
{
    bool interrupted = interrupt_signal() != 0;
    const char *name = t->o.target ? t->o.target : "standard output";
    if (t->code != EXIT_MEMORY && t->output->end && !t->output->end(t->state, &t->target.out))
        t->code = EXIT_MEMORY;
    int sys_errno = trace_target_close(&t->target, !interrupted && t->code != EXIT_MEMORY);
    tell_bad(t);
    if (t->code == EXIT_MEMORY)
        say(t, "out of memory");
    else if (sys_errno && sys_errno != EPIPE && !interrupted)
        fail(t, EXIT_WRITE, "can't write", name, sys_errno);
    if (sys_errno && !interrupted)
        return EXIT_WRITE;
    return interrupted ? 128 + interrupt_signal() : t->code;
}

/* Whether all of them can be read twice. */
static bool are_regular(const struct option_list *files)
{
    struct stat st;
    for (size_t i = 0; i < files->n; i++)
        if (stat(files->item[i].value, &st) < 0 || !S_ISREG(st.st_mode))
            return false;
    return true;
}

static int show(struct trace *t)
{
    bool twice = are_regular(&t->o.files);
    if (!twice && (t->o.host || t->o.failed)) {
        say(t, "--host and --failed read a trace twice; give files, no pipe");
        return EXIT_USAGE;
    }
    trace_filter_init(&t->filter, &t->o, twice);
    t->signals = interrupt_catch();
    t->output = &trace_outputs[t->o.output];
    t->state = calloc(1, t->output->size);
    if (t->signals < 0 || !t->state) {
        say(t, "out of memory or descriptors");
        return EXIT_MEMORY;
    }
    if (!trace_target_open(&t->target, t->o.target)) {
        fail(t, EXIT_WRITE, "can't write", t->o.target, errno);
        return EXIT_WRITE;
    }
    out_patience(&t->target.out, FSOCK_NEVER, t->signals);
    out_patience(&t->err, FSOCK_NEVER, t->signals);
    if (!t->output->init(t->state, &t->o, &t->target.out))
        t->code = EXIT_MEMORY;
    t->selecting = trace_filter_selects(&t->filter);
    if (t->selecting) {
        read_files(t);
        if (!trace_filter_looked(&t->filter))
            t->code = EXIT_MEMORY;
        t->selecting = false;
    }
    if (!t->code)
        read_files(t);
    int code = finish(t);
    if (t->output->fini)
        t->output->fini(t->state);
    trace_filter_fini(&t->filter);
    return code;
}

int trace_main(int argc, char **argv)
{
    static struct trace t;
    char why[512];
    trace_options_init(&t.o);
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
        code = show(&t);
    free(t.state);
    out_fini(&t.err);
    trace_options_fini(&t.o);
    return code;
}
