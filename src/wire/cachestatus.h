/*
 * cachestatus.h - what a response's header tells of the cache it came through.
 *
 * Cache-Status (RFC 9211) is the standard. Most caches have a field of their own, which says the
 * same in a word: X-Cache, CF-Cache-Status, X-Cache-Status and so on; X-Varnish says it by the
 * number of its ids, and Age by being above zero. They are looked at in the order of the table in
 * cachestatus.c: what a network in front of everything adds stands before what an application
 * writes, since an answer that is stored is stored with the application's "miss" in it.
 *
 * Where several caches are on the way it is the one nearest to us that counts, because visitors
 * meet that one: each appends its word behind those of the caches before it.
 *
 * Pure; nothing is allocated.
 */
#ifndef FSK_CACHESTATUS_H
#define FSK_CACHESTATUS_H

#include "base/span.h"

enum fsk_cache_verdict {
    FSK_CACHE_UNKNOWN, /* the header doesn't say */
    FSK_CACHE_HIT,     /* from the cache, fresh; nobody else was asked */
    FSK_CACHE_MISS,    /* not in the cache */
    FSK_CACHE_EXPIRED, /* in the cache, but too old: the origin was asked, for all of it or whether
                          it had changed */
    FSK_CACHE_STALE,   /* from the cache, although too old */
    FSK_CACHE_BYPASS,  /* the cache is not to be used for this request or answer */
    FSK_CACHE_VERDICTS
};

/*
 * The verdict of these field lines, as fsk_h1_next_field walks them. Bytes that are no header give
 * some verdict, too.
 */
enum fsk_cache_verdict fsk_cachestatus(struct fsk_span fields);

/*
 * The same field by field, for walks that look for more than this. Begin with zeros; fields that
 * fsk_cache_may_tell denies by the first two bytes of their names may be left out.
 */
struct fsk_cache_look {
    enum fsk_cache_verdict verdict;
    size_t ruled_out; /* rows of the table that no longer count */
};

void fsk_cache_look_at(struct fsk_cache_look *look, struct fsk_span name, struct fsk_span value);

/* A name in the table begins like this; most others don't. */
static inline bool fsk_cache_may_tell(const char *p)
{
    char second = fsk_lower(p[1]);
    switch (p[0]) {
    case 'a':
    case 'A':
        return second == 'g';
    case 'c':
    case 'C':
        return second == 'a' || second == 'd' || second == 'f';
    case 's':
    case 'S':
        return second == 'e';
    case 'w':
    case 'W':
        return second == 'p';
    case 'x':
    case 'X':
        return second == '-';
    default:
        return false;
    }
}

/* "HIT", "UNKNOWN"; static. */
const char *fsk_cache_verdict_name(enum fsk_cache_verdict verdict);

#endif
