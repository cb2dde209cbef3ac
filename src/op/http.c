#include "op/http.h"

#include <errno.h>
#include <stdlib.h>

#include "base/fault.h"

/* Kept by the dialer, so it must outlive the options. */
static enum fsock_err copy_unix_socket(struct fsk_http *http, const char *path,
                                       struct fsock_fault *fault)
{
    struct fsk_sockaddr sa;
    if (!path)
        return FSOCK_OK;
    bool abstract = path[0] == '@';
    http->unix_socket = strdup(path);
    if (!http->unix_socket)
        return FSOCK_ERR_MEMORY;
    if (abstract)
        http->unix_socket[0] = '\0';
    http->dialer.unix_socket = fsk_span(http->unix_socket, strlen(path));
    int e = fsk_sockaddr_from_path(&sa, http->dialer.unix_socket);
    if (e == ENAMETOOLONG)
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, e,
                             "unix socket %s: the path is longer than 107 bytes", path);
    if (e)
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, e,
                             "unix socket: the path is empty");
    return FSOCK_OK;
}

/* Beyond both limits, so that they strike first, in their own words: the kernel's is for
 * connections that nobody waits on, such as kept ones. */
static unsigned user_timeout(const struct fsock_options *o)
{
    if (o->connect_timeout <= 0 || o->read_timeout <= 0)
        return 0;
    int64_t ms =
        o->connect_timeout / FSOCK_MILLISECOND + o->read_timeout / FSOCK_MILLISECOND + 1000;
    return ms < INT32_MAX ? (unsigned)ms : 0;
}

enum fsock_err fsk_http_init(struct fsk_http *http, const struct fsock_options *o,
                             struct fsk_driver *driver, struct fsk_trace *trace, unsigned per_host,
                             unsigned max_conns, struct fsock_fault *fault)
{
    *http = (struct fsk_http){
        .driver = driver,
        .trace = trace,
        .connect_timeout = o->connect_timeout,
        .read_timeout = o->read_timeout,
        .total_timeout = o->total_timeout,
        .limits = {o->max_body, o->max_ratio ? o->max_ratio : FSK_DECODE_RATIO},
        .dialer = {.family = o->family          },
    };
    fsk_pool_init(&http->pool, driver, trace, per_host, max_conns);
    if (o->family != 0 && o->family != 4 && o->family != 6)
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                             "the address family %d is none of 0, 4 and 6", o->family);
    enum fsock_err err = copy_unix_socket(http, o->unix_socket, fault);
    if (err == FSOCK_OK)
        err = fsk_tuning_init(&http->dialer.tuning, o, fault);
    if (err == FSOCK_OK && o->bind)
        err = fsk_bind_parse(&http->dialer.bind, o->bind, fault);
    if (err != FSOCK_OK)
        return err;
    http->dialer.tuning.user_timeout_ms = user_timeout(o);
    http->out = malloc(FSK_SCRATCH_SIZE);
    http->routes = fsk_routes_new(o, fault);
    if (http->routes)
        http->dialer.resolver = fsk_resolver_new(o, driver, fault);
    if (http->dialer.resolver)
        http->dialer.tls = fsk_tls_config_new(o, FSK_SPAN("\x08http/1.1"), fault);
    if (!http->dialer.tls || !http->out)
        return fault->err != FSOCK_OK ? fault->err : FSOCK_ERR_MEMORY;
    return FSOCK_OK;
}

void fsk_http_fini(struct fsk_http *http)
{
    fsk_pool_fini(&http->pool);
    fsk_resolver_free(http->dialer.resolver);
    fsk_tls_config_free(http->dialer.tls);
    fsk_routes_free(http->routes);
    free(http->unix_socket);
    free(http->out);
}
