/*
 * cells.h - the rows of the deadline matrix: who misbehaves in which way, and what has to come of
 * it.
 */
#ifndef MATRIX_CELLS_H
#define MATRIX_CELLS_H

#include <fsock.h>

#include "peer.h"
#include "unit/site.h"

#define LIMIT (700 * FSOCK_MILLISECOND)

/* Which of the three limits is 700 ms; the others are far away. */
enum which { TOTAL, CONNECT, READ };

/* One row. The addresses are texts in which "%name%" is the port of a service of fsock-site, and
 * "%0%" ... those of the peers here, by their numbers in enum peer_kind; "%h%" is peers.hanging. */
struct cell {
    const char *stage_name, *manner;
    const char *url;
    enum fsock_err err;
    enum fsock_stage stage;
    enum which which;  /* if err is FSOCK_ERR_TIMEOUT: the limit that strikes */
    const char *named; /* what the fault's text has to name, after replacement as above */
    const char *dns;   /* "127.0.0.1:%dns-mute%" */
    const char *proxy, *resolve, *unix_socket; /* "DIR/..." is in the directory of the run */
    int upload;                                /* 1: with a body that no buffer holds */
    int slow;  /* 1: it gives up by itself if the limit does not strike before */
    int loose; /* 1: without ceilings for what a body unpacks to */
};

extern const struct cell cells[];
extern const unsigned n_cells;

/* The run's surroundings. */
struct place {
    struct site site;
    struct peers peers;
    char dir[64];
};

/* Replace what stands between percent signs; "DIR/" at the start, too. `text` may be NULL: "". */
void cell_text(const struct place *place, const char *text, char *out, size_t cap);

#endif
