/*
 * siphash.h - a hash under a secret key, so that nobody can choose texts that collide.
 */
#ifndef FSK_SIPHASH_H
#define FSK_SIPHASH_H

#include <stdint.h>

#include "base/span.h"

/* SipHash-1-3 (Aumasson and Bernstein), words read in the machine's own order. */
uint64_t fsk_siphash(const uint64_t secret[2], struct fsk_span text);

#endif
