/*
 * transfer_conn.h - the connection that a transfer uses for its next exchange: one that was kept, a
 * stream of one that is shared, or a new one, which may turn out to be shared. It has a lease. Only
 * transfer.c uses it.
 */
#ifndef FSK_TRANSFER_CONN_H
#define FSK_TRANSFER_CONN_H

#include "op/transfer.h"

/* Take one that is there, into t->conn. */
bool fsk_transfer_take_conn(struct fsk_transfer *t);

/*
 * Whether it waits for what others have: the connection that one of them is making, for a second or
 * half of the connect limit at most, or room on one that is shared. It will be woken.
 */
bool fsk_transfer_hopes(struct fsk_transfer *t, fsock_time now);

/* Begin to make one, t->dial. False: out of memory. */
bool fsk_transfer_dial(struct fsk_transfer *t, fsock_time now);

/* It is made: put its stream, or what becomes of it, into t->conn. FSOCK_ERR_MEMORY. */
enum fsock_err fsk_transfer_dialled(struct fsk_transfer *t);

#endif
