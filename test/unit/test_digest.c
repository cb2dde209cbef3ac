/* Digest: the examples of the RFCs, what is asked for and what can't be, and odd names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "guard.h"
#include "wire/digest.h"

#define S(literal) FSK_SPAN(literal)

static struct guard guard;

static bool read_params(const char *text, struct fsk_digest *d)
{
    size_t n = strlen(text);
    return fsk_digest_read(fsk_span(guard_copy(&guard, text, n), n), d);
}

/* The answer, until the next call. */
static const char *write_answer(const char *challenge, const struct fsk_digest_request *r)
{
    static char text[4096];
    struct fsk_digest d;
    struct fsk_buf out;
    fsk_buf_init(&out, sizeof text - 1);
    assert_true(read_params(challenge, &d));
    assert_int_equal(fsk_digest_write(&d, r, &out), FSOCK_OK);
    fsk_span_text(fsk_buf_span(&out), text, sizeof text);
    fsk_buf_fini(&out);
    return text;
}

static void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("%s lacks %s", text, part);
}

static void lacks(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("%s has %s", text, part);
}

/* RFC 7616 3.9.1, RFC 2617 3.5, RFC 2069 2.4 as its errata have it. */
static void examples(void **state)
{
    static const struct fsk_digest_request r = {
        .user = S("Mufasa"),
        .password = S("Circle of Life"),
        .method = S("GET"),
        .uri = S("/dir/index.html"),
        .cnonce = S("f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"),
        .nc = 1,
    };
    (void)state;
    assert_string_equal(
        write_answer("realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=MD5, "
                     "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
                     "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
                     &r),
        "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", "
        "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", uri=\"/dir/index.html\", "
        "response=\"8ca523f5e9506fed4657c9700eebdbec\", algorithm=MD5, qop=auth, nc=00000001, "
        "cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", "
        "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"");
    has(write_answer("realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=SHA-256, "
                     "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\"",
                     &r),
        "response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\"");
    struct fsk_digest_request old = r;
    old.password = S("Circle Of Life");
    old.cnonce = S("0a4f113b");
    has(write_answer("realm=\"testrealm@host.com\", qop=\"auth,auth-int\", "
                     "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"",
                     &old),
        "response=\"6629fae49393a05397450978507c4ef1\", qop=auth, nc=00000001, "
        "cnonce=\"0a4f113b\"");
    old.password = S("CircleOfLife");
    const char *oldest = write_answer("realm=\"testrealm@host.com\", "
                                      "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"",
                                      &old);
    has(oldest, "response=\"1949323746fe6a43ef61f9606e7febea\"");
    lacks(oldest, "qop");
    lacks(oldest, "cnonce");
    lacks(oldest, "nc=");
    lacks(oldest, "opaque");
    lacks(oldest, "algorithm");
}

/* Values computed by another implementation. */
static void kinds(void **state)
{
    static const struct fsk_digest_request r = {
        .user = S("u"),
        .password = S("p"),
        .method = S("POST"),
        .uri = S("/x"),
        .body = S("a=1"),
        .cnonce = S("c"),
        .nc = 10,
    };
    struct fsk_digest_request first = r;
    (void)state;
    const char *text = write_answer("realm=r, nonce=n, qop=auth, algorithm=sha-256-SESS", &r);
    has(text, "response=\"2becec436516ec245dff52353f0ac190af1d408f80f5705ac84912b7abb32042\"");
    has(text, "algorithm=sha-256-SESS, qop=auth, nc=0000000a, cnonce=\"c\"");
    first.nc = 1;
    text = write_answer("realm=r, nonce=n, qop=\"auth-int, odd\"", &first);
    has(text, "response=\"ab0440b3cbcac097151efc36a75cbe98\", qop=auth-int, nc=00000001");
    first.method = S("GET");
    text = write_answer("realm=r, nonce=n, algorithm=MD5-sess", &first);
    has(text, "response=\"7490eba024e1e349a999592738d21df0\", algorithm=MD5-sess, cnonce=\"c\"");
}

static void names(void **state)
{
    struct fsk_digest_request r = {
        .user = S("J\xc3\xa4s\xc3\xb8n Doe"),
        .password = S("Secret, or not?"),
        .method = S("GET"),
        .uri = S("/doe.json"),
        .cnonce = S("NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm"),
        .nc = 1,
    };
    (void)state;
    const char *text =
        write_answer("realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, "
                     "nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", charset=UTF-8, "
                     "userhash=true",
                     &r);
    has(text,
        "username=\"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b\", realm");
    has(text, "response=\"7a4e1192babbba02e91182d2895bfdbf7adafc6e48d4e517ca301974843d840c\"");
    has(text, ", userhash=true");
    has(write_answer("realm=r, nonce=n, charset=\"utf-8\"", &r),
        "username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, ");
    has(write_answer("realm=r, nonce=n", &r), "username=\"J\xc3\xa4s\xc3\xb8n Doe\", ");
    r.user = S("a\r\nX: y");
    has(write_answer("realm=r, nonce=n", &r), "username*=UTF-8''a%0D%0AX%3A%20y, ");
    r = (struct fsk_digest_request){
        .user = S("a\"b\\c"), .password = S("p"), .method = S("GET"), .uri = S("/x")};
    text = write_answer("realm=\"r\\\"s\", nonce=\"n\\\"\\\\\"", &r);
    has(text, "username=\"a\\\"b\\\\c\", realm=\"r\\\"s\", nonce=\"n\\\"\\\\\", ");
    has(text, "response=\"0eca84d7d6337beac65901b7da539ce6\"");
}

static void what_is_asked(void **state)
{
    struct fsk_digest d;
    (void)state;
    assert_true(read_params("realm=\"\", nonce=n, opaque=\"\", STALE=TRUE, domain=\"/x\"", &d));
    assert_true(d.stale && d.has_opaque && !d.auth && !d.auth_int && !d.userhash && !d.sess);
    assert_true(read_params("realm=r, nonce=n, qop=\"\", stale=false, userhash=false", &d));
    assert_true(!d.stale && !d.has_opaque && !d.auth && !d.utf8 && d.hash == FSK_DIGEST_MD5);
    assert_true(read_params("realm=r, nonce=n, qop=\" ,auth\t, x\", algorithm=\"SHA-256\"", &d));
    assert_true(d.auth && !d.auth_int && d.hash == FSK_DIGEST_SHA_256);
    assert_true(read_params("realm=r, nonce=n, algorithm=sha-512-256-sess", &d));
    assert_true(d.sess && d.hash == FSK_DIGEST_SHA_512_256);
}

static void what_cannot_be_answered(void **state)
{
    static const char *const rows[] = {
        "",
        "realm=r",
        "nonce=n",
        "realm=r, nonce=\"\"",
        "realm=r, nonce=n, algorithm=token",
        "realm=r, nonce=n, algorithm=-sess",
        "realm=r, nonce=n, algorithm=SHA-2567",
        "realm=r, nonce=n, qop=auth-conf",
    };
    static char text[FSK_DIGEST_MAX + 32];
    struct fsk_digest d;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (read_params(rows[i], &d))
            fail_msg("%s", rows[i]);
    strcpy(text, "realm=r, nonce=");
    memset(text + strlen(text), 'n', FSK_DIGEST_MAX);
    assert_false(read_params(text, &d));
    text[15 + FSK_DIGEST_MAX - 1] = '\0';
    assert_true(read_params(text, &d));
}

static void no_room(void **state)
{
    static const struct fsk_digest_request r = {.user = S("u"), .method = S("GET"), .uri = S("/")};
    struct fsk_digest d;
    (void)state;
    assert_true(read_params("realm=r, nonce=n, opaque=o", &d));
    for (size_t room = 0; room < 100; room++) {
        struct fsk_buf out;
        fsk_buf_init(&out, room);
        assert_int_equal(fsk_digest_write(&d, &r, &out), FSOCK_ERR_TOO_BIG);
        fsk_buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples),
        cmocka_unit_test(kinds),
        cmocka_unit_test(names),
        cmocka_unit_test(what_is_asked),
        cmocka_unit_test(what_cannot_be_answered),
        cmocka_unit_test(no_room),
    };
    guard_init(&guard, 2 * FSK_DIGEST_MAX);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
