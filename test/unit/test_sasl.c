/*
 * Mechanisms: the examples of the RFCs, and challenges that are wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "wire/base64.h"
#include "wire/sasl.h"

static struct fsk_sasl sasl;
static struct fsk_buf out;
static const char *why;

static void begin(const char *name, const char *user, const char *password)
{
    unsigned char nonce[FSK_SASL_NONCE + 4] = {0};
    size_t n, at;
    /* the nonce of RFC 7677 3 */
    assert_null(fsk_base64_decode(fsk_span_str("rOprNGfwEbeRWgbNEkqO"), nonce, &n, &at));
    fsk_sasl_init(&sasl, fsk_sasl_find(fsk_span_str(name)), fsk_span_str(user),
                  fsk_span_str(password), nonce);
    if (strcmp(name, "SCRAM-SHA-256") == 0) /* whose length no base64 of ours has */
        strcpy(sasl.nonce, "rOprNGfwEbeRWgbNEkqO");
    fsk_buf_init(&out, 4096);
}

static enum fsock_err answer(const char *challenge)
{
    enum fsock_err err;
    fsk_buf_clear(&out);
    do
        err = fsk_sasl_answer(&sasl, fsk_span_str(challenge), &out, &why);
    while (err == FSOCK_AGAIN);
    return err;
}

static void answers(const char *challenge, const char *text, size_t n)
{
    assert_int_equal(answer(challenge), FSOCK_OK);
    assert_int_equal(fsk_buf_len(&out), n);
    if (n)
        assert_memory_equal(fsk_buf_span(&out).p, text, n);
}

static void end(void)
{
    fsk_sasl_fini(&sasl);
    fsk_buf_fini(&out);
}

#define ANSWERS(challenge, text) answers(challenge, text, sizeof(text) - 1)

static void test_simple(void **state)
{
    (void)state;
    begin("plain", "tim", "tanstaaftanstaaf"); /* RFC 4616 4 */
    ANSWERS("", "\0tim\0tanstaaftanstaaf");
    assert_int_equal(answer(""), FSOCK_ERR_PROTOCOL);
    assert_true(fsk_sasl_proved(&sasl));
    end();
    begin("LOGIN", "tim", "secret");
    ANSWERS("Username:", "tim");
    ANSWERS("Password:", "secret");
    assert_int_equal(answer("Token:"), FSOCK_ERR_PROTOCOL);
    end();
    begin("CRAM-MD5", "tim", "tanstaaftanstaaf"); /* RFC 2195 2 */
    ANSWERS("<1896.697170952@postoffice.reston.mci.net>", "tim b913a602c7eda7a495b4e6e7334d3890");
    end();
    begin("XOAUTH2", "tim@example.org", "ya29.x");
    ANSWERS("", "user=tim@example.org\1auth=Bearer ya29.x\1\1");
    ANSWERS("{\"status\":\"401\"}", "");
    end();
}

static void test_scram(void **state)
{
    static const char first[] = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                                "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    (void)state;
    begin("SCRAM-SHA-256", "user", "pencil"); /* RFC 7677 3 */
    ANSWERS("", "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    ANSWERS(first, "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                   "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    assert_false(fsk_sasl_proved(&sasl));
    ANSWERS("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "");
    assert_true(fsk_sasl_proved(&sasl));
    end();
    begin("SCRAM-SHA-256", "user", "pencil");
    assert_int_equal(answer(""), FSOCK_OK);
    assert_int_equal(answer(first), FSOCK_OK);
    assert_int_equal(answer("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), FSOCK_ERR_PROTOCOL);
    assert_false(fsk_sasl_proved(&sasl));
    end();
    begin("SCRAM-SHA-256", "a,b=c", "");
    ANSWERS("", "n,,n=a=2Cb=3Dc,r=rOprNGfwEbeRWgbNEkqO");
    end();
}

/* A server that doesn't know the rules, or asks for an hour of our time. */
static void test_scram_wrong(void **state)
{
    static const char *const wrong[] = {
        "",
        "r=",
        "r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        "r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        "r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096",
        "r=rOprNGfwEbeRWgbNEkqOx,s=!!!!,i=4096",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-1",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4000000000",
        "m=x,r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        begin("SCRAM-SHA-256", "user", "pencil");
        assert_int_equal(answer(""), FSOCK_OK);
        assert_int_equal(answer(wrong[i]), FSOCK_ERR_PROTOCOL);
        assert_true(why[0]);
        end();
    }
}

static void test_names(void **state)
{
    (void)state;
    for (unsigned i = FSK_SASL_NONE + 1; i < FSK_SASL_KINDS; i++) {
        const char *name = fsk_sasl_name((enum fsk_sasl_kind)i);
        assert_int_equal(fsk_sasl_find(fsk_span_str(name)), i);
    }
    assert_int_equal(fsk_sasl_find(fsk_span_str("GSSAPI")), FSK_SASL_NONE);
    assert_int_equal(fsk_sasl_find(fsk_span_str("")), FSK_SASL_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simple),
        cmocka_unit_test(test_scram),
        cmocka_unit_test(test_scram_wrong),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
