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

#define CELLS_MAX 128 /* in one table */

/* Which of the limits is 700 ms; the others are far away. OWN: a stream's own deadline. */
enum which { TOTAL, CONNECT, READ, OWN };

/* What a command has as its standard input: a pipe that is open and says nothing, one that is full
 * again and again, nothing. */
enum input { INPUT_QUIET, INPUT_FLOODS, INPUT_ENDED };

struct trial;

/* One row. The addresses are texts in which "%name%" is the port of a service of fsock-site or of a
 * peer of peer.h, and "%dir%" the directory of the run. */
struct cell {
    const char *stage_name, *manner;
    const char *url; /* or a stream's target, or a command's words */
    enum fsock_err err;
    enum fsock_stage stage;
    enum which which;  /* if err is FSOCK_ERR_TIMEOUT: the limit that strikes */
    const char *named; /* what the fault's text has to name, after replacement as above; NULL:
                          it is a call without a fault */
    const char *dns;   /* "127.0.0.1:%dns-mute%" */
    const char *proxy, *resolve, *unix_socket;
    unsigned retries; /* after pauses of 20 ms, doubled each time */
    int http2;        /* an FSOCK_HTTP2_ */
    int upload;       /* 1: with a body that no buffer holds */
    int paced;        /* 1: at a crawl: 1,000 bytes a second, and one request in ten */
    int slow;         /* 1: it gives up by itself if the limit does not strike before */
    int loose; /* 1: without ceilings for what a body unpacks to; a flood keeps a processor busy */
    void (*act)(struct trial *t); /* of a stream: what is done with it (streams.h) */

    /* Of a command (commands.h). */
    enum input input;
    const char *script; /* the text is its standard input instead */
    int unread;         /* 1: its standard output is a full pipe that nobody reads */
    int caller;         /* 1: who connects when it listens (-v tells where), and says nothing */
};

extern const struct cell cells[], stream_cells[], talk_cells[];
extern const unsigned n_cells, n_stream_cells, n_talk_cells;

/* The run's surroundings. */
struct place {
    struct site site;
    struct peers peers;
    char dir[64];
};

extern struct place place;

/* Replace what stands between percent signs. `text` may be NULL: "". */
void cell_text(const char *text, char *out, size_t cap);

#endif
