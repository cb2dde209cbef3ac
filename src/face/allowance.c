#include "base/allowance.h"

#include <stdlib.h>

fsock_allowance *fsock_allowance_new(uint64_t requests, uint64_t bytes)
{
    struct fsock_allowance *a = malloc(sizeof *a);
    if (!a)
        return NULL;
    a->most_requests = requests;
    a->most_bytes = bytes;
    atomic_init(&a->requests, 0);
    atomic_init(&a->bytes, 0);
    return a;
}

void fsock_allowance_free(fsock_allowance *allowance)
{
    free(allowance);
}
