/*
 * stub_driver.h - a driver for tests of layers: it counts what it is told, and sleeps in poll().
 */
#ifndef FSK_TEST_STUB_DRIVER_H
#define FSK_TEST_STUB_DRIVER_H

#include <assert.h>
#include <fcntl.h>
#include <poll.h>

#include "base/wait.h"

struct stub_driver {
    struct fsk_driver driver;
    int forgotten; /* calls of forget_fd */
    int last_fd;
    unsigned char scratch[4096];
};

static void stub_op(struct fsk_driver *d, struct fsk_op *op)
{
    (void)d, (void)op;
}

static bool stub_start(struct fsk_driver *d, struct fsk_op *op)
{
    (void)d, (void)op;
    return true;
}

/* The descriptor must still be open: that is the promise. */
static void stub_forget_fd(struct fsk_driver *d, int fd)
{
    struct stub_driver *stub = (struct stub_driver *)d;
    assert(fcntl(fd, F_GETFD) >= 0);
    stub->forgotten++;
    stub->last_fd = fd;
}

static inline void stub_driver_init(struct stub_driver *stub)
{
    *stub = (struct stub_driver){.last_fd = -1};
    stub->driver.start = stub_start;
    stub->driver.stop = stub->driver.wake = stub_op;
    stub->driver.forget_fd = stub_forget_fd;
    stub->driver.now = FSOCK_SECOND;
    stub->driver.scratch = stub->scratch;
    stub->driver.scratch_size = sizeof stub->scratch;
}

/* Sleep until one of the wants comes true, and clear them. False after 10 seconds. */
static inline int stub_wait(struct fsk_wait *wait)
{
    struct pollfd p[FSK_WANTS_MAX];
    assert(wait->wants > 0); /* else nobody would ever wake it */
    for (unsigned i = 0; i < wait->wants; i++) {
        unsigned events = wait->want[i].events;
        p[i].fd = wait->want[i].fd;
        p[i].events =
            (short)((events & FSK_READABLE ? POLLIN : 0) | (events & FSK_WRITABLE ? POLLOUT : 0));
    }
    int n = poll(p, wait->wants, 10000);
    wait->wants = 0;
    return n > 0;
}

#endif
