/*
 * time.h - points in time. The one file that reads a clock is time.c.
 *
 * fsock_time is a point on CLOCK_MONOTONIC in nanoseconds; intervals are plain int64_t nanoseconds.
 */
#ifndef FSK_TIME_H
#define FSK_TIME_H

#include <fsock.h>

#include "base/span.h"

/*
 * Nanoseconds since 1970-01-01 00:00 UTC, by the wall clock: for what outlives a process. It may be
 * set back or forth at any time.
 */
int64_t fsk_time_unix(void);

/* The point `interval` nanoseconds after `from`; 0 or less is no limit and gives FSOCK_NEVER. */
fsock_time fsk_time_limit(fsock_time from, int64_t interval);

static inline fsock_time fsk_time_min(fsock_time a, fsock_time b)
{
    return a < b ? a : b;
}

/* Milliseconds to wait for `until`, rounded up, for poll(2) and epoll_wait(2): -1 for never. */
int fsk_time_poll_ms(fsock_time now, fsock_time until);

/*
 * Parse "1.5", "500ms", "10s", "2m", "1h" (no unit: seconds; always a dot) into nanoseconds.
 * Returns false if it is no such number, is negative, or is above 10 years.
 */
bool fsk_time_parse(struct fsk_span text, int64_t *interval);

/* Write an interval for people: "3 ms", "1.00 s", "2 m 5 s". Returns buf. */
char *fsk_time_text(char *buf, size_t cap, int64_t interval);

#endif
