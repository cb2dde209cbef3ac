#include "base/allowance.h"

#include "base/fault.h"

enum fsock_limit fsk_allowance_spent(const struct fsock_allowance *a)
{
    if (!a)
        return FSOCK_LIMIT_NONE;
    if (a->most_bytes && atomic_load(&a->bytes) >= a->most_bytes)
        return FSOCK_LIMIT_BYTES;
    if (a->most_requests && atomic_load(&a->requests) >= a->most_requests)
        return FSOCK_LIMIT_REQUESTS;
    return FSOCK_LIMIT_NONE;
}

bool fsk_allowance_ask(struct fsock_allowance *a)
{
    return !a || !a->most_requests || atomic_fetch_add(&a->requests, 1) < a->most_requests;
}

size_t fsk_allowance_room(const struct fsock_allowance *a, size_t most)
{
    if (!a || !a->most_bytes)
        return most;
    uint64_t had = atomic_load(&a->bytes);
    uint64_t left = had < a->most_bytes ? a->most_bytes - had : 0;
    return left < most ? (size_t)left : most;
}

void fsk_allowance_take(struct fsock_allowance *a, size_t n)
{
    if (a && a->most_bytes)
        atomic_fetch_add(&a->bytes, n);
}

enum fsock_err fsk_allowance_blame(const struct fsock_allowance *a, enum fsock_limit limit,
                                   enum fsock_stage stage, const char *peer, const char *before,
                                   struct fsock_fault *fault)
{
    bool bytes = limit == FSOCK_LIMIT_BYTES;
    if (fault && fault->err == FSOCK_OK)
        fault->limit = limit;
    return fsk_fault_set(fault, FSOCK_ERR_SPENT, stage, 0,
                         "%s %s: no %s is left of the %llu allowed%s%s", fsock_stage_name(stage),
                         peer, bytes ? "byte" : "request",
                         (unsigned long long)(bytes ? a->most_bytes : a->most_requests),
                         before[0] ? "; before, " : "", before);
}
