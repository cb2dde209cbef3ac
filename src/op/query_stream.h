/*
 * query_stream.h - one question to one server over TCP (RFC 7766): a part of query.c's step.
 */
#ifndef FSK_QUERY_STREAM_H
#define FSK_QUERY_STREAM_H

#include "base/buf.h"
#include "net/stream.h"
#include "op/connect.h"
#include "wire/dnsmsg.h"

struct fsk_query_stream {
    struct fsk_connect connect;
    struct fsk_stream stream; /* top NULL: not connected yet */
    struct fsk_dns_query query;
    uint8_t out[2 + FSK_DNS_QUERY_MAX];
    size_t out_n, sent;
    struct fsk_buf in;
    int sys_errno; /* after an error; 0 if the server just closed */
};

/* NULL: out of memory. */
struct fsk_query_stream *fsk_query_stream_new(const struct fsk_dns_query *query,
                                              const struct fsk_addr *server, fsock_time deadline);
void fsk_query_stream_free(struct fsk_query_stream *s);

/*
 * Go on, as a part of `outer`'s step. FSOCK_OK: *answer is a whole message (in s->in). FSOCK_AGAIN,
 * or an error.
 */
enum fsock_err fsk_query_stream_step(struct fsk_query_stream *s, struct fsk_op *outer,
                                     fsock_time now, struct fsk_span *answer);

#endif
