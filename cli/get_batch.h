/*
 * get_batch.h - --batch N --pause TIME: after each N URLs, wait until all of them have ended, and
 * then a while. Pure: the clock is the caller's.
 */
#ifndef FSOCK_CLI_GET_BATCH_H
#define FSOCK_CLI_GET_BATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <fsock.h>

struct batch {
    uint64_t size; /* requests; 0: there are no batches */
    fsock_time pause;
    _Atomic uint64_t end; /* the number of the first request of the next one */
    fsock_time until;     /* when that may begin; FSOCK_NEVER: it is not the time we wait for */
};

void batch_init(struct batch *b, uint64_t size, fsock_time pause);

/* Whether request number `next` (from 0) may be taken now, when so many have ended. */
bool batch_goes_on(struct batch *b, uint64_t next, uint64_t ended, fsock_time now);

/* Whether those of this batch have all ended. Any thread may ask. */
static inline bool batch_ended(const struct batch *b, uint64_t ended)
{
    return !b->size || ended >= b->end;
}

#endif
