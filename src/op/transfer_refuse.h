/*
 * transfer_refuse.h - what may keep a transfer from its next request: its turn does not come in
 * time, or the owner's allowance is used up. Only transfer.c uses it, and who ends one that has not
 * begun.
 */
#ifndef FSK_TRANSFER_REFUSE_H
#define FSK_TRANSFER_REFUSE_H

#include "op/transfer.h"

/* Its time is up, and it has no lease. Writes the fault, and returns its class. */
enum fsock_err fsk_transfer_late(struct fsk_transfer *t);

/* Whether it needs another request that can't be sent or answered any more; then `fault` says so.
 */
bool fsk_transfer_refused(struct fsk_transfer *t);

/* Take the request that it is about to send from the allowance. False: as above. */
bool fsk_transfer_may_ask(struct fsk_transfer *t);

#endif
