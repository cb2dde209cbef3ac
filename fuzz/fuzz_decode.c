/*
 * fuzz_decode.c - any bytes as an encoded body. The first byte chooses the codings, the second how
 * the body is cut.
 *
 * Held: however the input and the output are cut, a body is good or bad alike, and a good one
 * decodes to the same bytes; nothing is written beyond the buffer; max_body is never passed. Where
 * zlib can say what is right, it is asked. One difference is known: inflate.h tells about Huffman
 * codes that are not complete, which zlib refuses, and ISA-L only sometimes.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "wire/decode.h"

#define MAX_BODY 100000u
#define MAX_IN   32768u /* less than the ceiling of gzip's header fields */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct result {
    enum fsk_decode_err err;
    size_t n;
    char *bytes;
};

static uint32_t next_random(uint32_t *r)
{
    *r = *r * 1664525u + 1013904223u;
    return *r >> 12;
}

/* cut 0: all at once. */
static struct result decode(const char *list, const uint8_t *body, size_t n, uint32_t cut)
{
    const struct fsk_decode_limits limits = {.max_body = MAX_BODY};
    struct result r = {FSK_DECODE_OK, 0, malloc(MAX_BODY)};
    struct fsk_decode *d;
    struct fsk_span bad;
    enum fsk_decode_err err = fsk_decode_new(&d, fsk_span_str(list), &limits, &bad);
    assert(err == FSK_DECODE_OK && r.bytes);
    uint32_t random = cut;
    for (size_t at = 0; at < n && err == FSK_DECODE_OK;) {
        size_t len = cut ? 1 + next_random(&random) % (cut % 3 ? 5 : 500) : n;
        len = len < n - at ? len : n - at;
        char *piece = malloc(len); /* of its own, so that ASan sees its end */
        memcpy(piece, body + at, len);
        struct fsk_span in = fsk_span(piece, len);
        do {
            size_t cap = cut ? 1 + next_random(&random) % (cut % 5 ? 3000 : 7) : MAX_BODY + 1;
            size_t made, before = in.n;
            char *out = malloc(cap);
            err = fsk_decode_push(d, &in, out, cap, &made);
            assert(made <= cap && r.n + made <= MAX_BODY);
            assert(err != FSK_DECODE_OK || in.n == 0);
            /* (Between two codings it may move on unseen.) */
            assert(err != FSK_DECODE_FULL || made > 0 || in.n < before || strchr(list, ','));
            memcpy(r.bytes + r.n, out, made);
            r.n += made;
            free(out);
        } while (err == FSK_DECODE_FULL);
        free(piece);
        at += len;
    }
    r.err = fsk_decode_finish(d);
    assert(err == FSK_DECODE_OK || err == r.err);
    fsk_decode_free(d);
    return r;
}

/* True if zlib refuses a Huffman code, for being incomplete among other reasons. Otherwise `r` is
 * checked against what zlib says. */
static bool ask_zlib(struct result r, int window_bits, const uint8_t *body, size_t n)
{
    z_stream z = {0};
    unsigned char *out = malloc(MAX_BODY + 1);
    int ok = inflateInit2(&z, window_bits);
    assert(ok == Z_OK && out);
    z.next_in = (unsigned char *)(uintptr_t)body;
    z.avail_in = (unsigned)n;
    z.next_out = out;
    z.avail_out = MAX_BODY + 1;
    int says = inflate(&z, Z_FINISH);
    size_t len = z.msg ? strlen(z.msg) : 0;
    bool code = len > 4 && strcmp(z.msg + len - 4, " set") == 0;
    if (says == Z_STREAM_END && z.total_out <= MAX_BODY && (z.avail_in == 0 || window_bits != 31))
        assert(r.err == FSK_DECODE_OK && r.n == z.total_out && memcmp(r.bytes, out, r.n) == 0);
    else if (says != Z_STREAM_END && !code)
        assert(r.err != FSK_DECODE_OK);
    inflateEnd(&z);
    free(out);
    return code;
}

/* How zlib would read it: window bits, or 0 if it is no business of zlib's. */
static int window_bits(const char *list, const uint8_t *body, size_t n)
{
    if (strcmp(list, "gzip") == 0)
        return 31;
    if (strcmp(list, "deflate") != 0 || n < 2)
        return 0;
    return (body[0] & 0x8f) == 8 && (body[0] << 8 | body[1]) % 31 == 0 ? 15 : -15;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const lists[] = {
        "gzip",          "deflate",     "br",       "zstd",
        "gzip, deflate", "br, deflate", "zstd, br", "deflate, zstd, deflate"};
    if (size < 3 || size > MAX_IN)
        return 0;
    const char *list = lists[data[0] % 8];
    uint32_t cut = 1u + data[1];
    const uint8_t *body = data + 2;
    size_t n = size - 2;
    struct result whole = decode(list, body, n, 0);
    struct result pieces = decode(list, body, n, cut);
    int bits = window_bits(list, body, n);
    bool odd = bits && ask_zlib(whole, bits, body, n);
    if (!odd) {
        assert((whole.err == FSK_DECODE_OK) == (pieces.err == FSK_DECODE_OK));
        if (whole.err == FSK_DECODE_OK)
            assert(whole.n == pieces.n && memcmp(whole.bytes, pieces.bytes, whole.n) == 0);
    }
    free(whole.bytes);
    free(pieces.bytes);
    return 0;
}
