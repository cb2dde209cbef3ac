/* The jar: what it keeps, in which order it gives it, who makes room, and its public face. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>

#include "base/time.h"
#include "op/jar.h"

#define NOW INT64_C(1000)

static struct fsock_jar *jar;
static struct fsk_buf out;

static int set_up(void **state)
{
    (void)state;
    jar = fsock_jar_new();
    fsk_buf_init(&out, 1 << 20);
    return jar ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    fsock_jar_free(jar);
    fsk_buf_fini(&out);
    return 0;
}

static struct fsk_cookie_scope scope_of(const char *url)
{
    bool https = strncmp(url, "https", 5) == 0;
    const char *host = strstr(url, "//") + 2, *path = host + strcspn(host, "/");
    return (struct fsk_cookie_scope){.host = fsk_span(host, (size_t)(path - host)),
                                     .path = fsk_span_str(path),
                                     .secure = https,
                                     .safe = true};
}

/* An answer of this URL sets a cookie. */
static void take_at(const char *url, const char *set, int64_t now)
{
    char field[5000];
    struct fsk_cookie_scope scope = scope_of(url);
    snprintf(field, sizeof field, "X: y\r\nset-cookie: %s\r\n", set);
    assert_int_equal(fsk_jar_take(jar, fsk_span_str(field), &scope, now), FSOCK_OK);
}

static void take(const char *url, const char *set)
{
    take_at(url, set, NOW);
}

static const char *sent_at(const char *url, int64_t now)
{
    struct fsk_cookie_scope scope = scope_of(url);
    fsk_buf_clear(&out);
    assert_int_equal(fsk_jar_write(jar, &scope, now, &out), FSOCK_OK);
    assert_int_equal(fsk_buf_terminate(&out), FSOCK_OK);
    return out.mem;
}

static const char *sent(const char *url)
{
    return sent_at(url, NOW);
}

static void kept_and_sent(void **state)
{
    (void)state;
    assert_string_equal(sent("http://h.example/"), "");
    take("http://h.example/", "a=1");
    take("http://h.example/", "b=\"2 3\"; HttpOnly");
    take("http://h.example/", "alone");
    assert_string_equal(sent("http://h.example/x"), "a=1; b=\"2 3\"; alone");
    assert_string_equal(sent("http://h.example./x"), "a=1; b=\"2 3\"; alone");
    assert_string_equal(sent("http://w.h.example/"), "");
    assert_string_equal(sent("http://example/"), "");
    take("http://w.h.example/", "all=3; Domain=h.EXAMPLE");
    assert_string_equal(sent("http://v.h.example/"), "all=3");
    take("http://1.2.3.4/", "ip=4");
    assert_string_equal(sent("http://1.2.3.4/"), "ip=4");
    take("http://[::1]/", "six=6");
    assert_int_equal(jar->n, 6);
}

/* Longer paths first, then the older ones; a new value makes a cookie no younger. */
static void order(void **state)
{
    (void)state;
    take("http://h.example/x/y", "a=1; path=/");
    take("http://h.example/x/y", "b=2; path=/x");
    take("http://h.example/x/y", "c=3; path=/");
    take("http://h.example/x/y", "d=4; path=/x/y");
    take("http://h.example/x/y", "a=5; path=/");
    assert_string_equal(sent("http://h.example/x/y"), "d=4; b=2; a=5; c=3");
    assert_string_equal(sent("http://h.example/"), "a=5; c=3");
}

