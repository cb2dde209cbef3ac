#include "wire/hostlist.h"

/* The next entry of what is left of the list; false at its end. */
static bool next_entry(struct fsk_span *rest, struct fsk_span *entry)
{
    static const char between[] = ", \t\r\n";
    size_t from = 0;
    while (from < rest->n && memchr(between, rest->p[from], sizeof between - 1))
        from++;
    if (from == rest->n)
        return false;
    size_t to = from;
    while (to < rest->n && !memchr(between, rest->p[to], sizeof between - 1))
        to++;
    *entry = fsk_span(rest->p + from, to - from);
    *rest = fsk_span(rest->p + to, rest->n - to);
    return true;
}

static struct fsk_span without_final_dots(struct fsk_span s)
{
    while (s.n && s.p[s.n - 1] == '.')
        s.n--;
    return s;
}

/* "192.0.2.0/24", with the slash at `slash`, in parts. */
static bool parse_block(struct fsk_span entry, const char *slash, struct fsk_addr *block,
                        uint16_t *bits)
{
    struct fsk_span ip = fsk_span(entry.p, (size_t)(slash - entry.p));
    if (ip.n > 2 && ip.p[0] == '[' && ip.p[ip.n - 1] == ']')
        ip = fsk_span(ip.p + 1, ip.n - 2);
    struct fsk_span text = fsk_span(slash + 1, (size_t)(entry.p + entry.n - slash - 1));
    return fsk_addr_parse(ip, block, NULL) && fsk_port_parse(text, bits) &&
           *bits <= (block->family == 4 ? 32 : 128);
}

static bool in_block(struct fsk_span entry, const char *slash, const struct fsk_addr *addr)
{
    struct fsk_addr block;
    uint16_t bits;
    return parse_block(entry, slash, &block, &bits) && block.family == addr->family &&
           fsk_ip_in_block(addr->ip, block.ip, bits);
}

/* The domain that an entry means: *below says that it is only for what is below it. */
static struct fsk_span domain_of(struct fsk_span name, bool *below)
{
    *below = name.n > 1 && name.p[0] == '*' && name.p[1] == '.';
    if (*below)
        name = fsk_span(name.p + 1, name.n - 1);
    while (name.n && name.p[0] == '.')
        name = fsk_span(name.p + 1, name.n - 1);
    return without_final_dots(name);
}

static bool in_domain(struct fsk_span name, struct fsk_span host)
{
    bool below;
    struct fsk_span domain = domain_of(name, &below);
    if (domain.n == 0 || domain.n > host.n)
        return false;
    size_t before = host.n - domain.n;
    return (before ? host.p[before - 1] == '.' : !below) &&
           fsk_span_caseeq(domain, fsk_span(host.p + before, domain.n));
}

static bool is_address(struct fsk_span name, const struct fsk_addr *addr)
{
    struct fsk_addr ip, here = *addr;
    struct fsk_span zone;
    if (!fsk_addr_parse(without_final_dots(name), &ip, &zone))
        return false;
    if (!ip.scope)
        here.scope = 0;
    return fsk_addr_same_ip(&ip, &here);
}

/* host comes without final dots; addr is what it is if it is an address (family 0: a name). */
static bool matches(struct fsk_span entry, struct fsk_span host, const struct fsk_addr *addr,
                    uint16_t port)
{
    struct fsk_span name;
    uint16_t only;
    if (fsk_span_eq(entry, FSK_SPAN("*")))
        return true;
    const char *slash = memchr(entry.p, '/', entry.n);
    if (slash)
        return in_block(entry, slash, addr);
    if (!fsk_addr_split(entry, port, &name, &only) || only != port)
        return false;
    return addr->family ? is_address(name, addr) : in_domain(name, host);
}

static bool has(struct fsk_span list, struct fsk_span host, const struct fsk_addr *addr,
                uint16_t port)
{
    struct fsk_span entry;
    while (next_entry(&list, &entry))
        if (matches(entry, host, addr, port))
            return true;
    return false;
}

bool fsk_hostlist_has(struct fsk_span list, struct fsk_span host, uint16_t port)
{
    struct fsk_addr addr = {.family = 0};
    struct fsk_span zone;
    host = without_final_dots(host);
    if (!fsk_addr_parse(host, &addr, &zone) &&
        !(fsk_addr_looks_numeric(host) && fsk_addr_parse_loose(host, &addr)))
        addr.family = 0;
    return has(list, host, &addr, port);
}

bool fsk_hostlist_has_addr(struct fsk_span list, const struct fsk_addr *addr)
{
    return addr->family && has(list, fsk_span(NULL, 0), addr, addr->port);
}

/* Whether an entry is one of those above at all. */
static bool is_sound(struct fsk_span entry)
{
    struct fsk_addr addr;
    struct fsk_span name, zone;
    uint16_t number;
    bool below;
    if (fsk_span_eq(entry, FSK_SPAN("*")))
        return true;
    const char *slash = memchr(entry.p, '/', entry.n);
    if (slash)
        return parse_block(entry, slash, &addr, &number);
    if (!fsk_addr_split(entry, 1, &name, &number))
        return false;
    if (fsk_addr_looks_numeric(name) || memchr(name.p, ':', name.n))
        return fsk_addr_parse(without_final_dots(name), &addr, &zone);
    name = domain_of(name, &below);
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] == '*' || (unsigned char)name.p[i] > 0x7e)
            return false;
    return name.n > 0;
}

bool fsk_hostlist_is_sound(struct fsk_span list, struct fsk_span *bad)
{
    while (next_entry(&list, bad))
        if (!is_sound(*bad))
            return false;
    return true;
}
