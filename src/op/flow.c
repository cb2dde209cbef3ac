#include "op/flow.h"

#define PORTION_TIME (100 * FSOCK_MILLISECOND)

static size_t portion_of(const struct fsk_pace *pace)
{
    double n = pace->interval > 0 ? (double)PORTION_TIME / pace->interval : 0;
    if (n < 1)
        return 1;
    return n < (double)FSK_FLOW_PORTION ? (size_t)n : FSK_FLOW_PORTION;
}

/* Give the turn to who has waited longest, now or when the pace has a byte again. */
static void serve(struct fsk_flow *flow, fsock_time now)
{
    if (flow->given || fsk_list_empty(&flow->waiting))
        return;
    fsock_time due = fsk_pace_due(flow->pace, 0, now);
    if (due > now) {
        fsk_timer_set(flow->timers, &flow->timer, due);
        return;
    }
    struct fsk_flow_turn *turn = FSK_HOLDER(flow->waiting.next, struct fsk_flow_turn, link);
    fsk_list_remove(&turn->link);
    turn->waits = false;
    turn->has = flow->given = true;
    fsk_op_wake(turn->op);
}

static void strike(struct fsk_timer *timer, fsock_time now)
{
    serve(FSK_HOLDER(timer, struct fsk_flow, timer), now);
}

bool fsk_flow_may(struct fsk_flow_turn *turn, size_t *most, fsock_time now)
{
    struct fsk_flow *flow = turn->flow;
    if (!flow)
        return true;
    if (!turn->has && !turn->waits && !flow->given && fsk_list_empty(&flow->waiting) &&
        fsk_pace_due(flow->pace, 0, now) <= now) {
        turn->has = flow->given = true;
    } else if (!turn->has && !turn->waits) {
        fsk_list_append(&flow->waiting, &turn->link);
        turn->waits = true;
        serve(flow, now);
    }
    if (turn->has && *most > flow->portion)
        *most = flow->portion;
    return turn->has;
}

void fsk_flow_take(struct fsk_flow_turn *turn, size_t n, fsock_time now)
{
    struct fsk_flow *flow = turn->flow;
    if (!flow || !turn->has)
        return;
    if (n)
        fsk_pace_take(flow->pace, n, now);
    turn->has = flow->given = false;
    serve(flow, now);
}

void fsk_flow_join(struct fsk_flow_turn *turn, struct fsk_flow *flow, struct fsk_op *op)
{
    *turn = (struct fsk_flow_turn){.op = op};
    fsk_list_init(&turn->link);
    if (flow && flow->pace->interval > 0)
        turn->flow = flow;
}

void fsk_flow_leave(struct fsk_flow_turn *turn)
{
    struct fsk_flow *flow = turn->flow;
    if (!flow)
        return;
    turn->flow = NULL;
    fsk_list_remove(&turn->link);
    if (turn->has)
        flow->given = false;
    turn->has = turn->waits = false;
    if (fsk_list_empty(&flow->waiting))
        fsk_timer_clear(flow->timers, &flow->timer);
    serve(flow, flow->timers->driver->now);
}

void fsk_flow_init(struct fsk_flow *flow, struct fsk_pace *pace, struct fsk_timers *timers)
{
    *flow = (struct fsk_flow){
        .pace = pace, .timers = timers, .timer.strike = strike, .portion = portion_of(pace)};
    fsk_list_init(&flow->waiting);
}

void fsk_flow_fini(struct fsk_flow *flow)
{
    fsk_timer_clear(flow->timers, &flow->timer);
}
