/*
 * test_decode.c - content decoders: gzip streams that others have judged, every way to cut a body
 * in pieces, damage compared with zlib, stacks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "decode_cases.h"
#include "decode_rig.h"

#define TEXT_LEN 40000u

/* making bodies */

static uint32_t seed = 1;

static uint32_t rnd(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)(seed >> 4) * below) >> 28);
}

/* Words and markup, with some noise: all kinds of blocks, matches near and far. */
static void make_text(unsigned char *p, size_t n)
{
    static const char *const word[] = {
        "<div class=\"a\">", "</div>", "socket ", "deadline ", "the ", "of ", "<p>", "\n"};
    size_t at = 0;
    while (at < n) {
        const char *w = word[rnd(8)];
        size_t len = strlen(w);
        for (size_t i = 0; i < len && at < n; i++)
            p[at++] = (unsigned char)w[i];
        if (rnd(4) == 0 && at < n)
            p[at++] = (unsigned char)rnd(256);
    }
}

static struct blob joined(struct blob a, struct blob b)
{
    struct blob both = {malloc(a.n + b.n), a.n + b.n};
    memcpy(both.p, a.p, a.n);
    memcpy(both.p + a.n, b.p, b.n);
    return both;
}

static struct blob from_hex(const char *hex)
{
    struct blob b = {malloc(strlen(hex) / 2 + 1), strlen(hex) / 2};
    for (size_t i = 0; i < b.n; i++) {
        unsigned v;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &v), 1);
        b.p[i] = (unsigned char)v;
    }
    return b;
}

/* brotli -q 11 of "Hello brotli, hello brotli, hello brotli\n" */
#define BR_HEX  "1f2800f81d09762ce23f18d094ac91c4cad0b402080b9d667b4b935b8a30150f6c44fab61c"
#define BR_TEXT "Hello brotli, hello brotli, hello brotli\n"

/* the tests */

static void test_cases_of_others(void **state)
{
    (void)state;
    char *zeros = calloc(1, 1u << 20);
    for (size_t i = 0; i < sizeof(decode_cases) / sizeof(decode_cases[0]); i++) {
        const struct decode_case *c = &decode_cases[i];
        const char *text = c->text && strcmp(c->text, "0*") == 0 ? zeros : c->text;
        struct blob b = from_hex(c->hex);
        const size_t piece[] = {WHOLE, 1, 7};
        for (size_t k = 0; k < 9; k++) {
            if (text == zeros && piece[k % 3] == 1)
                continue;
            struct outcome o = decode("gzip", b, piece[k / 3], piece[k % 3], NULL);
            if (o.err != c->want)
                print_error("%s: %s\n", c->name, fsk_decode_error_text(o.err));
            expect(o, c->want, text, c->text_n);
        }
        bool good = c->want == FSK_DECODE_OK, empty = b.n == 0;
        assert_true(good == (c->gzip != 1) || empty);
        assert_true(good == (c->php == 0) || empty);
        assert_true(good == (c->python == 0) || strstr(c->name, "reserved") ||
                    strcmp(c->name, "trailing_garbage") == 0);
        free(b.p);
    }
    free(zeros);
}

/* One sample for each coding, in a few dialects. */
struct sample {
    const char *list;
    struct blob b;
    const void *text;
    size_t text_n;
    size_t second; /* where its second member or frame begins, or 0 */
};

static unsigned char text[TEXT_LEN];

