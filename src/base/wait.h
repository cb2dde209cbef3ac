/*
 * wait.h - what an op waits for, and what the driver that runs it can be asked.
 *
 * Layers and ops fill in a struct fsk_wait before they return FSOCK_AGAIN; the driver sleeps on it.
 * The driver may be edge-triggered: wait for readability or writability of a descriptor only after
 * a call on it has said EAGAIN, or when it is new. Being woken for nothing is allowed, so every
 * step must cope with it.
 */
#ifndef FSK_WAIT_H
#define FSK_WAIT_H

#include <assert.h>
#include <stdbool.h>

#include <fsock.h>

enum {
    FSK_READABLE = FSOCK_READABLE,
    FSK_WRITABLE = FSOCK_WRITABLE,
    FSK_URGENT = 4 /* a byte out of band has come */
};

struct fsk_want {
    int fd;
    unsigned events; /* FSK_READABLE and so on */
};

#define FSK_WANTS_MAX 2

struct fsk_wait {
    struct fsk_want want[FSK_WANTS_MAX];
    unsigned wants;
};

/* Add to what is waited for; the same descriptor twice becomes one entry. */
static inline void fsk_wait_for(struct fsk_wait *wait, int fd, unsigned events)
{
    for (unsigned i = 0; i < wait->wants; i++)
        if (wait->want[i].fd == fd) {
            wait->want[i].events |= events;
            return;
        }
    assert(wait->wants < FSK_WANTS_MAX);
    wait->want[wait->wants++] = (struct fsk_want){fd, events};
}

struct fsk_op;

/*
 * The face of a driver that ops and layers see. `now` is the turn's time stamp: decisions use it.
 * `scratch` is where anyone may receive into during a step: its bytes are gone when the step ends,
 * except those of an op that asked to go first (struct fsk_op's `first`).
 */
struct fsk_driver {
    bool (*start)(struct fsk_driver *, struct fsk_op *); /* step it soon; false: out of memory */
    void (*stop)(struct fsk_driver *, struct fsk_op *);  /* forget it; harmless if not running */
    void (*wake)(struct fsk_driver *, struct fsk_op *);  /* step it soon */
    void (*forget_fd)(struct fsk_driver *, int fd);      /* it is about to be closed */
    fsock_time now;
    fsock_trace *trace; /* where what it runs writes its marks; NULL: nowhere */
    uint64_t sleeps;    /* how often it had nothing to do, and time to spare */
    unsigned char *scratch;
    size_t scratch_size;
};

#define FSK_SCRATCH_SIZE ((size_t)64 * 1024)

#endif
