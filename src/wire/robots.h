/*
 * robots.h - robots.txt (RFC 9309): what a site asks of programs that find URLs by themselves.
 *
 * Pure, in two steps. fsk_robots_pick() reads a file once and keeps what it says to one program:
 * its rules, in a normal form that is short and compared byte by byte. fsk_robots_allows() asks
 * them for a target. A rule is a beginning of targets in which `*` stands for anything, and a `$`
 * at its end for the end; the longest rule that fits decides, and of two of the same length the one
 * that allows.
 *
 * The normal form, of rules and targets alike: %xx of unreserved characters is decoded, others have
 * upper-case digits, bytes that have no place in a URL are encoded, and in the query so much is
 * decoded that `?u=http://a/` and `?u=http%3A%2F%2Fa%2F` are the same (RFC 9309 2.2.2).
 */
#ifndef FSK_ROBOTS_H
#define FSK_ROBOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/* Of a file so much is read; the rest doesn't count (RFC 9309 2.5 asks for 500 KiB at least). */
#define FSK_ROBOTS_MAX ((size_t)500 * 1024)

/* Room for each of the writers below, for texts of n bytes. */
#define FSK_ROBOTS_ROOM(n) (3 * (n) + 2)

struct fsk_robots {
    struct fsk_span rules; /* for fsk_robots_allows(); empty: all is allowed */
    int64_t delay;         /* Crawl-delay in nanoseconds, a day at most; 0: none */
};

/*
 * Read what `file` says to a program of this name, "fsock/1.0 (...)": only the product at its
 * beginning counts, in any case. All groups that name it are one; if none does, those for `*`
 * are meant. The rules are put into `out`, which has FSK_ROBOTS_ROOM(file.n) bytes.
 */
void fsk_robots_pick(struct fsk_span file, struct fsk_span agent, struct fsk_robots *r, char *out);

/*
 * A URL's path and query, "/a?b", as they are compared. `out` has FSK_ROBOTS_ROOM(target.n) bytes.
 * Returns the length.
 */
size_t fsk_robots_target(struct fsk_span target, char *out);

/* May this target, from fsk_robots_target(), be fetched? /robots.txt always may. */
bool fsk_robots_allows(struct fsk_span rules, struct fsk_span target);

/* Cut off *file up to and with the next line "Sitemap: URL"; false at the end. */
bool fsk_robots_sitemap(struct fsk_span *file, struct fsk_span *url);

#endif
