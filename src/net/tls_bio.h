/*
 * tls_bio.h - OpenSSL's view of the layer below TLS: a BIO that reads and writes it.
 *
 * What the layer below wants to wait for goes straight into the `wait` of the call that is running;
 * how it ended stays in `last`, since OpenSSL itself only knows "try again" and "failed".
 */
#ifndef FSK_TLS_BIO_H
#define FSK_TLS_BIO_H

#include <openssl/bio.h>

#include "net/layer.h"

#define FSK_TLS_SPENT FSOCK_ERR_TOO_BIG

struct fsk_tls_pipe {
    struct fsk_layer *below;
    struct fsk_wait *wait; /* of the running call */
    enum fsock_err last;   /* what `below` has returned last in it, if not FSOCK_OK */
    int64_t credit;        /* bytes that may still be read; without it `last` is FSK_TLS_SPENT */
};

/* The method of such BIOs; BIO_meth_free() it after the last of them. NULL: out of memory. */
BIO_METHOD *fsk_tls_bio_method(void);

/* A BIO on `pipe`, which must live as long as it. NULL: out of memory. */
BIO *fsk_tls_bio_new(const BIO_METHOD *method, struct fsk_tls_pipe *pipe);

#endif
