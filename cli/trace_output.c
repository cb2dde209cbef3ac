#include "trace_output.h"

#include "trace_view.h"

/* ---- Lines ----------------------------------------------------------------------------------- */

static bool lines_init(void *state, const struct trace_verb *o, struct out *out)
{
    static const enum trace_view_kind kinds[] = {
        [TRACE_OUTPUT_ALL] = TRACE_VIEW_ALL,
        [TRACE_OUTPUT_NETWORK] = TRACE_VIEW_NETWORK,
        [TRACE_OUTPUT_CONNECT] = TRACE_VIEW_CONNECT,
    };
    trace_view_init(state, out, kinds[o->output], o->time);
    return true;
}

static void lines_run(void *state, const struct trace_run *run)
{
    trace_view_run(state, run);
}

static void lines_mark(void *state, const struct fsock_mark *mark)
{
    trace_view_mark(state, mark);
}

#define LINES                                                                                      \
    {                                                                                              \
        sizeof(struct trace_view), lines_init, lines_run, lines_mark, NULL, NULL                   \
    }

/* ---- All of them ----------------------------------------------------------------------------- */

const struct trace_output trace_outputs[] = {
    [TRACE_OUTPUT_ALL] = LINES,
    [TRACE_OUTPUT_NETWORK] = LINES,
    [TRACE_OUTPUT_CONNECT] = LINES,
};
