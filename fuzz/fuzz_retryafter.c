/*
 * Field lines that ask for a pause, and the same bytes as a date. Invariants: nothing behind the
 * bytes is looked at; a pause is one of at most ten years, or none; a date lies between the years 1
 * and 9999.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "wire/httpdate.h"
#include "wire/retryafter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW     INT64_C(1795666619)
#define SECOND  INT64_C(1000000000)
#define LONGEST (INT64_C(3660) * 86400 * SECOND + SECOND)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size ? size : 1); /* of just this size, so that asan sees each step over */
    int64_t at;
    if (!copy)
        return 0;
    if (size)
        memcpy(copy, data, size);
    struct fsk_span text = fsk_span(copy, size);
    int64_t wait = fsk_retry_after(text, NOW);
    assert(wait >= -1 && wait <= LONGEST);
    wait = fsk_rate_limited(text, NOW);
    assert(wait >= -1 && wait <= LONGEST);
    if (fsk_httpdate_parse(text, NOW, &at))
        assert(at >= INT64_C(-62135596800) && at <= INT64_C(253402300800));
    free(copy);
    return 0;
}
