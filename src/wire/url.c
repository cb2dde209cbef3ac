#include "wire/url.h"

#include <stdio.h>

#include "base/digits.h"
#include "wire/addr.h"
#include "wire/url_split.h"

/* The span from offset `from` to offset `to` of s. */
static struct fsk_span slice(struct fsk_span s, size_t from, size_t to)
{
    return fsk_span(s.p + from, to - from);
}

/* The offset of the first byte at or after i that is one of `stops`; s.n if there is none. */
static size_t find_any(struct fsk_span s, size_t i, const char *stops)
{
    size_t end = s.n;
    for (; *stops && i < end; stops++) {
        const char *p = memchr(s.p + i, *stops, end - i);
        if (p)
            end = (size_t)(p - s.p);
    }
    return end;
}

static bool is_alpha(char c)
{
    return fsk_lower(c) >= 'a' && fsk_lower(c) <= 'z';
}

/* The length of the scheme that s starts with (RFC 3986 3.1), 0 if none does. */
static size_t scheme_length(struct fsk_span s)
{
    size_t i = 0;
    if (s.n == 0 || !is_alpha(s.p[0]))
        return 0;
    while (i < s.n && (is_alpha(s.p[i]) || fsk_is_digit(s.p[i]) || s.p[i] == '+' || s.p[i] == '-' ||
                       s.p[i] == '.'))
        i++;
    return i < s.n && s.p[i] == ':' ? i : 0;
}

void fsk_url_split(struct fsk_span s, bool scheme, struct fsk_url_parts *r)
{
    size_t i = scheme ? scheme_length(s) : 0, end;
    *r = (struct fsk_url_parts){.has_scheme = i > 0};
    if (r->has_scheme)
        r->scheme = slice(s, 0, i++);
    if (s.n - i >= 2 && s.p[i] == '/' && s.p[i + 1] == '/') {
        end = find_any(s, i + 2, "/?#");
        r->has_authority = true;
        r->authority = slice(s, i + 2, end);
        i = end;
    }
    end = find_any(s, i, "?#");
    r->path = s.n ? slice(s, i, end) : s;
    if (end < s.n && s.p[end] == '?') {
        i = end + 1;
        end = find_any(s, i, "#");
        r->has_query = true;
        r->query = slice(s, i, end);
    }
    if (end < s.n) {
        r->has_fragment = true;
        r->fragment = slice(s, end + 1, s.n);
    }
}

void fsk_url_set_path(struct fsk_url *u, struct fsk_span rest)
{
    size_t fragment = find_any(rest, 0, "#"), query = find_any(slice(rest, 0, fragment), 0, "?");
    u->has_fragment = fragment < rest.n;
    u->has_query = query < fragment;
    u->path = slice(rest, 0, query);
    u->query = u->has_query ? slice(rest, query + 1, fragment) : fsk_span(NULL, 0);
    u->fragment = u->has_fragment ? slice(rest, fragment + 1, rest.n) : fsk_span(NULL, 0);
}

/* True if what follows the first colon can only be a port: `localhost:8080/x`, `h:`. */
static bool colon_is_port(struct fsk_span s, size_t colon)
{
    size_t i = colon + 1;
    while (i < s.n && fsk_is_digit(s.p[i]))
        i++;
    return (i > colon + 1 || i == s.n) && (i == s.n || strchr("/?#", s.p[i]));
}

/* Split text so that there is an authority, even if that takes assuming http. */
static enum fsk_url_err split_with_host(struct fsk_span text, bool assume_http,
                                        struct fsk_url_parts *r, size_t *at)
{
    size_t n = scheme_length(text);
    bool scheme = n > 0 && !(assume_http && colon_is_port(text, n));

    *at = text.n;
    fsk_url_split(text, scheme, r);
    if (r->has_scheme || r->has_authority) {
        if (!r->has_authority)
            return FSK_URL_NO_HOST;
    } else if (assume_http) {
        size_t end = find_any(text, 0, "/?#");
        struct fsk_span rest = slice(text, end, text.n);
        fsk_url_split(rest, false, r);
        if (r->has_authority) { /* `h//x`: the slashes are the path's */
            r->has_authority = false;
            r->path = slice(rest, 0, find_any(rest, 0, "?#"));
        }
        r->authority = slice(text, 0, end);
    }
    if (!r->has_scheme) {
        *at = 0;
        if (!assume_http)
            return FSK_URL_NO_SCHEME;
        r->scheme = FSK_SPAN("http");
    }
    return FSK_URL_OK;
}

