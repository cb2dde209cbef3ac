#include "trace_options.h"

#include <stdio.h>
#include <string.h>

#include "colour.h"
#include "option_rows.h"
#include "outcome.h"

#define AT(member) offsetof(struct trace_verb, member)

#define OUTPUT(name, kind, help)                                                                   \
    {                                                                                              \
        0, name, NULL, OPTION_COUNT, AT(asked[kind]), help, 0, 0, 0                                \
    }

/* clang-format off */
static const struct option_row rows[] = {
    HEADING("What is made of it"),
    CHOICE(0, "view", "NAME", view, "all|network|connect|timeline",
           "all: each call, and what it means (the default); network: what 'strace -e "
           "trace=network' prints; connect: connects, and how they ended; timeline: a line per "
           "exchange, with a bar"),
    OUTPUT("summary", TRACE_OUTPUT_SUMMARY, "counts, and percentiles of each stage, per host"),
    OUTPUT("har", TRACE_OUTPUT_HAR, "HTTP Archive 1.2, for the tools of browsers"),
    OUTPUT("svg", TRACE_OUTPUT_SVG, "a picture: a row per exchange, with a bar of its stages"),
    OUTPUT("html", TRACE_OUTPUT_HTML, "the same as a page, which zooms, sorts and shows all details"),
    FLAG(0, "json", json, "with --summary: a JSON object per host"),
    CHOICE(0, "color", "WHEN", colour, COLOUR_CHOICES, "of the timeline: auto, always or never"),
    TEXT('o', "output", "FILE", target, "into a file, which is whole or not there"),

    HEADING("Times (of the views that print lines)"),
    {'t', "time", NULL, OPTION_COUNT, AT(clock),
     "seconds since the start in front of each line; -tt: the time of day", 0, 0, 0},
    FLAG('r', "relative", delta, "seconds since the line before"),

    HEADING("Which events (TIME: 1.5, 500ms, 10s, 2m)"),
    NUMBER(0, "id", id, 1, INT64_MAX, "of this exchange"),
    NUMBER(0, "conn", connection, 1, INT64_MAX, "of this connection"),
    NUMBER(0, "fd", fd, 0, INT32_MAX, "of this descriptor"),
    TEXT(0, "host", "NAME", host, "of exchanges with this host"),
    FLAG(0, "failed", failed, "of exchanges that failed"),
    TIME(0, "since", since, "from this time on, counted from the start"),
    TIME(0, "until", until, "... and until this one"),

    HEADING("Of a command"),
    TEXT(0, "trace", "FILE", keep.file, "write its trace as JSON Lines, for 'fsock trace FILE'"),
    FLAG(0, "trace-data", keep.data, "with the bytes that it sends and receives"),
    FLAG(0, "trace-secrets", keep.secrets, "with passwords and cookies, which are masked"),
    HELP,
    {.help = NULL},
};
/* clang-format on */

const struct option_set trace_option_set = {
    .usage = "fsock trace [OPTION]... FILE...\n"
             "       fsock trace [OPTION]... -- COMMAND [ARGUMENT]...",
    .about = "Show what happened, step by step. FILE is what 'fsock get', 'dns' or 'talk' has\n"
             "written with --trace FILE; - is standard input. COMMAND is run, and its network\n"
             "calls are shown on standard error meanwhile.",
    .row = rows,
    .more = "Exit code: 0 fine, 2 the command line makes no sense, 23 can't write, 26 a file\n"
            "can't be read or is no trace; of a command its own, 128+n if signal n ended it,\n"
            "126 it can't be run or traced, 127 it was not found. See fsock-trace(1).",
};

void trace_options_init(struct trace_verb *o)
{
    *o = (struct trace_verb){
        .view = -1, .id = -1, .connection = -1, .fd = -1, .since = -1, .until = -1};
}

void trace_options_fini(struct trace_verb *o)
{
    option_list_free(&o->files);
}

/* Set o->output; how many are asked for. */
static unsigned pick_output(struct trace_verb *o)
{
    unsigned n = o->view >= 0;
    o->output = o->view >= 0 ? o->view : TRACE_OUTPUT_NONE;
    for (int kind = 0; kind < TRACE_OUTPUTS; kind++)
        if (o->asked[kind]) {
            o->output = kind;
            n++;
        }
    return n;
}

/* What is wrong, and what to do instead; NULL if all is well. */
static const char *conflict(const struct trace_verb *o)
{
    size_t standard = 0;
    for (size_t i = 0; i < o->files.n; i++)
        standard += strcmp(o->files.item[i].value, "-") == 0;
    if (!o->files.n && !o->command)
        return "no file; give one that was written with --trace FILE, - for standard input, or a "
               "command behind --";
    if (standard > 1)
        return "standard input can be read once only";
    if (o->files.n && o->command)
        return "files can't be read while a command runs; drop either of them";
    if (o->command && !*o->command)
        return "no command behind --; give one to run, and its arguments";
    if (!o->command && (o->keep.file || o->keep.data || o->keep.secrets))
        return "--trace and what belongs to it are for a command, which stands behind --";
    if (o->command && (o->host || o->failed))
        return "--host and --failed need a whole trace; give a command --trace FILE, and read that";
    if (o->clock && o->delta)
        return "-t and -r both say what stands in front of a line; drop one of them";
    if (o->json && o->output != TRACE_OUTPUT_SUMMARY)
        return "--json is for --summary; a trace is JSON already, and --har another kind of it";
    if (o->clock > 2)
        return "there is -t and -tt, and no more";
    if (o->since >= 0 && o->until >= 0 && o->until < o->since)
        return "--until is before --since";
    if (o->host && !*o->host)
        return "--host needs the name of a host";
    if (o->target && !*o->target)
        return "-o needs the name of a file";
    return NULL;
}

int trace_options_check(struct trace_verb *o, char *why, size_t cap)
{
    unsigned outputs = pick_output(o);
    const char *text = outputs > 1
                           ? "one thing is made at a time: of --view, --summary, --har, --svg "
                             "and --html only one can be given"
                           : conflict(o);
    bool kept = o->command && o->keep.file && !o->target;
    if (o->output == TRACE_OUTPUT_NONE && !kept)
        o->output = TRACE_OUTPUT_ALL;
    o->time = o->delta        ? TRACE_TIME_DELTA
              : o->clock == 2 ? TRACE_TIME_CLOCK
              : o->clock      ? TRACE_TIME_RUN
                              : TRACE_TIME_NONE;
    if (text)
        snprintf(why, cap, "%s", text);
    return text ? EXIT_USAGE : 0;
}
