/* The chunked coding: the same body however the bytes come; PHP's decoder as a second opinion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "guard.h"
#include "wire/chunked.h"
#include "wire/h1.h"

static struct guard guard;

struct result {
    int end; /* DONE, MORE (cut short) or the error */
    size_t used, body_n, trailers_n;
    char body[1024], trailers[1024];
    uint64_t length;
};

/* Feed n bytes to a decoder that is under way. */
static void feed(struct fsk_chunked *c, const char *bytes, size_t n, struct result *r)
{
    const char *in = guard_copy(&guard, bytes, n);
    size_t at = 0, used;
    struct fsk_span data;

    do {
        r->end = fsk_chunked_next(c, in + at, n - at, &used, &data);
        at += used;
        if (r->end == FSK_CHUNKED_DATA || r->end == FSK_CHUNKED_TRAILER) {
            char *to = r->end == FSK_CHUNKED_DATA ? r->body : r->trailers;
            size_t *to_n = r->end == FSK_CHUNKED_DATA ? &r->body_n : &r->trailers_n;
            assert_true(data.n > 0 && *to_n + data.n <= sizeof(r->body));
            memcpy(to + *to_n, data.p, data.n);
            *to_n += data.n;
        } else {
            assert_int_equal(data.n, 0);
        }
    } while (r->end == FSK_CHUNKED_DATA || r->end == FSK_CHUNKED_TRAILER);
    r->used += at;
    r->length = c->length;
}

/* Decode in two pieces, the second one in pieces of `step`. */
static void decode_split(struct fsk_span s, size_t first, size_t step, struct result *r)
{
    struct fsk_chunked c;
    *r = (struct result){0};
    fsk_chunked_init(&c, 512);
    feed(&c, s.p, first, r);
    for (size_t at = first; at < s.n && r->end == FSK_CHUNKED_MORE; at += step)
        feed(&c, s.p + at, s.n - at < step ? s.n - at : step, r);
}

/* Decode whole, in bytes, and cut at every place: all must agree. */
static struct result decode(struct fsk_span s)
{
    static struct result whole, split;
    decode_split(s, s.n, 1, &whole);
    for (size_t first = 0; first < s.n; first++) {
        decode_split(s, first, first ? s.n : 1, &split);
        assert_int_equal(split.end, whole.end);
        assert_int_equal(split.used, whole.used);
        assert_int_equal(split.body_n, whole.body_n);
        assert_memory_equal(split.body, whole.body, whole.body_n);
        assert_int_equal(split.trailers_n, whole.trailers_n);
        assert_memory_equal(split.trailers, whole.trailers, whole.trailers_n);
    }
    return whole;
}

/*
 * Where fsock differs from PHP on purpose: PHP's filter never fails, it hands on what it can't
 * decode and takes the end of the input for the end of the body. Here that is an error, or (MORE)
 * a body that was cut short. All other cases must be DONE and give PHP's bytes.
 */
static const struct {
    const char *input;
    int end;
} differs[] = {
    {"0\r\n",                                          FSK_CHUNKED_MORE        },
    {"2\r\nte\r\n2\r\nst\r\n0\r\n",                    FSK_CHUNKED_MORE        },
    {"2\nte\n2\nst\n0\n",                              FSK_CHUNKED_MORE        },
    {"2;a=1\nte\n2;a=2;b=3\r\nst\n0\n",                FSK_CHUNKED_MORE        },
    {"1f\n0123456789abcdef0123456789abcde\n1\nf\n0\n", FSK_CHUNKED_MORE        },
    {"1E\n0123456789abcdef0123456789abcd\n2\nef\n0\n", FSK_CHUNKED_MORE        },
    {"",                                               FSK_CHUNKED_MORE        },
    {"5\r\nHello",                                     FSK_CHUNKED_MORE        },
    {"5\r\nHel",                                       FSK_CHUNKED_MORE        },
    {"5\r\nHello\r\n",                                 FSK_CHUNKED_MORE        },
    {"plain text not chunked",                         -FSK_CHUNKED_BAD_SIZE   },
    {"Zplain",                                         -FSK_CHUNKED_BAD_SIZE   },
    {"5\r\nHello0\r\n\r\n",                            -FSK_CHUNKED_NO_LINE_END},
    {"5\r\nHelloX\r\n0\r\n\r\n",                       -FSK_CHUNKED_NO_LINE_END},
    {"5\r\nHello\r0\r\n\r\n",                          -FSK_CHUNKED_NO_LINE_END},
    {"5\r\nHello\r\nzz\r\n",                           -FSK_CHUNKED_BAD_SIZE   },
    {" 5\r\nHello\r\n0\r\n\r\n",                       -FSK_CHUNKED_BAD_SIZE   },
    {"\r\n5\r\nHello\r\n0\r\n\r\n",                    -FSK_CHUNKED_BAD_SIZE   },
    {"0x5\r\nHello\r\n0\r\n\r\n",                      -FSK_CHUNKED_BAD_SIZE   },
    {"+5\r\nHello\r\n0\r\n\r\n",                       -FSK_CHUNKED_BAD_SIZE   },
    {"-5\r\nHello\r\n0\r\n\r\n",                       -FSK_CHUNKED_BAD_SIZE   },
    {"5\rHello\r\n0\r\n\r\n",                          -FSK_CHUNKED_BARE_CR    },
    {"5\r\r\nHello\r\n0\r\n\r\n",                      -FSK_CHUNKED_BARE_CR    },
    {"ffffffffffffffff\r\nHello\r\n0\r\n\r\n",         -FSK_CHUNKED_TOO_LARGE  },
    {"10000000000000005\r\nHello\r\n0\r\n\r\n",        -FSK_CHUNKED_TOO_LARGE  },
    {"8000000000000000\r\nHello\r\n0\r\n\r\n",         -FSK_CHUNKED_TOO_LARGE  },
    {"5\r\nHello\r\n\r\n0\r\n\r\n",                    -FSK_CHUNKED_BAD_SIZE   },
    {"5\r\nHello\r\n;x\r\n0\r\n\r\n",                  -FSK_CHUNKED_BAD_SIZE   },
    {"5\r\nHel\r\n0\r\n\r\n",                          -FSK_CHUNKED_NO_LINE_END},
    {"3\r\nHello\r\n0\r\n\r\n",                        -FSK_CHUNKED_NO_LINE_END},
    {"\n",                                             -FSK_CHUNKED_BAD_SIZE   },
    {"\r\n",                                           -FSK_CHUNKED_BAD_SIZE   },
    {"g\r\n",                                          -FSK_CHUNKED_BAD_SIZE   },
};

