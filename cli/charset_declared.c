/* charset_declared: the encoding that a page declares itself, found before it is parsed. */
#include "charset.h"

enum { LOOKED_AT = 1024 };

struct scan {
    const char *p, *end;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static bool is_letter(char c)
{
    return fsk_lower(c) >= 'a' && fsk_lower(c) <= 'z';
}

static bool starts(const struct scan *s, struct fsk_span with)
{
    return (size_t)(s->end - s->p) >= with.n && fsk_span_caseeq(fsk_span(s->p, with.n), with);
}

static void skip_to(struct scan *s, char c)
{
    while (s->p < s->end && *s->p != c)
        s->p++;
}

/* Behind the next "-->", whose dashes may be those of the opening. */
static void skip_comment(struct scan *s)
{
    while (s->p < s->end && !starts(s, FSK_SPAN("-->")))
        s->p++;
    s->p += s->p < s->end ? 3 : 0;
}

/* ---- Attributes ------------------------------------------------------------------------------ */

struct attribute {
    struct fsk_span name, value;
};

static struct fsk_span quoted_value(struct scan *s)
{
    char quote = *s->p++;
    const char *from = s->p;
    skip_to(s, quote);
    struct fsk_span value = fsk_span(from, (size_t)(s->p - from));
    s->p += s->p < s->end;
    return value;
}

static struct fsk_span plain_value(struct scan *s)
{
    const char *from = s->p;
    while (s->p < s->end && !is_blank(*s->p) && *s->p != '>')
        s->p++;
    return fsk_span(from, (size_t)(s->p - from));
}

/* The next attribute of the tag; false at its end. */
static bool next_attribute(struct scan *s, struct attribute *a)
{
    while (s->p < s->end && (is_blank(*s->p) || *s->p == '/'))
        s->p++;
    if (s->p == s->end || *s->p == '>')
        return false;
    const char *from = s->p++;
    while (s->p < s->end && !is_blank(*s->p) && !memchr("=/>", *s->p, 3))
        s->p++;
    *a = (struct attribute){.name = fsk_span(from, (size_t)(s->p - from))};
    while (s->p < s->end && is_blank(*s->p))
        s->p++;
    if (s->p == s->end || *s->p != '=')
        return true;
    s->p++;
    while (s->p < s->end && is_blank(*s->p))
        s->p++;
    if (s->p < s->end)
        a->value = *s->p == '"' || *s->p == '\'' ? quoted_value(s) : plain_value(s);
    return true;
}

/* ---- <meta> ---------------------------------------------------------------------------------- */

/* What follows "charset=" in the content of <meta http-equiv=content-type>. */
static struct fsk_span label_of_content(struct fsk_span content)
{
    static const struct fsk_span name = FSK_SPAN("charset");
    if (!content.n)
        return content;
    struct scan s = {content.p, content.p + content.n};
    for (; s.p < s.end; s.p++) {
        if (!starts(&s, name))
            continue;
        struct scan after = {s.p + name.n, s.end};
        while (after.p < after.end && is_blank(*after.p))
            after.p++;
        if (after.p == after.end || *after.p != '=')
            continue;
        after.p++;
        while (after.p < after.end && is_blank(*after.p))
            after.p++;
        if (after.p < after.end && (*after.p == '"' || *after.p == '\''))
            return quoted_value(&after);
        const char *from = after.p;
        while (after.p < after.end && !is_blank(*after.p) && *after.p != ';')
            after.p++;
        return fsk_span(from, (size_t)(after.p - from));
    }
    return fsk_span(NULL, 0);
}

/* UTF-16 can't be read this way, so a page that says it is that isn't. */
static const char *as_declared(struct fsk_span label)
{
    const char *charset = charset_of_label(label);
    return charset && strncmp(charset, "UTF-16", 6) == 0 ? "UTF-8" : charset;
}

static const char *of_meta(struct scan *s)
{
    struct fsk_span charset = {NULL, 0}, content = {NULL, 0};
    bool is_pragma = false;
    struct attribute a;
    while (next_attribute(s, &a)) {
        if (fsk_span_caseeq(a.name, FSK_SPAN("charset")) && !charset.p)
            charset = a.value;
        else if (fsk_span_caseeq(a.name, FSK_SPAN("content")) && !content.p)
            content = a.value;
        else if (fsk_span_caseeq(a.name, FSK_SPAN("http-equiv")))
            is_pragma |= fsk_span_caseeq(a.value, FSK_SPAN("content-type"));
    }
    if (charset.p)
        return as_declared(charset);
    return is_pragma ? as_declared(label_of_content(content)) : NULL;
}

/* ---- The page -------------------------------------------------------------------------------- */

/* <?xml version="1.0" encoding="..."?> */
static const char *of_xml(struct scan s)
{
    static const struct fsk_span begin = FSK_SPAN("<?xml");
    struct attribute a;
    if (!starts(&s, begin))
        return NULL;
    s.p += begin.n;
    while (next_attribute(&s, &a))
        if (fsk_span_caseeq(a.name, FSK_SPAN("encoding")))
            return as_declared(a.value);
    return NULL;
}

/* One step: a comment, a tag, or a byte. The encoding, if this was a <meta> that declares one. */
static const char *step(struct scan *s)
{
    static const struct fsk_span meta = FSK_SPAN("<meta");
    struct attribute a;
    size_t left = (size_t)(s->end - s->p);
    if (starts(s, FSK_SPAN("<!--"))) {
        s->p += 2;
        skip_comment(s);
    } else if (left > meta.n && starts(s, meta) &&
               (is_blank(s->p[meta.n]) || s->p[meta.n] == '/')) {
        s->p += meta.n;
        return of_meta(s);
    } else if (left > 2 && s->p[0] == '<' &&
               (is_letter(s->p[1]) || (s->p[1] == '/' && is_letter(s->p[2])))) {
        while (s->p < s->end && !is_blank(*s->p) && *s->p != '>')
            s->p++;
        while (next_attribute(s, &a))
            continue;
    } else if (left > 1 && s->p[0] == '<' && memchr("!/?", s->p[1], 3)) {
        skip_to(s, '>');
    } else {
        s->p++;
    }
    return NULL;
}

const char *charset_declared(struct fsk_span bytes)
{
    const char *charset = NULL;
    if (!bytes.n)
        return NULL;
    struct scan s = {bytes.p, bytes.p + (bytes.n < LOOKED_AT ? bytes.n : LOOKED_AT)};
    const struct scan whole = s;
    while (!charset && s.p < s.end)
        charset = step(&s);
    return charset ? charset : of_xml(whole);
}
