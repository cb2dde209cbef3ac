/*
 * fsock/jar.h - cookies that outlive their answer: a jar keeps what servers set, and sends it back
 * where it belongs. A part of <fsock.h>.
 */
#ifndef FSOCK_JAR_H
#define FSOCK_JAR_H

#ifndef FSOCK_H
#error "include <fsock.h>, which includes this"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A jar works as a browser's does (RFC 6265 and what is to follow it,
 * draft-ietf-httpbis-rfc6265bis) for the requests that name it (fsock_request.jar), redirects
 * included. Each answer's Set-Cookie fields are taken, up to 50 of them; each request gets a Cookie
 * field with those that fit its host, path and scheme, up to 150 of them and 8,190 bytes. No cookie
 * is for a public suffix (libpsl), and none moves between http and https against its Secure
 * attribute; this machine itself (localhost, 127.0.0.0/8, ::1) counts as https, unless a proxy is
 * asked for it. SameSite is about redirects, since here nobody else makes requests: once they have
 * led from one site to another, Strict cookies stay behind, and Lax ones but for GET, HEAD, OPTIONS
 * and TRACE.
 *
 * It holds 50 cookies of one domain, 180 of one site and 3,000 in all; those make room that have
 * expired, then those not used for the longest time. A cookie has 4,096 bytes of name and value,
 * lives for 400 days at most, and is known by its name, domain and path.
 *
 * Any number of requests, in any threads, may share a jar, and any thread may call what is here.
 */
typedef struct fsock_jar fsock_jar;

/* NULL: out of memory. */
FSOCK_API fsock_jar *fsock_jar_new(void);

/* Not before the last request that names it has ended. NULL is fine. */
FSOCK_API void fsock_jar_free(fsock_jar *jar);

enum fsock_same_site {
    FSOCK_SAME_SITE_UNSET = 0, /* as None */
    FSOCK_SAME_SITE_NONE,
    FSOCK_SAME_SITE_LAX,
    FSOCK_SAME_SITE_STRICT
};

struct fsock_cookie {
    size_t size;        /* stamped by fsock_cookie_init */
    const char *name;   /* may be empty: then the value is sent alone */
    const char *value;  /* as received: quotes are a part of it */
    const char *domain; /* the host, or with others_too a parent of it: ASCII, no dot in front */
    const char *path;   /* begins with a slash: this and what is below */
    int64_t expires;    /* seconds since 1970; 0: when the session ends, which is up to you */
    int others_too;     /* 1: the domain's subdomains get it, too */
    int secure;         /* 1: for https alone */
    int http_only;      /* 1: not for scripts; kept for those that show pages */
    enum fsock_same_site same_site;
};

FSOCK_API void fsock_cookie_init(struct fsock_cookie *cookie);

/*
 * Put a cookie in, in place of the one of the same name, domain and path; what has expired only
 * takes that one out. FSOCK_OK; FSOCK_ERR_INPUT with the fault filled in if no server could have
 * set it (a public suffix, control bytes, too long); FSOCK_ERR_MEMORY.
 */
FSOCK_API enum fsock_err fsock_jar_put(fsock_jar *jar, const struct fsock_cookie *cookie,
                                       struct fsock_fault *fault);

/*
 * What a jar holds now and has not expired, the oldest first; a copy, which does not change with
 * the jar. NULL: out of memory.
 *
 *     fsock_cookies *all = fsock_jar_cookies(jar);
 *     struct fsock_cookie cookie;
 *     fsock_cookie_init(&cookie);
 *     while (fsock_cookies_next(all, &cookie)) ...
 *     fsock_cookies_free(all);
 */
typedef struct fsock_cookies fsock_cookies;

FSOCK_API fsock_cookies *fsock_jar_cookies(fsock_jar *jar);

/* The next one, whose texts live as long as the copy; 0: there is none left. */
FSOCK_API int fsock_cookies_next(fsock_cookies *cookies, struct fsock_cookie *cookie);
FSOCK_API void fsock_cookies_free(fsock_cookies *cookies); /* NULL is fine */

#ifdef __cplusplus
}
#endif

#endif
