#include "base/digits.h"

int fsk_hex_value(char c)
{
    if (fsk_is_digit(c))
        return c - '0';
    c = fsk_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *fsk_hex_write(const void *bytes, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *p = bytes;
    for (size_t i = 0; i < n; i++) {
        *out++ = digits[p[i] >> 4];
        *out++ = digits[p[i] & 15];
    }
    return out;
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

/* Two digits at a time: half the divisions. */
static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                            "25262728293031323334353637383940414243444546474849"
                            "50515253545556575859606162636465666768697071727374"
                            "75767778798081828384858687888990919293949596979899";

void fsk_decimal_padded(uint64_t value, char *out, size_t width)
{
    for (; width >= 2; width -= 2) {
        memcpy(out + width - 2, pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (width)
        out[0] = (char)('0' + value % 10);
}

static size_t digits_of(uint64_t value)
{
    size_t n = 1;
    for (; value >= 10000; value /= 10000)
        n += 4;
    return n + (value >= 10) + (value >= 100) + (value >= 1000);
}

size_t fsk_decimal_write(uint64_t value, char *out)
{
    size_t n = digits_of(value);
    fsk_decimal_padded(value, out, n);
    return n;
}
