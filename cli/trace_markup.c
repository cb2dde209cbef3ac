#include "trace_markup.h"

#include <math.h>
#include <stdio.h>

#include "utf8.h"

static const char *reference(unsigned char c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* U+FFFE and U+FFFF, which no XML may hold. */
static bool is_no_character(const unsigned char *p, size_t len)
{
    return len == 3 && p[0] == 0xef && p[1] == 0xbf && p[2] >= 0xbe;
}

/* How many of n > 0 bytes are the first character; 0: it can't be shown as it is. */
static size_t character(const unsigned char *p, size_t n)
{
    if (p[0] < 0x80)
        return p[0] >= 0x20 && p[0] != 0x7f;
    size_t len = utf8_len(p, n);
    return len && !utf8_steers(p, len) && !is_no_character(p, len) ? len : 0;
}

static void put_code(struct out *o, unsigned char c)
{
    OUT_LITERAL(o, "\\x");
    out_hex(o, &c, 1);
}

/* The first character of n > 0 bytes; its length. */
static size_t put_character(struct out *o, const unsigned char *p, size_t n)
{
    size_t len = character(p, n);
    const char *special = len == 1 ? reference(*p) : NULL;
    if (!len)
        put_code(o, *p);
    else if (special)
        out_str(o, special);
    else
        out_bytes(o, p, len);
    return len ? len : 1;
}

void markup_text(struct out *o, struct fsk_span s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    for (size_t i = 0; i < s.n;)
        i += put_character(o, p + i, s.n - i);
}

void markup_lines(struct out *o, struct fsk_span s)
{
    while (s.n) {
        const char *end = memchr(s.p, '\n', s.n);
        size_t n = end ? (size_t)(end - s.p) : s.n;
        markup_text(o, fsk_span(s.p, n && s.p[n - 1] == '\r' ? n - 1 : n));
        n += end != NULL;
        s = fsk_span(s.p + n, s.n - n);
        if (end)
            out_char(o, '\n');
    }
}

/* Where the next character begins. */
static size_t after(struct fsk_span s, size_t at)
{
    size_t len = character((const unsigned char *)s.p + at, s.n - at);
    return at + (len ? len : 1);
}

void markup_short(struct out *o, struct fsk_span s, size_t most)
{
    size_t characters = 0, head = 0, tail = 0;
    for (size_t i = 0; i < s.n; i = after(s, i))
        characters++;
    if (characters <= most) {
        markup_text(o, s);
        return;
    }
    size_t kept = (most - 1) / 2;
    for (size_t i = 0; i < most - 1 - kept; i++)
        head = after(s, head);
    for (size_t i = 0; i < characters - kept; i++)
        tail = after(s, tail);
    markup_text(o, fsk_span(s.p, head));
    OUT_LITERAL(o, "\xe2\x80\xa6");
    markup_text(o, fsk_span(s.p + tail, s.n - tail));
}

void markup_decimal(struct out *o, double v, int decimals)
{
    char text[64];
    size_t n = (size_t)snprintf(text, sizeof text, "%.*f", decimals, isfinite(v) ? v : 0.0);
    n = n < sizeof text ? n : sizeof text - 1;
    if (memchr(text, '.', n)) {
        while (text[n - 1] == '0')
            n--;
        n -= text[n - 1] == '.';
    }
    out_bytes(o, text, n);
}

void markup_number(struct out *o, uint64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            out_char(o, ',');
        out_char(o, digits[i]);
    }
}

void markup_count(struct out *o, uint64_t n, const char *one, const char *many)
{
    markup_number(o, n);
    out_char(o, ' ');
    out_str(o, one);
    if (n != 1)
        out_str(o, many);
}
