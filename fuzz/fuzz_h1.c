/*
 * Response heads: the same result however the bytes are split; the walk finds the fields that were
 * counted; the head after decoding is a head again, with one framing.
 */
#include <assert.h>
#include <stdlib.h>

#include "wire/h1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_split(const char *p, size_t n, size_t step, int whole)
{
    struct fsk_h1_head h;
    size_t last = 0;
    int got = 0;
    while (got == 0 && last < n) {
        size_t now = n - last < step ? n : last + step;
        got = fsk_h1_parse(p, now, last, &h);
        last = now;
    }
    /* Errors may come late, but what fails as a whole never succeeds in steps. */
    assert(whole < 0 ? got <= 0 : got == whole);
}

static void check_fields(const struct fsk_h1_head *h)
{
    struct fsk_span name, value;
    size_t pos = 0;
    unsigned n = 0;
    while (fsk_h1_next_field(h->fields, &pos, &name, &value)) {
        n++;
        assert(fsk_h1_valid_token(name));
        assert(value.p >= h->fields.p && value.p + value.n <= h->fields.p + h->fields.n);
    }
    assert(n == h->n_fields);
    assert(fsk_h1_check_fields(h->fields) == FSK_H1_OK);
    assert(!(h->content_length >= 0 && (h->chunked || h->other_coding)));
}

static void check_decoded(struct fsk_span head, const struct fsk_h1_head *h)
{
    struct fsk_h1_decoding d = {h->chunked, h->content_codings, 42, h->fields};
    size_t room = 2 * head.n + 2 * h->fields.n + 64;
    char *out = malloc(room);
    struct fsk_h1_head again;
    if (!out)
        abort();
    size_t n = fsk_h1_decoded_head(head, &d, out, room);
    assert(n > 0);
    int got = fsk_h1_parse(out, n, 0, &again);
    if (h->n_fields <= FSK_H1_FIELDS_MAX / 2 - 1 && n < FSK_H1_LINE_MAX && !h->other_coding) {
        assert(got == (int)n && again.content_length == 42 && !again.chunked);
        assert(again.content_codings == 0 && again.status == h->status);
    }
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *p = (const char *)data;
    struct fsk_h1_head h;
    int whole = fsk_h1_parse(p, size, 0, &h);

    if (whole > 0) {
        assert((size_t)whole <= size && h.status >= 100 && h.status <= 999);
        check_fields(&h);
        check_decoded(fsk_span(p, (size_t)whole), &h);
    } else if (whole < 0) {
        assert(strlen(fsk_h1_error_text((enum fsk_h1_err) - whole)) > 0);
    }
    check_split(p, size, 1, whole);
    check_split(p, size, 7, whole);
    (void)fsk_h1_check_fields(fsk_span(p, size));
    return 0;
}
