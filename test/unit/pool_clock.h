/*
 * pool_clock.h - a pool in simulated time: its driver does nothing, and its clock is set.
 */
#ifndef FSK_TEST_POOL_CLOCK_H
#define FSK_TEST_POOL_CLOCK_H

#include "pool_rig.h"
#include "stub_driver.h"

#define HOUR (3600 * FSOCK_SECOND)

static struct stub_driver stub;

static inline void clock_init(void)
{
    stub_driver_init(&stub);
    stub.driver.now = HOUR;
}

static inline void make_simulated_pool(unsigned per_place, unsigned max_conns)
{
    struct rig rig = {.driver = &stub.driver};
    make_pool(&rig, per_place, max_conns);
}

/* It becomes `now`, and what strikes until then does so `late`. */
static inline void advance(fsock_time now, fsock_time late)
{
    struct fsk_heap_node *first;
    while ((first = fsk_heap_first(&pool.timers.heap)) && first->at + late <= now) {
        stub.driver.now = first->at + late;
        fsk_op_step(&pool.timers.op, stub.driver.now);
    }
    stub.driver.now = now;
}

#endif
