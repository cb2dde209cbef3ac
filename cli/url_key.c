#include "url_key.h"

#include "base/digits.h"
#include "wire/url.h"

/* ---- URLs that are in their normal form ------------------------------------------------------ */

static bool is_host(char c)
{
    return (c >= 'a' && c <= 'z') || fsk_is_digit(c) || c == '.' || c == '-';
}

/* What stands in a path or a query as it is: of ASCII, all but  " # % < > [ \ ] ^ ` { | }  */
static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '?' && c <= 'Z') || (c >= '&' && c <= ';') || c == '=' ||
           c == '_' || c == '!' || c == '$' || c == '~';
}

/* The offset behind the scheme and its slashes; 0: it takes a closer look. */
static size_t skip_scheme(struct fsk_span url, uint64_t *default_port)
{
    if (url.n >= 7 && memcmp(url.p, "http://", 7) == 0) {
        *default_port = 80;
        return 7;
    }
    *default_port = 443;
    return url.n >= 8 && memcmp(url.p, "https://", 8) == 0 ? 8 : 0;
}

/* The offset behind the host and a port that has to be there; 0: it takes a closer look. */
static size_t skip_authority(struct fsk_span url)
{
    uint64_t default_port, port;
    size_t start = skip_scheme(url, &default_port), i = start;
    while (i < url.n && is_host(url.p[i]))
        i++;
    if (!start || i == start || i == url.n)
        return 0;
    if (url.p[i] == '/')
        return i;
    const char *slash = memchr(url.p + i, '/', url.n - i);
    if (url.p[i] != ':' || !slash)
        return 0;
    struct fsk_span digits = fsk_span(url.p + i + 1, (size_t)(slash - url.p) - i - 1);
    if (!fsk_decimal_parse(digits, 65535, &port) || digits.p[0] == '0' || port == default_port)
        return 0;
    return i + 1 + digits.n;
}

/*
 * Most URLs are in their normal form, and that is seen faster than it is made: the length without
 * the fragment; 0: perhaps it isn't.
 */
static size_t normal_length(struct fsk_span url)
{
    size_t i = skip_authority(url);
    if (!i)
        return 0;
    for (; i < url.n && is_plain(url.p[i]); i++)
        if (url.p[i] == '.' && url.p[i - 1] == '/')
            return 0;
    return i == url.n || url.p[i] == '#' ? i : 0;
}

/* ---- Any URL --------------------------------------------------------------------------------- */

bool url_key(struct fsk_buf *key, struct fsk_span url, struct fsk_span variant)
{
    struct fsk_url parts;
    size_t room = FSK_URL_ROOM(url.n);
    fsk_buf_clear(key);
    if (fsk_buf_reserve(key, room + 1 + variant.n) != FSOCK_OK)
        return false;
    size_t same = normal_length(url);
    if (!same && fsk_url_parse(url, true, &parts, NULL) == FSK_URL_OK) {
        parts.fragment = fsk_span(NULL, 0);
        parts.has_fragment = false;
        key->end = fsk_url_normalise(&parts, key->mem, room);
    }
    if (!key->end)
        fsk_buf_append(key, url.p, same ? same : url.n);
    if (!variant.n)
        return true;
    key->mem[key->end++] = '\0';
    return fsk_buf_append(key, variant.p, variant.n) == FSOCK_OK;
}
