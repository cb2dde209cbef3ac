#include "op/query_stream.h"

#include <stdlib.h>

#include "net/plain.h"

struct fsk_query_stream *fsk_query_stream_new(const struct fsk_dns_query *query,
                                              const struct fsk_addr *server, fsock_time deadline)
{
    struct fsk_query_stream *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    fsk_connect_init(&s->connect, deadline);
    fsk_sockaddr_from_addr(&s->connect.to, server);
    fsk_addr_format_port(server, s->connect.text);
    s->query = *query;
    size_t n = fsk_dns_build(query, s->out + 2);
    s->out[0] = (uint8_t)(n >> 8);
    s->out[1] = (uint8_t)n;
    s->out_n = n + 2;
    fsk_buf_init(&s->in, 2 + 65535);
    return s;
}

void fsk_query_stream_free(struct fsk_query_stream *s)
{
    if (!s)
        return;
    fsk_connect_fini(&s->connect);
    if (s->stream.top)
        fsk_stream_close(&s->stream);
    fsk_buf_fini(&s->in);
    free(s);
}

static enum fsock_err open_stream(struct fsk_query_stream *s, struct fsk_op *outer, fsock_time now)
{
    enum fsock_err err = fsk_op_inner(outer, &s->connect.op, now);
    if (err != FSOCK_OK) {
        s->sys_errno = s->connect.sys_errno;
        return err;
    }
    struct fsk_layer *top = fsk_plain_new(s->connect.fd, outer->driver);
    if (!top)
        return FSOCK_ERR_MEMORY;
    s->connect.fd = -1;
    fsk_stream_init(&s->stream, top);
    return FSOCK_OK;
}

/* The bytes that are still missing of the message, as far as is known; 0: none. */
static size_t missing(const struct fsk_query_stream *s)
{
    struct fsk_span in = fsk_buf_span(&s->in);
    size_t whole = 2;
    if (in.n >= 2)
        whole += (size_t)((unsigned char)in.p[0] << 8 | (unsigned char)in.p[1]);
    return whole - in.n;
}

static enum fsock_err receive(struct fsk_query_stream *s, struct fsk_wait *wait)
{
    for (size_t want; (want = missing(s)) > 0;) {
        size_t n;
        enum fsock_err err = fsk_buf_reserve(&s->in, want);
        if (err == FSOCK_OK)
            err = fsk_stream_recv(&s->stream, s->in.mem + s->in.end, want, &n, 0, wait);
        if (err != FSOCK_OK)
            return err;
        s->in.end += n;
    }
    return FSOCK_OK;
}

enum fsock_err fsk_query_stream_step(struct fsk_query_stream *s, struct fsk_op *outer,
                                     fsock_time now, struct fsk_span *answer)
{
    enum fsock_err err = s->stream.top ? FSOCK_OK : open_stream(s, outer, now);
    if (err != FSOCK_OK)
        return err;
    while (s->sent < s->out_n) {
        size_t n;
        err = fsk_stream_send(&s->stream, s->out + s->sent, s->out_n - s->sent, &n, &outer->wait);
        if (err != FSOCK_OK)
            break;
        s->sent += n;
    }
    if (err == FSOCK_OK)
        err = receive(s, &outer->wait);
    if (err == FSOCK_OK) {
        *answer = fsk_buf_span(&s->in);
        answer->p += 2;
        answer->n -= 2;
    } else if (err != FSOCK_AGAIN) {
        s->sys_errno = s->stream.top->sys_errno;
    }
    return err;
}
