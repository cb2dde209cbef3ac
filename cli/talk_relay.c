#include "talk_relay.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/time.h"
#include "interrupt.h"
#include "outcome.h"

#define CHUNK        65536
#define COPY_BYTES   ((uint64_t)1024 * 1024)
#define TO_PEER_MOST ((size_t)256 * 1024)
#define HEARD_MOST   ((size_t)1024 * 1024)     /* the last of what an EXPECT looks at */
#define PATIENCE     (3 * FSOCK_SECOND)        /* for answers to datagrams, which have no end */
#define STALLED      (100 * FSOCK_MILLISECOND) /* who takes nothing for so long is said not to */

void relay_init(struct relay *r, const struct talk_options *o, const struct plan *plan,
                fsock_stream *peer, fsock_stream *in, fsock_stream *out, int alarm)
{
    *r = (struct relay){.o = o, .plan = plan, .peer = peer, .in = in, .out = out, .alarm = alarm};
    r->code = -1;
    r->answered = o->listen; /* who listens was spoken to first */
    r->deadline = FSOCK_NEVER;
    r->until = FSOCK_NEVER;
    r->datagrams = strncmp(fsock_inspect(peer)->transport, "ud", 2) == 0;
    r->terminal = isatty(STDIN_FILENO) == 1;
    fsk_buf_init(&r->to_peer, TO_PEER_MOST);
    fsk_buf_init(&r->unconverted, TO_PEER_MOST);
    fsk_buf_init(&r->heard, HEARD_MOST);
    fsk_buf_init(&r->from_peer, CHUNK);
    for (size_t i = 0; i < plan->n; i++)
        r->expects |= plan->step[i].kind == STEP_EXPECT;
    show_init(&r->show, o, isatty(STDOUT_FILENO) == 1);
}

void relay_fini(struct relay *r)
{
    fsock_close(r->file);
    fsk_buf_fini(&r->to_peer);
    fsk_buf_fini(&r->unconverted);
    fsk_buf_fini(&r->heard);
    fsk_buf_fini(&r->from_peer);
    show_fini(&r->show);
}

void relay_end(struct relay *r, int code, const char *format, ...)
{
    char why[sizeof r->why];
    va_list ap;
    if (r->code >= 0)
        return;
    va_start(ap, format);
    vsnprintf(why, sizeof why, format, ap);
    va_end(ap);
    r->code = code;
    memcpy(r->why, why, sizeof why);
}

void relay_end_by_fault(struct relay *r, const struct fsock_fault *f)
{
    if (r->code < 0)
        snprintf(r->hint, sizeof r->hint, "%s", f->hint);
    relay_end(r, exitcode_of(f->err, f->stage), "%s", f->text);
}

/* ---- A direction that is copied as it is ----------------------------------------------------- */

/*
 * Between a pipe and a socket nobody says which of the two is the reason: then it is first thought
 * to be the one, and if that was wrong, since it is ready and still nothing moves, the other.
 */
enum fsock_err flow_copy(struct flow *f, fsock_stream *from, fsock_stream *to, uint64_t most,
                         uint64_t *n)
{
    enum fsock_err err = fsock_copy(from, to, most, n, FSOCK_NOW);
    f->from = from;
    f->to = to;
    if (err == FSOCK_AGAIN)
        f->stuck_at_to =
            fsock_inspect(from)->unread > 0 || (f->stuck && f->stuck_at_to != f->ready);
    f->stuck = err == FSOCK_AGAIN;
    f->ready = false;
    return err;
}

/* ---- Receiving ------------------------------------------------------------------------------- */

static void hear(struct relay *r, struct fsk_span bytes)
{
    if (!r->expects)
        return;
    size_t most = HEARD_MOST - bytes.n;
    if (fsk_buf_len(&r->heard) > most)
        fsk_buf_consume(&r->heard, fsk_buf_len(&r->heard) - most);
    if (fsk_buf_append(&r->heard, bytes.p, bytes.n) != FSOCK_OK)
        relay_end(r, EXIT_MEMORY, "out of memory");
}

static void take(struct relay *r, struct fsk_span bytes)
{
    hear(r, bytes);
    show_received(&r->show, bytes);
}

void relay_received(struct relay *r, struct fsk_span bytes)
{
    if (bytes.n)
        take(r, bytes);
    r->received += bytes.n;
}

