/*
 * decode_coding.h - what decode.c and the codings say to each other. Nobody else includes this.
 */
#ifndef FSK_DECODE_CODING_H
#define FSK_DECODE_CODING_H

#include <stdbool.h>

#include "wire/decode.h"

/* One coding of a stack. Each kind begins with this. */
struct fsk_coding {
    const struct fsk_coding_ops *ops;
};

struct fsk_coding_ops {
    const char *name; /* in lower case */

    /* Ready for the start of a body; NULL if there is no memory. */
    struct fsk_coding *(*make)(void);

    /* As fsk_decode_push, but cap is 1 to 256 KiB. What comes behind the end is ignored. */
    enum fsk_decode_err (*step)(struct fsk_coding *, struct fsk_span *in, char *out, size_t cap,
                                size_t *made);

    /* May the input end here? */
    bool (*complete)(const struct fsk_coding *);

    void (*free)(struct fsk_coding *);
};

extern const struct fsk_coding_ops fsk_coding_gzip, fsk_coding_deflate, fsk_coding_br,
    fsk_coding_zstd;

#endif
