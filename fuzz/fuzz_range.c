/*
 * Field lines with a Content-Range and validators. Invariants: nothing behind the bytes is looked
 * at; a range has its bytes in order, within the whole; a validator lies within the bytes.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "wire/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size ? size : 1); /* of just this size, so that asan sees each step over */
    struct fsk_range range;
    if (!copy)
        return 0;
    if (size)
        memcpy(copy, data, size);
    if (fsk_range_find(fsk_span(copy, size), &range)) {
        assert(range.first <= range.last && range.last <= INT64_MAX);
        assert(range.total == -1 || (uint64_t)range.total > range.last);
    }
    struct fsk_span v = fsk_range_validator(fsk_span(copy, size));
    assert(v.n == 0 || (v.n >= 2 && v.p >= copy && v.p + v.n <= copy + size));
    free(copy);
    return 0;
}
