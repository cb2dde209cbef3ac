#include "dns_target.h"

#include "base/digits.h"

/* Clear the bits behind the prefix. */
static void mask(struct fsk_addr *a, unsigned prefix)
{
    unsigned size = a->family == 4 ? 4 : 16;
    for (unsigned i = 0; i < size; i++) {
        unsigned kept = prefix > i * 8 ? prefix - i * 8 : 0;
        if (kept < 8)
            a->ip[i] &= (uint8_t)(0xff00 >> kept);
    }
}

/* The address behind this one. */
static void advance(struct fsk_addr *a)
{
    for (unsigned i = a->family == 4 ? 4 : 16; i-- > 0;)
        if (++a->ip[i])
            return;
}

/* ADDRESS/BITS. *is says whether it is a block; NULL, or why it is a bad one. */
static const char *parse_block(struct dns_target *t, struct fsk_span text, bool *is)
{
    const char *slash = text.n ? memchr(text.p, '/', text.n) : NULL;
    uint64_t prefix;
    *is = false;
    if (!slash)
        return NULL;
    size_t n = (size_t)(slash - text.p);
    if (!fsk_addr_parse(fsk_span(text.p, n), &t->addr, NULL))
        return NULL; /* a name may hold a slash (RFC 2317) */
    *is = true;
    unsigned bits = t->addr.family == 4 ? 32 : 128;
    if (!fsk_decimal_parse(fsk_span(slash + 1, text.n - n - 1), bits, &prefix))
        return t->addr.family == 4 ? "behind the / of a block stands a number up to 32"
                                   : "behind the / of a block stands a number up to 128";
    if (bits - prefix > DNS_BLOCK_BITS)
        return "a block has at most 16777216 addresses; cut it into smaller ones";
    mask(&t->addr, (unsigned)prefix);
    t->left = UINT64_C(1) << (bits - prefix);
    return NULL;
}

const char *dns_target_init(struct dns_target *t, struct fsk_span text, const uint16_t *type,
                            unsigned types)
{
    static const uint16_t usual[] = {1, 28}; /* A, AAAA */
    struct fsk_span zone;
    *t =
        (struct dns_target){.text = text, .type = types ? type : usual, .types = types ? types : 2};
    const char *why = parse_block(t, text, &t->block);
    if (why || t->block)
        return why;
    if (fsk_addr_parse(text, &t->addr, &zone)) {
        t->types = 1;
        t->type = NULL;
    }
    t->left = t->types;
    return NULL;
}

bool dns_target_next(struct dns_target *t, struct fsk_span *name, uint16_t *type)
{
    if (!t->left)
        return false;
    *name = t->text;
    *type = t->type && !t->block ? t->type[t->types - t->left] : 0;
    t->left--;
    if (t->block) {
        *name = fsk_span(t->shown, fsk_addr_format(&t->addr, t->shown));
        advance(&t->addr);
    }
    return true;
}