static size_t make_samples(struct sample *s, size_t n)
{
    size_t k = 0;
    struct blob a = deflated(text, n / 2, 31, 6, Z_DEFAULT_STRATEGY);
    struct blob b = deflated(text + n / 2, n - n / 2, 31, 9, Z_DEFAULT_STRATEGY);
    s[k++] = (struct sample){"gzip", joined(a, b), text, n, a.n};
    free(a.p);
    free(b.p);
    s[k++] = (struct sample){"X-GZip", deflated(text, n, 31, 0, 0), text, n, 0};
    s[k++] = (struct sample){"gzip", deflated(text, n, 31, 6, Z_FIXED), text, n, 0};
    s[k++] = (struct sample){"gzip", deflated(text, n, 31, 6, Z_HUFFMAN_ONLY), text, n, 0};
    s[k++] = (struct sample){"deflate", deflated(text, n, 15, 6, 0), text, n, 0};
    s[k++] = (struct sample){"deflate", deflated(text, n, 9, 6, 0), text, n, 0};
    s[k++] = (struct sample){"deflate", deflated(text, n, -15, 6, 0), text, n, 0};
    s[k++] = (struct sample){"deflate", deflated(text, n, -15, 0, 0), text, n, 0};
    s[k++] = (struct sample){"deflate", deflated(text, n, -15, 6, Z_FIXED), text, n, 0};
    a = zstded(text, n / 2);
    b = zstded(text + n / 2, n - n / 2);
    s[k++] = (struct sample){"zstd", joined(a, b), text, n, a.n};
    free(a.p);
    free(b.p);
    s[k++] = (struct sample){"br", from_hex(BR_HEX), BR_TEXT, sizeof(BR_TEXT) - 1, 0};
    a = deflated(text, n, 31, 6, 0);
    b = zstded(a.p, a.n);
    s[k++] = (struct sample){"gzip, zstd", b, text, n, 0};
    free(a.p);
    s[k++] = (struct sample){
        "identity", {malloc(n), n},
         text, n, 0
    };
    memcpy(s[k - 1].b.p, text, n);
    return k;
}

static void free_samples(struct sample *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(s[i].b.p);
}

static void test_every_split(void **state)
{
    (void)state;
    struct sample s[16];
    size_t n = make_samples(s, 300);
    for (size_t i = 0; i < n; i++) {
        for (size_t piece = 1; piece <= s[i].b.n; piece++)
            expect(decode(s[i].list, s[i].b, piece, piece % 3 ? WHOLE : 1, NULL), FSK_DECODE_OK,
                   s[i].text, s[i].text_n);
        for (size_t cap = 1; cap <= s[i].text_n + 1; cap++)
            expect(decode(s[i].list, s[i].b, WHOLE, cap, NULL), FSK_DECODE_OK, s[i].text,
                   s[i].text_n);
    }
    free_samples(s, n);
}

static void test_large_pieces(void **state)
{
    (void)state;
    struct sample s[16];
    size_t n = make_samples(s, TEXT_LEN);
    const size_t piece[] = {1, 13, 1000, 4096, 32768, WHOLE};
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < 36; k++)
            expect(decode(s[i].list, s[i].b, piece[k / 6], piece[k % 6], NULL), FSK_DECODE_OK,
                   s[i].text, s[i].text_n);
    free_samples(s, n);
}

static void test_truncated_is_never_good(void **state)
{
    (void)state;
    struct sample s[16];
    size_t n = make_samples(s, 300) - 1; /* not identity: that ends anywhere */
    for (size_t i = 0; i < n; i++) {
        expect(decode(s[i].list, (struct blob){s[i].b.p, 0}, WHOLE, WHOLE, NULL), FSK_DECODE_OK, "",
               0);
        for (size_t len = 1; len < s[i].b.n; len++) {
            struct blob cut = {s[i].b.p, len};
            enum fsk_decode_err want = len == s[i].second ? FSK_DECODE_OK : FSK_DECODE_TRUNCATED;
            assert_int_equal(decode(s[i].list, cut, WHOLE, WHOLE, NULL).err, want);
            assert_int_equal(decode(s[i].list, cut, 1, 3, NULL).err, want);
        }
    }
    free_samples(s, n + 1);
}

static void test_trailing_bytes(void **state)
{
    (void)state;
    struct sample s[16];
    size_t n = make_samples(s, 300) - 1;
    for (size_t i = 0; i < n; i++) {
        struct blob b = joined(s[i].b, LITERAL("\nHTTP/1.1 200 OK\r\n"));
        for (size_t piece = 1; piece < 60; piece++) {
            expect(decode(s[i].list, b, piece, WHOLE, NULL), FSK_DECODE_OK, s[i].text, s[i].text_n);
        }
        free(b.p);
    }
    free_samples(s, n + 1);
}

