/*
 * splice.h - bytes from one descriptor to another without a copy through this process.
 *
 * From a pipe to a socket or back, and from a file to a socket: splice(2), sendfile(2). Layers are
 * passed over, so both streams must be plain sockets or files: fsk_splice_way() knows.
 */
#ifndef FSK_SPLICE_H
#define FSK_SPLICE_H

#include "net/stream.h"

/* What to do with two streams; neither has bytes inside. */
enum fsk_splice_way {
    FSK_SPLICE_NO,   /* by reading and writing */
    FSK_SPLICE_PIPE, /* one of them is a pipe */
    FSK_SPLICE_FILE  /* the first is a file, the second a socket */
};

enum fsk_splice_way fsk_splice_way(struct fsk_stream *from, struct fsk_stream *to);

/*
 * Move up to `max` bytes: FSOCK_OK with *n > 0, FSOCK_EOF, FSOCK_AGAIN (one of the two can't go
 * on: fsk_splice_waiting tells which), FSOCK_ERR_INPUT: not between these two, after all;
 * FSOCK_ERR_SYSTEM: reading and writing will tell whose fault it is.
 */
enum fsock_err fsk_splice(enum fsk_splice_way way, struct fsk_stream *from, struct fsk_stream *to,
                          size_t max, size_t *n);

/* How many bytes are there to be read, as far as the kernel says. */
int fsk_splice_waiting(struct fsk_stream *from);

#endif
