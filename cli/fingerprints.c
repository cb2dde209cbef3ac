#include "fingerprints.h"

#include <stdlib.h>

#include "base/rand.h"
#include "base/siphash.h"

enum { FEWEST = 64, NOTE = 3 };

#define MOST ((size_t)1 << 32) /* slots: place() takes 32 bits of a fingerprint */

void fingerprints_init(struct fingerprints *f)
{
    struct fsk_rand r = {.left = 0};
    *f = (struct fingerprints){.slots = 0};
    fsk_rand_bytes(&r, f->secret, sizeof f->secret);
}

void fingerprints_fini(struct fingerprints *f)
{
    free(f->slot);
    f->slot = NULL;
    f->slots = f->n = 0;
}

uint64_t fingerprint_of(const struct fingerprints *f, struct fsk_span key)
{
    uint64_t hash = fsk_siphash(f->secret, key) & ~(uint64_t)NOTE;
    return hash ? hash : NOTE + 1;
}

/* Where it belongs: as far into the table as it is into the range of all fingerprints. */
static size_t place(uint64_t fingerprint, size_t slots)
{
    return (size_t)((fingerprint >> 32) * slots >> 32);
}

/* The slot that has it, or the empty one where it would be. There is always an empty one. */
static uint64_t *find(uint64_t *slot, size_t slots, uint64_t fingerprint)
{
    size_t i = place(fingerprint, slots);
    while (slot[i] && (slot[i] & ~(uint64_t)NOTE) != fingerprint)
        i = i + 1 < slots ? i + 1 : 0;
    return &slot[i];
}

static bool grow(struct fingerprints *f)
{
    size_t slots = f->slots ? f->slots + f->slots / 4 : FEWEST;
    uint64_t *slot = slots <= MOST ? calloc(slots, sizeof *slot) : NULL;
    if (!slot)
        return false;
    for (size_t i = 0; i < f->slots; i++)
        if (f->slot[i])
            *find(slot, slots, f->slot[i] & ~(uint64_t)NOTE) = f->slot[i];
    free(f->slot);
    f->slot = slot;
    f->slots = slots;
    return true;
}

int fingerprints_get(const struct fingerprints *f, uint64_t fingerprint)
{
    uint64_t found = f->slots ? *find(f->slot, f->slots, fingerprint) : 0;
    return found ? (int)(found & NOTE) : FINGERPRINT_ABSENT;
}

bool fingerprints_put(struct fingerprints *f, uint64_t fingerprint, unsigned note)
{
    uint64_t *slot = f->slots ? find(f->slot, f->slots, fingerprint) : NULL;
    if (!slot || !*slot) {
        if (f->n >= f->slots / 10 * 9) {
            if (!grow(f))
                return false;
            slot = find(f->slot, f->slots, fingerprint);
        }
        f->n++;
    }
    *slot = fingerprint | note;
    return true;
}
