/*
 * exchange_body.h - the second half of an exchange: framing and decoding of the body; or leaving
 * without an answer.
 *
 * Private to exchange*.c.
 */
#ifndef FSK_EXCHANGE_BODY_H
#define FSK_EXCHANGE_BODY_H

#include "op/exchange.h"

/* The header is complete: how will the body end? */
enum fsock_err fsk_exchange_begin_body(struct fsk_exchange *x);

/* Go on with the body: FSOCK_OK at its end, FSOCK_AGAIN with or without an event, or the error. */
enum fsock_err fsk_exchange_body(struct fsk_exchange *x, fsock_time now);

/*
 * Instead of the answer: end the sending if all is sent, drop what comes, and see to it that the
 * peer's machine has the whole request. FSOCK_OK: it has; FSOCK_AGAIN, or the error.
 */
enum fsock_err fsk_exchange_leave(struct fsk_exchange *x, fsock_time now);

/* Whether it has moved so much that others must get their turn: then it yields. */
bool fsk_exchange_turn_over(struct fsk_exchange *x);

/*
 * Bytes into x->in, if there are none. So many as `discard` says need not be seen: if that is more
 * than the scratch buffer holds, they are dropped instead, and *dropped says how many. FSOCK_OK,
 * FSOCK_EOF, FSOCK_AGAIN, the stream's error, or FSOCK_ERR_SPENT with the fault written.
 */
enum fsock_err fsk_exchange_fill(struct fsk_exchange *x, fsock_time now, uint64_t discard,
                                 size_t *dropped);

/* Write the fault: "STAGE PEER: sentence". Returns err. */
enum fsock_err fsk_exchange_fail(struct fsk_exchange *x, enum fsock_err err, int sys_errno,
                                 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The stream has failed with err: say so in its own words. */
enum fsock_err fsk_exchange_fail_stream(struct fsk_exchange *x, enum fsock_err err);

#endif
