/*
 * resolv.conf and the hosts file. Invariants: the configuration keeps its ranges whatever the text;
 * the candidates of a name are itself, once, and itself with domains of the search list; names from
 * a hosts file lie within the text, in order.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/hosts.h"
#include "wire/resolvconf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_ranges(const struct fsk_resolvconf *c)
{
    assert(c->servers >= 1 && c->servers <= FSK_RESOLVCONF_SERVERS);
    assert(c->searches <= FSK_RESOLVCONF_SEARCH && (c->has_search || c->searches == 0));
    assert(c->ndots <= FSK_RESOLVCONF_NDOTS);
    assert(c->timeout >= 1 && c->timeout <= FSK_RESOLVCONF_TIMEOUT);
    assert(c->attempts >= 1 && c->attempts <= FSK_RESOLVCONF_ATTEMPTS);
    for (unsigned i = 0; i < c->servers; i++) {
        const struct fsk_nameserver *s = &c->server[i];
        assert((s->addr.family == 4 || s->addr.family == 6) && s->addr.port == 53);
        assert(memchr(s->zone, '\0', sizeof s->zone));
        assert(!s->zone[0] || (s->addr.family == 6 && s->addr.scope == 0));
    }
}

/* Each is the name, alone or with a domain behind it; the name alone exactly once. */
static void check_candidates(const struct fsk_resolvconf *c, struct fsk_span name)
{
    struct fsk_candidates it;
    struct fsk_dname d;
    unsigned n = 0, as_is = 0;

    if (fsk_candidates_init(&it, c, name) != FSK_DNAME_OK)
        return;
    while (fsk_candidates_next(&it, &d)) {
        n++;
        assert(d.n >= it.name.n && memcmp(d.b, it.name.b, it.name.n - 1u) == 0);
        as_is += fsk_dname_same(&d, &it.name);
    }
    assert(as_is == 1 && n <= c->searches + 1);
}

static void check_hosts(struct fsk_span text)
{
    const char *end = text.p + text.n, *last = text.p;
    struct fsk_span rest = text, name;
    struct fsk_hosts_entry e;

    for (int budget = 50; budget > 0 && fsk_hosts_next(&rest, &e); budget--) {
        struct fsk_span entry_names = e.names;
        int names = 0;
        assert(e.addr.family == 4 || e.addr.family == 6);
        while (fsk_hosts_name(&entry_names, &name)) {
            assert(name.n > 0 && name.p >= last && name.p + name.n <= end);
            assert(!memchr(name.p, '\n', name.n) && !memchr(name.p, '#', name.n));
            last = name.p + name.n;
            names++;
            fsk_special_name(name);
        }
        assert(names > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fsk_resolvconf c;
    char *copy = malloc(size ? size : 1); /* of just this size, so that asan sees each step over */
    struct fsk_span text = fsk_span(copy, size);

    if (!copy)
        return 0;
    if (size)
        memcpy(copy, data, size);
    fsk_resolvconf_parse(&c, text);
    check_ranges(&c);
    check_candidates(&c, text);
    check_candidates(&c, FSK_SPAN("www"));
    check_candidates(&c, FSK_SPAN("www.example"));
    fsk_resolvconf_options(&c, text);
    fsk_resolvconf_hostname(&c, text);
    fsk_resolvconf_search(&c, text);
    check_ranges(&c);
    check_hosts(text);
    free(copy);
    return 0;
}
