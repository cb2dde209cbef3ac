#include "wire/endpoint.h"

#include <stdio.h>

#include "wire/addr.h"

#define SCHEME_SHOWN 31 /* letters of an unknown transport in a sentence, as in PHP */
#define TEXT_SHOWN   120

const char *const fsk_transport_names[] = {"tcp",     "udp",     "unix",    "udg",     "ssl", "tls",
                                           "tlsv1.0", "tlsv1.1", "tlsv1.2", "tlsv1.3", NULL};

/* In the order of the names. */
static const struct meaning {
    enum fsk_transport transport;
    const char *tls_version;
} meanings[] = {
    {FSK_TCP,  NULL },
    {FSK_UDP,  NULL },
    {FSK_UNIX, NULL },
    {FSK_UDG,  NULL },
    {FSK_TLS,  NULL },
    {FSK_TLS,  NULL },
    {FSK_TLS,  "1.0"},
    {FSK_TLS,  "1.1"},
    {FSK_TLS,  "1.2"},
    {FSK_TLS,  "1.3"},
};

const char *fsk_transport_name(enum fsk_transport t)
{
    static const char *const names[] = {"tcp", "udp", "tls", "unix", "udg"};
    return names[t];
}

/* What is shown of a text in a sentence: its start, with no byte that drives a terminal. */
static const char *shown(struct fsk_span s, char out[TEXT_SHOWN + 4])
{
    size_t n = s.n < TEXT_SHOWN ? s.n : TEXT_SHOWN;
    for (size_t i = 0; i < n; i++)
        out[i] = (unsigned char)s.p[i] < ' ' || s.p[i] == '\x7f' ? '?' : s.p[i];
    memcpy(out + n, n < s.n ? "..." : "", n < s.n ? 4 : 1);
    return out;
}

static bool bad(char why[FSK_ENDPOINT_WHY], struct fsk_span text, const char *what)
{
    char part[TEXT_SHOWN + 4];
    snprintf(why, FSK_ENDPOINT_WHY, "failed to parse address \"%s\": %s", shown(text, part), what);
    return false;
}

static bool unknown_transport(char why[FSK_ENDPOINT_WHY], struct fsk_span scheme)
{
    char part[TEXT_SHOWN + 4];
    scheme.n = scheme.n < SCHEME_SHOWN ? scheme.n : SCHEME_SHOWN;
    snprintf(why, FSK_ENDPOINT_WHY,
             "unable to find the socket transport \"%s\": there are tcp, udp, unix, udg, ssl, tls "
             "and tlsv1.0 to tlsv1.3",
             shown(scheme, part));
    return false;
}

/* How long the transport before "://" is; 0: there is none. One letter is none. */
static size_t scheme_length(struct fsk_span text)
{
    size_t n = 0;
    while (n < text.n && ((fsk_lower(text.p[n]) >= 'a' && fsk_lower(text.p[n]) <= 'z') ||
                          (text.p[n] >= '0' && text.p[n] <= '9') || strchr("+-.", text.p[n])))
        n++;
    bool is_one = n > 1 && text.n - n >= 3 && memcmp(text.p + n, "://", 3) == 0;
    return is_one ? n : 0;
}

static bool take_transport(struct fsk_span scheme, struct fsk_endpoint *e)
{
    for (size_t i = 0; fsk_transport_names[i]; i++)
        if (fsk_span_caseeq(scheme, fsk_span_str(fsk_transport_names[i]))) {
            e->transport = meanings[i].transport;
            e->tls_version = meanings[i].tls_version;
            return true;
        }
    return false;
}

/* A colon and digits, up to the end or a slash. NULL, or what is wrong. */
static const char *take_port(struct fsk_span s, uint16_t *port)
{
    const char *slash = s.n ? memchr(s.p, '/', s.n) : NULL;
    if (slash)
        s.n = (size_t)(slash - s.p);
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return "what follows the colon is no port";
    if (s.n == 0)
        return "no port follows the colon";
    return fsk_port_parse(s, port) ? NULL : "ports end at 65535";
}

