#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static bool has_name(int fd, const char *name)
{
    struct stat st, named;
    return fstat(fd, &st) == 0 && stat(name, &named) == 0 && st.st_dev == named.st_dev &&
           st.st_ino == named.st_ino;
}

int lock_open(const char *name, int flags)
{
    for (;;) {
        int fd = open(name, flags | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
        if (fd < 0)
            return -1;
        int failed = flock(fd, LOCK_EX | LOCK_NB), saved = errno;
        if (!failed && has_name(fd, name))
            return fd;
        close(fd);
        if (failed && saved != EINTR) {
            errno = saved;
            return -1;
        }
    }
}
