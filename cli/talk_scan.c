/*
 * talk_scan.c - `fsock talk -z`: one port, or all of them.
 *
 * A run is one loop, as those of `get` and `dns`: add ports until the library takes no more, take
 * the next verdict, print it. Memory does not grow with the range.
 *
 * What is not a port's own failure but the host's, a name that does not exist, ends the run: it
 * would be the same sentence 65,535 times.
 */
#include "talk_scan.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/time.h"
#include "bytes_escape.h"
#include "histogram.h"
#include "interrupt.h"
#include "out.h"
#include "outcome.h"
#include "talk_ports.h"
#include "talk_scan_record.h"
#include "wire/endpoint.h"

#define PAYLOAD_MAX 65507 /* what a datagram over IPv4 holds */

static const fsock_time flush_after = 100 * FSOCK_MILLISECOND;
static const fsock_time to_tell = 100 * FSOCK_MILLISECOND; /* after -m has struck */

enum { STATES = FSOCK_REACH_FAILED + 1 };

struct scan {
    const struct talk_options *o;
    fsock_probe *probe;
    struct fsk_endpoint endpoint; /* of the target; its port is of no account if there are ports */
    struct talk_ports ports;
    bool single;   /* one port: its verdict is all there is to say */
    bool terminal; /* standard output */

    uint16_t port; /* the next one, if it waits for room */
    bool waiting;
    bool room;  /* the library takes ports */
    bool ended; /* there are no more */

    bool stopped;      /* the library was told to stop */
    bool over;         /* ... because -m struck */
    bool given_up;     /* the host can't be scanned, and that has been told */
    int exitcode;      /* of the last verdict, or why it was given up */
    uint32_t verdicts; /* so far, without those that were canceled */
    uint32_t state[STATES];

    int signals; /* readable from the first signal on */
    fsock_time started, flushed, deadline;
    struct out out, err;
};

static char signal_watch; /* what its event is known by */

static void say(struct scan *s, const char *text)
{
    out_str(&s->err, "fsock: talk: ");
    out_text(&s->err, fsk_span_str(text));
    out_char(&s->err, '\n');
    out_flush(&s->err);
}

/* ---- Verdicts -------------------------------------------------------------------------------- */

static int exitcode_of_verdict(const struct fsock_probe_event *e)
{
    switch (e->reach) {
    case FSOCK_REACH_OPEN:
        return EXIT_FINE;
    case FSOCK_REACH_REFUSED:
    case FSOCK_REACH_UNREACHABLE:
        return EXIT_CONNECT;
    case FSOCK_REACH_NO_ANSWER:
        return EXIT_TIMEOUT;
    default:
        return exitcode_of(e->fault->err, e->fault->stage);
    }
}

/* It would be the same for each port: there is no such name, or the proxy can't be reached. */
static bool is_of_the_host(const struct fsock_fault *fault)
{
    return fault && (fault->stage == FSOCK_STAGE_RESOLVE || fault->err == FSOCK_ERR_PROXY_NAME ||
                     (fault->stage == FSOCK_STAGE_PROXY && fault->err == FSOCK_ERR_CONNECT));
}

static void print(struct scan *s, const struct fsock_probe_event *e, const char *text)
{
    bool canceled = e->fault && e->fault->err == FSOCK_ERR_CANCELED;
    struct scan_record r = {
        .target = e->target,
        .host = fsk_transport_local(s->endpoint.transport) ? s->endpoint.path : s->endpoint.host,
        .port = (uint16_t)(uintptr_t)e->user,
        .transport = fsk_transport_name(s->endpoint.transport),
        .state = canceled ? "canceled" : fsock_reach_name(e->reach),
        .exitcode = s->exitcode,
        .text = text,
        .event = e,
    };
    if (s->o->json)
        scan_record_json(&s->out, &r);
    else
        scan_record_line(&s->out, &r, s->terminal);
}

