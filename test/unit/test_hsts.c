/* Hosts that want https: what their answers say, who is known then, who is forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <pthread.h>

#include "base/time.h"
#include "guard.h"
#include "op/aim.h"
#include "op/hsts.h"
#include "wire/hsts.h"

#define NOW INT64_C(1000)

static struct guard guard;
static fsock_hsts *hsts;

static int set_up(void **state)
{
    (void)state;
    hsts = fsock_hsts_new();
    return hsts ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    fsock_hsts_free(hsts);
    return 0;
}

/* ---- The field ------------------------------------------------------------------------------- */

static bool parse(const char *text, size_t n, struct fsk_hsts *said)
{
    return fsk_hsts_parse(fsk_span(guard_copy(&guard, text, n), n), said);
}

static void field(void **state)
{
    static const struct {
        const char *text;
        int64_t max_age; /* -1: it counts for nothing */
        bool subdomains;
    } rows[] = {
        {"max-age=31536000",                                31536000,         false},
        {"Max-Age=\"1\"",                                   1,                false},
        {" max-age = 1 ; IncludeSubdomains ",               1,                true },
        {"includeSubDomains; preload; max-age=5",           5,                true },
        {"max-age=0; includeSubDomains",                    0,                true },
        {";; max-age=1;",                                   1,                false},
        {"max-age=1; x=\"a;max-age=2\\\";\"; y",            1,                false},
        {"max-age=99999999999999999999999",                 FSK_HSTS_AGE_MAX, false},
        {"max-age=1; includeSubDomains=\"ignored\"",        1,                true },
        {"",                                                -1,               false},
        {"includeSubDomains",                               -1,               false},
        {"max-age",                                         -1,               false},
        {"max-age=",                                        -1,               false},
        {"max-age=\"\"",                                    -1,               false},
        {"max-age=-1",                                      -1,               false},
        {"max-age=1x",                                      -1,               false},
        {"max-age=1 2",                                     -1,               false},
        {"max-age=1; max-age=1",                            -1,               false},
        {"max-age=1; includeSubDomains; includesubdomains", -1,               false},
        {"max-age=1; a b",                                  -1,               false},
        {"max-age=1; x=\"open",                             -1,               false},
        {"max-age=\"1",                                     -1,               false},
        {"max-age=1, max-age=2",                            -1,               false},
    };
    struct fsk_hsts said;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool good = parse(rows[i].text, strlen(rows[i].text), &said);
        assert_int_equal(good ? said.max_age : -1, rows[i].max_age);
        assert_true(!good || said.subdomains == rows[i].subdomains);
    }
}

/* No cut makes more of it than it says. */
static void cut(void **state)
{
    static const char text[] = "x=\"a\\\";\"; max-age=\"123\"; includeSubDomains";
    struct fsk_hsts said;
    (void)state;
    for (size_t n = 0; n < sizeof text; n++)
        if (parse(text, n, &said))
            assert_true(said.max_age == 123 && said.subdomains == (n == sizeof text - 1));
}

/* ---- Who is known ---------------------------------------------------------------------------- */

static void take_at(const char *host, const char *value, int64_t now)
{
    char fields[300];
    snprintf(fields, sizeof fields, "X: y\r\nstrict-transport-security: %s\r\n", value);
    assert_int_equal(fsk_hsts_take(hsts, fsk_span_str(fields), fsk_span_str(host), now), FSOCK_OK);
}

static bool knows_at(const char *host, int64_t now)
{
    return fsk_hsts_knows(hsts, fsk_span_str(host), now);
}

static void hosts(void **state)
{
    (void)state;
    take_at("a.example", "max-age=10", NOW);
    take_at("B.example.", "max-age=10; includeSubDomains", NOW);
    assert_true(knows_at("a.example", NOW) && knows_at("A.Example.", NOW));
    assert_true(knows_at("b.example", NOW) && knows_at("x.y.b.example", NOW));
    assert_false(knows_at("x.a.example", NOW) || knows_at("example", NOW));
    assert_false(knows_at("xb.example", NOW) || knows_at("b.example.org", NOW));
    assert_false(knows_at("", NOW) || knows_at(".", NOW) || knows_at("a..example", NOW));
}

/* What is below is meant, even if it has said otherwise for what is below itself. */
static void nearer_hosts_narrow_nothing(void **state)
{
    (void)state;
    take_at("example", "max-age=10; includeSubDomains", NOW);
    take_at("a.example", "max-age=5", NOW);
    assert_true(knows_at("x.a.example", NOW));
    take_at("a.example", "max-age=0", NOW);
    assert_true(knows_at("a.example", NOW));
}