/* In brackets, or a name or IPv4 address before the only colon, or an IPv6 address by itself. */
static const char *split_host(struct fsk_span s, struct fsk_span *host, struct fsk_span *port,
                              bool *has_port)
{
    struct fsk_addr addr;
    struct fsk_span zone;
    *has_port = false;
    if (s.n && s.p[0] == '[') {
        const char *end = memchr(s.p, ']', s.n);
        *host = end ? fsk_span(s.p + 1, (size_t)(end - s.p) - 1) : s;
        if (!end || !fsk_addr_parse(*host, &addr, &zone) || addr.family != 6)
            return "an IPv6 address belongs in the brackets, as in [::1]:80";
        *port = fsk_span(end + 1, s.n - host->n - 2);
        if (port->n && port->p[0] != ':' && port->p[0] != '/')
            return "only a port can follow the bracket, as in [::1]:80";
    } else {
        if (fsk_addr_parse(s, &addr, &zone) && addr.family == 6) {
            *host = s;
            return NULL;
        }
        const char *end = s.n ? memchr(s.p, ':', s.n) : NULL;
        const char *slash = s.n ? memchr(s.p, '/', s.n) : NULL;
        if (slash && (!end || slash < end))
            return "a host holds no slash; a path needs unix:// or udg:// in front";
        *host = fsk_span(s.p, end ? (size_t)(end - s.p) : s.n);
        *port = fsk_span(s.p + host->n, s.n - host->n);
        if (port->n > 1 && memchr(port->p + 1, ':', port->n - 1) && !memchr(port->p, '/', port->n))
            return "an IPv6 address with a port needs brackets, as in [::1]:80";
    }
    *has_port = port->n && port->p[0] == ':';
    if (*has_port)
        *port = fsk_span(port->p + 1, port->n - 1);
    return NULL;
}

static const char *check_host(struct fsk_span host, bool listening)
{
    if (host.n == 0)
        return listening ? NULL : "there is no host";
    for (size_t i = 0; i < host.n; i++) {
        if ((unsigned char)host.p[i] <= ' ' || host.p[i] == '\x7f')
            return "a host holds no blanks and no control characters";
        if (host.p[i] == '@')
            return "there is no user here, only a host";
    }
    return NULL;
}

static const char *take_host(struct fsk_span rest, int port, bool listening, struct fsk_endpoint *e)
{
    struct fsk_span digits = {NULL, 0};
    bool has_port;
    const char *wrong = split_host(rest, &e->host, &digits, &has_port);
    if (!wrong)
        wrong = check_host(e->host, listening);
    if (wrong)
        return wrong;
    if (has_port) {
        wrong = take_port(digits, &e->port);
    } else {
        if (port < 0 || port > UINT16_MAX)
            return "ports are from 1 to 65535";
        e->port = (uint16_t)port;
    }
    if (!wrong && e->port == 0 && !listening)
        return "there is no port";
    return wrong;
}

bool fsk_endpoint_parse(struct fsk_span text, int port, bool listening, struct fsk_endpoint *e,
                        char why[FSK_ENDPOINT_WHY])
{
    *e = (struct fsk_endpoint){.transport = FSK_TCP};
    size_t scheme = scheme_length(text);
    if (scheme && !take_transport(fsk_span(text.p, scheme), e))
        return unknown_transport(why, fsk_span(text.p, scheme));
    struct fsk_span rest = text;
    if (scheme)
        rest = fsk_span(text.p + scheme + 3, text.n - scheme - 3);
    const char *wrong = NULL;
    if (!fsk_transport_local(e->transport))
        wrong = take_host(rest, port, listening, e);
    else if (rest.n == 0 || (rest.n == 1 && rest.p[0] == '@'))
        wrong = "there is no path";
    else if (port > 0)
        wrong = "a unix socket has no port";
    else if (rest.n > 107)
        wrong = "a unix socket's path has at most 107 bytes";
    else
        e->path = rest;
    return wrong ? bad(why, text, wrong) : true;
}
