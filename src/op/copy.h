/*
 * copy.h - bytes from one stream to another: an op. By the kernel alone where that is possible.
 */
#ifndef FSK_COPY_H
#define FSK_COPY_H

#include "base/buf.h"
#include "net/splice.h"
#include "op/op.h"

struct fsk_copy {
    struct fsk_op op;
    struct fsk_stream *from, *to;
    struct fsk_buf *held; /* received from `from` and not yet sent: first in line */
    struct fsk_buf *owed; /* goes to `to` before all */
    uint64_t max;         /* bytes to copy */
    int64_t silence;      /* nanoseconds; 0: any */

    /* The result. */
    uint64_t done;
    struct fsk_stream *failed; /* whose error it is */
    enum fsock_limit limit;    /* of FSOCK_ERR_TIMEOUT */
    bool blocked;              /* the last send said FSOCK_AGAIN: its bytes may be sealed */

    enum fsk_splice_way way;
    bool by_splice;  /* the last try was a splice that could not go on, */
    bool awaited_to; /* and then `to` was waited for, not `from` */
    fsock_time moved;
};

/* FSOCK_OK: max bytes are copied; FSOCK_EOF: `from` has ended. */
void fsk_copy_init(struct fsk_copy *c, struct fsk_stream *from, struct fsk_stream *to,
                   fsock_time deadline);

#endif
