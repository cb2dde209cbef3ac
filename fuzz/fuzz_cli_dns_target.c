/*
 * What a line asks for. The first byte of the input is how many types there are. Invariants: each
 * question is the text itself, or of a block an address of it, in order; as many as were said.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dns_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_block(struct dns_target *t)
{
    struct fsk_span name, zone;
    struct fsk_addr first = t->addr, a;
    uint16_t type;
    uint64_t n = t->left;
    assert(n && n <= UINT64_C(1) << DNS_BLOCK_BITS && (n & (n - 1)) == 0);
    unsigned looks = n < 300 ? (unsigned)n : 300;
    for (unsigned i = 0; i < looks; i++) {
        assert(dns_target_next(t, &name, &type) && type == 0);
        assert(fsk_addr_parse(name, &a, &zone) && a.family == first.family);
        unsigned last = a.family == 4 ? 3 : 15;
        assert(a.ip[last] == ((first.ip[last] + i) & 255));
        assert(memcmp(a.ip, first.ip, last - 2) == 0); /* within the 24 bits */
        assert(t->left == n - i - 1);
    }
    assert(looks < n || !dns_target_next(t, &name, &type));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t types[4] = {15, 2, 16, 65535};
    struct dns_target t;
    struct fsk_span name, text;
    uint16_t type;
    if (!size)
        return 0;
    unsigned n = data[0] % 5;
    char *copy = malloc(size); /* one byte is not used */
    if (!copy)
        return 0;
    memcpy(copy, data + 1, size - 1);
    text = fsk_span(copy, size - 1);
    const char *why = dns_target_init(&t, text, types, n);
    if (why) {
        assert(memchr(copy, '/', size - 1));
    } else if (t.block) {
        check_block(&t);
    } else {
        unsigned most = t.type ? n ? n : 2 : 1;
        for (unsigned i = 0; i < most; i++) {
            assert(dns_target_next(&t, &name, &type));
            assert(name.p == text.p && name.n == text.n);
            assert(t.type ? type == (n ? types[i] : i ? 28 : 1) : type == 0);
        }
        assert(!dns_target_next(&t, &name, &type));
    }
    free(copy);
    return 0;
}
