#include "netrc.h"

/* With which some editors begin a file of UTF-8. */
static const struct fsk_span MARK = FSK_SPAN("\xef\xbb\xbf");

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip(struct fsk_span *s, size_t n)
{
    *s = fsk_span(s->p + n, s->n - n);
}

/* Up to the next line's start. */
static void skip_line(struct fsk_span *s)
{
    const char *newline = s->n ? memchr(s->p, '\n', s->n) : NULL;
    skip(s, newline ? (size_t)(newline - s->p) + 1 : s->n);
}

static bool is_empty_line(struct fsk_span s)
{
    return s.n && (s.p[0] == '\n' || (s.n > 1 && s.p[0] == '\r' && s.p[1] == '\n'));
}

/* A macro ends with an empty line. */
static void skip_macro(struct fsk_span *s)
{
    do
        skip_line(s);
    while (s->n && !is_empty_line(*s));
}

/* Blanks, and lines of comment; `start` is whether a line begins here. */
static void skip_blanks(struct fsk_span *s, bool start)
{
    while (s->n && (is_blank(s->p[0]) || (start && s->p[0] == '#'))) {
        if (s->p[0] == '#') {
            skip_line(s);
            continue;
        }
        start = s->p[0] == '\n' || (start && s->p[0] != '\n');
        skip(s, 1);
    }
}

static char unescaped(char c)
{
    return c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
}

/* The next word. False: there is none. What is too long is cut, and *cut is set. */
static bool take_word(struct fsk_span *s, bool start, char word[NETRC_WORD], bool *cut)
{
    size_t n = 0;
    skip_blanks(s, start);
    if (!s->n)
        return false;
    bool quoted = s->p[0] == '"';
    skip(s, quoted);
    while (s->n && (quoted ? s->p[0] != '"' : !is_blank(s->p[0]))) {
        bool escaped = quoted && s->p[0] == '\\' && s->n > 1;
        char c = escaped ? unescaped(s->p[1]) : s->p[0];
        skip(s, escaped ? 2 : 1);
        *cut |= n == NETRC_WORD - 1;
        if (n < NETRC_WORD - 1)
            word[n++] = c;
    }
    skip(s, quoted && s->n);
    word[n] = '\0';
    return true;
}

/* What follows "machine" and its host, or "default", up to the next of these. */
static void read_entry(struct fsk_span *s, struct netrc_entry *entry)
{
    char word[NETRC_WORD];
    bool cut = false; /* of a word that is no name of anything */
    for (struct fsk_span at = *s; take_word(&at, false, word, &cut); *s = at) {
        if (strcmp(word, "machine") == 0 || strcmp(word, "default") == 0)
            return;
        if (strcmp(word, "macdef") == 0)
            skip_macro(&at);
        else if (strcmp(word, "login") == 0)
            take_word(&at, false, entry->login, &entry->cut);
        else if (strcmp(word, "password") == 0)
            take_word(&at, false, entry->password, &entry->cut);
    }
    *s = fsk_span(s->p + s->n, 0);
}

bool netrc_next(struct fsk_span text, size_t *pos, struct netrc_entry *entry)
{
    char word[NETRC_WORD];
    struct fsk_span s = fsk_span(text.n ? text.p + *pos : text.p, text.n - *pos);
    bool found = false, cut = false, start = *pos == 0;
    entry->others = entry->cut = false;
    entry->host[0] = entry->login[0] = entry->password[0] = '\0';
    if (start && s.n >= MARK.n && fsk_span_eq(fsk_span(s.p, MARK.n), MARK))
        skip(&s, MARK.n);
    for (; !found && take_word(&s, start, word, &cut); start = false) {
        entry->others = strcmp(word, "default") == 0;
        found = entry->others ||
                (strcmp(word, "machine") == 0 && take_word(&s, false, entry->host, &entry->cut));
        if (strcmp(word, "macdef") == 0)
            skip_macro(&s);
    }
    if (found)
        read_entry(&s, entry);
    *pos = text.n - s.n;
    return found;
}

bool netrc_is_cut(struct fsk_span text, struct netrc_entry *entry)
{
    size_t pos = 0;
    while (netrc_next(text, &pos, entry))
        if (entry->cut)
            return true;
    return false;
}

/* The first entry of those for the host, or of those for all others. */
static bool find(struct fsk_span text, bool others, struct fsk_span host, struct fsk_span user,
                 struct netrc_entry *entry)
{
    size_t pos = 0;
    while (netrc_next(text, &pos, entry)) {
        bool ours = others ? entry->others
                           : !entry->others && fsk_span_caseeq(fsk_span_str(entry->host), host);
        if (ours && (!user.n || fsk_span_eq(fsk_span_str(entry->login), user)))
            return true;
    }
    return false;
}

bool netrc_find(struct fsk_span text, struct fsk_span host, struct fsk_span user,
                struct netrc_entry *entry)
{
    return find(text, false, host, user, entry) || find(text, true, host, user, entry);
}