static void forgotten(void **state)
{
    (void)state;
    take_at("a.example", "max-age=10; includeSubDomains", NOW);
    assert_true(knows_at("a.example", NOW + 9));
    assert_false(knows_at("a.example", NOW + 10));
    take_at("a.example", "max-age=10; includeSubDomains", NOW);
    take_at("a.example", "nonsense", NOW);
    assert_true(knows_at("x.a.example", NOW));
    take_at("a.example", "max-age=10", NOW + 5);
    assert_true(knows_at("a.example", NOW + 14) && !knows_at("x.a.example", NOW + 14));
    take_at("a.example", "max-age=0", NOW + 6);
    assert_false(knows_at("a.example", NOW + 6));
}

static void the_first_field_counts(void **state)
{
    static const char fields[] = "Strict-Transport-Security: max-age=0\r\n"
                                 "Strict-Transport-Security: max-age=9\r\n";
    (void)state;
    assert_int_equal(fsk_hsts_take(hsts, FSK_SPAN(fields), FSK_SPAN("a.example"), NOW), FSOCK_OK);
    assert_false(knows_at("a.example", NOW));
}

static void no_hosts(void **state)
{
    static const char *const names[] = {
        "127.0.0.1", "::1", "", ".", ".a", "a b", "a/b", "a\nb", "\xc3\xa4.example"};
    char name[FSK_HSTS_HOST_MAX + 2];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(fsock_hsts_put(hsts, names[i], INT64_MAX, 1), FSOCK_ERR_INPUT);
        take_at(names[i], "max-age=10", NOW);
        assert_false(knows_at(names[i], NOW));
    }
    memset(name, 'a', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_int_equal(fsock_hsts_put(hsts, name, INT64_MAX, 0), FSOCK_ERR_INPUT);
    assert_int_equal(fsock_hsts_put(hsts, name + 1, INT64_MAX, 0), FSOCK_OK);
}

/* Of too many the one not used for the longest time goes. */
static void limit(void **state)
{
    char name[40];
    (void)state;
    for (int i = 0; i < FSK_HSTS_MAX; i++) {
        snprintf(name, sizeof name, "h%d.example", i);
        assert_int_equal(fsk_hsts_put(hsts, fsk_span_str(name), NOW + 1, false, NOW), FSOCK_OK);
    }
    assert_true(knows_at("h0.example", NOW));
    take_at("new.example", "max-age=10", NOW);
    assert_true(knows_at("new.example", NOW) && knows_at("h0.example", NOW));
    assert_false(knows_at("h1.example", NOW));
    assert_int_equal(hsts->hosts.n, FSK_HSTS_MAX);
}

/* ---- The caller's face ----------------------------------------------------------------------- */

static void copies(void **state)
{
    int64_t now = fsk_time_unix() / FSOCK_SECOND, expires = 0;
    int subdomains = 0;
    (void)state;
    assert_int_equal(fsock_hsts_put(hsts, "B.example", INT64_MAX, 1), FSOCK_OK);
    assert_int_equal(fsock_hsts_put(hsts, "a.example.", now + 100, 0), FSOCK_OK);
    assert_int_equal(fsock_hsts_put(hsts, "c.example", now + 100, 0), FSOCK_OK);
    assert_int_equal(fsock_hsts_put(hsts, "c.example", now - 1, 0), FSOCK_OK);
    fsock_hsts_hosts *all = fsock_hsts_known(hsts);
    assert_int_equal(fsock_hsts_put(hsts, "d.example", now + 100, 0), FSOCK_OK);
    assert_string_equal(fsock_hsts_next(all, &expires, &subdomains), "a.example");
    assert_true(expires == now + 100 && !subdomains);
    assert_string_equal(fsock_hsts_next(all, &expires, &subdomains), "b.example");
    assert_true(expires == INT64_MAX && subdomains == 1);
    assert_null(fsock_hsts_next(all, &expires, &subdomains));
    fsock_hsts_hosts_free(all);
    assert_null(fsock_hsts_next(NULL, &expires, &subdomains));
}

static void *many(void *arg)
{
    char name[40];
    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "h%d.example", i % 50);
        take_at(name, i % 7 ? "max-age=10; includeSubDomains" : "max-age=0", NOW);
        knows_at(name, NOW);
        if (i % 100 == 0)
            fsock_hsts_hosts_free(fsock_hsts_known(hsts));
    }
    return arg;
}

static void threads(void **state)
{
    pthread_t thread[4];
    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, many, NULL), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
}

/* ---- Where requests go ----------------------------------------------------------------------- */

struct way {
    struct fsk_routes *routes;
    struct fsk_aim_memory memory;
    struct fsk_aim aim;
    struct fsock_fault fault;
};

