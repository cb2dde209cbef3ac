/*
 * resolve_lookup.h - what is asked of name servers, once for all who want it, and remembered.
 *
 * A lookup is a long-lived op: it asks for the A and AAAA records of one name, side by side, for
 * any number of waiters, and stays in the cache when it is over, until its time to live ends or
 * others push it out. One that fails is remembered for a second.
 *
 * A name is asked for as resolv.conf's search list says, until one candidate has addresses or its
 * servers fail.
 */
#ifndef FSK_RESOLVE_LOOKUP_H
#define FSK_RESOLVE_LOOKUP_H

#include "base/map.h"
#include "op/query.h"
#include "op/resolve.h"
#include "wire/resolvconf.h"

#define FSK_LOOKUPS_MAX 10000 /* names remembered */

/* Seconds that an answer is kept: as its TTL says, within these bounds. */
#define FSK_TTL_MIN    1 /* so that one run does not ask twice for what it has just been told */
#define FSK_TTL_MAX    86400
#define FSK_TTL_NO_MAX 900 /* for "does not exist" */
#define FSK_TTL_FAILED 1   /* for "no usable answer" */
#define FSK_TTL_HALF   5   /* for the addresses of one family when the other one's failed */

#define FSK_RESOLUTION_DELAY (50 * FSOCK_MILLISECOND) /* RFC 8305 3 */

/* The lookups of one owner. */
struct fsk_lookups {
    struct fsk_driver *driver;
    struct fsk_resolvconf conf;
    struct fsk_stub stub;
    struct fsk_map map;     /* of struct fsk_lookup */
    struct fsk_list recent; /* the same, the one used last at the end */
};

enum fsk_half_state {
    FSK_HALF_UNASKED,
    FSK_HALF_ASKING,  /* its query runs */
    FSK_HALF_FOUND,   /* there are addresses */
    FSK_HALF_NO_DATA, /* the name exists, without such addresses */
    FSK_HALF_NO_NAME, /* the name does not exist */
    FSK_HALF_FAILED   /* no usable answer; `err` */
};

/* One of the two questions of a lookup. */
struct fsk_half {
    uint16_t type;
    enum fsk_half_state state;
    enum fsock_err err;
    bool looped;  /* FAILED because CNAMEs lead in a circle, or too far */
    uint32_t ttl; /* seconds; the least of all answers on the way */
    unsigned n;
    struct fsk_addr addr[FSK_ADDRS_MAX];
    struct fsk_query query; /* the last one asked; zeroed before the first */
};

struct fsk_lookup_run;

struct fsk_lookup {
    struct fsk_op op;
    struct fsk_lookups *owner;
    struct fsk_lookup_run *run; /* NULL: over */
    struct fsk_list waiters;    /* struct fsk_resolve */
    struct fsk_list recent;

    /* The result so far. */
    bool settled;
    struct fsk_addr *addr; /* sorted anew whenever there are more */
    unsigned n;

    /* When it is over: */
    enum fsock_err err;
    int sys_errno;
    bool unheard; /* no server has said anything */
    char *why;    /* the sentence, if err; NULL when memory was short */
    fsock_time expires;

    struct fsk_map_node node; /* the key is `key` */
    size_t key_n;
    char key[]; /* '0', '4' or '6' for the family, and the name in lower case */
};

/* Put addresses into the order to try (see resolve.h); n <= FSK_ADDRORDER_MAX. */
void fsk_lookup_order(fsock_trace *trace, struct fsk_addr *addr, unsigned n);

/* `conf` and `servers` are the owner's to fill in after this, before the first join. */
void fsk_lookups_init(struct fsk_lookups *owner, struct fsk_driver *driver, unsigned ports_max);

/* There must be no waiters. */
void fsk_lookups_fini(struct fsk_lookups *owner);

/*
 * Put `wish` among the waiters of the lookup for this name and family, which is made and started if
 * there is none that is still good. All waiters are woken whenever there is news. The name is a
 * possible one; its latest waiter's deadline is the lookup's. FSOCK_OK or FSOCK_ERR_MEMORY.
 */
enum fsock_err fsk_lookup_join(struct fsk_lookups *owner, struct fsk_resolve *wish,
                               struct fsk_span name, int family);

/* The wish is no longer interested; the last one to leave ends the lookup. */
void fsk_lookup_leave(struct fsk_resolve *wish);

/* What a lookup that is not over waits for, in words. True: no server has said anything. */
bool fsk_lookup_describe(const struct fsk_lookup *l, fsock_time now, char *text, size_t cap);

#endif
