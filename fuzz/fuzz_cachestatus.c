/*
 * Field lines that tell of a cache. Invariants: a verdict of the six; the same for the same lines
 * in other letters; lines without a name of a cache's change nothing; and the last of two equal
 * fields that says something is the one that counts.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/cachestatus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The verdict of a copy of just this size: asan sees each step over. */
static enum fsk_cache_verdict of(const char *before, const uint8_t *data, size_t size,
                                 const char *after, int upper)
{
    size_t b = strlen(before), a = strlen(after), n = b + size + a;
    char *copy = malloc(n ? n : 1);
    if (!copy)
        abort();
    memcpy(copy, before, b);
    if (size)
        memcpy(copy + b, data, size);
    memcpy(copy + b + size, after, a);
    for (size_t i = 0; upper && i < n; i++)
        if (copy[i] >= 'a' && copy[i] <= 'z')
            copy[i] = (char)(copy[i] - 'a' + 'A');
    enum fsk_cache_verdict v = fsk_cachestatus(fsk_span(copy, n));
    assert(v < FSK_CACHE_VERDICTS && strlen(fsk_cache_verdict_name(v)) > 2);
    free(copy);
    return v;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum fsk_cache_verdict plain = of("", data, size, "", 0);
    assert(plain == of("", data, size, "", 1));
    assert(plain == of("Date: now\r\n", data, size, "", 0) || (size && strchr(" \t", data[0])));
    assert(of("", data, size, "\r\nCache-Status: last; hit\r\n", 0) == FSK_CACHE_HIT);
    assert(of("Age: 7\r\n", data, size, "", 0) != FSK_CACHE_UNKNOWN ||
           (size && strchr(" \t", data[0])));
    return 0;
}
