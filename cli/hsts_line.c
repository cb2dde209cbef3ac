#include "hsts_line.h"

#include <time.h>

#include "base/digits.h"

static const struct fsk_span unlimited = FSK_SPAN("unlimited");

/* So many digits at *p, which moves behind them. False: there are others. */
static bool take_digits(const char **p, size_t n, int *value)
{
    uint64_t number;
    bool good = fsk_decimal_parse(fsk_span(*p, n), 9999, &number);
    *p += n;
    *value = good ? (int)number : 0;
    return good;
}

/* "20271126 11:46:27". */
static bool read_time(struct fsk_span text, int64_t *seconds)
{
    struct tm tm = {.tm_isdst = 0};
    const char *p = text.p;
    if (text.n != 17 || p[8] != ' ' || p[11] != ':' || p[14] != ':')
        return false;
    bool good = take_digits(&p, 4, &tm.tm_year) && take_digits(&p, 2, &tm.tm_mon) &&
                take_digits(&p, 2, &tm.tm_mday);
    p++;
    good = good && take_digits(&p, 2, &tm.tm_hour);
    p++;
    good = good && take_digits(&p, 2, &tm.tm_min);
    p++;
    good = good && take_digits(&p, 2, &tm.tm_sec);
    if (!good || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 ||
        tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 59)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon--;
    int64_t at = timegm(&tm);
    *seconds = at < 0 ? 0 : at;
    return true;
}

enum hsts_line_kind hsts_line_read(struct fsk_span text, struct hsts_line *line)
{
    *line = (struct hsts_line){.expires = INT64_MAX};
    text.n -= text.n && text.p[text.n - 1] == '\r';
    text = fsk_span_trim(text);
    if (!text.n || text.p[0] == '#')
        return HSTS_LINE_NOTHING;
    if (text.p[0] == '.') {
        line->subdomains = 1;
        text = fsk_span(text.p + 1, text.n - 1);
    }
    const char *quote = text.n ? memchr(text.p, '"', text.n) : NULL;
    if (!quote || text.p[text.n - 1] != '"' || quote == text.p + text.n - 1)
        return HSTS_LINE_BAD;
    struct fsk_span host = fsk_span_trim(fsk_span(text.p, (size_t)(quote - text.p)));
    struct fsk_span when = fsk_span(quote + 1, text.n - (size_t)(quote - text.p) - 2);
    if (!host.n || host.n >= sizeof line->host || host.p[0] == '.' ||
        fsk_span_clean(host, ' ' + 1) != host.n)
        return HSTS_LINE_BAD;
    fsk_span_text(host, line->host, sizeof line->host);
    bool good = fsk_span_eq(when, unlimited) || read_time(when, &line->expires);
    return good ? HSTS_LINE_ONE : HSTS_LINE_BAD;
}

void hsts_line_write(struct out *out, const char *host, int64_t expires, int subdomains)
{
    time_t at = expires;
    struct tm tm;
    char text[32];
    out_begin(out);
    out_str(out, subdomains ? "." : "");
    out_str(out, host);
    out_str(out, " \"");
    bool known = expires != INT64_MAX && gmtime_r(&at, &tm) && tm.tm_year <= 9999 - 1900 &&
                 strftime(text, sizeof text, "%Y%m%d %H:%M:%S", &tm);
    if (known)
        out_str(out, text);
    else
        out_span(out, unlimited);
    out_str(out, "\"\n");
}
