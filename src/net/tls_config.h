/*
 * tls_config.h - what the connections of one struct fsk_tls_config share; for the tls files only.
 */
#ifndef FSK_TLS_CONFIG_H
#define FSK_TLS_CONFIG_H

#include <openssl/ssl.h>

#include "net/tls.h"
#include "net/tls_session.h"

struct fsk_tls_config {
    SSL_CTX *ctx;
    BIO_METHOD *bio;               /* of all connections */
    X509_LOOKUP_METHOD *late_file; /* see tls_roots.h */
    struct fsk_tls_sessions sessions;
    bool insecure;
    int keylog; /* a descriptor, or -1 */
};

/* OpenSSL's word that a session, or a ticket for one, has come: it goes into the cache. */
int fsk_tls_remember(SSL *ssl, SSL_SESSION *session);

#endif
