/*
 * fuzz_cli_bytes_base64.c - base64: what is read is encoded to the same digits, and any bytes come
 * back from their encoding.
 */
#include <stdlib.h>

#include "bytes_base64.h"
#include "bytes_fuzz.h"
#include "wire/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fsk_span encoded(struct fsk_span bytes)
{
    char *text = malloc(FSK_BASE64_ROOM(bytes.n) + 1);
    assert(text);
    return fsk_span(text, fsk_base64_encode(bytes.p, bytes.n, text));
}

/* The digits of both are the same, but for the alphabet, blanks and padding. */
static void same_digits(struct fsk_span a, struct fsk_span b)
{
    size_t k = 0;
    for (size_t i = 0; i < a.n; i++) {
        char c = a.p[i] == '-' ? '+' : a.p[i] == '_' ? '/' : a.p[i];
        if (!strchr(" \t\r\n=", c))
            assert(k < b.n && b.p[k++] == c);
    }
    while (k < b.n)
        assert(b.p[k++] == '=');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fsk_span text = fsk_span((const char *)data, size);
    struct fsk_buf bytes;
    if (fuzz_read(bytes_base64_read, text, &bytes)) {
        fsk_buf_consume(&bytes, 2);
        struct fsk_span again = encoded(fsk_buf_span(&bytes));
        same_digits(text, again);
        free((char *)again.p);
    }
    fsk_buf_fini(&bytes);
    struct fsk_span digits = encoded(text);
    assert(fuzz_read(bytes_base64_read, digits, &bytes));
    fsk_buf_consume(&bytes, 2);
    assert(fsk_span_eq(fsk_buf_span(&bytes), text));
    fsk_buf_fini(&bytes);
    free((char *)digits.p);
    return 0;
}
