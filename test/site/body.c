#include "body.h"
#include "loop.h"

#include <brotli/encode.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

static const size_t sizes[BODY_TEXTS] = {
    0,    1,    2,     13,    100,   512,   1000,  1024,  1460,   4096,
    8191, 8192, 16384, 20000, 32768, 40000, 65535, 65536, 131072, 204800,
};
static struct body cache[CODINGS][BODY_TEXTS];

void body_sha(const void *data, size_t len, char hex[65])
{
    unsigned char sum[32];
    if (!EVP_Digest(data, len, sum, NULL, EVP_sha256(), NULL))
        die("SHA-256");
    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", sum[i]);
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u; /* splitmix64 */
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void body_random(uint64_t seed, char *buf, size_t len)
{
    uint64_t z = 0;
    for (size_t i = 0; i < len; i++, z >>= 8) {
        if (i % 8 == 0)
            z = next_random(&seed);
        buf[i] = (char)(z & 0xff);
    }
}

const struct body *body_text(unsigned n)
{
    n %= BODY_TEXTS;
    struct body *b = &cache[PLAIN][n];
    if (b->data)
        return b;
    b->data = xzalloc(sizes[n] + 128);
    uint64_t state = n;
    for (unsigned line = 1; b->len < sizes[n]; line++)
        b->len += (size_t)sprintf(b->data + b->len, "text %u, line %u: %016llx\n", n, line,
                                  (unsigned long long)next_random(&state));
    b->len = sizes[n];
    if (b->len)
        b->data[b->len - 1] = '\n';
    body_sha(b->data, b->len, b->sha);
    return b;
}

/* window: 15 zlib, 15 + 16 gzip, -15 raw. Appends to b. */
static void deflate_into(struct body *b, int window, const char *text, size_t len)
{
    z_stream z = {0};
    if (deflateInit2(&z, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        die("deflate");
    size_t room = deflateBound(&z, len) + 32;
    b->data = xrealloc(b->data, b->len + room);
    z.next_in = (Bytef *)(uintptr_t)text;
    z.avail_in = (uInt)len;
    z.next_out = (Bytef *)b->data + b->len;
    z.avail_out = (uInt)room;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END)
        die("deflate");
    b->len += z.total_out;
    deflateEnd(&z);
}

static void brotli_into(struct body *b, const char *text, size_t len)
{
    b->len = BrotliEncoderMaxCompressedSize(len) + 64;
    b->data = xzalloc(b->len);
    if (!BrotliEncoderCompress(5, 22, BROTLI_MODE_TEXT, len, (const uint8_t *)text, &b->len,
                               (uint8_t *)b->data))
        die("brotli");
}

const struct body *body_coded(enum coding coding, unsigned n)
{
    const struct body *text = body_text(n);
    struct body *b = &cache[coding][n % BODY_TEXTS];
    if (b->data)
        return b;
    memcpy(b->sha, text->sha, sizeof b->sha);
    switch (coding) {
    case GZIP:
        deflate_into(b, 15 + 16, text->data, text->len);
        break;
    case DEFLATE:
        deflate_into(b, 15, text->data, text->len);
        break;
    case RAW_DEFLATE:
        deflate_into(b, -15, text->data, text->len);
        break;
    case MULTI_GZIP: /* three members, the second one empty */
        deflate_into(b, 15 + 16, text->data, text->len / 3);
        deflate_into(b, 15 + 16, "", 0);
        deflate_into(b, 15 + 16, text->data + text->len / 3, text->len - text->len / 3);
        break;
    case BR:
        brotli_into(b, text->data, text->len);
        break;
    case GZIP_BR: {
        const struct body *gz = body_coded(GZIP, n);
        brotli_into(b, gz->data, gz->len);
        break;
    }
    case ZSTD:
        b->len = ZSTD_compressBound(text->len);
        b->data = xzalloc(b->len);
        b->len = ZSTD_compress(b->data, b->len, text->data, text->len, 3);
        if (ZSTD_isError(b->len))
            die("zstd");
        break;
    default:
        die("coding");
    }
    return b;
}

const char *body_huge(void)
{
    static char *block;
    if (block)
        return block;
    block = xzalloc(HUGE_BLOCK + 1);
    for (size_t i = 0; i < HUGE_BLOCK; i += 64)
        memcpy(block + i, "a line of the huge page, of sixty-four bytes with its line feed\n", 64);
    return block;
}

/* Raw deflate that ends at a byte boundary and doesn't look back: such blocks can be strung. */
static char *deflate_block(const char *text, size_t len, size_t *out_len)
{
    z_stream z = {0};
    if (deflateInit2(&z, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        die("deflate");
    size_t room = deflateBound(&z, len) + 64;
    char *out = xzalloc(room);
    z.next_in = (Bytef *)(uintptr_t)text;
    z.avail_in = (uInt)len;
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)room;
    if (deflate(&z, Z_FULL_FLUSH) != Z_OK || z.avail_in)
        die("deflate");
    *out_len = z.total_out;
    deflateEnd(&z);
    return out;
}

void tape_gzip(struct tape *t, bool zeros, uint64_t bytes)
{
    static char *blocks[2], *zero_mib;
    static size_t block_lens[2];
    if (!zero_mib)
        zero_mib = xzalloc(HUGE_BLOCK);
    const char *text = zeros ? zero_mib : body_huge();
    if (!blocks[zeros])
        blocks[zeros] = deflate_block(text, HUGE_BLOCK, &block_lens[zeros]);
    size_t rest = (size_t)(bytes % HUGE_BLOCK);
    uLong crc_block = crc32_z(0, (const Bytef *)text, HUGE_BLOCK), crc = 0;
    *t = (struct tape){.block = blocks[zeros], .block_len = block_lens[zeros]};
    t->repeat = bytes / HUGE_BLOCK;
    for (uint64_t i = 0; i < t->repeat; i++)
        crc = crc32_combine(crc, crc_block, HUGE_BLOCK);
    crc = crc32_combine(crc, crc32_z(0, (const Bytef *)text, rest), (z_off_t)rest);
    t->head_len = 10;
    t->head = xzalloc(10);
    memcpy(t->head, "\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
    t->tail = deflate_block(text, rest, &t->tail_len);
    t->tail = xrealloc(t->tail, t->tail_len + 10);
    memcpy(t->tail + t->tail_len, "\x03\0", 2); /* an empty last block */
    for (unsigned i = 0; i < 4; i++) {
        t->tail[t->tail_len + 2 + i] = (char)(crc >> 8 * i & 0xff);
        t->tail[t->tail_len + 6 + i] = (char)(bytes >> 8 * i & 0xff);
    }
    t->tail_len += 10;
    t->total = t->head_len + t->repeat * t->block_len + t->tail_len;
}

/* Two flushed MiB of zeros. The first sets up the ring of distances, so all later ones are encoded
 * in the same bytes as the second. */
void tape_brotli(struct tape *t, uint64_t mib)
{
    static char *head, *block;
    static size_t head_len, block_len;
    if (!head) {
        BrotliEncoderState *enc = BrotliEncoderCreateInstance(NULL, NULL, NULL);
        uint8_t *zeros = xzalloc(HUGE_BLOCK);
        if (!enc || !BrotliEncoderSetParameter(enc, BROTLI_PARAM_QUALITY, 5))
            die("brotli");
        for (int i = 0; i < 2; i++) {
            size_t in = HUGE_BLOCK, room = 65536;
            const uint8_t *next = zeros;
            uint8_t *out = xzalloc(room), *to = out;
            if (!BrotliEncoderCompressStream(enc, BROTLI_OPERATION_FLUSH, &in, &next, &room, &to,
                                             NULL) ||
                in || BrotliEncoderHasMoreOutput(enc))
                die("brotli");
            *(i ? &block : &head) = (char *)out;
            *(i ? &block_len : &head_len) = (size_t)(to - out);
        }
        free(zeros);
        BrotliEncoderDestroyInstance(enc);
    }
    *t = (struct tape){.block = block, .block_len = block_len, .repeat = mib - 1};
    t->head = xrealloc(NULL, head_len);
    memcpy(t->head, head, head_len);
    t->head_len = head_len;
    t->tail = xzalloc(1);
    t->tail[0] = 3; /* last, empty */
    t->tail_len = 1;
    t->total = t->head_len + t->repeat * t->block_len + t->tail_len;
}

void tape_free(struct tape *t)
{
    free(t->head);
    free(t->tail);
}
