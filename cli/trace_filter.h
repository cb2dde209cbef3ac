/*
 * trace_filter.h - which marks of a trace are shown: those of an exchange, a connection, a
 * descriptor, a span of time; and of exchanges with a host, or that failed.
 *
 * What is known of an exchange only later, that it failed, or that a connection which was just made
 * is for it, takes two readings. In the first, each mark is given to trace_filter_look(), and at
 * its end trace_filter_looked() is called; in the second trace_filter_passes() knows. Both times
 * trace_filter_run() is told of each run. With one reading (`twice` is not set), --id, --conn and
 * so on go by what a mark itself says.
 */
#ifndef FSOCK_CLI_TRACE_FILTER_H
#define FSOCK_CLI_TRACE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <fsock.h>

#include "trace_options.h"

#define TRACE_FACTS_MAX ((size_t)8 * 1024 * 1024)

/* Exchange `id` of a run has something to do with a number. */
struct trace_fact {
    uint64_t run, id, number;
};

/* Facts, each of them once when they are sorted. */
struct trace_facts {
    struct trace_fact *fact;
    size_t n, cap;
};

struct trace_filter {
    const struct trace_verb *o;
    bool twice;
    uint64_t run;
    struct trace_facts traits; /* number: the enum trait of trace_filter.c */
    struct trace_facts used;   /* number: a connection */
    struct trace_facts chosen; /* ... of an exchange that is meant; id is 0 */
};

/* `o` is borrowed. */
void trace_filter_init(struct trace_filter *f, const struct trace_verb *o, bool twice);
void trace_filter_fini(struct trace_filter *f);

/* Whether a first reading is of use. */
bool trace_filter_selects(const struct trace_filter *f);

void trace_filter_run(struct trace_filter *f);

/* The first reading: a mark; its end. False: there are too many for the memory. */
bool trace_filter_look(struct trace_filter *f, const struct fsock_mark *mark);
bool trace_filter_looked(struct trace_filter *f);

bool trace_filter_passes(const struct trace_filter *f, const struct fsock_mark *mark);

#endif
