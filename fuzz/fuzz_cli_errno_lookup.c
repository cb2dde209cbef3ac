/*
 * A word of `fsock errno`. Invariants: what is found is there, each code once; a search finds only
 * what it says; what was perhaps meant is a name that is found.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "errno_lookup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct errno_hits hits, again;

static void check_once(void)
{
    assert(hits.n < ERRNO_HITS_MAX);
    for (size_t i = 0; i < hits.n; i++)
        for (size_t k = 0; k < i; k++)
            assert(hits.hit[i].code != hits.hit[k].code);
}

/* The first byte chooses the kind, and whether all are meant. */
static void look_up(struct fsk_span word, unsigned how)
{
    const struct errno_kind *only = how % 32 < ERRNO_KINDS ? errno_kinds[how % 32] : NULL;
    hits.n = 0;
    enum errno_found found = errno_look_up(&hits, word, only, how & 32);
    assert((found == ERRNO_FOUND) == (hits.n > 0));
    if (found == ERRNO_A_WORD)
        assert(word.n && errno_search(&hits, &word, 1, only) == (hits.n > 0));
    check_once();
    for (size_t i = 0; only && i < hits.n && !memchr(word.p, ':', word.n); i++)
        assert(hits.hit[i].kind == only);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size ? size : 1);
    if (!copy)
        return 0;
    if (size)
        memcpy(copy, data, size);
    struct fsk_span word = fsk_span(copy + (size > 0), size - (size > 0));
    look_up(word, size ? data[0] : 0);
    const char *near = errno_nearest(word);
    again.n = 0;
    if (near)
        assert(errno_look_up(&again, fsk_span_str(near), NULL, false) != ERRNO_NOTHING);
    free(copy);
    return 0;
}