/* Name, domain, path and who gets it: all of them make a cookie. */
static void identity(void **state)
{
    (void)state;
    take("http://h.example/", "a=1");
    take("http://h.example/", "a=2; domain=h.example");
    take("http://h.example/", "a=3; path=/p");
    take("http://h.example/", "A=4");
    assert_string_equal(sent("http://h.example/p"), "a=3; a=1; a=2; A=4");
    take("http://h.example/", "a=5");
    assert_string_equal(sent("http://h.example/p"), "a=3; a=5; a=2; A=4");
    take("http://h.example/", "a=; max-age=0");
    take("http://h.example/", "a=; path=/p; expires=Thu, 01 Jan 1970 00:00:01 GMT");
    assert_string_equal(sent("http://h.example/p"), "a=2; A=4");
    take("http://other.example/", "a=; max-age=0");
    assert_int_equal(jar->sites.n, 1);
}

static void expiry(void **state)
{
    (void)state;
    take("http://h.example/", "a=1; max-age=10");
    take("http://h.example/", "s=2");
    assert_string_equal(sent_at("http://h.example/", NOW + 9), "a=1; s=2");
    assert_string_equal(sent_at("http://h.example/", NOW + 10), "s=2");
    assert_int_equal(jar->n, 1);
    take("http://i.example/", "a=1; max-age=10");
    assert_int_equal(jar->sites.n, 2);
    assert_string_equal(sent_at("http://i.example/", NOW + 10), "");
    assert_int_equal(jar->sites.n, 1);
}

/* http neither replaces nor hides what https has set (rfc6265bis 5.7). */
static void secure_stays(void **state)
{
    (void)state;
    take("https://h.example/", "a=1; Secure; Domain=h.example; Path=/x");
    take("http://h.example/", "a=2; Domain=h.example; Path=/x");
    take("http://h.example/", "a=3; Path=/x/y");
    take("http://w.h.example/", "a=4; Path=/x/y");
    assert_int_equal(jar->n, 1);
    take("http://h.example/", "a=5; Path=/");
    take("http://h.example/", "b=6; Path=/x");
    assert_string_equal(sent("https://h.example/x/y"), "a=1; b=6; a=5");
    assert_string_equal(sent("http://h.example/x/y"), "b=6; a=5");
    take("https://h.example/", "a=7; Domain=h.example; Path=/x");
    assert_string_equal(sent("http://h.example/x/y"), "a=7; b=6; a=5");
}

/* Cookies c0, c1 ... */
static void many(const char *url, const char *attributes, int n)
{
    for (int i = 0; i < n; i++) {
        char set[128];
        snprintf(set, sizeof set, "c%d=x%s", i, attributes);
        take(url, set);
    }
}

static size_t in_field(const char *field)
{
    size_t n = *field != '\0';
    for (; *field; field++)
        n += *field == ';';
    return n;
}

/* Of one domain 50: the least used goes first, but those with Secure after the others. */
static void domain_limit(void **state)
{
    (void)state;
    take("https://h.example/", "safe=1; Secure");
    many("http://h.example/", "; path=/one", 49);
    assert_string_equal(sent("https://h.example/"), "safe=1");
    many("http://w.h.example/", "", 2);
    take("http://h.example/", "c0=y; path=/one");
    assert_int_equal(jar->n, 52);
    take("http://h.example/", "new=1; path=/one");
    assert_int_equal(jar->n, 52);
    const char *field = sent("https://h.example/one");
    assert_int_equal(in_field(field), 50);
    assert_non_null(strstr(field, "c0=y"));
    assert_null(strstr(field, "c1=x"));
    assert_non_null(strstr(field, "safe=1"));
    /* What has expired goes before all. */
    take("http://h.example/", "c2=x; path=/one; max-age=5");
    take_at("http://h.example/", "newer=1; path=/one", NOW + 6);
    field = sent_at("https://h.example/one", NOW + 6);
    assert_non_null(strstr(field, "c3=x"));
    assert_null(strstr(field, "c2=x"));
}

