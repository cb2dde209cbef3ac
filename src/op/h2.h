/*
 * h2.h - a connection of HTTP/2 (RFC 9113), shared by as many requests as the peer allows.
 *
 * A session is an op that owns the connection and alone reads and writes there. Frames and HPACK
 * are libnghttp2's business; limits, time and words are ours. It runs until either side ends it,
 * also while nobody uses it, so that PING and GOAWAY are answered and heard.
 *
 * Each request gets a stream of the session: a layer (net/layer.h) that looks like a connection of
 * its own which carries one exchange of HTTP/1. A request's head and body go in as
 * fsk_request_write writes them; out come "HTTP/2 200", a line for each field, an empty line and
 * the body, which ends with the stream (FSK_H1_BODY_STREAM). So an exchange need not know how its
 * bytes travel. Fields that belong to a connection of HTTP/1 are left out on the way; trailers are
 * in the layer's info.
 *
 * A stream that is closed before its end is reset, and the others don't notice. How much may come
 * before it is taken is bounded for each stream by its window (FSK_H2_WINDOW): one that nobody
 * reads stops its peer, and nobody else.
 */
#ifndef FSK_H2_H
#define FSK_H2_H

#include "net/stream.h"
#include "op/op.h"

#define FSK_H2_WINDOW ((size_t)1024 * 1024) /* bytes of a stream that may wait to be taken */

struct fsk_h2;

/*
 * `changed` is called, in any step, when there may be room for another stream, when the last one
 * has been closed, and when the session is over. It may only take notes, wake ops, and open
 * streams.
 */
struct fsk_h2_owner {
    void (*changed)(struct fsk_h2_owner *);
};

/*
 * A session on an open stream of bytes, which it takes over. NULL: out of memory, and the stream is
 * closed.
 */
struct fsk_h2 *fsk_h2_new(struct fsk_driver *driver, struct fsk_stream *stream,
                          struct fsk_h2_owner *owner);

/* Closes the connection at once. No stream may be left, and its op not be in a step. */
void fsk_h2_free(struct fsk_h2 *h2);

/* No more streams: it ends with the last that is open. */
void fsk_h2_drain(struct fsk_h2 *h2);

/* How many streams more it takes just now; and whether any, if not now, then when one is closed. */
unsigned fsk_h2_room(const struct fsk_h2 *h2);
bool fsk_h2_is_open(const struct fsk_h2 *h2);

/* Whether the peer has said what it allows; before, it gets a single stream. */
bool fsk_h2_is_settled(const struct fsk_h2 *h2);

/* Whether it has ended: its connection is closed, and the streams that are left say why. */
bool fsk_h2_is_over(const struct fsk_h2 *h2);

/* Whether the peer has answered some requests, and then said GOAWAY. */
bool fsk_h2_is_used_up(const struct fsk_h2 *h2);

/* Whether the peer has said that it wants to be asked by HTTP/1.1. */
bool fsk_h2_is_unwanted(const struct fsk_h2 *h2);

/* How many are open. */
unsigned fsk_h2_streams(const struct fsk_h2 *h2);

/* A new stream, while there is room. `op` is woken when it can go on. NULL: out of memory. */
struct fsk_layer *fsk_h2_open(struct fsk_h2 *h2, struct fsk_op *op);

#endif
