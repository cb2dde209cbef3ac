/*
 * resolvconf.h - resolv.conf(5): name servers, search list, options; and the names to try for one.
 *
 * Pure functions over text: reading the file, the environment and the host's name is the caller's
 * job. The order to apply them in, as glibc does:
 *
 *     fsk_resolvconf_parse(&conf, file)            an unreadable file counts as an empty one
 *     fsk_resolvconf_search(&conf, LOCALDOMAIN)    if that variable is set
 *     fsk_resolvconf_options(&conf, RES_OPTIONS)   likewise
 *     if (!conf.has_search)
 *         fsk_resolvconf_hostname(&conf, hostname)
 *
 * Nothing here is an error: what can't be understood is skipped, what is too much is cut.
 */
#ifndef FSK_RESOLVCONF_H
#define FSK_RESOLVCONF_H

#include <stdbool.h>

#include "base/span.h"
#include "wire/addr.h"
#include "wire/dname.h"

#define FSK_RESOLVCONF_SERVERS 8
#define FSK_RESOLVCONF_SEARCH  32

/* glibc's ceilings. */
#define FSK_RESOLVCONF_NDOTS    15
#define FSK_RESOLVCONF_TIMEOUT  30
#define FSK_RESOLVCONF_ATTEMPTS 5

struct fsk_nameserver {
    struct fsk_addr addr; /* port 53 */
    char zone[16];        /* "eth0" of fe80::1%eth0, to become addr.scope; "" if there is none */
};

struct fsk_resolvconf {
    struct fsk_nameserver server[FSK_RESOLVCONF_SERVERS]; /* in the order of the file */
    unsigned servers;                                     /* at least 1 after parse */
    struct fsk_dname search[FSK_RESOLVCONF_SEARCH];
    unsigned searches;
    bool has_search;     /* search or domain was given, be it an empty list */
    unsigned ndots;      /* 0 to 15, default 1: so many dots make a name be tried as it is first */
    unsigned timeout;    /* 1 to 30, default 5: seconds to wait for one server */
    unsigned attempts;   /* 1 to 5, default 2: rounds through all servers */
    bool rotate;         /* begin with another server each time */
    bool use_vc;         /* TCP only */
    bool single_request; /* A and AAAA one after the other (also: single-request-reopen) */
    bool no_aaaa;        /* never ask for AAAA */
};

/*
 * The defaults, then the text over them: `nameserver`, `domain` and `search` (the last one counts),
 * `options`. Lines, or words in a list, that begin with # or ; are comments up to the line's end;
 * other keywords are skipped. Without any usable name server there is one, 127.0.0.1.
 */
void fsk_resolvconf_parse(struct fsk_resolvconf *c, struct fsk_span text);

/* Replace the search list: domains between blanks, as in LOCALDOMAIN. */
void fsk_resolvconf_search(struct fsk_resolvconf *c, struct fsk_span text);

/* Apply options: "ndots:2 rotate", as in RES_OPTIONS. Unknown ones are skipped. */
void fsk_resolvconf_options(struct fsk_resolvconf *c, struct fsk_span text);

/* The search list becomes what follows the first dot of the host's own name, if anything. */
void fsk_resolvconf_hostname(struct fsk_resolvconf *c, struct fsk_span hostname);

/* The names to ask for, one after the other until one exists. */
struct fsk_candidates {
    const struct fsk_resolvconf *conf;
    struct fsk_dname name;
    bool search;      /* the search list is to be tried */
    bool as_is_first; /* enough dots, or nothing to search */
    bool as_is_done;
    unsigned next; /* in the search list */
};

/*
 * Begin with a name as the user wrote it. A name with a dot at its end is tried as it is and no
 * other way. With ndots dots or more it is tried as it is, then with each domain of the search
 * list; with fewer, as it is last. conf must stay.
 */
enum fsk_dname_err fsk_candidates_init(struct fsk_candidates *it, const struct fsk_resolvconf *conf,
                                       struct fsk_span name);

/* The next name, false at the end. Names that would be too long are left out. */
bool fsk_candidates_next(struct fsk_candidates *it, struct fsk_dname *name);

#endif
