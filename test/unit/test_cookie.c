/* Cookies: who may set which, and which request gets them; sites and public suffixes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "guard.h"
#include "wire/setcookie.h"
#include "wire/site.h"

static struct guard guard;

static struct fsk_span guarded(const char *text)
{
    size_t n = strlen(text);
    return fsk_span(guard_copy(&guard, text, n), n);
}

/* "https://host/path", as an aim takes it apart. */
static struct fsk_cookie_scope scope_of(const char *url)
{
    bool https = strncmp(url, "https", 5) == 0;
    const char *host = strstr(url, "//") + 2, *path = host + strcspn(host, "/");
    return (struct fsk_cookie_scope){.host = fsk_span(host, (size_t)(path - host)),
                                     .path = fsk_span_str(path),
                                     .secure = https,
                                     .safe = true};
}

static bool accept(const char *url, const char *set, struct fsk_cookie *c)
{
    struct fsk_cookie_scope scope = scope_of(url);
    return fsk_setcookie_parse(guarded(set), 1000, c) && fsk_cookie_accept(c, &scope);
}

/* Which host and path a cookie ends up with; NULL: refused. A dot: for subdomains, too. */
static void kept_by(const char *url, const char *set, const char *expected)
{
    struct fsk_cookie c;
    char text[600] = "-";
    if (accept(url, set, &c))
        snprintf(text, sizeof text, "%s%.*s %.*s", c.others_too ? "." : "", (int)c.domain.n,
                 c.domain.p, (int)c.path.n, c.path.p);
    assert_string_equal(text, expected ? expected : "-");
}

static void domains(void **state)
{
    (void)state;
    kept_by("http://a.shop.example/", "a=b", "a.shop.example /");
    kept_by("http://a.shop.example/", "a=b; domain=", "a.shop.example /");
    kept_by("http://a.shop.example/", "a=b; domain=a.shop.example", ".a.shop.example /");
    kept_by("http://a.shop.example/", "a=b; domain=.SHOP.example", ".SHOP.example /");
    kept_by("http://a.shop.example/", "a=b; domain=b.shop.example", NULL);
    kept_by("http://a.shop.example/", "a=b; domain=x.a.shop.example", NULL);
    kept_by("http://a.shop.example/", "a=b; domain=hop.example", NULL);
    kept_by("http://a.shop.example/", "a=b; domain=..shop.example", NULL);
    kept_by("http://a.shop.example/", "a=b; domain=shop.example.", NULL);
    kept_by("http://a.shop.example/", "a=b; domain=sh\xc3\xb6p.example", NULL);
    kept_by("http://1.2.3.4/", "a=b; domain=1.2.3.4", "1.2.3.4 /");
    kept_by("https://1.2.3.4/", "__Host-a=b; secure; path=/; domain=1.2.3.4", NULL);
    kept_by("http://1.2.3.4/", "a=b; domain=3.4", NULL);
    kept_by("http://1.2.3.4/", "a=b; domain=4", NULL);
}

static void public_suffixes(void **state)
{
    (void)state;
    kept_by("http://shop.example/", "a=b; domain=example", NULL);
    kept_by("http://a.co.uk/", "a=b; domain=co.uk", NULL);
    kept_by("http://a.co.uk/", "a=b; domain=CO.uk", NULL);
    kept_by("http://a.co.uk/", "a=b; domain=a.co.uk", ".a.co.uk /");
    kept_by("http://co.uk/", "a=b; domain=co.uk", "co.uk /");
    kept_by("http://a.github.io/", "a=b; domain=github.io", NULL);
    kept_by("http://localhost/", "a=b; domain=localhost", "localhost /");
    kept_by("http://a.localhost/", "a=b; domain=localhost", NULL);
}

