/*
 * Challenges. The input is field lines. Invariants: texts stay within what was given and come in
 * their order; no value has a control byte but tabs, and put between quotes again it is read as the
 * same; of a Digest challenge an answer can be written, without a line end in it.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "wire/challenge.h"
#include "wire/digest.h"
#include "wire/h1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *last;

static void within(struct fsk_span part, struct fsk_span all)
{
    assert(!part.n || (part.p >= last && part.p + part.n <= all.p + all.n));
    last = part.n ? part.p + part.n : last;
}

/* `name="value"` read again. */
static void again(struct fsk_span value)
{
    struct fsk_buf text;
    struct fsk_span name, same;
    fsk_buf_init(&text, value.n + 16);
    if (fsk_buf_puts(&text, "x=\"") == FSOCK_OK &&
        fsk_buf_append(&text, value.p, value.n) == FSOCK_OK &&
        fsk_buf_puts(&text, "\"") == FSOCK_OK) {
        struct fsk_span all = fsk_buf_span(&text);
        bool good = fsk_challenge_param(&all, &name, &same);
        assert(good && !all.n && fsk_span_eq(value, same));
    }
    fsk_buf_fini(&text);
}

static void answer(struct fsk_span params)
{
    struct fsk_digest d;
    struct fsk_buf out;
    const struct fsk_digest_request r = {
        FSK_SPAN("us\"er"), FSK_SPAN("p"), FSK_SPAN("GET"), FSK_SPAN("/"),
        FSK_SPAN(""),       FSK_SPAN("c"), .nc = 1};
    if (!fsk_digest_read(params, &d))
        return;
    fsk_buf_init(&out, 2 * FSK_DIGEST_MAX);
    if (fsk_digest_write(&d, &r, &out) == FSOCK_OK) {
        struct fsk_span text = fsk_buf_span(&out), name, value;
        assert(fsk_span_clean(text, '\t') == text.n && !memchr(text.p, '\n', text.n));
        text = fsk_span(text.p + 7, text.n - 7);
        while (fsk_challenge_param(&text, &name, &value))
            ;
        assert(!text.n);
    }
    fsk_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + !size); /* of just this size, so that asan sees each step over */
    struct fsk_challenge_walk at = {.pos = 0};
    struct fsk_challenge c;
    struct fsk_span fields = fsk_span(copy, size), name, value;
    if (!copy)
        return 0;
    memcpy(copy, data, size);
    last = copy;
    bool good = fsk_h1_check_fields(fields) == FSK_H1_OK;
    while (good && fsk_challenge_next(fields, FSK_SPAN("WWW-Authenticate"), &at, &c)) {
        within(c.scheme, fields);
        assert(fsk_h1_valid_token(c.scheme));
        struct fsk_span params = c.params;
        while (fsk_challenge_param(&params, &name, &value)) {
            within(name, fields);
            within(value, fields);
            again(value);
        }
        answer(c.params);
    }
    free(copy);
    return 0;
}
