#include "wire/addr.h"

#include "base/digits.h"

static const char hexdigits[] = "0123456789abcdef";

bool fsk_port_parse(struct fsk_span s, uint16_t *port)
{
    uint64_t v;
    if (!fsk_decimal_parse(s, 65535, &v))
        return false;
    *port = (uint16_t)v;
    return true;
}

/* Cut s at the first c: what stands before it is returned, *s is what follows. *found tells. */
static struct fsk_span cut(struct fsk_span *s, char c, bool *found)
{
    const char *at = s->n ? memchr(s->p, c, s->n) : NULL;
    struct fsk_span before = *s;
    *found = at != NULL;
    if (at) {
        before.n = (size_t)(at - s->p);
        s->p = at + 1;
        s->n -= before.n + 1;
    } else {
        s->p += s->n;
        s->n = 0;
    }
    return before;
}

static bool parse4(struct fsk_span s, uint8_t ip[4])
{
    size_t i = 0;
    for (unsigned part = 0; part < 4; part++) {
        const size_t start = i;
        unsigned v = 0;
        for (; i < s.n && i - start < 3 && fsk_is_digit(s.p[i]); i++)
            v = v * 10 + (unsigned)(s.p[i] - '0');
        if (i == start || v > 255 || (i - start > 1 && s.p[start] == '0'))
            return false;
        ip[part] = (uint8_t)v;
        if (part < 3 && (i == s.n || s.p[i++] != '.'))
            return false;
    }
    return i == s.n;
}

/* Up to four hex digits at *i; false if there is none. */
static bool parse_group(struct fsk_span s, size_t *i, unsigned *value)
{
    size_t start = *i;
    *value = 0;
    while (*i < s.n && *i - start < 4 && fsk_hex_value(s.p[*i]) >= 0)
        *value = *value << 4 | (unsigned)fsk_hex_value(s.p[(*i)++]);
    return *i > start;
}

static bool parse6(struct fsk_span s, uint8_t ip[16])
{
    const size_t none = SIZE_MAX;
    size_t i = 0, n = 0, gap = none; /* n bytes are written; "::" stands after the first `gap` */

    if (s.n && s.p[0] == ':') {
        if (s.n < 2 || s.p[1] != ':')
            return false;
        gap = 0;
        i = 2;
    }
    while (i < s.n) {
        size_t start = i;
        unsigned group;
        if (!parse_group(s, &i, &group) || n > 14)
            return false;
        if (i < s.n && s.p[i] == '.') {
            if (n > 12 || !parse4(fsk_span(s.p + start, s.n - start), ip + n))
                return false;
            n += 4;
            break;
        }
        ip[n++] = (uint8_t)(group >> 8);
        ip[n++] = (uint8_t)group;
        if (i == s.n)
            break;
        if (s.p[i++] != ':' || i == s.n)
            return false;
        if (s.p[i] == ':') {
            if (gap != none)
                return false;
            gap = n;
            i++;
        }
    }
    if (gap == none)
        return n == 16;
    if (n > 14)
        return false;
    memmove(ip + 16 - (n - gap), ip + gap, n - gap);
    memset(ip + gap, 0, 16 - n);
    return true;
}

bool fsk_addr_parse(struct fsk_span s, struct fsk_addr *a, struct fsk_span *zone)
{
    struct fsk_addr r = {.family = 4};
    bool has_zone;

    if (zone)
        *zone = fsk_span(NULL, 0);
    if (parse4(s, r.ip)) {
        *a = r;
        return true;
    }
    r = (struct fsk_addr){.family = 6};
    struct fsk_span ip = cut(&s, '%', &has_zone);
    if (!parse6(ip, r.ip))
        return false;
    if (has_zone) {
        uint64_t scope = 0;
        if (s.n == 0 || (!fsk_decimal_parse(s, UINT32_MAX, &scope) && !zone))
            return false;
        r.scope = (uint32_t)scope;
        if (zone)
            *zone = s;
    }
    *a = r;
    return true;
}

bool fsk_addr_split(struct fsk_span s, uint16_t default_port, struct fsk_span *host, uint16_t *port)
{
    struct fsk_span h, rest = s, zone;
    struct fsk_addr a;
    bool found;

    *port = default_port;
    if (s.n && s.p[0] == '[') {
        rest = fsk_span(s.p + 1, s.n - 1);
        h = cut(&rest, ']', &found);
        if (!found || !fsk_addr_parse(h, &a, &zone) || a.family != 6)
            return false;
        *host = h;
        if (rest.n == 0)
            return true;
        return rest.p[0] == ':' && fsk_port_parse(fsk_span(rest.p + 1, rest.n - 1), port);
    }
    *host = h = cut(&rest, ':', &found);
    if (!found)
        return h.n > 0;
    if (rest.n && memchr(rest.p, ':', rest.n)) {
        *host = s;
        return fsk_addr_parse(s, &a, &zone);
    }
    return h.n > 0 && fsk_port_parse(rest, port);
}

