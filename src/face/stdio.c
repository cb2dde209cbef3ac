/*
 * stdio.c: streams under stdio, and PHP's call.
 *
 * glibc keeps the cookie of a FILE to itself, so which stream is under which FILE has to be
 * remembered here: a list for the whole process, as stdio has one of its own, behind a lock.
 */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/fault.h"
#include "face/stream.h"

#define SILENCE     (60 * FSOCK_SECOND) /* PHP's default_socket_timeout */
#define BUFFER_SIZE 16384

struct file {
    struct fsk_list link;
    FILE *file;
    fsock_stream *stream;
    off64_t position;
    size_t last_n; /* what the last read gave: stdio may push it back */
    char last[BUFFER_SIZE];
    char buffer[BUFFER_SIZE]; /* stdio's */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct fsk_list files = {&files, &files};

fsock_stream *fsock_of(FILE *file)
{
    fsock_stream *found = NULL;
    pthread_mutex_lock(&lock);
    FSK_LIST_EACH (link, &files)
        if (FSK_HOLDER(link, struct file, link)->file == file)
            found = FSK_HOLDER(link, struct file, link)->stream;
    pthread_mutex_unlock(&lock);
    return found;
}

/* ---- What stdio calls ------------------------------------------------------------------------ */

static ssize_t failed(const fsock_stream *s, enum fsock_err err)
{
    const struct fsock_fault *f = &s->fault;
    errno = err == FSOCK_ERR_TIMEOUT ? ETIMEDOUT : f->sys_errno ? f->sys_errno : EIO;
    return -1;
}

static ssize_t file_read(void *cookie, char *buf, size_t size)
{
    struct file *f = cookie;
    size_t n;
    f->last_n = 0;
    enum fsock_err err;
    do
        err = fsock_read(f->stream, buf, size, &n, FSOCK_NEVER);
    while (err == FSOCK_OK && n == 0); /* an empty datagram is no end */
    if (err != FSOCK_OK)
        return err == FSOCK_EOF ? 0 : failed(f->stream, err);
    if (n <= sizeof f->last) {
        memcpy(f->last, buf, n);
        f->last_n = n;
    }
    f->position += (off64_t)n;
    return (ssize_t)n;
}

static ssize_t file_write(void *cookie, const char *buf, size_t size)
{
    struct file *f = cookie;
    size_t n;
    enum fsock_err err = fsock_write(f->stream, buf, size, &n, FSOCK_NEVER);
    if (err != FSOCK_OK)
        failed(f->stream, err);
    return (ssize_t)n; /* too few, not -1, is an error here (fopencookie(3)) */
}

/*
 * Before stdio writes it seeks back over what it has read ahead: these bytes are put back, to be
 * read again. Everything else would need a file.
 */
static int file_seek(void *cookie, off64_t *offset, int whence)
{
    struct file *f = cookie;
    if (whence != SEEK_CUR || *offset > 0 || (uint64_t) - *offset > f->last_n) {
        errno = ESPIPE;
        return -1;
    }
    size_t back = (size_t) - *offset;
    if (fsk_buf_prepend(&f->stream->in, f->last + f->last_n - back, back) != FSOCK_OK) {
        errno = ENOMEM;
        return -1;
    }
    f->last_n -= back;
    f->position -= (off64_t)back;
    *offset = f->position;
    return 0;
}

static int file_close(void *cookie)
{
    struct file *f = cookie;
    int number = errno; /* of the last bytes, if they found no way out */
    pthread_mutex_lock(&lock);
    fsk_list_remove(&f->link);
    pthread_mutex_unlock(&lock);
    fsock_close(f->stream);
    free(f);
    errno = number;
    return 0;
}

FILE *fsock_file(fsock_stream *stream)
{
    static const cookie_io_functions_t calls = {file_read, file_write, file_seek, file_close};
    struct file *f = malloc(sizeof *f);
    if (!f)
        return NULL;
    f->stream = stream;
    f->last_n = 0;
    f->position = 0;
    fsk_list_init(&f->link);
    f->file = fopencookie(f, "r+", calls);
    if (!f->file) {
        free(f);
        return NULL;
    }
    setvbuf(f->file, f->buffer, _IOFBF, sizeof f->buffer);
    pthread_mutex_lock(&lock);
    fsk_list_append(&files, &f->link);
    pthread_mutex_unlock(&lock);
    return f->file;
}

/* ---- PHP's call ------------------------------------------------------------------------------ */

/* -1 is no limit; other negative numbers, and what is none, are refused. */
static bool deadline_of(double seconds, fsock_time *deadline)
{
    if (isnan(seconds) || (seconds < 0 && seconds != -1))
        return false;
    *deadline = seconds == 0 ? fsock_after(0.001) : fsock_after(seconds);
    return true;
}

static FILE *open_file(const char *target, int port, struct fsock_fault *fault, double seconds)
{
    struct fsock_options options;
    fsock_stream *stream;
    fsock_time deadline;
    fsock_options_init(&options);
    options.connect_timeout = 0; /* seconds say it all */
    options.read_timeout = SILENCE;
    if (!deadline_of(seconds, &deadline)) {
        fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, EINVAL,
                      "the limit must be -1 (none) or a number of seconds from 0");
        return NULL;
    }
    if (fsock_open(&stream, target, port, &options, deadline, fault) != FSOCK_OK)
        return NULL;
    FILE *file = fsock_file(stream);
    if (!file) {
        fsock_close(stream);
        fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, ENOMEM, "out of memory");
    }
    return file;
}

FILE *fsockopen(const char *target, int port, struct fsock_fault *fault, double seconds)
{
    struct fsock_fault unheard;
    fault = fault ? fault : &unheard;
    *fault = (struct fsock_fault){.err = FSOCK_OK};
    FILE *file = open_file(target, port, fault, seconds);
    if (!file)
        errno = fault->sys_errno;
    return file;
}