/* What zlib makes of a stream: 1 good (and *n bytes at out), 0 bad, -1 bad because of a Huffman
 * code with codes to spare, about which ISA-L is easier to please. */
static int zlib_says(struct blob b, int window_bits, unsigned char *out, size_t *n)
{
    z_stream z = {0};
    assert_int_equal(inflateInit2(&z, window_bits), Z_OK);
    z.next_in = b.p;
    z.avail_in = (unsigned)b.n;
    z.next_out = out;
    z.avail_out = ROOM;
    int r = inflate(&z, Z_FINISH);
    *n = z.total_out;
    size_t len = z.msg ? strlen(z.msg) : 0;
    int says = r == Z_STREAM_END;
    if (len > 4 && strcmp(z.msg + len - 4, " set") == 0)
        says = -1;
    inflateEnd(&z);
    return says;
}

static void damage(struct blob b)
{
    for (uint32_t flips = 1 + rnd(3); flips > 0; flips--) {
        size_t at = rnd(4) ? rnd((uint32_t)b.n) : rnd(b.n < 40 ? (uint32_t)b.n : 40);
        b.p[at] ^= (unsigned char)(1u << rnd(8));
    }
}

static void test_damage_against_zlib(void **state)
{
    (void)state;
    unsigned char *out = malloc(ROOM);
    const size_t piece[] = {WHOLE, 1, 50, 700};
    const int strategy[] = {Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE};
    unsigned good = 0, refused = 0;
    for (unsigned round = 0; round < 6000; round++) {
        int bits = round % 3 == 0 ? 31 : round % 3 == 1 ? 15 : -15;
        struct blob b = deflated(text + rnd(3000), 1 + rnd(round % 50 ? 500 : 30000), bits,
                                 (int)rnd(10), strategy[rnd(4)]);
        damage(b);
        bool zlib_head = (b.p[0] & 0x8f) == 8 && (b.p[0] << 8 | b.p[1]) % 31 == 0;
        if (bits != 31)
            bits = zlib_head ? 15 : -15;
        size_t n;
        int says = zlib_says(b, bits, out, &n);
        struct outcome o =
            decode(bits == 31 ? "gzip" : "deflate", b, piece[rnd(4)], piece[rnd(4)], NULL);
        if (says >= 0 && (o.err == FSK_DECODE_OK) != says)
            print_error("round %u: zlib %d, fsock: %s\n", round, says,
                        fsk_decode_error_text(o.err));
        assert_true(says < 0 || (o.err == FSK_DECODE_OK) == says);
        if (says > 0)
            expect(o, FSK_DECODE_OK, out, n);
        good += says > 0;
        refused += says == 0;
        free(b.p);
    }
    assert_true(good > 100 && refused > 100); /* both kinds were there */
    free(out);
}

/* Five codings, applied in the order of the list. */
static void test_deep_stack(void **state)
{
    (void)state;
    struct blob b = {malloc(TEXT_LEN), TEXT_LEN};
    memcpy(b.p, text, TEXT_LEN);
    const int bits[] = {31, 15, -15, 0, 31}; /* 0: zstd */
    for (size_t i = 0; i < 5; i++) {
        struct blob next = bits[i] ? deflated(b.p, b.n, bits[i], 6, 0) : zstded(b.p, b.n);
        free(b.p);
        b = next;
    }
    const char *list = "gzip, deflate, deflate, zstd, gzip";
    expect(decode(list, b, WHOLE, WHOLE, NULL), FSK_DECODE_OK, text, TEXT_LEN);
    expect(decode(list, b, 1, 1, NULL), FSK_DECODE_OK, text, TEXT_LEN);
    expect(decode("gzip, zstd, deflate, deflate, gzip", b, WHOLE, WHOLE, NULL), FSK_DECODE_DATA,
           NULL, 0);
    free(b.p);
}

#define HELLO "f348cdc9c95748afca2c0000c9698f900a000000" /* a member's data and trailer */

