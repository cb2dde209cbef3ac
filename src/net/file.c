#include "net/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/plain.h"
#include "net/quiet.h"

struct file {
    struct fsk_layer layer;
    int given; /* the caller's */
    int fd;    /* the one that is read and written: the same, or another way to it */
    bool own;
    int flags; /* of the given one, to be put back; -1: unchanged */
};

static struct file *file_of(struct fsk_layer *l)
{
    return (struct file *)l;
}

static enum fsock_err failed(struct file *f, unsigned events, struct fsk_wait *wait)
{
    int err = errno;
    if (err == EAGAIN) {
        fsk_wait_for(wait, f->fd, events);
        return FSOCK_AGAIN;
    }
    f->layer.sys_errno = err;
    return err == EPIPE ? FSOCK_ERR_CLOSED : FSOCK_ERR_SYSTEM;
}

/* The other side of a pseudoterminal has gone. errno stays. */
static bool terminal_is_gone(int fd)
{
    int saved = errno;
    bool gone = saved == EIO && isatty(fd);
    errno = saved;
    return gone;
}

static enum fsock_err file_connect(struct fsk_layer *l, struct fsk_wait *wait)
{
    (void)l, (void)wait;
    return FSOCK_OK;
}

static enum fsock_err file_recv(struct fsk_layer *l, void *buf, size_t cap, size_t *n, int flags,
                                struct fsk_sockaddr *from, struct fsk_wait *wait)
{
    struct file *f = file_of(l);
    ssize_t got;
    (void)from;
    if (flags & FSK_IO_PEEK) {
        fsk_wait_for(wait, f->fd, FSK_READABLE);
        return FSOCK_AGAIN;
    }
    do
        got = read(f->fd, buf, cap);
    while (got < 0 && errno == EINTR);
    if (got < 0 && terminal_is_gone(f->fd))
        return FSOCK_EOF;
    if (got <= 0)
        return got == 0 ? FSOCK_EOF : failed(f, FSK_READABLE, wait);
    *n = (size_t)got;
    return FSOCK_OK;
}

static ssize_t write_quietly(int fd, const void *buf, size_t len)
{
    struct fsk_quiet quiet;
    fsk_quiet_begin(&quiet);
    ssize_t n = write(fd, buf, len);
    fsk_quiet_end(&quiet, n < 0 && errno == EPIPE);
    return n;
}

static enum fsock_err file_send(struct fsk_layer *l, const void *buf, size_t len, size_t *n,
                                int flags, const struct fsk_sockaddr *to, struct fsk_wait *wait)
{
    struct file *f = file_of(l);
    ssize_t sent;
    (void)to, (void)flags;
    do
        sent = write_quietly(f->fd, buf, len);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return failed(f, FSK_WRITABLE, wait);
    *n = (size_t)sent;
    return FSOCK_OK;
}

/* A file ends when it is closed, by the last who shares it. */
static enum fsock_err file_shut(struct fsk_layer *l, struct fsk_wait *wait)
{
    (void)l, (void)wait;
    return FSOCK_OK;
}

static void file_info(struct fsk_layer *l, struct fsk_layer_info *info)
{
    info->fd = file_of(l)->fd;
}

static void file_free(struct fsk_layer *l)
{
    struct file *f = file_of(l);
    if (l->driver)
        l->driver->forget_fd(l->driver, f->fd);
    if (f->flags >= 0)
        fcntl(f->given, F_SETFL, f->flags);
    if (f->fd != f->given)
        close(f->fd);
    if (f->own)
        close(f->given);
    free(f);
}

static const struct fsk_layer_ops file_ops = {
    .name = "fd",
    .connect = file_connect,
    .recv = file_recv,
    .send = file_send,
    .shut = file_shut,
    .info = file_info,
    .free = file_free,
};

/* Another way to the same pipe or terminal, or -1: a pseudoterminal's master would be a new one,
 * and what other devices make of it nobody knows. */
static int open_again(int fd, int flags, mode_t mode)
{
    char name[32];
    int number;
    bool is_terminal = isatty(fd) && ioctl(fd, TIOCGPTN, &number) < 0;
    if (!S_ISFIFO(mode) && !is_terminal)
        return -1;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    return open(name, (flags & O_ACCMODE) | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

struct fsk_layer *fsk_file_new(int fd, bool own, struct fsk_driver *driver)
{
    struct stat st;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fstat(fd, &st) < 0)
        return NULL;
    if (S_ISSOCK(st.st_mode))
        return fsk_plain_given(fd, own, driver);
    struct file *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->layer.ops = &file_ops;
    f->layer.driver = driver;
    f->layer.stage = FSOCK_STAGE_CONNECT;
    f->given = f->fd = fd;
    f->own = own;
    f->flags = -1;
    if (S_ISREG(st.st_mode) || (flags & O_NONBLOCK))
        return &f->layer;
    int again = open_again(fd, flags, st.st_mode);
    if (again >= 0) {
        f->fd = again;
    } else if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0) {
        f->flags = flags;
    }
    return &f->layer;
}
