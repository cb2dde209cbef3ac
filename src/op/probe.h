/*
 * probe.h - whether anybody is there: an op that dials one target and closes it again. To a
 * datagram socket it sends something, and waits for what comes back.
 */
#ifndef FSK_PROBE_H
#define FSK_PROBE_H

#include "op/dial.h"

struct fsk_probe {
    struct fsk_op op;
    struct fsk_dial dial;
    struct fsk_target target; /* the owner's to fill in, before it starts */
    struct fsock_fault fault;
    struct fsk_span payload; /* of the datagram; borrowed */
    char name[160];          /* the target, for sentences */

    bool dialling, sent;
    struct fsk_stream stream;
    fsock_time started, again_at, each;

    /* The result. */
    fsock_time looked_up; /* when the name was known; 0: it never was */
    fsock_time ended;
    struct fsk_addr peer; /* family 0: none, or a unix socket */
    char *answer;         /* the datagram that came back; NULL: none */
    size_t answer_n;
};

/*
 * Starts when it is first stepped. FSOCK_OK: there is somebody. Else the fault says what happened,
 * and fsock_reach_of() what that tells.
 */
void fsk_probe_init(struct fsk_probe *p, struct fsk_dialer *dialer, fsock_time now,
                    fsock_time deadline);

/* Closes whatever is open; the result stays. */
void fsk_probe_close(struct fsk_probe *p);

/* ... and frees the result. */
void fsk_probe_fini(struct fsk_probe *p);

#endif
