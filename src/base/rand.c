#include "base/rand.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void from_kernel(unsigned char *p, size_t n)
{
    while (n) {
        ssize_t got = getrandom(p, n, 0);
        if (got < 0 && errno != EINTR)
            abort(); /* a guessable id would be worse than none */
        if (got > 0) {
            p += got;
            n -= (size_t)got;
        }
    }
}

void fsk_rand_bytes(struct fsk_rand *r, void *p, size_t n)
{
    if (n > sizeof r->stock) {
        from_kernel(p, n);
        return;
    }
    if (r->left < n) {
        from_kernel(r->stock, sizeof r->stock);
        r->left = sizeof r->stock;
    }
    r->left -= n;
    memcpy(p, r->stock + r->left, n);
    memset(r->stock + r->left, 0, n); /* what was given out once is not kept */
}
