/* Calls that wait for descriptors. They are shown if a socket is among those. */
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <time.h>

#include "drive/poll.h"
#include "tracee_memory.h"
#include "tracee_rows.h"
#include "tracee_words.h"

enum { SHOWN = 64 }; /* so many descriptors are looked at for words; there is no room for more */

/* What was waited for, and what has come. */
struct waited {
    char asked[FSK_POLL_TEXT], ready[FSK_POLL_TEXT];
    size_t asked_n, ready_n;
    int64_t timeout; /* ms; -1: for ever */
    bool socket;     /* one of them is */
};

static void note(struct tracee_context *ctx, struct tracee_call *call, struct waited *w, int fd,
                 short events, short ready)
{
    if (!w->socket)
        w->socket = tracee_socket(ctx, call, fd) != NULL;
    w->asked_n = fsk_poll_put(w->asked, w->asked_n, fd, events);
    if (ready)
        w->ready_n = fsk_poll_put(w->ready, w->ready_n, fd, ready);
}

static void mark(struct tracee_context *ctx, struct tracee_call *call, const struct waited *w)
{
    const struct fsock_field field[] = {
        fsk_text("fds", w->asked), fsk_number("timeout", w->timeout), fsk_text("ready", w->ready)};
    if (w->socket)
        tracee_mark_call(ctx, call, -1, 0, field, sizeof field / sizeof *field);
}

/* A time in milliseconds, rounded up; `units` are those of its fraction in one of them. */
static int64_t to_ms(int64_t seconds, int64_t fraction, int64_t units)
{
    if (seconds < 0 || seconds > INT64_MAX / 2000 || fraction < 0 || fraction >= 1000 * units)
        return 0;
    return seconds * 1000 + (fraction + units - 1) / units;
}

static int64_t timespec_ms(pid_t tid, uint64_t at)
{
    struct timespec t;
    if (!tracee_read_all(tid, at, &t, sizeof t))
        return -1;
    return to_ms(t.tv_sec, t.tv_nsec, 1000000);
}

static int64_t timeval_ms(pid_t tid, uint64_t at)
{
    struct timeval t;
    if (!tracee_read_all(tid, at, &t, sizeof t))
        return -1;
    return to_ms(t.tv_sec, t.tv_usec, 1000);
}

/* ---- poll ------------------------------------------------------------------------------------ */

static void poll_for(struct tracee_context *ctx, struct tracee_call *call, int64_t timeout)
{
    struct waited w = {.timeout = timeout};
    uint64_t n = call->arg[1] < 1024 ? call->arg[1] : 1024;
    for (uint64_t i = 0; i < n; i++) {
        struct pollfd p;
        if (!tracee_read_all(call->tid, call->arg[0] + i * sizeof p, &p, sizeof p))
            break;
        if (p.fd >= 0)
            note(ctx, call, &w, p.fd, p.events, call->result > 0 ? p.revents : 0);
        if (w.socket && i >= SHOWN)
            break;
    }
    mark(ctx, call, &w);
}

void tracee_poll(struct tracee_context *ctx, struct tracee_call *call)
{
    int timeout = (int)call->arg[2];
    poll_for(ctx, call, timeout < 0 ? -1 : timeout);
}

void tracee_ppoll(struct tracee_context *ctx, struct tracee_call *call)
{
    poll_for(ctx, call, call->timeout);
}

/* ---- select ---------------------------------------------------------------------------------- */

static size_t set_bits(const struct tracee_call *call)
{
    int n = (int)call->arg[0];
    return n < 0 ? 0 : n < TRACEE_SET_BITS ? (size_t)n : TRACEE_SET_BITS;
}

/* Sets are arrays of long. */
static void read_set(const struct tracee_call *call, unsigned which, unsigned char *set)
{
    size_t word = CHAR_BIT * sizeof(long);
    size_t bytes = (set_bits(call) + word - 1) / word * sizeof(long);
    memset(set, 0, TRACEE_SET_BITS / 8);
    if (call->arg[1 + which] && !tracee_read_all(call->tid, call->arg[1 + which], set, bytes))
        memset(set, 0, TRACEE_SET_BITS / 8);
}

static bool is_set(const unsigned char *set, size_t fd)
{
    unsigned long word;
    memcpy(&word, set + fd / (CHAR_BIT * sizeof word) * sizeof word, sizeof word);
    return word >> fd % (CHAR_BIT * sizeof word) & 1;
}

