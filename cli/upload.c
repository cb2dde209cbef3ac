#include "upload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "out.h"

enum { CHUNK = 65536 };

void upload_init(struct upload *u)
{
    *u = (struct upload){.fd = -1};
    fsk_buf_init(&u->last, UPLOAD_SMALL);
}

void upload_fini(struct upload *u)
{
    if (u->map)
        munmap(u->map, (size_t)u->written);
    if (u->fd > STDERR_FILENO)
        close(u->fd);
    fsk_buf_fini(&u->last);
    u->map = NULL;
    u->fd = -1;
}

/* ---- The file -------------------------------------------------------------------------------- */

/* Move all that is in memory to the file. */
static void write_last(struct upload *u)
{
    const char *dir = getenv("TMPDIR");
    if (u->fd < 0)
        u->fd = open(dir && *dir ? dir : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (u->fd < 0) {
        u->sys_errno = errno;
        return;
    }
    struct fsk_span bytes = fsk_buf_span(&u->last);
    u->sys_errno = write_all(u->fd, bytes.p, bytes.n);
    u->written += bytes.n;
    fsk_buf_clear(&u->last);
}

/* Make room for `n` bytes, which is no more than UPLOAD_SMALL. */
static bool make_room(struct upload *u, size_t n)
{
    if (!u->sys_errno && fsk_buf_len(&u->last) + n > UPLOAD_SMALL)
        write_last(u);
    if (!u->sys_errno && fsk_buf_reserve(&u->last, n) != FSOCK_OK)
        u->sys_errno = ENOMEM;
    return !u->sys_errno;
}

/* ---- What goes in ---------------------------------------------------------------------------- */

void upload_text(struct upload *u, struct fsk_span text)
{
    while (text.n) {
        size_t n = text.n < CHUNK ? text.n : CHUNK;
        if (!make_room(u, n))
            return;
        fsk_buf_append(&u->last, text.p, n);
        text = fsk_span(text.p + n, text.n - n);
    }
}

int upload_file(struct upload *u, const char *name)
{
    int fd = strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    int sys_errno = fd < 0 ? errno : 0;
    while (!sys_errno && make_room(u, CHUNK)) {
        ssize_t n = read(fd, u->last.mem + u->last.end, CHUNK);
        if (n == 0)
            break;
        if (n > 0)
            u->last.end += (size_t)n;
        else if (errno != EINTR)
            sys_errno = errno;
    }
    if (fd > STDIN_FILENO)
        close(fd);
    return sys_errno;
}

int upload_end(struct upload *u, struct fsk_span *body)
{
    if (u->fd >= 0 && !u->sys_errno)
        write_last(u);
    if (u->sys_errno)
        return u->sys_errno;
    *body = fsk_buf_span(&u->last);
    if (u->fd < 0)
        return 0;
    void *map = mmap(NULL, (size_t)u->written, PROT_READ, MAP_PRIVATE, u->fd, 0);
    if (map == MAP_FAILED)
        return u->sys_errno = errno;
    u->map = map;
    close(u->fd); /* the mapping keeps the file */
    u->fd = -1;
    *body = fsk_span(map, (size_t)u->written);
    return 0;
}
