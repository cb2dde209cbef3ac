#include "op/window.h"

#include <string.h>

/* Chosen by the simulation in test/unit/test_window_sim.c. */
#define MICROSECOND (FSOCK_MILLISECOND / 1000)

#define ROUND_LEAST 8                  /* answers: fewer say nothing */
#define ROUND_MOST  FSK_WINDOW_SAMPLES /* ... more make no better judgement */
#define PAUSE_MOST  16                 /* rounds */
#define PATIENCE    30                 /* rounds between good and slow, until one finds out why */

/* What is no queue: a short answer's time changes by more than its floor for no reason. */
#define SLACK (5 * FSOCK_MILLISECOND)

/*
 * A round of fast answers may be over before a server that has lost its CPU to others has it back,
 * 4 ms or 8 later, or before we have. Then all of its answers are late, and the next round's are
 * not: what is shorter than this has to be slow several times in a row.
 */
#define HICCUP       (20 * FSOCK_MILLISECOND)
#define HICCUPS_MOST 3

/* The window was `was`: what is under way knows another queue. */
static void begin_round(struct fsk_window *w, unsigned was)
{
    w->round.skip = was == w->size ? 0 : was > w->size ? was : w->size;
    w->round.answers = w->round.n = 0;
    w->round.full = false;
    w->round.wanted = w->size < ROUND_LEAST ? ROUND_LEAST : w->size;
}

void fsk_window_init(struct fsk_window *w, unsigned first, unsigned most)
{
    *w = (struct fsk_window){.size = first < most ? first : most, .most = most, .fast = true};
    begin_round(w, w->size);
}

/* ---- What a round says ----------------------------------------------------------------------- */

static void add_sample(struct fsk_window *w, fsock_time latency)
{
    unsigned stride = (w->round.wanted + FSK_WINDOW_SAMPLES - 1) / FSK_WINDOW_SAMPLES;
    int64_t us = latency / MICROSECOND;
    uint32_t *sample = w->round.sample;
    unsigned at = w->round.n;
    if (w->round.answers++ % stride)
        return;
    uint32_t value = us < 0 ? 0 : us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
    while (at && sample[at - 1] > value)
        at--;
    memmove(sample + at + 1, sample + at, (w->round.n - at) * sizeof *sample);
    sample[at] = value;
    w->round.n++;
}

/* The mean of the middle half. */
static fsock_time middle(const struct fsk_window *w)
{
    unsigned n = w->round.n, first = n / 4;
    int64_t sum = 0;
    for (unsigned i = first; i < n - first; i++)
        sum += w->round.sample[i];
    return sum * MICROSECOND / (n - 2 * first);
}

static unsigned root(unsigned n)
{
    unsigned r = 1;
    while ((r + 1) * (r + 1) <= n)
        r++;
    return r;
}

/* How far off that may be by chance: two standard errors, as the width of the middle half tells. */
static fsock_time doubt(const struct fsk_window *w)
{
    unsigned n = w->round.n, first = n / 4;
    int64_t width = w->round.sample[n - 1 - first] - w->round.sample[first];
    return 2 * width * MICROSECOND / root(n);
}

/* ---- What becomes of it ---------------------------------------------------------------------- */

static unsigned clamped(unsigned size, unsigned least, unsigned most)
{
    return size < least ? least : size > most ? most : size;
}

static fsock_time more(fsock_time a, fsock_time b)
{
    return a > b ? a : b;
}

static void open_up(struct fsk_window *w, bool sure)
{
    if (w->opened && sure)
        w->pause = 0; /* this size is no longer in question */
    w->opened = false;
    if (!w->round.full || w->size >= w->most)
        return;
    if (w->waits) {
        w->waits--;
        return;
    }
    unsigned by = w->fast ? w->size : 1 + w->size / 16;
    w->size = clamped(w->size + by, 1, w->most);
    w->opened = true;
}

/* Halve it for a round. */
static void find_out(struct fsk_window *w, fsock_time latency)
{
    w->before.size = w->size;
    w->before.latency = latency;
    w->size /= 2;
    w->opened = false;
    w->between = w->hiccups = 0;
}

/* Such a round is over. With a queue of ours, half the window makes half the latency. */
static void found_out(struct fsk_window *w, fsock_time latency, fsock_time chance)
{
    unsigned size = w->before.size;
    fsock_time was = w->before.latency, less = was - latency, at_most = latency + chance;
    w->before.size = 0;
    if (less < more(was / 4, SLACK / 2) || less < chance) {
        w->floor = at_most;
        w->size = clamped(size, 1, w->most);
        return;
    }
    if (at_most < w->floor)
        w->floor = at_most;
    double fits = 1.1 * (double)size * (double)at_most / (double)was;
    w->size = clamped((unsigned)(fits + 0.5), w->size, size - 1);
    w->fast = false;
    w->pause = clamped(2 * w->pause, 1, PAUSE_MOST);
    w->waits = w->pause;
}

/* Whether more answers could change the verdict. */
static bool is_sure(const struct fsk_window *w, fsock_time latency, fsock_time chance)
{
    return w->round.wanted >= ROUND_MOST || chance <= latency / 8;
}

/* Whether this slow round may have been somebody's pause. */
static bool may_be_hiccup(struct fsk_window *w, fsock_time latency)
{
    return latency < HICCUP && ++w->hiccups < HICCUPS_MOST;
}

/* False: the round has to go on. */
static bool judge(struct fsk_window *w)
{
    fsock_time latency = middle(w), chance = doubt(w);
    fsock_time at_least = latency - chance, at_most = latency + chance;
    bool sure = is_sure(w, latency, chance);
    if (w->before.size) {
        if (sure)
            found_out(w, latency, chance);
        return sure;
    }
    if (!w->floor)
        w->floor = w->round.sample[0] * MICROSECOND;
    if (sure && (at_most < w->floor || w->size == 1))
        w->floor = at_most;
    if (at_least < w->floor + more(w->floor / 4, SLACK / 2)) {
        w->between = w->hiccups = 0;
        open_up(w, sure);
        return true;
    }
    if (!sure)
        return false;
    bool slow = at_least > w->floor + more(w->floor / 2, SLACK);
    if (slow && may_be_hiccup(w, latency))
        return true;
    w->fast = false;
    w->opened = false;
    if (slow || ++w->between >= PATIENCE)
        find_out(w, latency);
    return true;
}

/* Whether it is about a request that was sent before the round. */
static bool is_older(struct fsk_window *w)
{
    bool older = w->round.skip > 0;
    w->round.skip -= older;
    return older;
}

void fsk_window_answer(struct fsk_window *w, fsock_time latency)
{
    unsigned was = w->size;
    if (is_older(w))
        return;
    add_sample(w, latency);
    if (w->round.answers < w->round.wanted)
        return;
    if (judge(w))
        begin_round(w, was);
    else
        w->round.wanted = clamped(2 * w->round.wanted, 1, ROUND_MOST);
}

bool fsk_window_failure(struct fsk_window *w)
{
    unsigned was = w->size;
    if (is_older(w))
        return true;
    if (was == 1)
        return false;
    w->size /= 2;
    w->fast = w->opened = false;
    w->before.size = 0;
    begin_round(w, was);
    return true;
}
