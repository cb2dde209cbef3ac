#include "bytes_escape.h"

#include "base/digits.h"

/* The byte of an escape of one letter; -1 if the letter is of none. */
static int letter_value(char c)
{
    static const char letters[] = "abtnvfr";
    const char *found = c ? strchr(letters, c) : NULL;
    if (found)
        return 7 + (int)(found - letters);
    return c == 'e' ? 27 : c == '\\' || c == '"' || c == '\'' || c == '?' ? c : -1;
}

/* Hex digits from r->at + from on, `most` at most: how many, and their value. */
static size_t hex_digits(const struct bytes_reader *r, size_t from, size_t most, uint32_t *value)
{
    size_t n = 0;
    for (*value = 0; n < most && fsk_hex_value(bytes_peek(r, from + n)) >= 0; n++)
        *value = *value << 4 | (uint32_t)fsk_hex_value(bytes_peek(r, from + n));
    return n;
}

static bool read_hex(struct bytes_reader *r, bool source)
{
    uint32_t value;
    size_t start = r->at, n = hex_digits(r, 2, 2, &value);
    if (!n)
        return bytes_blame(r, start,
                           "\\x has no hex digit behind it; write \\x0d, or \\\\x for the "
                           "characters themselves");
    if (source && fsk_hex_value(bytes_peek(r, 2 + n)) >= 0)
        return bytes_blame(r, start,
                           "\\x takes all the hex digits behind it, which are more than "
                           "two; end the literal after two and begin another: \"\\x0d\" "
                           "\"a\"");
    r->at += 2 + n;
    return bytes_put_one(r, (uint8_t)value);
}

static bool read_octal(struct bytes_reader *r)
{
    unsigned value = 0;
    size_t n = 0;
    for (; n < 3 && bytes_peek(r, 1 + n) >= '0' && bytes_peek(r, 1 + n) <= '7'; n++)
        value = value * 8 + (unsigned)(bytes_peek(r, 1 + n) - '0');
    if (value > 255)
        return bytes_blame(r, r->at, "\\%o is more than a byte holds; octal escapes end at \\377",
                           value);
    r->at += 1 + n;
    return bytes_put_one(r, (uint8_t)value);
}

static size_t utf8_write(uint32_t c, uint8_t out[4])
{
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (uint8_t)(0x80 | (c & 0x3f));
    out[0] = (uint8_t)(lead[n] | c);
    return n;
}

static bool read_character(struct bytes_reader *r, size_t digits)
{
    uint8_t utf8[4];
    uint32_t c;
    char letter = bytes_peek(r, 1);
    if (hex_digits(r, 2, digits, &c) < digits)
        return bytes_blame(r, r->at, "\\%c takes exactly %zu hex digits; put zeros in front",
                           letter, digits);
    if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return bytes_blame(r, r->at,
                           "there is no character U+%04X; characters end at U+10FFFF, and those "
                           "from U+D800 to U+DFFF are none: write bytes as \\xHH",
                           (unsigned)c);
    r->at += 2 + digits;
    return bytes_put(r, utf8, utf8_write(c, utf8));
}

bool bytes_escape_one(struct bytes_reader *r, bool source)
{
    char c = bytes_peek(r, 1), name[BYTES_NAME];
    if (letter_value(c) >= 0) {
        r->at += 2;
        return bytes_put_one(r, (uint8_t)letter_value(c));
    }
    if (c >= '0' && c <= '7')
        return read_octal(r);
    if (c == 'x')
        return read_hex(r, source);
    if (c == 'u' || c == 'U')
        return read_character(r, c == 'u' ? 4 : 8);
    if (c == '\n' || (c == '\r' && bytes_peek(r, 2) == '\n')) {
        r->at += c == '\n' ? 2 : 3;
        return true;
    }
    return bytes_blame(
        r, r->at,
        "a backslash before %s is no escape; write \\\\ for a backslash, or \\xHH for "
        "a byte by its number",
        bytes_name(r, r->at + 1, name));
}

bool bytes_escape_read(struct fsk_span text, struct fsk_buf *bytes, struct bytes_fault *fault)
{
    struct bytes_reader r = bytes_reader(text, bytes, fault);
    while (!bytes_at_end(&r)) {
        const char *start = text.p + r.at;
        const char *end = memchr(start, '\\', text.n - r.at);
        size_t plain = end ? (size_t)(end - start) : text.n - r.at;
        if (!bytes_put(&r, start, plain))
            return false;
        r.at += plain;
        if (end && !bytes_escape_one(&r, false))
            return false;
    }
    return true;
}
