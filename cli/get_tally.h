/*
 * get_tally.h - what a run with --warm came to: how many answers were from the cache, and how many
 * were before.
 */
#ifndef FSOCK_CLI_GET_TALLY_H
#define FSOCK_CLI_GET_TALLY_H

#include <stdint.h>

#include "get_record.h"
#include "histogram.h"
#include "out.h"

struct tally {
    uint64_t last[FSK_CACHE_VERDICTS];  /* of each URL's last answer */
    uint64_t first[FSK_CACHE_VERDICTS]; /* of its first, if it had two */
    struct histogram times;             /* of the first ones */
};

/* A zeroed one is empty. Records without an answer don't count. */
void tally_add(struct tally *t, const struct record *r);

/* "cache: 4990 HIT, 10 MISS; before: 12 HIT, 4988 MISS", and the times before. */
void tally_print(const struct tally *t, struct out *o);

#endif
