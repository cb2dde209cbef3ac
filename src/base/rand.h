/*
 * rand.h - random bytes that nobody can guess, from the kernel's generator.
 *
 * A struct fsk_rand holds a small stock of them, so that not every random id costs a system call.
 */
#ifndef FSK_RAND_H
#define FSK_RAND_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct fsk_rand {
    unsigned char stock[2048];
    size_t left; /* a zeroed struct is ready for use */
};

/* Fill p with n random bytes; aborts the program if the kernel has none to give. */
void fsk_rand_bytes(struct fsk_rand *r, void *p, size_t n);

static inline uint16_t fsk_rand_16(struct fsk_rand *r)
{
    uint16_t v;
    if (r->left < sizeof v) {
        fsk_rand_bytes(r, &v, sizeof v);
    } else {
        r->left -= sizeof v;
        memcpy(&v, r->stock + r->left, sizeof v);
        memset(r->stock + r->left, 0, sizeof v);
    }
    return v;
}

#endif
