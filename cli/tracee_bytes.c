/* Calls that move bytes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/sockwords.h"
#include "tracee_memory.h"
#include "tracee_rows.h"
#include "tracee_words.h"

/* ---- One message ----------------------------------------------------------------------------- */

/* What a call was asked to move, and where. */
struct moved {
    bool out, peek;
    uint64_t size;
    int flags;
    bool flagged;   /* the call has flags */
    unsigned count; /* of messages; 0: the call is of one */
    struct fsk_sockaddr addr;
    struct fsk_span bytes; /* as many as are known */
};

/* What the bytes mean, or the failure. */
static void tell(struct tracee_context *ctx, struct tracee_call *call, const struct moved *m)
{
    bool retry = call->sys_errno == EAGAIN || call->sys_errno == EINTR ||
                 call->sys_errno == ENOTCONN || call->sys_errno == EALREADY;
    if (m->peek || retry || !call->conn)
        return; /* nothing has moved; what is no socket has failed */
    if (call->sys_errno)
        tracee_mean_ended(&ctx->mean, call->conn, call->sys_errno);
    else if (!call->result && !m->out && m->size)
        tracee_mean_ended(&ctx->mean, call->conn, 0);
    else
        tracee_mean_moved(&ctx->mean, call->conn, m->out, m->bytes, (uint64_t)call->result,
                          &m->addr);
}

/*
 * The bytes as they are kept: each direction of each socket is a stream of them for the mask. Those
 * of a MSG_PEEK come once more.
 */
static size_t keep(struct tracee_context *ctx, struct tracee_call *call, const struct moved *m)
{
    if (!ctx->data || !m->bytes.n || !call->conn)
        return 0;
    struct fsk_mask *mask = m->out ? &call->conn->talk.mask_out : &call->conn->talk.mask_in;
    struct fsk_mask same = *mask;
    if (!ctx->secrets)
        fsk_mask(m->peek ? &same : mask, ctx->room, m->bytes.n); /* there they are */
    return m->bytes.n < ctx->data ? m->bytes.n : ctx->data;
}

static void mark(struct tracee_context *ctx, struct tracee_call *call, const struct moved *m)
{
    char words[FSK_WORDS], addr[FSK_SOCKADDR_TEXT] = "";
    fsk_sockaddr_format(&m->addr, addr);
    const struct fsock_field field[] = {
        fsk_text("flags", m->flagged && m->flags ? fsk_word_message_flags(m->flags, words) : NULL),
        fsk_text("addr", addr[0] ? addr : NULL),
        fsk_number(m->count ? "messages" : NULL, m->count),
    };
    size_t n = keep(ctx, call, m);
    tracee_mark_bytes(ctx, call, tracee_fd(call), m->size, field, sizeof field / sizeof *field,
                      m->bytes.p, n);
}

/*
 * Tell, then mark: the mask of what is kept overwrites it. But the marks of what it means come
 * behind that of the call.
 */
static void moved(struct tracee_context *ctx, struct tracee_call *call, struct moved *m)
{
    char plain[4096], *copy = NULL;
    if (ctx->data && !ctx->secrets && m->bytes.n) {
        copy = m->bytes.n <= sizeof plain ? plain : malloc(m->bytes.n);
        if (copy)
            memcpy(copy, m->bytes.p, m->bytes.n);
    }
    mark(ctx, call, m);
    if (copy)
        m->bytes.p = copy;
    tell(ctx, call, m);
    if (copy != plain)
        free(copy);
}

/* So many bytes of a result can be looked at. */
static size_t visible(const struct tracee_call *call, uint64_t size)
{
    uint64_t n = call->result > 0 ? (uint64_t)call->result : 0;
    if (n > size) /* MSG_TRUNC */
        n = size;
    return n < TRACEE_ROOM ? (size_t)n : TRACEE_ROOM;
}

static struct fsk_span look(struct tracee_context *ctx, struct tracee_call *call, uint64_t at,
                            uint64_t size)
{
    return fsk_span(ctx->room, tracee_read(call->tid, at, ctx->room, visible(call, size)));
}

