#include "transfers.h"

#include "given.h"

/* The total limit is the call's deadline here. */
void run_transfer(const unsigned *which, unsigned n, struct outcome *outcomes)
{
    const struct cell *c = &cells[which[0]];
    struct outcome *o = &outcomes[which[0]];
    struct given g;
    struct sleeper sleeper;
    fsock_result *result;
    (void)n;
    give(&g, c);
    g.options.total_timeout = 0;
    int fds = open_fds();
    fsock_time start = fsock_now();
    sleeper_start(&sleeper, start + LIMIT);
    o->err = fsock_get(&result, g.url, &g.request, &g.options,
                       c->which == TOTAL ? start + LIMIT : start + FAR);
    o->took = fsock_now() - start;
    o->total = o->took;
    o->fds_left = open_fds() - fds;
    o->lag = sleeper_lag(&sleeper);
    if (fsock_result_fault(result))
        o->fault = *fsock_result_fault(result);
    fsock_result_free(result);
    o->ended = 1;
}

static void take_event(const struct fsock_event *e, struct outcome *outcomes, fsock_time *start,
                       struct sleeper *sleeper)
{
    unsigned i = (unsigned)(uintptr_t)e->user;
    struct outcome *o = &outcomes[i];
    if (e->kind == FSOCK_EVENT_START) {
        start[i] = fsock_now();
        sleeper_start(&sleeper[i], start[i] + LIMIT);
    } else if (e->kind == FSOCK_EVENT_DONE) {
        o->took = fsock_now() - start[i];
        o->total = e->response->times.total;
        o->err = e->err;
        if (e->fault)
            o->fault = *e->fault;
        o->ended = 1;
    }
}

void loop_transfers(const unsigned *which, unsigned n, struct outcome *outcomes)
{
    static struct given given[CELLS_MAX];
    static struct sleeper sleeper[CELLS_MAX];
    static fsock_time start[CELLS_MAX];
    struct fsock_event e;
    struct fsock_fault fault;
    int fds = open_fds();
    for (unsigned i = 0; i < n; i++)
        give(&given[i], &cells[which[i]]);
    fsock_fetch *f = fsock_fetch_new(&given[0].options, 0, CELLS_MAX, &fault);
    for (unsigned i = 0; f && i < n; i++)
        if (fsock_fetch_add(f, given[i].url, strlen(given[i].url), &given[i].request,
                            (void *)(uintptr_t)which[i], &fault) != FSOCK_OK)
            outcomes[which[i]].fault = fault;
    while (f && fsock_fetch_next(f, &e, FSOCK_NEVER) == FSOCK_OK)
        take_event(&e, outcomes, start, sleeper);
    fsock_fetch_free(f);
    for (unsigned i = 0; i < n; i++)
        if (start[which[i]])
            outcomes[which[i]].lag = sleeper_lag(&sleeper[which[i]]);
    for (unsigned i = 0; i < n; i++)
        outcomes[which[i]].fds_left = open_fds() - fds;
}
