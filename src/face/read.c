/* read.c: reading a stream. */
#include "face/stream.h"

#include <errno.h>
#include <stdlib.h>

#define FILL ((size_t)16 * 1024) /* bytes asked for when a line is wanted */

/* From the stream's own buffer. */
static size_t take(fsock_stream *s, void *buf, size_t cap)
{
    struct fsk_span have = fsk_buf_span(&s->in);
    size_t n = have.n < cap ? have.n : cap;
    if (n) {
        memcpy(buf, have.p, n);
        fsk_buf_consume(&s->in, n);
        s->half_line = 0;
        s->timed_out = false;
    }
    return n;
}

/* Receive from the socket, past the buffer. */
static enum fsock_err receive(fsock_stream *s, void *buf, size_t cap, size_t least, size_t *n,
                              struct fsk_sockaddr *from, fsock_time deadline)
{
    struct fsk_io io;
    enum fsock_err err = fsk_face_shake(s, deadline);
    *n = 0;
    if (err != FSOCK_OK)
        return err;
    fsk_io_init(&io, FSK_IO_READ, &s->stream, FSOCK_NEVER);
    io.into = buf;
    io.len = cap;
    io.least = fsk_transport_datagrams(s->transport) ? 0 : least;
    io.from = from;
    err = fsk_face_run(s, &io, deadline);
    *n = io.done;
    fsk_face_received(s, io.done);
    return fsk_face_done(s, err, FSOCK_STAGE_RECV, &io);
}

/* Receive into the buffer: something, or a whole datagram. */
static enum fsock_err fill(fsock_stream *s, fsock_time deadline)
{
    size_t room =
               fsk_transport_datagrams(s->transport) ? FSK_STREAM_READ - fsk_buf_len(&s->in) : FILL,
           n;
    enum fsock_err err = fsk_buf_reserve(&s->in, room);
    if (err != FSOCK_OK)
        return fsk_face_fail(s, err, FSOCK_STAGE_RECV, ENOMEM, "out of memory");
    err = receive(s, s->in.mem + s->in.end, room, 1, &n, NULL, deadline);
    s->in.end += n < room ? n : room;
    return err;
}

enum fsock_err fsock_read(fsock_stream *s, void *buf, size_t cap, size_t *n, fsock_time deadline)
{
    *n = take(s, buf, cap);
    if (*n || cap == 0)
        return FSOCK_OK;
    if (!fsk_transport_datagrams(s->transport))
        return receive(s, buf, cap, 1, n, NULL, deadline);
    enum fsock_err err = fill(s, deadline);
    if (err == FSOCK_OK)
        *n = take(s, buf, cap);
    return err;
}

enum fsock_err fsock_read_exact(fsock_stream *s, void *buf, size_t len, size_t *n,
                                fsock_time deadline)
{
    size_t more = 0;
    *n = take(s, buf, len);
    enum fsock_err err = FSOCK_OK;
    while (err == FSOCK_OK && *n < len) {
        char *at = (char *)buf + *n;
        size_t left = len - *n;
        if (fsk_transport_datagrams(s->transport)) /* of the last one some may be left */
            err = fsock_read(s, at, left, &more, deadline);
        else
            err = receive(s, at, left, left, &more, NULL, deadline);
        *n += more;
        if (err == FSOCK_OK && deadline == FSOCK_NOW && *n < len)
            return FSOCK_AGAIN;
    }
    if (err == FSOCK_EOF && *n)
        return fsk_face_fail(s, FSOCK_ERR_CLOSED, FSOCK_STAGE_RECV, 0,
                             "the stream ended after %zu of %zu bytes", *n, len);
    return err;
}

enum fsock_err fsock_read_line(fsock_stream *s, char *buf, size_t cap, size_t *n,
                               fsock_time deadline)
{
    enum fsock_err err = FSOCK_OK;
    *n = 0;
    if (cap < 2)
        return fsk_face_fail(s, FSOCK_ERR_INPUT, FSOCK_STAGE_RECV, EINVAL,
                             "a line needs room for a byte and its NUL");
    for (size_t seen = 0;;) {
        struct fsk_span have = fsk_buf_span(&s->in);
        const char *end = have.n > seen ? memchr(have.p + seen, '\n', have.n - seen) : NULL;
        size_t whole = end ? (size_t)(end - have.p) + 1 : have.n;
        bool enough = end || have.n >= cap - 1 || have.n + FILL > FSK_STREAM_READ;
        if (enough || (err == FSOCK_EOF && have.n)) {
            *n = take(s, buf, whole < cap - 1 ? whole : cap - 1);
            buf[*n] = '\0';
            return FSOCK_OK;
        }
        if (err != FSOCK_OK) {
            s->half_line = have.n; /* waiting is for more than that */
            buf[0] = '\0';
            return err;
        }
        seen = have.n;
        err = fill(s, deadline);
    }
}

enum fsock_err fsock_read_oob(fsock_stream *s, unsigned char *byte, fsock_time deadline)
{
    struct fsk_io io;
    char c = 0;
    if (!fsk_face_has_oob(s))
        return fsk_face_fail(s, FSOCK_ERR_INPUT, FSOCK_STAGE_RECV, EOPNOTSUPP,
                             "only plain TCP has bytes out of band");
    fsk_io_init(&io, FSK_IO_READ, &s->stream, FSOCK_NEVER);
    io.into = &c;
    io.len = io.least = 1;
    io.flags = FSK_IO_OOB;
    enum fsock_err err = fsk_face_run(s, &io, deadline);
    *byte = (unsigned char)c;
    return fsk_face_done(s, err, FSOCK_STAGE_RECV, &io);
}

int fsock_at_end(fsock_stream *s)
{
    struct fsk_wait unused = {.wants = 0};
    char byte;
    size_t n;
    if (fsk_buf_len(&s->in) || s->shaking)
        return 0;
    if (fsk_transport_datagrams(s->transport))
        return 0;
    if (s->file) /* only reading tells */
        return fill(s, FSOCK_NOW) == FSOCK_EOF;
    return fsk_stream_recv(&s->stream, &byte, 1, &n, FSK_IO_PEEK, &unused) == FSOCK_EOF;
}

enum fsock_err fsock_recv_from(fsock_stream *s, void *buf, size_t cap, size_t *n,
                               struct fsock_address *from, fsock_time deadline)
{
    struct fsk_sockaddr sa = {.len = 0};
    if (!fsk_transport_datagrams(s->transport))
        return fsk_face_fail(s, FSOCK_ERR_INPUT, FSOCK_STAGE_RECV, EOPNOTSUPP,
                             "only datagrams come with addresses");
    enum fsock_err err = receive(s, buf, cap, 0, n, &sa, deadline);
    if (err != FSOCK_OK)
        return err;
    if (from) {
        fsk_sockaddr_format(&sa, from->text);
        memcpy(from->raw, &sa.ss, sizeof from->raw);
        from->raw_len = sa.len;
    }
    if (*n <= cap)
        return FSOCK_OK;
    size_t size = *n;
    *n = cap;
    return fsk_face_fail(s, FSOCK_ERR_TOO_BIG, FSOCK_STAGE_RECV, EMSGSIZE,
                         "the datagram has %zu bytes, and there is room for %zu", size, cap);
}
