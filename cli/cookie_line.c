#include "cookie_line.h"

#include "base/digits.h"

static const struct fsk_span http_only = FSK_SPAN("#HttpOnly_");

/* What stands before the next tab, which goes too. False: there is none. */
static bool take_field(struct fsk_span *line, struct fsk_span *field)
{
    const char *tab = line->n ? memchr(line->p, '\t', line->n) : NULL;
    if (!tab)
        return false;
    *field = fsk_span(line->p, (size_t)(tab - line->p));
    *line = fsk_span(tab + 1, line->n - field->n - 1);
    return true;
}

static bool take_truth(struct fsk_span *line, int *value)
{
    struct fsk_span field;
    if (!take_field(line, &field))
        return false;
    *value = fsk_span_caseeq(field, FSK_SPAN("TRUE"));
    return *value || fsk_span_caseeq(field, FSK_SPAN("FALSE"));
}

static bool take_time(struct fsk_span *line, int64_t *value)
{
    struct fsk_span field;
    uint64_t number;
    if (!take_field(line, &field) || !fsk_decimal_parse(field, INT64_MAX, &number))
        return false;
    *value = (int64_t)number;
    return true;
}

/* As a C string at *end, which moves behind it. */
static const char *put(struct fsk_span text, char **end)
{
    char *p = *end;
    if (text.n)
        memcpy(p, text.p, text.n);
    p[text.n] = '\0';
    *end = p + text.n + 1;
    return p;
}

enum cookie_line cookie_line_read(struct fsk_span line, struct fsock_cookie *c, char *room)
{
    struct fsk_span domain, path, name;
    fsock_cookie_init(c);
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    if (line.n >= http_only.n && fsk_span_eq(fsk_span(line.p, http_only.n), http_only)) {
        c->http_only = 1;
        line = fsk_span(line.p + http_only.n, line.n - http_only.n);
    } else if (!fsk_span_trim(line).n || line.p[0] == '#') {
        return COOKIE_LINE_NOTHING;
    }
    if (memchr(line.p, '\0', line.n) || !take_field(&line, &domain) ||
        !take_truth(&line, &c->others_too) || !take_field(&line, &path) ||
        !take_truth(&line, &c->secure) || !take_time(&line, &c->expires))
        return COOKIE_LINE_BAD;
    if (!take_field(&line, &name)) { /* without a value */
        name = line;
        line.n = 0;
    }
    bool dot = domain.n && domain.p[0] == '.';
    domain = dot ? fsk_span(domain.p + 1, domain.n - 1) : domain;
    bool good = domain.n && domain.p[0] != '.' && domain.p[0] != '#' && path.n && path.p[0] == '/';
    c->domain = put(domain, &room);
    c->path = put(path, &room);
    c->name = put(name, &room);
    c->value = put(line, &room);
    return good ? COOKIE_LINE_COOKIE : COOKIE_LINE_BAD;
}

void cookie_line_write(struct out *out, const struct fsock_cookie *c)
{
    out_begin(out);
    if (c->http_only)
        out_span(out, http_only);
    out_str(out, c->others_too ? "." : "");
    out_str(out, c->domain);
    out_str(out, c->others_too ? "\tTRUE\t" : "\tFALSE\t");
    out_str(out, c->path);
    out_str(out, c->secure ? "\tTRUE\t" : "\tFALSE\t");
    out_i64(out, c->expires);
    out_char(out, '\t');
    out_str(out, c->name);
    out_char(out, '\t');
    out_str(out, c->value);
    out_char(out, '\n');
}
