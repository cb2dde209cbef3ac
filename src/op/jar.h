/*
 * jar.h - the cookies that requests share: kept by what answers say, given to whom they fit.
 *
 * Cookies stand by sites (wire/site.h), since all that fit a host are of its site: to find them is
 * to walk one short ring. That ring is in the order in which they are sent, longest path first; a
 * ring of all is in the order of their last use, so that it is known who makes room.
 *
 * Any thread may use a jar at any time: each call here holds its lock, and none waits for anything
 * else. Times are seconds since 1970, since cookies outlive processes.
 */
#ifndef FSK_JAR_H
#define FSK_JAR_H

#include <pthread.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "wire/cookie.h"

#define FSK_JAR_DOMAIN 50   /* cookies of one domain, */
#define FSK_JAR_SITE   180  /* one site, */
#define FSK_JAR_ALL    3000 /* and in all */
#define FSK_JAR_TAKEN  50   /* cookies of one answer */
#define FSK_JAR_SENT   150  /* of one request, */
#define FSK_JAR_FIELD  8190 /* and bytes of them, separators included */

struct fsock_jar {
    pthread_mutex_t lock;
    struct fsk_map sites;
    struct fsk_list used; /* all cookies; those not used for the longest time first */
    size_t n;
    uint64_t born; /* counts the cookies that there ever were */
};

/* One that is in a jar. */
struct fsk_jar_cookie {
    struct fsk_cookie cookie;
    struct fsk_list link; /* in its site's ring */
    struct fsk_list used; /* in the jar's */
    struct fsk_jar_site *site;
    uint64_t born; /* of two with paths of one length the older one is sent first */
    char text[];
};

void fsk_jar_init(struct fsock_jar *jar);
void fsk_jar_fini(struct fsock_jar *jar);

/*
 * Put in a possible cookie: in place of the same one (name, domain, path, and who gets it), or
 * making room. One that has expired takes the same one out, no more. FSOCK_ERR_MEMORY.
 */
enum fsock_err fsk_jar_put(struct fsock_jar *jar, const struct fsk_cookie *cookie, int64_t now);

/* Take what an answer sets in its field lines (wire/h1.h). FSOCK_ERR_MEMORY. */
enum fsock_err fsk_jar_take(struct fsock_jar *jar, struct fsk_span fields,
                            const struct fsk_cookie_scope *scope, int64_t now);

/* Append "a=1; b=2" for a request; nothing if no cookie fits. FSOCK_ERR_MEMORY. */
enum fsock_err fsk_jar_write(struct fsock_jar *jar, const struct fsk_cookie_scope *scope,
                             int64_t now, struct fsk_buf *out);

#endif
