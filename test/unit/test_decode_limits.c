/*
 * test_decode_limits.c - where content decoders stop: after an error, at limits, in long headers
 * and long lists; and that work without a result is done in small turns.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "decode_rig.h"

static void test_dead_after_an_error(void **state)
{
    (void)state;
    struct fsk_decode *d;
    struct fsk_span bad, in = FSK_SPAN("<html>"), more = FSK_SPAN("more");
    char out[8];
    size_t made;
    assert_int_equal(fsk_decode_new(&d, FSK_SPAN("gzip"), NULL, &bad), FSK_DECODE_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(fsk_decode_push(d, i ? &more : &in, out, 8, &made), FSK_DECODE_NOT_GZIP);
    assert_int_equal(fsk_decode_finish(d), FSK_DECODE_NOT_GZIP);
    fsk_decode_free(d);
    fsk_decode_free(NULL);
}

/* What makes nothing is slow: a push must come back soon all the same, through a stack, too. */
static void test_empty_members(void **state)
{
    (void)state;
    enum { MEMBERS = 50000 };
    static const unsigned char member[20] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3};
    char *members = malloc(MEMBERS * sizeof member), out[64];
    for (size_t i = 0; i < MEMBERS; i++)
        memcpy(members + i * sizeof member, member, sizeof member);
    struct blob b = deflated(members, MEMBERS * sizeof member, 31, 9, 0);
    const struct fsk_span bodies[] = {fsk_span(members, MEMBERS * sizeof member),
                                      fsk_span((char *)b.p, b.n)};
    for (size_t i = 0; i < 2; i++) {
        struct fsk_span bad, in = bodies[i];
        struct fsk_decode *d;
        size_t made, calls = 0;
        enum fsk_decode_err err;
        fsk_decode_new(&d, i ? FSK_SPAN("gzip, gzip") : FSK_SPAN("gzip"), NULL, &bad);
        do {
            err = fsk_decode_push(d, &in, out, sizeof out, &made);
            assert_int_equal(made, 0);
            calls++;
        } while (err == FSK_DECODE_FULL);
        assert_int_equal(err, FSK_DECODE_OK);
        assert_int_equal(fsk_decode_finish(d), FSK_DECODE_OK);
        assert_true(calls >= MEMBERS * sizeof member / (32 * 1024));
        fsk_decode_free(d);
    }
    free(members);
    free(b.p);
}

static void test_limits(void **state)
{
    (void)state;
    char *zeros = calloc(1, ROOM);
    struct blob b = deflated(zeros, ROOM, 31, 9, 0); /* 1029:1 */
    struct fsk_decode_limits none = {0}, l = {.max_body = ROOM - 1};
    expect(decode("gzip", b, WHOLE, WHOLE, NULL), FSK_DECODE_BOMB, NULL, 0);
    expect(decode("gzip", b, 100, 999, NULL), FSK_DECODE_BOMB, NULL, 0);
    expect(decode("gzip", b, WHOLE, WHOLE, &none), FSK_DECODE_OK, zeros, ROOM);
    const size_t cap[] = {WHOLE, 999, 1024, ROOM - 1};
    for (size_t i = 0; i < 4; i++) {
        l.max_body = ROOM - 1;
        struct outcome o = decode("gzip", b, WHOLE, cap[i], &l);
        assert_int_equal(o.err, FSK_DECODE_TOO_BIG);
        assert_int_equal(o.n, ROOM - 1); /* the limit is exact */
        l.max_body = ROOM;
        expect(decode("gzip", b, WHOLE, cap[i], &l), FSK_DECODE_OK, zeros, ROOM);
    }
    /* A bomb in the lower coding strikes even if the upper one makes nothing of it. */
    struct blob head = deflated("x", 1, 31, 9, 0), z;
    unsigned char *padded = calloc(1, ROOM);
    memcpy(padded, head.p, head.n);
    z = zstded(padded, ROOM);
    expect(decode("gzip, zstd", z, WHOLE, WHOLE, NULL), FSK_DECODE_BOMB, NULL, 0);
    expect(decode("gzip, zstd", z, WHOLE, WHOLE, &none), FSK_DECODE_OK, "x", 1);
    l.max_body = 3;
    expect(decode("", LITERAL("abcd"), WHOLE, WHOLE, &l), FSK_DECODE_TOO_BIG, NULL, 0);
    expect(decode("", LITERAL("abc"), WHOLE, WHOLE, &l), FSK_DECODE_OK, "abc", 3);
    free(z.p);
    free(head.p);
    free(padded);
    free(b.p);
    free(zeros);
}

static void test_lists(void **state)
{
    (void)state;
    static const struct {
        const char *list;
        enum fsk_decode_err err;
        const char *bad;
    } t[] = {
        {"",                                           FSK_DECODE_OK,       ""           },
        {" , ,\t",                                     FSK_DECODE_OK,       ""           },
        {"identity",                                   FSK_DECODE_OK,       ""           },
        {"GZIP,Br , zSTD,x-gzip,deflate",              FSK_DECODE_OK,       ""           },
        {"gzip,identity,gzip,gzip,identity,gzip,gzip", FSK_DECODE_OK,       ""           },
        {"gzip,gzip,gzip,gzip,gzip,br",                FSK_DECODE_TOO_MANY, "br"         },
        {"gzip, compress",                             FSK_DECODE_UNKNOWN,  "compress"   },
        {"aws-chunked,gzip",                           FSK_DECODE_UNKNOWN,  "aws-chunked"},
        {"gzi",                                        FSK_DECODE_UNKNOWN,  "gzi"        },
        {"gzip;q=1",                                   FSK_DECODE_UNKNOWN,  "gzip;q=1"   },
        {"gzip br",                                    FSK_DECODE_UNKNOWN,  "gzip br"    },
    };
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct fsk_decode *d;
        struct fsk_span bad;
        size_t n = strlen(t[i].list);
        struct fsk_span list = fsk_span(guard_copy(&guard_in, t[i].list, n), n);
        assert_int_equal(fsk_decode_new(&d, list, NULL, &bad), t[i].err);
        assert_true((d != NULL) == (t[i].err == FSK_DECODE_OK));
        assert_true(fsk_span_eq(bad, fsk_span_str(t[i].bad)));
        fsk_decode_free(d);
    }
    assert_non_null(fsk_decode_error_text((enum fsk_decode_err)99));
    for (int e = FSK_DECODE_OK; e <= FSK_DECODE_BOMB; e++)
        assert_true(strlen(fsk_decode_error_text((enum fsk_decode_err)e)) > 10);
}

static void test_gzip_field_ceiling(void **state)
{
    (void)state;
    struct blob good = deflated("x", 1, 31, 6, 0);
    for (size_t len = 65535; len <= 65537; len++) {
        struct blob b = {malloc(good.n + len + 1), good.n + len + 1};
        memcpy(b.p, good.p, 10);
        b.p[3] = 0x08; /* FNAME */
        memset(b.p + 10, 'n', len);
        b.p[10 + len] = 0;
        memcpy(b.p + 11 + len, good.p + 10, good.n - 10);
        expect(decode("gzip", b, WHOLE, WHOLE, NULL),
               len <= 65536 ? FSK_DECODE_OK : FSK_DECODE_HEADER, "x", 1);
        free(b.p);
    }
    free(good.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dead_after_an_error),
        cmocka_unit_test(test_empty_members),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_gzip_field_ceiling),
    };
    return cmocka_run_group_tests(tests, rig_begin, rig_end);
}
