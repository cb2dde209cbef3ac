/* Codes found by numbers, names and words; and what holds of all the tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "errno_article.h"
#include "errno_lookup.h"
#include "guard.h"
#include "outcome.h"
#include "wire/dnsmsg.h"

static struct guard guard;
static struct errno_hits hits;

static struct fsk_span guarded(const char *word)
{
    return fsk_span(guard_copy(&guard, word, strlen(word)), strlen(word));
}

static enum errno_found look_up(const char *word, const struct errno_kind *only, bool all)
{
    hits.n = 0;
    return errno_look_up(&hits, guarded(word), only, all);
}

/* One code and no other. */
static void finds(const char *word, const struct errno_kind *kind, int number)
{
    if (look_up(word, NULL, false) != ERRNO_FOUND || hits.n != 1 || hits.hit[0].kind != kind ||
        hits.hit[0].code->number != number)
        fail_msg("%s: %zu found", word, hits.n);
}

static void test_numbers(void **state)
{
    (void)state;
    finds("110", &errno_kind_errno, 110);
    finds("0", &errno_kind_errno, 0);
    finds("00111", &errno_kind_errno, 111);
    finds("-2", &errno_kind_eai, -2);
    finds("410", &errno_kind_http, 410);
}

static void test_numbers_of_several_kinds(void **state)
{
    (void)state;
    assert_int_equal(look_up("-4", NULL, false), ERRNO_FOUND);
    assert_int_equal(hits.n, 2);
    assert_ptr_equal(hits.hit[0].kind, &errno_kind_legacy);
    assert_ptr_equal(hits.hit[1].kind, &errno_kind_eai);
    assert_int_equal(look_up("28", NULL, true), ERRNO_FOUND);
    assert_int_equal(hits.n, 4);
    assert_ptr_equal(hits.hit[0].kind, &errno_kind_errno);
    assert_int_equal(look_up("28", &errno_kind_exit, false), ERRNO_FOUND);
    assert_int_equal(hits.n, 1);
}

static void test_numbers_that_are_none(void **state)
{
    static const char *const words[] = {
        "4711", "-1000", "999999999", "9999999999999999999999", "http:42", "exit:frobnicate", ""};
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (look_up(words[i], NULL, true) == ERRNO_FOUND)
            fail_msg("%s is found", words[i]);
}

static void test_names(void **state)
{
    (void)state;
    finds("ETIMEDOUT", &errno_kind_errno, 110);
    finds("etimedout", &errno_kind_errno, 110);
    finds("SOCKET_ETIMEDOUT", &errno_kind_errno, 110);
    finds("socket_ewouldblock", &errno_kind_errno, 11);
    finds("EDEADLOCK", &errno_kind_errno, 35);
    finds("ENOTSUP", &errno_kind_errno, 95);
    finds("NXDOMAIN", &errno_kind_dns, 3);
    finds("HOST_NOT_FOUND", &errno_kind_h_errno, 1);
    finds("NO_ADDRESS", &errno_kind_h_errno, 4);
    finds("EAI_AGAIN", &errno_kind_eai, -3);
    finds("X509_V_ERR_CERT_HAS_EXPIRED", &errno_kind_x509, 10);
    finds("EXIT_TIMEOUT", &errno_kind_exit, EXIT_TIMEOUT);
    finds("FSOCK_ERR_TIMEOUT", &errno_kind_fault, FSOCK_ERR_TIMEOUT);
}

static void test_of_a_kind(void **state)
{
    (void)state;
    finds("tls:40", &errno_kind_tls, 40);
    finds("TLS:handshake_failure", &errno_kind_tls, 40);
    finds("http:503", &errno_kind_http, 503);
    finds("proxy:407", &errno_kind_proxy, 407);
    finds("dns:nxdomain", &errno_kind_dns, 3);
    finds("socks5:5", &errno_kind_socks5, 5);
    finds("socks4:91", &errno_kind_socks4, 91);
    finds("x509:62", &errno_kind_x509, 62);
    finds("exit:28", &errno_kind_exit, 28);
    finds("eai:-2", &errno_kind_eai, -2);
    finds("h_errno:2", &errno_kind_h_errno, 2);
    finds("legacy:-5", &errno_kind_legacy, -5);
    finds("fault:timeout", &errno_kind_fault, FSOCK_ERR_TIMEOUT);
    finds("errno:111", &errno_kind_errno, 111);
    finds("http:teapot", &errno_kind_http, 418);
    assert_int_equal(look_up("tls:", NULL, false), ERRNO_FOUND);
    assert_int_equal(hits.n, errno_kind_tls.n);
}

static void test_words(void **state)
{
    struct fsk_span words[2] = {FSK_SPAN("CONNECTION"), FSK_SPAN("refused")};
    (void)state;
    assert_int_equal(look_up("refused", NULL, false), ERRNO_A_WORD);
    assert_int_equal(look_up("frob:5", NULL, false), ERRNO_A_WORD);
    assert_int_equal(hits.n, 0);
    assert_true(errno_search(&hits, words, 2, NULL));
    assert_int_equal(hits.hit[0].code->number, 111);
    size_t both = hits.n;
    hits.n = 0;
    words[0] = guarded("refused");
    assert_true(errno_search(&hits, words, 1, NULL));
    assert_true(hits.n > both);
    assert_int_equal(hits.hit[0].code->number, 111);
    assert_ptr_equal(hits.hit[1].kind, &errno_kind_dns);
    hits.n = 0;
    words[0] = guarded("frobnicate");
    assert_false(errno_search(&hits, words, 1, NULL));
    assert_int_equal(hits.n, 0);
}