static size_t base64(const char *s, size_t n, char *out)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned bits = 0, have = 0;
    size_t used = 0;
    for (size_t i = 0; i < n && s[i] != '='; i++) {
        bits = bits << 6 | (unsigned)(strchr(alphabet, s[i]) - alphabet);
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[used++] = (char)(bits >> have);
        }
    }
    return used;
}

static size_t differences; /* lines of the file that are in the table */

static void one_php_line(const char *line)
{
    char input[512], php[512];
    const char *tab = strchr(line, '\t'), *tab2 = strchr(tab + 1, '\t');
    size_t n = base64(line, (size_t)(tab - line), input);
    size_t php_n = base64(tab + 1, (size_t)(tab2 - tab - 1), php);
    struct result r = decode(fsk_span(input, n));
    int end = FSK_CHUNKED_DONE;

    for (size_t i = 0; i < sizeof(differs) / sizeof(*differs); i++)
        if (fsk_span_eq(fsk_span(input, n), fsk_span_str(differs[i].input))) {
            end = differs[i].end;
            differences++;
        }
    if (r.end != end)
        fail_msg("%s: %d", line, r.end);
    if (end >= 0) {
        assert_int_equal(r.body_n, php_n);
        assert_memory_equal(r.body, php, php_n);
    }
}

static void decodes_as_php_does(void **state)
{
    FILE *f = fopen(FSK_TEST_DATA "/dechunk.tsv", "r");
    char line[1024];
    int lines = 0;
    (void)state;
    assert_non_null(f);
    for (; fgets(line, sizeof(line), f); lines++)
        one_php_line(line);
    fclose(f);
    assert_true(lines > 50);
    assert_int_equal(differences, sizeof(differs) / sizeof(*differs));
}

static void trailers_and_what_follows(void **state)
{
    struct result r = decode(FSK_SPAN("3\r\nabc\r\n0\r\nA: b\r\n c\nD: e\r\n\r\nHTTP/1.1 200"));
    (void)state;
    assert_int_equal(r.end, FSK_CHUNKED_DONE);
    assert_int_equal(r.length, 3);
    assert_int_equal(r.used, strlen("3\r\nabc\r\n0\r\nA: b\r\n c\nD: e\r\n\r\n"));
    assert_true(fsk_span_eq(fsk_span(r.trailers, r.trailers_n), FSK_SPAN("A: b\r\n c\nD: e\r\n")));
    assert_int_equal(fsk_h1_check_fields(fsk_span(r.trailers, r.trailers_n)), FSK_H1_OK);
}

