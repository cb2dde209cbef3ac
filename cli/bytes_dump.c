#include "bytes_dump.h"

#include "base/digits.h"

enum { OD_DIGITS = 7, OFFSET_MAX = 16 };

/* A line that isn't empty. */
struct line {
    size_t start, end;   /* from its first byte that is no blank to behind its last one */
    size_t word, digits; /* its first word, if that is hex digits: where, and how many */
    size_t rest;         /* behind the first word and its colon */
    bool colon;          /* the first word is an offset, by its colon */
    bool apart;          /* a blank or the line's end follows it */
    bool star;           /* a single '*' */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The byte at `at` of a line; a blank behind its end. */
static char byte_at(struct fsk_span text, const struct line *l, size_t at)
{
    return at < l->end ? text.p[at] : ' ';
}

/* How many of the bytes from `at` on are blanks. */
static size_t blanks_at(struct fsk_span text, const struct line *l, size_t at)
{
    size_t n = 0;
    while (at + n < l->end && is_blank(text.p[at + n]))
        n++;
    return n;
}

static size_t digits_at(struct fsk_span text, const struct line *l, size_t at)
{
    size_t n = 0;
    while (at + n < l->end && fsk_hex_value(text.p[at + n]) >= 0)
        n++;
    return n;
}

static struct line line_between(struct fsk_span text, size_t start, size_t end)
{
    struct line l = {.start = start, .end = end};
    l.word = start;
    if (text.p[start] == '0' && fsk_lower(byte_at(text, &l, start + 1)) == 'x')
        l.word += 2;
    l.digits = digits_at(text, &l, l.word);
    l.rest = l.word + l.digits;
    l.colon = l.digits >= 4 && byte_at(text, &l, l.rest) == ':' &&
              is_blank(byte_at(text, &l, l.rest + 1));
    l.rest += l.colon;
    l.apart = l.digits && is_blank(byte_at(text, &l, l.rest));
    l.star = end - start == 1 && text.p[start] == '*';
    return l;
}

/* The next line from *at on, which is moved behind it. False: there is none. */
static bool next_line(struct fsk_span text, size_t *at, struct line *l)
{
    while (*at < text.n) {
        const char *newline = memchr(text.p + *at, '\n', text.n - *at);
        size_t start = *at, end = newline ? (size_t)(newline - text.p) : text.n;
        *at = end + (newline != NULL);
        while (start < end && is_blank(text.p[start]))
            start++;
        while (start < end && is_blank(text.p[end - 1]))
            end--;
        if (start < end) {
            *l = line_between(text, start, end);
            return true;
        }
    }
    return false;
}

/* ---- Is it a dump? --------------------------------------------------------------------------- */

/* What stands behind the first word of a line, if that is an offset. */
struct contents {
    size_t bytes, words;
    bool pairs; /* the bytes stand one by one */
    bool text;  /* and what follows them can't be digits */
};

static struct contents contents_of(struct fsk_span text, const struct line *l)
{
    struct contents c = {.pairs = true};
    size_t at = l->rest;
    for (;;) {
        at += blanks_at(text, l, at);
        size_t n = digits_at(text, l, at);
        if (!n || !is_blank(byte_at(text, l, at + n)))
            break;
        c.bytes += n / 2;
        c.words++;
        c.pairs = c.pairs && n == 2;
        at += n;
    }
    for (; at < l->end && !c.text; at++)
        c.text = fsk_hex_value(text.p[at]) < 0 && !strchr(" \t,:xX\\", text.p[at]);
    return c;
}

/* The offset that the line begins with. False: it has digits of another radix, or too many. */
static bool offset_of(struct fsk_span text, const struct line *l, unsigned radix, uint64_t *value)
{
    if (l->digits > OFFSET_MAX)
        return false;
    *value = 0;
    for (size_t i = 0; i < l->digits; i++) {
        unsigned digit = (unsigned)fsk_hex_value(text.p[l->word + i]);
        if (digit >= radix)
            return false;
        *value = *value * radix + digit;
    }
    return true;
}

/* Is the second line's offset the first one's and as many bytes more as stand between them, which
 * may be words of two bytes in octal? */
static bool follows(struct fsk_span text, const struct line *first, const struct line *second,
                    const struct contents *c)
{
    static const unsigned radix[] = {16, 8, 10};
    uint64_t begin, next;
    if (!second->apart || second->digits < first->digits)
        return false;
    for (size_t i = 0; i < (first->digits == OD_DIGITS ? 3 : 1); i++)
        if (offset_of(text, first, radix[i], &begin) && offset_of(text, second, radix[i], &next) &&
            (next - begin == c->bytes || next - begin == 2 * c->words))
            return true;
    return false;
}

/* The same for a first word without a colon. */
static enum bytes_dump bare_form(struct fsk_span text, const struct line *first, size_t at)
{
    struct line second;
    uint64_t begin;
    struct contents c = contents_of(text, first);
    bool odd = first->digits == OD_DIGITS; /* and so no bytes */
    if (c.text && c.pairs && c.bytes)
        return BYTES_DUMP_BARE;
    if (!c.bytes || !offset_of(text, first, 16, &begin))
        return odd && c.text ? BYTES_DUMP_BARE : BYTES_DUMP_NONE;
    bool zeros = begin == 0 && first->digits >= 6 && c.pairs;
    if (odd && (zeros || !c.pairs))
        return BYTES_DUMP_BARE;
    if (!next_line(text, &at, &second))
        return zeros ? BYTES_DUMP_UNSURE : BYTES_DUMP_NONE;
    if (second.star || follows(text, first, &second, &c))
        return BYTES_DUMP_BARE;
    return zeros && second.apart && second.digits >= first->digits ? BYTES_DUMP_BARE
                                                                   : BYTES_DUMP_NONE;
}

enum bytes_dump bytes_dump_form(struct fsk_span text)
{
    struct line first;
    size_t at = 0;
    if (!next_line(text, &at, &first) || first.digits < 4 || !first.apart)
        return BYTES_DUMP_NONE;
    if (first.colon)
        return BYTES_DUMP_COLON;
    return first.word == first.start ? bare_form(text, &first, at) : BYTES_DUMP_NONE;
}

/* ---- Reading one ----------------------------------------------------------------------------- */

struct dump {
    struct bytes_reader *r;
    enum bytes_dump form;
    bool begun;
    unsigned radix[2]; /* those that fit all offsets so far; 0: doesn't */
    uint64_t begin[2]; /* the first offset, in each of them */
    size_t last;       /* bytes of the line above */
    bool star;         /* there was a '*' since */
    size_t star_at;
};

/* The bytes of a line, as far as they are read. */
struct row {
    size_t bytes, groups;
    size_t group; /* bytes in the first of its groups */
    bool binary;  /* all groups are eight digits, 0 or 1 */
};

static void begin(struct dump *d, const struct line *l)
{
    bool od = d->form == BYTES_DUMP_BARE && l->digits == OD_DIGITS;
    d->radix[0] = od ? 8 : 16;
    d->radix[1] = od ? 10 : 0;
    d->begun = true;
    for (int i = 0; i < 2; i++)
        if (d->radix[i] && !offset_of(d->r->text, l, d->radix[i], &d->begin[i]))
            d->radix[i] = 0;
}

/* Put out the line above until there are `total` bytes. */
static bool repeat(struct dump *d, const struct line *l, uint64_t total)
{
    struct bytes_reader *r = d->r;
    uint64_t more = total - bytes_given(r);
    if (!d->last || more % d->last)
        return bytes_blame(r, l->start,
                           "the * above stands for %llu bytes by this offset, which "
                           "are no repetitions of the %zu above it; correct the "
                           "offset",
                           (unsigned long long)more, d->last);
    if (more > r->out->ceiling || !bytes_room(r, (size_t)more))
        return bytes_blame(r, l->start,
                           "by this offset the * above stands for %llu bytes, which "
                           "are too many (%zu at most)",
                           (unsigned long long)more, r->out->ceiling);
    for (; more; more -= d->last)
        if (!bytes_put(r, r->out->mem + r->out->end - d->last, d->last))
            return false;
    return true;
}

/* Hold the offset against the bytes before it; put out what a '*' stands for. */
static bool check_offset(struct dump *d, const struct line *l)
{
    struct bytes_reader *r = d->r;
    uint64_t value = 0, total = 0;
    unsigned fit = 0;
    bool same = true;
    if (!d->begun)
        begin(d, l);
    for (int i = 0; i < 2; i++) {
        bool good = d->radix[i] && offset_of(r->text, l, d->radix[i], &value) &&
                    (d->star ? value - d->begin[i] >= bytes_given(r) && value >= d->begin[i]
                             : value - d->begin[i] == bytes_given(r));
        if (!good) {
            d->radix[i] = 0;
            continue;
        }
        same = !fit++ || total == value - d->begin[i];
        total = value - d->begin[i];
    }
    if (!fit)
        return bytes_blame(r, l->start,
                           "this offset doesn't fit the %zu bytes that stand before "
                           "it; correct it, or leave out all offsets",
                           bytes_given(r));
    if (!same)
        return bytes_blame(r, l->start,
                           "this offset may be octal or decimal, so that the * above "
                           "it has no clear meaning; make the dump with od -A x");
    if (d->star && !repeat(d, l, total))
        return false;
    d->star = false;
    return true;
}

/* A word of hex digits. */
static bool read_group(struct dump *d, const struct line *l, size_t digits, struct row *row)
{
    struct bytes_reader *r = d->r;
    if (d->form == BYTES_DUMP_BARE && digits != 2)
        return bytes_blame(r, r->at,
                           "a word of %zu digits: hexdump and od print words whose bytes "
                           "are in another order; make the dump with hexdump -C or xxd",
                           digits);
    if (digits % 2)
        return bytes_blame(r, r->at, "%zu hex digits stand together; write two for each byte",
                           digits);
    row->group = row->groups++ ? row->group : digits / 2;
    row->binary = row->binary && digits == 8;
    for (size_t i = 0; i < digits; i += 2) {
        const char *p = r->text.p + r->at;
        if (!bytes_put_one(r, (uint8_t)(fsk_hex_value(p[0]) << 4 | fsk_hex_value(p[1]))))
            return false;
        row->binary = row->binary && (p[0] | 1) == '1' && (p[1] | 1) == '1';
        r->at += 2;
    }
    row->bytes += digits / 2;
    return r->at == l->end || is_blank(r->text.p[r->at]) || d->form == BYTES_DUMP_BARE ||
           bytes_blame(r, r->at, "a blank belongs between a byte and what follows it");
}

/* Do the characters beside the digits fit the bytes of the row, in this order or with each group
 * turned round? */
static bool fits(struct fsk_span shown, const struct row *row, const uint8_t *bytes, bool turned)
{
    for (size_t i = 0; i < row->bytes; i++) {
        size_t from = i / row->group * row->group, left = row->bytes - from;
        size_t group = left < row->group ? left : row->group;
        uint8_t c = bytes[turned ? from + group - 1 - (i - from) : i];
        if (shown.p[i] != (c >= 0x20 && c < 0x7f ? (char)c : '.'))
            return false;
    }
    return true;
}

/* Characters, not bytes. */
static size_t characters(struct fsk_span s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

/* What follows the bytes of a row, behind blanks: it doesn't count, but may tell of a mistake. */
static bool check_shown(struct dump *d, const struct row *row, struct fsk_span shown, size_t at)
{
    struct bytes_reader *r = d->r;
    size_t n = characters(shown);
    if (row->binary && n <= row->groups) /* blanks may be cut off */
        return bytes_blame(r, at,
                           "these are binary digits, as xxd -b prints them; make the dump "
                           "without -b");
    if (n > row->bytes)
        return bytes_blame(r, at,
                           "this is more text than the %zu bytes before it make; between "
                           "bytes a single blank stands",
                           row->bytes);
    const uint8_t *bytes = (const uint8_t *)r->out->mem + r->out->end - row->bytes;
    if (shown.n == row->bytes && row->group > 1 && !fits(shown, row, bytes, false) &&
        fits(shown, row, bytes, true))
        return bytes_blame(r, at,
                           "this text is that of the bytes in another order, as xxd -e "
                           "prints them; make the dump without -e");
    return true;
}

/* The text beside a row: as many bytes as it has, from the line's end; that may be blanks cut off
 * there, and then less. */
static struct fsk_span shown_of(const struct dump *d, const struct line *l, const struct row *row)
{
    struct fsk_span text = d->r->text;
    size_t start = d->r->at + blanks_at(text, l, d->r->at), n = l->end - start;
    while (n < row->bytes && start > d->r->at + 2) { /* it begins with blanks */
        start--;
        n++;
    }
    return fsk_span(text.p + start, n);
}

static bool read_line(struct dump *d, const struct line *l)
{
    struct bytes_reader *r = d->r;
    struct row row = {.binary = true};
    size_t wide = d->form == BYTES_DUMP_COLON ? 2 : 3; /* so many blanks end the bytes */
    r->at = l->rest;
    for (;;) {
        size_t blanks = blanks_at(r->text, l, r->at);
        char c = byte_at(r->text, l, r->at + blanks);
        if (r->at + blanks == l->end || (d->form == BYTES_DUMP_BARE && (c == '|' || c == '>')))
            break;
        if (row.groups && blanks >= wide) {
            if (!check_shown(d, &row, shown_of(d, l, &row), r->at + blanks))
                return false;
            break;
        }
        r->at += blanks;
        size_t digits = digits_at(r->text, l, r->at);
        char name[BYTES_NAME];
        if (!digits)
            return bytes_blame(r, r->at, "%s is no hex digit, in a line of a dump",
                               bytes_name(r, r->at, name));
        if (!read_group(d, l, digits, &row))
            return false;
    }
    d->last = row.bytes;
    return true;
}

static bool read_star(struct dump *d, const struct line *l)
{
    if (!d->last || d->star)
        return bytes_blame(d->r, l->start, "a * repeats the line above it, and there is none");
    d->star = true;
    d->star_at = l->start;
    return true;
}

static bool next_row(struct dump *d, const struct line *l)
{
    if (l->star)
        return read_star(d, l);
    if (!l->apart || (d->form == BYTES_DUMP_COLON && !l->colon))
        return bytes_blame(d->r, l->start,
                           "in a dump each line begins with an offset, %s; remove "
                           "other lines",
                           d->form == BYTES_DUMP_COLON ? "which a colon ends" : "in hex digits");
    return check_offset(d, l) && read_line(d, l);
}

bool bytes_dump_read(struct bytes_reader *r, enum bytes_dump form)
{
    struct dump d = {.r = r, .form = form};
    struct line l;
    size_t at = 0;
    if (form == BYTES_DUMP_UNSURE)
        return bytes_blame(r, 0,
                           "the zeros may be an offset or bytes; put a colon behind an "
                           "offset, and write bytes in pairs: 00 00");
    while (next_line(r->text, &at, &l))
        if (!next_row(&d, &l))
            return false;
    return !d.star || bytes_blame(r, d.star_at,
                                  "a * repeats the line above it up to the next "
                                  "offset, and no line follows it");
}
