/*
 * get_source.h - where the URLs of a run come from, one at a time: the command line, then the
 * lists.
 */
#ifndef FSOCK_CLI_GET_SOURCE_H
#define FSOCK_CLI_GET_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "get_options.h"
#include "list.h"

/* One URL as it is wanted. */
struct source_url {
    struct fsk_span text; /* lives until the next call */
    const char *list;     /* the list it stands in; NULL: the command line */
    uint64_t line;        /* its line there, from 1 */
    uint64_t number;      /* among those that are fetched, from 0; given by who takes it */
    const char *output;   /* -o of its own; NULL: it has none */
    bool marked;          /* for -O, its name must be a marked one (get_names.h) */
    const char *why;      /* it is no URL: why */
};

struct source {
    const struct get_options *o;
    struct list list;
    size_t next_url; /* of the command line */
    bool *marked;    /* for each of o->urls; NULL: none */
    bool failed;     /* a list could not be read to its end */
};

/* The options are borrowed. False: out of memory. */
bool source_init(struct source *s, const struct get_options *o);

/* After source_init(), or of what is all zero. */
void source_fini(struct source *s);

/*
 * The next URL: LIST_LINE, or LIST_BAD if it is none (u->why). LIST_WAIT: watch s->list.fd, and
 * call list_ready(). LIST_MORE: call again, when others had their turn. LIST_FAILED: u->list can't
 * be read any further (s->list.sys_errno). LIST_END: that was all.
 */
enum list_result source_next(struct source *s, struct source_url *u);

#endif
