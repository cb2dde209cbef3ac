#include "tracee_call.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/sockwords.h"
#include "tracee_memory.h"
#include "tracee_rows.h"
#include "tracee_words.h"

/* ---- Marks ----------------------------------------------------------------------------------- */

void tracee_mark_bytes(struct tracee_context *ctx, const struct tracee_call *call, int fd,
                       uint64_t size, const struct fsock_field *field, size_t fields,
                       const void *data, size_t data_len)
{
    struct fsock_field all[FSOCK_FIELDS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < fields && n < FSOCK_FIELDS_MAX - 1; i++)
        all[n++] = field[i];
    all[n++] = fsk_number("pid", call->tid);
    bool sleeps = call->shape->flags & TRACEE_SLEEPS;
    const struct fsock_mark mark = {.kind = FSOCK_MARK_CALL,
                                    .call = call->shape->name,
                                    .at = call->ended,
                                    .took = sleeps ? call->ended - call->began : 0,
                                    .id = call->conn ? call->conn->talk.id : 0,
                                    .connection = call->conn ? call->conn->number : 0,
                                    .fd = fd,
                                    .result = call->result,
                                    .sys_errno = call->sys_errno,
                                    .size = size,
                                    .data = data_len ? data : NULL,
                                    .data_len = data_len};
    fsk_trace_add(ctx->queue, &mark, all, n);
}

void tracee_mark_call(struct tracee_context *ctx, const struct tracee_call *call, int fd,
                      uint64_t size, const struct fsock_field *field, size_t fields)
{
    tracee_mark_bytes(ctx, call, fd, size, field, fields, NULL, 0);
}

#define MARK_CALL(ctx, call, fd, size, ...)                                                        \
    do {                                                                                           \
        const struct fsock_field call_fields_[] = {__VA_ARGS__};                                   \
        tracee_mark_call(ctx, call, fd, size, call_fields_,                                        \
                         sizeof call_fields_ / sizeof *call_fields_);                              \
    } while (0)

/* ---- New sockets ----------------------------------------------------------------------------- */

/* From now on the call is about this descriptor. */
static void adopt(struct tracee_context *ctx, struct tracee_call *call, struct tracee_conn *conn,
                  int fd)
{
    tracee_conn_hold(conn);
    tracee_conn_drop(&ctx->conns, call->conn);
    call->conn = conn;
    if (conn)
        conn->talk.fd = fd;
}

static void leave_socket(struct tracee_context *ctx, struct tracee_call *call)
{
    char families[FSK_WORDS], types[FSK_WORDS], protocols[FSK_WORDS];
    int family = (int)call->arg[0], type = (int)call->arg[1], fd = (int)call->result;
    if (fd >= 0)
        adopt(ctx, call,
              tracee_files_put(&ctx->conns, call->files, call->tid, fd, family, type & 0xf), fd);
    MARK_CALL(ctx, call, fd, 0, fsk_text("family", fsk_word_family(family, families)),
              fsk_text("type", fsk_word_socket_type(type, types)),
              fsk_text("protocol", fsk_word_protocol(family, (int)call->arg[2], protocols)));
}

static void leave_socketpair(struct tracee_context *ctx, struct tracee_call *call)
{
    char families[FSK_WORDS], types[FSK_WORDS], protocols[FSK_WORDS];
    int family = (int)call->arg[0], type = (int)call->arg[1], fd[2] = {-1, -1};
    if (!call->sys_errno && tracee_read_all(call->tid, call->arg[3], fd, sizeof fd)) {
        adopt(ctx, call,
              tracee_files_put(&ctx->conns, call->files, call->tid, fd[0], family, type & 0xf),
              fd[0]);
        tracee_files_put(&ctx->conns, call->files, call->tid, fd[1], family, type & 0xf);
    }
    MARK_CALL(ctx, call, fd[0], 0, fsk_text("family", fsk_word_family(family, families)),
              fsk_text("type", fsk_word_socket_type(type, types)),
              fsk_text("protocol", fsk_word_protocol(family, (int)call->arg[2], protocols)),
              fsk_number(fd[1] < 0 ? NULL : "second", fd[1]));
}

