/*
 * utf8.h - is it UTF-8? (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF)
 */
#ifndef FSOCK_CLI_UTF8_H
#define FSOCK_CLI_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The length of the character of two bytes or more at p, of n > 0 bytes; 0 if there is none. */
static inline size_t utf8_len(const unsigned char *p, size_t n)
{
    size_t len = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
    if (!len || len > n)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return len;
}

/*
 * Does this character of `len` bytes, from two on, steer what shows it, instead of being shown? The
 * control characters C1, ends of lines (U+2028, U+2029), and what turns the direction of text
 * around (U+202A to U+202E, U+2066 to U+2069), also that of the words of ours behind it.
 */
static inline bool utf8_steers(const unsigned char *p, size_t len)
{
    if (len == 2)
        return p[0] == 0xc2 && p[1] < 0xa0;
    if (len != 3 || p[0] != 0xe2)
        return false;
    return (p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae) ||
           (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9);
}

#endif
