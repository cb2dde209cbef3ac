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

#endif
