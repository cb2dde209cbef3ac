#include "wire/h1.h"

#include "base/digits.h"

/* The characters of a token (RFC 9110 5.6.2); no byte above 127 is one. */
/* clang-format off */
static const unsigned char token_char[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 1, 0, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 1, 1, 0,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0,
    0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0,
};
/* clang-format on */

static bool is_token_char(char c)
{
    return token_char[(unsigned char)c];
}

bool fsk_h1_valid_token(struct fsk_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_token_char(s.p[i]))
            return false;
    return s.n > 0;
}

static bool is_white(char c)
{
    return c <= ' ' && (c == ' ' || c == '\t' || c == '\r' || c == '\n');
}

/* Without white space at both ends, line folds included. */
static struct fsk_span trim(struct fsk_span s)
{
    while (s.n && is_white(s.p[0]))
        s.p++, s.n--;
    while (s.n && is_white(s.p[s.n - 1]))
        s.n--;
    return s;
}

/* Cut the first element off a non-empty comma-separated list; it may be empty. */
static struct fsk_span cut_element(struct fsk_span *list)
{
    const char *comma = memchr(list->p, ',', list->n);
    size_t n = comma ? (size_t)(comma - list->p) : list->n;
    struct fsk_span element = trim(fsk_span(list->p, n));
    n += comma != NULL;
    *list = fsk_span(list->p + n, list->n - n);
    return element;
}

/* What the parser knows while it walks the field lines. */
struct fields {
    const char *p, *end;   /* the bytes still to read */
    struct fsk_h1_head *h; /* what is filled in */
    struct fsk_span name,
        value; /* the field whose last line may not have come yet; name.n 0: none */
    bool has_coding, has_chunked; /* Transfer-Encoding was there; chunked was in it */
};

/* > 0: *line is the next line without its end, and f->p is behind it; 0: the line isn't whole. */
static int next_line(struct fields *f, struct fsk_span *line)
{
    size_t n = (size_t)(f->end - f->p), look = n < FSK_H1_LINE_MAX + 2 ? n : FSK_H1_LINE_MAX + 2;
    const char *lf = look ? memchr(f->p, '\n', look) : NULL;
    if (!lf)
        return look == FSK_H1_LINE_MAX + 2 ? -FSK_H1_LINE_TOO_LONG : 0;
    *line = fsk_span(f->p, (size_t)(lf - f->p));
    if (line->n && line->p[line->n - 1] == '\r')
        line->n--;
    if (line->n > FSK_H1_LINE_MAX)
        return -FSK_H1_LINE_TOO_LONG;
    f->p = lf + 1;
    return 1;
}

/* Why a text may not stand in a line; FSK_H1_OK if it may. */
static enum fsk_h1_err check_text(const char *p, const char *end)
{
    while ((p += fsk_span_clean(fsk_span(p, (size_t)(end - p)), ' ')) < end) {
        if (*p != '\t')
            return *p == 0 ? FSK_H1_NUL : *p == '\r' ? FSK_H1_BARE_CR : FSK_H1_CONTROL;
        p++;
    }
    return FSK_H1_OK;
}

static enum fsk_h1_err note_length(struct fields *f)
{
    struct fsk_span list = f->value;
    if (list.n == 0 || list.p[list.n - 1] == ',')
        return FSK_H1_BAD_LENGTH;
    while (list.n) {
        uint64_t v;
        if (!fsk_decimal_parse(cut_element(&list), INT64_MAX, &v))
            return FSK_H1_BAD_LENGTH;
        if (f->h->content_length >= 0 && f->h->content_length != (int64_t)v)
            return FSK_H1_LENGTHS_DIFFER;
        f->h->content_length = (int64_t)v;
    }
    return FSK_H1_OK;
}

static enum fsk_h1_err note_coding(struct fields *f)
{
    struct fsk_span list = f->value;
    bool any = false;

    f->has_coding = true;
    while (list.n) {
        struct fsk_span element = cut_element(&list);
        const char *semicolon = element.n ? memchr(element.p, ';', element.n) : NULL;
        struct fsk_span coding = element;
        if (semicolon)
            coding = trim(fsk_span(element.p, (size_t)(semicolon - element.p)));
        if (element.n == 0)
            continue;
        any = true;
        if (fsk_span_caseeq(coding, FSK_SPAN("chunked"))) {
            if (semicolon || f->has_chunked)
                return FSK_H1_BAD_CODING;
            f->has_chunked = f->h->chunked = true;
        } else if (f->has_chunked) { /* chunked is not the last one (RFC 9112 6.1) */
            return FSK_H1_BAD_CODING;
        } else if (!fsk_span_caseeq(element, FSK_SPAN("identity"))) {
            f->h->chunked = false;
            f->h->other_coding = true;
        }
    }
    return any ? FSK_H1_OK : FSK_H1_BAD_CODING;
}

