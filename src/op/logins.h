/*
 * logins.h - users and passwords by host; see fsock/logins.h. Once it is filled it only answers, so
 * it needs no lock.
 */
#ifndef FSK_LOGINS_H
#define FSK_LOGINS_H

#include <fsock.h>

#include "base/list.h"
#include "base/map.h"
#include "base/span.h"

#define FSK_LOGINS_MAX 100000

struct fsk_login {
    struct fsk_list link; /* in its host's ring, in the order in which they were added */
    struct fsk_span user, password;
    size_t size; /* of all, to be wiped */
    char text[];
};

struct fsock_logins {
    struct fsk_map hosts;
    struct fsk_list others; /* those for every host that is not among them */
    size_t n;
};

void fsk_logins_init(struct fsock_logins *logins);
void fsk_logins_fini(struct fsock_logins *logins);

/* host NULL: for the others. FSOCK_ERR_TOO_BIG: too many, or too long; FSOCK_ERR_MEMORY. */
enum fsock_err fsk_logins_add(struct fsock_logins *logins, const char *host, struct fsk_span user,
                              struct fsk_span password);

/*
 * The login for a host, or for the others if `others_too`; if `user` is not empty, that user's.
 * NULL: there is none.
 */
const struct fsk_login *fsk_logins_find(const struct fsock_logins *logins, struct fsk_span host,
                                        struct fsk_span user, bool others_too);

#endif
