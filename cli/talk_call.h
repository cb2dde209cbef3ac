/*
 * talk_call.h - one conversation from its opening to its end, and what is said of it on standard
 * error. What several conversations share (-l -k) stays open in between.
 */
#ifndef FSOCK_CLI_TALK_CALL_H
#define FSOCK_CLI_TALK_CALL_H

#include "talk_plan.h"

struct talk_call {
    const struct talk_options *o;
    struct plan plan;
    fsock_stream *in, *out; /* standard input, if it is read, and output */
    int alarm;
    fsock_time deadline; /* -m */
};

/* 0; or an exit code, and `why`. To be freed in every case. */
int talk_call_init(struct talk_call *call, const struct talk_options *o, char *why, size_t cap);
void talk_call_fini(struct talk_call *call);

/* Open the target and talk. The exit code. */
int talk_connect(struct talk_call *call);

/*
 * Talk over a stream that is open already, and close it. `first` is what the peer has sent before
 * (the datagram of -l -u), or empty. The exit code.
 */
int talk_over(struct talk_call *call, fsock_stream *peer, struct fsk_span first);

/* A sentence and a hint, each a line on standard error, unless there is none, or --silent. */
void talk_say(const struct talk_options *o, const char *text, const char *hint);

/* The same for a fault, with the option that raises the limit. Returns the exit code. */
int talk_say_fault(const struct talk_options *o, const struct fsock_fault *fault);

/* Ctrl-C and SIGTERM are news from now on. */
int talk_catch_signals(struct talk_call *call);

#endif
