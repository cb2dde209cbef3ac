/* HTTP/1 heads: what is taken, what is refused and as what, the same however the bytes arrive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "guard.h"
#include "wire/h1.h"

static struct guard guard;

static void assert_span(struct fsk_span s, const char *expected)
{
    if (!fsk_span_eq(s, fsk_span_str(expected)))
        fail_msg("'%.*s' isn't '%s'", (int)s.n, s.p, expected);
}

/*
 * Parse whole, then as it grows by `step` bytes; both must say the same. The head that comes back
 * points into the guarded copy.
 */
static int parse(struct fsk_span s, size_t step, struct fsk_h1_head *h)
{
    const char *p = guard_copy(&guard, s.p, s.n);
    int whole = fsk_h1_parse(p, s.n, 0, h), got = 0;
    size_t last = 0;

    for (size_t n = step; got == 0; n = n + step < s.n ? n + step : s.n) {
        n = n < s.n ? n : s.n;
        p = guard_copy(&guard, s.p, n);
        got = fsk_h1_parse(p, n, last, h);
        if (got > 0)
            assert_true((size_t)got > last);
        last = n;
        if (n == s.n)
            break;
    }
    if (got != whole)
        fail_msg("whole %d, in steps %d: %.*s", whole, got, (int)(s.n < 200 ? s.n : 200), s.p);
    p = guard_copy(&guard, s.p, s.n);
    assert_int_equal(fsk_h1_parse(p, s.n, 0, h), whole);
    return whole;
}

static struct fsk_h1_head head(const char *s)
{
    struct fsk_h1_head h;
    assert_int_equal(parse(fsk_span_str(s), 1, &h), strlen(s));
    return h;
}

static void takes_a_whole_head(void **state)
{
    const char *text =
        "HTTP/1.1 200 OK fine\r\nServer: x\r\nContent-Length:\t12 \r\nEmpty:\r\n\r\nbody";
    struct fsk_h1_head h;
    struct fsk_span name, value;
    size_t pos = 0;
    (void)state;
    assert_int_equal(parse(fsk_span_str(text), 1, &h), strlen(text) - 4);
    assert_int_equal(h.minor, 1);
    assert_int_equal(h.status, 200);
    assert_span(h.reason, "OK fine");
    assert_int_equal(h.n_fields, 3);
    assert_int_equal(h.content_length, 12);
    assert_true(fsk_h1_next_field(h.fields, &pos, &name, &value));
    assert_span(name, "Server");
    assert_span(value, "x");
    assert_true(fsk_h1_next_field(h.fields, &pos, &name, &value));
    assert_span(value, "12");
    assert_true(fsk_h1_next_field(h.fields, &pos, &name, &value));
    assert_span(name, "Empty");
    assert_span(value, "");
    assert_false(fsk_h1_next_field(h.fields, &pos, &name, &value));
    assert_true(fsk_h1_find(h.fields, FSK_SPAN("sERVER"), &value));
    assert_span(value, "x");
    assert_false(fsk_h1_find(h.fields, FSK_SPAN("Serve"), &value));
}

static void every_prefix_is_partial(void **state)
{
    const char *text =
        "\r\nHTTP/1.1 404 Not Found\r\nA: b\r\n c\r\nTransfer-Encoding: chunked\r\n\r\n";
    struct fsk_h1_head h;
    (void)state;
    for (size_t n = 0; n < strlen(text); n++)
        assert_int_equal(fsk_h1_parse(guard_copy(&guard, text, n), n, 0, &h), 0);
    assert_int_equal(fsk_h1_parse(text, strlen(text), 0, &h), strlen(text));
}

