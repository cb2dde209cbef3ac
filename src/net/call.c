#include "net/call.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "base/time.h"
#include "base/trace.h"
#include "base/sockwords.h"

/* ---- Marks ----------------------------------------------------------------------------------- */

/* A call has returned; errno, which belongs to the caller, stays as it is. */
static void mark(fsock_trace *trace, struct fsock_mark *m, const struct fsock_field *field,
                 size_t fields)
{
    int saved = errno;
    m->kind = FSOCK_MARK_CALL;
    m->sys_errno = m->result < 0 ? errno : 0;
    fsk_trace_add(trace, m, field, fields);
    errno = saved;
}

static void mark_with_addr(fsock_trace *trace, const char *call, int fd, int result,
                           const struct fsk_sockaddr *sa)
{
    struct fsock_mark m = {.call = call, .fd = fd, .result = result};
    char text[FSK_SOCKADDR_TEXT] = "";
    if (sa->len)
        fsk_sockaddr_format(sa, text);
    const struct fsock_field field = fsk_text("addr", text);
    mark(trace, &m, &field, 1);
}

static void mark_moved(fsock_trace *trace, struct fsock_mark *m, int flags,
                       const struct fsk_sockaddr *sa, const void *data, unsigned messages)
{
    char words[FSK_WORDS], addr[FSK_SOCKADDR_TEXT] = "";
    if (sa && sa->len)
        fsk_sockaddr_format(sa, addr);
    const struct fsock_field field[] = {
        fsk_text("flags", flags ? fsk_word_message_flags(flags, words) : NULL),
        fsk_text("addr", addr[0] ? addr : NULL),
        {messages ? "messages" : NULL, NULL, messages},
    };
    if (data && m->result > 0 && fsk_trace_wants_data(trace)) {
        m->data = data;
        m->data_len = (uint64_t)m->result < m->size ? (size_t)m->result : (size_t)m->size;
    }
    mark(trace, m, field, sizeof field / sizeof *field);
}

static void mark_option(fsock_trace *trace, struct fsock_mark *m, int level, int name,
                        const void *value, socklen_t len)
{
    char levels[FSK_WORDS], names[FSK_WORDS];
    struct fsock_field field[] = {fsk_text("level", fsk_word_level(level, levels)),
                                  fsk_text("option", fsk_word_option(level, name, names)),
                                  fsk_number(NULL, 0)};
    if (value && len == sizeof(int))
        field[2] = fsk_number("value", *(const int *)value);
    mark(trace, m, field, sizeof field / sizeof *field);
}

/* ---- One at a time --------------------------------------------------------------------------- */

int fsk_call_socket(fsock_trace *trace, uint64_t id, int family, int type, int protocol)
{
    int fd = socket(family, type, protocol);
    if (fd >= 0)
        fsk_trace_socket(trace, fd, id);
    if (fsk_trace_wants_calls(trace)) {
        char families[FSK_WORDS], types[FSK_WORDS], protocols[FSK_WORDS];
        struct fsock_mark m = {.call = "socket", .fd = fd, .result = fd};
        const struct fsock_field field[] = {
            fsk_text("family", fsk_word_family(family, families)),
            fsk_text("type", fsk_word_socket_type(type, types)),
            fsk_text("protocol", fsk_word_protocol(family, protocol, protocols))};
        mark(trace, &m, field, sizeof field / sizeof *field);
    }
    return fd;
}

int fsk_call_connect(fsock_trace *trace, int fd, const struct fsk_sockaddr *to)
{
    int result = connect(fd, (const struct sockaddr *)&to->ss, to->len);
    if (fsk_trace_wants_calls(trace))
        mark_with_addr(trace, "connect", fd, result, to);
    return result;
}

int fsk_call_bind(fsock_trace *trace, int fd, const struct fsk_sockaddr *at)
{
    int result = bind(fd, (const struct sockaddr *)&at->ss, at->len);
    if (fsk_trace_wants_calls(trace))
        mark_with_addr(trace, "bind", fd, result, at);
    return result;
}

