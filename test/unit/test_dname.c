/* Domain names: text, wire, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "dnspacket.h"

static void name_from_text(void **state)
{
    struct fsk_dname d;
    (void)state;

    d = name("www.Example.");
    assert_int_equal(d.n, 13);
    assert_memory_equal(d.b, "\3www\7Example", 13);
    d = name("www.Example"); /* absolute without the dot, too */
    assert_int_equal(d.n, 13);
    assert_memory_equal(d.b, "\3www\7Example", 13);
    d = name(".");
    assert_int_equal(d.n, 1);
    assert_int_equal(d.b[0], 0);
    d = name("a\\.b.\\000\\255\\\\");
    assert_int_equal(d.n, 9);
    assert_memory_equal(d.b, "\3a.b\3\0\377\\", 9);
}

static void name_errors(void **state)
{
    static const struct {
        const char *text;
        enum fsk_dname_err err;
    } bad[] = {
        {"",       FSK_DNAME_EMPTY      },
        {"..",     FSK_DNAME_EMPTY_LABEL},
        {".a",     FSK_DNAME_EMPTY_LABEL},
        {"a..b",   FSK_DNAME_EMPTY_LABEL},
        {"a..",    FSK_DNAME_EMPTY_LABEL},
        {"a\\",    FSK_DNAME_BAD_ESCAPE },
        {"a\\1",   FSK_DNAME_BAD_ESCAPE },
        {"a\\12",  FSK_DNAME_BAD_ESCAPE },
        {"a\\12x", FSK_DNAME_BAD_ESCAPE },
        {"a\\256", FSK_DNAME_BAD_ESCAPE },
        {"a\\999", FSK_DNAME_BAD_ESCAPE },
    };
    (void)state;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fsk_dname d;
        size_t n = strlen(bad[i].text);
        struct fsk_span s = fsk_span(guard_copy(&guard, bad[i].text, n), n);
        if (fsk_dname_from_text(&d, s) != bad[i].err || d.n != 0)
            fail_msg("\"%s\"", bad[i].text);
        assert_true(strlen(fsk_dname_strerror(bad[i].err)) > 0);
    }
}

static void name_limits(void **state)
{
    char buf[400];
    struct fsk_dname d;
    struct fsk_span s;
    (void)state;

    s = labels(buf, (int[]){63}, 1);
    assert_int_equal(fsk_dname_from_text(&d, s), FSK_DNAME_OK);
    s = labels(buf, (int[]){64}, 1);
    assert_int_equal(fsk_dname_from_text(&d, s), FSK_DNAME_LONG_LABEL);
    s = labels(buf, (int[]){63, 63, 63, 61}, 4); /* 255 bytes */
    assert_int_equal(fsk_dname_from_text(&d, s), FSK_DNAME_OK);
    assert_int_equal(d.n, 255);
    assert_int_equal(fsk_dname_labels(&d), 4);
    buf[s.n] = '.';
    assert_int_equal(fsk_dname_from_text(&d, fsk_span(buf, s.n + 1)), FSK_DNAME_OK);
    assert_int_equal(d.n, 255);
    buf[s.n + 1] = 'x';
    assert_int_equal(fsk_dname_from_text(&d, fsk_span(buf, s.n + 2)), FSK_DNAME_LONG);
    s = labels(buf, (int[]){63, 63, 63, 62}, 4); /* 256 */
    assert_int_equal(fsk_dname_from_text(&d, s), FSK_DNAME_LONG);
    assert_int_equal(d.n, 0);
}

