/*
 * tls_peer.h - what a peer's certificate says, as texts that are safe to show.
 */
#ifndef FSK_TLS_PEER_H
#define FSK_TLS_PEER_H

#include "net/layer.h"

/*
 * Read the certificate that the peer has shown to the topmost TLS layer of an open stack, into one
 * block of memory. *cert is NULL with FSOCK_OK if there is none: no TLS, or a client without one.
 * Else FSOCK_ERR_MEMORY, or FSOCK_ERR_TOO_BIG for a certificate of more than 1 MiB of text.
 */
enum fsock_err fsk_tls_cert_new(struct fsock_cert **cert, struct fsk_layer *top);

/* NULL is fine. */
void fsk_tls_cert_free(struct fsock_cert *cert);

/* Mark in its driver's trace that the handshake of `top`, which is TLS, has ended well. */
void fsk_tls_mark(struct fsk_layer *top, uint64_t id);

#endif