/* An address whose length the kernel has written behind the pointer `len`. */
static void read_address(const struct tracee_call *call, uint64_t at, uint64_t len,
                         struct fsk_sockaddr *sa)
{
    socklen_t n = 0;
    sa->len = 0;
    if (at && tracee_read_all(call->tid, len, &n, sizeof n))
        tracee_read_sockaddr(call->tid, at, n, sa);
}

static void leave_accept(struct tracee_context *ctx, struct tracee_call *call)
{
    char words[FSK_WORDS], addr[FSK_SOCKADDR_TEXT] = "";
    struct fsk_sockaddr peer = {.len = 0};
    int fd = (int)call->result;
    bool flagged = call->shape->number == SYS_accept4;
    struct tracee_conn *conn = NULL;
    if (fd >= 0 && call->conn) {
        read_address(call, call->arg[1], call->arg[2], &peer);
        fsk_sockaddr_format(&peer, addr);
        conn = tracee_files_put(&ctx->conns, call->files, call->tid, fd, call->conn->family,
                                call->conn->type);
    }
    MARK_CALL(
        ctx, call, tracee_fd(call), 0, fsk_text("addr", addr[0] ? addr : NULL),
        fsk_text("flags", flagged ? fsk_word_socket_type((int)call->arg[3], words) + 2 : NULL));
    if (conn) {
        conn->talk.fd = fd;
        tracee_mean_accepted(&ctx->mean, conn, &peer);
    }
}

/* ---- Names and options ----------------------------------------------------------------------- */

/* A call whose second argument is an address. */
static void leave_address(struct tracee_context *ctx, struct tracee_call *call)
{
    char addr[FSK_SOCKADDR_TEXT];
    struct fsk_sockaddr sa;
    tracee_read_sockaddr(call->tid, call->arg[1], (size_t)call->arg[2], &sa);
    fsk_sockaddr_format(&sa, addr);
    MARK_CALL(ctx, call, tracee_fd(call), 0, fsk_text("addr", addr));
}

static void leave_connect(struct tracee_context *ctx, struct tracee_call *call)
{
    leave_address(ctx, call);
    if (call->conn)
        tracee_mean_connected(&ctx->mean, call->conn, call->sys_errno);
}

static void leave_name(struct tracee_context *ctx, struct tracee_call *call)
{
    char addr[FSK_SOCKADDR_TEXT] = "";
    struct fsk_sockaddr sa;
    if (!call->sys_errno) {
        read_address(call, call->arg[1], call->arg[2], &sa);
        fsk_sockaddr_format(&sa, addr);
    }
    MARK_CALL(ctx, call, tracee_fd(call), 0, fsk_text("addr", addr));
}

static void leave_listen(struct tracee_context *ctx, struct tracee_call *call)
{
    MARK_CALL(ctx, call, tracee_fd(call), 0, fsk_number("backlog", (int)call->arg[1]));
}

static void leave_option(struct tracee_context *ctx, struct tracee_call *call)
{
    char levels[FSK_WORDS], options[FSK_WORDS];
    int level = (int)call->arg[1], option = (int)call->arg[2], value = 0;
    bool get = call->shape->number == SYS_getsockopt;
    socklen_t len = (socklen_t)call->arg[4];
    if (get && !tracee_read_all(call->tid, call->arg[4], &len, sizeof len))
        len = 0;
    bool known = !(get && call->sys_errno) && len == sizeof value &&
                 tracee_read_all(call->tid, call->arg[3], &value, sizeof value);
    MARK_CALL(ctx, call, tracee_fd(call), 0, fsk_text("level", fsk_word_level(level, levels)),
              fsk_text("option", fsk_word_option(level, option, options)),
              fsk_number(known ? "value" : NULL, value));
    if (call->conn && get && known && level == SOL_SOCKET && option == SO_ERROR)
        tracee_mean_connected(&ctx->mean, call->conn, value);
}

static void leave_shutdown(struct tracee_context *ctx, struct tracee_call *call)
{
    char word[FSK_WORDS];
    MARK_CALL(ctx, call, tracee_fd(call), 0,
              fsk_text("how", fsk_word_shut((int)call->arg[1], word)));
}

/* ---- Descriptors ----------------------------------------------------------------------------- */

