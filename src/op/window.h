/*
 * window.h - how many requests at once a place bears, learned from how long its answers take.
 *
 * A server with so many workers answers as many requests at once in the time that one takes; what
 * is more than that stands in a queue, makes nobody faster, and every other visitor slower. So the
 * window opens while answers come as soon as they did when few were asked for (the floor), and
 * closes when they take markedly longer. The latency is that of the first byte: a long body is no
 * queue.
 *
 * It is judged in rounds of as many answers as the window is wide, all to requests of that round.
 * What counts is the mean of the middle half of them, so that a few odd pages decide nothing, less
 * what chance alone can make of it. The window starts at FSK_WINDOW_START, and doubles until the
 * first sign of a queue; then it opens by a sixteenth, at least one. A size that proved too much is
 * tried again after a longer and longer while.
 *
 * A round that is too slow has one of two reasons, a queue of ours, or a site that takes longer:
 * other pages, other visitors. The window is halved for one round to find out. If that has made the
 * answers sooner, it was the queue, and the window becomes as wide as the floor says; if it hasn't,
 * this is the new floor, and the window is what it was. The same is done now and then while answers
 * take a little longer than the floor. A round that takes less than 20 ms has to be slow three
 * times in a row for that: a process that has lost its CPU to others makes one of them late.
 *
 * Failures, a timeout or a reset or a server that says it is too busy, halve the window; those of
 * requests from before the last halving are the same trouble.
 *
 * Pure: no I/O, no clock of its own. Times are nanoseconds.
 */
#ifndef FSK_WINDOW_H
#define FSK_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include <fsock.h>

#define FSK_WINDOW_START   2
#define FSK_WINDOW_SAMPLES 64 /* of a round; of a longer one some are left out, evenly */

struct fsk_window {
    unsigned size; /* requests at once, 1 to `most` */
    unsigned most;
    bool fast;        /* it doubles: no queue has been seen yet */
    bool opened;      /* by the last round; how that was is not known yet */
    unsigned pause;   /* rounds between a size that was too much and the next try of it */
    unsigned waits;   /* how many of them are left */
    unsigned between; /* rounds, one after the other, that were neither good nor slow */
    unsigned hiccups; /* rounds, one after the other, that were slow, and soon over */
    fsock_time floor; /* how long an answer takes without a queue; 0: not known */
    struct {
        unsigned size; /* what the window was before it was halved to find out; 0: it is not */
        fsock_time latency;
    } before;
    struct {
        unsigned skip; /* answers to requests from before it */
        unsigned answers, wanted;
        bool full; /* as many were under way at once as the window allows */
        unsigned n;
        uint32_t sample[FSK_WINDOW_SAMPLES]; /* microseconds, in order */
    } round;
};

void fsk_window_init(struct fsk_window *w, unsigned first, unsigned most);

/* A request begins, the `open`th of those that are under way. */
static inline void fsk_window_begin(struct fsk_window *w, unsigned open)
{
    w->round.full = w->round.full || open >= w->size;
}

/* The first byte of an answer has come, so long after its request was sent. */
void fsk_window_answer(struct fsk_window *w, fsock_time latency);

/* A request has failed, or was turned away. False: the window can't be any smaller. */
bool fsk_window_failure(struct fsk_window *w);

#endif
