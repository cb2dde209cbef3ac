/*
 * get_rounds.h - what is asked about a URL, one request after the other: --warm and its kin.
 *
 *   purge    ask the cache to forget the page     --purge; once for all variants of a URL
 *   look     HEAD: does the cache have it?        --only-uncached; a HIT is the end
 *   fetch    the page itself
 *   proof    once more: does it have it now?      --prove
 *
 * Without any of these options there is only the fetch. Each round but the first goes to the front
 * of the library's queue (FSOCK_FIRST), so that visitors find a page that was purged again soon.
 *
 * A page's variants are asked for one after the other: caches that know only by the answer what a
 * page varies by let them wait for each other, or take one for another's and lose it.
 */
#ifndef FSOCK_CLI_GET_ROUNDS_H
#define FSOCK_CLI_GET_ROUNDS_H

#include <stdbool.h>
#include <stdint.h>

#include <fsock.h>

#include "base/list.h"
#include "get_options.h"
#include "get_request.h"
#include "get_variant.h"
#include "outcome.h"
#include "wire/cachestatus.h"

enum round { ROUND_PURGE, ROUND_LOOK, ROUND_FETCH, ROUND_PROOF, ROUND_END };

/* The requests of a variant. */
struct round_requests {
    struct fsock_request look, fetch, proof;
};

/* What a run's items share, in all threads: it doesn't change. */
struct rounds {
    bool purge, look, proof; /* whether there are such rounds */
    struct variants variants;
    struct fsock_request purging;
    struct round_requests *of; /* for each variant, or for the only one there is */
};

/* One URL, shared by the items of its variants. The first of them purges. */
struct page {
    unsigned refs;
    uint64_t serial;         /* of the URL in the source */
    bool busy;               /* one of them has its turn */
    struct fsk_list waiting; /* the owner's links: those that wait for theirs */
    int purge_status;        /* of the answer to the purge; 0: none */
    struct outcome *failure; /* ... NULL: the cache has forgotten the page, or there was no purge */
};

/* How far an item is. */
struct rounds_at {
    enum round round;
    struct page *page;             /* NULL: there is but this item of the URL, and no purge */
    bool asked;                    /* there was an answer before the last one: */
    enum fsk_cache_verdict before; /* ... what it told of the cache */
    fsock_time time_before;        /* ... how long it took */
    uint64_t received;             /* body bytes of all answers before the last one */
};

/*
 * The rounds' requests are made of the `usual` one. All is borrowed. 0, or the exit code, with the
 * sentence in `why`. To be freed in any case.
 */
int rounds_init(struct rounds *r, const struct get_options *o, const struct fsock_request *usual,
                char *why, size_t cap);

/* After rounds_init(), or of what is all zero. */
void rounds_fini(struct rounds *r);

/* How many items each URL becomes: 1 at least. */
static inline unsigned rounds_variants(const struct rounds *r)
{
    return r->variants.n ? (unsigned)r->variants.n : 1;
}

/* A variant's name; NULL: there is but one. */
const char *rounds_variant(const struct rounds *r, unsigned variant);

/* Whether items need a page. */
static inline bool rounds_share(const struct rounds *r)
{
    return r->purge || r->variants.n > 1;
}

/* A page, referred to once; NULL: out of memory. */
struct page *page_new(uint64_t serial);
struct page *page_ref(struct page *p);

/* NULL is fine. The last one to let go frees it; nobody may be waiting then. */
void page_unref(struct page *p);

/* An item begins, with its page or NULL, which becomes its own. The first one of a page purges. */
void rounds_begin(const struct rounds *r, struct rounds_at *at, struct page *page, bool first);

/* What to ask now. */
const struct fsock_request *rounds_request(const struct rounds *r, const struct rounds_at *at,
                                           unsigned variant);

/*
 * A round has ended with this answer; `outcome` is how. At ROUND_END the outcome is the item's: it
 * may have become a failure, because the purge was one, or the proof. Else the next round is to be
 * asked for.
 */
void rounds_next(const struct rounds *r, struct rounds_at *at,
                 const struct fsock_response *response, struct outcome *outcome);

#endif
