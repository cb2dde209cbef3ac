/*
 * sasl.h - logging in: the mechanisms by which a client proves who it is (RFC 4422).
 *
 *     PLAIN           user and password as they are (RFC 4616); for TLS
 *     LOGIN           the same in two pieces; for TLS
 *     CRAM-MD5        a digest of the server's challenge and the password (RFC 2195)
 *     SCRAM-SHA-256   both sides prove that they know the password (RFC 5802, 7677)
 *     XOAUTH2         a token in place of the password; for TLS
 *
 * Challenges and answers are bytes; protocols put them into base64. Text is taken as it is, without
 * SASLprep (RFC 4013), which changes nothing in ASCII. Pure: the client's nonce is the caller's.
 */
#ifndef FSK_SASL_H
#define FSK_SASL_H

#include <stdint.h>

#include "base/buf.h"

enum fsk_sasl_kind {
    FSK_SASL_NONE,
    FSK_SASL_SCRAM_SHA_256,
    FSK_SASL_PLAIN,
    FSK_SASL_LOGIN,
    FSK_SASL_CRAM_MD5,
    FSK_SASL_XOAUTH2,
    FSK_SASL_KINDS
};

#define FSK_SASL_NONCE      18 /* random bytes */
#define FSK_SASL_ROUNDS_MAX 1000000

struct fsk_sasl {
    enum fsk_sasl_kind kind;
    struct fsk_span user, password; /* borrowed */
    char nonce[FSK_SASL_NONCE / 3 * 4 + 1];
    unsigned turn; /* challenges that have been answered */

    /* Of SCRAM. */
    struct fsk_buf message;      /* what both sides sign */
    unsigned char u[32], hi[32]; /* the last digest, and the sum of all so far */
    uint64_t rounds;             /* still to be made; 0: none */
    unsigned char signature[32]; /* the server's, as it must be */
    bool proved;                 /* it was */
};

/* "SCRAM-SHA-256"; "" for NONE. */
const char *fsk_sasl_name(enum fsk_sasl_kind kind);

/* The one of that name in any case; NONE: there is none. */
enum fsk_sasl_kind fsk_sasl_find(struct fsk_span name);

/* Whether who listens learns nothing that opens the door. */
static inline bool fsk_sasl_hides(enum fsk_sasl_kind kind)
{
    return kind == FSK_SASL_CRAM_MD5 || kind == FSK_SASL_SCRAM_SHA_256;
}

void fsk_sasl_init(struct fsk_sasl *s, enum fsk_sasl_kind kind, struct fsk_span user,
                   struct fsk_span password, const unsigned char nonce[FSK_SASL_NONCE]);

/* Forgets all secrets. */
void fsk_sasl_fini(struct fsk_sasl *s);

/*
 * Append the answer to a challenge. FSOCK_OK; FSOCK_AGAIN: there is more to compute, call again
 * with the same challenge; FSOCK_ERR_PROTOCOL, and *why says in half a sentence what is wrong with
 * it; FSOCK_ERR_MEMORY, FSOCK_ERR_TOO_BIG.
 */
enum fsock_err fsk_sasl_answer(struct fsk_sasl *s, struct fsk_span challenge, struct fsk_buf *out,
                               const char **why);

/* Whether the server, which says that all is well, has proved what the mechanism demands. */
bool fsk_sasl_proved(const struct fsk_sasl *s);

#endif