static void way_init(struct way *w)
{
    struct fsock_options options;
    fsock_options_init(&options);
    options.hsts = hsts;
    w->routes = fsk_routes_new(&options, &w->fault);
    assert_non_null(w->routes);
    fsk_aim_memory_init(&w->memory);
}

static void way_fini(struct way *w)
{
    fsk_aim_memory_fini(&w->memory);
    fsk_routes_free(w->routes);
}

static void leads(struct way *w, const char *url, const char *to, const char *key)
{
    struct fsk_span place;
    struct fsk_aim queued;
    assert_int_equal(
        fsk_aim_place(&queued, fsk_span_str(url), w->routes, &w->memory, &place, &w->fault),
        FSOCK_OK);
    assert_true(fsk_span_eq(place, fsk_span_str(key)));
    fsk_aim_fini(&queued);
    assert_int_equal(fsk_aim_init(&w->aim, fsk_span_str(url), w->routes, &w->memory, &w->fault),
                     FSOCK_OK);
    assert_string_equal(w->aim.text.mem, to);
    assert_true(fsk_span_eq(fsk_buf_span(&w->aim.place), fsk_span_str(key)));
    fsk_aim_fini(&w->aim);
}

static void aims(void **state)
{
    struct way w;
    (void)state;
    way_init(&w);
    leads(&w, "http://a.example/1", "http://a.example/1", "a.example:80");
    fsock_hsts_put(hsts, "a.example", INT64_MAX, 0);
    for (int i = 0; i < 2; i++) {
        leads(&w, "http://a.example/1?x#y", "https://a.example/1?x#y", "a.example:443 tls");
        leads(&w, "a.example", "https://a.example", "a.example:443 tls");
    }
    leads(&w, "http://a.example:80/", "https://a.example/", "a.example:443 tls");
    leads(&w, "http://a.example:8080/", "https://a.example:8080/", "a.example:8080 tls");
    leads(&w, "http://A.Example./", "https://a.example./", "a.example.:443 tls");
    leads(&w, "https://a.example:80/", "https://a.example:80/", "a.example:80 tls");
    leads(&w, "http://b.a.example/", "http://b.a.example/", "b.a.example:80");
    leads(&w, "http://127.0.0.1/", "http://127.0.0.1/", "127.0.0.1:80");
    leads(&w, "http://a.example/1", "https://a.example/1", "a.example:443 tls");
    fsock_hsts_put(hsts, "a.example", 0, 0);
    leads(&w, "http://a.example/1", "http://a.example/1", "a.example:80");
    way_fini(&w);
}

/* A redirect to http is none, if that becomes https; and one that was aimed before may rise. */
static void aims_again(void **state)
{
    struct fsk_aim_kin kin;
    struct way w;
    bool risen = true;
    (void)state;
    way_init(&w);
    fsk_aim_init(&w.aim, FSK_SPAN("http://u:p@a.example:81/x"), w.routes, NULL, &w.fault);
    assert_int_equal(fsk_aim_rise(&w.aim, w.routes, &risen, &w.fault), FSOCK_OK);
    assert_false(risen);
    fsock_hsts_put(hsts, "a.example", INT64_MAX, 0);
    assert_int_equal(fsk_aim_rise(&w.aim, w.routes, &risen, &w.fault), FSOCK_OK);
    assert_true(risen && w.aim.target.tls);
    assert_string_equal(w.aim.text.mem, "https://a.example:81/x");
    assert_true(fsk_span_eq(fsk_buf_span(&w.aim.userinfo), FSK_SPAN("u:p")));
    assert_int_equal(fsk_aim_rise(&w.aim, w.routes, &risen, &w.fault), FSOCK_OK);
    assert_false(risen);
    assert_int_equal(
        fsk_aim_redirect(&w.aim, FSK_SPAN("http://a.example:81/y"), w.routes, &kin, &w.fault),
        FSOCK_OK);
    assert_true(kin.same_origin && w.aim.target.tls);
    assert_int_equal(
        fsk_aim_redirect(&w.aim, FSK_SPAN("http://b.example/"), w.routes, &kin, &w.fault),
        FSOCK_ERR_REDIRECTS);
    fsk_aim_fini(&w.aim);
    way_fini(&w);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(field),     TEST(cut),
        TEST(hosts),     TEST(nearer_hosts_narrow_nothing),
        TEST(forgotten), TEST(the_first_field_counts),
        TEST(no_hosts),  TEST(limit),
        TEST(copies),    TEST(threads),
        TEST(aims),      TEST(aims_again),
    };
    guard_init(&guard, 4096);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
