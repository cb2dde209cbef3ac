#include "wire/idn.h"

#include <idn2.h>

bool fsk_idn_needed(struct fsk_span name)
{
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] >= 0x80)
            return true;
    return false;
}

static size_t copy(struct fsk_span s, char *out, size_t cap, const char **why)
{
    if (s.n >= cap) {
        *why = "the name is too long";
        return 0;
    }
    if (s.n == 0)
        *why = "the name is empty";
    else
        memcpy(out, s.p, s.n);
    out[s.n] = '\0';
    return s.n;
}

size_t fsk_idn_to_ascii(struct fsk_span name, char *out, size_t cap, const char **why)
{
    char text[1024], *ascii = NULL;
    if (!fsk_idn_needed(name))
        return copy(name, out, cap, why);
    if (name.n >= sizeof text || memchr(name.p, '\0', name.n)) {
        *why = "the name is too long, or holds a NUL";
        return 0;
    }
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    int r = idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (r != IDN2_OK) {
        *why = idn2_strerror(r);
        return 0;
    }
    size_t n = copy(fsk_span_str(ascii), out, cap, why);
    idn2_free(ascii);
    return n;
}
