/*
 * get_request.h - the options of `fsock get` as the library wants them: headers, bodies, limits.
 */
#ifndef FSOCK_CLI_GET_REQUEST_H
#define FSOCK_CLI_GET_REQUEST_H

#include <fsock.h>

#include "base/buf.h"
#include "get_cookies.h"
#include "get_form.h"
#include "get_hsts.h"
#include "get_login.h"
#include "get_options.h"

/* The library's structs, and what they point to. */
struct get_request {
    struct fsock_options options;
    struct fsock_request request;
    struct fsock_request restarting;                /* the same, for a body that can begin anew */
    struct fsock_request abroad, abroad_restarting; /* the same without passwords and cookies */
    struct fsock_request errand, errand_abroad;     /* for what the run itself needs */
    struct fsock_request look, look_again;          /* is it there? By HEAD; by GET */
    const char **headers, **headers_abroad, **resolve;
    struct fsk_buf body; /* of -d and its kin; with -G the query */
    char *added[2];      /* headers made of -A and -e */
    struct get_cookies cookies;
    struct get_form form;
    struct get_login login;
    char *allow, *deny; /* of all --allow, and of all --deny; NULL: none */
};

/*
 * Fill it in; the options are borrowed. Returns 0, or the exit code, with the sentence in `why`
 * (-d @FILE can't be read, a header can't be sent).
 */
int get_request_init(struct get_request *r, const struct get_options *o, char *why, size_t cap);

/* The User-Agent that is sent. */
const char *get_request_agent(const struct get_options *o);

/* After get_request_init(), or of one that is all zero. */
void get_request_fini(struct get_request *r);

/* What can't be sent is a mistake on the command line, not of each URL. 0; EXIT_USAGE: `why`. */
int get_request_check(const struct fsock_request *request, char *why, size_t cap);

#endif
