#include "op/route.h"

#include <errno.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/time.h"
#include "op/hsts.h"
#include "wire/hostlist.h"
#include "wire/url.h"

struct route {
    struct fsk_proxy proxy; /* its spans point into text, or at the routes' user */
    char *text;
};

struct fsk_routes {
    struct route http, https;
    char *user_text; /* options->proxy_user, decoded in its place */
    struct fsk_span user, password;
    char *no_proxy;          /* NULL: no entries */
    struct fsock_hsts *hsts; /* borrowed; NULL: none */
};

static const struct {
    struct fsk_span scheme;
    enum fsk_proxy_kind kind;
    bool tls;
    uint16_t port;
} schemes[] = {
    {{"http", 4},    FSK_PROXY_HTTP,    false, 1080},
    {{"https", 5},   FSK_PROXY_HTTP,    true,  443 },
    {{"socks5", 6},  FSK_PROXY_SOCKS5,  false, 1080},
    {{"socks5h", 7}, FSK_PROXY_SOCKS5H, false, 1080},
    {{"socks", 5},   FSK_PROXY_SOCKS5,  false, 1080},
    {{"socks4", 6},  FSK_PROXY_SOCKS4,  false, 1080},
    {{"socks4a", 7}, FSK_PROXY_SOCKS4A, false, 1080},
};

/* ---- Reading the options --------------------------------------------------------------------- */

static bool no_memory(struct fsock_fault *fault)
{
    fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, ENOMEM, "proxy: out of memory");
    return false;
}

/* Undo the percent-encoding of s, a part of text, in its place. False if it hides control bytes. */
static bool decode(char *text, struct fsk_span *s)
{
    if (!s->n)
        return true;
    s->n = fsk_url_decode(*s, text + (s->p - text));
    for (size_t i = 0; i < s->n; i++)
        if ((unsigned char)s->p[i] < ' ' || s->p[i] == 0x7f)
            return false;
    return true;
}

static bool take_user(struct fsk_routes *r, const char *user, struct fsock_fault *fault)
{
    if (!user)
        return true;
    r->user_text = strdup(user);
    if (!r->user_text)
        return no_memory(fault);
    size_t n = strcspn(r->user_text, ":");
    r->user = fsk_span(r->user_text, n);
    r->password = fsk_span_str(r->user_text + n + (r->user_text[n] == ':'));
    if (decode(r->user_text, &r->user) && decode(r->user_text, &r->password))
        return true;
    fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                  "the proxy's user or password holds a control byte");
    return false;
}

/* The parts of a proxy's URL become the proxy. */
static bool set_proxy(struct fsk_routes *r, struct route *route, const char *name,
                      struct fsk_url *u, struct fsock_fault *fault)
{
    size_t i = 0, n = sizeof schemes / sizeof *schemes;
    while (i < n && !fsk_span_caseeq(u->scheme, schemes[i].scheme))
        i++;
    if (i == n) {
        fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                      "%s has the scheme %.*s, which is none of http, https, socks4, socks4a, "
                      "socks5 and socks5h",
                      name, u->scheme.n < 40 ? (int)u->scheme.n : 40, u->scheme.p);
        return false;
    }
    if (!decode(route->text, &u->user) || !decode(route->text, &u->password)) {
        fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                      "%s has a control byte in its user or password", name);
        return false;
    }
    if (u->zone.n) { /* host%25zone becomes host%zone */
        memmove(route->text + (u->host.p - route->text) + u->host.n + 1, u->zone.p, u->zone.n);
        u->host.n += 1 + u->zone.n;
    }
    route->proxy = (struct fsk_proxy){
        .kind = schemes[i].kind,
        .tls = schemes[i].tls,
        .host = u->host,
        .port = u->port ? u->port : schemes[i].port,
        .user = u->has_userinfo ? u->user : r->user,
        .password = u->has_userinfo ? u->password : r->password,
    };
    if (fsk_proxy_is_socks4(&route->proxy) && route->proxy.password.n) {
        fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                      "%s has a password, and SOCKS4 knows none (SOCKS5 does)", name);
        return false;
    }
    return true;
}