void tracee_sendto(struct tracee_context *ctx, struct tracee_call *call)
{
    struct moved m = {.out = true,
                      .size = call->arg[2],
                      .flags = (int)call->arg[3],
                      .flagged = true,
                      .bytes = look(ctx, call, call->arg[1], call->arg[2])};
    tracee_read_sockaddr(call->tid, call->arg[4], (size_t)call->arg[5], &m.addr);
    moved(ctx, call, &m);
}

/* The bytes of a stream were thrown away: nothing has been written to the program's memory. */
static bool drops(const struct tracee_call *call)
{
    return call->arg[3] & MSG_TRUNC && call->conn && call->conn->type == SOCK_STREAM;
}

void tracee_recvfrom(struct tracee_context *ctx, struct tracee_call *call)
{
    socklen_t len = 0;
    struct moved m = {.size = call->arg[2],
                      .flags = (int)call->arg[3],
                      .flagged = true,
                      .peek = call->arg[3] & MSG_PEEK,
                      .bytes = drops(call) ? fsk_span(NULL, 0)
                                           : look(ctx, call, call->arg[1], call->arg[2])};
    if (call->result >= 0 && call->arg[4] &&
        tracee_read_all(call->tid, call->arg[5], &len, sizeof len))
        tracee_read_sockaddr(call->tid, call->arg[4], len, &m.addr);
    moved(ctx, call, &m);
}

void tracee_write(struct tracee_context *ctx, struct tracee_call *call)
{
    struct moved m = {
        .out = true, .size = call->arg[2], .bytes = look(ctx, call, call->arg[1], call->arg[2])};
    moved(ctx, call, &m);
}

void tracee_read_(struct tracee_context *ctx, struct tracee_call *call)
{
    struct moved m = {.size = call->arg[2], .bytes = look(ctx, call, call->arg[1], call->arg[2])};
    moved(ctx, call, &m);
}

/* ---- Parts ----------------------------------------------------------------------------------- */

static struct fsk_span gather(struct tracee_context *ctx, struct tracee_call *call,
                              const struct tracee_message *parts)
{
    return fsk_span(ctx->room,
                    tracee_gather(call->tid, parts, ctx->room, visible(call, parts->bytes)));
}

static void vector(struct tracee_context *ctx, struct tracee_call *call, bool out)
{
    struct tracee_message parts = {.parts = 0};
    struct moved m = {.out = out};
    if (tracee_read_parts(call->tid, call->arg[1], call->arg[2], &parts)) {
        m.size = parts.bytes;
        m.bytes = gather(ctx, call, &parts);
    }
    moved(ctx, call, &m);
}

void tracee_writev(struct tracee_context *ctx, struct tracee_call *call)
{
    vector(ctx, call, true);
}

void tracee_readv(struct tracee_context *ctx, struct tracee_call *call)
{
    vector(ctx, call, false);
}

static void message(struct tracee_context *ctx, struct tracee_call *call, bool out)
{
    struct tracee_message parts = {.parts = 0};
    int flags = (int)call->arg[2];
    struct moved m = {
        .out = out, .flags = flags, .flagged = true, .peek = !out && flags & MSG_PEEK};
    if (tracee_read_message(call->tid, call->arg[1], &parts)) {
        m.size = parts.bytes;
        m.bytes = gather(ctx, call, &parts);
        if (out || call->result >= 0)
            m.addr = parts.name;
    }
    moved(ctx, call, &m);
}

void tracee_sendmsg(struct tracee_context *ctx, struct tracee_call *call)
{
    message(ctx, call, true);
}

void tracee_recvmsg(struct tracee_context *ctx, struct tracee_call *call)
{
    message(ctx, call, false);
}

/* ---- Several messages ------------------------------------------------------------------------ */

enum { MESSAGES_MAX = 1024 }; /* UIO_MAXIOV: more are never taken */

