/* Challenges: several in a field, several fields, and what no grammar has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "guard.h"
#include "wire/challenge.h"

static const struct fsk_span name = FSK_SPAN("WWW-Authenticate");

static struct guard guard;

/* All that is found: "Scheme{name=value;}" of each challenge. */
static const char *walk(const char *text, size_t n)
{
    static char out[4096];
    struct fsk_span fields = fsk_span(guard_copy(&guard, text, n), n);
    struct fsk_challenge_walk at = {.pos = 0};
    struct fsk_challenge c;
    size_t end = 0;
    out[0] = '\0';
    while (fsk_challenge_next(fields, name, &at, &c)) {
        struct fsk_span params = c.params, key, value;
        end += (size_t)snprintf(out + end, sizeof out - end, "%.*s{", (int)c.scheme.n, c.scheme.p);
        while (fsk_challenge_param(&params, &key, &value))
            end += (size_t)snprintf(out + end, sizeof out - end, "%.*s=%.*s;", (int)key.n, key.p,
                                    (int)value.n, value.n ? value.p : "");
        end += (size_t)snprintf(out + end, sizeof out - end, "}");
        assert_true(end < sizeof out);
    }
    return out;
}

static void is(const char *value, const char *found)
{
    char field[1024];
    int n = snprintf(field, sizeof field, "WWW-Authenticate: %s\r\n", value);
    assert_string_equal(walk(field, (size_t)n), found);
}

static void one(void **state)
{
    (void)state;
    is("Basic realm=\"a\"", "Basic{realm=a;}");
    is("Basic", "Basic{}");
    is("basic realm=a", "basic{realm=a;}");
    is("Basic realm = \"a b, c\"", "Basic{realm=a b, c;}");
    is("Basic realm=\"a\\\"b\\\\\", x=1", "Basic{realm=a\\\"b\\\\;x=1;}");
    is("Basic realm=\"\"", "Basic{realm=;}");
    is("Basic , realm=\"a\",, ,charset=\"UTF-8\"", "Basic{realm=a;charset=UTF-8;}");
    is("Negotiate", "Negotiate{}");
    is("Negotiate YWJj/+==", "Negotiate{}");
    is("Digest nonce=YWJj/+==,qop=auth", "Digest{nonce=YWJj/+==;qop=auth;}");
    is("Digest realm=\"a\",\r\n nonce=\"b\"", "Digest{realm=a;nonce=b;}");
    is("Basic realm=\"\xc3\xa4\t\"", "Basic{realm=\xc3\xa4\t;}");
}

static void several(void **state)
{
    static const char fields[] = "Server: x\r\nwww-authenticate: Negotiate\r\n"
                                 "WWW-Authenticate: \r\nWWW-Authenticate: Basic realm=\"a\", "
                                 "Digest nonce=n\r\nProxy-Authenticate: Basic realm=no\r\n"
                                 "WWW-AUTHENTICATE: Bearer\r\n";
    (void)state;
    is("Negotiate, Basic realm=\"a\"", "Negotiate{}Basic{realm=a;}");
    is("Negotiate YW/J=, Basic realm=\"a\"", "Negotiate{}Basic{realm=a;}");
    is("Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\", Basic realm=\"simple\"",
       "Newauth{realm=apps;type=1;title=Login to \\\"apps\\\";}Basic{realm=simple;}");
    is(",, Basic ,, Digest nonce=n,", "Basic{}Digest{nonce=n;}");
    is("Basic realm=\"a\" , NTLM , Digest x=1 , y = 2", "Basic{realm=a;}NTLM{}Digest{x=1;y=2;}");
    assert_string_equal(walk(fields, sizeof fields - 1),
                        "Negotiate{}Basic{realm=a;}Digest{nonce=n;}Bearer{}");
}

/* What comes before the mistake counts; the next field is read again. */
static void mistakes(void **state)
{
    static const char fields[] = "WWW-Authenticate: Basic realm=\"a, Digest nonce=n\r\n"
                                 "WWW-Authenticate: Digest nonce=m\r\n";
    (void)state;
    is("", "");
    is("=", "");
    is("\"Basic\"", "");
    is("Basic realm=\"a", "Basic{}");
    is("Basic realm=\"a\\", "Basic{}");
    is("Basic realm=\"a\\\"", "Basic{}");
    is("Basic realm=\"a\"x, Digest nonce=n", "Basic{}");
    is("Basic realm=\"a\r\n b\"", "Basic{}");
    is("Basic realm=a\"b", "Basic{}");
    is("Basic realm=a\\b", "Basic{}");
    is("Basic=x, Digest nonce=n", "");
    is("Basic a=1; b=2", "Basic{a=1;;b=2;}");
    is("Basic a=1 b=2", "Basic{a=1;b=2;}");
    assert_string_equal(walk(fields, sizeof fields - 1), "Basic{}Digest{nonce=m;}");
}

/* Parameters alone, as Authentication-Info has them. */
static void alone(void **state)
{
    static const char text[] = "nextnonce=\"a=b\", qop=auth";
    struct fsk_span rest = fsk_span(guard_copy(&guard, text, sizeof text - 1), sizeof text - 1);
    struct fsk_span key, value;
    (void)state;
    assert_true(fsk_challenge_param(&rest, &key, &value));
    assert_true(fsk_span_eq(key, FSK_SPAN("nextnonce")) && fsk_span_eq(value, FSK_SPAN("a=b")));
    assert_true(fsk_challenge_param(&rest, &key, &value));
    assert_false(fsk_challenge_param(&rest, &key, &value));
}

/* Cut off at any byte it ends, and what was whole before is found. */
static void cut_anywhere(void **state)
{
    static const char text[] = "WWW-Authenticate: Basic realm=\"a\\\"b\", Negotiate Y/Jj==, Digest "
                               "realm=\"x\", nonce=\"n\", qop=\"auth,auth-int\", stale=true\r\n";
    (void)state;
    for (size_t n = 0; n < sizeof text; n++) {
        const char *found = walk(text, n);
        assert_true(n < 60 || strncmp(found, "Basic{realm=a\\\"b;}", 18) == 0);
        assert_true(n < 100 || strstr(found, "Negotiate{}Digest{realm=x;nonce=n;"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one),   cmocka_unit_test(several),      cmocka_unit_test(mistakes),
        cmocka_unit_test(alone), cmocka_unit_test(cut_anywhere),
    };
    guard_init(&guard, 8192);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
