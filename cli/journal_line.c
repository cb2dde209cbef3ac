#include "journal_line.h"

#include <endian.h>
#include <isa-l/crc.h>
#include <string.h>

#include "base/digits.h"
#include "base/time.h"

enum { CHECK = 8, TIME = 24, MOST = 999 };

/* Room for all that is not free text, and for tabs and the newline. */
enum { FIXED = 128, ERR_MAX = 32, ESCAPE = 4 };

enum { FIRST_YEAR = 1970, LAST_YEAR = 2261 }; /* as far as nanoseconds in 64 bits go */

#define DAY INT64_C(86400000) /* milliseconds */

static uint32_t check_of(const char *p, size_t n)
{
    return crc32_gzip_refl(0, (const unsigned char *)p, n);
}

/* ---- Times ----------------------------------------------------------------------------------- */

/* From 0000-03-01, where the years of these two begin: the day that is too many stands at their
 * end.
 */
static const int64_t days_to_1970 = 719468;

static int64_t days_before(int64_t year)
{
    return 365 * year + year / 4 - year / 100 + year / 400;
}

/* Days from 1970-01-01 to this day, of the Gregorian calendar. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    const int64_t from_march = (month + 9) % 12;
    return days_before(year - (month < 3)) + (153 * from_march + 2) / 5 + day - 1 - days_to_1970;
}

/* The reverse. */
static void date_of(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    days += days_to_1970;
    int64_t y = (days + 2) * 400 / 146097; /* never too early, and a year too late at most */
    y -= days_before(y) > days;
    days -= days_before(y);
    const int64_t from_march = (5 * days + 2) / 153;
    *month = from_march < 10 ? from_march + 3 : from_march - 9;
    *year = y + (*month < 3);
    *day = days - (153 * from_march + 2) / 5 + 1;
}

static char *put_number(char *p, int64_t n, size_t width, char behind)
{
    fsk_decimal_padded((uint64_t)n, p, width);
    p[width] = behind;
    return p + width + 1;
}

/* 2026-11-26T04:17:07.123Z */
static char *put_time(char *p, int64_t time)
{
    int64_t ms = time > 0 ? time / FSOCK_MILLISECOND : 0;
    int64_t year, month, day;
    date_of(ms / DAY, &year, &month, &day);
    ms %= DAY;
    p = put_number(p, year, 4, '-');
    p = put_number(p, month, 2, '-');
    p = put_number(p, day, 2, 'T');
    p = put_number(p, ms / 3600000, 2, ':');
    p = put_number(p, ms / 60000 % 60, 2, ':');
    p = put_number(p, ms / 1000 % 60, 2, '.');
    return put_number(p, ms % 1000, 3, 'Z');
}

/* The number of `width` digits at *p, which the byte `behind` follows, and what is behind that. */
static bool take_number(const char **p, size_t width, char behind, int64_t max, int64_t *n)
{
    int64_t value = 0;
    for (size_t i = 0; i < width; i++) {
        if (!fsk_is_digit((*p)[i]))
            return false;
        value = value * 10 + ((*p)[i] - '0');
    }
    if (value > max || (*p)[width] != behind)
        return false;
    *p += width + 1;
    *n = value;
    return true;
}

static bool parse_time(struct fsk_span text, int64_t *time)
{
    int64_t year, month, day, hour, minute, second, ms;
    const char *p = text.p;
    if (text.n != TIME || !take_number(&p, 4, '-', LAST_YEAR, &year) ||
        !take_number(&p, 2, '-', 12, &month) || !take_number(&p, 2, 'T', 31, &day) ||
        !take_number(&p, 2, ':', 23, &hour) || !take_number(&p, 2, ':', 59, &minute) ||
        !take_number(&p, 2, '.', 59, &second) || !take_number(&p, 3, 'Z', 999, &ms))
        return false;
    if (year < FIRST_YEAR || !month || !day)
        return false;
    int64_t seconds = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    *time = seconds * FSOCK_SECOND + ms * FSOCK_MILLISECOND;
    return true;
}

/* ---- Free texts ------------------------------------------------------------------------------ */

static const struct fsk_span dash = FSK_SPAN("-");

static bool has_escape(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f || c == '\\';
}

/* How many bytes stand for themselves, from the first on. */
static size_t plain(struct fsk_span s)
{
    size_t n = fsk_span_clean(s, ' ');
    const char *slash = n ? memchr(s.p, '\\', n) : NULL;
    return slash ? (size_t)(slash - s.p) : n;
}

static char *put_escaped(char *p, struct fsk_span s)
{
    while (s.n) {
        size_t n = plain(s);
        memcpy(p, s.p, n);
        p += n;
        if (n == s.n)
            break;
        memcpy(p, "\\x", 2);
        fsk_hex_write(s.p + n, 1, p + 2);
        p += ESCAPE;
        s = fsk_span(s.p + n + 1, s.n - n - 1);
    }
    return p;
}

/* A text that may be missing: "-", so one that is a dash has to look otherwise. */
static char *put_text(char *p, struct fsk_span s)
{
    struct fsk_span text = !s.n ? dash : s;
    if (fsk_span_eq(s, dash))
        text = FSK_SPAN("\\x2d");
    if (!s.n || text.n != s.n) {
        memcpy(p, text.p, text.n);
        p += text.n;
    } else {
        p = put_escaped(p, text);
    }
    *p++ = '\t';
    return p;
}

