/*
 * bytes_rig.h - texts that stand for bytes, read at a guard page, and views of bytes.
 *
 * Include it after <cmocka.h>. A test defines read_text(), the reader that it is about, and calls
 * rig_init() first.
 */
#ifndef FSK_TEST_BYTES_RIG_H
#define FSK_TEST_BYTES_RIG_H

#include "bytes.h"
#include "guard.h"
#include "view.h"

#define RIG_MAX 65536

static struct guard guard;
static struct fsk_buf rig_bytes = {.ceiling = RIG_MAX};
static struct fsk_buf rig_shown = {.ceiling = 16 * RIG_MAX};
static struct bytes_fault rig_fault;
static struct out rig_out;

static bool read_text(struct fsk_span text, struct fsk_buf *bytes, struct bytes_fault *fault);

static inline void rig_init(void)
{
    guard_init(&guard, 16 * RIG_MAX);
}

/* Read a copy of the text. */
static inline bool rig_read(struct fsk_span text)
{
    fsk_buf_clear(&rig_bytes);
    memset(&rig_fault, 0, sizeof rig_fault);
    return read_text(fsk_span(guard_copy(&guard, text.p, text.n), text.n), &rig_bytes, &rig_fault);
}

/* The text must give these bytes; every beginning of it is read, too, for the guard page. */
static inline void rig_gives(struct fsk_span text, struct fsk_span wanted)
{
    for (size_t n = text.n > 1024 ? text.n : 0; n < text.n; n++)
        rig_read(fsk_span(text.p, n));
    if (!rig_read(text))
        fail_msg("%.*s\n%s", (int)text.n, text.p, rig_fault.why);
    assert_int_equal(fsk_buf_len(&rig_bytes), wanted.n);
    if (wanted.n)
        assert_memory_equal(fsk_buf_span(&rig_bytes).p, wanted.p, wanted.n);
}

#define GIVES(text, wanted) rig_gives(fsk_span_str(text), FSK_SPAN(wanted))

/* The text is refused there, with these words, and nothing is left of it. */
static inline void rig_refuses(struct fsk_span text, size_t line, size_t column, const char *words)
{
    if (rig_read(text))
        fail_msg("read: %.*s", (int)text.n, text.p);
    if (!strstr(rig_fault.why, words) || rig_fault.line != line || rig_fault.column != column)
        fail_msg("%.*s\n%zu:%zu %s", (int)text.n, text.p, rig_fault.line, rig_fault.column,
                 rig_fault.why);
    assert_true(strlen(rig_fault.why) + 1 < sizeof rig_fault.why);
    assert_int_equal(fsk_buf_len(&rig_bytes), 0);
}

#define REFUSES(text, line, column, words) rig_refuses(fsk_span_str(text), line, column, words)

/* The n-th of some texts of bytes for ways there and back: all values, then random ones. */
static inline struct fsk_span rig_sample(unsigned n)
{
    static char bytes[2048];
    uint32_t random = n;
    size_t len = n == 0 ? 256 : n == 1 ? 0 : n;
    for (size_t i = 0; i < len; i++) {
        random = random * 1664525u + 1013904223u;
        bytes[i] = (char)(n == 0 ? i : n % 3 ? random >> 24 : (random >> 24) & 0x8f);
    }
    return fsk_span(bytes, len);
}

#define RIG_SAMPLES 300

/* The bytes as a view shows them, in pieces of `cut` bytes (0: all at once). */
static inline struct fsk_span rig_view(enum view_kind kind, const struct ebcdic *e,
                                       struct fsk_span bytes, size_t cut)
{
    struct view v;
    fsk_buf_clear(&rig_shown);
    out_init_buf(&rig_out, &rig_shown);
    view_init(&v, kind, e);
    for (size_t at = 0; at < bytes.n;) {
        size_t n = cut && cut < bytes.n - at ? cut : bytes.n - at;
        view_write(&v, &rig_out, fsk_span(guard_copy(&guard, bytes.p + at, n), n));
        at += n;
    }
    view_end(&v, &rig_out);
    out_flush(&rig_out);
    out_fini(&rig_out);
    return fsk_buf_span(&rig_shown);
}

/* What a view shows of the samples is read back as them. */
static inline void rig_round_trips(enum view_kind kind)
{
    for (unsigned i = 0; i < RIG_SAMPLES; i++) {
        struct fsk_span shown = rig_view(kind, NULL, rig_sample(i), 0);
        if (!rig_read(shown))
            fail_msg("sample %u: %s", i, rig_fault.why);
        assert_true(fsk_span_eq(fsk_buf_span(&rig_bytes), rig_sample(i)));
    }
}

#endif
