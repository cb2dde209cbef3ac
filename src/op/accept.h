/*
 * accept.h - taking one connection from a listening socket: an op.
 */
#ifndef FSK_ACCEPT_H
#define FSK_ACCEPT_H

#include "op/op.h"

struct fsk_accept {
    struct fsk_op op;
    int listener;  /* borrowed */
    int fd;        /* the connection, after FSOCK_OK; the taker's */
    int sys_errno; /* of FSOCK_ERR_SYSTEM */
};

/* FSOCK_OK, FSOCK_ERR_TIMEOUT at the deadline, FSOCK_ERR_SYSTEM. Without a descriptor to spare it
 * waits for one. */
void fsk_accept_init(struct fsk_accept *a, int listener, fsock_time deadline);

#endif
