#include "get_errand.h"

enum fsock_err errand_start(struct errands *all, struct errand *errand, struct fsk_span url,
                            bool foreign, struct fsock_fault *fault)
{
    const struct fsock_request *request = foreign ? &all->ask->errand_abroad : &all->ask->errand;
    if (all->n == ERRANDS_MOST)
        return FSOCK_AGAIN;
    enum fsock_err err = fsock_fetch_add(all->fetch, url.p, url.n, request, errand, fault);
    if (err == FSOCK_OK)
        all->running[all->n++] = errand;
    return err;
}

bool errands_event(struct errands *all, const struct fsock_event *e)
{
    for (unsigned i = 0; i < all->n; i++) {
        struct errand *errand = all->running[i];
        if (errand != e->user)
            continue;
        if (e->kind == FSOCK_EVENT_DONE)
            all->running[i] = all->running[--all->n];
        errand->on_event(errand, e);
        return true;
    }
    return false;
}