static void select_for(struct tracee_context *ctx, struct tracee_call *call)
{
    static const short events[] = {POLLIN, POLLOUT, POLLPRI};
    unsigned char came[3][TRACEE_SET_BITS / 8];
    struct waited w = {.timeout = call->timeout};
    for (unsigned i = 0; i < 3; i++)
        read_set(call, i, came[i]);
    for (size_t fd = 0; fd < set_bits(call); fd++) {
        short asked = 0, ready = 0;
        for (unsigned i = 0; i < 3; i++)
            if (is_set(call->set[i], fd)) {
                asked = (short)(asked | events[i]);
                if (call->result > 0 && is_set(came[i], fd))
                    ready = (short)(ready | events[i]);
            }
        if (asked)
            note(ctx, call, &w, (int)fd, asked, ready);
    }
    mark(ctx, call, &w);
}

void tracee_select(struct tracee_context *ctx, struct tracee_call *call)
{
    select_for(ctx, call);
}

void tracee_pselect(struct tracee_context *ctx, struct tracee_call *call)
{
    select_for(ctx, call);
}

/* ---- epoll ----------------------------------------------------------------------------------- */

void tracee_epoll_create(struct tracee_context *ctx, struct tracee_call *call)
{
    char words[TRACEE_WORDS];
    bool flagged = call->shape->name[sizeof "epoll_create" - 1] != '\0';
    const struct fsock_field field =
        fsk_text("flags", tracee_word_epoll_flags(flagged ? (int)call->arg[0] : 0, words));
    tracee_mark_call(ctx, call, (int)call->result, 0, &field, 1);
}

void tracee_epoll_ctl(struct tracee_context *ctx, struct tracee_call *call)
{
    char ops[TRACEE_WORDS], words[TRACEE_WORDS];
    struct epoll_event event = {.events = 0};
    int target = (int)call->arg[2];
    struct tracee_conn *conn = tracee_socket(ctx, call, target);
    if (!conn)
        return;
    int op = (int)call->arg[1];
    bool known =
        op != EPOLL_CTL_DEL && tracee_read_all(call->tid, call->arg[3], &event, sizeof event);
    if (!known)
        tracee_conn_unwatch(&ctx->conns, call->files, tracee_fd(call), conn, target);
    else if (!call->sys_errno)
        tracee_conn_watch(&ctx->conns, call->files, tracee_fd(call), conn, target, event.data.u64);
    const struct fsock_field field[] = {
        fsk_text("op", tracee_word_epoll_op(op, ops)),
        fsk_number("target", target),
        fsk_text("events", known ? tracee_word_epoll_events(event.events, words) : NULL),
    };
    tracee_conn_hold(call->conn = conn);
    tracee_mark_call(ctx, call, tracee_fd(call), 0, field, sizeof field / sizeof *field);
}

/* Of a process that a fork has made the watches are its parent's, and not known here. */
static void epoll_for(struct tracee_context *ctx, struct tracee_call *call, int64_t timeout)
{
    struct waited w = {.timeout = timeout};
    int64_t n = call->result < SHOWN ? call->result : SHOWN;
    for (int64_t i = 0; i < n; i++) {
        struct epoll_event e;
        uint64_t at = call->arg[1] + (uint64_t)i * sizeof e;
        if (!tracee_read_all(call->tid, at, &e, sizeof e))
            break;
        int fd = tracee_conn_watched(&ctx->conns, call->files, tracee_fd(call), e.data.u64);
        if (fd >= 0)
            w.ready_n = fsk_poll_put(w.ready, w.ready_n, fd, (short)(e.events & 0x7fff));
    }
    const struct fsock_field field[] = {fsk_number("timeout", w.timeout),
                                        fsk_text("ready", w.ready)};
    tracee_mark_call(ctx, call, tracee_fd(call), 0, field, sizeof field / sizeof *field);
}

void tracee_epoll_wait(struct tracee_context *ctx, struct tracee_call *call)
{
    int timeout = (int)call->arg[3];
    epoll_for(ctx, call, timeout < 0 ? -1 : timeout);
}

void tracee_epoll_pwait2(struct tracee_context *ctx, struct tracee_call *call)
{
    epoll_for(ctx, call, call->arg[3] ? timespec_ms(call->tid, call->arg[3]) : -1);
}

/* ---- Before the call ------------------------------------------------------------------------- */

static void keep_sets(struct tracee_call *call)
{
    for (unsigned i = 0; i < 3; i++)
        read_set(call, i, call->set[i]);
}

void tracee_keep_waits(struct tracee_call *call)
{
    if (call->shape->leave == tracee_ppoll) {
        call->timeout = timespec_ms(call->tid, call->arg[2]);
    } else if (call->shape->leave == tracee_select) {
        keep_sets(call);
        call->timeout = timeval_ms(call->tid, call->arg[4]);
    } else if (call->shape->leave == tracee_pselect) {
        keep_sets(call);
        call->timeout = timespec_ms(call->tid, call->arg[4]);
    }
}
