/*
 * tls_roots.h - the system's root certificates, read no earlier than they are needed.
 *
 * The system keeps its roots twice: one file with all of them, 36 ms of CPU time to parse, and a
 * directory with a file each, found by the hash of the subject. OpenSSL's own default reads the
 * file at once. Here the directory is asked first, and the file is read when a certificate is not
 * found there. SSL_CERT_FILE and SSL_CERT_DIR are heeded as OpenSSL does.
 */
#ifndef FSK_TLS_ROOTS_H
#define FSK_TLS_ROOTS_H

#include <openssl/x509_vfy.h>

/*
 * Let the store find the system's roots. Returns the lookup method, to be freed by
 * X509_LOOKUP_meth_free() after the store; NULL: out of memory.
 */
X509_LOOKUP_METHOD *fsk_tls_roots_use(X509_STORE *store);

#endif
