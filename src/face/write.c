/* write.c: writing to a stream, and copying from one to another. */
#include <errno.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/time.h"
#include "face/stream.h"
#include "op/copy.h"

#define PRINTF_MAX 65536

enum fsock_err fsock_write(fsock_stream *s, const void *buf, size_t len, size_t *n,
                           fsock_time deadline)
{
    struct fsk_io io;
    size_t unheard;
    n = n ? n : &unheard;
    *n = 0;
    enum fsock_err err = fsk_face_shake(s, deadline);
    if (err != FSOCK_OK || (len == 0 && !fsk_transport_datagrams(s->transport)))
        return err;
    fsk_io_init(&io, FSK_IO_WRITE, &s->stream, FSOCK_NEVER);
    io.out = buf;
    io.len = io.least = len;
    err = fsk_face_run(s, &io, deadline);
    *n = io.done;
    if (io.blocked)
        *n += fsk_face_owe(s, (const char *)buf + io.done, len - io.done);
    if (err == FSOCK_AGAIN && *n)
        err = FSOCK_OK;
    s->sent += *n;
    return fsk_face_done(s, err, FSOCK_STAGE_SEND, &io);
}

enum fsock_err fsock_vprintf(fsock_stream *s, fsock_time deadline, const char *format, va_list args)
{
    char few[512], *text = few;
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(few, sizeof few, format, args);
    if (n >= (int)sizeof few && n <= PRINTF_MAX) {
        text = malloc((size_t)n + 1);
        if (text)
            vsnprintf(text, (size_t)n + 1, format, again);
    }
    va_end(again);
    if (n < 0 || n > PRINTF_MAX)
        return fsk_face_fail(s, FSOCK_ERR_INPUT, FSOCK_STAGE_SEND, EOVERFLOW,
                             "the format gives no text, or more than 64 KiB of it");
    size_t written = 0;
    enum fsock_err err = FSOCK_ERR_MEMORY;
    if (text)
        err = fsock_write(s, text, (size_t)n, &written, deadline);
    else
        fsk_face_fail(s, err, FSOCK_STAGE_SEND, ENOMEM, "out of memory");
    if (err == FSOCK_OK && written < (size_t)n) /* FSOCK_NOW: saying it again would say it twice */
        err = fsk_face_fail(s, FSOCK_ERR_TIMEOUT, FSOCK_STAGE_SEND, ETIMEDOUT,
                            "the peer took %zu of %d bytes at once", written, n);
    if (text != few)
        free(text);
    return err;
}

enum fsock_err fsock_printf(fsock_stream *s, fsock_time deadline, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    enum fsock_err err = fsock_vprintf(s, deadline, format, args);
    va_end(args);
    return err;
}

enum fsock_err fsock_write_oob(fsock_stream *s, unsigned char byte, fsock_time deadline)
{
    struct fsk_io io;
    const char c = (char)byte;
    if (!fsk_face_has_oob(s))
        return fsk_face_fail(s, FSOCK_ERR_INPUT, FSOCK_STAGE_SEND, EOPNOTSUPP,
                             "only plain TCP has bytes out of band");
    fsk_io_init(&io, FSK_IO_WRITE, &s->stream, FSOCK_NEVER);
    io.out = &c;
    io.len = io.least = 1;
    io.flags = FSK_IO_OOB;
    return fsk_face_done(s, fsk_face_run(s, &io, deadline), FSOCK_STAGE_SEND, &io);
}

enum fsock_err fsock_send_to(fsock_stream *s, const void *buf, size_t len,
                             const struct fsock_address *to, fsock_time deadline)
{
    struct fsk_io io;
    struct fsk_sockaddr sa = {.len = to->raw_len};
    if (!fsk_transport_datagrams(s->transport) || !to->raw_len || to->raw_len > sizeof sa.ss)
        return fsk_face_fail(s, FSOCK_ERR_INPUT, FSOCK_STAGE_SEND, EOPNOTSUPP,
                             "only datagrams go to an address, and there must be one");
    memcpy(&sa.ss, to->raw, sa.len);
    fsk_io_init(&io, FSK_IO_WRITE, &s->stream, FSOCK_NEVER);
    io.out = buf;
    io.len = io.least = len;
    io.to = &sa;
    enum fsock_err err = fsk_face_run(s, &io, deadline);
    s->sent += io.done;
    return fsk_face_done(s, err, FSOCK_STAGE_SEND, &io);
}

