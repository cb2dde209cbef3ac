#include "trace_target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Open the file under the name that it has while it is written. -1: errno says why. */
static int open_part(struct trace_target *t)
{
    struct stat st;
    if (stat(t->name, &st) == 0 && S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        return -1;
    }
    if (stat(t->name, &st) == 0 && !S_ISREG(st.st_mode))
        return open(t->name, O_WRONLY | O_CLOEXEC);
    if (asprintf(&t->part, "%s.part", t->name) < 0) {
        t->part = NULL;
        errno = ENOMEM;
        return -1;
    }
    return open(t->part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
}

bool trace_target_open(struct trace_target *t, const char *name, int fd)
{
    t->name = name;
    t->part = NULL;
    if (name)
        fd = open_part(t);
    if (fd < 0) {
        int saved = errno;
        free(t->part);
        errno = saved;
        return false;
    }
    out_init(&t->out, fd);
    return true;
}

int trace_target_close(struct trace_target *t, bool whole)
{
    out_flush(&t->out);
    int sys_errno = t->out.sys_errno;
    out_fini(&t->out);
    if (!t->name)
        return sys_errno;
    if (close(t->out.fd) < 0 && !sys_errno)
        sys_errno = errno;
    if (t->part && whole && !sys_errno && rename(t->part, t->name) < 0)
        sys_errno = errno;
    if (t->part && (!whole || sys_errno))
        unlink(t->part);
    free(t->part);
    return sys_errno;
}
