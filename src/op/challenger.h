/*
 * challenger.h - who asks who we are (401, 407): a server, a proxy for plain http, or one on the
 * way to a tunnel; and what has become of that.
 *
 * A challenge belongs to the one who was asked until its answer was accepted; only then others may
 * use the nonce, too, since a request of theirs could else arrive before ours and be counted first.
 */
#ifndef FSK_CHALLENGER_H
#define FSK_CHALLENGER_H

#include <fsock.h>

#include "op/credentials.h"

struct fsk_challenger {
    struct fsk_realm *realm;   /* of its challenge, which the next request meets; NULL: none */
    unsigned met;              /* challenges so far */
    bool known;                /* we have a user, and may tell it */
    bool unmet;                /* it asks for what we don't do */
    enum fsk_auth_scheme sent; /* in the request at hand */
};

/* How it may be told, and where its realms are kept. */
struct fsk_challenger_at {
    enum fsock_auth auth;
    struct fsk_realms *realms; /* NULL: none are kept */
    struct fsk_span site, path;
};

/* User and password being in *c: how they are told, if it is time for that. */
void fsk_challenger_choose(const struct fsk_challenger *who, const struct fsk_challenger_at *at,
                           struct fsk_credentials *c);

/*
 * Meet what the fields of an answer's header of this name ask for, if that makes sense; *again says
 * so: the next request brings it. FSOCK_ERR_MEMORY.
 */
enum fsock_err fsk_challenger_meet(struct fsk_challenger *who, const struct fsk_challenger_at *at,
                                   struct fsk_span fields, const char *name, struct fsk_rand *rand,
                                   bool *again);

/* The credentials were accepted: others may use the nonce. */
void fsk_challenger_keep(struct fsk_challenger *who, const struct fsk_challenger_at *at);

/* Why we were refused, half a sentence; NULL: nothing is known of that. */
const char *fsk_challenger_hint(const struct fsk_challenger *who);

/* Begin anew, or free all. */
void fsk_challenger_reset(struct fsk_challenger *who);

#endif
