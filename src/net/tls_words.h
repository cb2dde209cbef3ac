/*
 * tls_words.h - what went wrong in TLS, in words for people.
 */
#ifndef FSK_TLS_WORDS_H
#define FSK_TLS_WORDS_H

#include <openssl/ssl.h>

#include "base/span.h"

/*
 * Why a certificate is not trusted: `error` (X509_V_ERR_*) was found at `cert`, which may be NULL.
 * "the certificate is for other.test, not for localhost", "the certificate expired on 2026-01-02".
 */
void fsk_tls_words_cert(char *out, size_t cap, long error, X509 *cert, struct fsk_span host);

/*
 * What the oldest entry of OpenSSL's error queue says: "the peer sent the alert handshake failure
 * (40)". The queue is empty afterwards.
 */
void fsk_tls_words_error(char *out, size_t cap);

#endif