/* clang-format off */
static const struct edge {
    const char *list, *hex;
    enum fsk_decode_err err;
    const char *text;
} edges[] = {
    /* header CRC wrong */
    {"gzip", "1f8b0802000000000003a877" HELLO, FSK_DECODE_CHECKSUM, NULL},
    /* FEXTRA of no bytes */
    {"gzip", "1f8b08040000000000030000" HELLO, FSK_DECODE_OK, "Hello gzip"},
    /* two empty stored blocks: a sync flush, twice */
    {"gzip", "1f8b0800000000000003000000ffff000000ffff" HELLO, FSK_DECODE_OK, "Hello gzip"},
    /* a stored block whose length and its complement disagree */
    {"gzip", "1f8b0800000000000003010a00f4ff48656c6c6f", FSK_DECODE_DATA, NULL},
    /* 0x1f, which begins a member, and then the end */
    {"gzip", "1f8b0800000000000003" HELLO "1f", FSK_DECODE_TRUNCATED, NULL},
    /* a second member of an unknown method: not garbage, but an error, as for gzip */
    {"gzip", "1f8b0800000000000003" HELLO "1f8b07", FSK_DECODE_HEADER, NULL},
    /* a second member that looks back into the first */
    {"gzip", "1f8b0800000000000003" HELLO "1f8b080000000000000303220000000000000000",
     FSK_DECODE_DATA, NULL},
    /* the smallest streams, bare and zlib's */
    {"deflate", "0300", FSK_DECODE_OK, ""},
    {"deflate", "789c030000000001", FSK_DECODE_OK, ""},
    /* Adler-32 wrong */
    {"deflate", "789c030000000002", FSK_DECODE_CHECKSUM, NULL},
    /* wants a preset dictionary */
    {"deflate", "78bb030000000001", FSK_DECODE_HEADER, NULL},
    /* could become either; a header only */
    {"deflate", "78", FSK_DECODE_TRUNCATED, NULL},
    {"deflate", "78da", FSK_DECODE_TRUNCATED, NULL},
    /* gzip under the wrong name; <html> */
    {"deflate", "1f8b0800000000000003", FSK_DECODE_DATA, NULL},
    {"deflate", "3c68746d6c3e", FSK_DECODE_DATA, NULL},
    /* windows of 8 and 9 MiB */
    {"zstd", "28b52ffd0068010000", FSK_DECODE_OK, ""},
    {"zstd", "28b52ffd0069010000", FSK_DECODE_WINDOW, NULL},
    /* wants a dictionary */
    {"zstd", "28b52ffd0168000000", FSK_DECODE_HEADER, NULL},
    /* a skippable frame, alone and before another */
    {"zstd", "502a4d1802000000aabb", FSK_DECODE_OK, ""},
    {"zstd", "5f2a4d180000000028b52ffd0068010000", FSK_DECODE_OK, ""},
    /* the magic number of an old format; half a magic number behind a frame */
    {"zstd", "26b52ffd0068010000", FSK_DECODE_DATA, NULL},
    {"zstd", "28b52ffd006801000028b5", FSK_DECODE_TRUNCATED, NULL},
    /* <html> */
    {"br", "3c68746d6c3e", FSK_DECODE_DATA, NULL},
};
/* clang-format on */

static void test_edges(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
        const struct edge *e = &edges[i];
        struct blob b = from_hex(e->hex);
        size_t n = e->text ? strlen(e->text) : 0;
        expect(decode(e->list, b, WHOLE, WHOLE, NULL), e->err, e->text, n);
        expect(decode(e->list, b, 1, 1, NULL), e->err, e->text, n);
        free(b.p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases_of_others), cmocka_unit_test(test_every_split),
        cmocka_unit_test(test_large_pieces),    cmocka_unit_test(test_truncated_is_never_good),
        cmocka_unit_test(test_trailing_bytes),  cmocka_unit_test(test_damage_against_zlib),
        cmocka_unit_test(test_deep_stack),      cmocka_unit_test(test_edges),
    };
    make_text(text, sizeof(text));
    return cmocka_run_group_tests(tests, rig_begin, rig_end);
}
