/*
 * tls_config.h - what the connections of one struct fsk_tls_config share; for the tls files only.
 */
#ifndef FSK_TLS_CONFIG_H
#define FSK_TLS_CONFIG_H

#include <openssl/ssl.h>

#include "net/tls.h"
#include "net/tls_session.h"

struct fsk_tls_config {
    SSL_CTX *ctx;    /* NULL until something needs it: OpenSSL takes milliseconds to make one */
    BIO_METHOD *bio; /* of all connections */
    X509_LOOKUP_METHOD *late_file; /* see tls_roots.h */
    struct fsk_tls_sessions sessions;
    struct fsk_span alpn;
    bool insecure;
    int keylog; /* a descriptor, or -1 */
};

/* Make sure that there is a ctx. False: out of memory. */
bool fsk_tls_config_ready(struct fsk_tls_config *config);

/* OpenSSL's word that a session, or a ticket for one, has come: it goes into the cache. */
int fsk_tls_remember(SSL *ssl, SSL_SESSION *session);

#endif