enum fsock_err fsock_shut(fsock_stream *s, fsock_time deadline)
{
    struct fsk_io io;
    enum fsock_err err = fsk_face_shake(s, deadline);
    if (err != FSOCK_OK)
        return err;
    fsk_io_init(&io, FSK_IO_SHUT, &s->stream, FSOCK_NEVER);
    err = fsk_face_run(s, &io, deadline);
    s->shut = err == FSOCK_OK;
    return fsk_face_done(s, err, FSOCK_STAGE_SEND, &io);
}

/* ---- From one to another --------------------------------------------------------------------- */

/* The shorter of two times that may be 0, for any. */
static int64_t shorter(int64_t a, int64_t b)
{
    if (a <= 0 || b <= 0)
        return a > b ? a : b;
    return a < b ? a : b;
}

static enum fsock_err run_copy(fsock_stream *from, fsock_stream *to, struct fsk_copy *c,
                               fsock_time deadline)
{
    fsock_time most = fsk_time_min(from->deadline, to->deadline), now = fsock_now();
    c->held = &from->in;
    c->owed = &to->owed;
    c->silence = shorter(from->silence, to->silence);
    if (deadline != FSOCK_NOW) {
        c->op.deadline = fsk_time_min(deadline, most);
        return fsk_run(&to->run, &c->op);
    }
    c->op.driver = &to->run.sched.driver;
    if (now >= most)
        c->op.deadline = now;
    return fsk_op_step(&c->op, now);
}

/* Whose error it is says so. */
static enum fsock_err copy_done(fsock_stream *from, fsock_stream *to, const struct fsk_copy *c,
                                enum fsock_err err)
{
    struct fsk_io how = {.limit = c->limit, .silence = c->silence};
    bool sending = c->failed == &to->stream;
    if (err == FSOCK_ERR_TIMEOUT && c->limit != FSOCK_LIMIT_NONE)
        fsk_face_done(sending ? from : to, err, sending ? FSOCK_STAGE_RECV : FSOCK_STAGE_SEND,
                      &how);
    return fsk_face_done(sending ? to : from, err, sending ? FSOCK_STAGE_SEND : FSOCK_STAGE_RECV,
                         &how);
}

enum fsock_err fsock_copy(fsock_stream *from, fsock_stream *to, uint64_t max, uint64_t *n,
                          fsock_time deadline)
{
    struct fsk_copy c;
    uint64_t unheard;
    n = n ? n : &unheard;
    *n = 0;
    enum fsock_err err = fsk_face_shake(from, deadline);
    if (err == FSOCK_OK)
        err = fsk_face_shake(to, deadline);
    if (err != FSOCK_OK)
        return err;
    fsk_copy_init(&c, &from->stream, &to->stream, FSOCK_NEVER);
    c.max = max;
    size_t before = fsk_buf_len(&from->in);
    err = run_copy(from, to, &c, deadline);
    fsk_face_received(from, c.done + fsk_buf_len(&from->in) - before);
    if (c.blocked) {
        struct fsk_span held = fsk_buf_span(&from->in);
        uint64_t left = max - c.done;
        size_t owed = fsk_face_owe(to, held.p, held.n < left ? held.n : (size_t)left);
        fsk_buf_consume(&from->in, owed);
        c.done += owed;
    }
    *n = c.done;
    to->sent += c.done;
    if (err == FSOCK_AGAIN && c.done)
        err = FSOCK_OK;
    return copy_done(from, to, &c, err);
}
