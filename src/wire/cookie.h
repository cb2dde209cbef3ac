/*
 * cookie.h - which answers may set a cookie, and which requests get it (RFC 6265, and
 * draft-ietf-httpbis-rfc6265bis, which is to replace it).
 *
 * Pure functions; texts are the caller's. Hosts are as an aim has them: ASCII in lower case, an
 * address in its one form, without brackets.
 */
#ifndef FSK_COOKIE_H
#define FSK_COOKIE_H

#include <fsock.h>

#include "base/span.h"

#define FSK_COOKIE_MAX           4096 /* bytes of name and value together */
#define FSK_COOKIE_ATTRIBUTE_MAX 1024 /* bytes of an attribute, and of any cookie's path */
#define FSK_COOKIE_DOMAIN_MAX    255
#define FSK_COOKIE_SESSION       INT64_MAX /* a cookie's `expires`: with the session */
#define FSK_COOKIE_AGE_MAX       (INT64_C(400) * 86400)

struct fsk_cookie {
    struct fsk_span name;   /* may be empty */
    struct fsk_span value;  /* as received, quotes included */
    struct fsk_span domain; /* without a dot in front, its case as written */
    struct fsk_span path;
    int64_t expires; /* seconds since 1970, or FSK_COOKIE_SESSION */
    bool others_too; /* subdomains get it as well */
    bool secure, http_only;
    bool path_given; /* the path is not made of the URL's */
    enum fsock_same_site same_site;
};

/* What decides about the cookies of a request, and of its answer. */
struct fsk_cookie_scope {
    struct fsk_span host;
    struct fsk_span path; /* of the URL; may be empty */
    bool secure;          /* nobody on the way can read it: https, or this machine itself */
    bool cross_site;      /* redirects have led from one site to another */
    bool safe;            /* the method is one that changes nothing (RFC 9110 9.2.1) */
};

/*
 * Whether an answer in this scope may set the cookie, which fsk_setcookie_parse() has read: then
 * its domain and path are those that it is kept by; they may point into the scope.
 */
bool fsk_cookie_accept(struct fsk_cookie *cookie, const struct fsk_cookie_scope *scope);

/* Whether it could have been set by anybody: what fsk_cookie_accept() asks without a scope. */
bool fsk_cookie_is_possible(const struct fsk_cookie *cookie);

/* Whether a request gets it, its time aside. */
bool fsk_cookie_fits(const struct fsk_cookie *cookie, const struct fsk_cookie_scope *scope);

/* The host is this domain, or below it (RFC 6265 5.1.3). */
bool fsk_cookie_domain_match(struct fsk_span host, struct fsk_span domain);

/* The path is this one, or below it (RFC 6265 5.1.4). */
bool fsk_cookie_path_match(struct fsk_span path, struct fsk_span below);

#endif