/* As it began, the descriptor was taken out of the table: another thread may have it by now. */
static void leave_close(struct tracee_context *ctx, struct tracee_call *call)
{
    tracee_mark_call(ctx, call, tracee_fd(call), 0, NULL, 0);
}

static void leave_close_range(struct tracee_context *ctx, struct tracee_call *call)
{
    bool later = call->arg[2] & CLOSE_RANGE_CLOEXEC;
    if (!call->sys_errno && !later)
        tracee_files_forget_range(&ctx->conns, call->files, (unsigned)call->arg[0],
                                  (unsigned)call->arg[1]);
}

static void leave_dup(struct tracee_context *ctx, struct tracee_call *call)
{
    if (call->result < 0 || call->result == tracee_fd(call))
        return;
    tracee_files_forget(&ctx->conns, call->files, (int)call->result);
    if (call->conn) {
        tracee_files_put(&ctx->conns, call->files, call->tid, (int)call->result, call->conn->family,
                         call->conn->type);
        tracee_mark_call(ctx, call, tracee_fd(call), 0, NULL, 0);
    }
}

static void leave_fcntl(struct tracee_context *ctx, struct tracee_call *call)
{
    char cmds[TRACEE_WORDS], words[TRACEE_WORDS];
    int cmd = (int)call->arg[1];
    bool flags = cmd == F_SETFL || (cmd == F_GETFL && call->result >= 0);
    if ((cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC) && call->result >= 0)
        tracee_files_put(&ctx->conns, call->files, call->tid, (int)call->result, call->conn->family,
                         call->conn->type);
    int set = (int)(cmd == F_SETFL ? (int64_t)call->arg[2] : call->result);
    MARK_CALL(ctx, call, tracee_fd(call), 0, fsk_text("cmd", tracee_word_fcntl(cmd, cmds)),
              fsk_text("flags", flags ? tracee_word_open_flags(set, words) : NULL));
}

/* The caller takes up what was interrupted. */
static void leave_restart(struct tracee_context *ctx, struct tracee_call *call)
{
    (void)ctx, (void)call;
}

static void leave_uring(struct tracee_context *ctx, struct tracee_call *call)
{
    ctx->uring = ctx->uring || !call->sys_errno;
}

/* ---- Which calls there are ------------------------------------------------------------------- */

#define ON    TRACEE_DESCRIPTOR
#define ANY   (TRACEE_DESCRIPTOR | TRACEE_ANY_FILE)
#define SLEEP TRACEE_SLEEPS

