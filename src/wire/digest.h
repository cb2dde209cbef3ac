/*
 * digest.h - Digest access authentication (RFC 7616; without qop RFC 2069): what a challenge asks
 * for, and the answer to it, which shows that we know the password and doesn't tell it.
 *
 * Pure functions. Known are MD5, SHA-256 and SHA-512-256, each with -sess; qop auth and auth-int,
 * of which auth is preferred; userhash; and user names beyond ASCII (username*).
 */
#ifndef FSK_DIGEST_H
#define FSK_DIGEST_H

#include <stdint.h>

#include "base/buf.h"

/* The weakest first. */
enum fsk_digest_hash { FSK_DIGEST_MD5, FSK_DIGEST_SHA_256, FSK_DIGEST_SHA_512_256 };

/* Bytes of all that a challenge may make us send back. */
#define FSK_DIGEST_MAX 8192

/* A challenge. Texts are as they stand between their quotes. */
struct fsk_digest {
    struct fsk_span realm, nonce, opaque;
    struct fsk_span algorithm; /* empty: not named, which is MD5 */
    enum fsk_digest_hash hash;
    bool sess;
    bool auth, auth_int; /* the qop that are offered; neither: RFC 2069 */
    bool has_opaque;     /* which may be empty */
    bool stale;          /* the password was right, but the nonce is too old */
    bool userhash;
    bool utf8;
};

/*
 * Read a challenge's parameters (wire/challenge.h). False: it can't be answered. It has no realm
 * or nonce, is too long, or wants what is not known here.
 */
bool fsk_digest_read(struct fsk_span params, struct fsk_digest *digest);

/* What is to be sent, and who sends it. */
struct fsk_digest_request {
    struct fsk_span user, password;
    struct fsk_span method, uri; /* as in the request line */
    struct fsk_span body;        /* for auth-int */
    struct fsk_span cnonce;      /* random letters and digits; the same ones for all of a nonce */
    uint32_t nc;                 /* how many requests this nonce is used for, with this one */
};

/* Append the value of an Authorization field. FSOCK_ERR_MEMORY, FSOCK_ERR_TOO_BIG. */
enum fsock_err fsk_digest_write(const struct fsk_digest *digest,
                                const struct fsk_digest_request *request, struct fsk_buf *out);

#endif
