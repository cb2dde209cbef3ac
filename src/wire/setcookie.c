#include "wire/setcookie.h"

#include "base/digits.h"
#include "wire/httpdate.h"

/* What stands before the next `end`, which is taken out too; all, if there is none. */
static struct fsk_span take_until(struct fsk_span *text, char end)
{
    const char *at = text->n ? memchr(text->p, end, text->n) : NULL;
    size_t n = at ? (size_t)(at - text->p) : text->n, gone = at ? n + 1 : n;
    struct fsk_span taken = fsk_span(text->p, n);
    *text = fsk_span(gone ? text->p + gone : text->p, text->n - gone);
    return taken;
}

static bool has_control(struct fsk_span text)
{
    for (size_t i = 0; i < text.n; i++)
        if (((unsigned char)text.p[i] < ' ' && text.p[i] != '\t') || text.p[i] == 0x7f)
            return true;
    return false;
}

/* "NAME=VALUE", or a value alone. */
static bool read_pair(struct fsk_span pair, struct fsk_cookie *c)
{
    bool named = pair.n && memchr(pair.p, '=', pair.n);
    if (named)
        c->name = fsk_span_trim(take_until(&pair, '='));
    c->value = fsk_span_trim(pair);
    size_t n = c->name.n + c->value.n;
    return n > 0 && n <= FSK_COOKIE_MAX;
}

/* ---- Attributes ------------------------------------------------------------------------------ */

/* What has to do with time, until all attributes have been read. */
struct ages {
    bool has_max_age;
    int64_t expires, max_age; /* both as points in time */
};

/* Seconds with perhaps a minus in front; of any length. */
static void read_max_age(struct fsk_span text, int64_t now, struct ages *ages)
{
    bool minus = text.n && text.p[0] == '-';
    struct fsk_span digits = minus ? fsk_span(text.p + 1, text.n - 1) : text;
    uint64_t seconds;
    for (size_t i = 0; i < digits.n; i++)
        if (!fsk_is_digit(digits.p[i]))
            return;
    if (!text.n)
        return;
    if (!digits.n || !fsk_decimal_parse(digits, FSK_COOKIE_AGE_MAX, &seconds))
        seconds = digits.n ? FSK_COOKIE_AGE_MAX : 0;
    ages->has_max_age = true;
    ages->max_age = minus ? now : now + (int64_t)seconds;
}

static void read_expires(struct fsk_span text, int64_t now, struct ages *ages)
{
    int64_t at;
    if (fsk_cookiedate_parse(text, &at))
        ages->expires = at < now + FSK_COOKIE_AGE_MAX ? at : now + FSK_COOKIE_AGE_MAX;
}

static enum fsock_same_site same_site_of(struct fsk_span text)
{
    if (fsk_span_caseeq(text, FSK_SPAN("None")))
        return FSOCK_SAME_SITE_NONE;
    if (fsk_span_caseeq(text, FSK_SPAN("Lax")))
        return FSOCK_SAME_SITE_LAX;
    if (fsk_span_caseeq(text, FSK_SPAN("Strict")))
        return FSOCK_SAME_SITE_STRICT;
    return FSOCK_SAME_SITE_UNSET;
}

static void read_attribute(struct fsk_span text, int64_t now, struct fsk_cookie *c,
                           struct ages *ages)
{
    struct fsk_span name = fsk_span_trim(take_until(&text, '=')), value = fsk_span_trim(text);
    if (value.n > FSK_COOKIE_ATTRIBUTE_MAX)
        return;
    if (fsk_span_caseeq(name, FSK_SPAN("Expires"))) {
        read_expires(value, now, ages);
    } else if (fsk_span_caseeq(name, FSK_SPAN("Max-Age"))) {
        read_max_age(value, now, ages);
    } else if (fsk_span_caseeq(name, FSK_SPAN("Domain"))) {
        bool dot = value.n && value.p[0] == '.';
        c->domain = dot ? fsk_span(value.p + 1, value.n - 1) : value;
    } else if (fsk_span_caseeq(name, FSK_SPAN("Path"))) {
        c->path = value;
        c->path_given = value.n && value.p[0] == '/';
    } else if (fsk_span_caseeq(name, FSK_SPAN("Secure"))) {
        c->secure = true;
    } else if (fsk_span_caseeq(name, FSK_SPAN("HttpOnly"))) {
        c->http_only = true;
    } else if (fsk_span_caseeq(name, FSK_SPAN("SameSite"))) {
        c->same_site = same_site_of(value);
    }
}

bool fsk_setcookie_parse(struct fsk_span text, int64_t now, struct fsk_cookie *c)
{
    struct ages ages = {.expires = FSK_COOKIE_SESSION};
    *c = (struct fsk_cookie){.same_site = FSOCK_SAME_SITE_UNSET};
    if (has_control(text) || !read_pair(take_until(&text, ';'), c))
        return false;
    while (text.n)
        read_attribute(take_until(&text, ';'), now, c, &ages);
    c->expires = ages.has_max_age ? ages.max_age : ages.expires;
    return true;
}