bool fsk_addr_parse_port(struct fsk_span s, uint16_t default_port, struct fsk_addr *a,
                         struct fsk_span *zone)
{
    struct fsk_span host;
    uint16_t port;
    if (!fsk_addr_split(s, default_port, &host, &port) || !fsk_addr_parse(host, a, zone))
        return false;
    a->port = port;
    return true;
}

bool fsk_addr_looks_numeric(struct fsk_span host)
{
    size_t start, i;
    if (host.n && host.p[host.n - 1] == '.')
        host.n--;
    for (start = host.n; start > 0 && host.p[start - 1] != '.'; start--)
        ;
    for (i = start; i < host.n && fsk_is_digit(host.p[i]); i++)
        ;
    if (i == host.n)
        return i > start;
    if (i != start + 1 || host.p[start] != '0' || fsk_lower(host.p[i]) != 'x')
        return false;
    for (i++; i < host.n && fsk_hex_value(host.p[i]) >= 0; i++)
        ;
    return i == host.n;
}

/* One number of the loose form: its prefix tells the base. At most 2^32 - 1. */
static bool parse_loose_part(struct fsk_span s, uint32_t *value)
{
    uint64_t v = 0;
    int base = 10;
    if (s.n > 1 && s.p[0] == '0') {
        base = fsk_lower(s.p[1]) == 'x' ? 16 : 8;
        s.p += base == 16 ? 2 : 1;
        s.n -= base == 16 ? 2 : 1;
    }
    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        int digit = fsk_hex_value(s.p[i]);
        if (digit < 0 || digit >= base)
            return false;
        v = v * (uint64_t)base + (uint64_t)digit;
        if (v > UINT32_MAX)
            return false;
    }
    *value = (uint32_t)v;
    return true;
}

bool fsk_addr_parse_loose(struct fsk_span s, struct fsk_addr *a)
{
    struct fsk_addr r = {.family = 4};
    uint32_t v = 0;
    bool dot = true;
    int i;

    for (i = 0; dot; i++) {
        if (i == 4 || (i > 0 && v > 255))
            return false;
        if (i > 0)
            r.ip[i - 1] = (uint8_t)v;
        if (!parse_loose_part(cut(&s, '.', &dot), &v))
            return false;
    }
    /* v is the last part, which fills the bytes i - 1 to 3. */
    if (i > 1 && v >> (8 * (5 - i)) != 0)
        return false;
    for (int j = 3; j >= i - 1; j--, v >>= 8)
        r.ip[j] = (uint8_t)v;
    *a = r;
    return true;
}

static char *put4(char *o, const uint8_t *ip)
{
    for (int i = 0; i < 4; i++) {
        if (i)
            *o++ = '.';
        o += fsk_decimal_write(ip[i], o);
    }
    return o;
}

static char *put_group(char *o, const uint8_t *two)
{
    unsigned v = (unsigned)two[0] << 8 | two[1];
    int shift = 12;
    while (shift > 0 && v >> shift == 0)
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        *o++ = hexdigits[v >> shift & 15];
    return o;
}

static bool is_mapped(const uint8_t *ip)
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
    return memcmp(ip, prefix, sizeof(prefix)) == 0;
}

/* The first of the longest runs of zero groups; *length is 0 if none has two or more. */
static int zero_run(const uint8_t *ip, int groups, int *length)
{
    int best = 0, run = 0;
    *length = 0;
    for (int i = 0; i < groups; i++) {
        run = ip[2 * i] == 0 && ip[2 * i + 1] == 0 ? run + 1 : 0;
        if (run >= 2 && run > *length) {
            *length = run;
            best = i - run + 1;
        }
    }
    return best;
}

static char *put6(char *o, const uint8_t *ip)
{
    int groups = is_mapped(ip) ? 6 : 8, length;
    int start = zero_run(ip, groups, &length);
    for (int i = 0; i < groups; i++) {
        if (length && i == start) {
            *o++ = ':';
            *o++ = ':';
            i += length - 1;
            continue;
        }
        if (i > 0 && o[-1] != ':')
            *o++ = ':';
        o = put_group(o, ip + 2 * i);
    }
    if (groups == 6) {
        *o++ = ':';
        o = put4(o, ip + 12);
    }
    return o;
}

