#include "face/budget.h"

#include <sys/resource.h>

/* Descriptors besides the transfers': standard ones, epoll, lists; up to 8 or 64 for lookups. */
#define OTHER_FILES(limit) ((rlim_t)((limit) < 512 ? 16 : 96))

unsigned fsk_budget(unsigned wished, int own_files)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return wished;
    rlim_t each = 1 + (rlim_t)(own_files > 0 ? own_files : 0);
    rlim_t others = OTHER_FILES(limit.rlim_cur);
    rlim_t n = limit.rlim_cur > others + each ? (limit.rlim_cur - others) / each : 1;
    return n < wished ? (unsigned)n : wished;
}
