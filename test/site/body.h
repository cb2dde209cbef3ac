/* body.h: the bytes that pages carry: deterministic texts, pseudo-random bytes, and their
 * encodings.
 *
 * Everything is made on first use and kept until the program ends.
 */
#ifndef SITE_BODY_H
#define SITE_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BODY_TEXTS 20

enum coding { PLAIN, GZIP, DEFLATE, RAW_DEFLATE, BR, ZSTD, GZIP_BR, MULTI_GZIP, CODINGS };

struct body {
    char *data;
    size_t len;
    char sha[65]; /* of the decoded text */
};

/* Text n: 0 to 200 KiB of lines; n is taken modulo BODY_TEXTS. */
const struct body *body_text(unsigned n);

/* The same text, encoded. */
const struct body *body_coded(enum coding coding, unsigned n);

/* Fills buf with pseudo-random bytes that depend on the seed alone. */
void body_random(uint64_t seed, char *buf, size_t len);

/* SHA-256 in hex. */
void body_sha(const void *data, size_t len, char hex[65]);

/* One MiB of the repeating line that the huge pages are made of; the first bytes of every MiB are
 * the same, so the text of any length is a prefix of its repetition. */
#define HUGE_BLOCK (1024 * 1024)
const char *body_huge(void);

/* A compressed stream of any length from one compressed MiB that is sent over and over:
 * head, `repeat` times block, tail. */
struct tape {
    char *head, *block, *tail;
    size_t head_len, block_len, tail_len;
    uint64_t repeat;
    uint64_t total; /* compressed bytes in all */
};

/* gzip of `bytes` bytes: of zeros, or of the huge text. The caller frees with tape_free, but block
 * stays. */
void tape_gzip(struct tape *t, bool zeros, uint64_t bytes);

/* Brotli of `mib` MiB of zeros; at least 2. */
void tape_brotli(struct tape *t, uint64_t mib);

void tape_free(struct tape *t);

#endif
