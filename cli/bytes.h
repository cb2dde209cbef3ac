/*
 * bytes.h - bytes that are written down in some notation: what all the readers of notations share.
 *
 * A reader (bytes_escape.h, bytes_hex.h, bytes_c.h, bytes_base64.h) is a pure function: it appends
 * the bytes that a text stands for to the caller's buffer, whose ceiling bounds them. It guesses
 * nothing: a text that could mean two things is refused. On failure the buffer holds what it held
 * before, and a struct bytes_fault tells where in the text the mistake is and what to do about it,
 * in one sentence.
 */
#ifndef FSOCK_CLI_BYTES_H
#define FSOCK_CLI_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

#define BYTES_MAX ((size_t)64 << 20) /* a useful ceiling for what one text stands for */

struct bytes_fault {
    size_t line, column; /* both from 1; a column is a byte */
    char why[400];       /* "line 2, column 7: ...", or "byte 7: ..." if there is one line only */
};

/* A text that is being read. */
struct bytes_reader {
    struct fsk_span text;
    size_t at;           /* the next byte */
    struct fsk_buf *out; /* the bytes go there */
    size_t had;          /* how many it held before */
    struct bytes_fault *fault;
};

static inline struct bytes_reader bytes_reader(struct fsk_span text, struct fsk_buf *out,
                                               struct bytes_fault *fault)
{
    return (struct bytes_reader){text, 0, out, fsk_buf_len(out), fault};
}

static inline bool bytes_at_end(const struct bytes_reader *r)
{
    return r->at == r->text.n;
}

/* The byte `ahead` bytes after the next one; NUL behind the end. */
static inline char bytes_peek(const struct bytes_reader *r, size_t ahead)
{
    return ahead < r->text.n - r->at ? r->text.p[r->at + ahead] : '\0';
}

/* How many bytes this text has given so far. */
static inline size_t bytes_given(const struct bytes_reader *r)
{
    return fsk_buf_len(r->out) - r->had;
}

/* Say what is wrong with the byte at `at`, and take back what was appended. Returns false. */
bool bytes_blame(struct bytes_reader *r, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Make room for n more bytes; false, with the fault, if there is none. */
bool bytes_room(struct bytes_reader *r, size_t n);

/* Append; false, with the fault, if there is no room. */
bool bytes_put(struct bytes_reader *r, const void *p, size_t n);

static inline bool bytes_put_one(struct bytes_reader *r, uint8_t byte)
{
    return bytes_put(r, &byte, 1);
}

/*
 * How a byte of the text is called in a sentence: "'q'" or "the byte 0x1b"; "the end" for an `at`
 * behind it. Written to text.
 */
#define BYTES_NAME 24
const char *bytes_name(const struct bytes_reader *r, size_t at, char text[BYTES_NAME]);

#endif
