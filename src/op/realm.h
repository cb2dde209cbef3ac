/*
 * realm.h - what servers have asked for before they answered, so that the next request brings it
 * along: a list of a thousand URLs is asked once who it is, not a thousand times.
 *
 * A realm (RFC 9110 11.5) belongs to a site, which here is any key of bytes, and has a name there.
 * It is known from a challenge that was answered well. Kept are 8 of a site and 1,000 in all, those
 * used last. Passwords are not in here.
 */
#ifndef FSK_REALM_H
#define FSK_REALM_H

#include "base/list.h"
#include "base/map.h"
#include "base/rand.h"
#include "wire/digest.h"

#define FSK_REALM_SITE   8
#define FSK_REALM_ALL    1000
#define FSK_REALM_CNONCE 24 /* letters */

struct fsk_realm {
    struct fsk_list link; /* in its site's ring, those used last first; */
    struct fsk_list used; /* and in the ring of all. In neither while it is its maker's own */
    struct fsk_realm_site *site;
    bool basic;               /* it wants Basic, else Digest */
    struct fsk_digest digest; /* of Basic the name alone; the texts are below */
    struct fsk_span dir;      /* where it was met: "/a/" */
    uint32_t nc;              /* requests that the nonce was used for */
    char cnonce[FSK_REALM_CNONCE];
    char text[];
};

struct fsk_realms {
    struct fsk_map sites;
    struct fsk_list used;
    size_t n;
};

void fsk_realms_init(struct fsk_realms *realms);
void fsk_realms_fini(struct fsk_realms *realms);

/*
 * Make one of a challenge to a request for this path. It is the caller's own, until it is kept or
 * freed. NULL: out of memory.
 */
struct fsk_realm *fsk_realm_new(bool basic, const struct fsk_digest *digest, struct fsk_span path,
                                struct fsk_rand *rand);

/* The same with another nonce. */
struct fsk_realm *fsk_realm_renew(const struct fsk_realm *realm, struct fsk_span nonce,
                                  struct fsk_rand *rand);

/* Free one's own; NULL is fine. */
void fsk_realm_free(struct fsk_realm *realm);

/*
 * The realm that a path of the site is in, as far as that can be known: the one that was met
 * nearest above it, else the Digest realm that was used last (RFC 7616 3.3: it is all of the site);
 * Basic is only presumed below where it was met (RFC 7617 2.2). NULL: none is known. It lives until
 * the next call of fsk_realms_keep().
 */
struct fsk_realm *fsk_realms_find(struct fsk_realms *realms, struct fsk_span site,
                                  struct fsk_span path, bool basic_too);

/* Keep one's own, in place of the one of that name. Without memory it is freed. */
void fsk_realms_keep(struct fsk_realms *realms, struct fsk_span site, struct fsk_realm *realm);

#endif
