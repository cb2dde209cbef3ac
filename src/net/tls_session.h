/*
 * tls_session.h - the TLS sessions that a client remembers, to resume them: a bounded cache.
 *
 * Sessions are kept as OpenSSL's objects, about 10 KB each with the peer's certificates: reading
 * them back from DER would take 190 us, a third of the handshake that they shorten. A TLS 1.3
 * ticket is given out once (RFC 8446 C.4), so up to FSK_TLS_TICKETS of them are kept for one key;
 * an older session serves until it expires. When the cache is full, the first one put in goes.
 */
#ifndef FSK_TLS_SESSION_H
#define FSK_TLS_SESSION_H

#include <openssl/ssl.h>

#include <fsock.h>

#include "base/list.h"
#include "base/map.h"

#define FSK_TLS_SESSIONS 1000 /* in all */
#define FSK_TLS_TICKETS  8    /* of one key */

struct fsk_tls_sessions {
    struct fsk_map peers;
    struct fsk_list all; /* sessions, oldest first */
    size_t n;
};

void fsk_tls_sessions_init(struct fsk_tls_sessions *cache);
void fsk_tls_sessions_fini(struct fsk_tls_sessions *cache);

/*
 * Remember it, with a reference of the cache's own. What finds no memory, or can't be resumed, is
 * not remembered.
 */
void fsk_tls_sessions_put(struct fsk_tls_sessions *cache, struct fsk_span key, SSL_SESSION *session,
                          fsock_time now);

/* A session for `key`, to be freed by the caller, or NULL. */
SSL_SESSION *fsk_tls_sessions_take(struct fsk_tls_sessions *cache, struct fsk_span key,
                                   fsock_time now);

/* Drop what is kept for `key`: a peer did not like it. */
void fsk_tls_sessions_forget(struct fsk_tls_sessions *cache, struct fsk_span key);

#endif
