#include "wire/dname.h"

#include <endian.h>
#include <string.h>

#include "base/digits.h"

/* Length bytes are at most 63, below the letters: case can be folded without looking at labels. */
static bool is_letter(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

const char *fsk_dname_strerror(enum fsk_dname_err err)
{
    switch (err) {
    case FSK_DNAME_OK:
        return "a valid name";
    case FSK_DNAME_EMPTY:
        return "the name is empty";
    case FSK_DNAME_EMPTY_LABEL:
        return "two dots follow each other, or the name begins with one";
    case FSK_DNAME_LONG_LABEL:
        return "a label is longer than 63 bytes";
    case FSK_DNAME_LONG:
        return "the name is longer than 255 bytes";
    case FSK_DNAME_BAD_ESCAPE:
        return "a backslash is not followed by a character or by three digits up to 255";
    }
    return "an unknown error";
}

/* The byte that the text at p means, p[0] being a backslash; returns the characters used, or 0. */
static size_t unescape(const char *p, size_t n, uint8_t *byte)
{
    unsigned value = 0;

    if (n < 2)
        return 0;
    if (!fsk_is_digit(p[1])) {
        *byte = (uint8_t)p[1];
        return 2;
    }
    if (n < 4)
        return 0;
    for (size_t i = 1; i < 4; i++) {
        if (!fsk_is_digit(p[i]))
            return 0;
        value = value * 10 + (unsigned)(p[i] - '0');
    }
    if (value > 255)
        return 0;
    *byte = (uint8_t)value;
    return 4;
}

enum fsk_dname_err fsk_dname_from_text(struct fsk_dname *d, struct fsk_span text)
{
    size_t label = 0; /* where the length byte of the open label is */
    size_t n = 1;     /* bytes used, that one included */
    size_t used;

    d->n = 0;
    if (text.n == 0)
        return FSK_DNAME_EMPTY;
    if (text.n == 1 && text.p[0] == '.')
        text.n = 0;
    for (size_t i = 0; i < text.n; i += used) {
        uint8_t byte = (uint8_t)text.p[i];

        used = 1;
        if (byte == '.') {
            if (n == label + 1)
                return FSK_DNAME_EMPTY_LABEL;
            d->b[label] = (uint8_t)(n - label - 1);
            label = n++;
            continue;
        }
        if (byte == '\\' && (used = unescape(text.p + i, text.n - i, &byte)) == 0)
            return FSK_DNAME_BAD_ESCAPE;
        if (n - label > 63)
            return FSK_DNAME_LONG_LABEL;
        if (n >= FSK_DNAME_MAX - 1) /* the last byte is the root's */
            return FSK_DNAME_LONG;
        d->b[n++] = byte;
    }
    if (n > label + 1) { /* no dot at the end */
        d->b[label] = (uint8_t)(n - label - 1);
        label = n++;
    }
    d->b[label] = 0;
    d->n = (uint8_t)n;
    return FSK_DNAME_OK;
}

/* The characters of each byte of a label as text: 1 itself, 2 with a backslash, 4 as \DDD. */
static const char width[257] = "44444444444444444444444444444444" /* controls */
                               "41212111221111211111111111121111" /* space and " $ ( ) . ; */
                               "21111111111111111111111111112111" /* @ and the backslash */
                               "11111111111111111111111111111114" /* DEL */
                               "44444444444444444444444444444444" /* not ASCII */
                               "44444444444444444444444444444444"
                               "44444444444444444444444444444444"
                               "44444444444444444444444444444444";

size_t fsk_dname_to_text(const struct fsk_dname *d, char text[FSK_DNAME_TEXT])
{
    char *out = text;

    for (size_t i = 0; i < d->n && d->b[i]; i += 1u + d->b[i]) {
        const uint8_t *k = d->b + i + 1, *const end = k + d->b[i];
        for (; k < end && width[*k] == '1'; k++)
            *out++ = (char)*k;
        for (; k < end; k++) {
            const uint8_t c = *k;
            const int n = width[c] - '0';
            if (n == FSK_DDD) {
                fsk_ddd_write(c, out);
            } else {
                *out = '\\'; /* which c itself overwrites if it needs none */
                out[n - 1] = (char)c;
            }
            out += n;
        }
        *out++ = '.';
    }
    if (out == text)
        *out++ = '.';
    *out = '\0';
    return (size_t)(out - text);
}

bool fsk_dname_join(struct fsk_dname *out, const struct fsk_dname *head,
                    const struct fsk_dname *tail)
{
    size_t n = (size_t)head->n - 1 + tail->n;
    struct fsk_dname joined = {0}; /* out may be one of the two */

    if (n > FSK_DNAME_MAX) {
        out->n = 0;
        return false;
    }
    memcpy(joined.b, head->b, head->n - 1u);
    memcpy(joined.b + head->n - 1, tail->b, tail->n);
    joined.n = (uint8_t)n;
    *out = joined;
    return true;
}

static bool case_eq(const uint8_t *a, const uint8_t *b, size_t n)
{
    if (memcmp(a, b, n) == 0) /* as names mostly are */
        return true;
    for (size_t i = 0; i < n; i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

bool fsk_dname_eq(const struct fsk_dname *a, const struct fsk_dname *b)
{
    return a->n == b->n && case_eq(a->b, b->b, a->n);
}

bool fsk_dname_same(const struct fsk_dname *a, const struct fsk_dname *b)
{
    return a->n == b->n && memcmp(a->b, b->b, a->n) == 0;
}

bool fsk_dname_within(const struct fsk_dname *d, const struct fsk_dname *zone)
{
    size_t i = 0;

    if (d->n < zone->n)
        return false;
    while (i < (size_t)(d->n - zone->n)) /* label by label: the rest must begin with one */
        i += 1u + d->b[i];
    return i == (size_t)(d->n - zone->n) && case_eq(d->b + i, zone->b, zone->n);
}

unsigned fsk_dname_labels(const struct fsk_dname *d)
{
    unsigned labels = 0;

    for (size_t i = 0; i < d->n && d->b[i]; i += 1u + d->b[i])
        labels++;
    return labels;
}

void fsk_dname_lower(struct fsk_dname *d)
{
    for (size_t i = 0; i < d->n; i++)
        d->b[i] = lower(d->b[i]);
}

/* A byte of 1 for each bit that is set: the lowest bit's comes first in memory. */
static uint64_t spread(uint8_t bits)
{
    uint64_t each = bits * UINT64_C(0x0101010101010101) & UINT64_C(0x8040201008040201);

    return (each + UINT64_C(0x7f7f7f7f7f7f7f7f)) >> 7 & UINT64_C(0x0101010101010101);
}

/* A byte of 1 for each byte that is a letter. */
static uint64_t letters(uint64_t bytes)
{
    const uint64_t each = UINT64_C(0x0101010101010101);
    uint64_t low = (bytes | 0x20 * each) & 0x7f * each;
    uint64_t from_a = low + (0x80 - 'a') * each, above_z = low + (0x7f - 'z') * each;

    return (from_a & ~above_z & ~bytes) >> 7 & each;
}

void fsk_dname_mix_case(struct fsk_dname *d, const uint8_t bits[32])
{
    size_t i = 0;

    for (; i + 8 <= d->n; i += 8) {
        uint64_t bytes;
        memcpy(&bytes, d->b + i, 8);
        bytes = le64toh(bytes);
        bytes = htole64(bytes ^ (letters(bytes) & spread(bits[i / 8])) << 5);
        memcpy(d->b + i, &bytes, 8);
    }
    for (; i < d->n; i++)
        if (is_letter(d->b[i]) && (bits[i / 8] >> (i % 8) & 1))
            d->b[i] ^= 0x20;
}