/* Undo the escapes, in place. False: there is one that is none, or a byte that should be one. */
static bool unescape(char *p, size_t *n)
{
    size_t to = plain(fsk_span(p, *n));
    for (size_t i = to; i < *n; i++) {
        char c = p[i];
        if (c == '\\') {
            if (*n - i < ESCAPE || p[i + 1] != 'x')
                return false;
            int high = fsk_hex_value(p[i + 2]), low = fsk_hex_value(p[i + 3]);
            if (high < 0 || low < 0)
                return false;
            c = (char)(high << 4 | low);
            i += ESCAPE - 1;
        } else if (has_escape(c)) {
            return false;
        }
        p[to++] = c;
    }
    *n = to;
    return true;
}

/* ---- Lines ----------------------------------------------------------------------------------- */

bool journal_write(struct fsk_buf *to, const struct journal_record *r)
{
    size_t texts = r->cache.n + r->variant.n + r->url.n;
    if (r->err.n > ERR_MAX || texts > (JOURNAL_LINE_MAX - FIXED) / ESCAPE ||
        fsk_buf_reserve(to, FIXED + ESCAPE * texts) != FSOCK_OK)
        return false;
    char *line = to->mem + to->end, *p = line + CHECK;
    uint64_t took = r->took > 0 ? (uint64_t)r->took / 1000 : 0;
    *p++ = '\t';
    p = put_time(p, r->time);
    *p++ = '\t';
    memcpy(p, r->err.p, r->err.n);
    p += r->err.n;
    *p++ = '\t';
    p = put_number(p, r->status <= MOST ? r->status : MOST, 3, '\t');
    p += fsk_decimal_write(r->exitcode >= 0 && r->exitcode <= MOST ? (uint64_t)r->exitcode : MOST,
                           p);
    *p++ = '\t';
    p += fsk_decimal_write(took / 1000000, p);
    *p++ = '.';
    p = put_number(p, (int64_t)(took % 1000000), 6, '\t');
    p = put_text(p, r->cache);
    p = put_text(p, r->variant);
    p = put_escaped(p, r->url);
    uint32_t check = htobe32(check_of(line + CHECK + 1, (size_t)(p - line) - CHECK - 1));
    fsk_hex_write(&check, sizeof check, line);
    *p++ = '\n';
    to->end += (size_t)(p - line);
    return true;
}

/* What stands before the next tab, which is needed; *rest is what follows it. */
static bool take_field(char **rest, size_t *left, struct fsk_span *field)
{
    char *tab = memchr(*rest, '\t', *left);
    if (!tab)
        return false;
    *field = fsk_span(*rest, (size_t)(tab - *rest));
    *left -= field->n + 1;
    *rest = tab + 1;
    return true;
}

static bool take_free(char **rest, size_t *left, struct fsk_span *text)
{
    char *start = *rest;
    if (!take_field(rest, left, text))
        return false;
    bool missing = fsk_span_eq(*text, dash);
    if (missing)
        text->n = 0;
    return missing || unescape(start, &text->n);
}

static bool is_word(struct fsk_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
            return false;
    return s.n && s.n <= ERR_MAX;
}

/* "12.345678" in nanoseconds. */
static bool parse_took(struct fsk_span text, int64_t *took)
{
    uint64_t seconds, us;
    if (text.n < 8 || text.p[text.n - 7] != '.' ||
        !fsk_decimal_parse(fsk_span(text.p, text.n - 7), UINT32_MAX, &seconds) ||
        !fsk_decimal_parse(fsk_span(text.p + text.n - 6, 6), 999999, &us))
        return false;
    *took = (int64_t)seconds * FSOCK_SECOND + (int64_t)us * 1000;
    return true;
}

static bool check_fits(const char *line, size_t n)
{
    uint32_t check = 0;
    if (n <= CHECK || line[CHECK] != '\t')
        return false;
    for (size_t i = 0; i < CHECK; i++) {
        int digit = fsk_hex_value(line[i]);
        if (digit < 0)
            return false;
        check = check << 4 | (unsigned)digit;
    }
    return check == check_of(line + CHECK + 1, n - CHECK - 1);
}

bool journal_parse(char *line, size_t n, struct journal_record *r)
{
    struct fsk_span time, status, exitcode, took;
    uint64_t number, code;
    if (!check_fits(line, n))
        return false;
    char *rest = line + CHECK + 1;
    size_t left = n - CHECK - 1;
    if (!take_field(&rest, &left, &time) || !take_field(&rest, &left, &r->err) ||
        !take_field(&rest, &left, &status) || !take_field(&rest, &left, &exitcode) ||
        !take_field(&rest, &left, &took) || !take_free(&rest, &left, &r->cache) ||
        !take_free(&rest, &left, &r->variant))
        return false;
    if (!is_word(r->err) || !parse_time(time, &r->time) ||
        !fsk_decimal_parse(status, MOST, &number) || !fsk_decimal_parse(exitcode, MOST, &code) ||
        !parse_took(took, &r->took) || !unescape(rest, &left))
        return false;
    r->status = (unsigned)number;
    r->exitcode = (int)code;
    r->url = fsk_span(rest, left);
    return true;
}
