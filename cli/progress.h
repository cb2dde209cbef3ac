/*
 * progress.h - one line on a terminal's standard error that says how far a run is.
 *
 * Drawn at most five times a second, cut to the width of the terminal, and wiped before anything
 * else is written there.
 */
#ifndef FSOCK_CLI_PROGRESS_H
#define FSOCK_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include <fsock.h>

#include "out.h"

struct progress {
    struct out *to;
    bool on, drawn;
    fsock_time next; /* when it may be drawn again; FSOCK_NEVER if it is off */
};

struct progress_state {
    uint64_t ended, failed, bytes, expected; /* expected: of a single body; 0: unknown */
    size_t running;
    fsock_time started;
    bool single;
    bool no_bytes; /* it is a matter of numbers, not of sizes */
};

/* `wanted` is the user's wish; it is on only if `to` is a terminal. */
void progress_init(struct progress *p, struct out *to, bool wanted, fsock_time now);

/* Draw, if it is time. */
void progress_tick(struct progress *p, const struct progress_state *state, fsock_time now);

/* Wipe the line. */
void progress_clear(struct progress *p);

#endif
