/*
 * flow.h - bytes at a pace: who may move the next portion.
 *
 * All connections that share a flow take turns. A turn is a portion, as many bytes as the pace
 * gives in a tenth of a second, but no more than 64 KiB; only those that moved are counted,
 * afterwards. The next turn is given when the pace has paid for them, to who has waited longest.
 *
 * A turn that was given has to be used: by taking, passing it on, or leaving.
 */
#ifndef FSK_FLOW_H
#define FSK_FLOW_H

#include "base/pace.h"
#include "op/timers.h"

#define FSK_FLOW_PORTION ((size_t)64 * 1024)

struct fsk_flow {
    struct fsk_pace *pace; /* perhaps shared with other threads */
    struct fsk_timers *timers;
    struct fsk_timer timer; /* of the next turn, while somebody waits and nobody has one */
    struct fsk_list waiting;
    size_t portion;
    bool given; /* somebody has the turn */
};

/* One who moves bytes. Zeroed, it is in no flow. */
struct fsk_flow_turn {
    struct fsk_flow *flow; /* NULL: it may always */
    struct fsk_op *op;     /* woken when it is its turn */
    struct fsk_list link;  /* in flow->waiting */
    bool waits, has;
};

/* `timers` has room reserved for one. Borrows the pace. */
void fsk_flow_init(struct fsk_flow *flow, struct fsk_pace *pace, struct fsk_timers *timers);

/* Nobody may be left in it. */
void fsk_flow_fini(struct fsk_flow *flow);

/* Join a flow; without a limit, or with NULL, none. */
void fsk_flow_join(struct fsk_flow_turn *turn, struct fsk_flow *flow, struct fsk_op *op);

/* Harmless if it has not joined. */
void fsk_flow_leave(struct fsk_flow_turn *turn);

/* Whether it may move a portion now, and how much that is at most: *most is only made less. If not,
 * its op is going to be woken. */
bool fsk_flow_may(struct fsk_flow_turn *turn, size_t *most, fsock_time now);

/* So many bytes have moved in this turn; 0: it is passed on. */
void fsk_flow_take(struct fsk_flow_turn *turn, size_t n, fsock_time now);

#endif
