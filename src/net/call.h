/*
 * call.h - the system calls of sockets, each marked in a trace.
 *
 * Arguments, results and errno are those of the calls themselves; EINTR and EAGAIN, too, are the
 * caller's to deal with. `trace` NULL: no marks. Nobody else above base/ makes these calls, so that
 * a trace shows what strace would show.
 */
#ifndef FSK_CALL_H
#define FSK_CALL_H

#include <sys/socket.h>
#include <sys/types.h>

#include <fsock.h>

#include "net/sock.h"

int fsk_call_socket(fsock_trace *trace, uint64_t id, int family, int type, int protocol);
int fsk_call_connect(fsock_trace *trace, int fd, const struct fsk_sockaddr *to);
int fsk_call_bind(fsock_trace *trace, int fd, const struct fsk_sockaddr *at);
int fsk_call_listen(fsock_trace *trace, int fd, int backlog);
int fsk_call_accept(fsock_trace *trace, int fd); /* non-blocking, close-on-exec */
int fsk_call_shutdown(fsock_trace *trace, int fd, int how);
void fsk_call_close(fsock_trace *trace, int fd);

/* sa->len is 0 after an error. */
int fsk_call_getsockname(fsock_trace *trace, int fd, struct fsk_sockaddr *sa);
int fsk_call_getpeername(fsock_trace *trace, int fd, struct fsk_sockaddr *sa);

int fsk_call_setsockopt(fsock_trace *trace, int fd, int level, int name, const void *value,
                        socklen_t len);
int fsk_call_getsockopt(fsock_trace *trace, int fd, int level, int name, void *value,
                        socklen_t *len);

/* An option that is an int. */
static inline int fsk_call_set_int(fsock_trace *trace, int fd, int level, int name, int value)
{
    return fsk_call_setsockopt(trace, fd, level, name, &value, sizeof value);
}

/*
 * recvfrom(2) and sendto(2); the addresses may be NULL. What is secret is never kept by a trace
 * that masks.
 */
ssize_t fsk_call_recv(fsock_trace *trace, int fd, void *buf, size_t cap, int flags,
                      struct fsk_sockaddr *from, bool secret);
ssize_t fsk_call_send(fsock_trace *trace, int fd, const void *buf, size_t len, int flags,
                      const struct fsk_sockaddr *to, bool secret);

/* splice(2) without waiting, and sendfile(2) from where the file is; marked at the descriptor `in`.
 */
ssize_t fsk_call_splice(fsock_trace *trace, int in, int out, size_t max);
ssize_t fsk_call_sendfile(fsock_trace *trace, int in, int out, size_t max);

int fsk_call_sendmmsg(fsock_trace *trace, int fd, struct mmsghdr *m, unsigned n, int flags);
int fsk_call_recvmmsg(fsock_trace *trace, int fd, struct mmsghdr *m, unsigned n, int flags);
ssize_t fsk_call_recvmsg(fsock_trace *trace, int fd, struct msghdr *m, int flags);

#endif
