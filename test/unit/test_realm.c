/* Realms that were met: which one a path is in, what is forgotten, and what a nonce counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "op/credentials.h"

#define S(literal) FSK_SPAN(literal)

static struct fsk_rand rnd;

static struct fsk_realm *make(bool basic, const char *name, const char *nonce, const char *path)
{
    const struct fsk_digest d = {.realm = fsk_span_str(name),
                                 .nonce = fsk_span_str(nonce),
                                 .opaque = S("o"),
                                 .has_opaque = true,
                                 .auth = true};
    struct fsk_realm *realm = fsk_realm_new(basic, &d, fsk_span_str(path), &rnd);
    assert_non_null(realm);
    return realm;
}

static void keep(struct fsk_realms *all, const char *site, bool basic, const char *name,
                 const char *nonce, const char *path)
{
    fsk_realms_keep(all, fsk_span_str(site), make(basic, name, nonce, path));
}

/* The name of the one that is found; "-": none. */
static const char *find(struct fsk_realms *all, const char *site, const char *path, bool basic_too)
{
    static char name[64];
    struct fsk_realm *realm =
        fsk_realms_find(all, fsk_span_str(site), fsk_span_str(path), basic_too);
    return realm ? fsk_span_text(realm->digest.realm, name, sizeof name) : "-";
}

static void which_one(void **state)
{
    struct fsk_realms all;
    (void)state;
    fsk_realms_init(&all);
    assert_string_equal(find(&all, "a", "/", true), "-");
    keep(&all, "a", true, "basic", "", "/b/x?");
    keep(&all, "a", false, "one", "1", "/one/x/y");
    keep(&all, "a", false, "two", "2", "/one/two/");
    assert_string_equal(find(&all, "b", "/b/", true), "-");
    assert_string_equal(find(&all, "a", "/one/x/z", true), "one");
    assert_string_equal(find(&all, "a", "/one/two/z", true), "two");
    assert_string_equal(find(&all, "a", "/elsewhere", true), "two"); /* used last */
    assert_string_equal(find(&all, "a", "/one/x/", true), "one");
    assert_string_equal(find(&all, "a", "/elsewhere", true), "one");
    assert_string_equal(find(&all, "a", "/b/y", true), "basic");
    assert_string_equal(find(&all, "a", "/b/y", false), "one");
    assert_string_equal(find(&all, "a", "/bx", true), "one");
    fsk_realms_fini(&all);
}

static void one_of_a_name(void **state)
{
    struct fsk_realms all;
    (void)state;
    fsk_realms_init(&all);
    keep(&all, "a", false, "r", "first", "/x/");
    keep(&all, "a", true, "r", "", "/y/");
    keep(&all, "a", false, "r", "second", "/z/");
    assert_int_equal(all.n, 2);
    struct fsk_realm *realm = fsk_realms_find(&all, S("a"), S("/"), false);
    assert_true(fsk_span_eq(realm->digest.nonce, S("second")));
    struct fsk_realm *next = fsk_realm_renew(realm, S("third"), &rnd);
    assert_true(fsk_span_eq(next->digest.nonce, S("third")) && fsk_span_eq(next->dir, S("/z/")));
    assert_true(fsk_span_eq(next->digest.opaque, S("o")) && next->digest.auth && next->nc == 0);
    fsk_realms_keep(&all, S("a"), next);
    assert_int_equal(all.n, 2);
    fsk_realms_fini(&all);
}

static void ceilings(void **state)
{
    struct fsk_realms all;
    char name[32];
    (void)state;
    fsk_realms_init(&all);
    for (int i = 0; i < 2 * FSK_REALM_SITE; i++) {
        snprintf(name, sizeof name, "/%d/", i);
        keep(&all, "a", false, name, "n", name);
        find(&all, "a", "/0/", false); /* so it stays */
    }
    assert_int_equal(all.n, FSK_REALM_SITE);
    assert_string_equal(find(&all, "a", "/0/", false), "/0/");
    assert_string_equal(find(&all, "a", "/15/", false), "/15/");
    assert_string_equal(find(&all, "a", "/1/", false), "/15/");
    for (int i = 0; i < FSK_REALM_ALL; i++) {
        snprintf(name, sizeof name, "site%d", i);
        keep(&all, name, false, "r", "n", "/");
    }
    assert_int_equal(all.n, FSK_REALM_ALL);
    assert_int_equal(all.sites.n, FSK_REALM_ALL);
    assert_string_equal(find(&all, "a", "/", false), "-");
    assert_string_equal(find(&all, "site0", "/", false), "r");
    fsk_realms_fini(&all);
}

static void counted(void **state)
{
    const struct fsk_credentials_for request = {.method = S("GET"), .uri = S("/")};
    struct fsk_credentials c = {.scheme = FSK_AUTH_DIGEST,
                                .user = S("u"),
                                .password = S("p"),
                                .realm = make(0, "r", "n", "/")};
    struct fsk_buf out;
    (void)state;
    for (int i = 1; i <= 17; i++) {
        char count[32], cnonce[64];
        fsk_buf_init(&out, 4096);
        assert_int_equal(fsk_credentials_write(&c, &request, &out), FSOCK_OK);
        assert_int_equal(fsk_buf_terminate(&out), FSOCK_OK);
        snprintf(count, sizeof count, "nc=%08x", (unsigned)i);
        snprintf(cnonce, sizeof cnonce, "cnonce=\"%.*s\"", FSK_REALM_CNONCE, c.realm->cnonce);
        assert_non_null(strstr(out.mem, count));
        assert_non_null(strstr(out.mem, cnonce));
        fsk_credentials_wipe(&out);
    }
    fsk_realm_free(c.realm);
}

static void other_schemes(void **state)
{
    const struct fsk_credentials_for request = {.method = S("GET"), .uri = S("/")};
    static const struct {
        struct fsk_credentials c;
        const char *text;
    } rows[] = {
        {{.scheme = FSK_AUTH_NONE, .user = S("u")},                       ""              },
        {{.scheme = FSK_AUTH_BASIC, .user = S("u"), .password = S("p:")}, "Basic dTpwOg=="},
        {{.scheme = FSK_AUTH_BASIC, .user = S("")},                       "Basic Og=="    },
        {{.scheme = FSK_AUTH_BEARER, .password = S("tok")},               "Bearer tok"    },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fsk_buf out;
        fsk_buf_init(&out, 64);
        assert_int_equal(fsk_credentials_write(&rows[i].c, &request, &out), FSOCK_OK);
        assert_true(fsk_span_eq(fsk_buf_span(&out), fsk_span_str(rows[i].text)));
        fsk_credentials_wipe(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which_one), cmocka_unit_test(one_of_a_name), cmocka_unit_test(ceilings),
        cmocka_unit_test(counted),   cmocka_unit_test(other_schemes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
