/*
 * transfer_request.h - what a transfer asks for next, and the cookies that come and go with it.
 * Only transfer.c uses it.
 */
#ifndef FSK_TRANSFER_REQUEST_H
#define FSK_TRANSFER_REQUEST_H

#include "op/transfer.h"

/* Write the head of the next request into t->head; the connection for it is there. */
enum fsock_err fsk_transfer_write_request(struct fsk_transfer *t);

/* Give the jar, if there is one, what the answer at hand sets. FSOCK_ERR_MEMORY. */
enum fsock_err fsk_transfer_take_cookies(struct fsk_transfer *t);

#endif
