#include "wire/reply.h"

#include "base/digits.h"
#include "wire/ber.h"
#include "wire/xmltag.h"

#define BULK_MAX ((uint64_t)1 << 24) /* bytes that a length may promise */

void fsk_reply_init(struct fsk_reply *r, enum fsk_reply_form form, struct fsk_span tag)
{
    *r = (struct fsk_reply){.form = form, .tag = tag};
}

static bool begins(struct fsk_span line, const char *text)
{
    size_t n = strlen(text);
    return line.n >= n && fsk_span_caseeq(fsk_span(line.p, n), fsk_span(text, n));
}

/* Begins, and there the word ends. */
static bool begins_word(struct fsk_span line, const char *word)
{
    size_t n = strlen(word);
    return begins(line, word) && (line.n == n || line.p[n] == ' ' || line.p[n] == '\t');
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

static bool ends_sieve(struct fsk_span line)
{
    return begins_word(line, "OK") || begins_word(line, "NO") || begins_word(line, "BYE");
}

/* Behind the tags and the prefix that a line of IRC may have: "@time=1 :server 670 * :go on". */
static struct fsk_span behind_prefix(struct fsk_span line)
{
    while (line.n && (line.p[0] == '@' || line.p[0] == ':')) {
        const char *blank = memchr(line.p, ' ', line.n);
        size_t n = blank ? (size_t)(blank - line.p) : line.n;
        while (n < line.n && line.p[n] == ' ')
            n++;
        line = fsk_span(line.p + n, line.n - n);
    }
    return line;
}

/* Numbers below 400 are no answers here; "CAP * LS * :..." has another line behind it. */
static bool ends_irc(struct fsk_span line)
{
    if (begins_word(line, "CAP"))
        return !memmem(line.p, line.n, " LS * ", 6);
    return begins_word(line, "ERROR") || (has_code(line) && line.p[0] >= '4');
}

/* Whether a line ends with the size of a literal, "{42}" (RFC 9051 4.3), of -1 if it is too long.
 */
static bool has_literal(struct fsk_span line, int64_t *size)
{
    size_t n = line.n;
    uint64_t value;
    *size = 0;
    if (n < 3 || line.p[n - 1] != '}')
        return false;
    size_t from = n - 1;
    while (from && fsk_is_digit(line.p[from - 1]))
        from--;
    if (from == n - 1 || !from || line.p[from - 1] != '{')
        return false;
    bool good = fsk_decimal_parse(fsk_span(line.p + from, n - 1 - from), BULK_MAX, &value);
    *size = good ? (int64_t)value : -1;
    return true;
}

/* Whether the answer ends with this line. */
static bool is_last(struct fsk_reply *r, struct fsk_span line)
{
    switch (r->form) {
    case FSK_REPLY_CODE:
        return ends_code(r, line);
    case FSK_REPLY_DOTTED:
        if (r->inside)
            return line.n == 1 && line.p[0] == '.';
        return !begins(line, "+OK") && !begins(line, "101");
    case FSK_REPLY_TAGGED:
        return ends_tagged(r, line);
    case FSK_REPLY_SIEVE:
        return ends_sieve(line);
    case FSK_REPLY_IRC:
        return ends_irc(line);
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

static bool has_literals(enum fsk_reply_form form)
{
    return form == FSK_REPLY_TAGGED || form == FSK_REPLY_SIEVE || form == FSK_REPLY_STRING;
}

/* A whole line, of n bytes and its newline. False: it is none of this form. */
static bool take_line(struct fsk_reply *r, struct fsk_span bytes, size_t n, bool *last)
{
    const char *from = bytes.p + r->at;
    struct fsk_span line = {from, n && from[n - 1] == '\r' ? n - 1 : n};
    int64_t size = 0;
    if (r->form == FSK_REPLY_IRC)
        line = behind_prefix(line);
    bool literal = has_literals(r->form) && has_literal(line, &size);
    if (size < 0)
        return false;
    if (!r->ending && (!r->inside || !decides_first(r->form))) {
        r->last = (size_t)(line.p - bytes.p);
        r->last_n = line.n;
    }
    r->ending |= is_last(r, line);
    r->inside = true;
    r->at += n + 1 + (size_t)size; /* perhaps beyond what is there */
    *last = r->ending && !literal;
    return true;
}

static ptrdiff_t scan_lines(struct fsk_reply *r, struct fsk_span bytes)
{
    while (r->at < bytes.n) {
        const char *from = bytes.p + r->at;
        const char *newline = memchr(from, '\n', bytes.n - r->at);
        size_t n = newline ? (size_t)(newline - from) : bytes.n - r->at;
        bool last;
        if (n >= FSK_REPLY_LINE_MAX)
            return -1;
        if (!newline)
            return 0;
        if (!take_line(r, bytes, n, &last))
            return -1;
        if (last)
            return (ptrdiff_t)r->at;
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
    if (n < 4 || n >= FSK_REPLY_PACKET_MAX)
        return -1;
    return bytes.n > n ? (ptrdiff_t)n + 1 : 0;
}

static ptrdiff_t scan_ssl(struct fsk_span bytes)
{
    if (!bytes.n)
        return 0;
    return bytes.p[0] == 'E' ? scan_postgres(bytes) : 1;
}

static ptrdiff_t scan_mysql(struct fsk_span bytes)
{
    const unsigned char *p = (const unsigned char *)bytes.p;
    if (bytes.n < 4)
        return 0;
    size_t n = (size_t)p[2] << 16 | (size_t)p[1] << 8 | p[0];
    if (n == 0 || n + 4 > FSK_REPLY_PACKET_MAX)
        return -1;
    return bytes.n >= n + 4 ? (ptrdiff_t)n + 4 : 0;
}

/* ---- Tags ------------------------------------------------------------------------------------ */

/* From here to the next tag. False: what stands there is no XML. */
static bool pass_text(struct fsk_reply *r, struct fsk_span bytes)
{
    while (r->at < bytes.n && bytes.p[r->at] != '<') {
        if (!r->depth && !fsk_xml_is_blank(bytes.p[r->at]))
            return false;
        r->at++;
    }
    return true;
}

/* A whole tag, of n bytes. Whether the answer ends with it: 1; 0: not yet; -1: it is none here. */
static int take_tag(struct fsk_reply *r, const struct fsk_xmltag *t, size_t n)
{
    bool first = r->form == FSK_REPLY_TAG;
    if (t->declares && (!first || r->inside))
        return -1;
    if (!r->depth)
        r->last = r->at;
    r->at += n;
    r->inside = true;
    r->last_n = r->at - r->last;
    if (t->declares)
        return 0;
    if (t->closes)
        r->depth -= r->depth > 0;
    else if (!t->alone)
        r->depth++;
    return first || r->depth == 0;
}

static ptrdiff_t scan_tags(struct fsk_reply *r, struct fsk_span bytes)
{
    struct fsk_xmltag t;
    for (;;) {
        if (!pass_text(r, bytes))
            return -1;
        ptrdiff_t n = fsk_xmltag_read(fsk_span(bytes.p + r->at, bytes.n - r->at), &t);
        if (n <= 0)
            return n;
        int end = take_tag(r, &t, (size_t)n);
        if (end)
            return end < 0 ? -1 : (ptrdiff_t)r->at;
    }
}

ptrdiff_t fsk_reply_scan(struct fsk_reply *r, struct fsk_span bytes)
{
    switch (r->form) {
    case FSK_REPLY_NONE:
        return 0;
    case FSK_REPLY_RESP:
        return scan_resp(r, bytes);
    case FSK_REPLY_POSTGRES:
        return scan_postgres(bytes);
    case FSK_REPLY_SSL:
        return scan_ssl(bytes);
    case FSK_REPLY_MYSQL:
        return scan_mysql(bytes);
    case FSK_REPLY_LDAP:
        return fsk_ber_scan(bytes, FSK_BER_SEQUENCE, FSK_REPLY_PACKET_MAX);
    case FSK_REPLY_TAG:
    case FSK_REPLY_ELEMENT:
        return scan_tags(r, bytes);
    case FSK_REPLY_ALL:
    case FSK_REPLY_DATAGRAM:
        return (ptrdiff_t)bytes.n;
    default:
        return scan_lines(r, bytes);
    }
}
