#include "face/opener.h"

#include <errno.h>
#include <stdlib.h>

#include "base/fault.h"
#include "net/tls_alpn.h"

enum fsock_err fsk_opener_init(struct fsk_opener *o, const struct fsock_options *options,
                               struct fsk_driver *driver, struct fsock_fault *fault)
{
    struct fsock_options given = *options;
    *o = (struct fsk_opener){.tls_name = NULL};
    enum fsock_err err = fsk_dialer_init(&o->dialer, &given, driver, fault);
    if (err != FSOCK_OK)
        return err;
    if (given.tls_name && !(o->tls_name = strdup(given.tls_name)))
        return fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, ENOMEM, "out of memory");
    given.proxy_from_environment = 0; /* its variables are for URLs */
    if (given.proxy && given.proxy[0] && !(o->routes = fsk_routes_new(&given, fault)))
        return fault->err;
    return FSOCK_OK;
}

void fsk_opener_fini(struct fsk_opener *o)
{
    fsk_tls_config_free(o->dialer.tls);
    fsk_dialer_fini(&o->dialer);
    fsk_routes_free(o->routes);
    free(o->tls_name);
}

struct fsk_tls_config *fsk_opener_tls_config(const struct fsock_options *options, bool server,
                                             struct fsock_fault *fault)
{
    char wire[FSK_TLS_ALPN_MAX];
    size_t n = 0;
    if (fsk_tls_alpn_parse(wire, &n, options->alpn, fault) != FSOCK_OK)
        return NULL;
    if (server)
        return fsk_tls_config_new_server(options, fsk_span(wire, n), fault);
    return fsk_tls_config_new(options, fsk_span(wire, n), fault);
}

enum fsock_err fsk_opener_tls(struct fsk_opener *o, const struct fsock_options *options,
                              struct fsock_fault *fault)
{
    o->dialer.tls = fsk_opener_tls_config(options, false, fault);
    return o->dialer.tls ? FSOCK_OK : fault->err;
}

enum fsock_err fsk_opener_aim(const struct fsk_opener *o, const struct fsk_endpoint *e,
                              char room[FSK_SOCKADDR_TEXT], struct fsk_target *target,
                              struct fsock_fault *fault)
{
    *target = (struct fsk_target){
        .host = e->host,
        .port = e->port,
        .path = fsk_sock_path(room, e->path),
        .datagrams = fsk_transport_datagrams(e->transport),
        .tls = e->transport == FSK_TLS,
        .tls_version = e->tls_version,
        .tls_name = fsk_span_str(o->tls_name),
    };
    if (!o->routes || fsk_transport_local(e->transport))
        return FSOCK_OK;
    if (target->datagrams)
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                             "datagrams don't go through a proxy");
    const struct fsk_proxy *proxy = fsk_routes_find(o->routes, target->tls, e->host, e->port);
    if (proxy)
        target->proxy = *proxy;
    target->tunnel = true;
    return FSOCK_OK;
}
