#include "base/mask.h"

#include <string.h>

#include "base/span.h"

enum kind { PLAIN, SECRET, DIALOG };

/* What a word of a line, the first or behind a tag, says of the rest of it. */
static enum kind kind_of(const struct fsk_mask *m)
{
    static const struct {
        const char *word;
        enum kind kind;
        bool tagged; /* it may be the second word, too */
    } words[] = {
        {"authorization:",       SECRET, false},
        {"proxy-authorization:", SECRET, false},
        {"cookie:",              SECRET, false},
        {"set-cookie:",          SECRET, false},
        {"pass",                 SECRET, false},
        {"apop",                 SECRET, false},
        {"auth",                 DIALOG, false},
        {"login",                SECRET, true },
        {"authenticate",         DIALOG, true },
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (m->n == strlen(words[i].word) && memcmp(m->word, words[i].word, m->n) == 0 &&
            (m->words == 0 || (m->words == 1 && words[i].tagged)))
            return words[i].kind;
    return PLAIN;
}

static void end_word(struct fsk_mask *m)
{
    enum kind kind = kind_of(m);
    m->secret = kind != PLAIN;
    if (kind == DIALOG)
        m->lines = 2;
    if (m->n && m->words < 2)
        m->words++;
    m->n = 0;
}

static void end_line(struct fsk_mask *m)
{
    bool whole = m->lines && m->words == 0 && m->secret;
    uint8_t lines = (uint8_t)(m->lines - whole);
    *m = (struct fsk_mask){.lines = lines, .secret = lines > 0};
}

/* A field's name ends with its colon, even if no blank follows. */
static void add_to_word(struct fsk_mask *m, char c)
{
    if (m->n < FSK_MASK_WORD)
        m->word[m->n] = fsk_lower(c);
    if (m->n <= FSK_MASK_WORD)
        m->n++;
    if (c == ':' && m->words == 0 && m->n <= FSK_MASK_WORD && kind_of(m) != PLAIN)
        end_word(m);
}

void fsk_mask(struct fsk_mask *m, char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] == '\n')
            end_line(m);
        else if (p[i] == '\r')
            continue;
        else if (m->secret && p[i] != ' ')
            p[i] = '*';
        else if (m->secret)
            continue; /* the blanks between */
        else if (p[i] == ' ' || p[i] == '\t')
            end_word(m);
        else
            add_to_word(m, p[i]);
    }
}
