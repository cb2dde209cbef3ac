#include "errno_lookup.h"

#include "base/digits.h"
#include "errno_article.h"
#include "option.h"

#define PHP FSK_SPAN("SOCKET_")

/* Where a word is found in a code. */
enum place { NOWHERE, IN_EXPLANATION, IN_TEXT, IN_NAME };

static void put(struct errno_hits *hits, const struct errno_kind *kind,
                const struct errno_code *code)
{
    for (size_t i = 0; i < hits->n; i++)
        if (hits->hit[i].code == code)
            return;
    if (hits->n < ERRNO_HITS_MAX)
        hits->hit[hits->n++] = (struct errno_hit){kind, code};
}

void errno_list(struct errno_hits *hits, const struct errno_kind *kind)
{
    for (size_t i = 0; i < kind->n; i++)
        put(hits, kind, &kind->code[i]);
}

const struct errno_kind *errno_kind_named(struct fsk_span name)
{
    for (size_t i = 0; i < ERRNO_KINDS; i++)
        if (fsk_span_caseeq(name, fsk_span_str(errno_kinds[i]->name)))
            return errno_kinds[i];
    return NULL;
}

bool errno_number(struct fsk_span word, int *number)
{
    uint64_t value;
    bool negative = word.n && word.p[0] == '-';
    size_t sign = negative;
    if (!fsk_decimal_parse(fsk_span(word.n ? word.p + sign : NULL, word.n - sign), 999999999,
                           &value))
        return false;
    *number = negative ? -(int)value : (int)value;
    return true;
}

/* ---- By number and name ---------------------------------------------------------------------- */

static bool put_number(struct errno_hits *hits, const struct errno_kind *kind, int number)
{
    bool found = false;
    for (size_t i = 0; i < kind->n; i++)
        if (kind->code[i].number == number) {
            put(hits, kind, &kind->code[i]);
            found = true;
        }
    return found;
}

/* A number without a kind is an errno; one that is none may be of any kind. */
static enum errno_found look_up_number(struct errno_hits *hits, const struct errno_kind *only,
                                       int number, bool all)
{
    if (only)
        return put_number(hits, only, number) ? ERRNO_FOUND : ERRNO_NOTHING;
    bool found = put_number(hits, &errno_kind_errno, number);
    bool others = false;
    for (size_t i = 0; i < ERRNO_KINDS && (all || !found); i++)
        if (errno_kinds[i] != &errno_kind_errno)
            others |= put_number(hits, errno_kinds[i], number);
    return found || others ? ERRNO_FOUND : ERRNO_NOTHING;
}

static bool is_name(struct fsk_span word, const char *name, bool any_case)
{
    struct fsk_span s = fsk_span_str(name);
    return s.n && (any_case ? fsk_span_caseeq(word, s) : fsk_span_eq(word, s));
}

/* Ordinary words, as "timeout", are names in their kind alone; elsewhere they are searched for. */
static bool has_capitals(const char *name)
{
    return name && name[0] >= 'A' && name[0] <= 'Z';
}

static bool put_name(struct errno_hits *hits, const struct errno_kind *kind, struct fsk_span word,
                     bool in_kind)
{
    bool any_case = in_kind || kind == &errno_kind_errno;
    bool found = false;
    if (kind == &errno_kind_errno && word.n > PHP.n &&
        fsk_span_caseeq(fsk_span(word.p, PHP.n), PHP))
        word = fsk_span(word.p + PHP.n, word.n - PHP.n);
    for (size_t i = 0; i < kind->n; i++) {
        const struct errno_code *c = &kind->code[i];
        if (((in_kind || has_capitals(c->name)) && is_name(word, c->name, any_case)) ||
            is_name(word, c->alias, any_case)) {
            put(hits, kind, c);
            found = true;
        }
    }
    return found;
}

/* What stands behind "http:"; or any word, if there is but one kind. */
static enum errno_found look_up_in(struct errno_hits *hits, const struct errno_kind *kind,
                                   struct fsk_span word)
{
    int number;
    if (errno_number(word, &number))
        return look_up_number(hits, kind, number, false);
    return put_name(hits, kind, word, true) || errno_search(hits, &word, 1, kind) ? ERRNO_FOUND
                                                                                  : ERRNO_NOTHING;
}

enum errno_found errno_look_up(struct errno_hits *hits, struct fsk_span word,
                               const struct errno_kind *only, bool all)
{
    int number;
    const char *colon = word.n ? memchr(word.p, ':', word.n) : NULL;
    const struct errno_kind *kind =
        colon ? errno_kind_named(fsk_span(word.p, (size_t)(colon - word.p))) : NULL;
    if (kind) {
        size_t front = (size_t)(colon - word.p) + 1;
        return look_up_in(hits, kind, fsk_span(colon + 1, word.n - front));
    }
    if (errno_number(word, &number))
        return look_up_number(hits, only, number, all);
    bool found = false;
    for (size_t i = 0; i < ERRNO_KINDS; i++)
        if (!only || errno_kinds[i] == only)
            found |= put_name(hits, errno_kinds[i], word, only != NULL);
    return found ? ERRNO_FOUND : word.n ? ERRNO_A_WORD : ERRNO_NOTHING;
}