static void note_connection(struct fields *f)
{
    struct fsk_span list = f->value;
    while (list.n) {
        struct fsk_span element = cut_element(&list);
        if (fsk_span_caseeq(element, FSK_SPAN("close")))
            f->h->close = true;
        else if (fsk_span_caseeq(element, FSK_SPAN("keep-alive")))
            f->h->keep_alive = true;
    }
}

/* The field in f->name and f->value is whole: take the facts from it. */
static bool begins(struct fsk_span name, struct fsk_span with)
{
    return name.n >= with.n && fsk_span_caseeq(fsk_span(name.p, with.n), with);
}

static bool is_rate_limit(struct fsk_span name)
{
    char first = fsk_lower(name.p[0]);
    return (first == 'r' && begins(name, FSK_SPAN("RateLimit"))) ||
           (first == 'x' &&
            (begins(name, FSK_SPAN("X-RateLimit")) || begins(name, FSK_SPAN("X-Rate-Limit"))));
}

static enum fsk_h1_err note_field(struct fields *f)
{
    struct fsk_span list;

    f->value = trim(f->value);
    switch (f->name.n) {
    case 10:
        if (fsk_span_caseeq(f->name, FSK_SPAN("Connection")))
            note_connection(f);
        break;
    case 14:
        if (fsk_span_caseeq(f->name, FSK_SPAN("Content-Length")))
            return note_length(f);
        break;
    case 16:
        if (fsk_span_caseeq(f->name, FSK_SPAN("Content-Encoding")))
            for (list = f->value; list.n;)
                f->h->content_codings += cut_element(&list).n > 0;
        break;
    case 17:
        if (fsk_span_caseeq(f->name, FSK_SPAN("Transfer-Encoding")))
            return note_coding(f);
        break;
    }
    f->h->rate_limit |= is_rate_limit(f->name);
    return FSK_H1_OK;
}

/* A line that starts a field: name, colon, value. */
static enum fsk_h1_err start_field(struct fields *f, struct fsk_span line)
{
    size_t i = 0;
    while (i < line.n && is_token_char(line.p[i]))
        i++;
    if (i == line.n || line.p[i] != ':') {
        const char *colon = memchr(line.p, ':', line.n);
        enum fsk_h1_err err = check_text(line.p, line.p + line.n);
        if (err)
            return err;
        if (!colon)
            return FSK_H1_NO_COLON;
        while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
            i++;
        return line.p + i == colon && colon > line.p ? FSK_H1_SPACE_BEFORE_COLON : FSK_H1_BAD_NAME;
    }
    if (i == 0)
        return FSK_H1_BAD_NAME;
    if (++f->h->n_fields > FSK_H1_FIELDS_MAX)
        return FSK_H1_TOO_MANY_FIELDS;
    f->name = fsk_span(line.p, i);
    f->value = fsk_span(line.p + i + 1, line.n - i - 1);
    return check_text(f->value.p, line.p + line.n);
}

/*
 * Read field lines up to the empty line or the end of the bytes. > 0: the empty line was there;
 * 0: the bytes ended before it (f->p is where the last line that isn't whole starts).
 */
static int read_fields(struct fields *f)
{
    struct fsk_span line;
    int got;

    while ((got = next_line(f, &line)) > 0) {
        enum fsk_h1_err err;
        if (line.n && (line.p[0] == ' ' || line.p[0] == '\t')) {
            if (f->name.n == 0)
                return -FSK_H1_FOLD_FIRST;
            err = check_text(line.p, line.p + line.n);
            f->value.n = (size_t)(line.p + line.n - f->value.p);
        } else {
            err = f->name.n ? note_field(f) : FSK_H1_OK;
            f->name.n = 0;
            if (!err && line.n == 0)
                return 1;
            if (!err)
                err = start_field(f, line);
        }
        if (err)
            return -(int)err;
    }
    return got;
}

