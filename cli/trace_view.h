/*
 * trace_view.h - a trace as lines, one per event, in the order in which things happened.
 *
 *   network   the calls that `strace -e trace=network` prints, and no others
 *   connect   calls of connect, how long was waited for them, and how they ended (SO_ERROR)
 *   all       every call, and between them what they mean: `# tls TLSv1.3 ...`
 *
 * As with strace, a line begins with `[pid N]` once a second process or thread has appeared. What
 * belongs to an exchange has its number in front, `[7]`, once there is a second exchange. After
 * that comes the time, if it is asked for.
 */
#ifndef FSOCK_CLI_TRACE_VIEW_H
#define FSOCK_CLI_TRACE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include <fsock.h>

#include "out.h"
#include "trace_line.h"

enum trace_view_kind { TRACE_VIEW_NETWORK, TRACE_VIEW_CONNECT, TRACE_VIEW_ALL };

enum trace_view_time {
    TRACE_TIME_NONE,
    TRACE_TIME_RUN,   /* seconds since the start of the run */
    TRACE_TIME_DELTA, /* ... since the line before */
    TRACE_TIME_CLOCK  /* the wall clock, local: 14:03:27.123456 */
};

#define TRACE_VIEW_FDS 65536 /* descriptors above that are not watched for a connect */

struct trace_view {
    struct out *out; /* borrowed */
    enum trace_view_kind kind;
    enum trace_view_time time;
    fsock_time wall, before; /* when the run started; the line before, since then */
    uint64_t id;             /* the first that was seen; 0: none yet */
    int64_t pid;
    bool ids, pids;                               /* there are several */
    unsigned char connecting[TRACE_VIEW_FDS / 8]; /* a bit per descriptor */
    unsigned n_connecting;
};

void trace_view_init(struct trace_view *v, struct out *out, enum trace_view_kind kind,
                     enum trace_view_time time);
void trace_view_run(struct trace_view *v, const struct trace_run *run);
void trace_view_mark(struct trace_view *v, const struct fsock_mark *mark);

#endif
