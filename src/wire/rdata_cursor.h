/*
 * rdata_cursor.h - inside rdata: the data being read, the text being written.
 *
 * What reads a field returns false if the data haven't its form. What writes remembers the first
 * error of the buffer and then writes no more, so that nobody has to look at each step. Functions
 * that take n take n bytes that are known to be there.
 */
#ifndef FSK_RDATA_CURSOR_H
#define FSK_RDATA_CURSOR_H

#include <fsock.h>

#include "base/buf.h"
#include "base/digits.h"
#include "wire/dnsmsg.h"

struct fsk_rd {
    struct fsk_buf *out;
    enum fsock_err err; /* the buffer's first */
    const uint8_t *msg;
    size_t at, end; /* offsets in msg: what is still to be read */
};

static inline size_t fsk_rd_left(const struct fsk_rd *c)
{
    return c->end - c->at;
}

/* The number that the next n bytes are, at most 4. */
static inline uint32_t fsk_rd_get(struct fsk_rd *c, size_t n)
{
    uint32_t value = 0;

    while (n--)
        value = value << 8 | c->msg[c->at++];
    return value;
}

/* ---- text ---- */

void fsk_rd_put(struct fsk_rd *c, const char *p, size_t n);
void fsk_rd_put_word(struct fsk_rd *c, const char *word);
void fsk_rd_put_number(struct fsk_rd *c, uint64_t value);

/* With zeros in front: `digits` in all, at most FSK_DECIMAL_MAX. */
void fsk_rd_put_padded(struct fsk_rd *c, unsigned value, size_t digits);

void fsk_rd_put_type(struct fsk_rd *c, uint16_t type);

/* ---- the next n bytes as text ---- */

void fsk_rd_put_hex(struct fsk_rd *c, size_t n);
void fsk_rd_put_base64(struct fsk_rd *c, size_t n);
void fsk_rd_put_quoted(struct fsk_rd *c, size_t n);

/* A byte as it is written between quotes; returns its characters, at most FSK_DDD. */
size_t fsk_rd_quote(uint8_t byte, char *text);

/* ---- fields ---- */

/* A number of `size` bytes, at most 4. */
bool fsk_rd_number(struct fsk_rd *c, size_t size);

/* A name, compressed or not. */
bool fsk_rd_name(struct fsk_rd *c);

/* An address of 4 or 16 bytes. */
bool fsk_rd_address(struct fsk_rd *c, size_t size);

/* All that is left, by one of the functions that put bytes; there must be something. */
bool fsk_rd_rest(struct fsk_rd *c, void (*put_bytes)(struct fsk_rd *, size_t));

/* The parameters of SVCB and HTTPS: all that is left, and that may be nothing. In rdata_svcb.c. */
bool fsk_rd_svc_params(struct fsk_rd *c);

#endif
