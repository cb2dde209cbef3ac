/*
 * plain.h - the bottom layer: a socket, of a stream or of datagrams (TCP, UDP, unix).
 */
#ifndef FSK_PLAIN_H
#define FSK_PLAIN_H

#include "net/layer.h"

/*
 * A layer on a socket that is connected or, for datagrams, bound at least. It owns the socket from
 * then on. NULL: out of memory.
 */
struct fsk_layer *fsk_plain_new(int fd, struct fsk_driver *driver);

/*
 * The same on a socket that somebody else has made, which may block: each call is told not to.
 * Without `own` it stays open when the layer is freed.
 */
struct fsk_layer *fsk_plain_given(int fd, bool own, struct fsk_driver *driver);

/* The error that a socket's errno means, other than EAGAIN; it is kept as the layer's. */
enum fsock_err fsk_plain_error(struct fsk_layer *l, int sys_errno);

#endif
