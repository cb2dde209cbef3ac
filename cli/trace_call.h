/*
 * trace_call.h - a system call as one line, as strace prints it.
 *
 *   socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK, IPPROTO_TCP) = 3
 *   connect(3, 192.0.2.1:443) = -1 EINPROGRESS (Operation now in progress)
 *   poll([3:out], 5000) = 1 [3:out] <0.012345>
 *   sendto(3, "GET / HTTP/1.1\r\nHost: example.or"..., 75, MSG_NOSIGNAL) = 75
 *   recvfrom(3, ..., 8192, MSG_DONTWAIT) = -1 EAGAIN (Resource temporarily unavailable)
 *
 * `...` stands for what is not in the trace. In brackets behind the result is what came with it:
 * what is ready, how many bytes several messages have together. Behind that, in angles, for how
 * many seconds the call slept. What an address or an unknown call's field holds is escaped.
 */
#ifndef FSOCK_CLI_TRACE_CALL_H
#define FSOCK_CLI_TRACE_CALL_H

#include <stdbool.h>

#include <fsock.h>

#include "out.h"

/* Write a mark of kind CALL, without a newline. */
void trace_call_put(struct out *o, const struct fsock_mark *mark);

/* Whether it is one of those that `strace -e trace=network` prints. */
bool trace_call_is_network(const char *call);

/* Whether it waits for descriptors: poll, epoll_wait and their kin. */
bool trace_call_is_wait(const char *call);

#endif
