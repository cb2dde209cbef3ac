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
