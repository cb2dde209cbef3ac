/*
 * get_errand.h - what a run fetches for itself: sitemaps, and the robots.txt of sites.
 *
 * An errand goes through the same fetch as the URLs, so that all limits hold for it, too. Its
 * events go to the function it was started with; it has no record of its own.
 */
#ifndef FSOCK_CLI_GET_ERRAND_H
#define FSOCK_CLI_GET_ERRAND_H

#include <stdbool.h>

#include <fsock.h>

#include "base/span.h"
#include "get_request.h"

#define ERRANDS_MOST 24 /* at once */

struct errand {
    /* START, HEAD, DATA and DONE; by then the errand is over, and may be started again. */
    void (*on_event)(struct errand *errand, const struct fsock_event *e);
};

struct errands {
    fsock_fetch *fetch;
    const struct get_request *ask;
    struct errand *running[ERRANDS_MOST];
    unsigned n;
};

/*
 * Fetch a URL, following redirects; a status of 400 or above is a failure. `foreign`: it is of
 * another site than what the user has given, who wouldn't have passwords and cookies sent there.
 * FSOCK_OK; FSOCK_AGAIN: there is no room now; else as fsock_fetch_add().
 */
enum fsock_err errand_start(struct errands *all, struct errand *errand, struct fsk_span url,
                            bool foreign, struct fsock_fault *fault);

/* Whether the event is an errand's; then it has been dealt with. */
bool errands_event(struct errands *all, const struct fsock_event *e);

#endif
