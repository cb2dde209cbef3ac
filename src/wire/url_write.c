#include "base/digits.h"
#include "wire/addr.h"
#include "wire/url.h"
#include "wire/url_split.h"

/* Where a writer stands. Once the room is used up nothing more is written, and the result is 0. */
struct out {
    char *p;
    size_t n, room;
    bool full;
};

static size_t length(const struct out *o)
{
    return o->full ? 0 : o->n;
}

static void put_byte(struct out *o, char c)
{
    if (o->n == o->room)
        o->full = true;
    else
        o->p[o->n++] = c;
}

static void put(struct out *o, struct fsk_span s)
{
    size_t room = o->room - o->n, n = s.n < room ? s.n : room;
    if (n)
        memmove(o->p + o->n, s.p, n); /* put_merged() works in place */
    o->n += n;
    o->full |= n < s.n;
}

static void put_lower(struct out *o, struct fsk_span s)
{
    for (size_t i = 0; i < s.n; i++)
        put_byte(o, fsk_lower(s.p[i]));
}

static void put_encoded(struct out *o, char c)
{
    static const char digits[] = "0123456789ABCDEF";
    unsigned char b = (unsigned char)c;
    put_byte(o, '%');
    put_byte(o, digits[b >> 4]);
    put_byte(o, digits[b & 15]);
}

/* How much of a text the encoder touches. */
enum care {
    OUTSIDERS, /* encode what RFC 3986 has no place for */
    NORMAL,    /* and bring %xx into its normal form; a % of its own becomes %25 */
};

static bool is_unreserved(char c)
{
    char l = fsk_lower(c);
    return (l >= 'a' && l <= 'z') || fsk_is_digit(c) || c == '-' || c == '.' || c == '_' ||
           c == '~';
}

/* Spaces, and everything that is no graphic ASCII or that RFC 3986 leaves out. Control bytes are
 * left as they are: parsing the result must refuse them. */
static bool is_outsider(char c)
{
    switch (c) {
    case ' ':
    case '"':
    case '<':
    case '>':
    case '\\':
    case '^':
    case '`':
    case '{':
    case '|':
    case '}':
        return true;
    default:
        return (unsigned char)c > 0x7f;
    }
}

static bool has_outsider(struct fsk_span s)
{
    size_t i = 0;
    while (i < s.n && !is_outsider(s.p[i]))
        i++;
    return i < s.n;
}

bool fsk_url_is_plain(const struct fsk_url *u)
{
    struct fsk_span p = u->path;
    for (size_t i = 1; i < p.n; i++)
        if (p.p[i] == '.' && p.p[i - 1] == '/')
            return false;
    return !has_outsider(p) && !has_outsider(u->query) && !has_outsider(u->fragment);
}

/* The byte that the three characters at s.p[i] encode, or -1. */
static int encoded_byte(struct fsk_span s, size_t i)
{
    if (s.n - i < 3 || s.p[i] != '%' || fsk_hex_value(s.p[i + 1]) < 0 ||
        fsk_hex_value(s.p[i + 2]) < 0)
        return -1;
    return fsk_hex_value(s.p[i + 1]) << 4 | fsk_hex_value(s.p[i + 2]);
}

static void put_text(struct out *o, struct fsk_span s, enum care care)
{
    if (care == OUTSIDERS && !has_outsider(s)) {
        put(o, s);
        return;
    }
    for (size_t i = 0; i < s.n; i++) {
        int b = care == NORMAL ? encoded_byte(s, i) : -1;
        if (b >= 0) {
            i += 2;
            if (is_unreserved((char)b))
                put_byte(o, (char)b);
            else
                put_encoded(o, (char)b);
        } else if (is_outsider(s.p[i]) || (care == NORMAL && s.p[i] == '%')) {
            put_encoded(o, s.p[i]);
        } else {
            put_byte(o, s.p[i]);
        }
    }
}

static void put_delimited(struct out *o, bool has, char delimiter, struct fsk_span s,
                          enum care care)
{
    if (!has)
        return;
    put_byte(o, delimiter);
    put_text(o, s, care);
}

/*
 * RFC 3986 5.2.4, a segment at a time: write `/` and the segment, then take it back if it turns out
 * to be `.`, and its parent too if it is `..`. What was written before `floor` stays. Paths that
 * don't start with / have no dot segments to remove.
 */
static void put_path(struct out *o, struct fsk_span path, size_t floor, enum care care)
{
    if (path.n && path.p[0] != '/') {
        put_text(o, path, care);
        return;
    }
    while (path.n) {
        const char *slash = memchr(path.p + 1, '/', path.n - 1);
        size_t n = slash ? (size_t)(slash - path.p) : path.n, mark = o->n;
        put_text(o, fsk_span(path.p, n), care);
        path = fsk_span(path.p + n, path.n - n);
        if (o->full)
            return;

        struct fsk_span segment = fsk_span(o->p + mark, o->n - mark);
        bool parent = fsk_span_eq(segment, FSK_SPAN("/.."));
        if (!parent && !fsk_span_eq(segment, FSK_SPAN("/.")))
            continue;
        o->n = mark;
        while (parent && o->n > floor && o->p[--o->n] != '/')
            ;
        if (path.n == 0)
            put_byte(o, '/');
    }
}