static char *put_ip(char *o, const struct fsk_addr *a)
{
    if (a->family == 4)
        return put4(o, a->ip);
    if (a->family != 6)
        return o;
    o = put6(o, a->ip);
    if (a->scope) {
        *o++ = '%';
        o += fsk_decimal_write(a->scope, o);
    }
    return o;
}

size_t fsk_addr_format(const struct fsk_addr *a, char out[FSK_ADDR_TEXT])
{
    char *o = put_ip(out, a);
    *o = '\0';
    return (size_t)(o - out);
}

size_t fsk_addr_format_port(const struct fsk_addr *a, char out[FSK_ADDR_TEXT])
{
    char *o = out;
    if (a->family) {
        if (a->family == 6)
            *o++ = '[';
        o = put_ip(o, a);
        if (a->family == 6)
            *o++ = ']';
        *o++ = ':';
        o += fsk_decimal_write(a->port, o);
    }
    *o = '\0';
    return (size_t)(o - out);
}

bool fsk_addr_same_ip(const struct fsk_addr *a, const struct fsk_addr *b)
{
    return a->family == b->family && memcmp(a->ip, b->ip, a->family == 4 ? 4 : 16) == 0 &&
           a->scope == b->scope;
}

bool fsk_addr_equal(const struct fsk_addr *a, const struct fsk_addr *b)
{
    return fsk_addr_same_ip(a, b) && a->port == b->port;
}

/* The address as 16 bytes, IPv4 as IPv4-mapped. */
static void as_v6(const struct fsk_addr *a, uint8_t out[16])
{
    if (a->family == 6) {
        memcpy(out, a->ip, 16);
        return;
    }
    memset(out, 0, 10);
    out[10] = out[11] = 0xff;
    memcpy(out + 12, a->ip, 4);
}

enum fsk_addr_scope fsk_addr_scope(const struct fsk_addr *a)
{
    static const uint8_t loopback[16] = {[15] = 1};
    uint8_t ip[16];

    as_v6(a, ip);
    if (is_mapped(ip)) {
        bool link = ip[12] == 127 || (ip[12] == 169 && ip[13] == 254);
        return link ? FSK_SCOPE_LINK : FSK_SCOPE_GLOBAL;
    }
    if (ip[0] == 0xff)
        return (enum fsk_addr_scope)(ip[1] & 15);
    if (memcmp(ip, loopback, 16) == 0 || (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80))
        return FSK_SCOPE_LINK;
    if (ip[0] == 0xfe && (ip[1] & 0xc0) == 0xc0)
        return FSK_SCOPE_SITE;
    return FSK_SCOPE_GLOBAL;
}

struct policy {
    uint8_t prefix[16];
    uint8_t bits, precedence, label;
};

/* RFC 6724 2.1, longest prefix first; the last row fits everything. */
static const struct policy policies[] = {
    {{[15] = 1},                 128, 50, 0 },
    {{[10] = 0xff, [11] = 0xff}, 96,  35, 4 },
    {{0},                        96,  1,  3 },
    {{0x20, 0x01},               32,  5,  5 },
    {{0x20, 0x02},               16,  30, 2 },
    {{0x3f, 0xfe},               16,  1,  12},
    {{0xfe, 0xc0},               10,  1,  11},
    {{0xfc},                     7,   3,  13},
    {{0},                        0,   40, 1 },
};

/* How many leading bits are the same, up to max. */
static unsigned same_bits(const uint8_t *a, const uint8_t *b, unsigned max)
{
    unsigned n = 0;
    while (n < max && ((a[n / 8] ^ b[n / 8]) & (0x80 >> n % 8)) == 0)
        n++;
    return n;
}

bool fsk_ip_in_block(const uint8_t *ip, const uint8_t *block, unsigned bits)
{
    return same_bits(ip, block, bits) == bits;
}

static const struct policy *find_policy(const struct fsk_addr *a)
{
    const struct policy *p = policies;
    uint8_t ip[16];

    as_v6(a, ip);
    while (!fsk_ip_in_block(ip, p->prefix, p->bits))
        p++;
    return p;
}

unsigned fsk_addr_precedence(const struct fsk_addr *a)
{
    return find_policy(a)->precedence;
}

unsigned fsk_addr_label(const struct fsk_addr *a)
{
    return find_policy(a)->label;
}

unsigned fsk_addr_common_prefix(const struct fsk_addr *a, const struct fsk_addr *b)
{
    if (a->family != b->family || a->family == 0)
        return 0;
    return same_bits(a->ip, b->ip, a->family == 4 ? 32 : 64);
}
