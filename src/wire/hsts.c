#include "wire/hsts.h"

#include "base/digits.h"
#include "wire/h1.h"

enum { MAX_AGE = 1, SUBDOMAINS = 2 };

/* Up to the next semicolon that is in no quotes; it is taken out, too. False: quotes stay open. */
static bool take_directive(struct fsk_span *text, struct fsk_span *directive)
{
    bool quoted = false;
    size_t n = 0;
    for (; n < text->n && (quoted || text->p[n] != ';'); n++) {
        if (quoted && text->p[n] == '\\' && n + 1 < text->n)
            n++;
        else if (text->p[n] == '"')
            quoted = !quoted;
    }
    *directive = fsk_span_trim(fsk_span(text->p, n));
    size_t gone = n < text->n ? n + 1 : n;
    *text = fsk_span(text->p + gone, text->n - gone);
    return !quoted;
}

/* Digits, perhaps between quotes. */
static bool read_age(struct fsk_span value, int64_t *age)
{
    uint64_t seconds;
    if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
        value = fsk_span(value.p + 1, value.n - 2);
    for (size_t i = 0; i < value.n; i++)
        if (!fsk_is_digit(value.p[i]))
            return false;
    if (!value.n)
        return false;
    if (!fsk_decimal_parse(value, (uint64_t)FSK_HSTS_AGE_MAX, &seconds))
        seconds = (uint64_t)FSK_HSTS_AGE_MAX;
    *age = (int64_t)seconds;
    return true;
}

bool fsk_hsts_parse(struct fsk_span text, struct fsk_hsts *hsts)
{
    unsigned seen = 0;
    struct fsk_span directive;
    *hsts = (struct fsk_hsts){.max_age = 0};
    while (text.n) {
        if (!take_directive(&text, &directive))
            return false;
        const char *equals = directive.n ? memchr(directive.p, '=', directive.n) : NULL;
        size_t n = equals ? (size_t)(equals - directive.p) : directive.n;
        struct fsk_span name = fsk_span_trim(fsk_span(directive.p, n)), value = fsk_span("", 0);
        if (equals)
            value = fsk_span_trim(fsk_span(equals + 1, directive.n - n - 1));
        if (!directive.n)
            continue;
        if (!fsk_h1_valid_token(name))
            return false;
        unsigned bit = fsk_span_caseeq(name, FSK_SPAN("max-age"))             ? MAX_AGE
                       : fsk_span_caseeq(name, FSK_SPAN("includeSubDomains")) ? SUBDOMAINS
                                                                              : 0;
        if (seen & bit || (bit == MAX_AGE && !read_age(value, &hsts->max_age)))
            return false;
        seen |= bit;
    }
    hsts->subdomains = seen & SUBDOMAINS;
    return seen & MAX_AGE;
}
