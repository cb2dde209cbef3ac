#include "dns_line.h"

#include "base/digits.h"
#include "list.h"

enum { LONGEST = 64 }; /* bytes of an address with its zone or port: there are none longer */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_opening(char c)
{
    return c == '[' || c == '(' || c == '<' || c == '"' || c == '\'' || c == '=';
}

static bool is_closing(char c)
{
    return c == ']' || c == ')' || c == '>' || c == '"' || c == '\'';
}

/* Of names, of keys and of zones. */
static bool is_word(char c)
{
    char lower = fsk_lower(c);
    return (lower >= 'a' && lower <= 'z') || fsk_is_digit(c) || c == '.' || c == '-' || c == '_';
}

static bool is_address(char c)
{
    return fsk_hex_value(c) >= 0 || c == ':' || c == '.';
}

/* "01:23:45:67:89:ab:cd:ef", which is also an IPv6 address as it is never written. */
static bool eight_pairs(struct fsk_span s)
{
    if (s.n != 23)
        return false;
    for (size_t i = 2; i < s.n; i += 3)
        if (s.p[i] != ':' || s.p[i - 1] == ':' || s.p[i - 2] == ':')
            return false;
    return true;
}

/* The whole text as an address to ask for. */
static bool parse(struct fsk_span text, struct fsk_addr *a)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct fsk_span zone;
    if (eight_pairs(text) || !fsk_addr_parse(text, a, &zone))
        return false;
    a->scope = 0;
    if (a->family == 6 && memcmp(a->ip, mapped, sizeof mapped) == 0) {
        struct fsk_addr v4 = {.family = 4};
        memcpy(v4.ip, a->ip + 12, 4);
        *a = v4;
    }
    return true;
}

/* How many bytes at the front of s are the address; 0: none. */
static size_t address_len(struct fsk_span s, struct fsk_addr *a)
{
    size_t n = 0, cuts = 0;
    while (n < s.n && n <= LONGEST && is_address(s.p[n]))
        n++;
    if (n < s.n && s.p[n] == '%')
        for (n++; n < s.n && n <= LONGEST && is_word(s.p[n]); n++)
            ;
    if (n > LONGEST)
        return 0;
    while (!parse(fsk_span(s.p, n), a)) { /* a colon that ends it, and the one before a port */
        do
            n = n ? n - 1 : 0;
        while (n && s.p[n] != ':');
        if (!n || cuts++ == 2)
            return 0;
    }
    return n;
}

static struct fsk_span without_closing(struct fsk_span s)
{
    while (s.n && is_closing(s.p[0]))
        s.p++, s.n--;
    return s;
}

/* May this stand behind an address? */
static bool is_rest(struct fsk_span s)
{
    s = without_closing(s);
    if (s.n && (s.p[0] == ':' || s.p[0] == '#')) {
        size_t digits = 0;
        uint16_t port;
        while (1 + digits < s.n && fsk_is_digit(s.p[1 + digits]))
            digits++;
        if (fsk_port_parse(fsk_span(s.p + 1, digits), &port))
            s = without_closing(fsk_span(s.p + 1 + digits, s.n - 1 - digits));
    }
    return !s.n || (s.n == 1 && s.p[0] == ':');
}

/* The part of the field that is looked at, without what ends the line; empty if there is none. */
static struct fsk_span part_of_field(struct fsk_span line, uint64_t field)
{
    static const char bom[] = {'\xef', '\xbb', '\xbf'};
    size_t i = 0, start;
    bool piece = line.n == LIST_LINE_MAX && line.p[line.n - 1] != '\n'; /* more may come */
    if (line.n && line.p[line.n - 1] == '\n')
        line.n--;
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    if (line.n >= sizeof bom && memcmp(line.p, bom, sizeof bom) == 0)
        i = sizeof bom;
    for (;;) {
        while (i < line.n && is_blank(line.p[i]))
            i++;
        if (i == line.n || !field)
            return fsk_span(line.p, 0);
        if (--field == 0)
            break;
        while (i < line.n && !is_blank(line.p[i]))
            i++;
    }
    for (start = i; i < line.n && !is_blank(line.p[i]) && line.p[i] != ',' && line.p[i] != ';';)
        i++;
    if (piece && i == line.n)
        return fsk_span(line.p, 0);
    return fsk_span(line.p + start, i - start);
}

bool dns_line_find(struct fsk_span line, uint64_t field, struct dns_place *place)
{
    struct fsk_span part = part_of_field(line, field);
    for (size_t i = 0; i < part.n;) { /* behind each opening */
        struct fsk_span s = fsk_span(part.p + i, part.n - i);
        size_t n = address_len(s, &place->addr);
        if (n && is_rest(fsk_span(s.p + n, s.n - n))) {
            place->at = (size_t)(s.p - line.p);
            place->n = n;
            return true;
        }
        while (i < part.n && is_word(part.p[i]))
            i++;
        if (i == part.n || !is_opening(part.p[i++]))
            return false;
    }
    return false;
}

void dns_line_write(struct out *out, struct fsk_span line, const struct dns_place *place,
                    struct fsk_span name, bool append)
{
    if (!name.n) {
        out_span(out, line);
        return;
    }
    size_t end = place->at + place->n;
    out_bytes(out, line.p, append ? end : place->at);
    if (append)
        out_char(out, '/');
    out_span(out, name);
    out_bytes(out, line.p + end, line.n - end);
}