static void refuses(void **state)
{
    static const struct {
        const char *input;
        int end;
    } cases[] = {
        {"5 5\r\nHello\r\n0\r\n\r\n",      -FSK_CHUNKED_BAD_LINE   },
        {"5 x\r\n",                        -FSK_CHUNKED_BAD_LINE   },
        {"5;a=\x01\r\n",                   -FSK_CHUNKED_BAD_EXT    },
        {"5;a\rb\r\n",                     -FSK_CHUNKED_BARE_CR    },
        {"1\r\na\r\n0\r\n\rX",             -FSK_CHUNKED_BARE_CR    },
        {"1\r\na\r\r\n",                   -FSK_CHUNKED_NO_LINE_END},
        {"7fffffffffffffff\r\n",           FSK_CHUNKED_MORE        },
        {"1\r\na\r\n7fffffffffffffff\r\n", -FSK_CHUNKED_TOO_LARGE  },
        {"1 \t;\ta=b\r\na\r\n0;c\n\n",     FSK_CHUNKED_DONE        },
        {"0\r\nA: b\r\n",                  FSK_CHUNKED_MORE        },
        {"0\r\nA: b\r\n\r",                FSK_CHUNKED_MORE        },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct result r = decode(fsk_span_str(cases[i].input));
        if (r.end != cases[i].end)
            fail_msg("%s: %d", cases[i].input, r.end);
    }
    for (int err = FSK_CHUNKED_OK; err <= FSK_CHUNKED_BARE_CR; err++)
        assert_true(strlen(fsk_chunked_error_text((enum fsk_chunked_err)err)) > 10);
}

static void stays_dead_and_stays_done(void **state)
{
    struct fsk_chunked c;
    struct fsk_span data;
    size_t used;
    (void)state;
    fsk_chunked_init(&c, 0);
    assert_int_equal(fsk_chunked_next(&c, "x", 1, &used, &data), -FSK_CHUNKED_BAD_SIZE);
    assert_int_equal(fsk_chunked_next(&c, "0\r\n\r\n", 5, &used, &data), -FSK_CHUNKED_BAD_SIZE);
    assert_int_equal(used, 0);
    fsk_chunked_init(&c, 0);
    assert_int_equal(fsk_chunked_next(&c, "0\r\n\r\n", 5, &used, &data), FSK_CHUNKED_DONE);
    assert_int_equal(used, 5);
    assert_int_equal(fsk_chunked_next(&c, "1\r\n", 3, &used, &data), FSK_CHUNKED_DONE);
    assert_int_equal(used, 0);
}

/* Repeat a text until the decoder stops asking for more; returns what it said, and how often. */
static int repeat(struct fsk_chunked *c, const char *s, size_t n, size_t limit, size_t *times)
{
    int got = FSK_CHUNKED_MORE;
    for (*times = 0; *times < limit && got == FSK_CHUNKED_MORE; ++*times) {
        size_t at = 0, used;
        struct fsk_span data;
        do {
            got = fsk_chunked_next(c, s + at, n - at, &used, &data);
            at += used;
        } while (got == FSK_CHUNKED_DATA || got == FSK_CHUNKED_TRAILER);
    }
    return got;
}

static void ceilings(void **state)
{
    struct fsk_chunked c;
    size_t times;
    (void)state;
    fsk_chunked_init(&c, 100);
    assert_int_equal(repeat(&c, "0", 1, 100000, &times), -FSK_CHUNKED_LINE_TOO_LONG);
    assert_int_equal(times, FSK_CHUNKED_LINE_MAX + 1);

    fsk_chunked_init(&c, 100);
    assert_int_equal(repeat(&c, "1;", 2, 1, &times), FSK_CHUNKED_MORE);
    assert_int_equal(repeat(&c, "x", 1, 100000, &times), -FSK_CHUNKED_LINE_TOO_LONG);
    assert_int_equal(times, FSK_CHUNKED_LINE_MAX - 1);

    /* Extensions of 34 bytes on chunks of one: 18 more than 16, and one is paid by the body. */
    fsk_chunked_init(&c, 100);
    const char *costly = "1;xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\na\n";
    assert_int_equal(repeat(&c, costly, strlen(costly), 100000, &times), -FSK_CHUNKED_TOO_MUCH_EXT);
    assert_int_equal(times, FSK_CHUNKED_SLACK / 17 + 1);
    /* Without extensions there is no end to small chunks, nor with modest ones. */
    fsk_chunked_init(&c, 100);
    assert_int_equal(repeat(&c, "1;xxxxxxxxxxxxxx\na\n", 19, 200000, &times), FSK_CHUNKED_MORE);

    fsk_chunked_init(&c, 100);
    assert_int_equal(repeat(&c, "0\r\n", 3, 1, &times), FSK_CHUNKED_MORE);
    assert_int_equal(repeat(&c, "A: 12345\r\n", 10, 1000, &times), -FSK_CHUNKED_TRAILERS_TOO_LONG);
    assert_int_equal(times, 11);
    fsk_chunked_init(&c, 100);
    assert_int_equal(repeat(&c, "0\r\n", 3, 1, &times), FSK_CHUNKED_MORE);
    assert_int_equal(repeat(&c, "A", 1, 1000, &times), -FSK_CHUNKED_TRAILERS_TOO_LONG);
    assert_int_equal(times, 101);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_as_php_does),
        cmocka_unit_test(trailers_and_what_follows),
        cmocka_unit_test(refuses),
        cmocka_unit_test(stays_dead_and_stays_done),
        cmocka_unit_test(ceilings),
    };
    guard_init(&guard, 4096);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
