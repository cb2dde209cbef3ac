#include "wire/reply.h"

#include "base/digits.h"

#define BULK_MAX  ((uint64_t)1 << 24) /* bytes that a length may promise */
#define MYSQL_MAX ((size_t)64 << 10)  /* likewise: the first letters of a text promise more */

void fsk_reply_init(struct fsk_reply *r, enum fsk_reply_form form, struct fsk_span tag)
{
    *r = (struct fsk_reply){.form = form, .tag = tag};
}

static bool begins(struct fsk_span line, const char *text)
{
    size_t n = strlen(text);
    return line.n >= n && fsk_span_caseeq(fsk_span(line.p, n), fsk_span(text, n));
}

/* ---- Lines ----------------------------------------------------------------------------------- */

static bool has_code(struct fsk_span line)
{
    return line.n >= 3 && fsk_is_digit(line.p[0]) && fsk_is_digit(line.p[1]) &&
           fsk_is_digit(line.p[2]) && (line.n == 3 || line.p[3] == ' ' || line.p[3] == '-');
}

/* A line of text in between may begin with anything (FTP). */
static bool ends_code(struct fsk_reply *r, struct fsk_span line)
{
    bool good = has_code(line);
    bool more = good && line.n > 3 && line.p[3] == '-';
    if (!r->inside && good)
        memcpy(r->code, line.p, 3);
    if (!r->inside)
        return !more;
    return good && !more && memcmp(line.p, r->code, 3) == 0;
}

static bool ends_tagged(const struct fsk_reply *r, struct fsk_span line)
{
    size_t n = r->tag.n;
    if (line.n > n && line.p[n] == ' ' && memcmp(line.p, r->tag.p, n) == 0)
        return true;
    return (line.n && line.p[0] == '+') || begins(line, "* BYE");
}

/* The size of the literal that a line of IMAP ends with, "{42}" (RFC 9051 4.3); 0: none. */
static bool literal_size(struct fsk_span line, uint64_t *size)
{
    size_t n = line.n;
    *size = 0;
    if (n < 3 || line.p[n - 1] != '}')
        return true;
    size_t from = n - 1;
    while (from && fsk_is_digit(line.p[from - 1]))
        from--;
    if (from == n - 1 || !from || line.p[from - 1] != '{')
        return true;
    return fsk_decimal_parse(fsk_span(line.p + from, n - 1 - from), BULK_MAX, size);
}

/* Whether the answer ends with this line. */
static bool is_last(struct fsk_reply *r, struct fsk_span line)
{
    switch (r->form) {
    case FSK_REPLY_CODE:
        return ends_code(r, line);
    case FSK_REPLY_DOTTED:
        return r->inside ? line.n == 1 && line.p[0] == '.' : !begins(line, "+OK");
    case FSK_REPLY_TAGGED:
        return ends_tagged(r, line);
    case FSK_REPLY_SSH:
        return begins(line, "SSH-");
    case FSK_REPLY_STATS:
        return !begins(line, "STAT ");
    case FSK_REPLY_HEAD:
        return line.n == 0;
    default:
        return true;
    }
}

/* The line that says yes or no: the first of some forms, the last of others. */
static bool decides_first(enum fsk_reply_form form)
{
    return form == FSK_REPLY_DOTTED || form == FSK_REPLY_HEAD;
}

static ptrdiff_t scan_lines(struct fsk_reply *r, struct fsk_span bytes)
{
    while (r->at < bytes.n) {
        const char *from = bytes.p + r->at;
        const char *newline = memchr(from, '\n', bytes.n - r->at);
        size_t n = newline ? (size_t)(newline - from) : bytes.n - r->at;
        if (n >= FSK_REPLY_LINE_MAX)
            return -1;
        if (!newline)
            return 0;
        struct fsk_span line = {from, n && from[n - 1] == '\r' ? n - 1 : n};
        uint64_t literal = 0;
        if (!r->inside || !decides_first(r->form)) {
            r->last = r->at;
            r->last_n = line.n;
        }
        if (r->form == FSK_REPLY_TAGGED && !literal_size(line, &literal))
            return -1;
        r->at += n + 1;
        if (is_last(r, line) && !literal)
            return (ptrdiff_t)r->at;
        r->inside = true;
        r->at += (size_t)literal; /* perhaps beyond what is there */
    }
    return 0;
}

/* ---- Lengths --------------------------------------------------------------------------------- */

/* "$5\r\nhello\r\n"; "$-1\r\n" is nothing at all. */
static ptrdiff_t scan_resp(struct fsk_reply *r, struct fsk_span bytes)
{
    uint64_t n;
    if (bytes.n == 0)
        return 0;
    if (!strchr("+-:$", bytes.p[0]) || !bytes.p[0])
        return -1;
    ptrdiff_t line = r->inside ? (ptrdiff_t)r->at : scan_lines(r, bytes);
    if (line <= 0 || bytes.p[0] != '$')
        return line;
    r->inside = true;
    struct fsk_span digits = {bytes.p + 1, r->last_n - 1};
    if (digits.n == 2 && memcmp(digits.p, "-1", 2) == 0)
        return line;
    if (!fsk_decimal_parse(digits, BULK_MAX, &n))
        return -1;
    size_t whole = (size_t)line + (size_t)n + 2;
    return bytes.n >= whole ? (ptrdiff_t)whole : 0;
}

static ptrdiff_t scan_postgres(struct fsk_span bytes)
{
    const unsigned char *p = (const unsigned char *)bytes.p;
    if (bytes.n < 5)
        return 0;
    size_t n = (size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 | p[4];
    if (n < 4 || n > BULK_MAX)
        return -1;
    return bytes.n > n ? (ptrdiff_t)n + 1 : 0;
}

static ptrdiff_t scan_mysql(struct fsk_span bytes)
{
    const unsigned char *p = (const unsigned char *)bytes.p;
    if (bytes.n < 4)
        return 0;
    size_t n = (size_t)p[2] << 16 | (size_t)p[1] << 8 | p[0];
    if (n == 0 || n > MYSQL_MAX)
        return -1;
    return bytes.n >= n + 4 ? (ptrdiff_t)n + 4 : 0;
}

ptrdiff_t fsk_reply_scan(struct fsk_reply *r, struct fsk_span bytes)
{
    switch (r->form) {
    case FSK_REPLY_NONE:
        return 0;
    case FSK_REPLY_RESP:
        return scan_resp(r, bytes);
    case FSK_REPLY_BYTE:
        return bytes.n ? 1 : 0;
    case FSK_REPLY_POSTGRES:
        return scan_postgres(bytes);
    case FSK_REPLY_MYSQL:
        return scan_mysql(bytes);
    case FSK_REPLY_ALL:
    case FSK_REPLY_DATAGRAM:
        return (ptrdiff_t)bytes.n;
    default:
        return scan_lines(r, bytes);
    }
}
