/* dial_options.c: from the caller's options to a dialer. */
#include <errno.h>

#include "base/fault.h"
#include "op/dial.h"

static enum fsock_err copy_path(struct fsk_dialer *dialer, const char *path,
                                struct fsock_fault *fault)
{
    struct fsk_sockaddr sa;
    if (!path)
        return FSOCK_OK;
    struct fsk_span own = fsk_sock_path(dialer->path, fsk_span_str(path));
    int e = path[0] && !own.n ? ENAMETOOLONG : fsk_sockaddr_from_path(&sa, own);
    dialer->path_n = own.n;
    if (e == ENAMETOOLONG)
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, e,
                             "unix socket %s: the path is longer than 107 bytes", path);
    if (e)
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, e,
                             "unix socket: the path is empty");
    return FSOCK_OK;
}

enum fsock_err fsk_dialer_init(struct fsk_dialer *dialer, const struct fsock_options *o,
                               struct fsk_driver *driver, struct fsock_fault *fault)
{
    *dialer = (struct fsk_dialer){.family = o->family, .proxy_auth = o->proxy_auth};
    enum fsock_err err = copy_path(dialer, o->unix_socket, fault);
    if (err == FSOCK_OK)
        err = fsk_tuning_init(&dialer->tuning, o, fault);
    if (err == FSOCK_OK && o->bind)
        err = fsk_bind_parse(&dialer->bind, o->bind, fault);
    if (err == FSOCK_OK)
        err = fsk_guard_init(&dialer->guard, o, fault);
    if (err != FSOCK_OK)
        return err;
    dialer->resolver = fsk_resolver_new(o, driver, fault);
    return dialer->resolver ? FSOCK_OK : fault->err;
}

void fsk_dialer_fini(struct fsk_dialer *dialer)
{
    fsk_resolver_free(dialer->resolver);
    fsk_guard_fini(&dialer->guard);
}
