#include "op/breaker.h"

bool fsk_breaker_begin(struct fsk_breaker *b)
{
    if (fsk_breaker_is_open(b))
        b->probing = true;
    return b->probing;
}

fsock_time fsk_breaker_failure(struct fsk_breaker *b, bool probe, fsock_time now)
{
    bool was_open = fsk_breaker_is_open(b);
    b->failures++;
    if (!fsk_breaker_is_open(b) || (was_open && !probe))
        return now; /* of those that were under way when it opened, nothing new is learned */
    if (probe) {
        b->probing = false;
        b->probes++;
    }
    return now + (fsk_breaker_is_dead(b) ? FSK_BREAKER_EACH : FSOCK_SECOND << b->probes);
}
