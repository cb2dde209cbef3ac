/*
 * get_referer.h - the page that a request comes from, told as browsers do (Referer): to another
 * site, or if it is very long, only which site it is, and from https to http nothing.
 */
#ifndef FSOCK_CLI_GET_REFERER_H
#define FSOCK_CLI_GET_REFERER_H

#include <fsock.h>

#include "wire/url.h"

/* What a request's headers point to. */
struct referer {
    char *line; /* "Referer: ..."; NULL: nothing is told */
    const char **headers;
};

void referer_init(struct referer *r);

/* After referer_init(). No request may use it any more. */
void referer_fini(struct referer *r);

/*
 * Add it to the headers of a request to `to`, unless these have one, or remove it. The request's
 * headers then live as long as this. FSOCK_OK; FSOCK_ERR_MEMORY, and nothing is added.
 */
enum fsock_err referer_add(struct referer *r, const struct fsk_url *from, const struct fsk_url *to,
                           struct fsock_request *request);

/* The URL in it; NULL: nothing is told. */
const char *referer_url(const struct referer *r);

#endif
