#include "talk_script.h"

#include <stdio.h>

#include "option.h"
#include "quote.h"

static const struct word {
    const char *name;
    int what;
    const char *value; /* what it is called; NULL: there is none */
} words[] = {
    {"send",     PIECE_TEXT,    "a text, perhaps with escapes: send QUIT\\r\\n"    },
    {"hex",      PIECE_HEX,     "hex digits: hex 0d 0a"                            },
    {"base64",   PIECE_BASE64,  "base64: base64 DQo="                              },
    {"ebcdic",   PIECE_EBCDIC,  "a text, perhaps with escapes: ebcdic LOGON"       },
    {"file",     PIECE_FILE,    "a file's name"                                    },
    {"c-array",  PIECE_C_ARRAY, "the name of a file of C source: FILE or FILE:NAME"},
    {"stdin",    PIECE_STDIN,   NULL                                               },
    {"delay",    PIECE_DELAY,   "a time like 1.5, 500ms, 10s or 2m"                },
    {"expect",   WORD_EXPECT,   "a text, perhaps with escapes: expect 220"         },
    {"limit",    WORD_LIMIT,    "a time like 1.5, 500ms, 10s or 2m"                },
    {"starttls", WORD_STARTTLS, NULL                                               },
    {"shut",     WORD_SHUT,     NULL                                               },
    {"close",    WORD_CLOSE,    NULL                                               },
};
enum { WORDS = sizeof words / sizeof *words, SHOWN = 64 };

void script_init(struct script *s, char *text, size_t n)
{
    static const char bom[] = {'\xef', '\xbb', '\xbf'};
    size_t skipped = n >= sizeof bom && memcmp(text, bom, sizeof bom) == 0 ? sizeof bom : 0;
    *s = (struct script){.text = text, .at = text + skipped, .end = text + n};
}

/* The next line, without what ends it. */
static struct fsk_span next_line(struct script *s)
{
    size_t left = (size_t)(s->end - s->at);
    char *newline = memchr(s->at, '\n', left);
    struct fsk_span line = {s->at, newline ? (size_t)(newline - s->at) : left};
    s->at = newline ? newline + 1 : s->end;
    s->number++;
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    return fsk_span_trim(line);
}

static enum script_result unknown(struct fsk_span word, char *why, size_t cap)
{
    const char *names[WORDS];
    char shown[SHOWN];
    for (size_t i = 0; i < WORDS; i++)
        names[i] = words[i].name;
    const char *near = option_nearest(word.p, word.n, names, WORDS);
    quote(word, shown, sizeof shown);
    if (near)
        snprintf(why, cap, "unknown word %s; did you mean %s?", shown, near);
    else
        snprintf(why, cap,
                 "unknown word %s; a line begins with send, expect, starttls or another "
                 "word of fsock-talk(1), or with #",
                 shown);
    return SCRIPT_BAD;
}

/* Where a quote like the first byte stands, not behind a backslash, from 1 on; n: nowhere. */
static size_t next_quote(struct fsk_span value)
{
    for (size_t i = 1; i < value.n; i++) {
        if (value.p[i] == value.p[0])
            return i;
        i += value.p[i] == '\\' && i + 1 < value.n;
    }
    return value.n;
}

/* Take the quotes off a value that begins with one. */
static enum script_result unquote(struct fsk_span *value, char *why, size_t cap)
{
    char q = value->n ? value->p[0] : '\0';
    if (q != '"' && q != '\'')
        return SCRIPT_LINE;
    size_t end = next_quote(*value);
    if (end + 1 == value->n) {
        *value = fsk_span(value->p + 1, end - 1);
        return SCRIPT_LINE;
    }
    if (end == value->n)
        snprintf(why, cap,
                 "the quote %c has no end; write another behind the value, or \\%c for "
                 "the character",
                 q, q);
    else
        snprintf(why, cap,
                 "something stands behind the closing quote; write \\%c for a quote "
                 "within quotes",
                 q);
    return SCRIPT_BAD;
}

static const struct word *find_word(struct fsk_span name)
{
    for (size_t i = 0; i < WORDS; i++)
        if (fsk_span_eq(name, fsk_span_str(words[i].name)))
            return &words[i];
    return NULL;
}

/* A line that isn't empty. */
static enum script_result read_line(struct script *s, struct fsk_span text,
                                    struct script_line *line, char *why, size_t cap)
{
    size_t n = 0;
    while (n < text.n && text.p[n] != ' ' && text.p[n] != '\t')
        n++;
    const struct word *word = find_word(fsk_span(text.p, n));
    struct fsk_span value = fsk_span_trim(fsk_span(text.p + n, text.n - n));
    if (!word)
        return unknown(fsk_span(text.p, n), why, cap);
    if (value.n && !word->value)
        snprintf(why, cap, "%s takes no value; write it alone", word->name);
    else if (!value.n && word->value)
        snprintf(why, cap, "%s needs %s", word->name, word->value);
    if (!value.n != !word->value || unquote(&value, why, cap) != SCRIPT_LINE)
        return SCRIPT_BAD;
    if (word->value)
        s->text[(size_t)(value.p - s->text) + value.n] = '\0';
    *line = (struct script_line){word->what, word->name, value};
    return SCRIPT_LINE;
}

enum script_result script_next(struct script *s, struct script_line *line, char *why, size_t cap)
{
    while (s->at < s->end) {
        struct fsk_span text = next_line(s);
        if (text.n && text.p[0] != '#')
            return read_line(s, text, line, why, cap);
    }
    return SCRIPT_END;
}
