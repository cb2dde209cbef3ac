#include "net/plain.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/trace.h"
#include "net/call.h"

#define HOW_TO_SEND (MSG_DONTWAIT | MSG_NOSIGNAL)

struct plain {
    struct fsk_layer layer;
    int fd;
    bool kept;  /* the socket stays open when the layer is freed */
    bool named; /* local and remote are known */
    struct fsk_addr local, remote;
};

static struct plain *plain_of(struct fsk_layer *l)
{
    return (struct plain *)l;
}

static fsock_trace *trace_of(const struct plain *p)
{
    return p->layer.driver ? p->layer.driver->trace : NULL;
}

enum fsock_err fsk_plain_error(struct fsk_layer *l, int sys_errno)
{
    l->sys_errno = sys_errno;
    switch (sys_errno) {
    case ECONNRESET:
        return FSOCK_ERR_RESET;
    case EPIPE:
        return FSOCK_ERR_CLOSED;
    case EMSGSIZE:
        return FSOCK_ERR_TOO_BIG;
    case ETIMEDOUT: /* TCP_USER_TIMEOUT, or the kernel's retransmissions are used up */
        return FSOCK_ERR_TIMEOUT;
    case ENOMEM:
    case ENOBUFS:
        return FSOCK_ERR_MEMORY;
    default: /* of datagrams: what ICMP has told (udp(7)) */
        return l->datagrams ? FSOCK_ERR_CONNECT : FSOCK_ERR_SYSTEM;
    }
}

/* The error that errno means. EAGAIN is said to `wait`. */
static enum fsock_err failed(struct plain *p, unsigned events, struct fsk_wait *wait)
{
    if (errno != EAGAIN)
        return fsk_plain_error(&p->layer, errno);
    fsk_wait_for(wait, p->fd, events);
    return FSOCK_AGAIN;
}

static enum fsock_err plain_connect(struct fsk_layer *l, struct fsk_wait *wait)
{
    (void)l, (void)wait;
    return FSOCK_OK;
}

static enum fsock_err receive(struct plain *p, void *buf, size_t cap, size_t *n, int how, int flags,
                              struct fsk_wait *wait)
{
    bool secret = flags & FSK_IO_SECRET;
    ssize_t got;
    do
        got = fsk_call_recv(trace_of(p), p->fd, buf, cap, how | MSG_DONTWAIT, NULL, secret);
    while (got < 0 && errno == EINTR);
    if (got > 0) {
        *n = (size_t)got;
        return FSOCK_OK;
    }
    if (got < 0 && (how & MSG_OOB) && errno == EINVAL)
        errno = EAGAIN; /* there is no out-of-band byte, or it has been read */
    return got == 0 ? FSOCK_EOF : failed(p, how & MSG_OOB ? FSK_URGENT : FSK_READABLE, wait);
}

static enum fsock_err plain_recv(struct fsk_layer *l, void *buf, size_t cap, size_t *n, int flags,
                                 struct fsk_sockaddr *from, struct fsk_wait *wait)
{
    (void)from;
    int how = (flags & FSK_IO_PEEK ? MSG_PEEK : 0) | (flags & FSK_IO_OOB ? MSG_OOB : 0);
    return receive(plain_of(l), buf, fsk_layer_room(cap, flags), n, how, flags, wait);
}

/* TCP can drop bytes without copying them (tcp(7), MSG_TRUNC), more than there is room for; unix
 * sockets can't. */
static enum fsock_err tcp_recv(struct fsk_layer *l, void *buf, size_t cap, size_t *n, int flags,
                               struct fsk_sockaddr *from, struct fsk_wait *wait)
{
    if (flags & FSK_IO_DISCARD)
        return receive(plain_of(l), NULL, cap, n, MSG_TRUNC, flags, wait);
    return plain_recv(l, buf, cap, n, flags, from, wait);
}

static enum fsock_err plain_send(struct fsk_layer *l, const void *buf, size_t len, size_t *n,
                                 int flags, const struct fsk_sockaddr *to, struct fsk_wait *wait)
{
    (void)to;
    struct plain *p = plain_of(l);
    ssize_t sent;
    int how = HOW_TO_SEND | (flags & FSK_IO_OOB ? MSG_OOB : 0);
    do
        sent = fsk_call_send(trace_of(p), p->fd, buf, len, how, NULL, flags & FSK_IO_SECRET);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return failed(p, FSK_WRITABLE, wait);
    *n = (size_t)sent;
    return FSOCK_OK;
}

static enum fsock_err datagram_recv(struct fsk_layer *l, void *buf, size_t cap, size_t *n,
                                    int flags, struct fsk_sockaddr *from, struct fsk_wait *wait)
{
    struct plain *p = plain_of(l);
    struct fsk_sockaddr unused;
    int how = MSG_DONTWAIT | MSG_TRUNC | (flags & FSK_IO_PEEK ? MSG_PEEK : 0);
    from = from ? from : &unused;
    ssize_t got;
    do
        got = fsk_call_recv(trace_of(p), p->fd, buf, cap, how, from, false);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return failed(p, FSK_READABLE, wait);
    *n = (size_t)got;
    return FSOCK_OK;
}

