#include "interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

static atomic_int caught; /* lock-free, so it is for handlers, too */
static int ends[2];

static void on_signal(int number)
{
    int saved = errno;
    if (caught) {
        signal(number, SIG_DFL);
        raise(number); /* delivered as soon as this handler returns */
    } else {
        caught = number;
        (void)!write(ends[1], "", 1);
    }
    errno = saved;
}

static void catch_one(int number)
{
    struct sigaction now = {.sa_handler = on_signal}, before;
    if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(number, &now, NULL);
}

int interrupt_catch(void)
{
    signal(SIGPIPE, SIG_IGN);
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return -1;
    catch_one(SIGINT);
    catch_one(SIGTERM);
    return ends[0];
}

void interrupt_catch_too(int number)
{
    catch_one(number);
}

int interrupt_signal(void)
{
    return caught;
}
