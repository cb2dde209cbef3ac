#include "bytes_c.h"

#include "bytes_escape.h"
#include "c_token.h"

enum { NAMES_SHOWN = 200 };

/* An array, as it is declared. */
struct array {
    struct fsk_span name;
    size_t at;         /* the name, or where the values of a nameless one begin */
    size_t values;     /* where they begin */
    unsigned dims;     /* pairs of brackets; 0 of a pointer */
    bool sized, known; /* a size is given; by a number */
    uint64_t size;
    bool wide; /* its elements are more than bytes */
};

/* What has been read of a declaration. */
struct declaration {
    struct array array;
    bool wide; /* by a word of its type */
    bool pointer;
    size_t parens; /* open ones behind the brackets, of attributes */
};

/* ---- Finding arrays -------------------------------------------------------------------------- */

static bool is_sign(struct fsk_span word)
{
    return fsk_span_eq(word, FSK_SPAN("unsigned")) || fsk_span_eq(word, FSK_SPAN("signed"));
}

static bool is_wide(struct fsk_span word)
{
    static const char *const words[] = {
        "short",    "int",      "long",    "float",   "double",  "size_t",   "wchar_t",  "uint16_t",
        "uint32_t", "uint64_t", "int16_t", "int32_t", "int64_t", "char16_t", "char32_t", "u16",
        "u32",      "u64",      "__u16",   "__u32",   "__u64",   "__be16",   "__be32",   "__be64",
        "__le16",   "__le32",   "__le64",  "WORD",    "DWORD",   "QWORD",
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (fsk_span_eq(word, fsk_span_str(words[i])))
            return true;
    return false;
}

/* A word: the name, until brackets have come, and the one that was is the type's. */
static void take_word(struct declaration *d, const struct c_token *t)
{
    if (d->array.dims)
        return;
    d->wide = d->wide || is_wide(d->array.name);
    d->array.wide = d->wide || is_sign(d->array.name);
    d->array.name = t->text;
    d->array.at = t->at;
}

/* Behind a '[': up to the ']', or the end of the source. */
static bool take_brackets(struct c_lexer *lexer, struct declaration *d)
{
    struct c_token t;
    struct array *a = &d->array;
    a->dims++;
    a->sized = a->known = false;
    for (unsigned tokens = 0;; tokens++) {
        if (!c_token_next(lexer, &t))
            return false;
        if (t.kind == C_END || (t.kind == C_MARK && t.mark == ']'))
            return true;
        a->sized = true;
        a->known = !tokens && t.kind == C_NUMBER;
        if (a->known && !c_token_number(lexer, &t, &a->size))
            return false;
    }
}

/* A mark within a declaration; what belongs to none begins the next. */
static bool take_mark(struct c_lexer *lexer, struct declaration *d, const struct c_token *t)
{
    if (d->array.dims && t->mark == '(')
        d->parens++;
    else if (d->parens)
        d->parens -= t->mark == ')';
    else if (t->mark == '[' && d->array.name.n)
        return take_brackets(lexer, d);
    else if (t->mark == '*')
        d->pointer = true;
    else
        *d = (struct declaration){0};
    return true;
}

/* The first token of a source may be a value. */
static bool begins_values(const struct c_token *t)
{
    return t->kind == C_STRING || t->kind == C_CHARACTER || t->kind == C_NUMBER ||
           (t->kind == C_MARK && (t->mark == '{' || t->mark == '-' || t->mark == '+'));
}

/* Behind an '=' : is it that of an array, and are its bytes here? */
static bool begins_array(const struct declaration *d, const struct c_token *t)
{
    bool brace = t->kind == C_MARK && t->mark == '{';
    bool string = t->kind == C_STRING;
    return d->array.name.n && ((d->array.dims && (brace || string)) || (d->pointer && string));
}

/* Behind an '=': if an array begins here, tell it. */
static bool take_equals(struct c_lexer *lexer, struct declaration *d, struct array *a, bool *found)
{
    struct c_token t;
    if (!c_token_next(lexer, &t))
        return false;
    *a = d->array;
    a->values = t.at;
    a->wide = a->wide || (d->pointer && a->dims);
    *found = begins_array(d, &t);
    if (!*found)
        lexer->r->at = t.at;
    *d = (struct declaration){0};
    return true;
}

/* Find the next array, from the lexer's place on. */
static bool next_array(struct c_lexer *lexer, struct array *a, bool *found)
{
    struct declaration d = {0};
    struct c_token t;
    bool first = lexer->r->at == 0;
    for (*found = false; !*found; first = false) {
        if (!c_token_next(lexer, &t))
            return false;
        if (t.kind == C_END)
            return true;
        if (first && begins_values(&t)) {
            *a = (struct array){.at = t.at, .values = t.at};
            lexer->r->at = lexer->r->text.n; /* all of the source is this array */
            *found = true;
        } else if (t.kind == C_WORD) {
            take_word(&d, &t);
        } else if (t.kind == C_MARK) {
            bool equals = t.mark == '=' && !d.parens;
            if (!(equals ? take_equals(lexer, &d, a, found) : take_mark(lexer, &d, &t)))
                return false;
        }
    }
    return true;
}

/* ---- Its bytes ------------------------------------------------------------------------------- */

static bool is_mark(const struct c_token *t, char mark)
{
    return t->kind == C_MARK && t->mark == mark;
}

/* A cast, whose first word is *t; *t becomes the token behind it, or stays if it is none. */
static bool read_cast(struct c_lexer *lexer, struct c_token *t, bool *cast)
{
    struct c_token next = *t;
    while (next.kind == C_WORD)
        if (!c_token_next(lexer, &next))
            return false;
    *cast = is_mark(&next, ')');
    if (*cast && !c_token_next(lexer, &next))
        return false;
    *cast = *cast && next.kind != C_END && (next.kind != C_MARK || strchr("-+(", next.mark));
    if (*cast)
        *t = next;
    return true;
}

/* Casts, parentheses and signs before a value: *t becomes the value's own token. */
static bool read_front(struct c_lexer *lexer, struct c_token *t, bool *negative, size_t *opened)
{
    bool cast;
    *negative = false;
    *opened = 0;
    for (;;) {
        if (is_mark(t, '-'))
            *negative = !*negative;
        else if (is_mark(t, '('))
            ++*opened;
        else if (t->kind == C_WORD && *opened) {
            if (!read_cast(lexer, t, &cast))
                return false;
            if (!cast)
                return true;
            --*opened;
            continue;
        } else if (!is_mark(t, '+'))
            return true;
        if (!c_token_next(lexer, t))
            return false;
    }
}

static bool put_number(struct c_lexer *lexer, const struct c_token *t, bool negative)
{
    uint64_t value;
    if (!c_token_number(lexer, t, &value))
        return false;
    if (value > (negative ? 128 : 255))
        return bytes_blame(lexer->r, t->at,
                           "%s%.*s is no byte; bytes are from -128 to 255: write "
                           "the bytes of a larger number one by one",
                           negative ? "-" : "", (int)(t->text.n < 40 ? t->text.n : 40), t->text.p);
    return bytes_put_one(lexer->r, (uint8_t)(negative ? 0 - value : value));
}

/* What can't be a value: say so. */
static bool no_value(struct c_lexer *lexer, const struct c_token *t)
{
    char name[BYTES_NAME];
    int n = t->text.n < 40 ? (int)t->text.n : 40;
    if (t->kind == C_END)
        return bytes_blame(lexer->r, t->at, "the source ends within the array; is its '}' lost?");
    if (t->kind == C_WORD)
        return bytes_blame(lexer->r, t->at, "%.*s is no number; write its value, from -128 to 255",
                           n, t->text.p);
    if (is_mark(t, '.') || is_mark(t, '['))
        return bytes_blame(lexer->r, t->at,
                           "designators aren't understood; write all values, in "
                           "order");
    return bytes_blame(lexer->r, t->at,
                       "%s is no value; write numbers, characters and strings, "
                       "with commas between them",
                       bytes_name(lexer->r, t->at, name));
}

/* Literals that follow each other are one. */
static bool read_strings(struct c_lexer *lexer, struct c_token *t)
{
    while (t->kind == C_STRING)
        if (!c_token_bytes(lexer, t) || !c_token_next(lexer, t))
            return false;
    return true;
}

/* A value, whose first token is *t; *t becomes the token behind it. */
static bool read_value(struct c_lexer *lexer, struct c_token *t)
{
    bool negative;
    size_t opened;
    if (t->kind == C_STRING)
        return read_strings(lexer, t);
    if (!read_front(lexer, t, &negative, &opened))
        return false;
    if (t->kind != C_NUMBER && (t->kind != C_CHARACTER || negative))
        return no_value(lexer, t);
    if (!(t->kind == C_NUMBER ? put_number(lexer, t, negative) : c_token_bytes(lexer, t)))
        return false;
    do
        if (!c_token_next(lexer, t))
            return false;
    while (opened && is_mark(t, ')') && opened--);
    return !opened || no_value(lexer, t);
}

/* Values with commas between them, in braces or up to ';' or the end. */
static bool read_values(struct c_lexer *lexer)
{
    struct c_token t;
    size_t depth = 0;
    bool due = true; /* a value may come */
    if (!c_token_next(lexer, &t))
        return false;
    for (;;) {
        bool ends = t.kind == C_END || is_mark(&t, ';');
        if (ends && !depth)
            return true;
        if (due && is_mark(&t, '{')) {
            depth++;
        } else if (depth && is_mark(&t, '}')) {
            if (!--depth)
                return true;
            due = false;
        } else if (is_mark(&t, ',') && !due) {
            due = true;
        } else if (due && !ends) {
            if (!read_value(lexer, &t))
                return false;
            due = false;
            continue;
        } else {
            return no_value(lexer, &t);
        }
        if (!c_token_next(lexer, &t))
            return false;
    }
}

/* A string or values; nothing that could belong to them may follow. */
static bool read_initialiser(struct c_lexer *lexer, const struct array *a)
{
    struct c_token t;
    lexer->r->at = a->values;
    if (!c_token_next(lexer, &t))
        return false;
    bool string = t.kind == C_STRING && a->name.n;
    if (!string)
        lexer->r->at = a->values;
    if (!(string ? read_strings(lexer, &t) : read_values(lexer) && c_token_next(lexer, &t)))
        return false;
    if (!a->name.n && is_mark(&t, ';') && !c_token_next(lexer, &t))
        return false;
    return t.kind == C_END || (a->name.n && (is_mark(&t, ';') || is_mark(&t, ','))) ||
           no_value(lexer, &t);
}

static bool read_array(struct c_lexer *lexer, const struct array *a)
{
    struct bytes_reader *r = lexer->r;
    int n = a->name.n < 40 ? (int)a->name.n : 40;
    if (a->wide)
        return bytes_blame(r, a->at,
                           "the elements of %.*s are more than bytes; write its bytes "
                           "one by one, as unsigned char",
                           n, a->name.p);
    if (a->dims > 1)
        return bytes_blame(r, a->at, "%.*s has %u dimensions; write its bytes as one list", n,
                           a->name.p, a->dims);
    if (a->sized && !a->known)
        return bytes_blame(r, a->at,
                           "the size of %.*s is no number; write it as one, or [] for "
                           "as many bytes as there are values",
                           n, a->name.p);
    if (!read_initialiser(lexer, a))
        return false;
    if (!a->sized)
        return true;
    r->at = a->at;
    if (bytes_given(r) > a->size)
        return bytes_blame(r, a->at, "%.*s has %zu values, but a size of %llu; correct the size", n,
                           a->name.p, bytes_given(r), (unsigned long long)a->size);
    if (a->size > r->out->ceiling)
        return bytes_blame(r, a->at, "the size of %.*s is too large: %zu bytes at most", n,
                           a->name.p, r->out->ceiling);
    size_t zeros = (size_t)a->size - bytes_given(r);
    if (!bytes_room(r, zeros))
        return false;
    if (zeros)
        memset(r->out->mem + r->out->end, 0, zeros);
    r->out->end += zeros;
    return true;
}

/* ---- Which one ------------------------------------------------------------------------------- */

/* The arrays of a source. */
struct arrays {
    size_t n, wanted;   /* of all; of the wanted name */
    struct array array; /* the first of those */
    char names[NAMES_SHOWN];
    size_t names_n;
};

static void note_name(struct arrays *all, struct fsk_span name)
{
    static const char more[] = ", ...";
    size_t room = sizeof all->names - sizeof more - all->names_n;
    if (all->names_n == sizeof all->names - 1)
        return;
    if (room < name.n + 2) { /* the last of them that is told */
        memcpy(all->names + all->names_n, more, sizeof more);
        all->names_n = sizeof all->names - 1;
        return;
    }
    if (all->names_n) {
        memcpy(all->names + all->names_n, ", ", 2);
        all->names_n += 2;
    }
    if (name.n)
        memcpy(all->names + all->names_n, name.p, name.n);
    all->names_n += name.n;
    all->names[all->names_n] = '\0';
}

static bool find_arrays(struct c_lexer *lexer, const char *name, struct arrays *all)
{
    struct array a;
    bool found;
    for (;;) {
        if (!next_array(lexer, &a, &found))
            return false;
        if (!found)
            return true;
        all->n++;
        note_name(all, a.name);
        if (name && !fsk_span_eq(a.name, fsk_span_str(name)))
            continue;
        if (!all->wanted++)
            all->array = a;
    }
}

bool bytes_c_read(struct fsk_span source, const char *name, struct fsk_buf *bytes,
                  struct bytes_fault *fault)
{
    struct bytes_reader r = bytes_reader(source, bytes, fault);
    struct c_lexer lexer = {.r = &r};
    struct arrays all = {0};
    if (!find_arrays(&lexer, name, &all))
        return false;
    if (!all.n)
        return bytes_blame(&r, source.n,
                           "there is no array of bytes in this source; one looks "
                           "like unsigned char x[] = { 0x16, 3 };");
    if (!all.wanted)
        return bytes_blame(&r, source.n, "there is no array %.40s in this source, but %s", name,
                           all.names);
    if (all.wanted > 1 && name)
        return bytes_blame(&r, all.array.at,
                           "there are %zu arrays %.40s in this source; remove "
                           "all but one",
                           all.wanted, name);
    if (all.wanted > 1)
        return bytes_blame(&r, all.array.at,
                           "there are %zu arrays in this source; say which one: "
                           "%s",
                           all.wanted, all.names);
    return read_array(&lexer, &all.array);
}