/* Telnet's answers may find no room before something is sent: what follows them waits. */
static bool take_telnet(struct relay *r)
{
    bool moved = false;
    while (fsk_buf_len(&r->from_peer)) {
        struct fsk_span bytes = fsk_buf_span(&r->from_peer), data;
        size_t used;
        enum fsock_err err = talk_telnet_receive(r->telnet, bytes, &used, &data);
        take(r, data);
        fsk_buf_consume(&r->from_peer, used);
        moved |= used > 0;
        if (err == FSOCK_AGAIN)
            break;
        if (err != FSOCK_OK)
            relay_end(r, EXIT_MEMORY, "out of memory");
    }
    return moved;
}

static bool peer_ended(struct relay *r)
{
    r->peer_ended = true;
    show_end(&r->show);
    return true;
}

static bool receiving_failed(struct relay *r)
{
    relay_end_by_fault(r, fsock_last_fault(r->peer));
    return false;
}

/* A reader that has had enough, as head(1), is told by the exit code alone. */
static void out_failed(struct relay *r)
{
    int sys_errno = fsock_last_fault(r->out)->sys_errno;
    if (sys_errno == EPIPE)
        relay_end(r, EXIT_WRITE, "%s", "");
    else
        relay_end(r, EXIT_WRITE, "can't write standard output: %s", fsk_errno_text(sys_errno));
}

static bool copy_to_out(struct relay *r)
{
    uint64_t n;
    enum fsock_err err = flow_copy(&r->receiving, r->peer, r->out, COPY_BYTES, &n);
    r->received += n;
    if (err == FSOCK_EOF)
        return peer_ended(r);
    if (err == FSOCK_OK || err == FSOCK_AGAIN)
        return n > 0;
    if (fsock_last_fault(r->out)->err == FSOCK_OK)
        return receiving_failed(r);
    out_failed(r);
    return false;
}

static bool read_and_show(struct relay *r)
{
    char bytes[CHUNK];
    size_t n;
    if (fsk_buf_len(&r->from_peer))
        return take_telnet(r);
    enum fsock_err err = fsock_read(r->peer, bytes, sizeof bytes, &n, FSOCK_NOW);
    if (err == FSOCK_AGAIN)
        return false;
    if (err == FSOCK_EOF)
        return peer_ended(r);
    if (err != FSOCK_OK)
        return receiving_failed(r);
    r->received += n;
    r->answered = true;
    if (!r->telnet)
        take(r, fsk_span(bytes, n));
    else if (fsk_buf_append(&r->from_peer, bytes, n) == FSOCK_OK)
        take_telnet(r);
    return true;
}

static bool is_copied(const struct relay *r)
{
    return show_is_plain(&r->show) && !r->telnet && !r->expects && !r->datagrams;
}

static bool receive(struct relay *r)
{
    if (r->peer_ended || r->securing || fsk_buf_len(&r->show.ready))
        return false;
    return is_copied(r) ? copy_to_out(r) : read_and_show(r);
}

static bool write_out(struct relay *r)
{
    struct fsk_span text = fsk_buf_span(&r->show.ready);
    size_t n = 0;
    if (text.n == 0)
        return false;
    enum fsock_err err = fsock_write(r->out, text.p, text.n, &n, FSOCK_NOW);
    fsk_buf_consume(&r->show.ready, n);
    if (err != FSOCK_OK && err != FSOCK_AGAIN)
        out_failed(r);
    return n > 0;
}

/* ---- When it is over ------------------------------------------------------------------------- */

static const struct step *awaited(const struct relay *r)
{
    const struct step *step = r->at < r->plan->n ? &r->plan->step[r->at] : NULL;
    return step && r->begun && step->kind == STEP_EXPECT ? step : NULL;
}

/* Where a step stands, for sentences. */
static const char *place(const struct relay *r, const struct step *step, char *text, size_t cap)
{
    if (step->line)
        snprintf(text, cap, "line %u of %s", step->line,
                 strcmp(r->o->script, "-") == 0 ? "standard input" : r->o->script);
    else
        snprintf(text, cap, "--wait");
    return text;
}

