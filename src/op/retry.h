/*
 * retry.h - what is worth another try, and when. Pure: no clock, no I/O.
 *
 * The causes are named one by one. What would fail again (a name that does not exist, a
 * certificate, what the caller gave) or was asked for (the total limit) is none of them.
 */
#ifndef FSK_RETRY_H
#define FSK_RETRY_H

#include <fsock.h>

#include <stdbool.h>

#define FSK_RETRY_CEILING (30 * FSOCK_SECOND) /* and before any, unless more was asked for */

/* No place is left alone for longer than this, whatever it asks for. */
#define FSK_RETRY_HOLD_MAX (300 * FSOCK_SECOND)

/* How often at most; 0 as well if the request is one of before there were retries. */
unsigned fsk_retry_times(const struct fsock_request *request);

/* Why, in a few words, a failure is worth another try; NULL: it is not. */
const char *fsk_retry_cause(const struct fsock_fault *fault);

/* Whether an answer with this status is: 408, 429, 500, 502, 503, 504. */
bool fsk_retry_status(int status);

/*
 * Whether the request may be sent again after `fault` (NULL: after an answer). Where nothing of it
 * can have been sent, that is true of any method.
 */
bool fsk_retry_harmless(const struct fsock_request *request, const char *method,
                        const struct fsock_fault *fault);

/*
 * How long to wait before the next one, `done` having been made: anything between nothing and the
 * request's delay doubled each time, so that those who failed together don't come back together.
 */
int64_t fsk_retry_pause(const struct fsock_request *request, unsigned done, uint16_t random);

#endif
