/*
 * get_source.h - where the URLs of a run come from, one at a time: the command line, then the
 * lists; and what sitemaps have brought, and the links of pages, at the end and whenever a list is
 * late. For --only-failed without any of them, the journal.
 */
#ifndef FSOCK_CLI_GET_SOURCE_H
#define FSOCK_CLI_GET_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "get_options.h"
#include "list.h"

struct gate;

/* One URL as it is wanted. */
struct source_url {
    struct fsk_span text; /* lives until the URL after it is asked for */
    uint64_t serial;      /* counts the URLs of the source */
    unsigned variant;     /* which of its variants */
    const char *list;     /* the list it stands in; NULL: the command line */
    uint64_t line;        /* its line there, or in the page `from`; from 1 */
    uint64_t number;      /* among those that are fetched, from 0; given by who takes it */
    const char *output;   /* -o of its own; NULL: it has none */
    bool marked;          /* for -O, its name must be a marked one (get_names.h) */
    const char *why;      /* it is no URL, or may not be fetched: why */
    bool denied;          /* ... its site's robots.txt says so */
    bool found;           /* in a sitemap; it wasn't given by the user */
    bool foreign;         /* ... and is of another site than that: no passwords go there */
    bool back;            /* it has been here before (get_later.h): what -G adds is in its text */
    int64_t delay;        /* nanoseconds between two requests to its site, at least; 0: none */
    const struct follow_page *from; /* --depth: where it was found; NULL: in no page */
    int64_t depth;                  /* ... steps from what the user has given */
    unsigned redirects, frames;     /* ... in a row, up to it */
    bool external; /* ... --check-links: of another host, which is asked whether it has it, and no
                      more */
};

struct sitemaps;
struct follow;

struct source {
    const struct get_options *o;
    struct sitemaps *sitemaps;
    struct follow *follow;
    struct list list;
    struct gate *gate;      /* whose journal has what failed; NULL: it isn't asked for */
    size_t next_url;        /* of the command line */
    bool *marked;           /* for each of o->urls; NULL: none */
    bool failed;            /* a list could not be read to its end */
    uint64_t elsewhere;     /* lines and URLs of other shards, passed over */
    unsigned variants;      /* how often each URL is given out: 1, or set by the owner */
    struct source_url last; /* ... the one at hand; its `variant` is the next one */
};

/* All is borrowed. False: out of memory. */
bool source_init(struct source *s, const struct get_options *o, struct gate *gate,
                 struct sitemaps *sitemaps, struct follow *follow);

/* After source_init(), or of what is all zero. */
void source_fini(struct source *s);

/*
 * The next URL of our shard: LIST_LINE, or LIST_BAD if it is none (u->why). LIST_WAIT: watch
 * source_fd(), if it has one, and call list_ready(); events may bring some, too. LIST_MORE: call
 * again, when others had their turn. LIST_FAILED: u->list can't be read any further
 * (s->list.sys_errno). LIST_END: that was all.
 */
enum list_result source_next(struct source *s, struct source_url *u);

/* The descriptor that a list is waited for at; -1: none. */
static inline int source_fd(const struct source *s)
{
    return s->list.fd;
}

#endif
