#include "base/mask.h"

#include <string.h>

#include "base/span.h"

enum kind {
    PLAIN,
    SECRET, /* up to the end of the line */
    FIELD,  /* ... and of those that it is folded into */
    DIALOG  /* ... and the two lines that follow */
};

enum { FIRST = 1, SECOND = 2, THIRD = 4 };

/* What a word of a line says of the rest of it, at these places in the line. */
static enum kind kind_of(const struct fsk_mask *m)
{
    static const struct {
        const char *word;
        enum kind kind;
        unsigned places;
    } words[] = {
        {"authorization:",       FIELD,  FIRST         },
        {"proxy-authorization:", FIELD,  FIRST         },
        {"cookie:",              FIELD,  FIRST         },
        {"set-cookie:",          FIELD,  FIRST         },
        {"pass",                 SECRET, FIRST         },
        {"apop",                 SECRET, FIRST         },
        {"authinfo",             SECRET, FIRST         },
        {"login",                SECRET, FIRST | SECOND},
        {"authenticate",         DIALOG, FIRST | SECOND},
        {"auth",                 DIALOG, FIRST | THIRD }, /* "HELLO 3 AUTH user password" */
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (m->n == strlen(words[i].word) && memcmp(m->word, words[i].word, m->n) == 0 &&
            words[i].places & 1u << m->words)
            return words[i].kind;
    return PLAIN;
}

static void end_word(struct fsk_mask *m)
{
    enum kind kind = kind_of(m);
    m->kind = (uint8_t)kind;
    m->folds = kind == FIELD;
    if (kind == DIALOG)
        m->lines = 2;
    if (m->n && m->words < 3)
        m->words++;
    m->n = 0;
}

/* A length of Redis' ("$8") and a literal of IMAP's ("{8}") stand for a line that is to come. */
static void end_line(struct fsk_mask *m)
{
    if (m->kind == PLAIN)
        end_word(m);
    bool whole = m->lines && m->words == 0;
    uint8_t lines = (uint8_t)(m->lines - (whole && m->first != '$'));
    if (m->kind == SECRET && m->last == '}' && lines == 0)
        lines = 1;
    *m = (struct fsk_mask){.lines = lines, .kind = lines ? SECRET : PLAIN, .folds = m->folds};
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

/* What the byte becomes, which is none of a line's end. */
static char take(struct fsk_mask *m, char c)
{
    bool blank = c == ' ' || c == '\t';
    if (!m->begun && m->folds)
        m->kind = blank ? FIELD : m->kind;
    if (!m->begun)
        m->folds = m->folds && blank;
    m->begun = true;
    if (m->kind == PLAIN && blank)
        end_word(m);
    else if (m->kind == PLAIN)
        add_to_word(m, c);
    else if (!blank) {
        m->first = m->first ? m->first : c;
        m->last = c;
        return '*';
    }
    return c;
}

void fsk_mask(struct fsk_mask *m, char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] == '\n')
            end_line(m);
        else if (p[i] != '\r')
            p[i] = take(m, p[i]);
}
