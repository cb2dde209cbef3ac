/*
 * histogram.h - how long things took: percentiles in constant memory.
 *
 * 16 buckets per power of two, so that a percentile is at most 6% too long.
 */
#ifndef FSOCK_CLI_HISTOGRAM_H
#define FSOCK_CLI_HISTOGRAM_H

#include <stdint.h>

#include <fsock.h>

#include "out.h"

enum { HISTOGRAM_BUCKETS = 16 * 48 };

/* A zeroed one is empty. */
struct histogram {
    uint64_t count;
    fsock_time longest;
    uint32_t bucket[HISTOGRAM_BUCKETS];
};

/* A negative time counts as 0. */
void histogram_add(struct histogram *h, fsock_time took);

/*
 * The time that `percent` of the entries did not exceed: at most 6% above it, and never above the
 * longest of all; 0 if there are none.
 */
fsock_time histogram_percentile(const struct histogram *h, unsigned percent);

/* "times: p50 1.20 ms, p95 3.40 ms, p99 5.60 ms" and a newline; nothing if it is empty. */
void histogram_print(const struct histogram *h, struct out *o);

/* "N/s" of `count` in `took`, with a decimal below 100; no newline. */
void rate_print(uint64_t count, fsock_time took, struct out *o);

#endif
