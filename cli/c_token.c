#include "c_token.h"

#include "base/digits.h"
#include "bytes_escape.h"

static bool is_letter(char c)
{
    char lower = fsk_lower(c);
    return (lower >= 'a' && lower <= 'z') || c == '_' || c == '$';
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* How long a backslash with its line end is, `ahead` bytes on; 0: there is none. */
static size_t continuation(const struct bytes_reader *r, size_t ahead)
{
    if (bytes_peek(r, ahead) != '\\')
        return 0;
    if (bytes_peek(r, ahead + 1) == '\n')
        return 2;
    return bytes_peek(r, ahead + 1) == '\r' && bytes_peek(r, ahead + 2) == '\n' ? 3 : 0;
}

/* Up to the line's end, which is left; a backslash there makes the next line part of this one. */
static void skip_line(struct bytes_reader *r)
{
    while (!bytes_at_end(r) && bytes_peek(r, 0) != '\n') {
        size_t n = continuation(r, 0);
        r->at += n ? n : 1;
    }
}

static bool skip_comment(struct bytes_reader *r)
{
    size_t start = r->at;
    for (r->at += 2; !bytes_at_end(r); r->at++)
        if (bytes_peek(r, 0) == '*' && bytes_peek(r, 1) == '/') {
            r->at += 2;
            return true;
        }
    return bytes_blame(r, start, "this comment has no end; */ is lost");
}

/* Does nothing but blanks stand between the line's beginning and the reader's place? */
static bool first_in_line(const struct bytes_reader *r)
{
    size_t at = r->at;
    while (at && is_space(r->text.p[at - 1]) && r->text.p[at - 1] != '\n')
        at--;
    return !at || r->text.p[at - 1] == '\n';
}

static bool skip_blanks(struct bytes_reader *r)
{
    while (!bytes_at_end(r)) {
        char c = bytes_peek(r, 0);
        if (is_space(c))
            r->at++;
        else if (continuation(r, 0))
            r->at += continuation(r, 0);
        else if (c == '/' && bytes_peek(r, 1) == '*') {
            if (!skip_comment(r))
                return false;
        } else if ((c == '/' && bytes_peek(r, 1) == '/') || (c == '#' && first_in_line(r)))
            skip_line(r);
        else
            break;
    }
    return true;
}

/* How long the prefix of a literal is: u8, L, u, U. */
static size_t prefix(const struct bytes_reader *r)
{
    char c = bytes_peek(r, 0);
    size_t n = c == 'u' && bytes_peek(r, 1) == '8' ? 2 : c == 'u' || c == 'U' || c == 'L';
    return bytes_peek(r, n) == '"' || bytes_peek(r, n) == '\'' ? n : 0;
}

/* Pass a literal with its quotes. */
static bool skip_literal(struct bytes_reader *r)
{
    size_t start = r->at;
    char quote = bytes_peek(r, 0);
    for (r->at++; !bytes_at_end(r) && bytes_peek(r, 0) != '\n'; r->at++) {
        if (bytes_peek(r, 0) == quote) {
            r->at++;
            return true;
        }
        size_t n = continuation(r, 0);
        if (n)
            r->at += n - 1;
        else if (bytes_peek(r, 0) == '\\' && r->text.n - r->at > 1)
            r->at++;
    }
    return bytes_blame(r, start,
                       "the literal that begins here has no end in its line; a %s is lost",
                       quote == '"' ? "\"" : "'");
}

/* Words and numbers; a number may have letters and points. */
static void skip_word(struct bytes_reader *r, bool number)
{
    while (is_letter(bytes_peek(r, 0)) || fsk_is_digit(bytes_peek(r, 0)) ||
           (number && bytes_peek(r, 0) == '.'))
        r->at++;
}

static void take_mark(struct bytes_reader *r, struct c_token *t)
{
    t->kind = C_MARK;
    t->mark = bytes_peek(r, 0);
    r->at++;
    if (t->mark && strchr("=<>!+-*/%&|^", t->mark) && bytes_peek(r, 0) == '=') {
        t->mark = '?';
        r->at++;
    }
}

bool c_token_next(struct c_lexer *lexer, struct c_token *t)
{
    struct bytes_reader *r = lexer->r;
    *t = (struct c_token){0};
    if (!skip_blanks(r))
        return false;
    t->at = r->at;
    size_t front = prefix(r);
    char c = bytes_peek(r, front);
    if (bytes_at_end(r)) {
        t->kind = C_END;
    } else if (c == '"' || c == '\'') {
        t->kind = c == '"' ? C_STRING : C_CHARACTER;
        r->at += front;
        if (!skip_literal(r))
            return false;
    } else if (is_letter(c) || fsk_is_digit(c)) {
        t->kind = fsk_is_digit(c) ? C_NUMBER : C_WORD;
        skip_word(r, t->kind == C_NUMBER);
    } else {
        take_mark(r, t);
    }
    t->text = fsk_span(r->text.p ? r->text.p + t->at : NULL, r->at - t->at);
    return true;
}

/* Digits of the radix, then nothing but u and l. False: it is no such number, or too large. */
static bool number_of(struct fsk_span s, unsigned radix, uint64_t *value)
{
    size_t i = 0;
    *value = 0;
    for (; i < s.n; i++) {
        int digit = fsk_hex_value(s.p[i]);
        if (digit < 0 || (unsigned)digit >= radix)
            break;
        if (*value > (UINT64_MAX - (unsigned)digit) / radix)
            return false;
        *value = *value * radix + (unsigned)digit;
    }
    bool good = i > 0;
    for (size_t suffix = i; i < s.n; i++)
        good = good && i < suffix + 3 && (fsk_lower(s.p[i]) == 'u' || fsk_lower(s.p[i]) == 'l');
    return good;
}

bool c_token_number(struct c_lexer *lexer, const struct c_token *t, uint64_t *value)
{
    struct fsk_span s = t->text;
    char second = s.n > 1 ? fsk_lower(s.p[1]) : '\0';
    unsigned radix = s.p[0] != '0' ? 10 : second == 'x' ? 16 : second == 'b' ? 2 : 8;
    size_t front = radix == 16 || radix == 2 ? 2 : 0;
    if (number_of(fsk_span(s.p + front, s.n - front), radix, value))
        return true;
    return bytes_blame(lexer->r, t->at,
                       "%.*s is no number, or too large a one; write it as 18, "
                       "0x12 or 022",
                       (int)(s.n < 40 ? s.n : 40), s.p);
}

/* A reader of the inside of a literal: what it gives goes where that of the lexer goes. */
static bool enter(struct c_lexer *lexer, const struct c_token *t, struct bytes_reader *inside)
{
    *inside = *lexer->r;
    inside->at = t->at;
    size_t front = prefix(inside);
    if (front == 1)
        return bytes_blame(lexer->r, t->at,
                           "the characters of %.1s literals are more than bytes; "
                           "leave the %.1s out, or write u8",
                           t->text.p, t->text.p);
    inside->at = t->at + front + 1;
    return true;
}

bool c_token_bytes(struct c_lexer *lexer, const struct c_token *t)
{
    struct bytes_reader r;
    size_t end = t->at + t->text.n - 1; /* the quote */
    if (!enter(lexer, t, &r))
        return false;
    size_t before = bytes_given(&r);
    while (r.at < end) {
        if (bytes_peek(&r, 0) == '\\') {
            if (!bytes_escape_one(&r, true))
                return false;
        } else if (!bytes_put_one(&r, (uint8_t)r.text.p[r.at++])) {
            return false;
        }
    }
    size_t n = bytes_given(&r) - before;
    return t->kind == C_STRING || n == 1 ||
           bytes_blame(lexer->r, t->at,
                       "a character constant is one byte, and this one has %zu; "
                       "write a string",
                       n);
}
