/*
 * telnet_rig.h - a telnet with its buffers, and the protocol's bytes as string literals. To be
 * included behind cmocka.h.
 */
#ifndef FSK_TEST_TELNET_RIG_H
#define FSK_TEST_TELNET_RIG_H

#include "guard.h"
#include "wire/telnet.h"

#define IAC    "\377"
#define WILL   "\377\373"
#define WONT   "\377\374"
#define DO     "\377\375"
#define DONT   "\377\376"
#define SB     "\377\372"
#define SE     "\377\360"
#define BINARY "\0"
#define ECHO   "\1"
#define SGA    "\3"
#define TTYPE  "\30"
#define NAWS   "\37"

/* Of the size 80 x 24, which rig_init() sets. */
#define SIZE SB NAWS "\0\120\0\30" SE

static struct guard guard; /* of this test program */

struct rig {
    struct fsk_telnet t;
    struct fsk_buf out, log, data; /* data: what came out of the receiver */
};

static inline void rig_init_with(struct rig *r, struct fsk_telnet_setup setup)
{
    fsk_buf_init(&r->out, 1 << 20);
    fsk_buf_init(&r->log, 4096);
    fsk_buf_init(&r->data, 1 << 20);
    setup.out = &r->out;
    setup.log = &r->log;
    fsk_telnet_init(&r->t, &setup);
}

static inline void rig_init(struct rig *r)
{
    rig_init_with(r, (struct fsk_telnet_setup){.terminal = "xterm", .width = 80, .height = 24});
}

static inline void rig_fini(struct rig *r)
{
    fsk_buf_fini(&r->out);
    fsk_buf_fini(&r->log);
    fsk_buf_fini(&r->data);
}

/* Receive all of it; `out` has room. */
static inline void hear(struct rig *r, struct fsk_span s)
{
    const char *in = guard_copy(&guard, s.p, s.n);
    struct fsk_span data;
    size_t used;

    for (size_t at = 0; at < s.n; at += used) {
        assert_int_equal(fsk_telnet_receive(&r->t, in + at, s.n - at, &used, &data), FSOCK_OK);
        assert_in_range(used, 1, s.n - at);
        assert_true(data.n <= used);
        assert_int_equal(fsk_buf_append(&r->data, data.p, data.n), FSOCK_OK);
    }
}

static inline void say(struct rig *r, struct fsk_span s)
{
    size_t used;
    assert_int_equal(fsk_telnet_send(&r->t, guard_copy(&guard, s.p, s.n), s.n, &used), FSOCK_OK);
    assert_int_equal(used, s.n);
}

/* These bytes are in the buffer, which is empty afterwards. */
static inline void expect(struct fsk_buf *b, struct fsk_span s)
{
    assert_int_equal(fsk_buf_len(b), s.n);
    if (s.n)
        assert_memory_equal(fsk_buf_span(b).p, s.p, s.n);
    fsk_buf_clear(b);
}

#define EXPECT(buf, literal) expect(buf, FSK_SPAN(literal))

/* The peer's bytes, whole, in bytes and split at each place, give this data and these answers. */
static inline void takes(struct fsk_span before, struct fsk_span s, struct fsk_span data,
                         struct fsk_span out)
{
    for (size_t first = 0; first <= s.n; first++) {
        struct rig r;
        rig_init(&r);
        hear(&r, before);
        fsk_buf_clear(&r.out);
        hear(&r, fsk_span(s.p, first));
        for (size_t at = first; at < s.n; at += first ? s.n - first : 1)
            hear(&r, fsk_span(s.p + at, first ? s.n - first : 1));
        expect(&r.data, data);
        expect(&r.out, out);
        rig_fini(&r);
    }
}

#define TAKES(before, s, data, out)                                                                \
    takes(FSK_SPAN(before), FSK_SPAN(s), FSK_SPAN(data), FSK_SPAN(out))

#endif