/* What to do about a failure, behind its line. */
static void advise(struct scan *s, const struct fsock_fault *fault)
{
    out_flush(&s->out);
    if (fault->hint[0] && !s->out.sys_errno)
        say(s, fault->hint);
}

/* A verdict has come, or the run was stopped before it could. */
static void act(struct scan *s, const struct fsock_probe_event *e)
{
    char text[704] = "";
    if (e->fault)
        snprintf(text, sizeof text, e->fault->limit ? "%s (-w raises this limit)" : "%s",
                 e->fault->text);
    s->exitcode = exitcode_of_verdict(e);
    s->given_up = !s->single && is_of_the_host(e->fault);
    if (!e->fault || e->fault->err != FSOCK_ERR_CANCELED) {
        s->verdicts++;
        s->state[e->reach]++;
    }
    bool shown = s->single || s->o->verbose || s->o->json || e->reach == FSOCK_REACH_OPEN;
    if (shown && !s->given_up)
        print(s, e, text);
    /* Of those that could not be tried, and have no line, the first tells why. */
    bool first = e->reach == FSOCK_REACH_FAILED && s->state[FSOCK_REACH_FAILED] == 1;
    bool alone = s->given_up || (first && !shown);
    if (!s->o->silent && alone)
        say(s, text);
    if (!s->o->silent && e->fault && (alone || (s->single && !s->o->json)))
        advise(s, e->fault);
}

/* ---- The loop -------------------------------------------------------------------------------- */

/* Fill the library's queue. FSOCK_OK, or what went wrong, which has been told. */
static enum fsock_err feed(struct scan *s)
{
    struct fsock_fault fault;
    while (s->room && !s->ended) {
        if (!s->waiting && !talk_ports_next(&s->ports, &s->port)) {
            s->ended = true;
            break;
        }
        s->waiting = true;
        enum fsock_err err = fsock_probe_add(s->probe, s->o->target, s->o->ports ? s->port : 0,
                                             (void *)(uintptr_t)s->port, &fault);
        if (err == FSOCK_AGAIN) {
            s->room = false;
        } else if (err == FSOCK_OK) {
            s->waiting = false;
        } else {
            s->given_up = true;
            s->exitcode = err == FSOCK_ERR_INPUT ? EXIT_USAGE : exitcode_of(err, fault.stage);
            say(s, fault.text);
            if (fault.hint[0])
                say(s, fault.hint);
            return err;
        }
    }
    return FSOCK_OK;
}

static void flush(struct scan *s)
{
    out_flush(&s->out);
    s->flushed = fsock_now();
}

static void stop(struct scan *s, const char *why)
{
    s->stopped = s->ended = true;
    fsock_probe_stop(s->probe, why);
}

/* What ends a run: a signal, -m, an output that is gone. And what goes by the clock. */
static void tick(struct scan *s)
{
    fsock_time now = fsock_now();
    if (s->out.n && now - s->flushed > flush_after)
        flush(s);
    if (s->stopped)
        return;
    if (interrupt_signal()) {
        stop(s, "interrupted");
    } else if (now >= s->deadline) {
        s->over = true;
        stop(s, "the run is over (-m raises this limit)");
    } else if (s->out.sys_errno) {
        stop(s, "standard output can't be written");
    }
}

/* Wait for an event; before that, write what is waiting to be read by others. */
static enum fsock_err next_event(struct scan *s, struct fsock_probe_event *e)
{
    const fsock_time now_or_never = 0;
    if (s->out.n) {
        enum fsock_err err = fsock_probe_next(s->probe, e, now_or_never);
        if (err != FSOCK_ERR_TIMEOUT)
            return err;
        flush(s);
    }
    return fsock_probe_next(s->probe, e, s->stopped ? FSOCK_NEVER : s->deadline);
}

static bool is_done(const struct scan *s)
{
    return s->ended && !fsock_probe_running(s->probe) && !fsock_probe_queued(s->probe);
}

