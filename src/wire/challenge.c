#include "wire/challenge.h"

#include "wire/h1.h"

static void skip(struct fsk_span *s, size_t n)
{
    if (n)
        *s = fsk_span(s->p + n, s->n - n);
}

/* A line may be folded (RFC 9112 5.2). */
static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct fsk_span *s, bool commas)
{
    size_t n = 0;
    while (n < s->n && (is_blank(s->p[n]) || (commas && s->p[n] == ',')))
        n++;
    skip(s, n);
}

static bool is_over(struct fsk_span s)
{
    return !s.n || is_blank(s.p[0]) || s.p[0] == ',';
}

static struct fsk_span take_token(struct fsk_span *s)
{
    size_t n = 0;
    while (n < s->n && fsk_h1_valid_token(fsk_span(s->p + n, 1)))
        n++;
    struct fsk_span token = fsk_span(s->p, n);
    skip(s, n);
    return token;
}

static bool is_control(char c)
{
    return ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
}

/* What is between quotes, the first of which is s->p[0]. */
static bool take_quoted(struct fsk_span *s, struct fsk_span *value)
{
    size_t n = 1;
    while (n < s->n && s->p[n] != '"' && !is_control(s->p[n]))
        n += s->p[n] == '\\' && n + 1 < s->n && !is_control(s->p[n + 1]) ? 2 : 1;
    if (n >= s->n || s->p[n] != '"')
        return false;
    *value = fsk_span(s->p + 1, n - 1);
    skip(s, n + 1);
    return true;
}

/* More than a token: nonces are seen without their quotes. */
static struct fsk_span take_bare(struct fsk_span *s)
{
    size_t n = 0;
    while (n < s->n && s->p[n] > ' ' && s->p[n] != 0x7f && !strchr(",\"\\", s->p[n]))
        n++;
    struct fsk_span value = fsk_span(s->p, n);
    skip(s, n);
    return value;
}

bool fsk_challenge_param(struct fsk_span *params, struct fsk_span *name, struct fsk_span *value)
{
    struct fsk_span s = *params;
    skip_blanks(&s, true);
    *name = take_token(&s);
    skip_blanks(&s, false);
    if (!name->n || !s.n || s.p[0] != '=')
        return false;
    skip(&s, 1);
    skip_blanks(&s, false);
    if (!s.n || s.p[0] != '"')
        *value = take_bare(&s);
    else if (!take_quoted(&s, value))
        return false;
    if (!is_over(s))
        return false;
    *params = s;
    return true;
}

/* base64 and its like, with padding (RFC 9110 11.2). */
static bool take_token68(struct fsk_span *s)
{
    struct fsk_span at = *s;
    size_t n = 0;
    skip_blanks(&at, false);
    while (n < at.n && (fsk_h1_valid_token(fsk_span(at.p + n, 1)) || at.p[n] == '/'))
        n++;
    if (!n)
        return false;
    while (n < at.n && at.p[n] == '=')
        n++;
    skip(&at, n);
    skip_blanks(&at, false);
    if (at.n && at.p[0] != ',')
        return false;
    *s = at;
    return true;
}

/* The challenge that *s begins with. False: it can't be understood. */
static bool take_challenge(struct fsk_span *s, struct fsk_challenge *c)
{
    struct fsk_span name, value;
    c->scheme = take_token(s);
    if (!c->scheme.n || !is_over(*s))
        return false;
    const char *start = s->p;
    if (!take_token68(s))
        while (fsk_challenge_param(s, &name, &value))
            ;
    c->params = fsk_span(start, (size_t)(s->p - start));
    return true;
}

bool fsk_challenge_next(struct fsk_span fields, struct fsk_span name, struct fsk_challenge_walk *at,
                        struct fsk_challenge *challenge)
{
    struct fsk_span found, value;
    for (;;) {
        skip_blanks(&at->rest, true);
        if (at->rest.n && take_challenge(&at->rest, challenge))
            return true;
        do
            if (!fsk_h1_next_field(fields, &at->pos, &found, &value))
                return false;
        while (!fsk_span_caseeq(found, name));
        at->rest = value;
    }
}
