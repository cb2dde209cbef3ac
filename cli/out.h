/*
 * out.h - text on its way to a descriptor: one buffer, written when full, asked or idle.
 *
 * Made for a million records: no printf, no allocation, no locale. A failed write is remembered and
 * what follows is dropped; out_begin() keeps a record in one write(2) where it fits the buffer, so
 * that records never mix, not even with those of other programs that append to the same file.
 *
 * A pipe, socket or terminal whose reader doesn't read is waited for, until out_patience() says
 * when to give up; that, too, is a failed write, with ETIMEDOUT.
 */
#ifndef FSOCK_CLI_OUT_H
#define FSOCK_CLI_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <fsock.h>

#include "base/buf.h"
#include "base/span.h"

#define OUT_SIZE 65536

struct out {
    int fd;
    int own_fd;           /* another way to the same pipe or terminal, which doesn't block; or -1 */
    bool socket;          /* write by send(2), which can be told not to block */
    int sys_errno;        /* of the first write that failed; 0: fine */
    fsock_time deadline;  /* how long to wait for a reader */
    int alarm;            /* a descriptor that ends the patience; -1: none */
    struct fsk_buf *into; /* what is written goes there, not to fd; NULL: it doesn't */
    uint64_t flushes;     /* how many times what waited was written */
    size_t n;             /* bytes waiting */
    char mem[OUT_SIZE];
};

/* `fd` is borrowed. */
void out_init(struct out *o, int fd);

/* Collect in a buffer, which is borrowed; out_flush() when all is in. Its ceiling is as a full
 * disk. */
void out_init_buf(struct out *o, struct fsk_buf *into);
void out_fini(struct out *o);

/*
 * From now on, wait for a reader until `deadline` at most; and once the descriptor `alarm` (-1:
 * none) can be read, a twentieth of a second at most.
 */
void out_patience(struct out *o, fsock_time deadline, int alarm);

/* Write what waits. */
void out_flush(struct out *o);

/* Write what waits, and then these bytes. 0, or o->sys_errno. */
int out_now(struct out *o, const void *p, size_t n);

/* A record begins: make room for a usual one. */
void out_begin(struct out *o);

/*
 * Room for n bytes, OUT_ROOM at most, to be written in place; out_took() then says where they end.
 * For what is written a million times.
 */
enum { OUT_ROOM = 1024 };
static inline char *out_room(struct out *o, size_t n)
{
    if (n > OUT_SIZE - o->n)
        out_flush(o);
    return o->mem + o->n;
}

static inline void out_took(struct out *o, const char *end)
{
    o->n = (size_t)(end - o->mem);
}

void out_many(struct out *o, const void *p, size_t n); /* out_bytes() where they don't fit */

static inline void out_bytes(struct out *o, const void *p, size_t n)
{
    if (n > OUT_SIZE - o->n) {
        out_many(o, p, n);
        return;
    }
    if (n)
        memcpy(o->mem + o->n, p, n);
    o->n += n;
}

static inline void out_char(struct out *o, char c)
{
    if (o->n == OUT_SIZE)
        out_flush(o);
    o->mem[o->n++] = c;
}

static inline void out_str(struct out *o, const char *s)
{
    out_bytes(o, s, strlen(s));
}

#define OUT_LITERAL(o, text) out_bytes(o, text, sizeof(text) - 1)

static inline void out_span(struct out *o, struct fsk_span s)
{
    out_bytes(o, s.p, s.n);
}

/* At least `width` digits, zeros in front. */
void out_padded(struct out *o, uint64_t v, unsigned width);

/* The end of a column that began at o->n == `from`: for eyes it is filled up, for programs it is a
 * tabulator. */
void out_column(struct out *o, size_t from, size_t width, bool terminal);

/* "0.35 ms": one unit for all, so that lines can be sorted by it. */
void out_milliseconds(struct out *o, int64_t ns);

static inline void out_u64(struct out *o, uint64_t v)
{
    if (v < 10)
        out_char(o, (char)('0' + v));
    else
        out_padded(o, v, 1);
}

static inline void out_i64(struct out *o, int64_t v)
{
    if (v < 0)
        out_char(o, '-');
    out_u64(o, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

/* Nanoseconds as seconds with six decimals: "0.001234"; negative is 0. */
void out_seconds(struct out *o, int64_t ns);

/*
 * The inside of a JSON string: quotes, backslashes and control bytes escaped; a byte that is not
 * part of valid UTF-8 becomes \u00XX, the character with its number.
 */
void out_json(struct out *o, struct fsk_span s);

/* The same with its quotes: a whole JSON string. */
static inline void out_json_string(struct out *o, struct fsk_span s)
{
    out_char(o, '"');
    out_json(o, s);
    out_char(o, '"');
}

/* "192.0.2.7:80" or "[2001:db8::7]:80" without its port and brackets, as a JSON string. */
void out_json_address(struct out *o, const char *peer);

/* Two hex digits for each byte, in lower case. */
void out_hex(struct out *o, const void *bytes, size_t n);

/* For people and grep: control characters (C0, DEL, C1) and what isn't UTF-8 become \xXX. */
void out_text(struct out *o, struct fsk_span s);

/* A size for people: "512 B", "14.5 KiB". */
void out_size(struct out *o, uint64_t bytes);

/* An interval for people: "0.42 ms", "123 ms", "1.50 s", "2 m 5 s". */
void out_interval(struct out *o, int64_t ns);

/* Write all of p to a file, for as long as it takes. 0, or the errno of the write that failed. */
int write_all(int fd, const void *p, size_t n);

#endif
