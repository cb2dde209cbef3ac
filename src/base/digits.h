/*
 * digits.h - numbers as digits in ASCII, whatever the locale.
 */
#ifndef FSK_DIGITS_H
#define FSK_DIGITS_H

#include <stdint.h>

#include "base/span.h"

static inline bool fsk_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The value of a hex digit in either case, or -1. */
int fsk_hex_value(char c);

/* Write two hex digits for each byte, in lower case, no NUL; returns where they end. */
char *fsk_hex_write(const void *bytes, size_t n, char *out);

/* True, and the number in *value, if it is decimal digits and nothing else, and at most `max`. */
bool fsk_decimal_parse(struct fsk_span digits, uint64_t max, uint64_t *value);

#define FSK_DECIMAL_MAX 20 /* digits of UINT64_MAX */

/* Write a number, no NUL; returns how many digits. */
size_t fsk_decimal_write(uint64_t value, char *out);

/* Write the last `width` digits of a number, zeros in front, no NUL. */
void fsk_decimal_padded(uint64_t value, char *out, size_t width);

#define FSK_DDD 4 /* characters of a byte that fsk_ddd_write wrote */

/* Write a byte as zone files do (RFC 1035 5.1): a backslash and three decimal digits, no NUL. */
static inline void fsk_ddd_write(uint8_t byte, char *out)
{
    out[0] = '\\';
    out[1] = (char)('0' + byte / 100);
    out[2] = (char)('0' + byte / 10 % 10);
    out[3] = (char)('0' + byte % 10);
}

#endif