static void line_ends_and_reasons(void **state)
{
    struct fsk_h1_head h = head("HTTP/1.0 200 OK\nA: b\nC: d\n\n");
    struct fsk_span value;
    (void)state;
    assert_int_equal(h.minor, 0);
    assert_int_equal(h.n_fields, 2);
    assert_true(fsk_h1_find(h.fields, FSK_SPAN("C"), &value));
    assert_span(value, "d");
    h = head("HTTP/1.1 200\r\n\r\n");
    assert_span(h.reason, "");
    assert_int_equal(h.fields.n, 0);
    h = head("HTTP/1.1 200 \r\n\r\n");
    assert_span(h.reason, "");
    h = head("HTTP/1.1 999 \xc3\xa4\t!\n\r\n");
    assert_int_equal(h.status, 999);
    h = head("\nHTTP/1.1 100 Continue\r\nA: b\r\n\n");
    assert_int_equal(h.status, 100);
    assert_int_equal(h.fields.n, 6);
}

static void folds(void **state)
{
    struct fsk_h1_head h =
        head("HTTP/1.1 200 OK\r\nA: b \r\n  c\r\n\td\r\nContent-Length:\r\n 7\r\nZ: z\r\n\r\n");
    struct fsk_span value;
    (void)state;
    assert_int_equal(h.n_fields, 3);
    assert_int_equal(h.content_length, 7);
    assert_true(fsk_h1_find(h.fields, FSK_SPAN("A"), &value));
    assert_span(value, "b \r\n  c\r\n\td");
    assert_true(fsk_h1_find(h.fields, FSK_SPAN("Z"), &value));
    assert_span(value, "z");
}

#define TEXT(s)                                                                                    \
    {                                                                                              \
        (s), sizeof(s) - 1                                                                         \
    }
#define OK "HTTP/1.1 200 OK\r\n"

