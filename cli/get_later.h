/*
 * get_later.h - URLs for later: those that the library has given back (FSOCK_EVENT_BACK), because
 * their host is left alone for a while, and others' shall not wait for it.
 *
 * They wait in a spool, each with all that the source has said of it, and come back in the order
 * that they went in: a portion after LATER_LEAST, the next after twice as long, and so on up to
 * LATER_MOST, since what comes too early is only given back again. When one of them begins, that
 * starts anew, and LATER_MORE come at once: as long as one of so many can begin, nothing waits. A
 * library whose queue is empty gets a portion at once.
 *
 * While LATER_BYTES wait, no more should be read. Of one loop's thread; the clock is the caller's.
 */
#ifndef FSOCK_CLI_GET_LATER_H
#define FSOCK_CLI_GET_LATER_H

#include <stdbool.h>
#include <stdint.h>

#include <fsock.h>

#include "get_source.h"
#include "spool.h"

#define LATER_LEAST   FSOCK_SECOND
#define LATER_MOST    (8 * FSOCK_SECOND)
#define LATER_PORTION 5000 /* URLs */
#define LATER_MORE    8    /* URLs, for each that has begun */
#define LATER_BYTES   ((uint64_t)256 * 1024 * 1024)
#define LATER_ROOM    (LATER_BYTES + (uint64_t)16 * 1024 * 1024) /* with what the library has then */

struct later {
    struct spool urls;     /* struct source_url, and the text */
    fsock_time next, wait; /* when there is another portion, and how long after that the next one */
    uint64_t left;         /* of the portion at hand */
};

void later_init(struct later *l);

/* After later_init(), or of what is all zero. */
void later_fini(struct later *l);

/* Put in a copy; u->list and u->output are borrowed. Results as spool_put(). */
enum fsock_err later_put(struct later *l, const struct source_url *u, fsock_time now);

/*
 * The next one whose time has come; `idle`: the library's queue is empty. LIST_LINE, and the text
 * lives until the next call; LIST_WAIT: none now; LIST_FAILED: those that are left can't be read
 * (l->urls.sys_errno; 0: no memory), and are lost.
 */
enum list_result later_next(struct later *l, fsock_time now, bool idle, struct source_url *u);

/* One that had waited has begun. */
void later_began(struct later *l, fsock_time now);

/* How many wait; when to ask for them, FSOCK_NEVER if there are none; whether more may be read. */
static inline uint64_t later_count(const struct later *l)
{
    return l->urls.n;
}

static inline fsock_time later_due(const struct later *l)
{
    return l->urls.n ? l->next : FSOCK_NEVER;
}

static inline bool later_has_room(const struct later *l)
{
    return l->urls.bytes < LATER_BYTES;
}

#endif