/* ---- By words -------------------------------------------------------------------------------- */

static bool contains(const char *text, struct fsk_span word)
{
    struct fsk_span s = fsk_span_str(text);
    for (size_t i = 0; i + word.n <= s.n; i++)
        if (fsk_span_caseeq(fsk_span(s.p + i, word.n), word))
            return true;
    return false;
}

static bool is_explained_by(const struct errno_kind *kind, const struct errno_code *code,
                            struct fsk_span word)
{
    const struct fsock_explanation *e;
    unsigned stages;
    for (size_t i = 0; (e = errno_code_says(kind, code, i, &stages)) != NULL; i++)
        if (contains(e->cause, word) || contains(e->remedy, word))
            return true;
    const char *class = errno_code_class(kind, code);
    return class && contains(class, word);
}

static enum place place_of(const struct errno_kind *kind, const struct errno_code *code,
                           struct fsk_span word)
{
    if (contains(code->name, word) || contains(code->alias, word))
        return IN_NAME;
    if (contains(errno_code_text(kind, code), word))
        return IN_TEXT;
    if (kind == &errno_kind_errno && (contains(errno_article_text(1, code->number), word) ||
                                      contains(errno_article_text(2, code->number), word)))
        return IN_EXPLANATION;
    return is_explained_by(kind, code, word) ? IN_EXPLANATION : NOWHERE;
}

/* People say "timeout" where texts say "timed out". */
static enum place place_of_either(const struct errno_kind *kind, const struct errno_code *code,
                                  struct fsk_span word)
{
    enum place place = place_of(kind, code, word);
    if (!fsk_span_caseeq(word, FSK_SPAN("timeout")))
        return place;
    enum place other = place_of(kind, code, FSK_SPAN("timed out"));
    return other > place ? other : place;
}

/* The worst place of any of the words: so those come first that have them all in their names. */
static enum place place_of_all(const struct errno_kind *kind, const struct errno_code *code,
                               const struct fsk_span *words, size_t n)
{
    enum place worst = IN_NAME;
    for (size_t i = 0; i < n; i++) {
        enum place place = place_of_either(kind, code, words[i]);
        worst = place < worst ? place : worst;
    }
    return worst;
}

bool errno_search(struct errno_hits *hits, const struct fsk_span *words, size_t n,
                  const struct errno_kind *only)
{
    struct errno_hits found = {.n = 0};
    unsigned char place[ERRNO_HITS_MAX];
    for (size_t i = 0; i < ERRNO_KINDS; i++) {
        const struct errno_kind *kind = errno_kinds[i];
        for (size_t k = 0; (!only || kind == only) && k < kind->n && found.n < ERRNO_HITS_MAX;
             k++) {
            place[found.n] = (unsigned char)place_of_all(kind, &kind->code[k], words, n);
            if (place[found.n] != NOWHERE)
                found.hit[found.n++] = (struct errno_hit){kind, &kind->code[k]};
        }
    }
    for (unsigned best = IN_NAME; best > NOWHERE; best--)
        for (size_t i = 0; i < found.n; i++)
            if (place[i] == best)
                put(hits, found.hit[i].kind, found.hit[i].code);
    return found.n > 0;
}

/* ---- What was meant -------------------------------------------------------------------------- */

/* In capitals, which most names have; "" if it is too long for one. */
static size_t capitals(struct fsk_span word, char *text, size_t cap)
{
    if (word.n >= cap)
        return 0;
    for (size_t i = 0; i < word.n; i++)
        text[i] =
            word.p[i] >= 'a' && word.p[i] <= 'z' ? (char)(word.p[i] - ('a' - 'A')) : word.p[i];
    return word.n;
}

const char *errno_nearest(struct fsk_span word)
{
    char text[64];
    size_t n = capitals(word, text, sizeof text);
    for (size_t i = 0; n && i < ERRNO_KINDS; i++) {
        const char *names[ERRNO_HITS_MAX];
        size_t count = 0;
        for (size_t k = 0; k < errno_kinds[i]->n && count + 1 < ERRNO_HITS_MAX; k++) {
            const struct errno_code *c = &errno_kinds[i]->code[k];
            if (c->name[0])
                names[count++] = c->name;
            if (c->alias)
                names[count++] = c->alias;
        }
        const char *near = option_nearest(text, n, names, count);
        if (!near)
            near = option_nearest(word.p, word.n, names, count);
        if (near)
            return near;
    }
    return NULL;
}