static void paths(void **state)
{
    (void)state;
    kept_by("http://h.example", "a=b", "h.example /");
    kept_by("http://h.example/x", "a=b", "h.example /");
    kept_by("http://h.example/x/", "a=b", "h.example /x");
    kept_by("http://h.example/x/y/z", "a=b; path=", "h.example /x/y");
    kept_by("http://h.example/x/y/z", "a=b; path=rel", "h.example /x/y");
    kept_by("http://h.example/x/y/z", "a=b; path=/other", "h.example /other");
    assert_true(fsk_cookie_path_match(FSK_SPAN("/x/y"), FSK_SPAN("/x")));
    assert_true(fsk_cookie_path_match(FSK_SPAN("/x/y"), FSK_SPAN("/x/")));
    assert_true(fsk_cookie_path_match(FSK_SPAN("/x"), FSK_SPAN("/x")));
    assert_false(fsk_cookie_path_match(FSK_SPAN("/xy"), FSK_SPAN("/x")));
    assert_false(fsk_cookie_path_match(FSK_SPAN("/x"), FSK_SPAN("/x/")));
    assert_false(fsk_cookie_path_match(FSK_SPAN("/X/y"), FSK_SPAN("/x")));
}

/* No cookie of a default path that is longer than any attribute could be. */
static void long_paths(void **state)
{
    static char url[FSK_COOKIE_ATTRIBUTE_MAX + 64];
    struct fsk_cookie c;
    (void)state;
    int n = snprintf(url, sizeof url, "http://h.example/");
    memset(url + n, 'p', FSK_COOKIE_ATTRIBUTE_MAX);
    url[n + FSK_COOKIE_ATTRIBUTE_MAX] = '/';
    assert_false(accept(url, "a=b", &c));
    assert_true(accept(url, "a=b; path=/", &c));
    memmove(url + n, url + n + 1, FSK_COOKIE_ATTRIBUTE_MAX + 1);
    assert_true(accept(url, "a=b", &c));
    assert_int_equal(c.path.n, FSK_COOKIE_ATTRIBUTE_MAX);
}

static void secure(void **state)
{
    struct fsk_cookie c;
    (void)state;
    kept_by("http://h.example/", "a=b; Secure", NULL);
    kept_by("https://h.example/", "a=b; Secure", "h.example /");
    kept_by("https://h.example/", "a=b; SameSite=None", NULL);
    kept_by("https://h.example/", "a=b; SameSite=None; Secure", "h.example /");
    struct fsk_cookie_scope http = scope_of("http://h.example/");
    assert_true(accept("https://h.example/", "a=b; Secure", &c));
    assert_false(fsk_cookie_fits(&c, &http));
}

static void prefixes(void **state)
{
    (void)state;
    kept_by("https://h.example/", "__Secure-a=b; Secure", "h.example /");
    kept_by("https://h.example/", "__Secure-a=b; Secure; domain=h.example", ".h.example /");
    kept_by("https://h.example/", "__Secure-a=b", NULL);
    kept_by("https://h.example/", "__sEcurE-a=b", NULL);
    kept_by("http://h.example/", "__Secure-a=b; Secure", NULL);
    kept_by("https://h.example/", "__Host-a=b; Secure; path=/", "h.example /");
    kept_by("https://h.example/", "__HOST-a=b; path=/", NULL);
    kept_by("https://h.example/", "__Host-a=b; Secure", NULL);
    kept_by("https://h.example/x/", "__Host-a=b; Secure; path=/x", NULL);
    kept_by("https://h.example/", "__Host-a=b; Secure; path=/; domain=h.example", NULL);
    kept_by("https://h.example/", "=__Host-a=b; Secure; path=/", NULL);
    kept_by("https://h.example/", "__Secure-a; Secure", NULL);
    kept_by("https://h.example/", "__Hosta=b", "h.example /");
}

