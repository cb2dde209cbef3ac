#include "quote.h"

#include <stdio.h>

#include "utf8.h"

enum { ESCAPE = 4, END = 5 }; /* lengths of \xXX, and of ...' with its NUL */

/* The length of the printable character at p, of n > 0 bytes; 0 if there is none. */
static size_t printable(const unsigned char *p, size_t n)
{
    if (p[0] < 0x80)
        return p[0] >= ' ' && p[0] != 0x7f;
    size_t len = utf8_len(p, n);
    return utf8_steers(p, len) ? 0 : len;
}

const char *quote(struct fsk_span bytes, char *text, size_t cap)
{
    const unsigned char *p = (const unsigned char *)bytes.p;
    size_t at = 0, i = 0;
    text[at++] = '\'';
    while (i < bytes.n) {
        size_t len = printable(p + i, bytes.n - i), room = len ? len : ESCAPE;
        if (room + END > cap - at)
            break;
        if (len)
            memcpy(text + at, p + i, len);
        else
            snprintf(text + at, ESCAPE + 1, "\\x%02x", p[i]);
        at += room;
        i += len ? len : 1;
    }
    snprintf(text + at, cap - at, i < bytes.n ? "...'" : "'");
    return text;
}
