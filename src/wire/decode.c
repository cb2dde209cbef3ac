/* decode.c - the stack of codings, its list, its limits. The codings are in decode_*.c. */
#include "wire/decode.h"

#include <stdlib.h>
#include <string.h>

#include "wire/decode_coding.h"

/* Between two codings. */
#define BUFFER_SIZE (16 * 1024)

/* A coding makes no more than this before the ratio is looked at again. */
#define STEP_MAX (256 * 1024)

/*
 * What all codings together may use in one push, beyond what comes out of it; and the pieces they
 * get it in. Empty members and frames are slow, and make nothing.
 */
#define WORK_MAX 4096

struct layer {
    struct fsk_coding *coding;
    uint64_t made;        /* bytes that came out of it */
    char *buffer;         /* what the layer below has made; NULL for the lowest */
    struct fsk_span rest; /* the part of it that waits to be decoded */
};

struct fsk_decode {
    struct fsk_decode_limits limits;
    enum fsk_decode_err err;              /* what it died of, or OK */
    uint64_t used;                        /* encoded bytes */
    int64_t work;                         /* in this push: bytes used by all layers, less made */
    size_t n;                             /* layers; at least one */
    struct layer layer[FSK_DECODE_DEPTH]; /* the first is decoded first, so applied last */
};

/* identity: what an empty list comes to */

static enum fsk_decode_err identity_step(struct fsk_coding *c, struct fsk_span *in, char *out,
                                         size_t cap, size_t *made)
{
    (void)c;
    *made = in->n < cap ? in->n : cap;
    if (*made == 0)
        return FSK_DECODE_OK;
    memcpy(out, in->p, *made);
    *in = fsk_span(in->p + *made, in->n - *made);
    return in->n ? FSK_DECODE_FULL : FSK_DECODE_OK;
}

static struct fsk_coding *identity_make(void)
{
    return calloc(1, sizeof(struct fsk_coding));
}

static bool identity_complete(const struct fsk_coding *c)
{
    (void)c;
    return true;
}

static void identity_free(struct fsk_coding *c)
{
    free(c);
}

static const struct fsk_coding_ops identity = {"identity", identity_make, identity_step,
                                               identity_complete, identity_free};

/* the list */

static const struct fsk_coding_ops *find(struct fsk_span name)
{
    static const struct fsk_coding_ops *const known[] = {
        &fsk_coding_gzip, &fsk_coding_deflate, &fsk_coding_br, &fsk_coding_zstd, &identity};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (fsk_span_caseeq(name, fsk_span_str(known[i]->name)))
            return known[i];
    return fsk_span_caseeq(name, FSK_SPAN("x-gzip")) ? &fsk_coding_gzip : NULL;
}

/* Take the list's next member off its front; it may be empty. */
static struct fsk_span next_member(struct fsk_span *list)
{
    const char *comma = memchr(list->p, ',', list->n);
    size_t n = comma ? (size_t)(comma - list->p) : list->n;
    struct fsk_span member = fsk_span_trim(fsk_span(list->p, n));
    size_t skip = comma ? n + 1 : n;
    *list = fsk_span(list->p + skip, list->n - skip);
    return member;
}

/* Fill ops[] in the order of the list. OK, UNKNOWN or TOO_MANY; the last two set *bad. */
static enum fsk_decode_err parse(struct fsk_span list, const struct fsk_coding_ops **ops, size_t *n,
                                 struct fsk_span *bad)
{
    *n = 0;
    while (list.n > 0) {
        struct fsk_span member = next_member(&list);
        const struct fsk_coding_ops *o = member.n ? find(member) : &identity;
        if (o == &identity)
            continue;
        *bad = member;
        if (!o)
            return FSK_DECODE_UNKNOWN;
        if (*n == FSK_DECODE_DEPTH)
            return FSK_DECODE_TOO_MANY;
        ops[(*n)++] = o;
    }
    *bad = fsk_span(NULL, 0);
    if (*n == 0)
        ops[(*n)++] = &identity;
    return FSK_DECODE_OK;
}

/* its life */

static bool add_layer(struct fsk_decode *d, const struct fsk_coding_ops *ops)
{
    struct layer *l = &d->layer[d->n];
    l->coding = ops->make();
    if (!l->coding)
        return false;
    l->coding->ops = ops;
    d->n++;
    if (d->n == 1)
        return true;
    l->buffer = malloc(BUFFER_SIZE);
    l->rest = fsk_span(l->buffer, 0);
    return l->buffer != NULL;
}

enum fsk_decode_err fsk_decode_new(struct fsk_decode **made, struct fsk_span content_encoding,
                                   const struct fsk_decode_limits *limits, struct fsk_span *bad)
{
    const struct fsk_coding_ops *ops[FSK_DECODE_DEPTH];
    size_t n;
    *made = NULL;
    enum fsk_decode_err err = parse(content_encoding, ops, &n, bad);
    if (err)
        return err;
    struct fsk_decode *d = calloc(1, sizeof(*d));
    if (!d)
        return FSK_DECODE_MEMORY;
    d->limits = limits ? *limits : (struct fsk_decode_limits){.max_ratio = FSK_DECODE_RATIO};
    bool ok = true;
    while (ok && n > 0)
        ok = add_layer(d, ops[--n]);
    if (!ok) {
        fsk_decode_free(d);
        return FSK_DECODE_MEMORY;
    }
    *made = d;
    return FSK_DECODE_OK;
}

