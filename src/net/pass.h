/*
 * pass.h - what layers share that are only a handshake: once open, they pass every call on to the
 * layer below.
 */
#ifndef FSK_PASS_H
#define FSK_PASS_H

#include "net/layer.h"

/* For struct fsk_layer_ops, as they are. */
enum fsock_err fsk_pass_recv(struct fsk_layer *l, void *buf, size_t cap, size_t *n, int flags,
                             struct fsk_sockaddr *from, struct fsk_wait *wait);
enum fsock_err fsk_pass_send(struct fsk_layer *l, const void *buf, size_t len, size_t *n, int flags,
                             const struct fsk_sockaddr *to, struct fsk_wait *wait);
enum fsock_err fsk_pass_shut(struct fsk_layer *l, struct fsk_wait *wait);
void fsk_pass_info(struct fsk_layer *l, struct fsk_layer_info *info);

/* Send all n bytes; *sent of them are gone already, and it is kept up to date. */
enum fsock_err fsk_pass_send_all(struct fsk_layer *l, const void *p, size_t n, size_t *sent,
                                 int flags, struct fsk_wait *wait);

/*
 * Receive n bytes and none more; *got of them are there already, and it is kept up to date. The end
 * of the stream is FSOCK_ERR_CLOSED, "the proxy closed the connection".
 */
enum fsock_err fsk_pass_recv_all(struct fsk_layer *l, void *p, size_t n, size_t *got,
                                 struct fsk_wait *wait);

/* What that end is called. */
enum fsock_err fsk_pass_ended(struct fsk_layer *l);

#endif