static void name_to_text(void **state)
{
    struct fsk_dname d;
    char s[FSK_DNAME_TEXT];
    (void)state;

    d = name(".");
    assert_string_equal(text(&d), ".");
    assert_int_equal(fsk_dname_labels(&d), 0);
    d = name("_sip._tcp.example");
    assert_string_equal(text(&d), "_sip._tcp.example.");
    d = name("\\027[2J\\007.\\046\\;\\032\\200.\\\"");
    assert_string_equal(text(&d), "\\027[2J\\007.\\.\\;\\032\\200.\\\"."); /* no ESC gets out */

    /* The longest text there is fills its room to the last byte. */
    size_t at = 0;
    for (int len = 63; at < 254; len = at == 192 ? 61 : 63) {
        d.b[at++] = (uint8_t)len;
        memset(d.b + at, 0x80, (size_t)len);
        at += (size_t)len;
    }
    d.b[at] = 0;
    d.n = 255;
    assert_int_equal(fsk_dname_to_text(&d, s), FSK_DNAME_TEXT - 1);
    assert_int_equal(strlen(s), FSK_DNAME_TEXT - 1);
    struct fsk_dname back = name(s);
    assert_true(fsk_dname_same(&d, &back));
}

static void name_compare(void **state)
{
    struct fsk_dname a = name("www.example"), b = name("WWW.eXample"), c = name("www.example.org");
    struct fsk_dname at = name("a@b"), grave = name("a`b"); /* differ in 0x20 only, no letters */
    struct fsk_dname root = name("."), example = name("EXAMPLE"), ample = name("ample");
    (void)state;

    assert_true(fsk_dname_eq(&a, &b));
    assert_false(fsk_dname_same(&a, &b));
    assert_true(fsk_dname_same(&a, &a));
    assert_false(fsk_dname_eq(&a, &c));
    assert_false(fsk_dname_eq(&at, &grave));
    assert_true(fsk_dname_within(&a, &example));
    assert_true(fsk_dname_within(&a, &a));
    assert_true(fsk_dname_within(&a, &root));
    assert_true(fsk_dname_within(&root, &root));
    assert_false(fsk_dname_within(&a, &ample)); /* the end of a label is no zone */
    assert_false(fsk_dname_within(&example, &a));
    assert_false(fsk_dname_within(&root, &a));
    fsk_dname_lower(&b);
    assert_true(fsk_dname_same(&a, &b));
}

static void name_join(void **state)
{
    struct fsk_dname head = name("www"), tail = name("example.org"), out;
    char buf[400];
    (void)state;

    assert_true(fsk_dname_join(&out, &head, &tail));
    assert_string_equal(text(&out), "www.example.org.");
    assert_true(fsk_dname_join(&head, &head, &tail)); /* in place */
    assert_true(fsk_dname_same(&head, &out));
    tail = name(".");
    assert_true(fsk_dname_join(&head, &out, &tail));
    assert_true(fsk_dname_same(&head, &out));
    assert_int_equal(fsk_dname_from_text(&tail, labels(buf, (int[]){63, 63, 63, 45}, 4)), 0);
    assert_true(fsk_dname_join(&head, &out, &tail)); /* 16 + 239 */
    assert_int_equal(head.n, 255);
    assert_int_equal(fsk_dname_from_text(&tail, labels(buf, (int[]){63, 63, 63, 46}, 4)), 0);
    assert_false(fsk_dname_join(&head, &out, &tail));
    assert_int_equal(head.n, 0);
}

static void name_mix_case(void **state)
{
    const struct fsk_dname plain = name("ab-1.c@d`xyz\\000.[{");
    struct fsk_dname d = plain;
    uint8_t bits[32];
    (void)state;

    memset(bits, 0xff, sizeof bits);
    fsk_dname_mix_case(&d, bits);
    assert_string_equal(text(&d), "AB-1.C\\@D`XYZ\\000.[{.");
    d = plain;
    memset(bits, 0, sizeof bits);
    fsk_dname_mix_case(&d, bits);
    assert_true(fsk_dname_same(&d, &plain));
    memset(bits, 0x55, sizeof bits);
    fsk_dname_mix_case(&d, bits);
    assert_true(fsk_dname_eq(&d, &plain));
    assert_false(fsk_dname_same(&d, &plain));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_from_text), cmocka_unit_test(name_errors),
        cmocka_unit_test(name_limits),    cmocka_unit_test(name_to_text),
        cmocka_unit_test(name_compare),   cmocka_unit_test(name_join),
        cmocka_unit_test(name_mix_case),
    };
    guard_init(&guard, 8192);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
