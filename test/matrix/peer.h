/*
 * peer.h - servers for the deadline matrix that fsock-site does not have, each on a port of its own
 * on 127.0.0.1, all in one forked process with a thread per connection.
 */
#ifndef MATRIX_PEER_H
#define MATRIX_PEER_H

#include <sys/types.h>

#include "peer_h2.h"

enum peer_kind {
    PEER_SIP,           /* takes a byte of the request each tenth of a second */
    PEER_INTERIM_DRIP,  /* complete 100 Continue heads, a byte each tenth of a second, for ever */
    PEER_EXT_DRIP,      /* a chunk extension that grows by a byte each tenth of a second */
    PEER_TRAILER_DRIP,  /* trailers likewise */
    PEER_REDIRECT_SLOW, /* redirects to itself, each after 0.3 s */
    PEER_TLS_RECORD,    /* a TLS record's header, and its body a byte each tenth of a second */
    PEER_RESET,         /* reads a little, and resets */
    PEER_DRIP,          /* a byte each tenth of a second, and never a newline */
    PEER_FLOOD,         /* as many as there is room for */
    PEER_TLS_BYTES,     /* after a true handshake: each tenth of a second a record with a byte */
    PEER_TLS_HALF,      /* ... one record, a byte of it each tenth of a second */
    PEER_TLS_DEAF,      /* ... reads no more */
    PEER_TLS_CUT,       /* ... ends without a word */
    PEER_TLS_H2,        /* ... has agreed on HTTP/2, and says no word */
    PEER_TELNET,        /* offers an option, again and again, and reads nothing */
    PEER_H2,            /* the first of HTTP/2: an enum h2_manner is added */
    PEER_H2_LAST = PEER_H2 + H2_DEAF,
    PEER_KINDS
};

struct peers {
    pid_t pid;
    int port[PEER_KINDS];
    int hanging;    /* port on 127.0.0.2 and 127.0.0.3 where connects hang */
    char path[108]; /* a unix socket where connects hang: its queue is full */
    char deaf[108]; /* one where they don't, but nobody reads or says a word */
};

/*
 * False if they can't be made. `dir` is for the unix socket, and there the TLS peers find the
 * certificate site.pem and its key.pem.
 */
int peers_start(struct peers *peers, const char *dir);

/* By name, as the enum's in lower case ("tls-record", "h2-mute"), or "hanging"; 0: there is none of
 * it. */
int peer_port(const struct peers *peers, const char *name);
void peers_stop(struct peers *peers);

#endif
