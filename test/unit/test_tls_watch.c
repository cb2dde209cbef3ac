/* TLS seen from outside: hellos, and the records of a direction cut at every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "guard.h"
#include "tls_hello.h"
#include "tls_watch.h"

static struct guard guard;

/* ---- Messages -------------------------------------------------------------------------------- */

/* Bytes that are put together; vectors get their lengths when they end. */
struct made {
    unsigned char p[4096];
    size_t n;
};

static void put(struct made *m, const void *p, size_t n)
{
    assert_true(m->n + n <= sizeof m->p);
    memcpy(m->p + m->n, p, n);
    m->n += n;
}

static void number(struct made *m, size_t bytes, unsigned value)
{
    for (size_t i = bytes; i-- > 0;)
        m->p[m->n++] = (unsigned char)(value >> 8 * i);
}

static size_t begin(struct made *m, size_t bytes)
{
    m->n += bytes;
    return m->n;
}

static void end(struct made *m, size_t bytes, size_t start)
{
    size_t n = m->n - start;
    for (size_t i = 0; i < bytes; i++)
        m->p[start - bytes + i] = (unsigned char)(n >> 8 * (bytes - 1 - i));
}

static void name_extension(struct made *m, const char *name)
{
    number(m, 2, 0);
    size_t extension = begin(m, 2), list = begin(m, 2);
    number(m, 1, 0);
    size_t text = begin(m, 2);
    put(m, name, strlen(name));
    end(m, 2, text);
    end(m, 2, list);
    end(m, 2, extension);
}

static void alpn_extension(struct made *m, const char *first, const char *second)
{
    number(m, 2, 16);
    size_t extension = begin(m, 2), list = begin(m, 2), text = begin(m, 1);
    put(m, first, strlen(first));
    end(m, 1, text);
    if (second) {
        text = begin(m, 1);
        put(m, second, strlen(second));
        end(m, 1, text);
    }
    end(m, 2, list);
    end(m, 2, extension);
}

static void client_hello(struct made *m, const char *name, bool with_1_3)
{
    m->n = 0;
    number(m, 1, TLS_CLIENT_HELLO);
    size_t message = begin(m, 3);
    number(m, 2, 0x0303);
    m->n += 32;
    number(m, 1, 0);
    number(m, 2, 2);
    number(m, 2, 0x1301);
    number(m, 1, 1);
    number(m, 1, 0);
    size_t extensions = begin(m, 2);
    if (name)
        name_extension(m, name);
    alpn_extension(m, "h2", "http/1.1");
    if (with_1_3) { /* GREASE, which means nothing, then 1.3 and 1.2 */
        static const unsigned char versions[] = {0, 43, 0, 7, 6, 0xfa, 0xfa, 3, 4, 3, 3};
        put(m, versions, sizeof versions);
    }
    end(m, 2, extensions);
    end(m, 3, message);
}

static void server_hello(struct made *m, bool with_1_3, bool retry)
{
    static const unsigned char retry_random[32] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11,
                                                   0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
                                                   0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e,
                                                   0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};
    m->n = 0;
    number(m, 1, TLS_SERVER_HELLO);
    size_t message = begin(m, 3);
    number(m, 2, 0x0303);
    if (retry)
        put(m, retry_random, sizeof retry_random);
    else
        m->n += 32;
    number(m, 1, 0);
    number(m, 2, with_1_3 ? 0x1302 : 0xc02f);
    number(m, 1, 0);
    size_t extensions = begin(m, 2);
    if (with_1_3) {
        static const unsigned char version[] = {0, 43, 0, 2, 3, 4};
        put(m, version, sizeof version);
    } else {
        alpn_extension(m, "http/1.1", NULL);
    }
    end(m, 2, extensions);
    end(m, 3, message);
}

static bool parse(struct tls_hello *h, const struct made *m, size_t n)
{
    return tls_hello_parse(h, fsk_span(guard_copy(&guard, m->p, n), n));
}

static void test_client(void **state)
{
    (void)state;
    struct made m = {.n = 0};
    struct tls_hello h;
    client_hello(&m, "shop.example", true);
    assert_true(parse(&h, &m, m.n));
    assert_false(h.server);
    assert_string_equal(h.name, "shop.example");
    assert_string_equal(h.alpn, "h2,http/1.1");
    assert_int_equal(h.version, 0x0304);
    for (size_t n = 0; n < m.n; n++)
        assert_false(parse(&h, &m, n));
    client_hello(&m, NULL, false);
    assert_true(parse(&h, &m, m.n));
    assert_string_equal(h.name, "");
    assert_int_equal(h.version, 0x0303);
    client_hello(&m, "a\x1b[2J,b c", false);
    assert_true(parse(&h, &m, m.n));
    assert_string_equal(h.name, "a?[2J?b?c");
}

static void test_server(void **state)
{
    (void)state;
    struct made m = {.n = 0};
    struct tls_hello h;
    server_hello(&m, true, false);
    assert_true(parse(&h, &m, m.n));
    assert_true(h.server && !h.retry);
    assert_int_equal(h.version, 0x0304);
    assert_int_equal(h.cipher, 0x1302);
    for (size_t n = 0; n < m.n; n++)
        assert_false(parse(&h, &m, n));
    server_hello(&m, false, false);
    assert_true(parse(&h, &m, m.n));
    assert_int_equal(h.version, 0x0303);
    assert_string_equal(h.alpn, "http/1.1");
    server_hello(&m, true, true);
    assert_true(parse(&h, &m, m.n) && h.retry);
    m.p[0] = 11; /* a Certificate */
    assert_false(parse(&h, &m, m.n));
}

