/* cert.h: the site's own certificate authority, made anew at each start.
 *
 * One key (EC P-256) for all certificates. Extensions are as RFC 5280 and strict verifiers want
 * them: key identifiers, basicConstraints and keyUsage, subjectAltName.
 */
#ifndef SITE_CERT_H
#define SITE_CERT_H

#include <openssl/ssl.h>

/* Makes the authority and its certificates. With a directory, also writes ca.pem, key.pem,
 * site.pem, client.pem (certificate and key) and the wrong ones there, as PEM. */
void cert_make_all(const char *dir);
void cert_free_all(void);

/* TLS server contexts, one per manner; the caller owns them. */
SSL_CTX *tls_good(void);         /* localhost, 127.0.0.1, ::1, site.test, *.site.test */
SSL_CTX *tls_only12(void);       /* the same, TLS 1.2 only */
SSL_CTX *tls_only13(void);       /* the same, TLS 1.3 only */
SSL_CTX *tls_client_cert(void);  /* the same, wants client.pem from the client */
SSL_CTX *tls_expired(void);      /* good names, ended yesterday */
SSL_CTX *tls_not_yet(void);      /* good names, starts tomorrow */
SSL_CTX *tls_wrong_host(void);   /* other.example only */
SSL_CTX *tls_cn_only(void);      /* the name is in the subject only, no subjectAltName */
SSL_CTX *tls_partial_wild(void); /* s*.site.test */
SSL_CTX *tls_self_signed(void);  /* good names, signed by itself */

#endif
