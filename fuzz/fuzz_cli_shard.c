/* Shards: each URL belongs to exactly one. */
#include <assert.h>
#include <string.h>

#include "shard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fsk_span url = fsk_span((const char *)data, size);
    struct shard s;
    char text[64], why[200];
    unsigned has = 0;
    for (uint32_t i = 1; i <= 7; i++)
        has += shard_has(&(struct shard){i, 7}, url);
    assert(has == 1);
    if (size >= sizeof text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (shard_parse(&s, text, why, sizeof why))
        assert(s.index >= 1 && s.index <= s.count && s.count <= SHARDS_MAX);
    return 0;
}
