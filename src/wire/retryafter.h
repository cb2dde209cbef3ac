/*
 * retryafter.h - how long a server asks to be left alone: Retry-After (RFC 9110 10.2.3), and what
 * it tells of its rate limit.
 *
 * Pure functions over the field lines of a parsed head (h1.h). `now` is seconds since 1970 by our
 * clock. Where the server gives a point in time it is compared with the server's own Date, if there
 * is one, since clocks differ; else with ours. Intervals are nanoseconds, of ten years at most.
 */
#ifndef FSK_RETRYAFTER_H
#define FSK_RETRYAFTER_H

#include <stdint.h>

#include "base/span.h"

/*
 * Retry-After: seconds ("120"; with a fraction, too, which some send) or a date. 0 if that has
 * passed; -1: there is none, or one that can't be understood.
 */
int64_t fsk_retry_after(struct fsk_span fields, int64_t now);

/*
 * How long until the server takes requests again of which it says that none remain:
 *
 *   RateLimit: "default";r=0;t=30      as the IETF draft has it, the longest t of all policies
 * whose r is 0; the draft's older form "limit=9, remaining=0, reset=30" as well
 *   X-RateLimit-Remaining: 0           without "X-", or spelt X-Rate-Limit-, too; with -Reset (or
 *   X-RateLimit-Reset: 1793450096      -Reset-After) in seconds from now or since 1970, or a date
 *
 * -1: some remain, or nothing is said.
 */
int64_t fsk_rate_limited(struct fsk_span fields, int64_t now);

#endif
