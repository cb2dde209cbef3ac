#include "wire/retryafter.h"

#include "base/digits.h"
#include "wire/h1.h"
#include "wire/httpdate.h"

#define SECOND  INT64_C(1000000000)
#define LONGEST (INT64_C(10) * 366 * 86400) /* seconds */

/* Numbers from here on are no intervals, but seconds or milliseconds since 1970. */
#define SINCE_1970    INT64_C(500000000)
#define SINCE_1970_MS (SINCE_1970 * 1000)

/* ---- Points in time -------------------------------------------------------------------------- */

/* What the server takes for the present. */
static int64_t server_now(struct fsk_span fields, int64_t now)
{
    struct fsk_span date;
    int64_t at;
    if (fsk_h1_find(fields, FSK_SPAN("Date"), &date) && fsk_httpdate_parse(date, now, &at))
        return at;
    return now;
}

static int64_t nanoseconds(int64_t seconds)
{
    if (seconds <= 0)
        return 0;
    return (seconds < LONGEST ? seconds : LONGEST) * SECOND;
}

/* "120" or "0.25"; a number that is too large becomes a large one. */
static bool parse_number(struct fsk_span text, int64_t *whole, int64_t *fraction)
{
    size_t i = 0;
    *whole = *fraction = 0;
    for (; i < text.n && fsk_is_digit(text.p[i]); i++)
        if (*whole < INT64_MAX / 10 - 1)
            *whole = *whole * 10 + (text.p[i] - '0');
    if (i == 0)
        return false;
    if (i < text.n && text.p[i] == '.') {
        int64_t unit = SECOND;
        for (i++; i < text.n && fsk_is_digit(text.p[i]); i++)
            *fraction += (text.p[i] - '0') * (unit /= 10);
    }
    return i == text.n;
}

/* An interval, however it is said; -1: it can't be understood. */
static int64_t interval(struct fsk_span text, struct fsk_span fields, int64_t now)
{
    int64_t at, fraction;
    if (fsk_httpdate_parse(text, now, &at))
        return nanoseconds(at - server_now(fields, now));
    if (!parse_number(text, &at, &fraction))
        return -1;
    if (at >= SINCE_1970_MS)
        return nanoseconds(at / 1000 - server_now(fields, now));
    if (at >= SINCE_1970)
        return nanoseconds(at - server_now(fields, now));
    return nanoseconds(at) + fraction;
}

int64_t fsk_retry_after(struct fsk_span fields, int64_t now)
{
    struct fsk_span value;
    if (!fsk_h1_find(fields, FSK_SPAN("Retry-After"), &value))
        return -1;
    return interval(value, fields, now);
}

/* ---- Rate limits ----------------------------------------------------------------------------- */

/* What is said of one limit; -1: nothing. */
struct quota {
    int64_t remaining, reset; /* requests, and seconds */
};

static const struct quota unsaid = {-1, -1};

static int64_t longer(int64_t wait, struct quota q)
{
    int64_t reset = q.remaining == 0 && q.reset >= 0 ? nanoseconds(q.reset) : -1;
    return reset > wait ? reset : wait;
}

/* Up to the next comma or semicolon that is not part of a string (RFC 9651 3.3.3). */
static struct fsk_span take_piece(struct fsk_span *rest, char *end)
{
    bool quoted = false;
    size_t i = 0;
    for (; i < rest->n && (quoted || (rest->p[i] != ',' && rest->p[i] != ';')); i++) {
        if (quoted && rest->p[i] == '\\' && i + 1 < rest->n)
            i++;
        else if (rest->p[i] == '"')
            quoted = !quoted;
    }
    struct fsk_span piece = fsk_span(rest->p, i);
    *end = i < rest->n ? rest->p[i] : '\0';
    i += i < rest->n;
    rest->p += i;
    rest->n -= i;
    return fsk_span_trim(piece);
}

/* Note "NAME=NUMBER" if it has one of the two names. */
static void note(struct quota *q, struct fsk_span piece, struct fsk_span remaining,
                 struct fsk_span reset)
{
    int64_t number, fraction;
    const char *equals = piece.n ? memchr(piece.p, '=', piece.n) : NULL;
    if (!equals)
        return;
    struct fsk_span name = fsk_span(piece.p, (size_t)(equals - piece.p));
    struct fsk_span value = fsk_span(equals + 1, piece.n - name.n - 1);
    if (!parse_number(value, &number, &fraction))
        return;
    if (fsk_span_eq(name, remaining))
        q->remaining = number;
    else if (fsk_span_eq(name, reset))
        q->reset = number;
}

/* The value of a RateLimit field, in its newer form (policies between commas) or its older one. */
static int64_t rate_limit(struct fsk_span value)
{
    struct quota policy = unsaid, whole = unsaid;
    int64_t wait = -1;
    while (value.n) {
        char end;
        struct fsk_span piece = take_piece(&value, &end);
        note(&policy, piece, FSK_SPAN("r"), FSK_SPAN("t"));
        note(&whole, piece, FSK_SPAN("remaining"), FSK_SPAN("reset"));
        if (end == ';')
            continue;
        wait = longer(wait, policy);
        policy = unsaid;
    }
    return longer(wait, whole);
}

/* The fields of one family, as a server may send them. */
struct family {
    struct fsk_span prefix;
    struct fsk_span remaining, reset, after; /* their values */
};

static bool ends_with(struct fsk_span name, struct fsk_span prefix, struct fsk_span end)
{
    return fsk_span_caseeq(fsk_span(name.p + prefix.n, name.n - prefix.n), end);
}

static void note_field(struct family *f, struct fsk_span name, struct fsk_span value, int64_t *wait)
{
    if (name.n < f->prefix.n || !fsk_span_caseeq(fsk_span(name.p, f->prefix.n), f->prefix))
        return;
    if (name.n == f->prefix.n) {
        int64_t said = rate_limit(value);
        *wait = said > *wait ? said : *wait;
    } else if (ends_with(name, f->prefix, FSK_SPAN("-Remaining"))) {
        f->remaining = value;
    } else if (ends_with(name, f->prefix, FSK_SPAN("-Reset"))) {
        f->reset = value;
    } else if (ends_with(name, f->prefix, FSK_SPAN("-Reset-After"))) {
        f->after = value;
    }
}

int64_t fsk_rate_limited(struct fsk_span fields, int64_t now)
{
    struct family families[] = {
        {.prefix = FSK_SPAN("RateLimit")},
        {.prefix = FSK_SPAN("X-RateLimit")},
        {.prefix = FSK_SPAN("X-Rate-Limit")},
    };
    const size_t n = sizeof families / sizeof *families;
    struct fsk_span name, value;
    int64_t wait = -1;
    for (size_t pos = 0; pos < fields.n;) {
        char first = fsk_lower(fields.p[pos]);
        if (first != 'r' && first != 'x') {
            fsk_h1_next_line(fields, &pos);
            continue;
        }
        fsk_h1_next_field(fields, &pos, &name, &value);
        for (size_t i = 0; i < n; i++)
            note_field(&families[i], name, value, &wait);
    }
    for (size_t i = 0; i < n; i++) {
        const struct family *f = &families[i];
        uint64_t left;
        if (!fsk_decimal_parse(f->remaining, UINT64_MAX, &left) || left)
            continue;
        int64_t said = interval(f->after.n ? f->after : f->reset, fields, now);
        wait = said > wait ? said : wait;
    }
    return wait;
}
