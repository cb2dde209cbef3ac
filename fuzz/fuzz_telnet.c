/*
 * Telnet. The first byte sets it up; the rest is what the peer sends: whole, in bytes and in sevens
 * it must give the same data and answers. Then it is what the user types: what is sent arrives.
 */
#include <assert.h>
#include <stdlib.h>

#include "wire/telnet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CEILING (1 << 20)

struct side {
    struct fsk_telnet t;
    struct fsk_buf out, log, data;
    size_t answers; /* bytes of them, those that were sent included */
};

static void init(struct side *s, uint8_t bits, size_t ceiling)
{
    *s = (struct side){.answers = 0};
    fsk_buf_init(&s->out, ceiling);
    fsk_buf_init(&s->log, 1024);
    fsk_buf_init(&s->data, CEILING);
    fsk_telnet_init(&s->t, &(struct fsk_telnet_setup){.terminal = "vt100",
                                                      .width = 0xff50,
                                                      .height = 24,
                                                      .binary = bits & 1,
                                                      .keep_crlf = bits & 2,
                                                      .out = &s->out,
                                                      .log = &s->log});
    if (bits & 4)
        fsk_telnet_start(&s->t);
}

static void fini(struct side *s)
{
    fsk_buf_fini(&s->out);
    fsk_buf_fini(&s->log);
    fsk_buf_fini(&s->data);
}

static void receive(struct side *s, const char *in, size_t n)
{
    while (n) {
        struct fsk_span got;
        size_t used;
        enum fsock_err err = fsk_telnet_receive(&s->t, in, n, &used, &got);
        assert(used <= n && got.n <= used);
        assert(got.n == 0 || (got.p >= in && got.p + got.n <= in + used));
        assert(err == FSOCK_OK ? used > 0 : err == FSOCK_AGAIN && fsk_buf_len(&s->out));
        fsk_buf_append(&s->data, got.p, got.n);
        assert(fsk_buf_len(&s->out) <= s->out.ceiling);
        if (err == FSOCK_AGAIN) {
            s->answers += fsk_buf_len(&s->out);
            fsk_buf_clear(&s->out);
        }
        in += used;
        n -= used;
    }
}

static void receive_in(struct side *s, const char *in, size_t size, size_t step)
{
    for (size_t at = 0; at < size; at += step)
        receive(s, in + at, size - at < step ? size - at : step);
    s->answers += fsk_buf_len(&s->out);
}

static void same(const struct fsk_buf *a, const struct fsk_buf *b)
{
    assert(fsk_span_eq(fsk_buf_span(a), fsk_buf_span(b)));
}

static void as_received(uint8_t bits, const char *in, size_t size)
{
    struct side whole, split;
    init(&whole, bits, CEILING);
    receive_in(&whole, in, size, size + 1);
    for (size_t step = 1; step <= 7; step += 6) {
        init(&split, bits, CEILING);
        receive_in(&split, in, size, step);
        same(&whole.data, &split.data);
        same(&whole.out, &split.out);
        same(&whole.log, &split.log);
        fini(&split);
    }
    init(&split, bits, FSK_TELNET_OUT_MIN);
    receive_in(&split, in, size, 7);
    same(&whole.data, &split.data);
    assert(whole.answers == split.answers);
    fini(&split);
    fini(&whole);
}

/* What arrives, in text with CR LF for LF, is what was sent. */
static void as_typed(uint8_t bits, const char *in, size_t size)
{
    struct side a, b;
    size_t used, at = 0;
    init(&a, bits & 2, CEILING);
    init(&b, 0, CEILING);
    if (bits & 1) {
        receive(&a, "\377\375\0", 3);
        receive(&b, "\377\373\0", 3);
        fsk_buf_clear(&a.out);
        fsk_buf_clear(&b.out);
    }
    for (size_t i = 0; i < size; i++)
        assert(fsk_telnet_send(&a.t, in + i, 1, &used) == FSOCK_OK && used == 1);
    assert(fsk_telnet_send_rest(&a.t) == FSOCK_OK);
    receive(&b, fsk_buf_span(&a.out).p, fsk_buf_len(&a.out));
    for (size_t i = 0; i < size; i++) {
        bool whole = (bits & 2) && i && in[i - 1] == '\r';
        if (!(bits & 1) && in[i] == '\n' && !whole)
            assert(b.data.mem[at++] == '\r');
        assert(b.data.mem[at++] == in[i]);
    }
    assert(at == fsk_buf_len(&b.data) && fsk_buf_len(&b.out) == 0);
    fini(&a);
    fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 16384)
        return 0;
    as_received(data[0], (const char *)data + 1, size - 1);
    as_typed(data[0], (const char *)data + 1, size - 1);
    return 0;
}