static void site_and_total_limit(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        char url[64];
        snprintf(url, sizeof url, "http://w%d.h.example/", i);
        many(url, "", 20);
    }
    assert_int_equal(jar->n, FSK_JAR_SITE);
    assert_string_equal(sent("http://w0.h.example/"), "");
    for (int i = 0; i < 150; i++) {
        char url[64];
        snprintf(url, sizeof url, "http://h%d.example/", i);
        many(url, "", 20);
    }
    assert_int_equal(jar->n, FSK_JAR_ALL);
    assert_string_equal(sent("http://w9.h.example/"), "");
    assert_int_equal(in_field(sent("http://h0.example/")), 20);
    take("http://last.example/", "a=1"); /* h0 has just been used: it is h1 that makes room */
    assert_int_equal(jar->n, FSK_JAR_ALL);
    assert_int_equal(in_field(sent("http://h0.example/")), 20);
    assert_int_equal(in_field(sent("http://h1.example/")), 19);
}

/* An answer's cookies up to 50; a request's up to 150 and 8,190 bytes, longer ones left out. */
static void limits_of_one(void **state)
{
    static char fields[8192], set[5000];
    struct fsk_cookie_scope scope = scope_of("http://h.example/");
    size_t n = 0;
    (void)state;
    for (int i = 0; i < 60; i++)
        n += (size_t)snprintf(fields + n, sizeof fields - n, "Set-Cookie: %d=x\r\n", i);
    assert_int_equal(fsk_jar_take(jar, fsk_span_str(fields), &scope, NOW), FSOCK_OK);
    assert_int_equal(in_field(sent("http://h.example/")), 50);
    many("http://a.a.a.a.example/", "; domain=a.example", 45);
    many("http://a.a.a.a.example/", "; domain=a.a.example", 45);
    many("http://a.a.a.a.example/", "; domain=a.a.a.example", 45);
    many("http://a.a.a.a.example/", "", 45);
    assert_int_equal(in_field(sent("http://a.a.a.a.example/")), FSK_JAR_SENT);
    for (int i = 0; i < 3; i++) {
        memset(set, 'v', FSK_COOKIE_MAX);
        set[0] = (char)('a' + i);
        set[1] = '=';
        set[FSK_COOKIE_MAX - 10] = '\0';
        take("http://long.example/", set);
    }
    take("http://long.example/", "short=1");
    const char *field = sent("http://long.example/");
    assert_true(strlen(field) <= FSK_JAR_FIELD);
    assert_non_null(strstr(field, "short=1"));
    assert_int_equal(in_field(field), 3);
}

/* ---- The public face ------------------------------------------------------------------------- */

static enum fsock_err put(const char *name, const char *value, const char *domain, int64_t expires)
{
    struct fsock_cookie c;
    struct fsock_fault fault;
    fsock_cookie_init(&c);
    c.name = name;
    c.value = value;
    c.domain = domain;
    c.expires = expires;
    enum fsock_err err = fsock_jar_put(jar, &c, &fault);
    assert_int_equal(err, fault.err);
    assert_true(err == FSOCK_OK || fault.text[0]);
    return err;
}

static void put_and_listed(void **state)
{
    int64_t later = fsk_time_unix() / FSOCK_SECOND + 1000;
    struct fsock_cookie c;
    (void)state;
    assert_int_equal(put("a", "1", "h.example", 0), FSOCK_OK);
    assert_int_equal(put("", "alone", "I.example", later), FSOCK_OK);
    assert_int_equal(put("b", "", "h.example", later), FSOCK_OK);
    assert_int_equal(put("b", "", "h.example", 5), FSOCK_OK);
    assert_int_equal(put("c", "old", "h.example", -1), FSOCK_OK);
    fsock_cookies *all = fsock_jar_cookies(jar);
    assert_non_null(all);
    assert_int_equal(put("d", "4", "h.example", 0), FSOCK_OK);
    fsock_cookie_init(&c);
    assert_int_equal(fsock_cookies_next(all, &c), 1);
    assert_string_equal(c.name, "a");
    assert_string_equal(c.value, "1");
    assert_true(c.expires == 0 && !c.others_too && !c.secure && c.size == sizeof c);
    assert_int_equal(fsock_cookies_next(all, &c), 1);
    assert_string_equal(c.name, "");
    assert_string_equal(c.value, "alone");
    assert_string_equal(c.domain, "i.example");
    assert_string_equal(c.path, "/");
    assert_true(c.expires == later);
    assert_int_equal(fsock_cookies_next(all, &c), 0);
    fsock_cookies_free(all);
    fsock_cookies_free(NULL);
    fsock_jar_free(NULL);
}