static void look_for_end(struct relay *r)
{
    char where[200];
    if (fsk_buf_len(&r->show.ready) || !r->peer_ended)
        return;
    const struct step *step = awaited(r);
    if (r->send_failed)
        relay_end(r, r->send_code, "%s", r->why);
    else if (step)
        relay_end(r, EXIT_RECV, "the peer ended before it sent what %s waits for",
                  place(r, step, where, sizeof where));
    else if (relay_has_sent_all(r) || (r->terminal && relay_source(r) == r->in))
        relay_end(r, EXIT_FINE, "%s", "");
}

/* ---- Limits ---------------------------------------------------------------------------------- */

static int64_t silence_of(const struct relay *r)
{
    bool open_end = r->datagrams && relay_has_sent_all(r) && r->o->quit < 0;
    if (r->o->wait >= 0)
        return r->o->wait;
    return open_end ? PATIENCE : 0;
}

static fsock_time quit_at(const struct relay *r)
{
    return relay_has_sent_all(r) && r->o->quit >= 0 ? r->all_sent + r->o->quit : FSOCK_NEVER;
}

static bool is_full(fsock_stream *stream)
{
    struct fsock_wait_item item = {stream, -1, FSOCK_WRITABLE, 0};
    return fsock_wait(&item, 1, FSOCK_NOW) != FSOCK_OK;
}

/* What a limit has cut short, if nothing special was waited for. */
static const char *unended(const struct relay *r)
{
    if (r->datagrams)
        return r->answered ? "" : ": no answer came";
    return r->peer_ended ? ": not all is sent" : ": the peer has not ended";
}

/* What was waited for when a limit struck, behind a colon. "": nothing special. */
static const char *awaiting(const struct relay *r, char *room, size_t cap)
{
    char where[200];
    const struct step *step = awaited(r);
    bool stalled = fsock_now() - r->moved >= STALLED;
    if (r->securing)
        return ": the TLS handshake is not over";
    if (stalled && is_full(r->out))
        return ": nobody reads standard output";
    if (stalled && is_full(r->peer))
        return ": the peer takes no more";
    if (!step)
        return "";
    snprintf(room, cap, ": the peer has not sent what %s waits for",
             place(r, step, where, sizeof where));
    return room;
}

static void silent(struct relay *r)
{
    char when[32], room[256];
    fsk_time_text(when, sizeof when, silence_of(r));
    if (r->datagrams && r->answered)
        relay_end(r, EXIT_FINE, "%s", "");
    else if (r->datagrams && r->asked)
        relay_end(r, EXIT_TIMEOUT,
                  "no answer came for %s, and nobody has refused (-w raises this limit)", when);
    else
        relay_end(r, EXIT_TIMEOUT, "nothing was sent or received for %s%s (-w raises this limit)",
                  when, awaiting(r, room, sizeof room));
}

static void time_is_up(struct relay *r)
{
    char room[256];
    const char *what = awaiting(r, room, sizeof room);
    relay_end(r, EXIT_TIMEOUT, "the time is up%s (-m raises this limit)",
              what[0] ? what : unended(r));
}

/* The next point in time at which something ends. */
static fsock_time next_limit(const struct relay *r)
{
    fsock_time at = fsk_time_min(r->deadline, fsk_time_limit(r->moved, silence_of(r)));
    at = fsk_time_min(at, quit_at(r));
    return fsk_time_min(at, r->begun ? r->until : FSOCK_NEVER);
}

static void look_at_clock(struct relay *r, fsock_time now)
{
    char when[32], where[200];
    const struct step *step = awaited(r);
    if (interrupt_signal())
        relay_end(r, 128 + interrupt_signal(), "interrupted");
    else if (now >= r->deadline)
        time_is_up(r);
    else if (now >= quit_at(r))
        relay_end(r, EXIT_FINE, "%s", "");
    else if (step && now >= r->until)
        relay_end(r, EXIT_TIMEOUT,
                  "the peer has not sent what %s waits for within %s (the word limit raises this "
                  "limit)",
                  place(r, step, where, sizeof where),
                  fsk_time_text(when, sizeof when, step->time));
    else if (now >= fsk_time_limit(r->moved, silence_of(r)))
        silent(r);
}

/* ---- Waiting --------------------------------------------------------------------------------- */

enum { AT_ALARM, AT_WINDOW, AT_PEER, AT_SOURCE, AT_OUT, PLACES };

