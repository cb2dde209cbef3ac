#include "talk_listen.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "interrupt.h"
#include "outcome.h"

/* Why it was not waited for any longer. The exit code. */
static int time_is_up(const struct talk_call *call, const char *missed)
{
    char text[128];
    int signal = interrupt_signal();
    snprintf(text, sizeof text, "%s (-%c raises this limit)", missed,
             fsock_now() >= call->deadline ? 'm' : 'w');
    talk_say(call->o, signal ? "interrupted" : text, "");
    return signal ? 128 + signal : EXIT_TIMEOUT;
}

/* Until it is ready; false: a signal has come or a limit has struck. */
static bool wait_for(struct talk_call *call, struct fsock_wait_item what, fsock_time limit)
{
    struct fsock_wait_item list[] = {
        {NULL, call->alarm, FSOCK_READABLE, 0},
        what,
    };
    trace_log_drain(call->o->log);
    enum fsock_err err = fsock_wait(list, 2, fsk_time_min(call->deadline, limit));
    return err == FSOCK_OK && !list[0].ready && list[1].ready;
}

/* -w is for the first to come. Who keeps listening has no need of anybody. */
static fsock_time patience(const struct talk_call *call)
{
    return call->o->keep ? FSOCK_NEVER : fsk_time_limit(fsock_now(), call->o->wait);
}

static void tell_listening(const struct talk_options *o, const char *name)
{
    if (o->verbose)
        fprintf(stderr, "* listening at %s\n", name);
}

/* After a conversation that ended with this code there is to be another. */
static bool goes_on(const struct talk_call *call, int code)
{
    return call->o->keep && !interrupt_signal() && fsock_now() < call->deadline &&
           code != EXIT_WRITE;
}

/* ---- Connections ----------------------------------------------------------------------------- */

/* The next one to come. An exit code if there is none. */
static int take_one(struct talk_call *call, fsock_listener *l, fsock_stream **peer)
{
    struct fsock_fault fault;
    struct fsock_wait_item item = {NULL, fsock_listener_fd(l), FSOCK_READABLE, 0};
    fsock_time limit = patience(call);
    enum fsock_err err = FSOCK_AGAIN;
    while (err == FSOCK_AGAIN) {
        if (!wait_for(call, item, limit))
            return time_is_up(call, "nobody came");
        err = fsock_accept(l, peer, FSOCK_NOW, &fault);
    }
    return err == FSOCK_OK ? EXIT_FINE : talk_say_fault(call->o, &fault);
}

/* A listener at a unix socket has no TLS of its own: it is put on what was accepted. */
static enum fsock_err begin_tls(const struct talk_options *o, fsock_stream *peer)
{
    if (o->tls && o->unix_path)
        return fsock_start_tls(peer, NULL, &o->options, FSOCK_NOW);
    return fsock_handshake(peer, FSOCK_NOW);
}

/* TLS, if there is to be any, and then the conversation. */
static int serve(struct talk_call *call, fsock_stream *peer)
{
    fsock_time limit = fsk_time_limit(fsock_now(), call->o->options.connect_timeout);
    int code = EXIT_FINE;
    enum fsock_err err = begin_tls(call->o, peer);
    for (; err == FSOCK_AGAIN && code == EXIT_FINE; err = fsock_handshake(peer, FSOCK_NOW)) {
        unsigned events = fsock_wants(peer, FSOCK_READABLE);
        struct fsock_wait_item item = {NULL, fsock_fd(peer), events, 0};
        if (events && !wait_for(call, item, limit))
            code = time_is_up(call, "the client has begun no TLS, or not ended its handshake");
    }
    if (err == FSOCK_OK)
        return talk_over(call, peer, fsk_span("", 0));
    if (code == EXIT_FINE)
        code = talk_say_fault(call->o, fsock_last_fault(peer));
    fsock_close(peer);
    return code;
}

static int listen_for_streams(struct talk_call *call)
{
    struct fsock_fault fault;
    fsock_listener *l;
    fsock_stream *peer;
    if (fsock_listen(&l, call->o->target, 0, &call->o->options, call->deadline, &fault))
        return talk_say_fault(call->o, &fault);
    tell_listening(call->o, fsock_listener_name(l));
    int code;
    do {
        code = take_one(call, l, &peer);
        if (code != EXIT_FINE)
            break;
        code = serve(call, peer);
    } while (goes_on(call, code));
    fsock_listener_close(l);
    return code;
}

/* ---- Datagrams ------------------------------------------------------------------------------- */

/*
 * Who sends the first datagram is the peer from then on. A unix socket may have no name, or be gone
 * by now: it can't be answered, and everybody is heard.
 */
static int take_first(struct talk_call *call, fsock_stream *s)
{
    char bytes[65536];
    struct fsock_address from;
    size_t n;
    enum fsock_err err = fsock_recv_from(s, bytes, sizeof bytes, &n, &from, FSOCK_NOW);
    if (err == FSOCK_OK) {
        (void)fsock_set_peer(s, &from);
        return talk_over(call, s, fsk_span(bytes, n));
    }
    int code = talk_say_fault(call->o, fsock_last_fault(s));
    fsock_close(s);
    return code;
}

/* One conversation at `target`, which then says where that was, if the port was to be a free one.
 */
static int take_datagrams(struct talk_call *call, char *target, size_t cap, bool *bound)
{
    struct fsock_fault fault;
    fsock_stream *s;
    *bound = fsock_bind(&s, target, 0, &call->o->options, call->deadline, &fault) == FSOCK_OK;
    if (!*bound)
        return talk_say_fault(call->o, &fault);
    const struct fsock_stream_info *info = fsock_inspect(s);
    tell_listening(call->o, info->local);
    if (strcmp(info->transport, "udp") == 0)
        snprintf(target, cap, "udp://%s", info->local);
    int code;
    if (wait_for(call, (struct fsock_wait_item){s, -1, FSOCK_READABLE, 0}, patience(call))) {
        code = take_first(call, s);
    } else {
        fsock_close(s);
        code = time_is_up(call, "nobody came");
    }
    return code;
}

static int listen_for_datagrams(struct talk_call *call)
{
    char target[1024];
    bool bound;
    int code;
    if (snprintf(target, sizeof target, "%s", call->o->target) >= (int)sizeof target) {
        talk_say(call->o, "no address is that long", "");
        return EXIT_USAGE;
    }
    do
        code = take_datagrams(call, target, sizeof target, &bound);
    while (bound && goes_on(call, code));
    return code;
}

int talk_listen(struct talk_call *call)
{
    if (talk_catch_signals(call) < 0) {
        talk_say(call->o, "too many open files", "");
        return EXIT_MEMORY;
    }
    return call->o->udp ? listen_for_datagrams(call) : listen_for_streams(call);
}