int fsk_call_listen(fsock_trace *trace, int fd, int backlog)
{
    int result = listen(fd, backlog);
    if (fsk_trace_wants_calls(trace)) {
        struct fsock_mark m = {.call = "listen", .fd = fd, .result = result};
        const struct fsock_field field = fsk_number("backlog", backlog);
        mark(trace, &m, &field, 1);
    }
    return result;
}

int fsk_call_accept(fsock_trace *trace, int fd)
{
    const int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
    int result = accept4(fd, NULL, NULL, flags);
    if (result >= 0)
        fsk_trace_socket(trace, result, 0);
    if (fsk_trace_wants_calls(trace)) {
        struct fsock_mark m = {.call = "accept4", .fd = fd, .result = result};
        const struct fsock_field field = fsk_text("flags", "SOCK_CLOEXEC|SOCK_NONBLOCK");
        mark(trace, &m, &field, 1);
    }
    return result;
}

int fsk_call_shutdown(fsock_trace *trace, int fd, int how)
{
    int result = shutdown(fd, how);
    if (fsk_trace_wants_calls(trace)) {
        char words[FSK_WORDS];
        struct fsock_mark m = {.call = "shutdown", .fd = fd, .result = result};
        const struct fsock_field field = fsk_text("how", fsk_word_shut(how, words));
        mark(trace, &m, &field, 1);
    }
    return result;
}

void fsk_call_close(fsock_trace *trace, int fd)
{
    int result = close(fd);
    if (fsk_trace_wants_calls(trace)) {
        struct fsock_mark m = {.call = "close", .fd = fd, .result = result};
        mark(trace, &m, NULL, 0);
    }
    fsk_trace_closed(trace, fd);
}

int fsk_call_getsockname(fsock_trace *trace, int fd, struct fsk_sockaddr *sa)
{
    sa->len = sizeof sa->ss;
    int result = getsockname(fd, (struct sockaddr *)&sa->ss, &sa->len);
    if (result < 0)
        *sa = (struct fsk_sockaddr){.len = 0};
    if (fsk_trace_wants_calls(trace))
        mark_with_addr(trace, "getsockname", fd, result, sa);
    return result;
}

int fsk_call_getpeername(fsock_trace *trace, int fd, struct fsk_sockaddr *sa)
{
    sa->len = sizeof sa->ss;
    int result = getpeername(fd, (struct sockaddr *)&sa->ss, &sa->len);
    if (result < 0)
        *sa = (struct fsk_sockaddr){.len = 0};
    if (fsk_trace_wants_calls(trace))
        mark_with_addr(trace, "getpeername", fd, result, sa);
    return result;
}

int fsk_call_setsockopt(fsock_trace *trace, int fd, int level, int name, const void *value,
                        socklen_t len)
{
    int result = setsockopt(fd, level, name, value, len);
    if (fsk_trace_wants_calls(trace)) {
        struct fsock_mark m = {.call = "setsockopt", .fd = fd, .result = result};
        mark_option(trace, &m, level, name, value, len);
    }
    return result;
}

int fsk_call_getsockopt(fsock_trace *trace, int fd, int level, int name, void *value,
                        socklen_t *len)
{
    int result = getsockopt(fd, level, name, value, len);
    if (fsk_trace_wants_calls(trace)) {
        struct fsock_mark m = {.call = "getsockopt", .fd = fd, .result = result};
        mark_option(trace, &m, level, name, result < 0 ? NULL : value, *len);
    }
    return result;
}

/* ---- Bytes ----------------------------------------------------------------------------------- */

ssize_t fsk_call_recv(fsock_trace *trace, int fd, void *buf, size_t cap, int flags,
                      struct fsk_sockaddr *from, bool secret)
{
    if (from)
        from->len = sizeof from->ss;
    ssize_t n = recvfrom(fd, buf, cap, flags, from ? (struct sockaddr *)&from->ss : NULL,
                         from ? &from->len : NULL);
    if (fsk_trace_wants_calls(trace)) {
        struct fsock_mark m = {.call = "recvfrom", .fd = fd, .result = n, .size = cap};
        const void *kept = flags & MSG_PEEK || (secret && fsk_trace_masks(trace)) ? NULL : buf;
        mark_moved(trace, &m, flags, n < 0 ? NULL : from, kept, 0);
    }
    return n;
}

