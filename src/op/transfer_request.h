/*
 * transfer_request.h - what a transfer asks for next, and what answers leave behind for that:
 * cookies, and that https be used. Only transfer.c uses it.
 */
#ifndef FSK_TRANSFER_REQUEST_H
#define FSK_TRANSFER_REQUEST_H

#include "op/transfer.h"

/* Write the head of the next request into t->head; the connection for it is there. */
enum fsock_err fsk_transfer_write_request(struct fsk_transfer *t);

/*
 * Aim by https, if the host has come to want that since it was aimed at: *risen, and there is
 * another place to ask. FSOCK_ERR_MEMORY, with the fault filled in.
 */
enum fsock_err fsk_transfer_rise(struct fsk_transfer *t, bool *risen);

/* RFC 9110 15.4: what a redirect makes of the method. */
void fsk_transfer_change_method(struct fsk_transfer *t, int status);

/* Keep what the answer at hand sets for later: cookies, and that https be used. FSOCK_ERR_MEMORY.
 */
enum fsock_err fsk_transfer_take_settings(struct fsk_transfer *t);

#endif
