/* Tags: each with every shorter beginning before a guard page, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "guard.h"
#include "wire/xmltag.h"

static struct guard guard;

static const struct {
    const char *text, *name;
    bool closes, alone, declares;
} good[] = {
    {"<a>",                      "a",        false, false, false},
    {"<stream:features>",        "features", false, false, false},
    {"</stream:features >",      "features", true,  false, false},
    {"<starttls xmlns='x'/>",    "starttls", false, true,  false},
    {"<a b=\"x>y'\" c='\">'\n>", "a",        false, false, false},
    {"<?xml version='1.0'?>",    "?xml",     false, false, true },
};

static void test_good(void **state)
{
    struct fsk_xmltag tag;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        size_t len = strlen(good[i].text);
        for (size_t n = 0; n <= len; n++) {
            struct fsk_span s = fsk_span(guard_copy(&guard, good[i].text, n), n);
            assert_int_equal(fsk_xmltag_read(s, &tag), n == len ? (ptrdiff_t)len : 0);
        }
        assert_true(fsk_span_eq(tag.name, fsk_span_str(good[i].name)));
        assert_int_equal(tag.closes, good[i].closes);
        assert_int_equal(tag.alone, good[i].alone);
        assert_int_equal(tag.declares, good[i].declares);
    }
}

static void test_bad(void **state)
{
    static const char *const bad[] = {"a", "<!", "<>", "</>", "< a>", "<a <", "<a b='<'>", "<x:>"};
    static char endless[FSK_XMLTAG_MAX];
    struct fsk_xmltag tag;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(fsk_xmltag_read(fsk_span_str(bad[i]), &tag), -1);
    memset(endless, 'a', sizeof endless);
    endless[0] = '<';
    assert_int_equal(fsk_xmltag_read(fsk_span(endless, sizeof endless - 1), &tag), 0);
    assert_int_equal(fsk_xmltag_read(fsk_span(endless, sizeof endless), &tag), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
    };
    guard_init(&guard, 256);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
