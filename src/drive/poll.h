/*
 * poll.h - sleeping by poll(2), with this library's names of events.
 */
#ifndef FSK_POLL_H
#define FSK_POLL_H

#include <poll.h>
#include <stddef.h>

#include <fsock.h>

/* To be waited for: FSK_READABLE and so on. A negative descriptor is passed over. */
struct pollfd fsk_poll_for(int fd, unsigned events);

/* What has come. An error or a hang-up is news for whoever waits, whatever for. */
unsigned fsk_poll_events(const struct pollfd *fd);

/*
 * For traces: put "5:in,out" behind the `len` bytes of text, a blank between, or "..." if there is
 * no room for more. Returns the new length.
 */
#define FSK_POLL_TEXT 256
size_t fsk_poll_put(char text[FSK_POLL_TEXT], size_t len, int fd, short events);

/*
 * Sleep until something comes for one of them, for `ms` milliseconds at most (-1: any time) or
 * until a signal interrupts: FSOCK_OK. FSOCK_ERR_SYSTEM: there are more of them than files may be
 * open, or the kernel has no memory.
 */
enum fsock_err fsk_poll(fsock_trace *trace, struct pollfd *fds, size_t n, int ms);

#endif
