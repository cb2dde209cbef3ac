/*
 * fnv.h - the 64-bit FNV-1a hash: the same on each machine and for ever. Whoever can choose the
 * input can choose the hash, so it is for what gains nothing by that; see base/map.h otherwise.
 */
#ifndef FSK_FNV_H
#define FSK_FNV_H

#include <stdint.h>

#include "base/span.h"

#define FSK_FNV_START UINT64_C(0xcbf29ce484222325)

/* Go on with more bytes; `hash` is FSK_FNV_START at first. */
static inline uint64_t fsk_fnv(uint64_t hash, struct fsk_span bytes)
{
    for (size_t i = 0; i < bytes.n; i++)
        hash = (hash ^ (unsigned char)bytes.p[i]) * UINT64_C(0x100000001b3);
    return hash;
}

#endif