/* status-code [ SP reason-phrase ] at `at`. In practice the SP may be missing. */
static enum fsk_h1_err parse_status(struct fsk_span l, size_t at, struct fsk_h1_head *h)
{
    const char *p = l.p + at;
    if (l.n < at + 3 || !fsk_is_digit(p[0]) || !fsk_is_digit(p[1]) || !fsk_is_digit(p[2]) ||
        p[0] == '0' || (l.n > at + 3 && p[3] != ' '))
        return FSK_H1_BAD_STATUS;
    h->status = (p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0');
    h->reason = l.n > at + 4 ? fsk_span(p + 4, l.n - at - 4) : fsk_span(l.p + l.n, 0);
    return FSK_H1_OK;
}

/* HTTP-version SP, and then the status. */
static enum fsk_h1_err parse_status_line(struct fsk_span l, struct fsk_h1_head *h)
{
    enum fsk_h1_err err = check_text(l.p, l.p + l.n);
    if (err)
        return err;
    if (l.n >= 7 && memcmp(l.p, "HTTP/2 ", 7) == 0) {
        h->major = 2;
        return parse_status(l, 7, h);
    }
    if (l.n < 9 || !fsk_is_digit(l.p[5]) || l.p[6] != '.' || !fsk_is_digit(l.p[7]) ||
        l.p[8] != ' ' || l.p[5] != '1')
        return FSK_H1_BAD_VERSION;
    h->major = 1;
    h->minor = l.p[7] - '0';
    return parse_status(l, 9, h);
}

/* Skip one empty line; then the bytes must go on like a status line. As read_fields. */
static int read_status_line(struct fields *f)
{
    struct fsk_span line;
    size_t n = (size_t)(f->end - f->p);

    if (n && f->p[0] == '\r') {
        if (n == 1)
            return 0;
        f->p += f->p[1] == '\n' ? 2 : 0;
    } else if (n && f->p[0] == '\n') {
        f->p++;
    }
    n = (size_t)(f->end - f->p);
    if (n == 0)
        return 0;
    if (memcmp(f->p, "HTTP/", n < 5 ? n : 5) != 0)
        return -FSK_H1_NOT_HTTP;
    int got = next_line(f, &line);
    if (got <= 0)
        return got;
    enum fsk_h1_err err = parse_status_line(line, f->h);
    return err ? -(int)err : 1;
}

/* True if an empty line ends in the bytes from last_n on. */
static bool has_end(const char *buf, size_t n, size_t last_n)
{
    const char *p = buf + (last_n < 3 ? 0 : last_n - 3), *end = buf + n;
    while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        p++;
        if (p < end && (p[0] == '\n' || (p[0] == '\r' && end - p > 1 && p[1] == '\n')))
            return true;
    }
    return false;
}

int fsk_h1_parse(const char *buf, size_t n, size_t last_n, struct fsk_h1_head *h)
{
    struct fields f = {.p = buf, .end = buf, .h = h};
    int got;

    /* Nothing new can be said, unless the head ends here. Every 4 KiB look for errors anyway. */
    if (last_n > 16 && last_n / 4096 == n / 4096 && !has_end(buf, n, last_n))
        return 0;
    *h = (struct fsk_h1_head){.content_length = -1};
    if (n)
        f.end = buf + (n < FSK_H1_HEAD_MAX ? n : FSK_H1_HEAD_MAX);
    got = read_status_line(&f);
    if (got > 0) {
        h->fields.p = f.p;
        got = read_fields(&f);
    }
    if (got == 0)
        return n >= FSK_H1_HEAD_MAX ? -FSK_H1_HEAD_TOO_LONG : 0;
    if (got < 0)
        return got;
    h->fields.n = (size_t)(f.p - h->fields.p);
    h->fields.n -= h->fields.n > 1 && f.p[-2] == '\r' ? 2 : 1;
    if (f.has_coding && h->minor == 0)
        return -FSK_H1_CODING_IN_1_0;
    if (f.has_coding && h->content_length >= 0)
        return -FSK_H1_LENGTH_AND_CODING;
    return (int)(f.p - buf);
}

enum fsk_h1_err fsk_h1_check_fields(struct fsk_span fields)
{
    struct fsk_h1_head h = {.content_length = -1};
    struct fields f = {.p = fields.p, .end = fields.p, .h = &h};
    int got;

    if (fields.n == 0)
        return FSK_H1_OK;
    f.end += fields.n;
    got = read_fields(&f);
    if (got < 0)
        return (enum fsk_h1_err)(-got);
    if (got > 0 || f.p != f.end)
        return FSK_H1_CUT_SHORT;
    return f.name.n ? note_field(&f) : FSK_H1_OK;
}

