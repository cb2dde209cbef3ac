/* script.h: the parts that a connection's script is made of; only conn.c and script.c look inside.
 */
#ifndef SITE_SCRIPT_H
#define SITE_SCRIPT_H

#include "conn.h"

enum part_kind {
    PART_BYTES, /* bytes, perhaps repeated, perhaps dripped */
    PART_PAUSE, /* nothing for gap_ms */
    PART_SHUT,  /* a FIN, and the connection goes on */
    PART_CLOSE, /* the rest are endings */
    PART_BARE_FIN,
    PART_RESET,
    PART_HANG,
    PART_DEAF_HANG,
};

struct part {
    struct part *next;
    enum part_kind kind;
    const char *data;
    char *own;      /* the data if it is ours to free */
    size_t len;     /* of data */
    size_t room;    /* of own */
    uint64_t total; /* bytes to send; more than len repeats the data */
    uint64_t done;  /* of total */
    size_t piece;   /* bytes between two gaps */
    unsigned gap_ms;
    bool rested; /* the gap before the next piece is over */
};

/* Frees the first part. */
void script_pop(struct conn *c);

/* Frees all parts. */
void script_free(struct conn *c);

#endif
