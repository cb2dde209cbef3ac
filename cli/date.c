#include "date.h"

#include "base/digits.h"

struct parts {
    unsigned year, month, day, hour, minute, second;
    int offset; /* minutes east of UTC */
};

/* ---- Pieces ---------------------------------------------------------------------------------- */

/* Cut so many digits off the front. */
static bool take_number(struct fsk_span *s, size_t digits, unsigned *value)
{
    unsigned v = 0;
    if (s->n < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (!fsk_is_digit(s->p[i]))
            return false;
        v = v * 10 + (unsigned)(s->p[i] - '0');
    }
    *s = fsk_span(s->p + digits, s->n - digits);
    *value = v;
    return true;
}

static bool take_char(struct fsk_span *s, char c)
{
    if (!s->n || s->p[0] != c)
        return false;
    *s = fsk_span(s->p + 1, s->n - 1);
    return true;
}

/* "+01:00", "-0500". */
static bool take_offset(struct fsk_span *s, int *offset)
{
    unsigned hours, minutes;
    bool west = s->n && s->p[0] == '-';
    if (!take_char(s, west ? '-' : '+') || !take_number(s, 2, &hours))
        return false;
    take_char(s, ':');
    if (!take_number(s, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *offset = (int)(hours * 60 + minutes) * (west ? -1 : 1);
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool skip_blanks(struct fsk_span *s)
{
    bool any = false;
    for (; s->n && is_blank(s->p[0]); any = true)
        *s = fsk_span(s->p + 1, s->n - 1);
    return any;
}

static struct fsk_span take_word(struct fsk_span *s)
{
    size_t n = 0;
    while (n < s->n && fsk_lower(s->p[n]) >= 'a' && fsk_lower(s->p[n]) <= 'z')
        n++;
    struct fsk_span word = {s->p, n};
    *s = fsk_span(s->p + n, s->n - n);
    return word;
}

/* ---- The calendar ---------------------------------------------------------------------------- */

static unsigned days_of(unsigned year, unsigned month)
{
    static const unsigned days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static int64_t seconds_of(const struct parts *d)
{
    int64_t years = (int64_t)d->year - 1;
    int64_t days = years * 365 + years / 4 - years / 100 + years / 400 - 719162; /* 1970 */
    for (unsigned month = 1; month < d->month; month++)
        days += days_of(d->year, month);
    days += d->day - 1;
    return ((days * 24 + d->hour) * 60 + d->minute - d->offset) * 60 + d->second;
}

static bool is_possible(const struct parts *d)
{
    return d->year >= 1 && d->month >= 1 && d->month <= 12 && d->day >= 1 &&
           d->day <= days_of(d->year, d->month) && d->hour <= 24 && d->minute <= 59 &&
           d->second <= 60;
}

static bool result(const struct parts *first, const struct parts *last, struct date *date)
{
    if (!is_possible(first) || !is_possible(last))
        return false;
    *date = (struct date){seconds_of(first), seconds_of(last)};
    return true;
}

/* ---- The forms ------------------------------------------------------------------------------- */

/* What is behind the T: "04:26", "04:26:15.5", and the zone. */
static bool w3c_time(struct fsk_span s, struct parts *first, struct parts *last)
{
    unsigned unused;
    if (!take_number(&s, 2, &first->hour) || !take_char(&s, ':') ||
        !take_number(&s, 2, &first->minute))
        return false;
    bool seconds = take_char(&s, ':');
    if (seconds && !take_number(&s, 2, &first->second))
        return false;
    if (seconds && take_char(&s, '.'))
        while (take_number(&s, 1, &unused))
            ;
    if (s.n && !take_char(&s, 'Z') && !take_char(&s, 'z') && !take_offset(&s, &first->offset))
        return false;
    *last = *first;
    if (!seconds)
        last->second = 59;
    return s.n == 0;
}

static bool w3c(struct fsk_span s, struct date *date)
{
    struct parts first = {.month = 1, .day = 1}, last;
    if (!take_number(&s, 4, &first.year))
        return false;
    bool month = take_char(&s, '-');
    if (month && !take_number(&s, 2, &first.month))
        return false;
    bool day = month && take_char(&s, '-');
    if (day && !take_number(&s, 2, &first.day))
        return false;
    if (day && s.n && (take_char(&s, 'T') || take_char(&s, 't') || skip_blanks(&s)))
        return w3c_time(s, &first, &last) && result(&first, &last, date);
    last = (struct parts){first.year, month ? first.month : 12, first.day, 23, 59, 59, 0};
    if (last.month >= 1 && last.month <= 12 && !day)
        last.day = days_of(last.year, last.month);
    return s.n == 0 && result(&first, &last, date);
}

/* GMT, an offset, or one of those of RFC 822; nothing is UTC. */
static bool rss_zone(struct fsk_span s, int *offset)
{
    static const struct {
        const char *name;
        int hours;
    } zones[] = {
        {"GMT", 0 },
        {"UT",  0 },
        {"UTC", 0 },
        {"Z",   0 },
        {"EST", -5},
        {"EDT", -4},
        {"CST", -6},
        {"CDT", -5},
        {"MST", -7},
        {"MDT", -6},
        {"PST", -8},
        {"PDT", -7},
    };
    if (!s.n || (take_offset(&s, offset) && !s.n))
        return true;
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
        if (fsk_span_caseeq(s, fsk_span_str(zones[i].name))) {
            *offset = zones[i].hours * 60;
            return true;
        }
    return false;
}

/* Its three letters, or its whole name. */
static unsigned month_of(struct fsk_span name)
{
    static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    for (unsigned i = 0; name.n >= 3 && i < 12; i++)
        if (fsk_span_caseeq(fsk_span(name.p, 3), fsk_span(months + 3 * (size_t)i, 3)))
            return i + 1;
    return 0;
}

static bool rss(struct fsk_span s, struct date *date)
{
    struct parts first = {.year = 0}, last;
    take_word(&s);
    take_char(&s, ',');
    skip_blanks(&s);
    if (!take_number(&s, 2, &first.day) && !take_number(&s, 1, &first.day))
        return false;
    skip_blanks(&s);
    first.month = month_of(take_word(&s));
    skip_blanks(&s);
    if (!take_number(&s, 4, &first.year) || !skip_blanks(&s) || !take_number(&s, 2, &first.hour) ||
        !take_char(&s, ':') || !take_number(&s, 2, &first.minute))
        return false;
    bool seconds = take_char(&s, ':');
    if (seconds && !take_number(&s, 2, &first.second))
        return false;
    skip_blanks(&s);
    if (!rss_zone(s, &first.offset))
        return false;
    last = first;
    if (!seconds)
        last.second = 59;
    return result(&first, &last, date);
}

bool date_parse(struct fsk_span text, struct date *date)
{
    skip_blanks(&text);
    while (text.n && is_blank(text.p[text.n - 1]))
        text.n--;
    return text.n && (w3c(text, date) || rss(text, date));
}
