/*
 * decode_rig.h - bodies encoded by zlib and zstd, and decoders that are given them in pieces, with
 * both sides before a guard page.
 *
 * Include it after <cmocka.h>. Its memory is made and freed with a group of tests.
 */
#ifndef FSK_TEST_DECODE_RIG_H
#define FSK_TEST_DECODE_RIG_H

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "guard.h"
#include "wire/decode.h"

#define WHOLE SIZE_MAX
#define ROOM  (2u << 20)

static struct guard guard_in, guard_out;
static char *room; /* where decoded bodies go; ROOM bytes */

/* A buffer that holds one encoded body. */
struct blob {
    unsigned char *p;
    size_t n;
};

struct outcome {
    enum fsk_decode_err err;
    size_t n; /* bytes now at room */
};

/* Push what is at p in pieces of in_piece bytes, with room for out_piece bytes each time. Both
 * sides lie against a page that can't be touched. */
static inline struct outcome drive(struct fsk_decode *d, const unsigned char *p, size_t n,
                                   size_t in_piece, size_t out_piece)
{
    struct outcome o = {FSK_DECODE_OK, 0};
    if (out_piece > ROOM)
        out_piece = ROOM;
    char *out = guard_out.map + guard_out.room - out_piece;
    size_t at = 0;
    while (at < n && o.err == FSK_DECODE_OK) {
        size_t len = n - at < in_piece ? n - at : in_piece;
        struct fsk_span in = fsk_span(guard_copy(&guard_in, p + at, len), len);
        do {
            size_t made;
            o.err = fsk_decode_push(d, &in, out, out_piece, &made);
            assert_true(made <= out_piece && o.n + made <= ROOM);
            memcpy(room + o.n, out, made);
            o.n += made;
        } while (o.err == FSK_DECODE_FULL);
        assert_true(o.err != FSK_DECODE_OK || in.n == 0);
        at += len;
    }
    enum fsk_decode_err last = fsk_decode_finish(d);
    if (o.err != FSK_DECODE_OK)
        assert_int_equal(last, o.err);
    o.err = last;
    return o;
}

static inline struct outcome decode(const char *list, struct blob b, size_t in_piece,
                                    size_t out_piece, const struct fsk_decode_limits *limits)
{
    struct fsk_decode *d;
    struct fsk_span bad;
    assert_int_equal(fsk_decode_new(&d, fsk_span_str(list), limits, &bad), FSK_DECODE_OK);
    struct outcome o = drive(d, b.p, b.n, in_piece, out_piece);
    fsk_decode_free(d);
    return o;
}

static inline void expect(struct outcome o, enum fsk_decode_err err, const void *text, size_t n)
{
    assert_int_equal(o.err, err);
    if (err == FSK_DECODE_OK) {
        assert_int_equal(o.n, n);
        assert_memory_equal(room, text, n);
    }
}

/* ---- Making bodies ---- */

/* zlib's encoder; window_bits as deflateInit2 has it: 31 gzip, 15 zlib, -15 bare. */
static inline struct blob deflated(const void *text, size_t n, int window_bits, int level,
                                   int strategy)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, window_bits, 8, strategy), Z_OK);
    struct blob b = {malloc(n + n / 8 + 100), 0};
    z.next_in = (unsigned char *)(uintptr_t)text;
    z.avail_in = (unsigned)n;
    z.next_out = b.p;
    z.avail_out = (unsigned)(n + n / 8 + 100);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    b.n = z.total_out;
    deflateEnd(&z);
    return b;
}

static inline struct blob zstded(const void *text, size_t n)
{
    struct blob b = {malloc(ZSTD_compressBound(n)), 0};
    b.n = ZSTD_compress(b.p, ZSTD_compressBound(n), text, n, 3);
    assert_false(ZSTD_isError(b.n));
    return b;
}

#define LITERAL(s) ((struct blob){(unsigned char *)(uintptr_t)(s), sizeof(s) - 1})

/* ---- Groups of tests ---- */

static inline int rig_begin(void **state)
{
    (void)state;
    guard_init(&guard_in, ROOM);
    guard_init(&guard_out, ROOM);
    room = malloc(ROOM);
    return 0;
}

static inline int rig_end(void **state)
{
    (void)state;
    free(room);
    guard_fini(&guard_in);
    guard_fini(&guard_out);
    return 0;
}

#endif
