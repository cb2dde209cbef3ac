/* The chunked coding: whole, in bytes and in sevens must give the same body, trailers and end. */
#include <assert.h>
#include <stdlib.h>

#include "wire/chunked.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct result {
    int end;
    size_t used, body_n, trailers_n;
    char *body, *trailers;
    uint64_t length;
};

static char *room(size_t n)
{
    char *p = malloc(n + 1);
    if (!p)
        abort();
    return p;
}

static void decode(const char *in, size_t size, size_t step, struct result *r)
{
    struct fsk_chunked c;
    *r = (struct result){.body = room(size), .trailers = room(size)};
    fsk_chunked_init(&c, 1000);
    for (size_t start = 0; start < size && r->end == FSK_CHUNKED_MORE; start += step) {
        size_t n = size - start < step ? size - start : step, at = 0, used;
        struct fsk_span out;
        do {
            r->end = fsk_chunked_next(&c, in + start + at, n - at, &used, &out);
            at += used;
            assert(at <= n);
            if (r->end == FSK_CHUNKED_DATA) {
                memcpy(r->body + r->body_n, out.p, out.n);
                r->body_n += out.n;
            } else if (r->end == FSK_CHUNKED_TRAILER) {
                memcpy(r->trailers + r->trailers_n, out.p, out.n);
                r->trailers_n += out.n;
            }
        } while (r->end == FSK_CHUNKED_DATA || r->end == FSK_CHUNKED_TRAILER);
        r->used += at;
    }
    r->length = c.length;
    assert(r->end != FSK_CHUNKED_DONE || r->length == r->body_n);
    assert(r->end != FSK_CHUNKED_MORE || r->used == size);
    assert(r->end >= 0 || strlen(fsk_chunked_error_text((enum fsk_chunked_err) - r->end)) > 0);
}

static void fini(struct result *r)
{
    free(r->body);
    free(r->trailers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct result whole, split;
    decode((const char *)data, size, size + 1, &whole);
    for (size_t step = 1; step <= 7; step += 6) {
        decode((const char *)data, size, step, &split);
        assert(split.end == whole.end && split.body_n == whole.body_n);
        assert(memcmp(split.body, whole.body, whole.body_n) == 0);
        /* On too many trailers more of them may have come out before the error. */
        if (whole.end != -FSK_CHUNKED_TRAILERS_TOO_LONG) {
            assert(split.used == whole.used && split.trailers_n == whole.trailers_n);
            assert(memcmp(split.trailers, whole.trailers, whole.trailers_n) == 0);
        }
        fini(&split);
    }
    fini(&whole);
    return 0;
}
