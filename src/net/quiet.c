#include "net/quiet.h"

#include <errno.h>
#include <stddef.h>
#include <time.h>

static sigset_t the_signal(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    return set;
}

void fsk_quiet_begin(struct fsk_quiet *quiet)
{
    struct sigaction action;
    sigset_t set = the_signal(), pending;
    quiet->blocked = false;
    if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
        return;
    if (sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE))
        return; /* blocked by the caller, and there already: one more makes no difference */
    quiet->blocked = pthread_sigmask(SIG_BLOCK, &set, &quiet->before) == 0;
}

void fsk_quiet_end(struct fsk_quiet *quiet, bool raised)
{
    int saved = errno;
    const struct timespec at_once = {0, 0};
    sigset_t set = the_signal();
    if (!quiet->blocked)
        return;
    if (raised)
        while (sigtimedwait(&set, NULL, &at_once) < 0 && errno == EINTR) {
        }
    pthread_sigmask(SIG_SETMASK, &quiet->before, NULL);
    errno = saved;
}