static enum fsock_err datagram_send(struct fsk_layer *l, const void *buf, size_t len, size_t *n,
                                    int flags, const struct fsk_sockaddr *to, struct fsk_wait *wait)
{
    struct plain *p = plain_of(l);
    ssize_t sent;
    (void)flags;
    do
        sent = fsk_call_send(trace_of(p), p->fd, buf, len, HOW_TO_SEND, to, false);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return failed(p, FSK_WRITABLE, wait);
    *n = (size_t)sent;
    return FSOCK_OK;
}

/* The end of datagrams can't be told to anybody. */
static enum fsock_err datagram_shut(struct fsk_layer *l, struct fsk_wait *wait)
{
    (void)l, (void)wait;
    return FSOCK_OK;
}

static enum fsock_err plain_shut(struct fsk_layer *l, struct fsk_wait *wait)
{
    struct plain *p = plain_of(l);
    /* ENOTCONN: the peer has reset the connection; recv is who tells. */
    if (fsk_call_shutdown(trace_of(p), p->fd, SHUT_WR) == 0 || errno == ENOTCONN)
        return FSOCK_OK;
    return failed(p, FSK_WRITABLE, wait);
}

static void plain_info(struct fsk_layer *l, struct fsk_layer_info *info)
{
    struct plain *p = plain_of(l);
    struct fsk_sockaddr sa;
    info->fd = p->fd;
    if (!p->named) { /* they don't change any more, and are asked for often */
        p->named = true;
        if (fsk_call_getsockname(trace_of(p), p->fd, &sa) == 0)
            fsk_sockaddr_to_addr(&p->local, &sa);
        if (fsk_call_getpeername(trace_of(p), p->fd, &sa) == 0)
            fsk_sockaddr_to_addr(&p->remote, &sa);
    }
    info->local = p->local;
    info->remote = p->remote;
}

/* The end, and what TCP knows by then. */
static void mark_close(struct plain *p)
{
    struct fsk_layer_info info;
    struct fsock_tcp tcp = {.rtt = 0};
    char peer[FSK_ADDR_TEXT];
    plain_info(&p->layer, &info);
    if (info.remote.family)
        fsk_addr_format_port(&info.remote, peer);
    bool known =
        info.remote.family && !p->layer.datagrams && fsk_sock_tcp(trace_of(p), p->fd, &tcp);
    const struct fsock_field field[] = {
        fsk_text("addr", info.remote.family ? peer : NULL),
        fsk_number(known ? "rtt_us" : NULL, tcp.rtt / 1000),
        fsk_number(known ? "rttvar_us" : NULL, tcp.rttvar / 1000),
        fsk_number(known ? "retransmits" : NULL, tcp.retransmits),
        fsk_number(known ? "cwnd" : NULL, tcp.cwnd),
        fsk_number(known ? "delivery_rate" : NULL, (int64_t)tcp.delivery_rate)};
    const struct fsock_mark mark = {.kind = FSOCK_MARK_CLOSE, .fd = p->fd};
    fsk_trace_add(trace_of(p), &mark, field, sizeof field / sizeof *field);
}

static void plain_free(struct fsk_layer *l)
{
    struct plain *p = plain_of(l);
    if (trace_of(p))
        mark_close(p);
    if (l->driver)
        l->driver->forget_fd(l->driver, p->fd);
    if (!p->kept)
        fsk_call_close(trace_of(p), p->fd);
    free(p);
}

static const struct fsk_layer_ops tcp_ops = {
    .name = "tcp",
    .connect = plain_connect,
    .recv = tcp_recv,
    .send = plain_send,
    .shut = plain_shut,
    .info = plain_info,
    .free = plain_free,
};

static const struct fsk_layer_ops unix_ops = {
    .name = "unix",
    .connect = plain_connect,
    .recv = plain_recv,
    .send = plain_send,
    .shut = plain_shut,
    .info = plain_info,
    .free = plain_free,
};

static const struct fsk_layer_ops datagram_ops = {
    .name = "datagram",
    .connect = plain_connect,
    .recv = datagram_recv,
    .send = datagram_send,
    .shut = datagram_shut,
    .info = plain_info,
    .free = plain_free,
};

struct fsk_layer *fsk_plain_new(int fd, struct fsk_driver *driver)
{
    struct plain *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    int family = 0, type = 0;
    socklen_t len = sizeof family;
    fsock_trace *trace = driver ? driver->trace : NULL;
    fsk_call_getsockopt(trace, fd, SOL_SOCKET, SO_DOMAIN, &family, &len);
    fsk_call_getsockopt(trace, fd, SOL_SOCKET, SO_TYPE, &type, &len);
    p->layer.ops = family == AF_UNIX ? &unix_ops : &tcp_ops;
    p->layer.datagrams = type == SOCK_DGRAM;
    if (p->layer.datagrams)
        p->layer.ops = &datagram_ops;
    p->layer.driver = driver;
    p->layer.stage = FSOCK_STAGE_CONNECT;
    p->fd = fd;
    return &p->layer;
}

struct fsk_layer *fsk_plain_given(int fd, bool own, struct fsk_driver *driver)
{
    struct fsk_layer *l = fsk_plain_new(fd, driver);
    if (l)
        plain_of(l)->kept = !own;
    return l;
}
