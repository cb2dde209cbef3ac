/*
 * sockopt.h - the options of sockets: what every new one gets, and what an open one is asked for.
 */
#ifndef FSK_SOCKOPT_H
#define FSK_SOCKOPT_H

#include <stdbool.h>

#include <fsock.h>

/* What new sockets get; what is 0 stays as the system has it. */
struct fsk_tuning {
    bool delay; /* Nagle's algorithm stays on */
    bool keepalive, broadcast, reuse_port, fast_open;
    int keep_idle, keep_interval; /* seconds */
    int keep_count;
    int linger; /* seconds and one more; 0: off */
    int receive_buffer, send_buffer;
    unsigned user_timeout_ms; /* TCP_USER_TIMEOUT */
};

/* From the caller's options. FSOCK_ERR_INPUT with the fault filled in if a number is out of range.
 */
enum fsock_err fsk_tuning_init(struct fsk_tuning *tuning, const struct fsock_options *options,
                               struct fsock_fault *fault);

/* To a new socket, before it is bound or connected. Best effort. */
void fsk_tuning_apply(const struct fsk_tuning *tuning, fsock_trace *trace, int fd, bool tcp);

/* 0, or errno. */
int fsk_sockopt_set(fsock_trace *trace, int fd, enum fsock_option option, int value);
int fsk_sockopt_get(fsock_trace *trace, int fd, enum fsock_option option, int *value);

#endif
