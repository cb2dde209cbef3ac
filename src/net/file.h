/*
 * file.h - a layer on a descriptor that somebody else has opened: a pipe, a terminal, a file;
 * standard input and output above all. Of a socket it makes a plain layer (net/plain.h).
 *
 * It never blocks, and changes nothing for others who share the descriptor. A pipe or terminal is
 * opened a second time, without blocking, by its name in /proc. Where that is not allowed, or would
 * open another one, O_NONBLOCK is set on the descriptor itself, until the layer is freed. Regular
 * files don't block (or rather, nobody can help it).
 *
 * There is no peeking: a recv with FSK_IO_PEEK says FSOCK_AGAIN.
 */
#ifndef FSK_FILE_H
#define FSK_FILE_H

#include "net/layer.h"

/* With `own`, the descriptor is closed with the layer. NULL: out of memory, or not open (errno). */
struct fsk_layer *fsk_file_new(int fd, bool own, struct fsk_driver *driver);

#endif