/* Heads that are refused, and as what. */
/* clang-format off */
static const struct {
    struct fsk_span text;
    enum fsk_h1_err err;
} refused[] = {
    {TEXT("<html>\r\n\r\n"), FSK_H1_NOT_HTTP},
    {TEXT("ICY 200 OK\r\n\r\n"), FSK_H1_NOT_HTTP},
    {TEXT("http/1.1 200 OK\r\n\r\n"), FSK_H1_NOT_HTTP},
    {TEXT("\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"), FSK_H1_NOT_HTTP},
    {TEXT("\rHTTP/1.1 200 OK\r\n\r\n"), FSK_H1_NOT_HTTP},
    {TEXT(" HTTP/1.1 200 OK\r\n\r\n"), FSK_H1_NOT_HTTP},
    {TEXT("HTTP/2.0 200 OK\r\n\r\n"), FSK_H1_BAD_VERSION},
    {TEXT("HTTP/2 20\r\n\r\n"), FSK_H1_BAD_STATUS},
    {TEXT("HTTP/1.10 200 OK\r\n\r\n"), FSK_H1_BAD_VERSION},
    {TEXT("HTTP/1.1\r\n\r\n"), FSK_H1_BAD_VERSION},
    {TEXT("HTTP/1.1\t200 OK\r\n\r\n"), FSK_H1_BAD_VERSION},
    {TEXT("HTTP/1.1  200 OK\r\n\r\n"), FSK_H1_BAD_STATUS},
    {TEXT("HTTP/1.1 20 OK\r\n\r\n"), FSK_H1_BAD_STATUS},
    {TEXT("HTTP/1.1 20\r\n\r\n"), FSK_H1_BAD_STATUS},
    {TEXT("HTTP/1.1 2000 OK\r\n\r\n"), FSK_H1_BAD_STATUS},
    {TEXT("HTTP/1.1 099 OK\r\n\r\n"), FSK_H1_BAD_STATUS},
    {TEXT("HTTP/1.1 000 OK\r\n\r\n"), FSK_H1_BAD_STATUS},
    {TEXT("HTTP/1.1 +20 OK\r\n\r\n"), FSK_H1_BAD_STATUS},
    {TEXT("HTTP/1.1 200 O\0K\r\n\r\n"), FSK_H1_NUL},
    {TEXT("HTTP/1.1 200 O\rK\r\n\r\n"), FSK_H1_BARE_CR},
    {TEXT("HTTP/1.1 200 O\x1bK\r\n\r\n"), FSK_H1_CONTROL},
    {TEXT(OK "A: b\0c\r\n\r\n"), FSK_H1_NUL},
    {TEXT(OK "A: b\rC: d\r\n\r\n"), FSK_H1_BARE_CR},
    {TEXT(OK "A: b\r\r\n\r\n"), FSK_H1_BARE_CR},
    {TEXT(OK "A: b\x7f\r\n\r\n"), FSK_H1_CONTROL},
    {TEXT(OK "A: b\r\n c\x01\r\n\r\n"), FSK_H1_CONTROL},
    {TEXT(OK "A\0: b\r\n\r\n"), FSK_H1_NUL},
    {TEXT(OK "novalue\r\n\r\n"), FSK_H1_NO_COLON},
    {TEXT(OK ": b\r\n\r\n"), FSK_H1_BAD_NAME},
    {TEXT(OK "A B: c\r\n\r\n"), FSK_H1_BAD_NAME},
    {TEXT(OK "A\xe4: c\r\n\r\n"), FSK_H1_BAD_NAME},
    {TEXT(OK "A(: c\r\n\r\n"), FSK_H1_BAD_NAME},
    {TEXT(OK "A : c\r\n\r\n"), FSK_H1_SPACE_BEFORE_COLON},
    {TEXT(OK "A\t: c\r\n\r\n"), FSK_H1_SPACE_BEFORE_COLON},
    {TEXT(OK " A: c\r\n\r\n"), FSK_H1_FOLD_FIRST},
    {TEXT(OK " \r\n\r\n"), FSK_H1_FOLD_FIRST},
    {TEXT(OK "Content-Length: \r\n\r\n"), FSK_H1_BAD_LENGTH},
    {TEXT(OK "Content-Length: -1\r\n\r\n"), FSK_H1_BAD_LENGTH},
    {TEXT(OK "Content-Length: +1\r\n\r\n"), FSK_H1_BAD_LENGTH},
    {TEXT(OK "Content-Length: 1a\r\n\r\n"), FSK_H1_BAD_LENGTH},
    {TEXT(OK "Content-Length: 0x10\r\n\r\n"), FSK_H1_BAD_LENGTH},
    {TEXT(OK "Content-Length: 1 2\r\n\r\n"), FSK_H1_BAD_LENGTH},
    {TEXT(OK "Content-Length: 1,\r\n\r\n"), FSK_H1_BAD_LENGTH},
    {TEXT(OK "Content-Length: ,1\r\n\r\n"), FSK_H1_BAD_LENGTH},
    {TEXT(OK "Content-Length: 9223372036854775808\r\n\r\n"), FSK_H1_BAD_LENGTH},
    {TEXT(OK "Content-Length: 1, 2\r\n\r\n"), FSK_H1_LENGTHS_DIFFER},
    {TEXT(OK "Content-Length: 1\r\nContent-length: 2\r\n\r\n"), FSK_H1_LENGTHS_DIFFER},
    {TEXT(OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
     FSK_H1_LENGTH_AND_CODING},
    {TEXT(OK "Transfer-Encoding: identity\r\nContent-Length: 1\r\n\r\n"),
     FSK_H1_LENGTH_AND_CODING},
    {TEXT(OK "Transfer-Encoding:\r\n\r\n"), FSK_H1_BAD_CODING},
    {TEXT(OK "Transfer-Encoding: ,\r\n\r\n"), FSK_H1_BAD_CODING},
    {TEXT(OK "Transfer-Encoding: chunked, chunked\r\n\r\n"), FSK_H1_BAD_CODING},
    {TEXT(OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
     FSK_H1_BAD_CODING},
    {TEXT(OK "Transfer-Encoding: chunked, gzip, chunked\r\n\r\n"), FSK_H1_BAD_CODING},
    {TEXT(OK "Transfer-Encoding: chunked, gzip\r\n\r\n"), FSK_H1_BAD_CODING},
    {TEXT(OK "Transfer-Encoding: chunked, identity\r\n\r\n"), FSK_H1_BAD_CODING},
    {TEXT(OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n"), FSK_H1_BAD_CODING},
    {TEXT(OK "Transfer-Encoding: chunked;a=b\r\n\r\n"), FSK_H1_BAD_CODING},
    {TEXT("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), FSK_H1_CODING_IN_1_0},
};
/* clang-format on */

static void refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
        struct fsk_h1_head h;
        int got = parse(refused[i].text, 1, &h);
        if (got != -(int)refused[i].err)
            fail_msg("%.*s: %d (%s)", (int)refused[i].text.n, refused[i].text.p, got,
                     got < 0 ? fsk_h1_error_text((enum fsk_h1_err) - got) : "");
        assert_true(strlen(fsk_h1_error_text(refused[i].err)) > 10);
    }
}

static void http_0_9_shows_at_its_first_byte(void **state)
{
    struct fsk_h1_head h;
    (void)state;
    assert_int_equal(fsk_h1_parse("<", 1, 0, &h), -FSK_H1_NOT_HTTP);
    assert_int_equal(fsk_h1_parse("HTTX", 4, 3, &h), -FSK_H1_NOT_HTTP);
    assert_int_equal(fsk_h1_parse("\r\nI", 3, 2, &h), -FSK_H1_NOT_HTTP);
    assert_int_equal(fsk_h1_parse("", 0, 0, &h), 0);
    assert_int_equal(fsk_h1_parse(NULL, 0, 0, &h), 0);
}

static void framing_facts(void **state)
{
    struct fsk_h1_head h = head(OK "Content-Length: 5, 5\r\nContent-Length: 05\r\n\r\n");
    (void)state;
    assert_int_equal(h.content_length, 5);
    h = head(OK "Content-Length: 9223372036854775807\r\n\r\n");
    assert_true(h.content_length == INT64_MAX);
    h = head(OK "Transfer-Encoding: CHUNKED\r\n\r\n");
    assert_true(h.chunked && !h.other_coding && h.content_length == -1);
    h = head(OK "Transfer-Encoding: gzip,, chunked\r\n\r\n");
    assert_true(h.chunked && h.other_coding);
    h = head(OK "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert_true(h.chunked && h.other_coding);
    h = head(OK "Transfer-Encoding: identity\r\n\r\n");
    assert_true(!h.chunked && !h.other_coding);
    h = head(OK "Connection: Upgrade, Close\r\nUpgrade: h2c\r\n\r\n");
    assert_true(h.close && !h.keep_alive);
    h = head(OK "Content-Encoding: gzip, br\r\nContent-Encoding: zstd\r\n\r\n");
    assert_int_equal(h.content_codings, 3);
}

static void bodies(void **state)
{
    struct fsk_h1_head h = {.status = 200, .minor = 1, .content_length = 5};
    (void)state;
    assert_int_equal(fsk_h1_body(&h, false, false), FSK_H1_BODY_LENGTH);
    assert_int_equal(fsk_h1_body(&h, true, false), FSK_H1_BODY_NONE);
    assert_int_equal(fsk_h1_body(&h, false, true), FSK_H1_BODY_NONE);
    h.status = 407;
    assert_int_equal(fsk_h1_body(&h, false, true), FSK_H1_BODY_LENGTH);
    h.status = 304;
    assert_int_equal(fsk_h1_body(&h, false, false), FSK_H1_BODY_NONE);
    h.status = 204;
    assert_int_equal(fsk_h1_body(&h, false, false), FSK_H1_BODY_NONE);
    h.status = 103;
    assert_int_equal(fsk_h1_body(&h, false, false), FSK_H1_BODY_NONE);
    h = (struct fsk_h1_head){.status = 200, .minor = 1, .content_length = -1, .chunked = true};
    assert_int_equal(fsk_h1_body(&h, false, false), FSK_H1_BODY_CHUNKED);
    h.chunked = false;
    assert_int_equal(fsk_h1_body(&h, false, false), FSK_H1_BODY_CLOSE);

    assert_true(fsk_h1_persists(&h));
    h.close = true;
    assert_false(fsk_h1_persists(&h));
    h = (struct fsk_h1_head){.minor = 0};
    assert_false(fsk_h1_persists(&h));
    h.keep_alive = true;
    assert_true(fsk_h1_persists(&h));
}

/* A head of `lines` lines of `length` bytes each ("A:" and filling), in a buffer of its own. */
static struct fsk_span long_head(size_t lines, size_t length)
{
    size_t n = strlen(OK), room = n + lines * (length + 2) + 2;
    char *p = malloc(room);
    assert_non_null(p);
    memcpy(p, OK, n);
    for (size_t i = 0; i < lines; i++) {
        memset(p + n, 'a', length);
        p[n + 1] = ':';
        memcpy(p + n + length, "\r\n", 2);
        n += length + 2;
    }
    memcpy(p + n, "\r\n", 2);
    return fsk_span(p, room);
}

static void check_long(size_t lines, size_t length, int err)
{
    struct fsk_span s = long_head(lines, length);
    struct fsk_h1_head h;
    int got = parse(s, 1000, &h);
    assert_int_equal(got, err ? err : (int)s.n);
    free((char *)s.p);
}

static void ceilings(void **state)
{
    size_t head_room = FSK_H1_HEAD_MAX - strlen(OK) - 2;
    (void)state;
    check_long(1, FSK_H1_LINE_MAX, 0);
    check_long(1, FSK_H1_LINE_MAX + 1, -FSK_H1_LINE_TOO_LONG);
    check_long(1, FSK_H1_LINE_MAX + 2000, -FSK_H1_LINE_TOO_LONG);
    check_long(FSK_H1_FIELDS_MAX, 10, 0);
    check_long(FSK_H1_FIELDS_MAX + 1, 10, -FSK_H1_TOO_MANY_FIELDS);
    check_long(5, head_room / 5 - 2, 0);
    check_long(5, head_room / 5 - 1, -FSK_H1_HEAD_TOO_LONG);
}

/* A head that never ends is refused at its ceilings, and feeding it byte by byte stays cheap. */
static void an_endless_head(void **state)
{
    struct fsk_span s = long_head(5, FSK_H1_HEAD_MAX / 4);
    struct fsk_h1_head h;
    int got = 0;
    size_t n;
    (void)state;
    for (n = 1; got == 0; n++)
        got = fsk_h1_parse(s.p, n, n - 1, &h);
    assert_int_equal(got, -FSK_H1_HEAD_TOO_LONG);
    assert_true(n - 1 <= FSK_H1_HEAD_MAX + 4096);
    free((char *)s.p);
    s = long_head(1, FSK_H1_HEAD_MAX);
    for (n = 1, got = 0; got == 0; n++)
        got = fsk_h1_parse(s.p, n, n - 1, &h);
    assert_int_equal(got, -FSK_H1_LINE_TOO_LONG);
    assert_true(n - 1 <= FSK_H1_LINE_MAX + 8192);
    free((char *)s.p);
}

static void walks_lists(void **state)
{
    struct fsk_h1_head h = head(OK "A: x,, y\r\nB: q\r\na:\r\nA: \t z ,\r\n\r\n");
    struct fsk_h1_list at = {0};
    struct fsk_span element;
    (void)state;
    for (const char *expected = "xyz"; *expected; expected++) {
        assert_true(fsk_h1_next_listed(h.fields, FSK_SPAN("A"), &at, &element));
        assert_true(element.n == 1 && element.p[0] == *expected);
    }
    assert_false(fsk_h1_next_listed(h.fields, FSK_SPAN("A"), &at, &element));
    assert_false(fsk_h1_next_listed(h.fields, FSK_SPAN("A"), &at, &element));
}

static void checks_trailers(void **state)
{
    (void)state;
    assert_int_equal(fsk_h1_check_fields(FSK_SPAN("")), FSK_H1_OK);
    assert_int_equal(fsk_h1_check_fields(fsk_span(NULL, 0)), FSK_H1_OK);
    assert_int_equal(fsk_h1_check_fields(FSK_SPAN("A: b\r\nC: d\n")), FSK_H1_OK);
    assert_int_equal(fsk_h1_check_fields(FSK_SPAN("A: b\r\nC: d")), FSK_H1_CUT_SHORT);
    assert_int_equal(fsk_h1_check_fields(FSK_SPAN("A: b\r\n\r\n")), FSK_H1_CUT_SHORT);
    assert_int_equal(fsk_h1_check_fields(FSK_SPAN("A b\r\n")), FSK_H1_NO_COLON);
    assert_int_equal(fsk_h1_check_fields(FSK_SPAN("Content-Length: x\r\n")), FSK_H1_BAD_LENGTH);
}

static void validates(void **state)
{
    (void)state;
    assert_true(fsk_h1_valid_token(FSK_SPAN("X-a_b!#$%&'*+-.^_`|~09")));
    assert_false(fsk_h1_valid_token(FSK_SPAN("")));
    for (int c = 0; c < 256; c++) {
        char byte = (char)c;
        bool token = c && strchr("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                                 c);
        assert_int_equal(fsk_h1_valid_token(fsk_span(&byte, 1)), token);
    }
}

static void heads_after_decoding(void **state)
{
    /* clang-format off */
    static const struct {
        const char *head, *trailers;
        bool dechunked;
        unsigned codings;
        int64_t length;
        const char *expected;
    } cases[] = {
        {OK "A: b\r\nTransfer-Encoding: chunked\r\n\r\n", "", true, 0, 5,
         OK "A: b\r\nContent-Length: 5\r\n\r\n"},
        {OK "Transfer-Encoding: x, chunked\r\nA: b\r\n\r\n", "T: u\r\n", true, 0, 0,
         OK "Transfer-Encoding: x\r\nA: b\r\nT: u\r\nContent-Length: 0\r\n\r\n"},
        {OK "Transfer-Encoding: x\r\nA: b\r\nTransfer-Encoding: y, Chunked\r\n\r\n", "", true, 0, 1,
         OK "Transfer-Encoding: x, y\r\nA: b\r\nContent-Length: 1\r\n\r\n"},
        {OK "Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\n", "", false, 1, INT64_MAX,
         OK "Content-Length: 9223372036854775807\r\n\r\n"},
        {OK "Content-Encoding: a, gzip\r\nContent-Encoding: br\r\n\r\n", "", false, 2, -1,
         OK "Content-Encoding: a\r\n\r\n"},
        {OK "Content-Encoding: a\r\n\r\n", "", false, 0, 3,
         OK "Content-Encoding: a\r\nContent-Length: 3\r\n\r\n"},
        {"\r\nHTTP/1.1 200\nA:b \n c \r\n\t\td\n\n", "Content-Length: 7\nB:c\nConnection: close\n", true, 0,
         1, "HTTP/1.1 200\r\nA: b c d\r\nB: c\r\nContent-Length: 1\r\n\r\n"},
    };
    /* clang-format on */
    char out[256];
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct fsk_h1_decoding d = {cases[i].dechunked, cases[i].codings, cases[i].length,
                                    fsk_span_str(cases[i].trailers)};
        struct fsk_span in = fsk_span_str(cases[i].head);
        size_t n = fsk_h1_decoded_head(in, &d, out, sizeof(out));
        assert_span(fsk_span(out, n), cases[i].expected);
        for (size_t room = 0; room < n; room++)
            assert_int_equal(fsk_h1_decoded_head(in, &d, out, room), 0);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_whole_head),
        cmocka_unit_test(every_prefix_is_partial),
        cmocka_unit_test(line_ends_and_reasons),
        cmocka_unit_test(folds),
        cmocka_unit_test(refuses),
        cmocka_unit_test(http_0_9_shows_at_its_first_byte),
        cmocka_unit_test(framing_facts),
        cmocka_unit_test(bodies),
        cmocka_unit_test(ceilings),
        cmocka_unit_test(an_endless_head),
        cmocka_unit_test(walks_lists),
        cmocka_unit_test(checks_trailers),
        cmocka_unit_test(validates),
        cmocka_unit_test(heads_after_decoding),
    };
    guard_init(&guard, 2 * FSK_H1_HEAD_MAX);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