/* FSOCK_OK, or what stopped the library itself. */
static enum fsock_err run(struct scan *s)
{
    for (;;) {
        struct fsock_probe_event e;
        enum fsock_err err = feed(s);
        if (s->given_up || is_done(s))
            return FSOCK_OK;
        if (err == FSOCK_OK)
            err = next_event(s, &e);
        if (err == FSOCK_OK && e.kind == FSOCK_EVENT_ROOM)
            s->room = true;
        else if (err == FSOCK_OK && e.kind == FSOCK_EVENT_MARK)
            trace_log_drain(s->o->log);
        else if (err == FSOCK_OK && e.kind == FSOCK_EVENT_DONE)
            act(s, &e);
        else if (err != FSOCK_OK && err != FSOCK_ERR_TIMEOUT)
            return err == FSOCK_EOF ? FSOCK_OK : err;
        tick(s); /* which finds the signal */
    }
}

/* ---- Before ---------------------------------------------------------------------------------- */

/* The target without and with its ports. 0, or an exit code with a sentence in `why`. */
static int prepare_ports(struct scan *s, char *why, size_t cap)
{
    const struct talk_options *o = s->o;
    char sentence[FSK_ENDPOINT_WHY];
    _Static_assert(FSK_ENDPOINT_WHY >= TALK_PORTS_WHY, "room for either sentence");
    uint16_t port = 0;
    if (o->ports) {
        if (!talk_ports_parse(&s->ports, fsk_span_str(o->ports), sentence)) {
            snprintf(why, cap, "%s", sentence);
            return EXIT_USAGE;
        }
        struct talk_ports copy = s->ports;
        talk_ports_next(&copy, &port);
    }
    if (!fsk_endpoint_parse(fsk_span_str(o->target), port, false, &s->endpoint, sentence)) {
        snprintf(why, cap, "%s", sentence);
        return EXIT_USAGE;
    }
    if (o->ports && s->endpoint.port != port) {
        snprintf(why, cap, "'%s' has its port; drop that, or %s", o->target, o->ports);
        return EXIT_USAGE;
    }
    if (!o->ports)
        talk_ports_one(&s->ports, s->endpoint.port);
    s->single = s->ports.n == 1;
    return 0;
}

/* The library's object, with the payload in it; as prepare_ports(). */
static int prepare_probe(struct scan *s, char *why, size_t cap)
{
    struct fsock_fault fault = {.err = FSOCK_OK};
    struct bytes_fault mistake;
    struct fsk_buf payload;
    const struct talk_options *o = s->o;
    int code = 0;
    fsk_buf_init(&payload, PAYLOAD_MAX);
    if (o->payload && !bytes_escape_read(fsk_span_str(o->payload), &payload, &mistake)) {
        snprintf(why, cap, "--payload: %s", mistake.why);
        code = EXIT_USAGE;
    } else {
        struct fsk_span bytes = fsk_buf_span(&payload);
        s->probe = fsock_probe_new(&o->options, (unsigned)o->parallel, bytes.p, bytes.n, &fault);
    }
    fsk_buf_fini(&payload);
    if (s->probe || code)
        return code;
    struct outcome outcome;
    outcome_fault(&outcome, &fault, "", o->ca_file);
    outcome_sentence(why, cap, &fault);
    return fault.err == FSOCK_ERR_INPUT ? EXIT_USAGE : outcome.exitcode;
}

/* All that can fail before the first port; as above. */
static int prepare(struct scan *s, char *why, size_t cap)
{
    int code = prepare_ports(s, why, cap);
    if (code)
        return code;
    code = prepare_probe(s, why, cap);
    if (code)
        return code;
    s->signals = interrupt_catch();
    if (s->signals < 0 ||
        fsock_probe_watch(s->probe, s->signals, FSOCK_READABLE, &signal_watch) != FSOCK_OK) {
        snprintf(why, cap, "out of memory or descriptors");
        return EXIT_MEMORY;
    }
    /* Nobody need read our output for longer than the run may take. */
    fsock_time end = s->deadline == FSOCK_NEVER ? FSOCK_NEVER : s->deadline + to_tell;
    out_patience(&s->out, end, s->signals);
    out_patience(&s->err, end, s->signals);
    trace_log_patience(s->o->log, end, s->signals);
    return 0;
}

