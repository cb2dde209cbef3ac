/*
 * fingerprints.h - a set of keys of which only fingerprints are kept, each with a note of 0 to 3.
 *
 * A fingerprint is 62 bits of SipHash under a secret that is new for each set. Two keys that have
 * the same are taken for one: with a million keys in the set that happens to one run in nine
 * million. It can't be brought about by who chooses the keys.
 *
 * Open addressing with linear probing, in eight bytes a slot. The table is a quarter larger
 * whenever nine tenths are in use, so that a key takes 9 to 11 bytes; while it is copied, 20. Slots
 * are in the order of the fingerprints, so the copy goes straight through both tables.
 */
#ifndef FSOCK_CLI_FINGERPRINTS_H
#define FSOCK_CLI_FINGERPRINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct fingerprints {
    uint64_t *slot; /* a fingerprint, and the note in its two lowest bits; 0: empty */
    size_t slots, n;
    uint64_t secret[2];
};

/* A zeroed set is not enough: the secret comes from the kernel. */
void fingerprints_init(struct fingerprints *f);
void fingerprints_fini(struct fingerprints *f);

/* The key's fingerprint in this set; never 0. */
uint64_t fingerprint_of(const struct fingerprints *f, struct fsk_span key);

enum { FINGERPRINT_ABSENT = -1 };

/* The note that was put in with it, or FINGERPRINT_ABSENT. */
int fingerprints_get(const struct fingerprints *f, uint64_t fingerprint);

/* Put it in; if it is there, change its note. False: out of memory, and nothing has changed. */
bool fingerprints_put(struct fingerprints *f, uint64_t fingerprint, unsigned note);

#endif
