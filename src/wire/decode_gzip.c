/* decode_gzip.c - gzip (RFC 1952): our framing around ISA-L's inflate. */
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>

#include "wire/decode_coding.h"
#include "wire/inflate.h"

/* FNAME and FCOMMENT have no length of their own; nobody needs longer ones. */
#define FIELD_MAX (64 * 1024)

enum { FHCRC = 0x02, FEXTRA = 0x04, FNAME = 0x08, FCOMMENT = 0x10, RESERVED = 0xe0 };

/* The parts of a member's header, in their order. */
enum part { FIXED, XLEN, EXTRA, NAME, COMMENT, HCRC, HEAD_DONE };

struct head {
    enum part part; /* the part that the next byte belongs to */
    uint32_t n;     /* bytes of it seen */
    uint32_t crc;   /* of the header so far */
    uint32_t value; /* the number being read: XLEN, HCRC */
    uint8_t flags;
};

enum state {
    HEAD, /* in the header of a member */
    BODY, /* in its DEFLATE data */
    TAIL, /* in its CRC32 and ISIZE */
    NEXT, /* a member has ended well; another may follow */
    JUNK  /* so it has, and then came zeros or something else: all of it is ignored */
};

struct gzip {
    struct fsk_coding coding;
    enum state state;
    bool first; /* no member has ended yet */
    struct head head;
    uint32_t crc, size; /* of the member's data so far; the size modulo 2^32 */
    unsigned char tail[8];
    size_t tail_n;
    struct inflate_state inflate;
};

static void next_part(struct head *h)
{
    static const uint8_t flag[] = {
        [XLEN] = FEXTRA, [EXTRA] = FEXTRA, [NAME] = FNAME, [COMMENT] = FCOMMENT, [HCRC] = FHCRC};
    do {
        h->part++;
    } while (h->part < HEAD_DONE && !(h->flags & flag[h->part]));
    h->n = 0;
}

/* ID1 ID2 CM FLG, then MTIME, XFL and OS, which may be anything. */
static enum fsk_decode_err fixed_byte(struct head *h, uint8_t b)
{
    static const uint8_t magic[2] = {0x1f, 0x8b};
    if (h->n < 2 && b != magic[h->n])
        return FSK_DECODE_NOT_GZIP;
    if (h->n == 2 && b != 8)
        return FSK_DECODE_HEADER;
    if (h->n == 3) {
        if (b & RESERVED)
            return FSK_DECODE_HEADER;
        h->flags = b;
    }
    if (++h->n == 10)
        next_part(h);
    return FSK_DECODE_OK;
}

/* XLEN and HCRC: the low byte comes first. True once h->value is whole. */
static bool number_byte(struct head *h, uint8_t b)
{
    h->value = h->n == 0 ? b : h->value | (uint32_t)b << 8;
    return ++h->n == 2;
}

static enum fsk_decode_err head_byte(struct head *h, uint8_t b)
{
    if (h->part != HCRC)
        h->crc = crc32_gzip_refl(h->crc, &b, 1);
    switch (h->part) {
    case FIXED:
        return fixed_byte(h, b);
    case XLEN:
        if (number_byte(h, b)) {
            next_part(h);
            if (h->value == 0)
                next_part(h);
        }
        return FSK_DECODE_OK;
    case EXTRA:
        if (++h->n == h->value)
            next_part(h);
        return FSK_DECODE_OK;
    case NAME:
    case COMMENT:
        if (b == 0)
            next_part(h);
        else if (++h->n > FIELD_MAX)
            return FSK_DECODE_HEADER;
        return FSK_DECODE_OK;
    default: /* HCRC: the low half of the CRC of what stands before it */
        if (number_byte(h, b)) {
            next_part(h);
            return h->value == (h->crc & 0xffff) ? FSK_DECODE_OK : FSK_DECODE_CHECKSUM;
        }
        return FSK_DECODE_OK;
    }
}

static uint32_t le32(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void start_member(struct gzip *g)
{
    g->state = HEAD;
    g->head = (struct head){.part = FIXED};
    g->crc = g->size = 0;
    isal_inflate_init(&g->inflate);
}

static enum fsk_decode_err in_head(struct gzip *g, uint8_t b)
{
    enum fsk_decode_err err = head_byte(&g->head, b);
    if (err == FSK_DECODE_NOT_GZIP && !g->first) {
        g->state = JUNK;
        return FSK_DECODE_OK;
    }
    if (g->head.part == HEAD_DONE)
        g->state = BODY;
    return err;
}

static enum fsk_decode_err in_tail(struct gzip *g, uint8_t b)
{
    g->tail[g->tail_n++] = b;
    if (g->tail_n < sizeof(g->tail))
        return FSK_DECODE_OK;
    g->state = NEXT;
    g->first = false;
    if (le32(g->tail) != g->crc)
        return FSK_DECODE_CHECKSUM;
    return le32(g->tail + 4) == g->size ? FSK_DECODE_OK : FSK_DECODE_LENGTH;
}

/* A byte outside of the DEFLATE data. */
static enum fsk_decode_err frame_byte(struct gzip *g, uint8_t b)
{
    switch (g->state) {
    case HEAD:
        return in_head(g, b);
    case TAIL:
        return in_tail(g, b);
    case NEXT:
        if (b != 0) {
            start_member(g);
            return in_head(g, b);
        }
        g->state = JUNK;
        return FSK_DECODE_OK;
    default: /* JUNK */
        return FSK_DECODE_OK;
    }
}

static enum fsk_decode_err in_body(struct gzip *g, struct fsk_span *in, char *out, size_t cap,
                                   size_t *made)
{
    enum fsk_decode_err err = fsk_inflate_step(&g->inflate, in, out, cap, made);
    g->crc = crc32_gzip_refl(g->crc, (unsigned char *)out, *made);
    g->size += (uint32_t)*made;
    if (err != FSK_DECODE_OK || !fsk_inflate_ended(&g->inflate))
        return err;
    unsigned char held[8];
    size_t n = fsk_inflate_held(&g->inflate, held);
    g->state = TAIL;
    g->tail_n = 0;
    for (size_t i = 0; i < n && err == FSK_DECODE_OK; i++)
        err = frame_byte(g, held[i]);
    return err;
}

static enum fsk_decode_err step(struct fsk_coding *c, struct fsk_span *in, char *out, size_t cap,
                                size_t *made)
{
    struct gzip *g = (struct gzip *)c;
    enum fsk_decode_err err = FSK_DECODE_OK;
    *made = 0;
    for (;;) {
        if (g->state == BODY) {
            size_t n;
            if (*made == cap)
                return FSK_DECODE_FULL;
            err = in_body(g, in, out + *made, cap - *made, &n);
            *made += n;
        } else if (in->n > 0) {
            err = frame_byte(g, (uint8_t)*in->p);
            in->p++, in->n--;
        }
        if (err != FSK_DECODE_OK || in->n == 0)
            return err;
    }
}

static bool complete(const struct fsk_coding *c)
{
    const struct gzip *g = (const struct gzip *)c;
    return g->state == NEXT || g->state == JUNK;
}

static struct fsk_coding *make(void)
{
    struct gzip *g = calloc(1, sizeof(*g));
    if (!g)
        return NULL;
    g->first = true;
    start_member(g);
    return &g->coding;
}

static void free_gzip(struct fsk_coding *c)
{
    free(c);
}

const struct fsk_coding_ops fsk_coding_gzip = {"gzip", make, step, complete, free_gzip};
