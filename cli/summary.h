/*
 * summary.h - what a run came to: counts, bytes, rates, percentiles, the slowest hosts.
 *
 * In constant memory whatever the number of entries: hosts go into SUMMARY_HOSTS counters by the
 * space-saving method (Metwally et al., 2005), so that those with the most waiting time are kept.
 */
#ifndef FSOCK_CLI_SUMMARY_H
#define FSOCK_CLI_SUMMARY_H

#include <stdint.h>

#include <fsock.h>

#include "base/span.h"
#include "histogram.h"
#include "out.h"

enum { SUMMARY_CLASSES = 32, SUMMARY_SKIPS = 8, SUMMARY_HOSTS = 64, SUMMARY_NAME = 64 };

/* One target's end. */
struct summary_entry {
    struct fsk_span host; /* empty: none is known */
    const char *failure;  /* its class, a text that stays; NULL: all went well */
    uint64_t bytes;       /* received */
    unsigned retries;     /* the first try not counted */
    fsock_time took;
};

struct summary_host {
    char name[SUMMARY_NAME];
    size_t len;
    uint64_t count;
    fsock_time sum; /* of its times; an upper bound, once counters were taken over */
};

struct summary {
    fsock_time started;
    uint64_t fine, failed, bytes, retries;
    struct {
        const char *name;
        uint64_t count;
    } classes[SUMMARY_CLASSES], skips[SUMMARY_SKIPS];
    struct histogram times;
    struct summary_host host[SUMMARY_HOSTS];
    unsigned hosts;
};

void summary_init(struct summary *s, fsock_time now);

void summary_add(struct summary *s, const struct summary_entry *entry);

/* So many were passed over, for a reason whose name stays: "fresh". */
void summary_skip(struct summary *s, const char *why, uint64_t count);

/* Print it. */
void summary_print(const struct summary *s, struct out *o, fsock_time now);

#endif
