#include "base/digits.h"

int fsk_hex_value(char c)
{
    if (fsk_is_digit(c))
        return c - '0';
    c = fsk_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool fsk_decimal_parse(struct fsk_span digits, uint64_t max, uint64_t *value)
{
    const uint64_t tenth = max / 10, rest = max % 10;
    uint64_t v = 0;
    if (digits.n == 0)
        return false;
    for (size_t i = 0; i < digits.n; i++) {
        uint64_t digit = (uint64_t)(digits.p[i] - '0');
        if (!fsk_is_digit(digits.p[i]) || v > tenth || (v == tenth && digit > rest))
            return false;
        v = v * 10 + digit;
    }
    *value = v;
    return true;
}

size_t fsk_decimal_write(uint64_t value, char *out)
{
    char digits[FSK_DECIMAL_MAX];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + value % 10);
    while (value /= 10);
    memcpy(out, digits + at, sizeof digits - at);
    return sizeof digits - at;
}
