/*
 * quiet.h - writing to pipes without SIGPIPE: sockets have MSG_NOSIGNAL, pipes have nothing.
 *
 *     struct fsk_quiet quiet;
 *     fsk_quiet_begin(&quiet);
 *     ssize_t n = write(fd, p, len);
 *     fsk_quiet_end(&quiet, n < 0 && errno == EPIPE);
 *
 * The signal is blocked in this thread for that long, and taken back if it came. Where it is
 * ignored anyway nothing is done. errno is kept.
 */
#ifndef FSK_QUIET_H
#define FSK_QUIET_H

#include <signal.h>
#include <stdbool.h>

struct fsk_quiet {
    bool blocked; /* by us: to be undone */
    sigset_t before;
};

void fsk_quiet_begin(struct fsk_quiet *quiet);
void fsk_quiet_end(struct fsk_quiet *quiet, bool raised);

#endif
