#include "wire/hosts.h"

#include "wire/words.h"

bool fsk_hosts_next(struct fsk_span *text, struct fsk_hosts_entry *entry)
{
    struct fsk_span line, word;

    while (fsk_next_line(text, &line)) {
        const char *comment = line.n ? memchr(line.p, '#', line.n) : NULL;
        if (comment)
            line.n = (size_t)(comment - line.p);
        if (!fsk_next_word(&line, &word) || !fsk_addr_parse(word, &entry->addr, &entry->zone))
            continue;
        if (entry->addr.scope)
            entry->zone.n = 0;
        entry->names = line;
        if (fsk_next_word(&line, &word)) /* at least one */
            return true;
    }
    return false;
}

bool fsk_hosts_name(struct fsk_span *names, struct fsk_span *name)
{
    return fsk_next_word(names, name);
}

enum fsk_special fsk_special_name(struct fsk_span name)
{
    static const struct {
        const char *label;
        enum fsk_special special;
    } specials[] = {
        {"localhost", FSK_SPECIAL_LOCALHOST},
        {"invalid",   FSK_SPECIAL_INVALID  },
        {"local",     FSK_SPECIAL_LOCAL    },
        {"onion",     FSK_SPECIAL_ONION    },
    };
    size_t begin;

    if (name.n == 0)
        return FSK_SPECIAL_NONE;
    name = fsk_without_dot(name);
    for (begin = name.n; begin > 0 && name.p[begin - 1] != '.';)
        begin--;
    name = fsk_span(name.p + begin, name.n - begin);
    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++)
        if (fsk_span_caseeq(name, fsk_span_str(specials[i].label)))
            return specials[i].special;
    return FSK_SPECIAL_NONE;
}

unsigned fsk_localhost_addrs(int family, struct fsk_addr addr[2])
{
    unsigned n = 0;

    if (family != 6)
        addr[n++] = (struct fsk_addr){
            .family = 4, .ip = {127, 0, 0, 1}
        };
    if (family != 4)
        addr[n++] = (struct fsk_addr){.family = 6, .ip = {[15] = 1}};
    return n;
}