static void fits(void **state)
{
    static const struct {
        const char *from, *set, *to;
        bool fits;
    } rows[] = {
        {"http://h.example/x/y", "a=b",                   "http://h.example/x",     true },
        {"http://h.example/x/y", "a=b",                   "http://h.example/x/y/z", true },
        {"http://h.example/x/y", "a=b",                   "http://h.example/xy",    false},
        {"http://h.example/x/y", "a=b; path=/",           "http://h.example",       true },
        {"http://h.example/",    "a=b",                   "https://h.example/",     true },
        {"http://h.example/",    "a=b",                   "http://w.h.example/",    false},
        {"http://h.example/",    "a=b; domain=h.example", "http://w.h.example/",    true },
        {"http://h.example/",    "a=b; domain=H.example", "http://h.example/",      true },
        {"http://h.example/",    "a=b; domain=h.example", "http://wh.example/",     false},
        {"http://1.2.3.4/",      "a=b",                   "http://1.2.3.4/",        true },
        {"https://h.example/",   "a=b; secure",           "http://h.example/",      false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fsk_cookie c;
        struct fsk_cookie_scope to = scope_of(rows[i].to);
        assert_true(accept(rows[i].from, rows[i].set, &c));
        assert_int_equal(fsk_cookie_fits(&c, &to), rows[i].fits);
    }
}

static void same_site(void **state)
{
    static const char *const sets[] = {"a=b; secure; samesite=none", "a=b", "a=b; samesite=lax",
                                       "a=b; samesite=strict"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct fsk_cookie c;
        struct fsk_cookie_scope to = scope_of("https://h.example/");
        assert_true(accept("https://h.example/", sets[i], &c));
        assert_true(fsk_cookie_fits(&c, &to));
        to.safe = false;
        assert_true(fsk_cookie_fits(&c, &to));
        to.cross_site = true;
        assert_int_equal(fsk_cookie_fits(&c, &to), i < 2);
        to.safe = true;
        assert_int_equal(fsk_cookie_fits(&c, &to), i < 3);
    }
}

static void sites(void **state)
{
    static const char *const rows[][2] = {
        {"www.shop.example.co.uk", "example.co.uk"        },
        {"example.co.uk",          "example.co.uk"        },
        {"co.uk",                  "co.uk"                },
        {"A.Shop.EXAMPLE",         "Shop.EXAMPLE"         },
        {"www.shop.example.",      "shop.example"         },
        {"localhost",              "localhost"            },
        {"a.b.github.io",          "b.github.io"          },
        {"1.2.3.4",                "1.2.3.4"              },
        {"::1",                    "::1"                  },
        {"",                       ""                     },
        {"xn--bcher-kva.example",  "xn--bcher-kva.example"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fsk_span site = fsk_site_of(guarded(rows[i][0]));
        assert_true(fsk_span_eq(site, fsk_span_str(rows[i][1])));
    }
    assert_true(fsk_site_is_public_suffix(FSK_SPAN("Com")));
    assert_true(fsk_site_is_public_suffix(FSK_SPAN("github.io")));
    assert_false(fsk_site_is_public_suffix(FSK_SPAN("example.com")));
    assert_false(fsk_site_is_public_suffix(FSK_SPAN("10.0.0.1")));
}

static void loopback(void **state)
{
    static const char *const here[] = {"localhost", "a.LocalHost", "127.0.0.1", "127.9.9.9", "::1"};
    static const char *const there[] = {
        "",          "local", "xlocalhost",       "localhost.example",
        "128.0.0.1", "::2",   "::ffff:127.0.0.1", "127.0.0.1.example"};
    (void)state;
    for (size_t i = 0; i < sizeof here / sizeof *here; i++)
        assert_true(fsk_site_is_loopback(guarded(here[i])));
    for (size_t i = 0; i < sizeof there / sizeof *there; i++)
        assert_false(fsk_site_is_loopback(guarded(there[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(domains),    cmocka_unit_test(public_suffixes), cmocka_unit_test(paths),
        cmocka_unit_test(long_paths), cmocka_unit_test(secure),          cmocka_unit_test(prefixes),
        cmocka_unit_test(fits),       cmocka_unit_test(same_site),       cmocka_unit_test(sites),
        cmocka_unit_test(loopback),
    };
    guard_init(&guard, 16384);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
