/*
 * trace_target.h - where an output goes: a descriptor that is open, or a file that is whole or not
 * there.
 *
 * A file is written as FILE.part and renamed when all of it is written; what FILE was stays until
 * then. If it isn't, FILE.part is removed. What is there already and no regular file (/dev/full, a
 * FIFO) is written directly.
 */
#ifndef FSOCK_CLI_TRACE_TARGET_H
#define FSOCK_CLI_TRACE_TARGET_H

#include <stdbool.h>

#include "out.h"

struct trace_target {
    struct out out;
    const char *name; /* NULL: the descriptor that was given */
    char *part;       /* the name while it is written; NULL: none */
};

/* `name` and `fd` are borrowed; without a name it is the descriptor. False: errno says why. */
bool trace_target_open(struct trace_target *t, const char *name, int fd);

/* Write what is left; with `whole`, give the file its name. 0, or the errno of what failed. */
int trace_target_close(struct trace_target *t, bool whole);

#endif
