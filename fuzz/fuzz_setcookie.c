/*
 * Set-Cookie. The input is a host, a newline, a path, a newline and the field's value. Invariants:
 * texts stay within what was given; a cookie that is accepted is a possible one, and fits a request
 * like the one whose answer has set it; written anew it is read as the same.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/setcookie.h"
#include "wire/site.h"

#define NOW 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fsk_span line(struct fsk_span *rest)
{
    const char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
    struct fsk_span line = fsk_span(rest->p, end ? (size_t)(end - rest->p) : rest->n);
    size_t gone = end ? line.n + 1 : line.n;
    rest->p += gone;
    rest->n -= gone;
    return line;
}

static bool within(struct fsk_span part, struct fsk_span all)
{
    return !part.n || (part.p >= all.p && part.p + part.n <= all.p + all.n);
}

/* "name=value; Path=..." read again. */
static void again(const struct fsk_cookie *c)
{
    static char text[FSK_COOKIE_MAX + FSK_COOKIE_ATTRIBUTE_MAX + 64];
    struct fsk_cookie d;
    size_t n = 0;
    const struct fsk_span parts[] = {c->name,
                                     FSK_SPAN("="),
                                     c->value,
                                     FSK_SPAN("; Path="),
                                     c->path_given ? c->path : FSK_SPAN("x"),
                                     c->secure ? FSK_SPAN("; Secure") : FSK_SPAN("")};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].n)
            memcpy(text + n, parts[i].p, parts[i].n);
        n += parts[i].n;
    }
    bool good = fsk_setcookie_parse(fsk_span(text, n), NOW, &d);
    assert(good && fsk_span_eq(c->name, d.name) && fsk_span_eq(c->value, d.value));
    assert(c->path_given == d.path_given && c->secure == d.secure);
    assert(!c->path_given || fsk_span_eq(c->path, d.path));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fsk_span rest = {(const char *)data, size};
    struct fsk_cookie_scope scope = {.secure = size & 1, .safe = true};
    struct fsk_cookie c;
    scope.host = line(&rest);
    scope.path = line(&rest);
    if (scope.path.n && scope.path.p[0] != '/')
        return 0;
    struct fsk_span site = fsk_site_of(scope.host);
    assert(within(site, scope.host));
    (void)fsk_site_is_loopback(scope.host);
    if (!fsk_setcookie_parse(rest, NOW, &c))
        return 0;
    assert(within(c.name, rest) && within(c.value, rest) && within(c.domain, rest) &&
           within(c.path, rest));
    assert(c.name.n + c.value.n > 0 && c.name.n + c.value.n <= FSK_COOKIE_MAX);
    assert(c.expires == FSK_COOKIE_SESSION || c.expires <= NOW + FSK_COOKIE_AGE_MAX);
    again(&c);
    if (!fsk_cookie_accept(&c, &scope))
        return 0;
    assert(fsk_cookie_is_possible(&c) && c.domain.n <= scope.host.n);
    assert(c.path_given || fsk_cookie_fits(&c, &scope));
    return 0;
}
