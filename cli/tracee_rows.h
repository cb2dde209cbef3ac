/*
 * tracee_rows.h - between the files of tracee_call: one function for each shape of arguments, and
 * what they share.
 */
#ifndef FSOCK_CLI_TRACEE_ROWS_H
#define FSOCK_CLI_TRACEE_ROWS_H

#include <stddef.h>

#include "base/trace.h"
#include "tracee_call.h"

typedef void tracee_leave(struct tracee_context *ctx, struct tracee_call *call);

struct tracee_shape {
    int number;
    const char *name;
    unsigned flags;
    tracee_leave *leave;
};

enum {
    TRACEE_DESCRIPTOR = 1, /* its first argument is one, most often a socket */
    TRACEE_ANY_FILE = 2,   /* ... but it is made for files, too, and only of interest for sockets */
    TRACEE_SLEEPS = 4      /* it may wait */
};

/* ---- tracee_call.c --------------------------------------------------------------------------- */

/* The mark of the call. `fd` -1: none; `size` as asked for; data NULL: none. */
void tracee_mark_call(struct tracee_context *ctx, const struct tracee_call *call, int fd,
                      uint64_t size, const struct fsock_field *field, size_t fields);
void tracee_mark_bytes(struct tracee_context *ctx, const struct tracee_call *call, int fd,
                       uint64_t size, const struct fsock_field *field, size_t fields,
                       const void *data, size_t data_len);

/* The first argument, of calls on descriptors. */
static inline int tracee_fd(const struct tracee_call *call)
{
    return (int)call->arg[0];
}

/* The socket of another descriptor of the process, or NULL. */
static inline struct tracee_conn *tracee_socket(struct tracee_context *ctx,
                                                const struct tracee_call *call, int fd)
{
    return tracee_files_get(&ctx->conns, call->files, call->tid, fd);
}

/* ---- tracee_bytes.c -------------------------------------------------------------------------- */

tracee_leave tracee_sendto, tracee_sendmsg, tracee_sendmmsg, tracee_write, tracee_writev;
tracee_leave tracee_recvfrom, tracee_recvmsg, tracee_recvmmsg, tracee_read_, tracee_readv;
tracee_leave tracee_splice, tracee_sendfile;

/* ---- tracee_wait.c --------------------------------------------------------------------------- */

tracee_leave tracee_poll, tracee_ppoll, tracee_select, tracee_pselect;
tracee_leave tracee_epoll_create, tracee_epoll_ctl, tracee_epoll_wait, tracee_epoll_pwait2;

/* What select(2) and ppoll(2) are going to overwrite. */
void tracee_keep_waits(struct tracee_call *call);

#endif