size_t fsk_url_target(const struct fsk_url *u, char *out, size_t room)
{
    struct out o = {.p = out, .room = room};
    put_text(&o, u->path.n ? u->path : FSK_SPAN("/"), OUTSIDERS);
    put_delimited(&o, u->has_query, '?', u->query, OUTSIDERS);
    return length(&o);
}

static void put_port(struct out *o, uint16_t port)
{
    char digits[FSK_DECIMAL_MAX];
    put_byte(o, ':');
    put(o, fsk_span(digits, fsk_decimal_write(port, digits)));
}

size_t fsk_url_authority(const struct fsk_url *u, bool always_port, char *out, size_t room)
{
    struct out o = {.p = out, .room = room};
    uint16_t port = fsk_url_port(u);
    if (u->is_ipv6_literal)
        put_byte(&o, '[');
    put(&o, u->host);
    if (u->is_ipv6_literal)
        put_byte(&o, ']');
    if (port && (always_port || port != fsk_url_default_port(u->scheme)))
        put_port(&o, port);
    return length(&o);
}

/* The host and its zone, as written or in the normal form. */
static void put_host(struct out *o, const struct fsk_url *u, enum care care)
{
    struct fsk_addr a;
    char text[FSK_ADDR_TEXT];

    if (!u->is_ipv6_literal) {
        if (care == NORMAL)
            put_lower(o, u->host);
        else
            put(o, u->host);
        return;
    }
    put_byte(o, '[');
    if (care == NORMAL && fsk_addr_parse(u->host, &a, NULL))
        put(o, fsk_span(text, fsk_addr_format(&a, text)));
    else
        put(o, u->host);
    if (u->zone.n) {
        put(o, FSK_SPAN("%25"));
        put(o, u->zone);
    }
    put_byte(o, ']');
}

/* `//` and all of the authority. */
static void put_authority(struct out *o, const struct fsk_url *u, enum care care)
{
    put(o, FSK_SPAN("//"));
    if (u->has_userinfo) {
        put(o, u->userinfo);
        put_byte(o, '@');
    }
    put_host(o, u, care);
    if (u->port && (care != NORMAL || u->port != fsk_url_default_port(u->scheme)))
        put_port(o, u->port);
}

size_t fsk_url_normalise(const struct fsk_url *u, char *out, size_t room)
{
    struct out o = {.p = out, .room = room};
    put_lower(&o, u->scheme);
    put_byte(&o, ':');
    put_authority(&o, u, NORMAL);
    put_path(&o, u->path.n ? u->path : FSK_SPAN("/"), o.n, NORMAL);
    put_delimited(&o, u->has_query, '?', u->query, NORMAL);
    put_delimited(&o, u->has_fragment, '#', u->fragment, NORMAL);
    return length(&o);
}

/* The directory of the base's path with the reference behind it (RFC 3986 5.2.3), then its dot
 * segments removed in place: what has been encoded once doesn't grow. */
static void put_merged(struct out *o, struct fsk_span base, struct fsk_span ref)
{
    size_t start = o->n;
    while (base.n && base.p[base.n - 1] != '/')
        base.n--;
    put_text(o, base.n ? base : FSK_SPAN("/"), OUTSIDERS);
    put_text(o, ref, OUTSIDERS);
    if (o->full)
        return;
    struct fsk_span joint = fsk_span(o->p + start, o->n - start);
    o->n = start;
    put_path(o, joint, start, OUTSIDERS);
}

size_t fsk_url_resolve(const struct fsk_url *base, struct fsk_span ref, char *out, size_t room)
{
    struct out o = {.p = out, .room = room};
    struct fsk_url_parts r;

    fsk_url_split(ref, true, &r);
    put(&o, r.has_scheme ? r.scheme : base->scheme);
    put_byte(&o, ':');
    if (r.has_authority) {
        put(&o, FSK_SPAN("//"));
        put(&o, r.authority);
    } else if (!r.has_scheme) {
        put_authority(&o, base, OUTSIDERS);
    }
    if (r.has_scheme || r.has_authority || (r.path.n && r.path.p[0] == '/')) {
        put_path(&o, r.path, o.n, OUTSIDERS);
    } else if (r.path.n) {
        put_merged(&o, base->path, r.path);
    } else {
        put_text(&o, base->path, OUTSIDERS);
        if (!r.has_query)
            put_delimited(&o, base->has_query, '?', base->query, OUTSIDERS);
    }
    put_delimited(&o, r.has_query, '?', r.query, OUTSIDERS);
    put_delimited(&o, r.has_fragment, '#', r.fragment, OUTSIDERS);
    return length(&o);
}

size_t fsk_url_decode(struct fsk_span s, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        int b = encoded_byte(s, i);
        out[n++] = b >= 0 ? (char)b : s.p[i];
        i += b >= 0 ? 2 : 0;
    }
    return n;
}