static void test_each_code_once(void **state)
{
    size_t n = 0;
    (void)state;
    hits.n = 0;
    for (int turn = 0; turn < 2; turn++)
        for (size_t i = 0; i < ERRNO_KINDS; i++) {
            errno_list(&hits, errno_kinds[i]);
            n += errno_kinds[i]->n;
        }
    assert_int_equal(hits.n * 2, n);
    assert_true(hits.n < ERRNO_HITS_MAX);
}

static void test_nearest(void **state)
{
    (void)state;
    assert_string_equal(errno_nearest(FSK_SPAN("ECONREFUSED")), "ECONNREFUSED");
    assert_string_equal(errno_nearest(FSK_SPAN("econreset")), "ECONNRESET");
    assert_string_equal(errno_nearest(FSK_SPAN("NXDOMIAN")), "NXDOMAIN");
    assert_null(errno_nearest(FSK_SPAN("")));
    assert_null(
        errno_nearest(guarded("qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"
                              "qqqqqqqqqqqqqqqqqqqqqqqqqqqq")));
}

/* ---- The tables ------------------------------------------------------------------------------ */

static void check_code(const struct errno_kind *kind, const struct errno_code *code)
{
    const struct fsock_explanation *e;
    const char *text = errno_code_text(kind, code);
    unsigned stages;
    bool no_error = kind == &errno_kind_errno && code->number == 0;
    if (!text || !*text || strpbrk(text, "\t\n") || (!no_error && strstr(text, "Success")))
        fail_msg("%s:%d has no text", kind->name, code->number);
    for (size_t i = 0; (e = errno_code_says(kind, code, i, &stages)) != NULL; i++) {
        size_t n = strlen(e->cause);
        if (!n || e->cause[n - 1] == '.' || strpbrk(e->cause, "\t\n") || !e->remedy ||
            strpbrk(e->remedy, "\t\n"))
            fail_msg("%s:%d is badly explained", kind->name, code->number);
    }
}

static void test_tables(void **state)
{
    (void)state;
    for (size_t i = 0; i < ERRNO_KINDS; i++) {
        const struct errno_kind *kind = errno_kinds[i];
        assert_ptr_equal(errno_kind_named(fsk_span_str(kind->name)), kind);
        for (size_t k = 0; k < kind->n; k++) {
            check_code(kind, &kind->code[k]);
            for (size_t other = 0; other < k; other++)
                if (kind->code[other].number == kind->code[k].number)
                    fail_msg("%s:%d is there twice", kind->name, kind->code[k].number);
        }
    }
}

static void test_errno_names_are_the_machines(void **state)
{
    (void)state;
    for (int i = 1; i < 134; i++) {
        char number[16];
        const char *name = strerrorname_np(i);
        snprintf(number, sizeof number, "%d", i);
        finds(number, &errno_kind_errno, i);
        if (name)
            finds(name, &errno_kind_errno, i);
        else
            assert_string_equal(hits.hit[0].code->name, "");
    }
}

static void test_dns_names_are_those_of_answers(void **state)
{
    char text[FSK_DNS_WORD];
    (void)state;
    for (unsigned i = 0; i < 24; i++) {
        const char *name = fsk_dns_rcode_name(i, text);
        if (strncmp(name, "RCODE", 5) != 0)
            finds(name, &errno_kind_dns, (int)i);
    }
}

static void test_every_class_is_listed(void **state)
{
    (void)state;
    assert_int_equal(errno_kind_fault.n, FSOCK_ERR_COUNT_);
    for (int i = 0; i < FSOCK_ERR_COUNT_; i++) {
        assert_int_equal(errno_kind_fault.code[i].number, i);
        assert_string_equal(errno_kind_fault.code[i].name, fsock_err_name((enum fsock_err)i));
        for (int stage = 0; stage < FSOCK_STAGE_COUNT_; stage++) {
            int code = exitcode_of((enum fsock_err)i, (enum fsock_stage)stage);
            char word[24];
            snprintf(word, sizeof word, "exit:%d", code);
            finds(word, &errno_kind_exit, code);
        }
    }
}

static void test_stages_are_told_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < errno_kind_errno.n; i++) {
        unsigned seen = 0, stages;
        for (size_t k = 0;
             errno_code_says(&errno_kind_errno, &errno_kind_errno.code[i], k, &stages); k++) {
            assert_false(seen & stages);
            seen |= stages;
        }
    }
}

static void test_article(void **state)
{
    struct errno_constant c;
    size_t n = 0, listed = 0;
    (void)state;
    assert_null(errno_article_text(1, -1));
    assert_null(errno_article_text(1, ERRNO_ARTICLE_MAX + 1));
    assert_null(errno_article_text(2, 41));
    assert_string_equal(errno_article_text(1, 41), "Unknown error 41");
    for (; errno_article_constant(n, &c); n++)
        listed += c.in_article;
    assert_int_equal(n, 101);
    assert_int_equal(listed, 82);
}

static int begin(void **state)
{
    (void)state;
    guard_init(&guard, 4096);
    return 0;
}

static int end(void **state)
{
    (void)state;
    guard_fini(&guard);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_numbers_of_several_kinds),
        cmocka_unit_test(test_numbers_that_are_none),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_of_a_kind),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_each_code_once),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_errno_names_are_the_machines),
        cmocka_unit_test(test_dns_names_are_those_of_answers),
        cmocka_unit_test(test_every_class_is_listed),
        cmocka_unit_test(test_stages_are_told_once),
        cmocka_unit_test(test_article),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
