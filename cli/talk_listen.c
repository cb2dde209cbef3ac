#include "talk_listen.h"

#include <stdio.h>

#include "base/time.h"
#include "interrupt.h"
#include "outcome.h"

static int time_is_up(struct talk_call *call)
{
    int code = interrupt_signal();
    if (code) {
        talk_say(call->o, "interrupted", "");
        return 128 + code;
    }
    talk_say(call->o,
             fsock_now() >= call->deadline ? "nobody came (-m raises this limit)"
                                           : "nobody came (-w raises this limit)",
             "");
    return EXIT_TIMEOUT;
}

/* Until somebody is there, a signal has come or a limit has struck. */
static bool wait_for(struct talk_call *call, struct fsock_wait_item what)
{
    struct fsock_wait_item list[] = {
        {NULL, call->alarm, FSOCK_READABLE, 0},
        what,
    };
    fsock_time idle = fsk_time_limit(fsock_now(), call->o->wait);
    enum fsock_err err = fsock_wait(list, 2, fsk_time_min(call->deadline, idle));
    return err == FSOCK_OK && list[1].ready;
}

/* ---- Connections ----------------------------------------------------------------------------- */

static void tell_listening(const struct talk_options *o, const char *name)
{
    if (o->verbose)
        fprintf(stderr, "* listening at %s\n", name);
}

static int take_one(struct talk_call *call, fsock_listener *l)
{
    struct fsock_fault fault;
    fsock_stream *peer = NULL;
    enum fsock_err err = FSOCK_AGAIN;
    while (err == FSOCK_AGAIN) {
        struct fsock_wait_item item = {NULL, fsock_listener_fd(l), FSOCK_READABLE, 0};
        if (!wait_for(call, item))
            return time_is_up(call);
        err = fsock_accept(l, &peer, FSOCK_NOW, &fault);
    }
    if (err != FSOCK_OK)
        return talk_say_fault(call->o, &fault);
    fsock_time limit = fsk_time_limit(fsock_now(), call->o->options.connect_timeout);
    err = fsock_handshake(peer, fsk_time_min(limit, call->deadline));
    if (err == FSOCK_OK)
        return talk_over(call, peer);
    int code = talk_say_fault(call->o, fsock_last_fault(peer));
    fsock_close(peer);
    return code;
}

static int listen_for_streams(struct talk_call *call)
{
    struct fsock_fault fault;
    fsock_listener *l;
    if (fsock_listen(&l, call->o->target, 0, &call->o->options, call->deadline, &fault))
        return talk_say_fault(call->o, &fault);
    tell_listening(call->o, fsock_listener_name(l));
    int code;
    do
        code = take_one(call, l);
    while (call->o->keep && !interrupt_signal() && fsock_now() < call->deadline &&
           code != EXIT_WRITE);
    fsock_listener_close(l);
    return code;
}

/* ---- Datagrams ------------------------------------------------------------------------------- */

/* Who sends the first datagram is the peer from then on. */
static int take_first(struct talk_call *call, fsock_stream *s)
{
    char bytes[65536];
    struct fsock_address from;
    size_t n;
    enum fsock_err err = fsock_recv_from(s, bytes, sizeof bytes, &n, &from, FSOCK_NOW);
    if (err == FSOCK_OK)
        err = fsock_set_peer(s, &from);
    if (err == FSOCK_OK) {
        call->first = fsk_span(bytes, n);
        return talk_over(call, s);
    }
    int code = talk_say_fault(call->o, fsock_last_fault(s));
    fsock_close(s);
    return code;
}

static int listen_for_datagrams(struct talk_call *call)
{
    struct fsock_fault fault;
    fsock_stream *s;
    if (fsock_bind(&s, call->o->target, 0, &call->o->options, call->deadline, &fault))
        return talk_say_fault(call->o, &fault);
    tell_listening(call->o, fsock_inspect(s)->local);
    if (!wait_for(call, (struct fsock_wait_item){s, -1, FSOCK_READABLE, 0})) {
        fsock_close(s);
        return time_is_up(call);
    }
    return take_first(call, s);
}

int talk_listen(struct talk_call *call)
{
    if (talk_catch_signals(call) < 0) {
        talk_say(call->o, "too many open files", "");
        return EXIT_MEMORY;
    }
    return call->o->udp ? listen_for_datagrams(call) : listen_for_streams(call);
}