enum fsk_h1_body fsk_h1_body(const struct fsk_h1_head *h, bool was_head, bool was_connect)
{
    if (was_head || h->status < 200 || h->status == 204 || h->status == 304 ||
        (was_connect && h->status < 300))
        return FSK_H1_BODY_NONE;
    if (h->chunked)
        return FSK_H1_BODY_CHUNKED;
    if (h->major == 2)
        return FSK_H1_BODY_STREAM;
    return h->content_length >= 0 ? FSK_H1_BODY_LENGTH : FSK_H1_BODY_CLOSE;
}

bool fsk_h1_persists(const struct fsk_h1_head *h)
{
    return h->major == 2 || (!h->close && (h->minor > 0 || h->keep_alive));
}

bool fsk_h1_next_field(struct fsk_span fields, size_t *pos, struct fsk_span *name,
                       struct fsk_span *value)
{
    if (*pos >= fields.n)
        return false;
    const char *p = fields.p + *pos, *end = fields.p + fields.n, *lf = p;
    do { /* up to a line end that no fold follows */
        lf = memchr(lf, '\n', (size_t)(end - lf));
        lf = lf ? lf + 1 : end;
    } while (lf < end && (*lf == ' ' || *lf == '\t'));
    *pos = (size_t)(lf - fields.p);

    const char *colon = memchr(p, ':', (size_t)(lf - p));
    colon = colon ? colon : lf;
    *name = fsk_span(p, (size_t)(colon - p));
    *value = colon < lf ? trim(fsk_span(colon + 1, (size_t)(lf - colon - 1))) : fsk_span(lf, 0);
    return true;
}

void fsk_h1_next_line(struct fsk_span fields, size_t *pos)
{
    const char *lf = memchr(fields.p + *pos, '\n', fields.n - *pos);
    *pos = lf ? (size_t)(lf + 1 - fields.p) : fields.n;
}

bool fsk_h1_find(struct fsk_span fields, struct fsk_span name, struct fsk_span *value)
{
    struct fsk_span n;
    for (size_t pos = 0; fields.n - pos > name.n; fsk_h1_next_line(fields, &pos)) {
        const char *p = fields.p + pos;
        if (p[name.n] == ':' && fsk_span_caseeq(fsk_span(p, name.n), name))
            return fsk_h1_next_field(fields, &pos, &n, value);
    }
    return false;
}

bool fsk_h1_next_listed(struct fsk_span fields, struct fsk_span name, struct fsk_h1_list *at,
                        struct fsk_span *element)
{
    struct fsk_span n;
    for (;;) {
        while (at->rest.n) {
            *element = cut_element(&at->rest);
            if (element->n)
                return true;
        }
        do {
            if (!fsk_h1_next_field(fields, &at->pos, &n, &at->rest)) {
                at->rest.n = 0;
                return false;
            }
        } while (!fsk_span_caseeq(n, name));
    }
}

const char *fsk_h1_error_text(enum fsk_h1_err err)
{
    static const char *const texts[] = {
        [FSK_H1_OK] = "is well-formed",
        [FSK_H1_NOT_HTTP] = "doesn't begin with HTTP/1",
        [FSK_H1_BAD_VERSION] = "has an HTTP version other than 1.0 and 1.1",
        [FSK_H1_BAD_STATUS] = "has a status that isn't a number from 100 to 999",
        [FSK_H1_NUL] = "holds a NUL byte",
        [FSK_H1_BARE_CR] = "holds a carriage return that ends no line",
        [FSK_H1_CONTROL] = "holds a control byte",
        [FSK_H1_NO_COLON] = "has a header line without a colon",
        [FSK_H1_BAD_NAME] = "has a header name with a character that none may have",
        [FSK_H1_SPACE_BEFORE_COLON] = "has a space between a header name and its colon",
        [FSK_H1_FOLD_FIRST] = "has a space at the start of its first header line",
        [FSK_H1_BAD_LENGTH] = "has a Content-Length that isn't a length",
        [FSK_H1_LENGTHS_DIFFER] = "holds two different Content-Length values",
        [FSK_H1_LENGTH_AND_CODING] = "has both Content-Length and Transfer-Encoding",
        [FSK_H1_BAD_CODING] = "has a malformed Transfer-Encoding",
        [FSK_H1_CODING_IN_1_0] = "has Transfer-Encoding in HTTP/1.0, which knows none",
        [FSK_H1_LINE_TOO_LONG] = "has a line of more than 100 KiB",
        [FSK_H1_HEAD_TOO_LONG] = "has more than 300 KiB of headers",
        [FSK_H1_TOO_MANY_FIELDS] = "has more than 5000 headers",
        [FSK_H1_CUT_SHORT] = "has header lines that end too soon",
    };
    return texts[err];
}
