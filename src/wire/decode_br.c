/* decode_br.c - the coding "br" (RFC 7932), by libbrotlidec. */
#include <brotli/decode.h>
#include <stdlib.h>

#include "wire/decode_coding.h"

struct br {
    struct fsk_coding coding;
    BrotliDecoderState *state;
    bool ended;
};

/* libbrotlidec's error codes are negative; those from here on down are failed allocations. */
static enum fsk_decode_err reason(const struct br *b)
{
    return BrotliDecoderGetErrorCode(b->state) <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES
               ? FSK_DECODE_MEMORY
               : FSK_DECODE_DATA;
}

static enum fsk_decode_err step(struct fsk_coding *c, struct fsk_span *in, char *out, size_t cap,
                                size_t *made)
{
    struct br *b = (struct br *)c;
    *made = 0;
    if (!b->ended) {
        const uint8_t *next_in = (const uint8_t *)in->p;
        size_t avail_in = in->n;
        uint8_t *next_out = (uint8_t *)out;
        size_t avail_out = cap;
        BrotliDecoderResult r = BrotliDecoderDecompressStream(b->state, &avail_in, &next_in,
                                                              &avail_out, &next_out, NULL);
        *in = fsk_span((const char *)next_in, avail_in);
        *made = cap - avail_out;
        if (r == BROTLI_DECODER_RESULT_ERROR)
            return reason(b);
        if (r == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT)
            return FSK_DECODE_FULL;
        b->ended = r == BROTLI_DECODER_RESULT_SUCCESS;
    }
    if (in->n > 0)
        *in = fsk_span(in->p + in->n, 0);
    return FSK_DECODE_OK;
}

static bool complete(const struct fsk_coding *c)
{
    return ((const struct br *)c)->ended;
}

static struct fsk_coding *make(void)
{
    struct br *b = calloc(1, sizeof(*b));
    if (!b)
        return NULL;
    b->state = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    if (!b->state) {
        free(b);
        return NULL;
    }
    return &b->coding;
}

static void free_br(struct fsk_coding *c)
{
    struct br *b = (struct br *)c;
    BrotliDecoderDestroyInstance(b->state);
    free(b);
}

const struct fsk_coding_ops fsk_coding_br = {"br", make, step, complete, free_br};
