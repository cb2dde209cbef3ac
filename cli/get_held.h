/*
 * get_held.h - --include=decoded: a body that is held back until its header is known.
 *
 * Such a header says how long the decoded body is, which only its end tells; until then the body is
 * in an unlinked file in $TMPDIR.
 */
#ifndef FSOCK_CLI_GET_HELD_H
#define FSOCK_CLI_GET_HELD_H

#include <stdbool.h>

#include "base/span.h"
#include "get_sink.h"

struct held {
    int fd; /* -1: not open */
};

void held_init(struct held *h);

/* After held_init(); then it is as after that. */
void held_fini(struct held *h);

/* Make the file. False, here and below: the outcome says why. */
bool held_open(struct held *h, struct outcome *outcome);

static inline bool held_is_open(const struct held *h)
{
    return h->fd >= 0;
}

bool held_write(struct held *h, struct fsk_span bytes, struct outcome *outcome);

/* The header and the body go where they belong. */
bool held_release(struct held *h, const struct fsock_response *r, struct sink *sink,
                  const char *url, struct outcome *outcome);

#endif
