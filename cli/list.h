/*
 * list.h - the files of -i: one line at a time, as they come, from files and pipes.
 *
 * There are two ways to cut. A list of entries (list_init): a line is an entry, a URL; blanks
 * around it and a CR at its end don't count; empty lines and those that begin with '#' are passed
 * over. A line that can't be an entry (longer than LIST_LINE_MAX, or with a NUL byte) is reported
 * with its number, and the reading goes on.
 *
 * A raw list (list_init_raw): every byte is given out, in order, once; put together, the texts are
 * the files. A text is a line with its newline, if it has one. A line that is longer than
 * LIST_LINE_MAX bytes comes in pieces of that size and a rest: `first` is set in the first of them
 * only, `newline` in the last at most. It isn't in the last line of a file that ends without. There
 * is no LIST_BAD, and what could be read before a file failed is given out before LIST_FAILED.
 *
 * Nothing here blocks on a pipe: where bytes may be late, list_next() says LIST_WAIT, and the
 * caller watches list->fd. Nor does it read on and on in a file that holds no entry, of blank lines
 * or of zeros: LIST_MORE lets others have their turn. At most 4 * LIST_LINE_MAX bytes are held.
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
    LIST_LINE,   /* an entry; a line or piece of a raw list */
    LIST_BAD,    /* a line that is no entry; line.why says so */
    LIST_WAIT,   /* nothing yet: watch list->fd, and call list_ready() when it can be read */
    LIST_MORE,   /* nothing yet, though much was read: call again; never of a raw list */
    LIST_END,    /* all lists are read */
    LIST_FAILED, /* this list can't be read any further (list->sys_errno); go on for the next */
};

struct list_line {
    struct fsk_span text; /* lives until the next call; of a bad line its beginning */
    uint64_t number;      /* from 1 in each list */
    const char *name;     /* of the list; "-" for standard input */
    const char *why;      /* LIST_BAD */
    bool first;           /* a line begins with this text */
    bool newline;         /* a newline ended it; it belongs to the text of a raw list */
};

struct list {
    const struct option_item *name; /* the lists still to be read */
    size_t names;
    int fd;        /* -1: none is open */
    int sys_errno; /* LIST_FAILED */
    bool regular;  /* reads never wait */
    bool ready;    /* one read won't wait */
    bool ended;    /* the descriptor is at its end, or broken */
    bool broken;   /* it can't be read any further */
    bool inside;   /* of a line that is too long; what comes next belongs to it */
    bool raw;
    uint64_t number;
    struct fsk_buf buf;
    size_t scanned; /* bytes of buf known to hold no newline */
};

/* The names are borrowed. */
void list_init(struct list *l, const struct option_list *names);
void list_init_raw(struct list *l, const struct option_list *names);
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
