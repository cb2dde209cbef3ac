/*
 * get_login.h - who `fsock get` says it is: -u and where its password comes from, -n, --bearer.
 */
#ifndef FSOCK_CLI_GET_LOGIN_H
#define FSOCK_CLI_GET_LOGIN_H

#include <fsock.h>

#include "base/buf.h"
#include "get_options.h"

struct get_login {
    struct fsk_buf user, token;
    fsock_logins *logins; /* of netrc; NULL: none */
};

/*
 * Get what there is to get, and say it in the request, which borrows it. 0, or an exit code with a
 * sentence in `why`. To be freed in every case.
 */
int get_login_open(struct get_login *login, const struct get_options *o,
                   struct fsock_request *request, char *why, size_t cap);
void get_login_fini(struct get_login *login);

/* What can't go together; NULL if all is well. */
const char *get_login_conflict(const struct get_options *o);

/* A request to a site that the user has not named goes without all this. */
void get_login_drop(struct fsock_request *request);

#endif
