/*
 * window_sim.h - a server with a queue and some workers, and somebody who sends it as many requests
 * at once as a window says. Time is simulated, chance comes from a fixed seed.
 */
#ifndef FSK_TEST_WINDOW_SIM_H
#define FSK_TEST_WINDOW_SIM_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "op/window.h"

#define SIM_OPEN    1024 /* requests at once, at most */
#define SIM_ANSWERS 400000

struct sim {
    unsigned workers;
    fsock_time trip;                                        /* to the server and back */
    fsock_time (*service)(struct sim *sim, fsock_time now); /* how long a worker takes for one */
    double mean;                                            /* of that, nanoseconds */
    fsock_time lasts;
    unsigned first, most; /* of the window; 0: the usual ones */
    double faults;        /* the share of answers that are resets */

    /* What came of it. */
    struct fsk_window window;
    unsigned answers, faulty;
    double share;            /* of what the server could have answered */
    double p50, p95;         /* latencies, nanoseconds */
    unsigned widest, at_end; /* windows */

    uint64_t seed;
    fsock_time free_at[128]; /* when each worker is */
    struct sim_request {
        fsock_time sent, ends;
    } open[SIM_OPEN]; /* a heap would be faster */
    unsigned n_open;
    fsock_time *latency;
};

static inline double sim_chance(struct sim *sim)
{
    sim->seed = sim->seed * 6364136223846793005u + 1442695040888963407u;
    return ((double)(sim->seed >> 11) + 0.5) / 9007199254740992.0;
}

/* First come, first served, by the worker that is free first. */
static inline void sim_send(struct sim *sim, fsock_time now)
{
    unsigned best = 0;
    fsock_time arrives = now + sim->trip / 2;
    for (unsigned i = 1; i < sim->workers; i++)
        if (sim->free_at[i] < sim->free_at[best])
            best = i;
    fsock_time begins = sim->free_at[best] > arrives ? sim->free_at[best] : arrives;
    sim->free_at[best] = begins + sim->service(sim, begins);
    sim->open[sim->n_open++] = (struct sim_request){now, sim->free_at[best] + sim->trip / 2};
    fsk_window_begin(&sim->window, sim->n_open);
}

/* The request that ends first, no longer open. */
static inline struct sim_request sim_next(struct sim *sim)
{
    unsigned best = 0;
    for (unsigned i = 1; i < sim->n_open; i++)
        if (sim->open[i].ends < sim->open[best].ends)
            best = i;
    struct sim_request r = sim->open[best];
    sim->open[best] = sim->open[--sim->n_open];
    return r;
}

static inline int sim_order(const void *a, const void *b)
{
    fsock_time x = *(const fsock_time *)a, y = *(const fsock_time *)b;
    return (x > y) - (x < y);
}

static inline void sim_end(struct sim *sim)
{
    qsort(sim->latency, sim->answers, sizeof *sim->latency, sim_order);
    sim->p50 = (double)sim->latency[sim->answers / 2];
    sim->p95 = (double)sim->latency[sim->answers * 95ull / 100];
    sim->share = sim->answers * sim->mean / ((double)sim->lasts * sim->workers);
    sim->at_end = sim->window.size;
    free(sim->latency);
}

static inline void sim_run(struct sim *sim)
{
    fsock_time now = FSOCK_SECOND; /* time doesn't begin with ours */
    fsock_time end = now + sim->lasts;
    sim->latency = calloc(SIM_ANSWERS, sizeof *sim->latency);
    fsk_window_init(&sim->window, sim->first ? sim->first : FSK_WINDOW_START,
                    sim->most ? sim->most : SIM_OPEN);
    while (now < end && sim->answers < SIM_ANSWERS) {
        while (sim->n_open < sim->window.size)
            sim_send(sim, now);
        struct sim_request r = sim_next(sim);
        now = r.ends;
        if (sim->faults > 0 && sim_chance(sim) < sim->faults) {
            fsk_window_failure(&sim->window);
            sim->faulty++;
        } else {
            sim->latency[sim->answers++] = now - r.sent;
            fsk_window_answer(&sim->window, now - r.sent);
        }
        if (sim->window.size > sim->widest)
            sim->widest = sim->window.size;
        if (getenv("SIM_TRACE"))
            fprintf(stderr, "%.3f %u %.1f%s\n", (double)now / 1e9, sim->window.size,
                    (double)sim->window.floor / 1e6, sim->window.before.size ? " ?" : "");
    }
    sim_end(sim);
}

#endif
