/*
 * transfer_chain.h - what a transfer has asked on its way through redirects, so that a circle is
 * seen when it closes, not when twenty requests have gone round in it.
 *
 * Two requests are the same if URL (without its fragment), method and body are, and whether
 * credentials go along. No cookie is kept on the way: the second request would be the first one
 * again, byte for byte. Only transfer.c uses it.
 */
#ifndef FSK_TRANSFER_CHAIN_H
#define FSK_TRANSFER_CHAIN_H

#include "op/transfer.h"

/* Of so many requests a hash is kept; those after them are not remembered. */
#define FSK_CHAIN_MAX 1024

/* The hash of the request that is aimed at. */
uint64_t fsk_transfer_asks(const struct fsk_transfer *t);

/*
 * A redirect has led from the request with the hash `asked` to the one that is aimed at. FSOCK_OK:
 * that is a new one. FSOCK_ERR_REDIRECTS, with the fault filled in: it isn't. Or FSOCK_ERR_MEMORY.
 */
enum fsock_err fsk_transfer_chain(struct fsk_transfer *t, uint64_t asked);

#endif