ssize_t fsk_call_send(fsock_trace *trace, int fd, const void *buf, size_t len, int flags,
                      const struct fsk_sockaddr *to, bool secret)
{
    ssize_t n =
        sendto(fd, buf, len, flags, to ? (const struct sockaddr *)&to->ss : NULL, to ? to->len : 0);
    if (fsk_trace_wants_calls(trace)) {
        struct fsock_mark m = {.call = "sendto", .fd = fd, .result = n, .size = len};
        mark_moved(trace, &m, flags, to, secret && fsk_trace_masks(trace) ? NULL : buf, 0);
    }
    return n;
}

static void mark_splice(fsock_trace *trace, const char *call, int in, int out, size_t max,
                        ssize_t result, const char *flags)
{
    struct fsock_mark m = {.call = call, .fd = in, .result = result, .size = max};
    const struct fsock_field field[] = {fsk_number("to", out), fsk_text("flags", flags)};
    mark(trace, &m, field, sizeof field / sizeof *field);
}

ssize_t fsk_call_splice(fsock_trace *trace, int in, int out, size_t max)
{
    ssize_t n = splice(in, NULL, out, NULL, max, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    if (fsk_trace_wants_calls(trace))
        mark_splice(trace, "splice", in, out, max, n, "SPLICE_F_MOVE|SPLICE_F_NONBLOCK");
    return n;
}

ssize_t fsk_call_sendfile(fsock_trace *trace, int in, int out, size_t max)
{
    ssize_t n = sendfile(out, in, NULL, max);
    if (fsk_trace_wants_calls(trace))
        mark_splice(trace, "sendfile", in, out, max, n, NULL);
    return n;
}

/* ---- Messages -------------------------------------------------------------------------------- */

static size_t bytes_of(const struct msghdr *m)
{
    size_t n = 0;
    for (size_t i = 0; i < m->msg_iovlen; i++)
        n += m->msg_iov[i].iov_len;
    return n;
}

/* To or from where the first of them is. */
static void mark_messages(fsock_trace *trace, const char *call, int fd, ssize_t result,
                          const struct msghdr *first, unsigned n, size_t size, int flags)
{
    struct fsk_sockaddr sa = {.len = first->msg_namelen};
    struct fsock_mark m = {.call = call, .fd = fd, .result = result, .size = size};
    if (result >= 0 && sa.len && sa.len <= sizeof sa.ss)
        memcpy(&sa.ss, first->msg_name, sa.len);
    else
        sa.len = 0;
    mark_moved(trace, &m, flags, &sa, NULL, n);
}

int fsk_call_sendmmsg(fsock_trace *trace, int fd, struct mmsghdr *m, unsigned n, int flags)
{
    int result = sendmmsg(fd, m, n, flags);
    if (fsk_trace_wants_calls(trace)) {
        size_t size = 0;
        for (unsigned i = 0; i < n; i++)
            size += bytes_of(&m[i].msg_hdr);
        mark_messages(trace, "sendmmsg", fd, result, &m->msg_hdr, n, size, flags);
    }
    return result;
}

int fsk_call_recvmmsg(fsock_trace *trace, int fd, struct mmsghdr *m, unsigned n, int flags)
{
    int result = recvmmsg(fd, m, n, flags, NULL);
    if (fsk_trace_wants_calls(trace)) {
        size_t size = 0;
        for (int i = 0; i < result; i++)
            size += m[i].msg_len;
        mark_messages(trace, "recvmmsg", fd, result, &m->msg_hdr, n, size, flags);
    }
    return result;
}

ssize_t fsk_call_recvmsg(fsock_trace *trace, int fd, struct msghdr *m, int flags)
{
    ssize_t result = recvmsg(fd, m, flags);
    if (fsk_trace_wants_calls(trace))
        mark_messages(trace, "recvmsg", fd, result, m, 0, bytes_of(m), flags);
    return result;
}
