#include "wire/range.h"

#include "base/digits.h"
#include "wire/h1.h"
#include "wire/httpdate.h"

/* Cut `text` at the first `at`: what is before it is *before. */
static bool split(struct fsk_span *text, char at, struct fsk_span *before)
{
    const char *p = text->n ? memchr(text->p, at, text->n) : NULL;
    if (!p)
        return false;
    *before = fsk_span(text->p, (size_t)(p - text->p));
    *text = fsk_span(p + 1, text->n - before->n - 1);
    return true;
}

bool fsk_range_find(struct fsk_span fields, struct fsk_range *range)
{
    struct fsk_span text, unit, first, last;
    uint64_t total;
    if (!fsk_h1_find(fields, FSK_SPAN("Content-Range"), &text) || !split(&text, ' ', &unit) ||
        !fsk_span_caseeq(unit, FSK_SPAN("bytes")) || !split(&text, '-', &first) ||
        !split(&text, '/', &last) || !fsk_decimal_parse(first, INT64_MAX, &range->first) ||
        !fsk_decimal_parse(last, INT64_MAX, &range->last) || range->first > range->last)
        return false;
    range->total = -1;
    if (fsk_span_eq(text, FSK_SPAN("*")))
        return true;
    if (!fsk_decimal_parse(text, INT64_MAX, &total) || total <= range->last)
        return false;
    range->total = (int64_t)total;
    return true;
}

struct fsk_span fsk_range_validator(struct fsk_span fields)
{
    struct fsk_span etag, modified, date;
    int64_t modified_at, date_at;
    if (fsk_h1_find(fields, FSK_SPAN("ETag"), &etag) && etag.n >= 2 && etag.p[0] == '"')
        return etag;
    if (fsk_h1_find(fields, FSK_SPAN("Last-Modified"), &modified) &&
        fsk_h1_find(fields, FSK_SPAN("Date"), &date) &&
        fsk_httpdate_parse(modified, 0, &modified_at) && fsk_httpdate_parse(date, 0, &date_at) &&
        modified_at < date_at)
        return modified;
    return fsk_span(NULL, 0);
}

static bool is_good_part(struct fsk_span part)
{
    struct fsk_span first;
    uint64_t from = 0, to;
    if (!split(&part, '-', &first) || (!first.n && !part.n))
        return false;
    if (first.n && !fsk_decimal_parse(first, INT64_MAX, &from))
        return false;
    return !part.n || (fsk_decimal_parse(part, INT64_MAX, &to) && to >= from);
}

bool fsk_range_is_good(struct fsk_span ranges)
{
    struct fsk_span part;
    while (split(&ranges, ',', &part))
        if (!is_good_part(fsk_span_trim(part)))
            return false;
    return is_good_part(fsk_span_trim(ranges));
}
