/*
 * http.h - what all transfers of one owner share, made once from the caller's options.
 */
#ifndef FSK_HTTP_H
#define FSK_HTTP_H

#include "base/allowance.h"
#include "base/rand.h"
#include "op/aim.h"
#include "op/pool.h"
#include "op/realm.h"
#include "op/route.h"
#include "wire/decode.h"

struct fsk_http {
    struct fsk_driver *driver;
    struct fsk_dialer dialer;
    struct fsk_routes *routes;
    struct fsk_aim_memory aimed;
    struct fsk_pool pool;
    int64_t connect_timeout, read_timeout, total_timeout; /* nanoseconds; 0: none */
    struct fsk_decode_limits limits;
    struct fsk_realms realms;          /* that were met */
    struct fsock_allowance *allowance; /* borrowed; NULL: none */
    struct fsock_hsts *hsts;           /* borrowed; takes what answers say; NULL: none may */
    bool tcp_info;                     /* wanted in responses */
    int http2;                         /* 0, or a FSOCK_HTTP2_ */
    char *out; /* FSK_SCRATCH_SIZE bytes to decode into; they live as the driver's scratch does */
    struct fsk_rand rand;
    size_t resting, rest_max;   /* transfers at rest that their owner does not count as running, and
                                   how many there may be; 0: all count */
    struct fsk_transfer *shown; /* whose last step has something for the owner; cleared by it */
};

/* Errors: FSOCK_ERR_INPUT, FSOCK_ERR_TLS_LOCAL, FSOCK_ERR_MEMORY, with the fault filled in. */
enum fsock_err fsk_http_init(struct fsk_http *http, const struct fsock_options *options,
                             struct fsk_driver *driver, unsigned per_host, unsigned max_conns,
                             struct fsock_fault *fault);

/* Stops its ops, closes the kept connections. No transfer may be left. Also after a failed init. */
void fsk_http_fini(struct fsk_http *http);

#endif
