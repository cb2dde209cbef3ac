/*
 * transfer_chain.h - what a transfer has asked on its way through redirects, so that a circle is
 * seen when it closes, not when twenty requests have gone round in it.
 *
 * Two requests are the same if URL (without its fragment), method and body are, and whether
 * credentials go along. No cookie is kept on the way: the second request would be the first one
 * again, byte for byte. Private to transfer.c.
 */
#ifndef FSK_TRANSFER_CHAIN_H
#define FSK_TRANSFER_CHAIN_H

#include "base/buf.h"
#include "op/aim.h"

/* Hashes of the first FSK_CHAIN_MAX requests; those after them are not remembered. */
#define FSK_CHAIN_MAX 1024

static inline void fsk_chain_init(struct fsk_buf *chain)
{
    fsk_buf_init(chain, FSK_CHAIN_MAX * sizeof(uint64_t));
}

/* The hash of a request. */
uint64_t fsk_chain_hash(const struct fsk_aim *aim, const char *method, bool with_body,
                        bool foreign);

/* FSOCK_OK: the request is new, and is remembered. FSOCK_ERR_REDIRECTS: it is not. Or out of
 * memory. */
enum fsock_err fsk_chain_add(struct fsk_buf *chain, uint64_t hash);

#endif
