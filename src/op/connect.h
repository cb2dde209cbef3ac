/*
 * connect.h - one attempt to connect a socket to one address: a child op of a dial.
 */
#ifndef FSK_CONNECT_H
#define FSK_CONNECT_H

#include "net/sock.h"
#include "net/sockopt.h"
#include "op/op.h"

struct fsk_connect {
    struct fsk_op op;
    struct fsk_sockaddr to;
    const struct fsk_bind *bind; /* may be NULL */
    struct fsk_tuning tuning;
    bool datagrams; /* a datagram socket: connecting gives it a peer, and sends nothing */
    int fd; /* connected, after FSOCK_OK: the taker sets it to -1; closed by fini otherwise */
    int sys_errno; /* of FSOCK_ERR_CONNECT (ETIMEDOUT: expired) and FSOCK_ERR_SYSTEM (no socket) */
    fsock_time started, took;
    char text[FSK_ADDR_TEXT]; /* the address, for people */
};

/* Set `to` and what else is needed after this. */
void fsk_connect_init(struct fsk_connect *c, fsock_time deadline);
void fsk_connect_fini(struct fsk_connect *c);

#endif
