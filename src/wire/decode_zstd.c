/*
 * decode_zstd.c - the coding "zstd" (RFC 8878, RFC 9659), by libzstd. Several frames, and skippable
 * ones, may follow each other.
 *
 * A frame's first bytes are looked at here and handed to libzstd one at a time, for three reasons.
 * Built with old formats enabled it would decode those too, and they are no part of RFC 8878. It
 * doesn't apply its window limit to a frame that it gets whole. And what follows the last frame
 * has to be told from a frame.
 */
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "wire/decode_coding.h"

#define WINDOW_LOG_MAX 23 /* 8 MiB */
#define WINDOW_MAX     (1ull << WINDOW_LOG_MAX)

/* The longest frame header, RFC 8878 3.1.1. */
#define HEAD_MAX 18

struct zstd {
    struct fsk_coding coding;
    ZSTD_DCtx *ctx;
    bool first;   /* no frame has ended yet */
    bool held;    /* the output was full: there may be more of it */
    bool skip;    /* this frame is a skippable one */
    bool junk;    /* what came was no frame: it and all that comes is ignored */
    uint8_t desc; /* its Frame_Header_Descriptor */
    unsigned n;   /* bytes of this frame seen; stops counting at HEAD_MAX */
};

/* FD2FB528, or 184D2A50 to 184D2A5F for a skippable frame; little endian. */
static bool magic_byte(struct zstd *z, uint8_t b)
{
    static const uint8_t frame[4] = {0x28, 0xb5, 0x2f, 0xfd};
    static const uint8_t skippable[4] = {0x50, 0x2a, 0x4d, 0x18};
    if (z->n == 0)
        z->skip = (b & 0xf0) == skippable[0];
    return z->skip ? (z->n == 0 || b == skippable[z->n]) : b == frame[z->n];
}

/* RFC 8878 3.1.1.1.2 */
static bool window_fits(uint8_t b)
{
    uint64_t base = 1ull << (10 + (b >> 3));
    return base + base / 8 * (b & 7) <= WINDOW_MAX;
}

/* May `b` come next? Without a Single_Segment_Flag (0x20) the descriptor is followed by the
 * window; a Dictionary_ID_Flag (the low two bits) asks for a dictionary, and HTTP has none. */
static enum fsk_decode_err head_byte(struct zstd *z, uint8_t b)
{
    if (z->n < 4)
        return magic_byte(z, b) ? FSK_DECODE_OK : FSK_DECODE_DATA;
    if (z->skip)
        return FSK_DECODE_OK;
    if (z->n == 4) {
        z->desc = b;
        return b & 3 ? FSK_DECODE_HEADER : FSK_DECODE_OK;
    }
    if (z->n == 5 && !(z->desc & 0x20) && !window_fits(b))
        return FSK_DECODE_WINDOW;
    return FSK_DECODE_OK;
}

static enum fsk_decode_err reason(size_t r)
{
    switch (ZSTD_getErrorCode(r)) {
    case ZSTD_error_frameParameter_windowTooLarge:
        return FSK_DECODE_WINDOW;
    case ZSTD_error_memory_allocation:
        return FSK_DECODE_MEMORY;
    case ZSTD_error_checksum_wrong:
        return FSK_DECODE_CHECKSUM;
    case ZSTD_error_frameParameter_unsupported:
        return FSK_DECODE_HEADER;
    default:
        return FSK_DECODE_DATA;
    }
}

/* Hand libzstd the next `give` bytes of *in. */
static enum fsk_decode_err feed(struct zstd *z, struct fsk_span *in, size_t give,
                                ZSTD_outBuffer *to)
{
    ZSTD_inBuffer from = {in->p, give, 0};
    size_t before = to->pos;
    size_t r = ZSTD_decompressStream(z->ctx, to, &from);
    if (ZSTD_isError(r))
        return reason(r);
    in->p = from.pos ? in->p + from.pos : in->p;
    in->n -= from.pos;
    z->n = z->n + from.pos < HEAD_MAX ? z->n + (unsigned)from.pos : HEAD_MAX;
    z->held = r != 0 && to->pos == to->size;
    if (r == 0) {
        z->n = 0;
        z->first = false;
    } else if (!z->held && give > 0 && from.pos == 0 && to->pos == before) {
        return FSK_DECODE_DATA; /* input and room, and yet it stands still */
    }
    return FSK_DECODE_OK;
}

static enum fsk_decode_err step(struct fsk_coding *c, struct fsk_span *in, char *out, size_t cap,
                                size_t *made)
{
    struct zstd *z = (struct zstd *)c;
    ZSTD_outBuffer to = {out, cap, 0};
    enum fsk_decode_err err = FSK_DECODE_OK;
    while (err == FSK_DECODE_OK && (in->n > 0 || z->held)) {
        size_t give = in->n;
        if (to.pos == cap) {
            err = FSK_DECODE_FULL;
            break;
        }
        if (z->junk) {
            *in = fsk_span(in->p + in->n, 0);
            break;
        }
        if (give > 0 && z->n < HEAD_MAX && !z->held) {
            give = 1;
            err = head_byte(z, (uint8_t)*in->p);
        }
        if (err == FSK_DECODE_DATA && !z->first) {
            z->junk = true;
            z->n = 0;
            err = FSK_DECODE_OK;
        } else if (err == FSK_DECODE_OK) {
            err = feed(z, in, give, &to);
        }
    }
    *made = to.pos;
    return err;
}

static bool complete(const struct fsk_coding *c)
{
    const struct zstd *z = (const struct zstd *)c;
    return !z->first && z->n == 0;
}

static struct fsk_coding *make(void)
{
    struct zstd *z = calloc(1, sizeof(*z));
    if (!z)
        return NULL;
    z->ctx = ZSTD_createDCtx();
    if (!z->ctx) {
        free(z);
        return NULL;
    }
    ZSTD_DCtx_setParameter(z->ctx, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    z->first = true;
    return &z->coding;
}

static void free_zstd(struct fsk_coding *c)
{
    struct zstd *z = (struct zstd *)c;
    ZSTD_freeDCtx(z->ctx);
    free(z);
}

const struct fsk_coding_ops fsk_coding_zstd = {"zstd", make, step, complete, free_zstd};
