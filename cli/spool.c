#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Before each entry stands its length. */
#define LENGTH sizeof(uint32_t)

void spool_init(struct spool *s, uint64_t ceiling)
{
    *s = (struct spool){.fd = -1, .ceiling = ceiling};
    fsk_buf_init(&s->first, SPOOL_PIECE + LENGTH + SPOOL_ENTRY);
    fsk_buf_init(&s->last, SPOOL_PIECE + LENGTH + SPOOL_ENTRY);
}

void spool_fini(struct spool *s)
{
    if (s->fd > STDERR_FILENO)
        close(s->fd);
    fsk_buf_fini(&s->first);
    fsk_buf_fini(&s->last);
}

/* ---- The file -------------------------------------------------------------------------------- */

static enum fsock_err broken(struct spool *s)
{
    s->sys_errno = errno ? errno : EIO;
    return FSOCK_ERR_SYSTEM;
}

static enum fsock_err open_file(struct spool *s)
{
    const char *dir = getenv("TMPDIR");
    if (s->fd < 0)
        s->fd = open(dir && *dir ? dir : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    return s->fd < 0 ? broken(s) : FSOCK_OK;
}

/* Move the newest ones to the file's end: all of them, or none, if the disk has room for only some.
 */
static enum fsock_err write_last(struct spool *s)
{
    enum fsock_err err = open_file(s);
    struct fsk_span bytes = fsk_buf_span(&s->last);
    size_t done = 0;
    while (err == FSOCK_OK && done < bytes.n) {
        ssize_t n = pwrite(s->fd, bytes.p + done, bytes.n - done, (off_t)(s->written + done));
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            err = broken(s);
    }
    if (err != FSOCK_OK)
        return err;
    s->written += done;
    fsk_buf_clear(&s->last);
    return FSOCK_OK;
}

/* The disk gets back what has been read: all of it at the end, else where the system can. */
static void give_back(struct spool *s, uint64_t from)
{
    if (s->read == s->written) {
        s->read = s->written = 0;
        (void)!ftruncate(s->fd, 0);
    } else {
        (void)fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from,
                        (off_t)(s->read - from));
    }
}

/* Fetch at least `n` bytes more to the front, if the file has them. */
static enum fsock_err read_first(struct spool *s, size_t n)
{
    uint64_t left = s->written - s->read, from = s->read;
    size_t want = n > SPOOL_PIECE ? n : SPOOL_PIECE;
    if (want > left)
        want = (size_t)left;
    enum fsock_err err = fsk_buf_reserve(&s->first, want);
    while (err == FSOCK_OK && want) {
        ssize_t got = pread(s->fd, s->first.mem + s->first.end, want, (off_t)s->read);
        if (got > 0) {
            s->first.end += (size_t)got;
            s->read += (uint64_t)got;
            want -= (size_t)got;
        } else if (got == 0 || errno != EINTR) {
            errno = got == 0 ? EIO : errno;
            s->lost = true;
            err = broken(s);
        }
    }
    if (err == FSOCK_OK && s->read > from)
        give_back(s, from);
    return err;
}

/* ---- In and out ------------------------------------------------------------------------------ */

enum fsock_err spool_put(struct spool *s, struct fsk_span entry)
{
    uint32_t length = (uint32_t)entry.n;
    if (s->sys_errno)
        return FSOCK_ERR_SYSTEM;
    if (entry.n > SPOOL_ENTRY)
        return FSOCK_ERR_TOO_BIG;
    if (s->bytes + LENGTH + entry.n > s->ceiling)
        return FSOCK_AGAIN;
    enum fsock_err err = FSOCK_OK;
    if (fsk_buf_len(&s->last) >= SPOOL_PIECE)
        err = write_last(s);
    if (err == FSOCK_OK)
        err = fsk_buf_reserve(&s->last, LENGTH + entry.n);
    if (err != FSOCK_OK)
        return err;
    fsk_buf_append(&s->last, &length, LENGTH);
    fsk_buf_append(&s->last, entry.p, entry.n);
    s->bytes += LENGTH + entry.n;
    s->n++;
    return FSOCK_OK;
}

/* At least `n` bytes at the front; the caller knows that the spool has them. */
static enum fsock_err fill(struct spool *s, size_t n)
{
    size_t have = fsk_buf_len(&s->first);
    if (have >= n)
        return FSOCK_OK;
    if (s->read < s->written) {
        enum fsock_err err = read_first(s, n - have);
        if (err != FSOCK_OK || fsk_buf_len(&s->first) >= n)
            return err;
    }
    /* Nothing is between, and entries are never cut but in the file. */
    struct fsk_buf empty = s->first;
    s->first = s->last;
    s->last = empty;
    fsk_buf_clear(&s->last);
    return FSOCK_OK;
}

enum fsock_err spool_get(struct spool *s, struct fsk_span *entry)
{
    uint32_t length;
    if (s->lost)
        return FSOCK_ERR_SYSTEM;
    if (!s->n)
        return FSOCK_AGAIN;
    enum fsock_err err = fill(s, LENGTH);
    if (err != FSOCK_OK)
        return err;
    memcpy(&length, fsk_buf_span(&s->first).p, LENGTH);
    err = fill(s, LENGTH + length);
    if (err != FSOCK_OK)
        return err;
    *entry = fsk_span(fsk_buf_span(&s->first).p + LENGTH, length);
    fsk_buf_consume(&s->first, LENGTH + length); /* the bytes stay in place */
    s->bytes -= LENGTH + length;
    s->n--;
    return FSOCK_OK;
}
