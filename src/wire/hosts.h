/*
 * hosts.h - hosts(5): "address name alias...", a line each; and the names that are never asked for.
 *
 * Everything is a walk over the text, which stays the caller's. Whoever looks up more than one name
 * walks once and keeps a map: such files can have a million lines. Names are the same without
 * regard to ASCII case and to a dot at the end.
 */
#ifndef FSK_HOSTS_H
#define FSK_HOSTS_H

#include <stdbool.h>

#include "base/span.h"
#include "wire/addr.h"

struct fsk_hosts_entry {
    struct fsk_addr addr;  /* port 0 */
    struct fsk_span zone;  /* "eth0" of fe80::1%eth0, to become addr.scope; else empty */
    struct fsk_span names; /* between blanks, at least one: for fsk_hosts_name */
};

/* Cut off *text up to and with the next entry; false at the end. Bad lines are skipped. */
bool fsk_hosts_next(struct fsk_span *text, struct fsk_hosts_entry *entry);

/* Cut the next name off *names; false at the end. The first of an entry is the canonical one. */
bool fsk_hosts_name(struct fsk_span *names, struct fsk_span *name);

/* A name without the dot at its end; the root stays a dot. */
static inline struct fsk_span fsk_without_dot(struct fsk_span name)
{
    if (name.n > 1 && name.p[name.n - 1] == '.')
        name.n--;
    return name;
}

/* What a name's last label says about it. */
enum fsk_special {
    FSK_SPECIAL_NONE,
    FSK_SPECIAL_LOCALHOST, /* localhost, *.localhost: this machine (RFC 6761 6.3) */
    FSK_SPECIAL_INVALID,   /* *.invalid: never exists (RFC 6761 6.4) */
    FSK_SPECIAL_LOCAL,     /* *.local: multicast DNS, which a name server can't answer (RFC 6762) */
    FSK_SPECIAL_ONION      /* *.onion: Tor's, must not be asked for (RFC 7686) */
};

enum fsk_special fsk_special_name(struct fsk_span name);

/*
 * The addresses of localhost whatever the hosts file says: 127.0.0.1, then ::1, if family (0, 4, 6)
 * allows. Returns how many.
 */
unsigned fsk_localhost_addrs(int family, struct fsk_addr addr[2]);

#endif