void fsk_decode_free(struct fsk_decode *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->n; i++) {
        d->layer[i].coding->ops->free(d->layer[i].coding);
        free(d->layer[i].buffer);
    }
    free(d);
}

/* its work */

static bool too_steep(const struct fsk_decode *d, const struct layer *l)
{
    return d->limits.max_ratio && l->made > FSK_DECODE_RATIO_FLOOR &&
           l->made / d->limits.max_ratio > d->used;
}

/* One layer, from *in to out. As fsk_decode_push. */
static enum fsk_decode_err run(struct fsk_decode *d, struct layer *l, struct fsk_span *in,
                               char *out, size_t cap, size_t *made)
{
    enum fsk_decode_err err;
    *made = 0;
    do {
        struct fsk_span piece = fsk_span(in->p, in->n < WORK_MAX ? in->n : WORK_MAX);
        size_t m, room = cap - *made < STEP_MAX ? cap - *made : STEP_MAX;
        err = l->coding->ops->step(l->coding, &piece, out + *made, room, &m);
        size_t took = (in->n < WORK_MAX ? in->n : WORK_MAX) - piece.n;
        *in = fsk_span(piece.p, in->n - took);
        *made += m;
        l->made += m;
        d->work += (int64_t)took - (l == &d->layer[d->n - 1] ? (int64_t)m : 0);
        if (l == d->layer)
            d->used += took;
        if (err <= FSK_DECODE_FULL && too_steep(d, l))
            return FSK_DECODE_BOMB;
        if (err == FSK_DECODE_OK && in->n > 0)
            err = FSK_DECODE_FULL; /* there are more pieces */
    } while (err == FSK_DECODE_FULL && *made < cap && d->work < WORK_MAX);
    return err;
}

/* Layer i and all below it, from the body to out. As fsk_decode_push. */
static enum fsk_decode_err pull(struct fsk_decode *d, size_t i, struct fsk_span *in, char *out,
                                size_t cap, size_t *made)
{
    struct layer *l = &d->layer[i];
    if (i == 0)
        return run(d, l, in, out, cap, made);
    *made = 0;
    for (;;) {
        size_t m;
        enum fsk_decode_err err = run(d, l, &l->rest, out + *made, cap - *made, &m);
        *made += m;
        if (err != FSK_DECODE_OK)
            return err;
        err = pull(d, i - 1, in, l->buffer, BUFFER_SIZE, &m);
        l->rest = fsk_span(l->buffer, m);
        if (err > FSK_DECODE_FULL || (err == FSK_DECODE_OK && m == 0))
            return err;
        if (*made == cap || d->work >= WORK_MAX)
            return FSK_DECODE_FULL;
    }
}

enum fsk_decode_err fsk_decode_push(struct fsk_decode *d, struct fsk_span *in, char *out,
                                    size_t cap, size_t *made)
{
    *made = 0;
    if (d->err)
        return d->err;
    struct layer *top = &d->layer[d->n - 1];
    uint64_t max = d->limits.max_body;
    /* With a limit, room for one byte above it shows whether there is one. */
    d->work = 0;
    if (max && max - top->made < cap)
        cap = (size_t)(max - top->made) + 1;
    enum fsk_decode_err err = pull(d, d->n - 1, in, out, cap, made);
    if (max && top->made > max) {
        *made -= (size_t)(top->made - max);
        err = FSK_DECODE_TOO_BIG;
    }
    if (err != FSK_DECODE_FULL)
        d->err = err;
    return err;
}

enum fsk_decode_err fsk_decode_finish(struct fsk_decode *d)
{
    if (d->err || d->used == 0)
        return d->err;
    for (size_t i = 0; i < d->n; i++)
        if (!d->layer[i].coding->ops->complete(d->layer[i].coding))
            d->err = FSK_DECODE_TRUNCATED;
    return d->err;
}

const char *fsk_decode_error_text(enum fsk_decode_err err)
{
    static const char *const text[] = {
        [FSK_DECODE_OK] = "the body decodes well",
        [FSK_DECODE_FULL] = "the output buffer is full",
        [FSK_DECODE_UNKNOWN] = "Content-Encoding names a coding that is not supported",
        [FSK_DECODE_TOO_MANY] = "Content-Encoding names more than 5 codings",
        [FSK_DECODE_MEMORY] = "not enough memory to decode the body",
        [FSK_DECODE_NOT_GZIP] = "the body is not gzip although Content-Encoding says so",
        [FSK_DECODE_HEADER] = "the compressed body's header asks for an unknown format",
        [FSK_DECODE_DATA] = "the compressed body is damaged",
        [FSK_DECODE_CHECKSUM] = "the compressed body is damaged: its checksum is wrong",
        [FSK_DECODE_LENGTH] = "the compressed body is damaged: its stored length is wrong",
        [FSK_DECODE_WINDOW] = "the zstd body needs a window above the 8 MiB that HTTP allows",
        [FSK_DECODE_TRUNCATED] = "the body ended in the middle of its compressed data",
        [FSK_DECODE_TOO_BIG] = "the body decodes to more bytes than the limit allows",
        [FSK_DECODE_BOMB] = "the body decodes to far more bytes than it has: a decompression bomb?",
    };
    size_t i = (size_t)err;
    return i < sizeof(text) / sizeof(text[0]) ? text[i] : "unknown decoding error";
}