/* Each of the messages that were moved, by itself. */
static void tell_each(struct tracee_context *ctx, struct tracee_call *call, bool out)
{
    struct tracee_message parts;
    for (int64_t i = 0; i < call->result && i < MESSAGES_MAX; i++) {
        uint64_t at = call->arg[1] + (uint64_t)i * sizeof(struct mmsghdr);
        unsigned len = 0;
        tracee_read_all(call->tid, at + offsetof(struct mmsghdr, msg_len), &len, sizeof len);
        if (!tracee_read_message(call->tid, at, &parts))
            return;
        size_t n = len < TRACEE_ROOM ? len : TRACEE_ROOM;
        n = tracee_gather(call->tid, &parts, ctx->room, n);
        tracee_mean_moved(&ctx->mean, call->conn, out, fsk_span(ctx->room, n), len, &parts.name);
    }
}

static void messages(struct tracee_context *ctx, struct tracee_call *call, bool out)
{
    struct tracee_message parts = {.parts = 0};
    uint64_t n = (unsigned)call->arg[2] < MESSAGES_MAX ? (unsigned)call->arg[2] : MESSAGES_MAX;
    struct moved m = {
        .out = out, .flags = (int)call->arg[3], .flagged = true, .count = (unsigned)call->arg[2]};
    if (!out) /* what has come */
        n = call->result > 0 ? (uint64_t)call->result : 0;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t at = call->arg[1] + i * sizeof(struct mmsghdr);
        unsigned len = 0;
        if (!tracee_read_message(call->tid, at, &parts))
            break;
        if (!out &&
            !tracee_read_all(call->tid, at + offsetof(struct mmsghdr, msg_len), &len, sizeof len))
            break;
        m.size += out ? parts.bytes : len;
        if (i == 0 && (out || call->result > 0))
            m.addr = parts.name;
    }
    mark(ctx, call, &m);
    if (call->sys_errno || !call->conn || call->arg[3] & (out ? 0 : MSG_PEEK))
        return;
    tell_each(ctx, call, out);
}

void tracee_sendmmsg(struct tracee_context *ctx, struct tracee_call *call)
{
    messages(ctx, call, true);
}

void tracee_recvmmsg(struct tracee_context *ctx, struct tracee_call *call)
{
    messages(ctx, call, false);
}

/* ---- Within the kernel ----------------------------------------------------------------------- */

/* Either end may be a socket; the bytes themselves are never seen. */
static void between(struct tracee_context *ctx, struct tracee_call *call, int in, int out,
                    uint64_t size, const char *flags)
{
    struct tracee_conn *from = tracee_socket(ctx, call, in);
    struct tracee_conn *to = tracee_socket(ctx, call, out);
    if (!from && !to)
        return;
    const struct fsock_field field[] = {fsk_number("to", out), fsk_text("flags", flags)};
    if (from)
        from->talk.fd = in;
    if (to)
        to->talk.fd = out;
    tracee_conn_hold(call->conn = from ? from : to);
    tracee_mark_call(ctx, call, in, size, field, sizeof field / sizeof *field);
    uint64_t n = call->result > 0 ? (uint64_t)call->result : 0;
    if (from && n)
        tracee_mean_moved(&ctx->mean, from, false, fsk_span(NULL, 0), n, NULL);
    if (to && n)
        tracee_mean_moved(&ctx->mean, to, true, fsk_span(NULL, 0), n, NULL);
}

void tracee_splice(struct tracee_context *ctx, struct tracee_call *call)
{
    char words[TRACEE_WORDS];
    unsigned flags = (unsigned)call->arg[5];
    between(ctx, call, (int)call->arg[0], (int)call->arg[2], call->arg[4],
            flags ? tracee_word_splice_flags(flags, words) : NULL);
}

void tracee_sendfile(struct tracee_context *ctx, struct tracee_call *call)
{
    between(ctx, call, (int)call->arg[1], (int)call->arg[0], call->arg[3], NULL);
}
