#include <stdlib.h>

#include "base/pace.h"

fsock_pacer *fsock_pacer_new(double requests_per_second, double bytes_per_second)
{
    if (!fsk_pace_is_rate(requests_per_second) || !fsk_pace_is_rate(bytes_per_second))
        return NULL;
    struct fsock_pacer *pacer = malloc(sizeof *pacer);
    if (!pacer)
        return NULL;
    fsk_pace_init(&pacer->requests, requests_per_second);
    fsk_pace_init(&pacer->bytes, bytes_per_second);
    return pacer;
}

void fsock_pacer_free(fsock_pacer *pacer)
{
    free(pacer);
}
