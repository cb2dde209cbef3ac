#include "op/http.h"

#include <stdlib.h>

#include "base/fault.h"
#include "op/pool_learn.h"

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
                             struct fsk_driver *driver, unsigned per_host, unsigned max_conns,
                             struct fsock_fault *fault)
{
    *http = (struct fsk_http){
        .driver = driver,
        .connect_timeout = o->connect_timeout,
        .read_timeout = o->read_timeout,
        .total_timeout = o->total_timeout,
        .tcp_info = o->tcp_info != 0,
        .http2 = o->http2,
        .limits = {o->max_body, o->max_ratio ? o->max_ratio : FSK_DECODE_RATIO},
        .allowance = o->allowance,
        .hsts = o->insecure || o->tls_name ? NULL : o->hsts,
    };
    fsk_aim_memory_init(&http->aimed);
    fsk_realms_init(&http->realms);
    fsk_pool_init(&http->pool, driver, per_host, max_conns);
    fsk_pool_pace(&http->pool, &(struct fsk_pool_rates){.pacer = o->pacer,
                                                        .host_rate = o->host_rate,
                                                        .host_bytes = o->host_bytes,
                                                        .host_delay = o->host_delay});
    fsk_pool_learn(&http->pool, o->adaptive, o->breaker != 0);
    enum fsock_err err = fsk_dialer_init(&http->dialer, o, driver, fault);
    if (err != FSOCK_OK)
        return err;
    http->dialer.http2 = o->http2 != 0;
    http->dialer.realms = &http->realms;
    http->dialer.tuning.user_timeout_ms = user_timeout(o);
    http->out = malloc(FSK_SCRATCH_SIZE);
    http->routes = fsk_routes_new(o, fault);
    if (http->routes)
        http->dialer.tls = fsk_tls_config_new(
            o, o->http2 ? FSK_SPAN("\x02h2\x08http/1.1") : FSK_SPAN("\x08http/1.1"), fault);
    if (!http->dialer.tls || !http->out)
        return fault->err != FSOCK_OK ? fault->err : FSOCK_ERR_MEMORY;
    return FSOCK_OK;
}

void fsk_http_fini(struct fsk_http *http)
{
    fsk_pool_fini(&http->pool);
    fsk_tls_config_free(http->dialer.tls);
    fsk_dialer_fini(&http->dialer);
    fsk_routes_free(http->routes);
    fsk_aim_memory_fini(&http->aimed);
    fsk_realms_fini(&http->realms);
    free(http->out);
}
