/*
 * request.h - the head of an HTTP request, as HTTP/1 writes it (RFC 9112 3), from what the caller
 * asks for.
 */
#ifndef FSK_REQUEST_H
#define FSK_REQUEST_H

#include "base/buf.h"
#include "op/credentials.h"
#include "op/dial.h"
#include "op/jar.h"
#include "wire/url.h"

#define FSK_REQUEST_MAX ((size_t)1024 * 1024)

/* One request, as it will be sent now: the caller's wish, and what redirects have made of it. */
struct fsk_ask {
    const struct fsock_request *request;
    const struct fsk_url *url; /* its host in A-labels */
    const char *method;
    bool http2;     /* h2.h will turn it into fields of HTTP/2 */
    bool with_body; /* redirects may drop it */
    bool foreign;   /* another origin than the caller's URL: no credentials, no Cookie */
    const struct fsk_proxy *via; /* a plain HTTP proxy that is the peer, or NULL */
    struct fsk_credentials credentials, proxy_credentials; /* the second are for via */
    uint64_t resume_from;
    struct fsk_span validator; /* for If-Range, with resume_from; may be empty */
    bool as_coded;             /* the piece is one of a body whose content coding nobody undoes */
    struct fsk_cookie_scope scope; /* for request->jar */
    int64_t unix_now;              /* likewise: seconds since 1970 */
};

/*
 * FSOCK_ERR_INPUT with the fault filled in for a method, header or text that could not be sent as
 * it is: no CR, LF, NUL or other control byte gets through.
 */
enum fsock_err fsk_request_check(const struct fsock_request *request, struct fsock_fault *fault);

/* Write the head into `out`, which is empty. FSOCK_ERR_MEMORY, FSOCK_ERR_TOO_BIG. */
enum fsock_err fsk_request_write(struct fsk_buf *out, const struct fsk_ask *ask);

/*
 * Copy a head, a request's or an answer's, for people: as a C string, and with `mask` the values of
 * passwords and cookies become "***".
 */
enum fsock_err fsk_request_show(struct fsk_buf *out, struct fsk_span head, bool mask);

/* Whether the caller's lines say something of this field, so that nothing else is sent for it. */
bool fsk_request_has(const struct fsock_request *request, const char *name);

/* The method that will be used: request->method, or GET or POST. */
const char *fsk_request_method(const struct fsock_request *request);

/* RFC 9110 9.2.2: repeating it changes nothing more. */
bool fsk_method_idempotent(const char *method);

#endif