/* [v6], [v6%25zone] or [v6%zone]; in holds what is between the brackets. */
static bool take_ipv6(struct fsk_span in, struct fsk_url *u)
{
    struct fsk_addr a;
    size_t percent = find_any(in, 0, "%"), from = percent + 1;

    u->is_ipv6_literal = true;
    u->host = slice(in, 0, percent);
    if (percent < in.n) {
        if (in.n - from > 2 && in.p[from] == '2' && in.p[from + 1] == '5')
            from += 2;
        u->zone = slice(in, from, in.n);
        if (u->zone.n == 0 || find_any(u->zone, 0, "[]/?#@\\%") < u->zone.n)
            return false;
    }
    return fsk_addr_parse(u->host, &a, NULL) && a.family == 6;
}

static enum fsk_url_err take_port(struct fsk_span port, struct fsk_url *u)
{
    if (port.n == 0)
        return FSK_URL_OK;
    for (size_t i = 0; i < port.n; i++)
        if (!fsk_is_digit(port.p[i]))
            return FSK_URL_BAD_PORT;
    if (!fsk_port_parse(port, &u->port))
        return FSK_URL_PORT_RANGE;
    return u->port == 0 ? FSK_URL_PORT_ZERO : FSK_URL_OK;
}

/* What stands before the last @ of the authority, which is cut to what follows. */
static bool take_userinfo(struct fsk_span *authority, struct fsk_url *u)
{
    size_t at = authority->n;
    while (at > 0 && authority->p[at - 1] != '@')
        at--;
    if (at == 0)
        return true;
    u->has_userinfo = true;
    u->userinfo = slice(*authority, 0, at - 1);
    size_t colon = find_any(u->userinfo, 0, ":");
    u->user = slice(u->userinfo, 0, colon);
    u->has_password = colon < u->userinfo.n;
    if (u->has_password)
        u->password = slice(u->userinfo, colon + 1, u->userinfo.n);
    *authority = slice(*authority, at, authority->n);
    return find_any(u->userinfo, 0, "\\") == u->userinfo.n;
}

/* The offset of the first byte that no host name has. */
static size_t find_bad(struct fsk_span host)
{
    for (size_t i = 0; i < host.n; i++)
        switch (host.p[i]) {
        case '"':
        case '%':
        case '<':
        case '>':
        case '[':
        case '\\':
        case ']':
        case '^':
        case '`':
        case '{':
        case '|':
        case '}':
            return i;
        default:
            break;
        }
    return host.n;
}

/* Fill in userinfo, host and port. *where is the place of an error. */
static enum fsk_url_err take_authority(struct fsk_span a, struct fsk_url *u, const char **where)
{
    size_t end;

    *where = a.p;
    if (!take_userinfo(&a, u))
        return FSK_URL_BAD_USERINFO;
    *where = a.p;
    if (a.n && a.p[0] == '[') {
        end = find_any(a, 0, "]");
        if (end == a.n || !take_ipv6(slice(a, 1, end), u))
            return FSK_URL_BAD_IPV6;
        end++;
    } else {
        end = find_any(a, 0, ":");
        u->host = slice(a, 0, end);
        if (end == 0)
            return FSK_URL_NO_HOST;
        size_t bad = find_bad(u->host);
        *where = a.p + bad;
        if (bad < u->host.n)
            return FSK_URL_BAD_HOST;
    }
    *where = a.p + end;
    if (end == a.n)
        return FSK_URL_OK;
    if (a.p[end] != ':')
        return FSK_URL_BAD_IPV6;
    ++*where;
    return take_port(slice(a, end + 1, a.n), u);
}

enum fsk_url_err fsk_url_parse(struct fsk_span text, bool assume_http, struct fsk_url *u,
                               size_t *at)
{
    struct fsk_url_parts r;
    const char *where;
    size_t ignored;

    at = at ? at : &ignored;
    *at = fsk_span_clean(text, ' ' + 1);
    if (*at < text.n)
        return text.p[*at] == ' ' ? FSK_URL_SPACE : FSK_URL_CONTROL;
    if (text.n == 0)
        return FSK_URL_EMPTY;
    enum fsk_url_err err = split_with_host(text, assume_http, &r, at);
    if (err)
        return err;
    *u = (struct fsk_url){
        .scheme = r.scheme,
        .path = r.path,
        .query = r.query,
        .fragment = r.fragment,
        .has_query = r.has_query,
        .has_fragment = r.has_fragment,
    };
    err = take_authority(r.authority, u, &where);
    *at = (size_t)(where - text.p);
    return err;
}

