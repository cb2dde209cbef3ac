/*
 * credentials.h - who we are, and the value of an Authorization or a Proxy-Authorization field that
 * says so: Basic (RFC 7617), Digest (RFC 7616), Bearer (RFC 6750).
 */
#ifndef FSK_CREDENTIALS_H
#define FSK_CREDENTIALS_H

#include "op/realm.h"

enum fsk_auth_scheme { FSK_AUTH_NONE, FSK_AUTH_BASIC, FSK_AUTH_DIGEST, FSK_AUTH_BEARER };

struct fsk_credentials {
    enum fsk_auth_scheme scheme;    /* FSK_AUTH_NONE: we say nothing of ourselves */
    struct fsk_span user, password; /* of Bearer the password is the token */
    struct fsk_realm *realm;        /* Digest: the use is counted there */
};

/* The request that they go along with. */
struct fsk_credentials_for {
    struct fsk_span method, uri; /* as in the request line */
    struct fsk_span body;
};

/* Append the value. FSOCK_ERR_MEMORY, FSOCK_ERR_TOO_BIG. */
enum fsock_err fsk_credentials_write(const struct fsk_credentials *credentials,
                                     const struct fsk_credentials_for *request,
                                     struct fsk_buf *out);

/* Free a buffer that has had secrets in it. */
void fsk_credentials_wipe(struct fsk_buf *buf);

#endif
