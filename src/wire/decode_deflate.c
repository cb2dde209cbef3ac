/*
 * decode_deflate.c - the coding "deflate": zlib's format (RFC 1950), as RFC 9110 8.4.1.2 says, or
 * bare DEFLATE, which some servers send instead.
 *
 * The first two bytes tell. A zlib header is a multiple of 31 and has 8 in the low half of its
 * first byte; bare DEFLATE that starts so would be a stored block with ones in its padding, which
 * no encoder writes.
 */
#include <isa-l/igzip_lib.h>
#include <stdlib.h>

#include "wire/decode_coding.h"
#include "wire/inflate.h"

#define FDICT 0x20

enum state {
    HEAD, /* fewer than two bytes seen, and they may still be a zlib header */
    BODY, /* in the DEFLATE data; head[head_used .. head_n) comes before the input */
    TAIL, /* in the Adler-32 */
    DONE  /* it has ended well; what comes is ignored */
};

struct deflate {
    struct fsk_coding coding;
    enum state state;
    bool bare; /* no header, no Adler-32 */
    uint32_t adler;
    uint8_t head[2];
    uint8_t head_n, head_used;
    unsigned char tail[4];
    size_t tail_n;
    struct inflate_state inflate;
};

static enum fsk_decode_err in_head(struct deflate *d, uint8_t b)
{
    d->head[d->head_n++] = b;
    if ((d->head[0] & 0x0f) != 8 || d->head[0] >> 4 > 7)
        d->bare = true;
    else if (d->head_n < 2)
        return FSK_DECODE_OK;
    else
        d->bare = (d->head[0] << 8 | d->head[1]) % 31 != 0;
    d->state = BODY;
    if (d->bare)
        return FSK_DECODE_OK;
    d->head_used = d->head_n;
    return d->head[1] & FDICT ? FSK_DECODE_HEADER : FSK_DECODE_OK;
}

static enum fsk_decode_err tail_byte(struct deflate *d, uint8_t b)
{
    if (d->state == DONE)
        return FSK_DECODE_OK;
    d->tail[d->tail_n++] = b;
    if (d->tail_n < sizeof(d->tail))
        return FSK_DECODE_OK;
    d->state = DONE;
    const unsigned char *t = d->tail;
    uint32_t want = (uint32_t)t[0] << 24 | (uint32_t)t[1] << 16 | (uint32_t)t[2] << 8 | t[3];
    return want == d->adler ? FSK_DECODE_OK : FSK_DECODE_CHECKSUM;
}

static enum fsk_decode_err end_body(struct deflate *d)
{
    unsigned char held[8];
    size_t n = fsk_inflate_held(&d->inflate, held);
    enum fsk_decode_err err = FSK_DECODE_OK;
    d->state = d->bare ? DONE : TAIL;
    for (size_t i = 0; i < n && err == FSK_DECODE_OK; i++)
        err = tail_byte(d, held[i]);
    return err;
}

static enum fsk_decode_err in_body(struct deflate *d, struct fsk_span *in, char *out, size_t cap,
                                   size_t *made)
{
    struct fsk_span head =
        fsk_span((const char *)d->head + d->head_used, (size_t)(d->head_n - d->head_used));
    struct fsk_span *from = head.n ? &head : in;
    enum fsk_decode_err err = fsk_inflate_step(&d->inflate, from, out, cap, made);
    d->head_used = (uint8_t)(d->head_n - head.n);
    if (!d->bare)
        d->adler = isal_adler32(d->adler, (unsigned char *)out, *made);
    if (err == FSK_DECODE_OK && fsk_inflate_ended(&d->inflate))
        err = end_body(d);
    return err;
}

static enum fsk_decode_err step(struct fsk_coding *c, struct fsk_span *in, char *out, size_t cap,
                                size_t *made)
{
    struct deflate *d = (struct deflate *)c;
    enum fsk_decode_err err = FSK_DECODE_OK;
    *made = 0;
    for (;;) {
        if (d->state == BODY) {
            size_t n;
            if (*made == cap)
                return FSK_DECODE_FULL;
            err = in_body(d, in, out + *made, cap - *made, &n);
            *made += n;
        } else if (in->n > 0) {
            uint8_t b = (uint8_t)*in->p;
            in->p++, in->n--;
            err = d->state == HEAD ? in_head(d, b) : tail_byte(d, b);
        }
        if (err != FSK_DECODE_OK)
            return err;
        if (in->n == 0 && (d->state != BODY || d->head_used == d->head_n))
            return FSK_DECODE_OK;
    }
}

static bool complete(const struct fsk_coding *c)
{
    return ((const struct deflate *)c)->state == DONE;
}

static struct fsk_coding *make(void)
{
    struct deflate *d = calloc(1, sizeof(*d));
    if (!d)
        return NULL;
    d->adler = 1;
    isal_inflate_init(&d->inflate);
    return &d->coding;
}

static void free_deflate(struct fsk_coding *c)
{
    free(c);
}

const struct fsk_coding_ops fsk_coding_deflate = {"deflate", make, step, complete, free_deflate};
