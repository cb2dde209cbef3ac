#include "net/splice.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "base/trace.h"
#include "net/call.h"
#include "net/plain.h"
#include "net/quiet.h"

/* The kind of a bare descriptor (S_IFMT), or 0 if there are layers above it, or datagrams in it. */
static mode_t kind_of(struct fsk_stream *s)
{
    struct stat st;
    if (!s->top || s->top->below || s->top->datagrams || fstat(fsk_stream_fd(s), &st) < 0)
        return 0;
    return st.st_mode & S_IFMT;
}

/* The one of the two that has a trace; a file has none. */
static fsock_trace *trace_of(const struct fsk_stream *from, const struct fsk_stream *to)
{
    fsock_trace *trace = from->top->driver ? from->top->driver->trace : NULL;
    return trace || !to->top->driver ? trace : to->top->driver->trace;
}

enum fsk_splice_way fsk_splice_way(struct fsk_stream *from, struct fsk_stream *to)
{
    mode_t in = kind_of(from), out = kind_of(to);
    if (!in || !out || fsk_trace_wants_data(trace_of(from, to)))
        return FSK_SPLICE_NO; /* the bytes are not seen */
    if ((in == S_IFIFO && out == S_IFSOCK) || (in == S_IFSOCK && out == S_IFIFO))
        return FSK_SPLICE_PIPE;
    return in == S_IFREG && out == S_IFSOCK ? FSK_SPLICE_FILE : FSK_SPLICE_NO;
}

/*
 * What the network did to a connection its socket tells once, and the next call finds a clean end.
 * So that reading and writing tell it, too, it is kept: as by fsk_stream_recv() and _send().
 */
static void keep_error(struct fsk_stream *from, struct fsk_stream *to, int sys_errno)
{
    switch (sys_errno) {
    case ECONNRESET:
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case ECONNREFUSED:
    case ECONNABORTED:
    case EPROTO:
        break;
    default:
        return;
    }
    if (kind_of(to) == S_IFSOCK)
        to->send_dead = fsk_plain_error(to->top, sys_errno);
    else
        from->recv_dead = from->send_dead = fsk_plain_error(from->top, sys_errno);
}

enum fsock_err fsk_splice(enum fsk_splice_way way, struct fsk_stream *from, struct fsk_stream *to,
                          size_t max, size_t *n)
{
    struct fsk_quiet quiet;
    int in = fsk_stream_fd(from), out = fsk_stream_fd(to);
    fsock_trace *trace = trace_of(from, to);
    ssize_t moved;
    *n = 0;
    fsk_quiet_begin(&quiet);
    do
        moved = way == FSK_SPLICE_FILE ? fsk_call_sendfile(trace, in, out, max)
                                       : fsk_call_splice(trace, in, out, max);
    while (moved < 0 && errno == EINTR);
    fsk_quiet_end(&quiet, moved < 0 && errno == EPIPE);
    if (moved > 0) {
        *n = (size_t)moved;
        return FSOCK_OK;
    }
    if (moved == 0)
        return FSOCK_EOF;
    if (errno == EAGAIN)
        return FSOCK_AGAIN;
    keep_error(from, to, errno);
    return errno == EINVAL || errno == ENOSYS ? FSOCK_ERR_INPUT : FSOCK_ERR_SYSTEM;
}

int fsk_splice_waiting(struct fsk_stream *from)
{
    int n = 0;
    return ioctl(fsk_stream_fd(from), FIONREAD, &n) < 0 ? 0 : n;
}
