/*
 * words.h - lines, and words between blanks: the grammar of the files in /etc.
 *
 * Lines end with LF, CRLF or the text. Blanks are space, tab, CR, VT and FF.
 */
#ifndef FSK_WORDS_H
#define FSK_WORDS_H

#include "base/span.h"

static inline bool fsk_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* Cut the first line off *text, without its LF; false at the end. */
static inline bool fsk_next_line(struct fsk_span *text, struct fsk_span *line)
{
    const char *lf;

    if (text->n == 0)
        return false;
    lf = memchr(text->p, '\n', text->n);
    *line = fsk_span(text->p, lf ? (size_t)(lf - text->p) : text->n);
    text->p += line->n + (lf ? 1 : 0);
    text->n -= line->n + (lf ? 1 : 0);
    return true;
}

/* Cut the first word off *line, and the blanks before it; false if there is none. */
static inline bool fsk_next_word(struct fsk_span *line, struct fsk_span *word)
{
    size_t begin = 0, end;

    while (begin < line->n && fsk_is_blank(line->p[begin]))
        begin++;
    for (end = begin; end < line->n && !fsk_is_blank(line->p[end]);)
        end++;
    if (begin == end)
        return false;
    *word = fsk_span(line->p + begin, end - begin);
    *line = fsk_span(line->p + end, line->n - end);
    return true;
}

#endif
