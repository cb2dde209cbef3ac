#include "wire/h1.h"

#include "base/digits.h"

/* Where a writer stands. Once the room is used up nothing more is written. */
struct out {
    char *p;
    size_t n, room;
    bool full;
};

static void put(struct out *o, struct fsk_span s)
{
    if (s.n > o->room - o->n)
        o->full = true;
    if (o->full || s.n == 0)
        return;
    memcpy(o->p + o->n, s.p, s.n);
    o->n += s.n;
}

static void put_field(struct out *o, struct fsk_span name, struct fsk_span value)
{
    put(o, name);
    put(o, FSK_SPAN(": "));
    put(o, value);
    put(o, FSK_SPAN("\r\n"));
}

/* Copy a value, each line fold as one space (RFC 9112 5.2). Returns the length, value.n at most. */
static size_t unfold(struct fsk_span value, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < value.n;) {
        if (value.p[i] != '\r' && value.p[i] != '\n') {
            out[n++] = value.p[i++];
            continue;
        }
        while (n && (out[n - 1] == ' ' || out[n - 1] == '\t'))
            n--;
        while (i < value.n && strchr("\r\n\t ", value.p[i]) && value.p[i])
            i++;
        out[n++] = ' ';
    }
    return n;
}

static bool is_folded(struct fsk_span value)
{
    return value.n && memchr(value.p, '\n', value.n);
}

/* A field as it came, unfolded. */
static void put_unfolded(struct out *o, struct fsk_span name, struct fsk_span value)
{
    if (o->full || !is_folded(value)) {
        put_field(o, name, value);
        return;
    }
    put(o, name);
    put(o, FSK_SPAN(": "));
    if (value.n > o->room - o->n)
        o->full = true;
    else
        o->n += unfold(value, o->p + o->n);
    put(o, FSK_SPAN("\r\n"));
}

/* Between the elements of a list, and before the first one the name. */
static void put_element(struct out *o, struct fsk_span name, struct fsk_span element, bool first)
{
    if (first) {
        put(o, name);
        put(o, FSK_SPAN(": "));
    } else {
        put(o, FSK_SPAN(", "));
    }
    put(o, element);
}

/* A list without `chunked`; no field if nothing else is in it. */
static void put_without_chunked(struct out *o, struct fsk_span name, struct fsk_span fields)
{
    struct fsk_h1_list at = {0};
    struct fsk_span element;
    bool first = true;
    while (fsk_h1_next_listed(fields, name, &at, &element)) {
        if (fsk_span_caseeq(element, FSK_SPAN("chunked")))
            continue;
        put_element(o, name, element, first);
        first = false;
    }
    if (!first)
        put(o, FSK_SPAN("\r\n"));
}

/* A list without its last `drop` elements; no field if nothing is left. */
static void put_shortened(struct out *o, struct fsk_span name, struct fsk_span fields,
                          unsigned drop)
{
    struct fsk_h1_list at = {0};
    struct fsk_span element;
    unsigned total = 0, i;
    while (fsk_h1_next_listed(fields, name, &at, &element))
        total++;
    at = (struct fsk_h1_list){0};
    for (i = 0; i + drop < total && fsk_h1_next_listed(fields, name, &at, &element); i++)
        put_element(o, name, element, i == 0);
    if (i)
        put(o, FSK_SPAN("\r\n"));
}

static bool is_one_of(struct fsk_span name, const struct fsk_span *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (fsk_span_caseeq(name, names[i]))
            return true;
    return false;
}

/* The head's own fields, each list that loses elements joined where its first field stood. */
static void put_fields(struct out *o, struct fsk_span fields, const struct fsk_h1_decoding *d)
{
    struct fsk_span name, value;
    bool transfer_done = false, content_done = false;
    size_t pos = 0;

    while (fsk_h1_next_field(fields, &pos, &name, &value)) {
        if (fsk_span_caseeq(name, FSK_SPAN("content-length")))
            continue;
        if (d->dechunked && fsk_span_caseeq(name, FSK_SPAN("transfer-encoding"))) {
            if (!transfer_done)
                put_without_chunked(o, name, fields);
            transfer_done = true;
        } else if (d->content_codings && fsk_span_caseeq(name, FSK_SPAN("content-encoding"))) {
            if (!content_done)
                put_shortened(o, name, fields, d->content_codings);
            content_done = true;
        } else {
            put_unfolded(o, name, value);
        }
    }
}

size_t fsk_h1_decoded_head(struct fsk_span head, const struct fsk_h1_decoding *d, char *out,
                           size_t room)
{
    static const struct fsk_span unwanted[] = {
        {"content-length",    14},
        {"transfer-encoding", 17},
        {"content-encoding",  16},
        {"connection",        10},
    };
    struct out o = {.p = out, .room = room};
    struct fsk_h1_head h;
    struct fsk_span name, value;
    size_t pos = 0;

    if (fsk_h1_parse(head.p, head.n, 0, &h) <= 0)
        return 0;
    const char *line = memchr(head.p, 'H', head.n); /* an empty line may stand before it */
    put(&o, fsk_span(line, (size_t)(h.reason.p + h.reason.n - line)));
    put(&o, FSK_SPAN("\r\n"));
    put_fields(&o, h.fields, d);
    while (fsk_h1_next_field(d->trailers, &pos, &name, &value))
        if (!is_one_of(name, unwanted, sizeof(unwanted) / sizeof(*unwanted)))
            put_unfolded(&o, name, value);
    if (d->length >= 0) {
        char digits[FSK_DECIMAL_MAX];
        size_t n = fsk_decimal_write((uint64_t)d->length, digits);
        put_field(&o, FSK_SPAN("Content-Length"), fsk_span(digits, n));
    }
    put(&o, FSK_SPAN("\r\n"));
    return o.full ? 0 : o.n;
}
