/*
 * io.h - one call's worth of reading or writing on an open stream: an op.
 *
 * It ends when `least` bytes have moved, at the stream's end, by an error, or by a limit: the
 * deadline, or `silence`, the time in which nothing has moved. A limit leaves the stream as it is.
 */
#ifndef FSK_IO_H
#define FSK_IO_H

#include "base/buf.h"
#include "net/stream.h"
#include "op/op.h"

enum fsk_io_kind {
    FSK_IO_READ,
    FSK_IO_WRITE,
    FSK_IO_SHUT,
    FSK_IO_SHAKE /* the top layer's handshake */
};

struct fsk_io {
    struct fsk_op op;
    enum fsk_io_kind kind;
    struct fsk_stream *stream;
    struct fsk_buf *owed;      /* bytes that go out before anything else, while reading, too */
    char *into;                /* FSK_IO_READ */
    const char *out;           /* FSK_IO_WRITE */
    size_t len, least;         /* room or bytes; how many must move */
    int flags;                 /* FSK_IO_OOB and so on */
    struct fsk_sockaddr *from; /* of a datagram; may be NULL */
    const struct fsk_sockaddr *to;
    int64_t silence; /* nanoseconds; 0: any */

    /* The result. */
    size_t done;            /* bytes moved; of a datagram its size, maybe more than len */
    enum fsock_limit limit; /* of FSOCK_ERR_TIMEOUT: which one; NONE is the system's own */
    bool blocked;           /* the last send said FSOCK_AGAIN: its bytes may be sealed */

    fsock_time moved; /* when anything did last; 0: the op has not begun */
};

/* Set what else is needed after this. */
void fsk_io_init(struct fsk_io *io, enum fsk_io_kind kind, struct fsk_stream *stream,
                 fsock_time deadline);

#endif
