#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "out.h"

enum { CHUNK = 65536 };

int file_append(struct fsk_buf *b, const char *name)
{
    int fd = strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    int sys_errno = fd < 0 ? errno : 0;
    while (!sys_errno) {
        enum fsock_err err = fsk_buf_reserve(b, CHUNK);
        ssize_t n = err == FSOCK_OK ? read(fd, b->mem + b->end, CHUNK) : -1;
        if (n > 0)
            b->end += (size_t)n;
        else if (n == 0)
            break;
        else if (err != FSOCK_OK || errno != EINTR)
            sys_errno = err == FSOCK_OK ? errno : err == FSOCK_ERR_TOO_BIG ? EFBIG : ENOMEM;
    }
    if (fd > STDIN_FILENO)
        close(fd);
    return sys_errno;
}

/* ---- Replacing ------------------------------------------------------------------------------- */

/* The file behind symbolic links, or the name that it will have. NULL: errno. */
static char *real_name(const char *name)
{
    char *real = realpath(name, NULL);
    return real || errno != ENOENT ? real : strdup(name);
}

static bool is_special(const char *name)
{
    struct stat st;
    return stat(name, &st) == 0 && !S_ISREG(st.st_mode);
}

int file_replaceable(const char *name)
{
    char *real = real_name(name);
    if (!real)
        return errno;
    bool special = is_special(real);
    char *slash = strrchr(real, '/');
    if (!special && slash)
        slash[slash == real] = '\0'; /* "/x" is in "/" */
    const char *where = special || slash ? real : ".";
    int sys_errno =
        faccessat(AT_FDCWD, where, special ? W_OK : W_OK | X_OK, AT_EACCESS) < 0 ? errno : 0;
    free(real);
    return sys_errno;
}

static int write_special(const char *name, struct fsk_span bytes)
{
    int fd = open(name, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int sys_errno = write_all(fd, bytes.p, bytes.n);
    close(fd);
    return sys_errno;
}

static int write_part(int fd, const char *part, const char *name, struct fsk_span bytes)
{
    int sys_errno = write_all(fd, bytes.p, bytes.n);
    if (!sys_errno && fsync(fd) < 0)
        sys_errno = errno;
    close(fd);
    if (!sys_errno && rename(part, name) < 0)
        sys_errno = errno;
    if (sys_errno)
        unlink(part);
    return sys_errno;
}

int file_replace(const char *name, struct fsk_span bytes)
{
    char *real = real_name(name), *part;
    if (!real)
        return errno;
    int sys_errno = ENOMEM;
    if (is_special(real)) {
        sys_errno = write_special(real, bytes);
    } else if (asprintf(&part, "%s.XXXXXX", real) >= 0) {
        int fd = mkostemp(part, O_CLOEXEC);
        sys_errno = fd < 0 ? errno : write_part(fd, part, real, bytes);
        free(part);
    }
    free(real);
    return sys_errno;
}
