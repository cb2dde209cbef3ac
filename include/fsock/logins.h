/*
 * fsock/logins.h - who one is at which host, for requests to many of them. A part of <fsock.h>.
 */
#ifndef FSOCK_LOGINS_H
#define FSOCK_LOGINS_H

#ifndef FSOCK_H
#error "include <fsock.h>, which includes this"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Users and passwords by host, as a netrc has them, for the requests that name them
 * (fsock_request.logins). Each host gets its own, whatever the port, after a redirect as well; what
 * is for all others (host NULL) is never sent where a redirect leads. Of two for the same host the
 * first counts, unless URL or request name a user: then the first of that user.
 *
 * Any number of requests, in any threads, may share them; then nothing may be added any more.
 */
typedef struct fsock_logins fsock_logins;

/* NULL: out of memory. */
FSOCK_API fsock_logins *fsock_logins_new(void);

/* Not before the last request that names them has ended. Wipes the passwords. NULL is fine. */
FSOCK_API void fsock_logins_free(fsock_logins *logins);

/*
 * Add one; texts are copied. `host` is a name in ASCII or an address without brackets. FSOCK_OK;
 * FSOCK_ERR_TOO_BIG: there are 100,000 of them, or the host has more than 255 bytes;
 * FSOCK_ERR_MEMORY.
 */
FSOCK_API enum fsock_err fsock_logins_add(fsock_logins *logins, const char *host, const char *user,
                                          const char *password);

#ifdef __cplusplus
}
#endif

#endif