/* ---- After ----------------------------------------------------------------------------------- */

/* Why standard output has failed, if anybody wants to know. */
static void tell_output(struct scan *s)
{
    char text[256];
    int sys_errno = s->out.sys_errno;
    if (!sys_errno || s->o->silent || sys_errno == EPIPE ||
        (sys_errno == ETIMEDOUT && interrupt_signal()))
        return;
    if (sys_errno == ETIMEDOUT)
        snprintf(text, sizeof text,
                 "nobody reads standard output, and the time is over (-m raises this limit)");
    else
        snprintf(text, sizeof text, "can't write standard output: %s", fsk_errno_text(sys_errno));
    say(s, text);
}

static void put_count(struct scan *s, const char *before, uint32_t count, const char *what)
{
    out_str(&s->err, before);
    out_u64(&s->err, count);
    out_char(&s->err, ' ');
    out_str(&s->err, what);
}

/* "1000 ports: 3 open, 995 refused, 2 no answer; 1.20 s, 833/s" */
static void summarize(struct scan *s)
{
    const char *before = ": ";
    fsock_time took = fsock_now() - s->started;
    put_count(s, "", s->ports.n, "ports");
    for (unsigned i = FSOCK_REACH_OPEN; i < STATES; i++)
        if (s->state[i] || i == FSOCK_REACH_OPEN) {
            put_count(s, before, s->state[i], fsock_reach_name((enum fsock_reach)i));
            before = ", ";
        }
    if (s->verdicts < s->ports.n)
        put_count(s, before, s->ports.n - s->verdicts, "canceled");
    out_str(&s->err, "; ");
    out_interval(&s->err, took);
    out_str(&s->err, ", ");
    rate_print(s->verdicts, took, &s->err);
    out_char(&s->err, '\n');
    out_flush(&s->err);
}

static int exit_code(const struct scan *s)
{
    bool stuck = s->out.sys_errno == ETIMEDOUT;
    if (s->out.sys_errno && !stuck)
        return EXIT_WRITE;
    if (interrupt_signal())
        return 128 + interrupt_signal();
    if (s->given_up)
        return s->exitcode;
    if (s->single)
        return stuck || s->over ? EXIT_TIMEOUT : s->exitcode;
    if (s->state[FSOCK_REACH_OPEN] == s->ports.n && !stuck)
        return EXIT_FINE;
    return s->state[FSOCK_REACH_OPEN] ? EXIT_SOME_FAILED : EXIT_ALL_FAILED;
}

static int finish(struct scan *s, enum fsock_err err)
{
    flush(s);
    tell_output(s);
    if (!s->single && !s->given_up && !s->o->silent && s->out.sys_errno != EPIPE)
        summarize(s);
    if (err == FSOCK_OK)
        return exit_code(s);
    say(s, err == FSOCK_ERR_MEMORY ? "out of memory" : "waiting for the network failed");
    return err == FSOCK_ERR_MEMORY ? EXIT_MEMORY : EXIT_RECV;
}

int talk_scan(const struct talk_options *o)
{
    static struct scan s;
    char why[1024] = "";
    s.o = o;
    s.room = true;
    s.started = s.flushed = fsock_now();
    s.deadline = fsk_time_limit(s.started, o->max_time);
    s.terminal = isatty(STDOUT_FILENO) == 1;
    out_init(&s.out, STDOUT_FILENO);
    out_init(&s.err, STDERR_FILENO);
    int code = prepare(&s, why, sizeof why);
    if (code)
        say(&s, why);
    else
        code = finish(&s, run(&s));
    fsock_probe_free(s.probe);
    out_fini(&s.out);
    out_fini(&s.err);
    return code;
}