const char *fsk_url_error_text(enum fsk_url_err err, struct fsk_span text, size_t at,
                               char out[FSK_URL_ERROR_TEXT])
{
    static const char *const texts[] = {
        [FSK_URL_OK] = "is well-formed",
        [FSK_URL_EMPTY] = "is empty",
        [FSK_URL_SPACE] = "has a space",
        [FSK_URL_CONTROL] = "holds a control byte",
        [FSK_URL_NO_SCHEME] = "has no scheme such as http://",
        [FSK_URL_NO_HOST] = "has no host",
        [FSK_URL_BAD_HOST] = "has a character that no host name has",
        [FSK_URL_BAD_USERINFO] = "has a backslash before its host",
        [FSK_URL_BAD_IPV6] = "has a malformed IPv6 address in its brackets",
        [FSK_URL_BAD_PORT] = "has a port that isn't a number",
        [FSK_URL_PORT_ZERO] = "has the port 0, which can't be connected to",
    };
    struct fsk_span rest = at < text.n ? slice(text, at, text.n) : fsk_span("", 0);
    int digits = 0;

    if (err == FSK_URL_PORT_RANGE) {
        while ((size_t)digits < rest.n && digits < 24 && fsk_is_digit(rest.p[digits]))
            digits++;
        snprintf(out, FSK_URL_ERROR_TEXT, "has the port %.*s, which is above 65535", digits,
                 rest.p);
    } else if (err == FSK_URL_SPACE || err == FSK_URL_CONTROL || err == FSK_URL_BAD_HOST) {
        snprintf(out, FSK_URL_ERROR_TEXT, "%s at byte %zu", texts[err], at + 1);
    } else {
        snprintf(out, FSK_URL_ERROR_TEXT, "%s", texts[err]);
    }
    return out;
}

uint16_t fsk_url_default_port(struct fsk_span scheme)
{
    static const struct {
        struct fsk_span scheme;
        uint16_t port;
    } known[] = {
        {{"http", 4},  80 },
        {{"https", 5}, 443},
        {{"ws", 2},    80 },
        {{"wss", 3},   443},
        {{"ftp", 3},   21 }
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (fsk_span_caseeq(scheme, known[i].scheme))
            return known[i].port;
    return 0;
}

static bool ends_authority(char c)
{
    return c == '/' || c == '?' || c == '#';
}

struct fsk_span fsk_url_find_authority(struct fsk_span text)
{
    size_t start = 0;
    for (size_t i = 0; i + 2 < text.n && !ends_authority(text.p[i]); i++)
        if (memcmp(text.p + i, "://", 3) == 0) {
            start = i + 3;
            break;
        }
    size_t end = start;
    while (end < text.n && !ends_authority(text.p[end]))
        end++;
    return text.n ? fsk_span(text.p + start, end - start) : text;
}

struct fsk_span fsk_url_find_userinfo(struct fsk_span text)
{
    struct fsk_span authority = fsk_url_find_authority(text);
    const char *at = authority.n ? memrchr(authority.p, '@', authority.n) : NULL;
    return fsk_span(authority.p, at ? (size_t)(at - authority.p) + 1 : 0);
}

uint16_t fsk_url_port(const struct fsk_url *u)
{
    return u->port ? u->port : fsk_url_default_port(u->scheme);
}

bool fsk_url_same_origin(const struct fsk_url *a, const struct fsk_url *b)
{
    return fsk_span_caseeq(a->scheme, b->scheme) && fsk_span_caseeq(a->host, b->host) &&
           fsk_span_eq(a->zone, b->zone) && fsk_url_port(a) == fsk_url_port(b);
}

void fsk_url_rebase(struct fsk_url *u, const char *from, const char *to)
{
    struct fsk_span *parts[] = {&u->scheme, &u->userinfo, &u->user,  &u->password, &u->host,
                                &u->zone,   &u->path,     &u->query, &u->fragment};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i]->n)
            parts[i]->p = to + (parts[i]->p - from);
}