/* clang-format off */
static const struct tracee_shape shapes[] = {
    {SYS_socket, "socket", 0, leave_socket},
    {SYS_socketpair, "socketpair", 0, leave_socketpair},
    {SYS_connect, "connect", ON | SLEEP, leave_connect},
    {SYS_bind, "bind", ON, leave_address},
    {SYS_listen, "listen", ON, leave_listen},
    {SYS_accept, "accept", ON | SLEEP, leave_accept},
    {SYS_accept4, "accept4", ON | SLEEP, leave_accept},
    {SYS_getsockname, "getsockname", ON, leave_name},
    {SYS_getpeername, "getpeername", ON, leave_name},
    {SYS_setsockopt, "setsockopt", ON, leave_option},
    {SYS_getsockopt, "getsockopt", ON, leave_option},
    {SYS_sendto, "sendto", ON | SLEEP, tracee_sendto},
    {SYS_sendmsg, "sendmsg", ON | SLEEP, tracee_sendmsg},
    {SYS_sendmmsg, "sendmmsg", ON | SLEEP, tracee_sendmmsg},
    {SYS_recvfrom, "recvfrom", ON | SLEEP, tracee_recvfrom},
    {SYS_recvmsg, "recvmsg", ON | SLEEP, tracee_recvmsg},
    {SYS_recvmmsg, "recvmmsg", ON | SLEEP, tracee_recvmmsg},
    {SYS_write, "write", ANY | SLEEP, tracee_write},
    {SYS_writev, "writev", ANY | SLEEP, tracee_writev},
    {SYS_read, "read", ANY | SLEEP, tracee_read_},
    {SYS_readv, "readv", ANY | SLEEP, tracee_readv},
    {SYS_splice, "splice", SLEEP, tracee_splice},
    {SYS_sendfile, "sendfile", SLEEP, tracee_sendfile},
    {SYS_shutdown, "shutdown", ON, leave_shutdown},
    {SYS_close, "close", ANY, leave_close},
#ifdef SYS_close_range
    {SYS_close_range, "close_range", 0, leave_close_range},
#endif
    {SYS_dup, "dup", ON, leave_dup},
#ifdef SYS_dup2
    {SYS_dup2, "dup2", ON, leave_dup},
#endif
    {SYS_dup3, "dup3", ON, leave_dup},
    {SYS_fcntl, "fcntl", ANY, leave_fcntl},
#ifdef SYS_poll
    {SYS_poll, "poll", SLEEP, tracee_poll},
#endif
    {SYS_ppoll, "ppoll", SLEEP, tracee_ppoll},
#ifdef SYS_select
    {SYS_select, "select", SLEEP, tracee_select},
#endif
    {SYS_pselect6, "pselect6", SLEEP, tracee_pselect},
#ifdef SYS_epoll_create
    {SYS_epoll_create, "epoll_create", 0, tracee_epoll_create},
#endif
    {SYS_epoll_create1, "epoll_create1", 0, tracee_epoll_create},
    {SYS_epoll_ctl, "epoll_ctl", 0, tracee_epoll_ctl},
#ifdef SYS_epoll_wait
    {SYS_epoll_wait, "epoll_wait", SLEEP, tracee_epoll_wait},
#endif
    {SYS_epoll_pwait, "epoll_pwait", SLEEP, tracee_epoll_wait},
#ifdef SYS_epoll_pwait2
    {SYS_epoll_pwait2, "epoll_pwait2", SLEEP, tracee_epoll_pwait2},
#endif
    {SYS_restart_syscall, "restart_syscall", 0, leave_restart},
#ifdef SYS_io_uring_setup
    {SYS_io_uring_setup, "io_uring_setup", 0, leave_uring},
#endif
};
/* clang-format on */

enum { SHAPES = sizeof shapes / sizeof *shapes };

size_t tracee_call_count(void)
{
    return SHAPES;
}

int tracee_call_number(size_t i)
{
    return shapes[i].number;
}

/* ---- Beginning and end ----------------------------------------------------------------------- */

static const struct tracee_shape *shape_of(uint64_t number)
{
    for (size_t i = 0; i < SHAPES; i++)
        if ((uint64_t)shapes[i].number == number)
            return &shapes[i];
    return NULL;
}

static void enter_connect(struct tracee_context *ctx, struct tracee_call *call)
{
    struct fsk_sockaddr sa;
    tracee_read_sockaddr(call->tid, call->arg[1], (size_t)call->arg[2], &sa);
    tracee_mean_connect(&ctx->mean, call->conn, &sa);
}

bool tracee_call_enter(struct tracee_context *ctx, struct tracee_call *call, uint64_t number)
{
    ctx->mean.moment = (struct tracee_moment){call->tid, call->began};
    call->shape = shape_of(number);
    call->conn = NULL;
    if (!call->shape)
        return false;
    if (call->shape->flags & TRACEE_DESCRIPTOR) {
        call->conn = tracee_socket(ctx, call, tracee_fd(call));
        if (call->conn)
            call->conn->talk.fd = tracee_fd(call);
        tracee_conn_hold(call->conn);
    }
    if (call->shape->leave == leave_close)
        tracee_files_forget(&ctx->conns, call->files, tracee_fd(call));
    if (call->shape->flags & TRACEE_ANY_FILE && !call->conn) {
        call->shape = NULL;
        return false;
    }
    if (call->shape->number == SYS_connect && call->conn)
        enter_connect(ctx, call);
    tracee_keep_waits(call);
    return true;
}

void tracee_call_leave(struct tracee_context *ctx, struct tracee_call *call)
{
    ctx->mean.moment = (struct tracee_moment){call->tid, call->ended};
    call->shape->leave(ctx, call);
    tracee_call_abandon(ctx, call);
}

void tracee_call_abandon(struct tracee_context *ctx, struct tracee_call *call)
{
    tracee_conn_drop(&ctx->conns, call->conn);
    call->conn = NULL;
    call->shape = NULL;
}
