/*
 * challenge.h - what a server or a proxy wants to know of us before it answers: the challenges in
 * WWW-Authenticate and Proxy-Authenticate (RFC 9110 11.6.1).
 *
 * There may be several fields, and several challenges in each; commas part these as they part the
 * parameters of one. Pure functions: results point into the field lines. Where a field can't be
 * understood, what is left of that field is passed over.
 */
#ifndef FSK_CHALLENGE_H
#define FSK_CHALLENGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

struct fsk_challenge {
    struct fsk_span scheme; /* "Digest", in any case */
    struct fsk_span params; /* for fsk_challenge_param(); or a token68, as Negotiate has it */
};

/* Where fsk_challenge_next() stands; all zero at first. */
struct fsk_challenge_walk {
    size_t pos;
    struct fsk_span rest;
};

/* Walk the challenges of all fields of that name in a head's field lines (wire/h1.h), in order. */
bool fsk_challenge_next(struct fsk_span fields, struct fsk_span name, struct fsk_challenge_walk *at,
                        struct fsk_challenge *challenge);

/*
 * Take the next parameter out of a challenge's, or out of a field of parameters alone, such as
 * Authentication-Info. False: there is none left. Of a quoted string the value is what stands
 * between the quotes, backslashes included: it has no control byte but tabs, and put between quotes
 * again it is the same string.
 */
bool fsk_challenge_param(struct fsk_span *params, struct fsk_span *name, struct fsk_span *value);

#endif
