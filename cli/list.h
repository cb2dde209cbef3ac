/*
 * list.h - the URLs of -i: one line at a time, as they come, from files and pipes.
 *
 * A line is a URL; blanks around it and a CR at its end don't count; empty lines and those that
 * begin with '#' are passed over. A line that can't be a URL (longer than LIST_LINE_MAX, or with a
 * NUL byte) is reported with its number, and the reading goes on. Nothing here blocks on a pipe:
 * where bytes may be late, list_next() says LIST_WAIT, and the caller watches list->fd.
 */
#ifndef FSOCK_CLI_LIST_H
#define FSOCK_CLI_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "option.h"

#define LIST_LINE_MAX 65536

enum list_result {
    LIST_LINE,   /* a URL */
    LIST_BAD,    /* a line that isn't one; line.why says so */
    LIST_WAIT,   /* nothing yet: watch list->fd, and call list_ready() when it can be read */
    LIST_END,    /* all lists are read */
    LIST_FAILED, /* this list can't be read any further (list->sys_errno); go on for the next */
};

struct list_line {
    struct fsk_span text; /* lives until the next call; of a bad line its beginning */
    uint64_t number;      /* from 1 */
    const char *name;     /* of the list; "-" for standard input */
    const char *why;      /* LIST_BAD */
};

struct list {
    const struct option_item *name; /* the lists still to be read */
    size_t names;
    int fd;        /* -1: none is open */
    int sys_errno; /* LIST_FAILED */
    bool regular;  /* reads never wait */
    bool ready;    /* one read won't wait */
    bool ended;    /* the descriptor is at its end */
    bool skipping; /* inside a line that is too long */
    uint64_t number;
    struct fsk_buf buf;
    size_t scanned; /* bytes of buf known to hold no newline */
};

/* The names are borrowed. */
void list_init(struct list *l, const struct option_list *names);
void list_fini(struct list *l);

/*
 * The first of the lists that can't be read: its name, with errno set; NULL if all can. They are
 * not opened, so that a mistyped name is told before anything runs and no pipe notices.
 */
const char *list_unreadable(const struct option_list *names);

enum list_result list_next(struct list *l, struct list_line *line);

/* The descriptor can be read once without waiting. */
void list_ready(struct list *l);

#endif
