#include "wire/addrorder.h"

static bool is_usable(const struct fsk_addr *source)
{
    return source->family != 0;
}

/* > 0: the first is better; 0: as good as the second. */
static int by_rule(bool first, bool second)
{
    return (int)first - (int)second;
}

static int compare(const struct fsk_addr *a, const struct fsk_addr *a_source,
                   const struct fsk_addr *b, const struct fsk_addr *b_source)
{
    /* Rule 1: avoid unusable destinations. */
    int r = by_rule(is_usable(a_source), is_usable(b_source));
    if (r || !is_usable(a_source))
        return r;

    /* Rule 2: prefer a matching scope. */
    enum fsk_addr_scope a_scope = fsk_addr_scope(a), b_scope = fsk_addr_scope(b);
    r = by_rule(a_scope == fsk_addr_scope(a_source), b_scope == fsk_addr_scope(b_source));
    if (r)
        return r;

    /* Rule 5: prefer a matching label. */
    r = by_rule(fsk_addr_label(a) == fsk_addr_label(a_source),
                fsk_addr_label(b) == fsk_addr_label(b_source));
    if (r)
        return r;

    /* Rule 6: prefer a higher precedence; rule 8: prefer a smaller scope. */
    r = (int)fsk_addr_precedence(a) - (int)fsk_addr_precedence(b);
    if (!r)
        r = (int)b_scope - (int)a_scope;
    if (r || a->family != 6 || b->family != 6)
        return r;

    /* Rule 9: prefer the longest matching prefix. */
    return (int)fsk_addr_common_prefix(a, a_source) - (int)fsk_addr_common_prefix(b, b_source);
}

/* Insertion: stable, and there are only a few. */
void fsk_addrorder_sort(struct fsk_addr *addr, struct fsk_addr *source, unsigned n)
{
    for (unsigned i = 1; i < n; i++) {
        struct fsk_addr a = addr[i], s = source[i];
        unsigned j = i;
        for (; j > 0 && compare(&a, &s, &addr[j - 1], &source[j - 1]) > 0; j--) {
            addr[j] = addr[j - 1];
            source[j] = source[j - 1];
        }
        addr[j] = a;
        source[j] = s;
    }
}

void fsk_addrorder_interleave(struct fsk_addr *addr, unsigned n)
{
    for (unsigned i = 1; i < n; i++) {
        unsigned j = i;
        while (j < n && addr[j].family == addr[i - 1].family)
            j++;
        if (j == n)
            return; /* the rest is of one family */
        struct fsk_addr a = addr[j];
        memmove(&addr[i + 1], &addr[i], (j - i) * sizeof *addr);
        addr[i] = a;
    }
}
