/*
 * opener.h - from the caller's options to a dialer, and from an endpoint to what is dialled: what
 * fsock_open() and probes share.
 */
#ifndef FSK_FACE_OPENER_H
#define FSK_FACE_OPENER_H

#include "net/sock.h"
#include "op/dial.h"
#include "op/route.h"
#include "wire/endpoint.h"

struct fsk_opener {
    struct fsk_dialer dialer;
    struct fsk_routes *routes; /* NULL: no proxy */
    char *tls_name;            /* NULL: the host's */
};

/*
 * Check the options and make what they ask for, but for TLS; copies what it needs. Errors:
 * FSOCK_ERR_INPUT and so on, with the fault filled in. To be freed in every case.
 */
enum fsock_err fsk_opener_init(struct fsk_opener *o, const struct fsock_options *options,
                               struct fsk_driver *driver, struct fsock_fault *fault);
void fsk_opener_fini(struct fsk_opener *o);

/* Make the dialer's TLS configuration. Errors as above. */
enum fsock_err fsk_opener_tls(struct fsk_opener *o, const struct fsock_options *options,
                              struct fsock_fault *fault);

/*
 * What is to be dialled. `room` keeps a unix socket's path as long as the target is used.
 * FSOCK_ERR_INPUT with the fault filled in: a proxy can't carry that.
 */
enum fsock_err fsk_opener_aim(const struct fsk_opener *o, const struct fsk_endpoint *e,
                              char room[FSK_SOCKADDR_TEXT], struct fsk_target *target,
                              struct fsock_fault *fault);

/* A client's or a server's configuration, options->alpn included. NULL with the fault filled in. */
struct fsk_tls_config *fsk_opener_tls_config(const struct fsock_options *options, bool server,
                                             struct fsock_fault *fault);

#endif