static void want_flow(struct fsock_wait_item *list, const struct flow *f, int from, int to)
{
    bool at_to = f->stuck && f->stuck_at_to;
    list[at_to ? to : from].events |= at_to ? FSOCK_WRITABLE : FSOCK_READABLE;
}

static void see_flow(const struct fsock_wait_item *list, struct flow *f, int from, int to)
{
    f->ready = f->stuck_at_to ? (list[to].ready & FSOCK_WRITABLE) != 0
                              : (list[from].ready & FSOCK_READABLE) != 0;
}

static void want_receiving(struct relay *r, struct fsock_wait_item *list)
{
    if (fsk_buf_len(&r->show.ready))
        list[AT_OUT].events |= FSOCK_WRITABLE;
    else if (!r->peer_ended && is_copied(r))
        want_flow(list, &r->receiving, AT_PEER, AT_OUT);
    else if (!r->peer_ended && !fsk_buf_len(&r->from_peer))
        list[AT_PEER].events |= FSOCK_READABLE;
}

static void want_sending(struct relay *r, struct fsock_wait_item *list)
{
    if (r->send_failed)
        return;
    if (fsk_buf_len(&r->to_peer) || r->left.n || r->empty_left)
        list[AT_PEER].events |= FSOCK_WRITABLE;
    else if (list[AT_SOURCE].stream && relay_copies_source(r))
        want_flow(list, &r->sending, AT_SOURCE, AT_PEER);
    else if (list[AT_SOURCE].stream)
        list[AT_SOURCE].events |= FSOCK_READABLE;
    else if (r->o->shut && !r->shut && r->at == r->plan->n)
        list[AT_PEER].events |= FSOCK_WRITABLE;
}

static void wait_for_all(struct relay *r)
{
    struct fsock_wait_item list[PLACES] = {
        [AT_ALARM] = {NULL,            r->alarm,                            FSOCK_READABLE, 0},
        [AT_WINDOW] = {NULL,            r->telnet ? r->telnet->resized : -1, FSOCK_READABLE, 0},
        [AT_PEER] = {r->peer,         -1,                                  0,              0},
        [AT_SOURCE] = {relay_source(r), -1,                                  0,              0},
        [AT_OUT] = {r->out,          -1,                                  0,              0},
    };
    if (r->securing) {
        list[AT_PEER] = (struct fsock_wait_item){NULL, fsock_fd(r->peer),
                                                 fsock_wants(r->peer, FSOCK_READABLE), 0};
        if (!list[AT_PEER].events)
            return;
    } else {
        want_receiving(r, list);
        want_sending(r, list);
    }
    enum fsock_err err = fsock_wait(list, PLACES, next_limit(r));
    see_flow(list, &r->receiving, AT_PEER, AT_OUT);
    see_flow(list, &r->sending, AT_SOURCE, AT_PEER);
    if (list[AT_WINDOW].ready)
        talk_telnet_resize(r->telnet);
    if (err == FSOCK_ERR_TIMEOUT)
        look_at_clock(r, fsock_now()); /* a byte that would go now has not ended the silence */
    else if (err != FSOCK_OK)
        relay_end(r, EXIT_MEMORY, "can't wait: %s", fsock_err_name(err));
}

/*
 * What was received is still shown, if somebody takes it: also half a line of a view. Soon, if a
 * limit has struck.
 */
static void write_rest(struct relay *r)
{
    show_end(&r->show);
    struct fsk_span text = fsk_buf_span(&r->show.ready);
    if (text.n && r->code != EXIT_WRITE)
        fsock_write(r->out, text.p, text.n, NULL,
                    fsock_after(r->code == EXIT_TIMEOUT ? 0.05 : 0.2));
}

int relay_run(struct relay *r)
{
    r->moved = fsock_now();
    while (r->code < 0) {
        r->turn = fsock_now();
        bool moved = relay_send(r);
        if (r->code < 0)
            moved |= receive(r);
        moved |= write_out(r);
        look_for_end(r);
        if (moved)
            r->moved = fsock_now();
        look_at_clock(r, fsock_now());
        trace_log_drain(r->o->log);
        if (moved || r->code >= 0)
            continue;
        show_pause(&r->show);
        wait_for_all(r);
    }
    write_rest(r);
    return r->code;
}
