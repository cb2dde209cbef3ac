/*
 * Masks of secrets: the same in pieces as whole, byte for byte, blanks and ends of lines kept; what
 * stands before the first word that is known stays as it is.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mask.h"
#include "base/span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each word of ours has one of these in it. */
static bool may_be_secret(const char *p, size_t n)
{
    static const char *const parts[] = {"auth", "cookie:", "pass", "apop", "login"};
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
        struct fsk_span part = fsk_span_str(parts[k]);
        for (size_t i = 0; i + part.n <= n; i++)
            if (fsk_span_caseeq(fsk_span(p + i, part.n), part))
                return true;
    }
    return false;
}

static void check(const char *in, const char *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert(out[i] == in[i] || out[i] == '*');
        if (strchr(" \t\r\n", in[i]) && in[i])
            assert(out[i] == in[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    size_t step = data[0] % 16 + 1, n = size - 1;
    struct fsk_mask whole = {.n = 0}, pieces = {.n = 0};
    char *a = malloc(n + 1), *b = malloc(n + 1), *text = malloc(n + 1);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) /* a CR says nothing anywhere */
        if (data[i + 1] != '\r')
            text[kept++] = (char)data[i + 1];
    memcpy(a, data + 1, n);
    memcpy(b, data + 1, n);
    fsk_mask(&whole, a, n);
    for (size_t at = 0; at < n; at += step)
        fsk_mask(&pieces, b + at, step < n - at ? step : n - at);
    assert(memcmp(a, b, n) == 0);
    check((const char *)data + 1, a, n);
    if (!may_be_secret(text, kept))
        assert(memcmp(a, data + 1, n) == 0);
    free(a);
    free(b);
    free(text);
    return 0;
}
