/*
 * span.h - bytes that somebody else owns: a pointer and a length.
 *
 * A span is passed by value and never freed. Its bytes need not end in NUL and may hold NUL.
 * An empty span may have a NULL pointer. Uses nothing but libc.
 */
#ifndef FSK_SPAN_H
#define FSK_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct fsk_span {
    const char *p;
    size_t n;
};

/* The span of a string literal. */
#define FSK_SPAN(literal) ((struct fsk_span){(literal), sizeof(literal) - 1})

static inline struct fsk_span fsk_span(const char *p, size_t n)
{
    return (struct fsk_span){p, n};
}

/* The span of a NUL-terminated string; NULL gives the empty span. */
static inline struct fsk_span fsk_span_str(const char *s)
{
    return (struct fsk_span){s, s ? strlen(s) : 0};
}

static inline bool fsk_span_eq(struct fsk_span a, struct fsk_span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* A copy as a C string in `room`, cut off where it is full. Returns room. */
static inline const char *fsk_span_text(struct fsk_span s, char *room, size_t size)
{
    size_t n = s.n < size ? s.n : size - 1;
    if (n)
        memcpy(room, s.p, n);
    room[n] = '\0';
    return room;
}

/* ASCII only, whatever the locale. */
static inline char fsk_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static inline bool fsk_span_caseeq(struct fsk_span a, struct fsk_span b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (a.p[i] != b.p[i] && fsk_lower(a.p[i]) != fsk_lower(b.p[i]))
            return false;
    return true;
}

/* Whether none of eight bytes is below `low` (128 at most), or DEL. */
static inline bool fsk_span_clean_word(const char *p, unsigned char low)
{
    const uint64_t each = UINT64_C(0x0101010101010101), high = 0x80 * each;
    uint64_t word, del;
    memcpy(&word, p, sizeof word);
    del = word ^ 0x7f * each;
    return !((((word - low * each) & ~word) | ((del - each) & ~del)) & high);
}

/* The offset of the first byte that is below `low` (128 at most), or DEL; s.n if there is none. */
static inline size_t fsk_span_clean(struct fsk_span s, unsigned char low)
{
    size_t i = 0;
    while (s.n - i >= 8 && fsk_span_clean_word(s.p + i, low))
        i += 8;
    if (i && s.n - i < 8 && fsk_span_clean_word(s.p + s.n - 8, low))
        return s.n;
    while (i < s.n && (unsigned char)s.p[i] >= low && s.p[i] != 0x7f)
        i++;
    return i;
}

/* Without the spaces and tabs at both ends (HTTP's OWS, RFC 9110 5.6.3). */
static inline struct fsk_span fsk_span_trim(struct fsk_span s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
        s.p++, s.n--;
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

#endif
