#include "ebcdic.h"

#include <iconv.h>

/* iconv's name of a page; NULL: there is no such page. */
static const char *name_of(struct fsk_span page)
{
    static const char *const names[] = {"IBM037", "IBM500", "IBM1047"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (fsk_span_eq(page, fsk_span_str(names[i] + 3)))
            return names[i];
    return NULL;
}

/* Have all 256 bytes converted, one by one. */
static bool convert_all(const char *name, uint8_t latin1[256])
{
    iconv_t cd = iconv_open("ISO-8859-1", name);
    if (cd == (iconv_t)-1)
        return false;
    bool good = true;
    for (unsigned byte = 0; byte < 256 && good; byte++) {
        char in = (char)byte, out = 0, *from = &in, *to = &out;
        size_t from_n = 1, to_n = 1;
        good = iconv(cd, &from, &from_n, &to, &to_n) == 0 && from_n == 0 && to_n == 0;
        latin1[byte] = (uint8_t)out;
    }
    iconv_close(cd);
    return good;
}

const char *ebcdic_init(struct ebcdic *e, struct fsk_span page)
{
    bool seen[256] = {false};
    const char *name = name_of(page);
    if (!name)
        return "the EBCDIC code pages are 037, 500 and 1047";
    if (!convert_all(name, e->latin1))
        return "this system's iconv doesn't know the EBCDIC code pages; install its modules (of "
               "the C library, in /usr/lib/.../gconv)";
    for (unsigned byte = 0; byte < 256; byte++) {
        if (seen[e->latin1[byte]])
            return "this system's iconv maps two bytes of this EBCDIC code page to one character";
        seen[e->latin1[byte]] = true;
        e->ebcdic[e->latin1[byte]] = (uint8_t)byte;
    }
    return NULL;
}

static void map(const uint8_t table[256], uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = table[p[i]];
}

void ebcdic_to_latin1(const struct ebcdic *e, void *bytes, size_t n)
{
    map(e->latin1, bytes, n);
}

void ebcdic_from_latin1(const struct ebcdic *e, void *bytes, size_t n)
{
    map(e->ebcdic, bytes, n);
}

bool ebcdic_read(const struct ebcdic *e, struct fsk_span text, struct fsk_buf *bytes,
                 struct bytes_fault *fault)
{
    struct bytes_reader r = bytes_reader(text, bytes, fault);
    while (!bytes_at_end(&r)) {
        unsigned c = (unsigned char)bytes_peek(&r, 0), next = (unsigned char)bytes_peek(&r, 1);
        bool two = (c == 0xc2 || c == 0xc3) && (next & 0xc0) == 0x80;
        if (c >= 0x80 && !two)
            return bytes_blame(&r, r.at,
                               "EBCDIC has no such character: it has those of Latin-1 "
                               "(up to U+00FF), which the text gives as UTF-8");
        if (two)
            c = (c & 3) << 6 | (next & 0x3f);
        if (!bytes_put_one(&r, e->ebcdic[c]))
            return false;
        r.at += two ? 2 : 1;
    }
    return true;
}
