/*
 * check_wish.h - what the caller of a check wants, in memory of our own; secrets are wiped from it
 * at the end.
 */
#ifndef FSK_FACE_CHECK_WISH_H
#define FSK_FACE_CHECK_WISH_H

#include "wire/script.h"

struct fsk_kept_wish {
    struct fsk_wish wish; /* its texts are in `mem` */
    const char *target;
    char *mem;
    size_t size;
};

/* False: out of memory. To be freed in every case. */
bool fsk_kept_wish_init(struct fsk_kept_wish *k, const char *target,
                        const struct fsock_check_request *request);
void fsk_kept_wish_fini(struct fsk_kept_wish *k);

#endif
