/*
 * bytes_fuzz.h - what holds of each reader of bytes in a notation, and of its view.
 */
#ifndef FSK_FUZZ_BYTES_H
#define FSK_FUZZ_BYTES_H

#include <assert.h>
#include <stdint.h>

#include "bytes.h"
#include "view.h"

#define FUZZ_MAX ((size_t)1 << 20)

typedef bool fuzz_reader(struct fsk_span text, struct fsk_buf *bytes, struct bytes_fault *fault);

/* Bytes as a view shows them, in pieces of `cut` bytes (0: all at once), appended to `shown`. */
static inline void fuzz_show(enum view_kind kind, const struct ebcdic *e, struct fsk_span bytes,
                             size_t cut, struct fsk_buf *shown)
{
    static struct out out;
    struct view v;
    out_init_buf(&out, shown);
    view_init(&v, kind, e);
    for (size_t at = 0; at < bytes.n;) {
        size_t n = cut && cut < bytes.n - at ? cut : bytes.n - at;
        view_write(&v, &out, fsk_span(bytes.p + at, n));
        at += n;
    }
    view_end(&v, &out);
    out_flush(&out);
    assert(!out.sys_errno);
    out_fini(&out);
}

/* What the view shows of the bytes is read as them. */
static inline void fuzz_round_trip(fuzz_reader *read, enum view_kind kind, struct fsk_span bytes)
{
    struct fsk_buf shown = {.ceiling = 16 * FUZZ_MAX}, again = {.ceiling = 2 * FUZZ_MAX};
    struct bytes_fault fault;
    fuzz_show(kind, NULL, bytes, 0, &shown);
    assert(read(fsk_buf_span(&shown), &again, &fault));
    assert(fsk_span_eq(fsk_buf_span(&again), bytes));
    fsk_buf_fini(&shown);
    fsk_buf_fini(&again);
}

/* Read a text behind two bytes that are there. True: it stands for `bytes`, of which two more are.
 */
static inline bool fuzz_read(fuzz_reader *read, struct fsk_span text, struct fsk_buf *bytes)
{
    struct bytes_fault fault = {0};
    *bytes = (struct fsk_buf){.ceiling = FUZZ_MAX};
    enum fsock_err err = fsk_buf_puts(bytes, "ab");
    assert(err == FSOCK_OK);
    bool good = read(text, bytes, &fault);
    assert(fsk_buf_len(bytes) >= 2 && fsk_buf_span(bytes).p[0] == 'a');
    if (good)
        return true;
    assert(fsk_buf_len(bytes) == 2);
    assert(fault.line && fault.column && fault.column <= text.n + 1);
    assert(fault.why[0] && memchr(fault.why, '\0', sizeof fault.why));
    return false;
}

/* Any text: read, shown and read again it stands for the same. As bytes, shown, it is read back. */
static inline void fuzz_reader_and_view(fuzz_reader *read, enum view_kind kind,
                                        struct fsk_span text)
{
    struct fsk_buf bytes;
    if (fuzz_read(read, text, &bytes))
        fuzz_round_trip(read, kind, fsk_buf_span(&bytes));
    fsk_buf_fini(&bytes);
    fuzz_round_trip(read, kind, text);
}

#endif
