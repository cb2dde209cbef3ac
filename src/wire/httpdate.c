#include "wire/httpdate.h"

#include "base/digits.h"

#define DAY INT64_C(86400)

/* What stands in a date, as numbers. */
struct date {
    uint64_t year, month, day, hour, minute, second; /* month: 0 is January */
};

static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                   "Thursday", "Friday", "Saturday"};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static bool take(struct fsk_span *text, struct fsk_span word)
{
    if (text->n < word.n || !fsk_span_caseeq(fsk_span(text->p, word.n), word))
        return false;
    text->p += word.n;
    text->n -= word.n;
    return true;
}

/* A day of the week, of which three letters may be all there are. */
static bool take_weekday(struct fsk_span *text, bool whole)
{
    for (size_t i = 0; i < sizeof days / sizeof *days; i++)
        if (take(text, whole ? fsk_span_str(days[i]) : fsk_span(days[i], 3)))
            return true;
    return false;
}

static bool take_month(struct fsk_span *text, uint64_t *month)
{
    for (*month = 0; *month < 12; ++*month)
        if (take(text, fsk_span(months[*month], 3)))
            return true;
    return false;
}

static bool take_number(struct fsk_span *text, size_t digits, uint64_t *value)
{
    if (text->n < digits || !fsk_decimal_parse(fsk_span(text->p, digits), UINT64_MAX, value))
        return false;
    text->p += digits;
    text->n -= digits;
    return true;
}

/* One conversion of a form, named as in strptime(3). */
static bool take_field(struct fsk_span *text, char field, struct date *d)
{
    switch (field) {
    case 'a':
        return take_weekday(text, false);
    case 'A':
        return take_weekday(text, true);
    case 'b':
        return take_month(text, &d->month);
    case 'd':
        return take_number(text, 2, &d->day);
    case 'e':
        return take_number(text, take(text, FSK_SPAN(" ")) ? 1 : 2, &d->day);
    case 'Y':
        return take_number(text, 4, &d->year);
    case 'y':
        return take_number(text, 2, &d->year);
    case 'H':
        return take_number(text, 2, &d->hour);
    case 'M':
        return take_number(text, 2, &d->minute);
    default:
        return take_number(text, 2, &d->second);
    }
}

static bool has_form(struct fsk_span text, const char *form, struct date *d)
{
    for (; *form; form++) {
        bool good = *form == '%' ? take_field(&text, *++form, d) : take(&text, fsk_span(form, 1));
        if (!good)
            return false;
    }
    return text.n == 0;
}

/* Days from 1970-01-01: years begin in March here, so that the day which some lack is their last.
 */
static int64_t days_since_1970(const struct date *d)
{
    int64_t year = (int64_t)d->year - (d->month < 2);
    int64_t month = ((int64_t)d->month + 10) % 12;
    int64_t leap_days = year / 4 - year / 100 + year / 400;
    return year * 365 + leap_days + (month * 153 + 2) / 5 + (int64_t)d->day - 1 - 719468;
}

static bool is_leap(uint64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static bool is_possible(const struct date *d)
{
    static const unsigned char length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint64_t last = d->month == 1 && is_leap(d->year) ? 29 : length[d->month];
    return d->year && d->day >= 1 && d->day <= last && d->hour < 24 && d->minute < 60 &&
           d->second <= 60; /* a leap second */
}

static int64_t seconds_since_1970(const struct date *d)
{
    return days_since_1970(d) * DAY + (int64_t)(d->hour * 3600 + d->minute * 60 + d->second);
}

/* A year of two digits is the last one with this end that is at most 50 years ahead. */
static void choose_century(struct date *d, int64_t now)
{
    const int64_t limit = now + 50 * 365 * DAY + 12 * DAY;
    struct date next = *d;
    for (next.year += 2000; next.year < 10000 && seconds_since_1970(&next) <= limit;)
        next.year += 100;
    d->year = next.year - 100;
}

bool fsk_httpdate_parse(struct fsk_span text, int64_t now, int64_t *seconds)
{
    struct date d = {.year = 0};
    bool good = has_form(text, "%a, %d %b %Y %H:%M:%S GMT", &d) ||
                has_form(text, "%a %b %e %H:%M:%S %Y", &d);
    if (!good && has_form(text, "%A, %d-%b-%y %H:%M:%S GMT", &d)) {
        choose_century(&d, now);
        good = true;
    }
    if (!good || !is_possible(&d))
        return false;
    *seconds = seconds_since_1970(&d);
    return true;
}

/* ---- Cookies --------------------------------------------------------------------------------- */

/* Bytes that stand between the words of a date: neither letters nor digits nor colons. */
static bool is_between(char c)
{
    unsigned char u = (unsigned char)c;
    return u == '\t' || (u >= 0x20 && u <= 0x2f) || (u >= 0x3b && u <= 0x40) ||
           (u >= 0x5b && u <= 0x60) || (u >= 0x7b && u <= 0x7e);
}

static bool take_word(struct fsk_span *text, struct fsk_span *word)
{
    size_t from = 0;
    while (from < text->n && is_between(text->p[from]))
        from++;
    size_t to = from;
    while (to < text->n && !is_between(text->p[to]))
        to++;
    if (to == from)
        return false;
    *word = fsk_span(text->p + from, to - from);
    *text = fsk_span(text->p + to, text->n - to);
    return true;
}

/* A number in front that has so many digits and no more; anything else may follow. */
static bool take_whole_number(struct fsk_span *text, size_t least, size_t most, uint64_t *value)
{
    size_t n = 0;
    while (n < text->n && n <= most && fsk_is_digit(text->p[n]))
        n++;
    return n >= least && n <= most && take_number(text, n, value);
}

static bool take_clock(struct fsk_span word, struct date *d)
{
    return take_whole_number(&word, 1, 2, &d->hour) && take(&word, FSK_SPAN(":")) &&
           take_whole_number(&word, 1, 2, &d->minute) && take(&word, FSK_SPAN(":")) &&
           take_whole_number(&word, 1, 2, &d->second);
}

bool fsk_cookiedate_parse(struct fsk_span text, int64_t *seconds)
{
    struct date d = {.year = 0};
    struct fsk_span word;
    bool clock = false, day = false, month = false, year = false;
    while (take_word(&text, &word)) {
        struct fsk_span rest = word;
        if (!clock && take_clock(word, &d))
            clock = true;
        else if (!day && take_whole_number(&rest, 1, 2, &d.day))
            day = true;
        else if (!month && take_month(&rest, &d.month))
            month = true;
        else if (!year && take_whole_number(&rest, 2, 4, &d.year))
            year = true;
    }
    if (!clock || !day || !month || !year)
        return false;
    if (d.year < 100)
        d.year += d.year < 70 ? 2000 : 1900;
    if (d.year < 1601 || d.second > 59 || !is_possible(&d))
        return false;
    *seconds = seconds_since_1970(&d);
    return true;
}
