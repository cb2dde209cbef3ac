/*
 * buf.h - a buffer that grows, up to a ceiling given when it is made.
 *
 * Bytes are appended at the end and consumed from the front. A zeroed buffer with a ceiling set is
 * an empty one; nothing is allocated before the first byte.
 */
#ifndef FSK_BUF_H
#define FSK_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include <fsock.h>

#include "base/span.h"

struct fsk_buf {
    char *mem;
    size_t start, end, cap; /* the bytes are mem[start..end) */
    size_t ceiling;
    bool lent; /* mem is somebody else's: it is not freed */
};

static inline void fsk_buf_init(struct fsk_buf *b, size_t ceiling)
{
    *b = (struct fsk_buf){.ceiling = ceiling};
}

/*
 * An empty buffer that begins in memory of the caller's, and leaves it when that is too small, or
 * when it is freed. That memory must outlive it, and copies of the struct, too.
 */
static inline void fsk_buf_init_in(struct fsk_buf *b, size_t ceiling, char *mem, size_t cap)
{
    *b = (struct fsk_buf){.mem = mem, .cap = cap, .ceiling = ceiling, .lent = true};
}

void fsk_buf_fini(struct fsk_buf *b);

static inline struct fsk_span fsk_buf_span(const struct fsk_buf *b)
{
    return (struct fsk_span){b->start ? b->mem + b->start : b->mem, b->end - b->start};
}

static inline size_t fsk_buf_len(const struct fsk_buf *b)
{
    return b->end - b->start;
}

static inline void fsk_buf_clear(struct fsk_buf *b)
{
    b->start = b->end = 0;
}

/* Drop n bytes from the front. */
void fsk_buf_consume(struct fsk_buf *b, size_t n);

/*
 * Room for n more bytes at mem + end. FSOCK_ERR_TOO_BIG beyond the ceiling, FSOCK_ERR_MEMORY. Spans
 * into the buffer are void afterwards.
 */
enum fsock_err fsk_buf_grow(struct fsk_buf *b, size_t n); /* fsk_buf_reserve()'s rare part */

static inline enum fsock_err fsk_buf_reserve(struct fsk_buf *b, size_t n)
{
    bool room = n <= b->cap - b->end && n <= b->ceiling && fsk_buf_len(b) <= b->ceiling - n;
    return room ? FSOCK_OK : fsk_buf_grow(b, n);
}

/* Append; errors as for fsk_buf_reserve, and then nothing has changed. */
static inline enum fsock_err fsk_buf_append(struct fsk_buf *b, const void *p, size_t n)
{
    enum fsock_err err = fsk_buf_reserve(b, n);
    if (err == FSOCK_OK && n) {
        memcpy(b->mem + b->end, p, n);
        b->end += n;
    }
    return err;
}

static inline enum fsock_err fsk_buf_puts(struct fsk_buf *b, const char *s)
{
    return fsk_buf_append(b, s, strlen(s));
}

/* In front of all others; errors as above. */
enum fsock_err fsk_buf_prepend(struct fsk_buf *b, const void *p, size_t n);

/*
 * A NUL behind the bytes, not counted among them, so that mem + start is a C string. It needs room
 * under the ceiling.
 */
enum fsock_err fsk_buf_terminate(struct fsk_buf *b);

/* Append a whole file; false if it can't be read or is larger than the buffer's ceiling. */
bool fsk_buf_read_file(struct fsk_buf *b, const char *path);

#endif
