/*
 * tls_config.h - what the connections of one struct fsk_tls_config share; for the tls files only.
 */
#ifndef FSK_TLS_CONFIG_H
#define FSK_TLS_CONFIG_H

#include <openssl/ssl.h>
#include <stdatomic.h>

#include "net/tls.h"
#include "net/tls_alpn.h"
#include "net/tls_session.h"

/*
 * A server's config is used by many threads at once, so nothing in it changes after it was made,
 * but for `refs` and what OpenSSL locks itself.
 */
struct fsk_tls_config {
    atomic_uint refs;
    bool server;
    bool forgetful;  /* no session is resumed */
    int verify;      /* SSL_VERIFY_*: what is asked of the peer's certificate */
    SSL_CTX *ctx;    /* NULL until something needs it: OpenSSL takes milliseconds to make one */
    BIO_METHOD *bio; /* of all connections */
    X509_LOOKUP_METHOD *late_file;    /* a client's: see tls_roots.h */
    struct fsk_tls_sessions sessions; /* a client's */
    struct fsk_tls_alpn alpn;
    int keylog; /* a descriptor, or -1 */
};

/* Make sure that there is a ctx. False: out of memory. */
bool fsk_tls_config_ready(struct fsk_tls_config *config);

/* OpenSSL's number of a version, "1.0" to "1.3"; 0: there is no such. */
int fsk_tls_version(const char *text);

/* OpenSSL's word that a session, or a ticket for one, has come: it goes into the cache. */
int fsk_tls_remember(SSL *ssl, SSL_SESSION *session);

/* What a connection knows of its peer. */
struct fsk_tls_peer {
    SSL *ssl;
    struct fsk_span host; /* whom the certificate has to name; empty for a server's peer */
    const char *why;      /* why the certificate is not trusted, or "" if nothing was found */
};

/* The peer of the topmost TLS layer of a stack. False if there is none, or it is not open. */
bool fsk_tls_peer_of(struct fsk_layer *top, struct fsk_tls_peer *peer);

#endif
