#include "drive/poll.h"

#include <errno.h>

#include "base/wait.h"

struct pollfd fsk_poll_for(int fd, unsigned events)
{
    return (struct pollfd){.fd = fd,
                           .events = (short)((events & FSK_READABLE ? POLLIN : 0) |
                                             (events & FSK_URGENT ? POLLPRI : 0) |
                                             (events & FSK_WRITABLE ? POLLOUT : 0))};
}

unsigned fsk_poll_events(const struct pollfd *fd)
{
    bool any = fd->revents & ~(POLLIN | POLLPRI | POLLOUT);
    return (fd->revents & POLLIN || any ? FSK_READABLE : 0u) |
           (fd->revents & POLLPRI || any ? FSK_URGENT : 0u) |
           (fd->revents & POLLOUT || any ? FSK_WRITABLE : 0u);
}

enum fsock_err fsk_poll(struct pollfd *fds, size_t n, int ms)
{
    return poll(fds, n, ms) < 0 && errno != EINTR ? FSOCK_ERR_SYSTEM : FSOCK_OK;
}
