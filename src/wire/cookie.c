#include "wire/cookie.h"

#include "wire/site.h"

static bool starts(struct fsk_span text, struct fsk_span start)
{
    return text.n >= start.n && fsk_span_caseeq(fsk_span(text.p, start.n), start);
}

bool fsk_cookie_domain_match(struct fsk_span host, struct fsk_span domain)
{
    if (fsk_span_caseeq(host, domain))
        return true;
    if (!domain.n || host.n <= domain.n || fsk_site_is_address(host))
        return false;
    size_t at = host.n - domain.n;
    return host.p[at - 1] == '.' && fsk_span_caseeq(fsk_span(host.p + at, domain.n), domain);
}

bool fsk_cookie_path_match(struct fsk_span path, struct fsk_span below)
{
    if (path.n < below.n || !fsk_span_eq(fsk_span(path.p, below.n), below))
        return false;
    return path.n == below.n || (below.n && below.p[below.n - 1] == '/') || path.p[below.n] == '/';
}

/* RFC 6265 5.1.4: up to the last slash, but for the first. */
static struct fsk_span default_path(struct fsk_span path)
{
    size_t n = path.n;
    while (n && path.p[n - 1] != '/')
        n--;
    return n > 1 ? fsk_span(path.p, n - 1) : FSK_SPAN("/");
}

/* What begins with one of these names is what the name says. */
static bool keeps_prefix(const struct fsk_cookie *c)
{
    struct fsk_span name = c->name.n ? c->name : c->value;
    bool as_secure = starts(name, FSK_SPAN("__Secure-")),
         as_host = starts(name, FSK_SPAN("__Host-"));
    if (!as_secure && !as_host)
        return true;
    if (!c->name.n || !c->secure) /* a server would take the value for the name */
        return false;
    return !as_host || (!c->others_too && c->path_given && fsk_span_eq(c->path, FSK_SPAN("/")));
}

static bool is_ascii(struct fsk_span text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] >= 0x80)
            return false;
    return true;
}

bool fsk_cookie_is_possible(const struct fsk_cookie *c)
{
    if (c->name.n + c->value.n == 0 || c->name.n + c->value.n > FSK_COOKIE_MAX)
        return false;
    if (!c->path.n || c->path.p[0] != '/' || c->path.n > FSK_COOKIE_ATTRIBUTE_MAX)
        return false;
    if (!c->domain.n || c->domain.n > FSK_COOKIE_DOMAIN_MAX || !is_ascii(c->domain))
        return false;
    if (c->others_too && fsk_site_is_public_suffix(c->domain))
        return false;
    return keeps_prefix(c);
}

bool fsk_cookie_accept(struct fsk_cookie *c, const struct fsk_cookie_scope *scope)
{
    c->others_too = c->domain.n > 0;
    if (c->others_too && !fsk_cookie_domain_match(scope->host, c->domain))
        return false;
    if (!keeps_prefix(c))
        return false;
    /* An address, or a host that is a public suffix, may name itself, but there is nothing below.
     */
    if (c->others_too && fsk_span_caseeq(scope->host, c->domain) &&
        (fsk_site_is_address(c->domain) || fsk_site_is_public_suffix(c->domain)))
        c->others_too = false;
    if (!c->others_too)
        c->domain = scope->host;
    if (!c->path_given)
        c->path = default_path(scope->path);
    if (c->secure && !scope->secure)
        return false;
    if (c->same_site == FSOCK_SAME_SITE_NONE && !c->secure)
        return false;
    return fsk_cookie_is_possible(c);
}

bool fsk_cookie_fits(const struct fsk_cookie *c, const struct fsk_cookie_scope *scope)
{
    struct fsk_span path = scope->path.n ? scope->path : FSK_SPAN("/");
    if (c->secure && !scope->secure)
        return false;
    if (scope->cross_site && c->same_site == FSOCK_SAME_SITE_STRICT)
        return false;
    if (scope->cross_site && c->same_site == FSOCK_SAME_SITE_LAX && !scope->safe)
        return false;
    bool host = c->others_too ? fsk_cookie_domain_match(scope->host, c->domain)
                              : fsk_span_caseeq(scope->host, c->domain);
    return host && fsk_cookie_path_match(path, c->path);
}