/* Every length that is a lie is found out, and none leads out of the bytes. */
static void test_lies(void **state)
{
    (void)state;
    struct made m = {.n = 0}, broken;
    struct tls_hello h;
    client_hello(&m, "shop.example", true);
    for (size_t at = 1; at < m.n; at++)
        for (unsigned value = 0; value < 256; value += 51) {
            broken = m;
            broken.p[at] = (unsigned char)value;
            (void)parse(&h, &broken, m.n);
            assert_true(strlen(h.name) < sizeof h.name && strlen(h.alpn) < sizeof h.alpn);
        }
}

/* ---- Records --------------------------------------------------------------------------------- */

static void record(struct made *to, unsigned type, const void *p, size_t n)
{
    number(to, 1, type);
    number(to, 2, 0x0303);
    number(to, 2, (unsigned)n);
    put(to, p, n);
}

/* What a watch has to say of bytes, as letters; those from `first` on come in pieces. */
static void watch(const struct made *m, size_t first, size_t step, char *told, size_t room)
{
    static const char letters[] = ".HSAX";
    struct tls_watch w;
    size_t len = 0;
    tls_watch_init(&w);
    for (size_t at = 0; at < m->n;) {
        size_t n = at < first ? first : step;
        n = n < m->n - at ? n : m->n - at;
        struct fsk_span s = fsk_span(guard_copy(&guard, m->p + at, n), n);
        enum tls_what what;
        while ((what = tls_watch_next(&w, &s)) != TLS_MORE && len + 2 < room) {
            told[len++] = letters[what];
            if (what == TLS_ALERT)
                told[len++] = (char)('a' + w.alert % 26);
        }
        at += n;
    }
    told[len] = '\0';
    tls_watch_fini(&w);
}

static void check_watch(const struct made *m, const char *expected)
{
    char told[64];
    for (size_t first = 0; first < m->n; first++) {
        watch(m, first, m->n, told, sizeof told);
        assert_string_equal(told, expected);
    }
    watch(m, 0, 1, told, sizeof told);
    assert_string_equal(told, expected);
}

static void test_records(void **state)
{
    (void)state;
    struct made m = {.n = 0}, all = {.n = 0};
    client_hello(&m, "shop.example", true);
    record(&all, 22, m.p, 30); /* a message may be cut into records */
    record(&all, 22, m.p + 30, m.n - 30);
    record(&all, 20, "\1", 1);
    record(&all, 22, "what is sealed looks like nothing", 33);
    record(&all, 23, "data", 4);
    record(&all, 23, "", 0);
    check_watch(&all, "HSS");
}

static void test_alerts(void **state)
{
    (void)state;
    struct made m = {.n = 0}, all = {.n = 0};
    server_hello(&m, false, false);
    record(&all, 22, m.p, m.n);
    record(&all, 21, "\2\50", 2); /* 40 */
    check_watch(&all, "HAo");
    record(&all, 20, "\1", 1);
    record(&all, 21, "\2\50", 2); /* sealed: what it says can't be known */
    check_watch(&all, "HAo");
}

static void test_not_tls(void **state)
{
    (void)state;
    struct made all = {.n = 0};
    put(&all, "GET / HTTP/1.1\r\n\r\n", 18);
    check_watch(&all, "X");
    assert_true(tls_begins(fsk_span("\x16", 1)) &&
                tls_begins(fsk_span("\x16\x03\x01\x02\x00\x01", 6)));
    assert_false(tls_begins(fsk_span("", 0)) || tls_begins(fsk_span("\x16\x02", 2)));
    assert_false(tls_begins(fsk_span("\x16\x03\x01\x02\x00\x02", 6)) ||
                 tls_begins(FSK_SPAN("GET")));
}

static void test_too_long(void **state)
{
    (void)state;
    static struct tls_watch w;
    static char bytes[16384 + 5] = "\x16\x03\x03\x40";
    enum tls_what what = TLS_MORE;
    bytes[5] = 1;
    bytes[6] = (char)0xff; /* a hello of 16 MiB */
    tls_watch_init(&w);
    for (int i = 0; i < 6 && what == TLS_MORE; i++) {
        struct fsk_span s = fsk_span(bytes, sizeof bytes);
        what = tls_watch_next(&w, &s);
    }
    assert_int_equal(what, TLS_BROKEN);
    tls_watch_fini(&w);
}

static void test_words(void **state)
{
    (void)state;
    char room[TLS_WORD];
    assert_string_equal(tls_version_word(0x0304, room), "TLSv1.3");
    assert_string_equal(tls_version_word(0x7f1c, room), "0x7f1c");
    assert_string_equal(tls_cipher_word(0xc02f, room), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    assert_string_equal(tls_cipher_word(0x0005, room), "0x0005");
    assert_string_equal(tls_alert_word(48, room), "unknown_ca");
    assert_string_equal(tls_alert_word(200, room), "0x00c8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client),   cmocka_unit_test(test_server),
        cmocka_unit_test(test_lies),     cmocka_unit_test(test_records),
        cmocka_unit_test(test_alerts),   cmocka_unit_test(test_not_tls),
        cmocka_unit_test(test_too_long), cmocka_unit_test(test_words),
    };
    guard_init(&guard, 8192);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
