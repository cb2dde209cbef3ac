/*
 * transfer_login.h - who a transfer says it is, to the server and to a plain HTTP proxy, and what
 * it makes of an answer that asks for that (401, 407). Only transfer.c and its parts use it.
 */
#ifndef FSK_TRANSFER_LOGIN_H
#define FSK_TRANSFER_LOGIN_H

#include "op/request.h"
#include "op/transfer.h"

/* Set the credentials that go along with the next request. FSOCK_ERR_MEMORY. */
enum fsock_err fsk_transfer_log_in(struct fsk_transfer *t, struct fsk_ask *ask);

/*
 * The header of an answer is there. *again: it is a challenge that can be met, by the next request.
 * Otherwise it is an answer for the owner, and tells whether the credentials were accepted.
 * FSOCK_ERR_MEMORY.
 */
enum fsock_err fsk_transfer_take_challenge(struct fsk_transfer *t, bool *again);

/* Why the answer is 401 or 407 all the same, half a sentence; NULL: nothing is known of that. */
const char *fsk_transfer_login_hint(const struct fsk_transfer *t);

/* Begin anew with another URL; or free all. */
void fsk_transfer_login_reset(struct fsk_transfer *t);
void fsk_transfer_login_fini(struct fsk_transfer *t);

#endif
