/* Logins for the caller: made, filled and freed. What requests do with them is in op/. */
#include <stdlib.h>

#include "op/logins.h"

fsock_logins *fsock_logins_new(void)
{
    struct fsock_logins *logins = malloc(sizeof *logins);
    if (logins)
        fsk_logins_init(logins);
    return logins;
}

void fsock_logins_free(fsock_logins *logins)
{
    if (!logins)
        return;
    fsk_logins_fini(logins);
    free(logins);
}

enum fsock_err fsock_logins_add(fsock_logins *logins, const char *host, const char *user,
                                const char *password)
{
    return fsk_logins_add(logins, host, fsk_span_str(user), fsk_span_str(password));
}
