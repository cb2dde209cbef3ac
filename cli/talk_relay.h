/*
 * talk_relay.h - the conversation of `fsock talk`: a plan goes to the peer, what the peer sends to
 * standard output, both at once, and nothing in it waits alone.
 *
 * All is done by calls that don't wait (FSOCK_NOW); only relay_wait() does, for everything at once.
 * What can't be moved on yet is kept in two buffers, one for each direction; neither is read into
 * before it is empty, so a side that stops taking stops the other from giving, and nothing else.
 */
#ifndef FSOCK_CLI_TALK_RELAY_H
#define FSOCK_CLI_TALK_RELAY_H

#include "talk_options.h"
#include "talk_plan.h"
#include "talk_show.h"
#include "talk_telnet.h"

/* One direction that is copied as it is. */
struct flow {
    fsock_stream *from, *to;
    bool stuck;       /* the last try moved nothing, */
    bool stuck_at_to; /* and this one was thought to be the reason */
    bool ready;       /* that one was waited for, and is ready */
};

struct relay {
    const struct talk_options *o;
    const struct plan *plan;
    fsock_stream *peer, *in, *out; /* standard input and output */
    int alarm;                     /* readable when a signal has come */
    fsock_time deadline;           /* -m */
    bool datagrams, terminal;      /* of standard input */
    struct talk_telnet *telnet;    /* NULL: none */

    /* Sending. */
    size_t at;                  /* the step */
    bool begun;                 /* it has */
    struct fsk_span left;       /* of the step's bytes */
    bool empty_left;            /* the step is a datagram without any */
    bool asked;                 /* something has gone, be it without bytes */
    fsock_stream *file;         /* of STEP_FILE, */
    bool file_begun;            /* which has something to read, or its end */
    fsock_time until;           /* of DELAY and EXPECT */
    struct fsk_buf to_peer;     /* next to be sent */
    struct fsk_buf unconverted; /* read, and found no room there yet */
    bool after_cr;              /* of --crlf */
    struct flow sending;
    bool shut; /* the peer has been told that all is sent */
    bool send_failed;
    int send_code;       /* the exit code that means */
    fsock_time all_sent; /* when the plan was over; 0: it is not */
    bool securing;       /* a handshake is under way */

    /* Receiving. */
    struct show show;
    struct flow receiving;
    struct fsk_buf from_peer; /* of telnet: received, and not yet taken apart */
    struct fsk_buf heard;     /* what an EXPECT looks at */
    bool expects;             /* there is one in the plan */
    bool answered;            /* something has come */
    bool peer_ended;

    fsock_time moved; /* when anything did last */
    fsock_time turn;  /* when this turn of the loop began */
    uint64_t sent, received;
    int code;      /* the exit code, once it is over; -1 */
    char why[800]; /* and what to say of it; "" */
    char hint[352];
};

void relay_init(struct relay *r, const struct talk_options *o, const struct plan *plan,
                fsock_stream *peer, fsock_stream *in, fsock_stream *out, int alarm);
void relay_fini(struct relay *r);

/* Bytes that had come before. */
void relay_received(struct relay *r, struct fsk_span bytes);

/* Talk to the end; the exit code. */
int relay_run(struct relay *r);

/* For the parts: it is over, unless it is already. The sentence is printf's. */
void relay_end(struct relay *r, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with what the last call on a stream of ours has said. */
void relay_end_by_fault(struct relay *r, const struct fsock_fault *fault);

/* Do what can be done with the plan now. True: something moved. (talk_send.c) */
bool relay_send(struct relay *r);

/* The stream that is being read for the plan now; NULL: none. */
fsock_stream *relay_source(const struct relay *r);

/* That stream's bytes go as they are. */
bool relay_copies_source(const struct relay *r);

/* The plan is over, and all of it has gone. */
bool relay_has_sent_all(const struct relay *r);

/* Copy what can be copied, at most `most` bytes. *n bytes have gone; FSOCK_OK, FSOCK_AGAIN,
 * FSOCK_EOF or an error. */
enum fsock_err flow_copy(struct flow *f, fsock_stream *from, fsock_stream *to, uint64_t most,
                         uint64_t *n);

#endif
