#include "get_batch.h"

#include "base/time.h"

void batch_init(struct batch *b, uint64_t size, fsock_time pause)
{
    b->size = size;
    b->pause = pause;
    b->end = size;
    b->until = FSOCK_NEVER;
}

bool batch_goes_on(struct batch *b, uint64_t next, uint64_t ended, fsock_time now)
{
    if (!b->size || next < b->end)
        return true;
    if (!batch_ended(b, ended))
        return false;
    if (b->until == FSOCK_NEVER)
        b->until = fsk_time_limit(now, b->pause);
    if (b->pause && now < b->until)
        return false;
    b->until = FSOCK_NEVER;
    b->end += b->size;
    return true;
}
