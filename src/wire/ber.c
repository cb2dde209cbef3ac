#include "wire/ber.h"

#define DIGITS_MAX 4 /* bytes of a length */

static unsigned char byte_at(struct fsk_span s, size_t at)
{
    return (unsigned char)s.p[at];
}

/* The bytes of an element's tag and length, and those of its value. 0: not complete; -1: no. */
static ptrdiff_t read_head(struct fsk_span s, size_t *n)
{
    if (s.n < 2)
        return 0;
    size_t digits = byte_at(s, 1) & 0x7f;
    *n = digits;
    if (!(byte_at(s, 1) & 0x80))
        return 2;
    if (digits == 0 || digits > DIGITS_MAX)
        return -1;
    if (s.n < 2 + digits)
        return 0;
    *n = 0;
    for (size_t i = 0; i < digits; i++)
        *n = *n << 8 | byte_at(s, 2 + i);
    return (ptrdiff_t)(2 + digits);
}

ptrdiff_t fsk_ber_scan(struct fsk_span bytes, unsigned char tag, size_t max)
{
    size_t n;
    if (!bytes.n)
        return 0;
    if (byte_at(bytes, 0) != tag)
        return -1;
    ptrdiff_t head = read_head(bytes, &n);
    if (head <= 0)
        return head;
    if (n > max - (size_t)head)
        return -1;
    return bytes.n >= (size_t)head + n ? head + (ptrdiff_t)n : 0;
}

bool fsk_ber_take(struct fsk_span *rest, unsigned char *tag, struct fsk_span *value)
{
    size_t n;
    ptrdiff_t head = read_head(*rest, &n);
    if (head <= 0 || n > rest->n - (size_t)head)
        return false;
    *tag = byte_at(*rest, 0);
    *value = fsk_span(rest->p + head, n);
    *rest = fsk_span(value->p + n, rest->n - (size_t)head - n);
    return true;
}

bool fsk_ber_take_tag(struct fsk_span *rest, unsigned char tag, struct fsk_span *value)
{
    unsigned char found;
    return fsk_ber_take(rest, &found, value) && found == tag;
}

bool fsk_ber_number(struct fsk_span value, unsigned *number)
{
    if (value.n < 1 || value.n > 2 || byte_at(value, 0) & 0x80)
        return false;
    *number = byte_at(value, 0);
    if (value.n == 2)
        *number = *number << 8 | byte_at(value, 1);
    return true;
}

enum fsock_err fsk_ber_put_head(struct fsk_buf *b, unsigned char tag, size_t n)
{
    const unsigned char head[FSK_BER_HEAD] = {
        tag,
        0x80 | DIGITS_MAX,
        (unsigned char)(n >> 24),
        (unsigned char)(n >> 16),
        (unsigned char)(n >> 8),
        (unsigned char)n,
    };
    return fsk_buf_append(b, head, sizeof head);
}
