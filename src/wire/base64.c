#include "wire/base64.h"

size_t fsk_base64_encode(const void *bytes, size_t n, char *out)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *b = bytes;
    char *o = out;
    for (size_t i = 0; i < n; i += 3) {
        size_t have = n - i < 3 ? n - i : 3;
        unsigned v = (unsigned)b[i] << 16;
        if (have > 1)
            v |= (unsigned)b[i + 1] << 8;
        if (have > 2)
            v |= b[i + 2];
        *o++ = digit[v >> 18];
        *o++ = digit[v >> 12 & 63];
        *o++ = have > 1 ? digit[v >> 6 & 63] : '=';
        *o++ = have > 2 ? digit[v & 63] : '=';
    }
    return (size_t)(o - out);
}

/* The six bits of a digit of either alphabet; -1: it is none. */
static int digit_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What is behind all digits, of which there are `digits`: padding, from *at on. */
static const char *check_padding(struct fsk_span text, size_t digits, size_t *at)
{
    size_t padding = 0;
    for (; *at < text.n; ++*at) {
        if (text.p[*at] == '=')
            padding++;
        else if (!is_blank(text.p[*at]))
            return digit_value(text.p[*at]) < 0 ? "is no base64 digit"
                                                : "stands behind the padding";
        if (padding > (4 - digits % 4) % 4)
            return "is padding that isn't needed";
    }
    return padding && (digits + padding) % 4 ? "is missing: a second '=' belongs there" : NULL;
}

const char *fsk_base64_decode(struct fsk_span text, void *out, size_t *n, size_t *at)
{
    unsigned char *o = out;
    unsigned bits = 0; /* of which the last digits % 4 * 6 bits count */
    size_t digits = 0, last = 0;
    char alphabet = 0; /* '+' or '-', once it is seen */
    *n = 0;
    for (*at = 0; *at < text.n && text.p[*at] != '='; ++*at) {
        char c = text.p[*at], kind = c == '+' || c == '/' ? '+' : c == '-' || c == '_' ? '-' : 0;
        if (is_blank(c))
            continue;
        if (digit_value(c) < 0)
            return "is no base64 digit";
        if (kind && alphabet && kind != alphabet)
            return "is of the other alphabet ('+' and '/', or '-' and '_', not both)";
        alphabet = kind ? kind : alphabet;
        bits = bits << 6 | (unsigned)digit_value(c);
        last = *at;
        if (digits++ % 4) /* its upper bits complete a byte */
            o[(*n)++] = (unsigned char)(bits >> (8 - digits % 4 * 2) % 8);
    }
    if (digits % 4 == 1) {
        *at = last;
        return "is one digit too many or too few";
    }
    if (digits % 4 && bits & (digits % 4 == 2 ? 15 : 3)) {
        *at = last;
        return "has bits that belong to no byte";
    }
    return check_padding(text, digits, at);
}