static void refused(void **state)
{
    static char longest[FSK_COOKIE_MAX + 1];
    static const char *const rows[][3] = {
        {"a=",         "b",   "h.example"        },
        {"a;",         "b",   "h.example"        },
        {"a",          "b;c", "h.example"        },
        {"a",          "b\n", "h.example"        },
        {" a",         "b",   "h.example"        },
        {"",           "",    "h.example"        },
        {"",           "b=c", "h.example"        },
        {"a",          "b",   ""                 },
        {"a",          "b",   "h.example/x"      },
        {"a",          "b",   ".h.example"       },
        {"a",          "b",   "h\xc3\xb6.example"},
        {"__Secure-a", "b",   "h.example"        },
        {"__host-a",   "b",   "h.example"        }
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(put(rows[i][0], rows[i][1], rows[i][2], 0), FSOCK_ERR_INPUT);
    memset(longest, 'v', FSK_COOKIE_MAX);
    assert_int_equal(put("a", longest, "h.example", 0), FSOCK_ERR_INPUT);
    struct fsock_cookie c;
    fsock_cookie_init(&c);
    c.name = "a";
    c.domain = "co.uk";
    assert_int_equal(fsock_jar_put(jar, &c, NULL), FSOCK_OK);
    c.others_too = 1;
    assert_int_equal(fsock_jar_put(jar, &c, NULL), FSOCK_ERR_INPUT);
    c.domain = "a.co.uk";
    c.path = "x";
    assert_int_equal(fsock_jar_put(jar, &c, NULL), FSOCK_ERR_INPUT);
    c.path = NULL;
    assert_int_equal(fsock_jar_put(jar, &c, NULL), FSOCK_ERR_INPUT);
    c.size = 0;
    assert_int_equal(fsock_jar_put(jar, &c, NULL), FSOCK_ERR_INPUT);
    assert_int_equal(jar->n, 1);
}

/* ---- Threads --------------------------------------------------------------------------------- */

static void *use(void *arg)
{
    const char *host = arg;
    struct fsk_buf mine;
    struct fsk_cookie_scope scope = {.host = fsk_span_str(host), .safe = true};
    fsk_buf_init(&mine, 1 << 20);
    for (int i = 0; i < 3000; i++) {
        char field[64];
        int n =
            snprintf(field, sizeof field, "Set-Cookie: %d=%s; max-age=%d\r\n", i % 70, host, i % 3);
        fsk_jar_take(jar, fsk_span(field, (size_t)n), &scope, NOW);
        fsk_buf_clear(&mine);
        fsk_jar_write(jar, &scope, NOW, &mine);
        if (i % 100 == 0)
            fsock_cookies_free(fsock_jar_cookies(jar));
    }
    fsk_buf_fini(&mine);
    return NULL;
}

static void threads(void **state)
{
    static char hosts[][16] = {"a.h.example", "b.h.example", "c.example", "c.example"};
    pthread_t thread[4];
    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, use, hosts[i]), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(thread[i], NULL), 0);
    assert_true(in_field(sent("http://c.example/")) <= FSK_JAR_DOMAIN);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(kept_and_sent),
        TEST(order),
        TEST(identity),
        TEST(expiry),
        TEST(secure_stays),
        TEST(domain_limit),
        TEST(site_and_total_limit),
        TEST(limits_of_one),
        TEST(put_and_listed),
        TEST(refused),
        TEST(threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
