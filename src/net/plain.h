/*
 * plain.h - the bottom layer: a stream socket (TCP or unix).
 */
#ifndef FSK_PLAIN_H
#define FSK_PLAIN_H

#include "net/layer.h"

/* A layer on a connected, or connecting, stream socket, which it then owns. NULL: out of memory. */
struct fsk_layer *fsk_plain_new(int fd, struct fsk_driver *driver);

#endif