/* `name` says in sentences where the proxy's URL is from. NULL or empty: no proxy. */
static bool take_proxy(struct fsk_routes *r, struct route *route, const char *name, const char *url,
                       struct fsock_fault *fault)
{
    struct fsk_span given = fsk_span_str(url);
    if (given.n == 0)
        return true;
    struct fsk_span assumed = strstr(url, "://") ? FSK_SPAN("") : FSK_SPAN("http://");
    size_t n = assumed.n + given.n, at;
    route->text = malloc(n);
    if (!route->text)
        return no_memory(fault);
    memcpy(route->text, assumed.p, assumed.n);
    memcpy(route->text + assumed.n, given.p, given.n);
    struct fsk_url u;
    enum fsk_url_err err = fsk_url_parse(fsk_span(route->text, n), false, &u, &at);
    if (err == FSK_URL_OK)
        return set_proxy(r, route, name, &u, fault);
    char why[FSK_URL_ERROR_TEXT];
    at = at > assumed.n ? at - assumed.n : 0;
    fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0, "%s %s", name,
                  fsk_url_error_text(err, given, at, why));
    return false;
}

/* The first of the variables that is set and not empty, or NULL. *name becomes its name. */
static const char *environment(const char *const *names, const char **name)
{
    for (; *names; names++) {
        const char *value = getenv(*names);
        if (value && *value) {
            *name = *names;
            return value;
        }
    }
    return NULL;
}

static bool take_all(struct fsk_routes *r, const struct fsock_options *o, struct fsock_fault *fault)
{
    static const char *const for_http[] = {"http_proxy", "all_proxy", "ALL_PROXY", NULL};
    static const char *const for_https[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
                                            NULL};
    static const char *const for_nobody[] = {"no_proxy", "NO_PROXY", NULL};
    const char *http = o->proxy, *https = o->proxy, *nobody = o->no_proxy;
    const char *http_name = "the proxy", *https_name = http_name, *ignored;
    if (o->proxy_from_environment && !o->proxy) {
        http = environment(for_http, &http_name);
        https = environment(for_https, &https_name);
    }
    if (o->proxy_from_environment && !nobody)
        nobody = environment(for_nobody, &ignored);
    if (nobody && !(r->no_proxy = strdup(nobody)))
        return no_memory(fault);
    return take_user(r, o->proxy_user, fault) && take_proxy(r, &r->http, http_name, http, fault) &&
           take_proxy(r, &r->https, https_name, https, fault);
}

struct fsk_routes *fsk_routes_new(const struct fsock_options *options, struct fsock_fault *fault)
{
    struct fsk_routes *r = calloc(1, sizeof *r);
    if (!r) {
        no_memory(fault);
        return NULL;
    }
    r->hsts = options->hsts;
    if (take_all(r, options, fault))
        return r;
    fsk_routes_free(r);
    return NULL;
}

void fsk_routes_free(struct fsk_routes *r)
{
    if (!r)
        return;
    free(r->http.text);
    free(r->https.text);
    free(r->user_text);
    free(r->no_proxy);
    free(r);
}

/* ---- Which way ------------------------------------------------------------------------------- */

bool fsk_routes_secure(const struct fsk_routes *routes, struct fsk_span host)
{
    return routes->hsts && fsk_hsts_knows(routes->hsts, host, fsk_time_unix() / FSOCK_SECOND);
}

const struct fsk_proxy *fsk_routes_find(const struct fsk_routes *routes, bool https,
                                        struct fsk_span host, uint16_t port)
{
    const struct fsk_proxy *proxy = https ? &routes->https.proxy : &routes->http.proxy;
    if (proxy->kind == FSK_PROXY_NONE ||
        (routes->no_proxy && fsk_hostlist_has(fsk_span_str(routes->no_proxy), host, port)))
        return NULL;
    return proxy;
}
