/*
 * check_targets.h - where the targets of a run come from, one at a time: the command line, then the
 * lists. With --every they are kept, and come again in each round; with --prometheus, too, to be
 * told at the end, each once. Else memory does not grow with the list.
 */
#ifndef FSOCK_CLI_CHECK_TARGETS_H
#define FSOCK_CLI_CHECK_TARGETS_H

#include "base/list.h"
#include "base/map.h"
#include "check_options.h"
#include "check_verdict.h"
#include "list.h"

#define CHECK_TARGETS_MAX 1000000 /* that are kept */
#define CHECK_TARGET_TEXT 2048

/* One that is kept, and what its last check has told. */
struct check_target {
    struct fsk_map_node node; /* in `known`; key: the text */
    char *text;
    int state; /* enum check_state; -1: not checked yet */
    fsock_time lookup, connect, tls, greeting, login, took;
    int64_t not_after; /* of its certificate; 0: none */
};

struct check_targets {
    const struct check_options *o;
    struct list list;
    size_t next;                /* of the command line, or in later rounds of those that are kept */
    bool again;                 /* this is a later round */
    bool keep;                  /* ... and that needs memory */
    struct check_target **kept; /* each stays where it is */
    size_t n, cap;
    struct fsk_map known; /* of --prometheus: which are kept */
};

/* What the next one is. */
struct check_next {
    char text[CHECK_TARGET_TEXT]; /* of a bad line its beginning */
    struct check_target *target;  /* NULL: it is not kept */
    char why[160];                /* LIST_BAD: a sentence */
    const char *list;             /* LIST_FAILED: which */
};

void check_targets_init(struct check_targets *t, const struct check_options *o);
void check_targets_fini(struct check_targets *t);

/*
 * LIST_LINE, LIST_BAD; LIST_WAIT: watch t->list.fd, and call list_ready(); LIST_MORE: call again;
 * LIST_FAILED: that list can't be read any further (t->list.sys_errno); LIST_END.
 */
enum list_result check_targets_next(struct check_targets *t, struct check_next *next);

/* Another round begins, with all that are kept. */
void check_targets_again(struct check_targets *t);

#endif
