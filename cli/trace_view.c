#include "trace_view.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "trace_call.h"
#include "trace_lines.h"

void trace_view_init(struct trace_view *v, struct out *out, enum trace_view_kind kind,
                     enum trace_view_time time)
{
    *v = (struct trace_view){.out = out, .kind = kind, .time = time, .pid = -1};
}

void trace_view_run(struct trace_view *v, const struct trace_run *run)
{
    struct trace_view fresh = {.out = v->out, .kind = v->kind, .time = v->time, .pid = -1};
    *v = fresh;
    v->wall = run->wall;
}

/* ---- Which lines ----------------------------------------------------------------------------- */

static bool is_connecting(const struct trace_view *v, int fd)
{
    return fd >= 0 && fd < TRACE_VIEW_FDS && v->connecting[fd / 8] & 1 << fd % 8;
}

static void set_connecting(struct trace_view *v, int fd, bool connecting)
{
    if (fd < 0 || fd >= TRACE_VIEW_FDS || is_connecting(v, fd) == connecting)
        return;
    v->connecting[fd / 8] = (unsigned char)(v->connecting[fd / 8] ^ 1 << fd % 8);
    if (connecting)
        v->n_connecting++;
    else
        v->n_connecting--;
}

/* Whether a list as "3:in 5:out,err" names a descriptor that is connecting. */
static bool names_connecting(const struct trace_view *v, const struct fsock_field *list)
{
    const char *at = list ? list->text : NULL;
    while (at && *at) {
        char *end;
        long fd = strtol(at, &end, 10);
        if (end != at && fd < TRACE_VIEW_FDS && is_connecting(v, (int)fd))
            return true;
        at = end + strcspn(end, " ");
        at += *at == ' ';
    }
    return false;
}

/* Whether a wait is one for a connect. One that names no descriptor and comes to nothing may be. */
static bool waits_for_connect(const struct trace_view *v, const struct fsock_mark *m)
{
    const struct fsock_field *asked = fsock_mark_field(m, "fds");
    const struct fsock_field *ready = fsock_mark_field(m, "ready");
    if (asked)
        return names_connecting(v, asked);
    return names_connecting(v, ready) || (v->n_connecting && m->took && m->result <= 0);
}

static bool is_so_error(const struct fsock_mark *m)
{
    const struct fsock_field *option = fsock_mark_field(m, "option");
    return strcmp(m->call, "getsockopt") == 0 && option && option->text &&
           strcmp(option->text, "SO_ERROR") == 0;
}

static bool is_of_connect(struct trace_view *v, const struct fsock_mark *m)
{
    if (strcmp(m->call, "connect") == 0) {
        set_connecting(v, m->fd, m->sys_errno == EINPROGRESS);
        return true;
    }
    if (trace_call_is_wait(m->call))
        return waits_for_connect(v, m);
    bool was = is_connecting(v, m->fd), error = is_so_error(m);
    if (error || strcmp(m->call, "close") == 0)
        set_connecting(v, m->fd, false);
    return was && error;
}

static bool is_wanted(struct trace_view *v, const struct fsock_mark *m)
{
    if (v->kind == TRACE_VIEW_ALL)
        return true;
    if (m->kind != FSOCK_MARK_CALL)
        return false;
    return v->kind == TRACE_VIEW_CONNECT ? is_of_connect(v, m) : trace_call_is_network(m->call);
}

/* ---- Lines ----------------------------------------------------------------------------------- */

/* Remember whose marks there are: what is put in front of lines depends on it. */
static void count(struct trace_view *v, uint64_t id, int64_t pid)
{
    if (id && v->id && id != v->id)
        v->ids = true;
    if (pid >= 0 && v->pid >= 0 && pid != v->pid)
        v->pids = true;
    v->id = id ? id : v->id;
    v->pid = pid >= 0 ? pid : v->pid;
}

static void put_clock(struct out *o, int64_t ns)
{
    time_t seconds = (time_t)(ns / FSOCK_SECOND);
    struct tm tm;
    char text[16];
    if (!localtime_r(&seconds, &tm) || !strftime(text, sizeof text, "%H:%M:%S", &tm))
        return;
    out_str(o, text);
    out_char(o, '.');
    out_padded(o, (uint64_t)(ns % FSOCK_SECOND) / 1000, 6);
    out_char(o, ' ');
}

static void put_time(struct trace_view *v, fsock_time at)
{
    if (v->time == TRACE_TIME_CLOCK)
        put_clock(v->out, v->wall <= INT64_MAX - at ? v->wall + at : at);
    else if (v->time != TRACE_TIME_NONE) {
        out_seconds(v->out, v->time == TRACE_TIME_RUN ? at : at - v->before);
        out_char(v->out, ' ');
    }
    v->before = at;
}

static void put_front(struct trace_view *v, const struct fsock_mark *m)
{
    const struct fsock_field *pid = fsock_mark_field(m, "pid");
    count(v, m->id, pid && !pid->text ? pid->number : -1);
    if (v->pids && pid && !pid->text) {
        out_str(v->out, "[pid ");
        out_i64(v->out, pid->number);
        out_str(v->out, "] ");
    }
    if (v->ids && m->id) {
        out_char(v->out, '[');
        out_u64(v->out, m->id);
        out_str(v->out, "] ");
    }
    put_time(v, m->at);
}

void trace_view_mark(struct trace_view *v, const struct fsock_mark *m)
{
    if (!is_wanted(v, m))
        return;
    out_begin(v->out);
    put_front(v, m);
    if (m->kind == FSOCK_MARK_CALL)
        trace_call_put(v->out, m);
    else {
        out_str(v->out, "# ");
        trace_words(v->out, m);
    }
    out_char(v->out, '\n');
}
