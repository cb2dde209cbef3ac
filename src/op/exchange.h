/*
 * exchange.h - one HTTP request and its answer on an open stream: a connection of HTTP/1, or a
 * stream of HTTP/2, which looks like one. An inner op.
 *
 * It is a machine that stops at each thing its outer op may want to see: step() returns FSOCK_AGAIN
 * with `event` set, and goes on with the next step. The header is whole at FSK_EXCHANGE_HEAD; then
 * the outer op may set `discard`, or leave the rest and close the stream. Body bytes stay valid
 * until the next step.
 *
 * Requests go out before and while the answer comes in: an early answer ends the sending. A body
 * that ends before its length, its last chunk or its end mark is FSOCK_ERR_TRUNCATED, never a
 * short success. With no_wait there is no answer: it ends when TCP has brought the whole request to
 * the peer's machine.
 *
 * What comes in counts in the owner's allowance; when there is nothing left of that, it is over.
 * What comes in, and the body of the request, moves in portions, each in its turn, if a flow says
 * so. While it is us who wait, the peer isn't silent.
 */
#ifndef FSK_EXCHANGE_H
#define FSK_EXCHANGE_H

#include "base/buf.h"
#include "net/stream.h"
#include "op/http.h"
#include "wire/chunked.h"
#include "wire/h1.h"

enum fsk_exchange_event {
    FSK_EXCHANGE_NONE,
    FSK_EXCHANGE_HEAD, /* `head` is the final one's */
    FSK_EXCHANGE_DATA  /* `data`: decoded body */
};

enum fsk_exchange_state {
    FSK_EXCHANGE_AT_HEAD, /* the final header is not complete */
    FSK_EXCHANGE_AT_BODY, /* it is; the body is not */
    FSK_EXCHANGE_AT_END   /* the answer is complete */
};

/* What to send, and how to treat the answer. Spans are borrowed. */
struct fsk_exchange_plan {
    struct fsk_span head, body;
    bool is_head;     /* HEAD: the answer has no body */
    bool no_decode;   /* leave Content-Encoding alone */
    bool no_wait;     /* it is over when the peer's machine has the request: no answer */
    bool shared;      /* the stream is one of HTTP/2 (h2.h) */
    const char *peer; /* "shop.example:443", for sentences */
    /* What the stream waits for, if a read has just said FSOCK_AGAIN; else nothing. */
    struct fsk_wait quiet;
};

/* Bytes of one direction move when it is their turn in each of these. */
struct fsk_exchange_pace {
    struct fsk_flow_turn place, run;
};

struct fsk_exchange {
    struct fsk_op op;
    struct fsk_http *http;
    struct fsk_stream *stream;
    struct fsk_exchange_plan plan;
    struct fsock_fault *fault;
    enum fsk_exchange_state state;
    enum fsk_exchange_event event;
    bool discard; /* the outer op's: no DATA events */

    uint64_t sent;         /* of head and body together */
    bool send_over;        /* all is sent, or the rest will not be */
    fsock_time first_at;   /* when the first byte of the answer came; 0: none */
    fsock_time last_moved; /* when a byte moved last, either way */
    bool shut;             /* no_wait: our end has been sent, too */
    uint64_t acked;        /* ... bytes that the peer's machine has */
    fsock_time look_delay; /* ... between two looks at that */
    struct fsk_exchange_pace sending, receiving;
    bool paused;       /* it waits for its turn in one of them */
    size_t moved;      /* bytes since it last let others go */
    unsigned portions; /* ... that this step has moved or tried to move */
    fsock_time
        turn_ends; /* when it lets them go however few there were: after the second portion */

    struct fsk_buf head_bytes; /* of the final header, as received */
    size_t head_seen;          /* bytes that the parser has looked at */
    struct fsk_h1_head head;   /* points into head_bytes */
    unsigned interim;          /* 1xx answers passed over */
    struct fsk_buf trailers;
    uint64_t header_bytes; /* of all headers */

    enum fsk_h1_body framing;
    uint64_t left; /* FSK_H1_BODY_LENGTH: bytes to come */
    struct fsk_chunked chunked;
    uint64_t bulk_from;        /* `received` from which on the body counts as a fast one */
    int wakes_from;            /* bytes that make the socket readable; 0: as it was */
    bool bulk_wait;            /* it waits for many bytes */
    bool body_received;        /* its last byte is here, though perhaps not decoded */
    bool ended;                /* the peer has ended the stream */
    struct fsk_span in;        /* received, not looked at */
    struct fsk_span raw;       /* body bytes without framing, not yet decoded */
    struct fsk_buf kept;       /* what both point to while others have the scratch buffer */
    bool decoder_full;         /* it has more to give without more input */
    struct fsk_decode *decode; /* NULL: identity */
    unsigned codings_undone;
    struct fsk_span data;
    uint64_t received; /* body bytes before decoding */
    uint64_t made;     /* and after */

    bool reusable; /* at FSK_EXCHANGE_AT_END: the stream can carry another exchange */
};

void fsk_exchange_init(struct fsk_exchange *x, struct fsk_http *http, struct fsk_stream *stream,
                       const struct fsk_exchange_plan *plan, fsock_time deadline,
                       struct fsock_fault *fault);

/* Before the first step: the flows that its bytes belong to, which outlive it. */
void fsk_exchange_pace(struct fsk_exchange *x, struct fsk_flow *place, struct fsk_flow *run);

/* It moves nothing more, whatever comes: it leaves the flows. */
void fsk_exchange_still(struct fsk_exchange *x);

/* The stream stays its owner's. */
void fsk_exchange_fini(struct fsk_exchange *x);

#endif
