#include "trace_output.h"

#include <sys/ioctl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/digits.h"
#include "colour.h"
#include "trace_har.h"
#include "trace_html.h"
#include "trace_model.h"
#include "trace_summary.h"
#include "trace_svg.h"
#include "trace_timeline.h"
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

/* ---- Exchanges ------------------------------------------------------------------------------- */

struct whole {
    struct trace_model model;
    const struct trace_verb *o;
};

static bool whole_init(void *state, const struct trace_verb *o, struct out *out)
{
    struct whole *w = state;
    (void)out;
    w->o = o;
    trace_model_init(&w->model);
    return true;
}

static void whole_run(void *state, const struct trace_run *run)
{
    trace_model_run(&((struct whole *)state)->model, run);
}

static void whole_mark(void *state, const struct fsock_mark *mark)
{
    trace_model_mark(&((struct whole *)state)->model, mark);
}

static void whole_fini(void *state)
{
    trace_model_fini(&((struct whole *)state)->model);
}

/* COLUMNS, or the terminal's, or 80. */
static unsigned columns(void)
{
    const char *text = getenv("COLUMNS");
    uint64_t n;
    struct winsize size;
    if (text && fsk_decimal_parse(fsk_span_str(text), 10000, &n) && n)
        return (unsigned)n;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
        return size.ws_col;
    return 80;
}

static bool timeline_end(void *state, struct out *out)
{
    struct whole *w = state;
    bool good = trace_model_end(&w->model);
    bool colour = w->o->target ? w->o->colour == COLOUR_ALWAYS : wants_colour(w->o->colour);
    trace_timeline_write(&w->model, out, columns(), colour);
    return good;
}

static bool summary_end(void *state, struct out *out)
{
    struct whole *w = state;
    bool good = trace_model_end(&w->model);
    return trace_summary_write(&w->model, out, w->o->json) && good;
}

static bool har_end(void *state, struct out *out)
{
    struct whole *w = state;
    bool good = trace_model_end(&w->model);
    trace_har_write(&w->model, out);
    return good;
}

static bool svg_end(void *state, struct out *out)
{
    struct whole *w = state;
    return trace_model_end(&w->model) && trace_svg_write(&w->model, out);
}

static bool html_end(void *state, struct out *out)
{
    struct whole *w = state;
    return trace_model_end(&w->model) && trace_html_write(&w->model, out);
}

#define WHOLE(end)                                                                                 \
    {                                                                                              \
        sizeof(struct whole), whole_init, whole_run, whole_mark, end, whole_fini                   \
    }

/* ---- All of them ----------------------------------------------------------------------------- */

const struct trace_output trace_outputs[] = {
    [TRACE_OUTPUT_ALL] = LINES,
    [TRACE_OUTPUT_NETWORK] = LINES,
    [TRACE_OUTPUT_CONNECT] = LINES,
    [TRACE_OUTPUT_TIMELINE] = WHOLE(timeline_end),
    [TRACE_OUTPUT_SUMMARY] = WHOLE(summary_end),
    [TRACE_OUTPUT_HAR] = WHOLE(har_end),
    [TRACE_OUTPUT_SVG] = WHOLE(svg_end),
    [TRACE_OUTPUT_HTML] = WHOLE(html_end),
};
