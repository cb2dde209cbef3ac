/* resolv.conf and the order of the names to try. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "guard.h"
#include "wire/resolvconf.h"

static struct guard guard;
static struct fsk_resolvconf conf;

static void parse(const char *text)
{
    size_t n = strlen(text);
    fsk_resolvconf_parse(&conf, fsk_span(guard_copy(&guard, text, n), n));
}

/* The servers, parted by blanks, as "192.0.2.1:53". */
static const char *servers(void)
{
    static char out[1024];
    size_t n = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < conf.servers; i++) {
        if (i)
            out[n++] = ' ';
        n += fsk_addr_format_port(&conf.server[i].addr, out + n);
    }
    return out;
}

static const char *searches(void)
{
    static char out[FSK_RESOLVCONF_SEARCH * FSK_DNAME_TEXT];
    size_t n = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < conf.searches; i++) {
        if (i)
            out[n++] = ' ';
        n += fsk_dname_to_text(&conf.search[i], out + n);
    }
    return out;
}

static void defaults(void **state)
{
    (void)state;
    fsk_resolvconf_parse(&conf, fsk_span(NULL, 0));
    assert_string_equal(servers(), "127.0.0.1:53");
    assert_int_equal(conf.timeout, 5);
    assert_int_equal(conf.attempts, 2);
    assert_int_equal(conf.ndots, 1);
    assert_false(conf.has_search);
    assert_int_equal(conf.searches, 0);
    assert_false(conf.rotate || conf.use_vc || conf.single_request || conf.no_aaaa);
}

static void ordinary_file(void **state)
{
    (void)state;
    parse("# made by hand\n"
          "; and so\n"
          "domain example.org\r\n"
          "search corp.example example. # near\r\n"
          "nameserver 192.0.2.1\n"
          "\tnameserver\t2001:db8::53   ; far\n"
          "nameserver 192.0.2.1.2\n"
          "nameserver example.org\n"
          "nameserver\n"
          "nameserverx 192.0.2.9\n"
          "#nameserver 192.0.2.9\n"
          "sortlist 192.0.2.0/255.255.255.0\n"
          "options ndots:2 timeout:3 attempts:4 rotate edns0\r\n"
          "options use-vc single-request no-aaaa trust-ad frobnicate:7\n"
          "nameserver fe80::1%eth0\n"
          "nameserver fe80::1%7");
    assert_string_equal(servers(), "192.0.2.1:53 [2001:db8::53]:53 [fe80::1]:53 [fe80::1%7]:53");
    assert_string_equal(conf.server[0].zone, "");
    assert_string_equal(conf.server[2].zone, "eth0");
    assert_string_equal(conf.server[3].zone, "");
    assert_true(conf.has_search);
    assert_string_equal(searches(), "corp.example. example.");
    assert_int_equal(conf.ndots, 2);
    assert_int_equal(conf.timeout, 3);
    assert_int_equal(conf.attempts, 4);
    assert_true(conf.rotate && conf.use_vc && conf.single_request && conf.no_aaaa);
}

static void last_search_wins(void **state)
{
    (void)state;
    parse("search a b\ndomain c d\n");
    assert_string_equal(searches(), "c.");
    parse("domain c\nsearch a ..bad b\n");
    assert_string_equal(searches(), "a. b.");
    parse("search a\nsearch\n");
    assert_string_equal(searches(), "");
    assert_true(conf.has_search);
}

static void ceilings(void **state)
{
    char text[4096] = "";
    size_t n = 0;
    (void)state;

    for (int i = 0; i < 12; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "nameserver 192.0.2.%d\n", i);
    n += (size_t)snprintf(text + n, sizeof text - n, "search");
    for (int i = 0; i < 40; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, " d%d", i);
    parse(text);
    assert_int_equal(conf.servers, FSK_RESOLVCONF_SERVERS);
    assert_int_equal(conf.server[7].addr.ip[3], 7);
    assert_int_equal(conf.searches, FSK_RESOLVCONF_SEARCH);
    parse("options ndots:16 timeout:31 attempts:6");
    assert_true(conf.ndots == 15 && conf.timeout == 30 && conf.attempts == 5);
    parse("options ndots:99999999999999999999 timeout:4294967297 attempts:4294967296");
    assert_true(conf.ndots == 15 && conf.timeout == 30 && conf.attempts == 5);
    parse("options ndots:0 timeout:0 attempts:0");
    assert_true(conf.ndots == 0 && conf.timeout == 1 && conf.attempts == 1);
    parse("options ndots: timeout:x attempts:-1 ndots timeout:3s rotat rotate2");
    assert_true(conf.ndots == 1 && conf.timeout == 5 && conf.attempts == 2 && !conf.rotate);
}

static void zone_too_long(void **state)
{
    (void)state;
    parse("nameserver fe80::1%fifteen-letters\n"
          "nameserver fe80::1%sixteen-letters-\n");
    assert_int_equal(conf.servers, 1);
    assert_string_equal(conf.server[0].zone, "fifteen-letters");
}

static void environment(void **state)
{
    (void)state;
    parse("search a\noptions ndots:3\n");
    fsk_resolvconf_search(&conf, FSK_SPAN("x.example y.example"));
    fsk_resolvconf_options(&conf, FSK_SPAN("ndots:2 rotate"));
    assert_string_equal(searches(), "x.example. y.example.");
    assert_true(conf.ndots == 2 && conf.rotate);

    fsk_resolvconf_hostname(&conf, FSK_SPAN("box.example.org"));
    assert_string_equal(searches(), "example.org.");
    fsk_resolvconf_hostname(&conf, FSK_SPAN("box"));
    assert_string_equal(searches(), "");
    fsk_resolvconf_hostname(&conf, FSK_SPAN("box."));
    assert_string_equal(searches(), "");
    fsk_resolvconf_hostname(&conf, fsk_span(NULL, 0));
    assert_string_equal(searches(), "");
}

/* The candidates of a name, parted by blanks. */
static const char *candidates(const char *name)
{
    static char out[4096];
    struct fsk_candidates it;
    struct fsk_dname d;
    size_t n = 0;

    out[0] = '\0';
    assert_int_equal(fsk_candidates_init(&it, &conf, fsk_span_str(name)), FSK_DNAME_OK);
    while (fsk_candidates_next(&it, &d)) {
        assert_true(n < 2 * FSK_DNAME_TEXT);
        if (n)
            out[n++] = ' ';
        n += fsk_dname_to_text(&d, out + n);
    }
    assert_false(fsk_candidates_next(&it, &d));
    return out;
}

static void candidate_order(void **state)
{
    (void)state;
    parse("search a b.c\n");
    assert_string_equal(candidates("www"), "www.a. www.b.c. www.");
    assert_string_equal(candidates("www.x"), "www.x. www.x.a. www.x.b.c.");
    assert_string_equal(candidates("www."), "www.");
    assert_string_equal(candidates("www.x."), "www.x.");
    assert_string_equal(candidates("."), ".");
    assert_string_equal(candidates("w\\.w"), "w\\.w.a. w\\.w.b.c. w\\.w."); /* no dots */
    assert_string_equal(candidates("w\\."), "w\\..a. w\\..b.c. w\\..");     /* not absolute */
    assert_string_equal(candidates("w\\\\."), "w\\\\.");                    /* absolute */
    parse("search a\noptions ndots:2\n");
    assert_string_equal(candidates("www.x"), "www.x.a. www.x.");
    assert_string_equal(candidates("www.x.y"), "www.x.y. www.x.y.a.");
    parse("search a\noptions ndots:0\n");
    assert_string_equal(candidates("www"), "www. www.a.");
    parse("");
    assert_string_equal(candidates("www"), "www.");
    assert_string_equal(candidates("www.x"), "www.x.");
}

/* "." in the search list is the name as it is, and is not asked for twice. */
static void candidate_root(void **state)
{
    (void)state;
    parse("search . a\n");
    assert_string_equal(candidates("www"), "www. www.a.");
    assert_string_equal(candidates("www.x"), "www.x. www.x.a.");
    parse("search a . .\n");
    assert_string_equal(candidates("www"), "www.a. www.");
}

static void candidate_too_long(void **state)
{
    char text[300] = "search a ", name[251];
    struct fsk_candidates it;
    struct fsk_dname d;
    (void)state;

    for (size_t i = 0; i < sizeof name - 1; i++) /* 250 characters, 252 bytes */
        name[i] = i % 50 == 49 ? '.' : 'x';
    name[sizeof name - 2] = 'x';
    name[sizeof name - 1] = '\0';
    memcpy(text + 9, "bbb", 4);
    parse(text);
    assert_int_equal(fsk_candidates_init(&it, &conf, fsk_span_str(name)), FSK_DNAME_OK);
    assert_true(fsk_candidates_next(&it, &d));
    assert_int_equal(d.n, 252);
    assert_true(fsk_candidates_next(&it, &d));
    assert_int_equal(d.n, 254); /* with "a"; "bbb" would make 256 */
    assert_false(fsk_candidates_next(&it, &d));
    assert_int_equal(fsk_candidates_init(&it, &conf, FSK_SPAN("a..b")), FSK_DNAME_EMPTY_LABEL);
    assert_int_equal(fsk_candidates_init(&it, &conf, fsk_span(NULL, 0)), FSK_DNAME_EMPTY);
}

/* Cut anywhere, at a closed page: no step over the end, and never without a server. */
static void cut_anywhere(void **state)
{
    static const char text[] = "search a b\r\nnameserver ::1\noptions ndots:5 rotate\n#x\n;";
    (void)state;
    for (size_t n = 0; n < sizeof text; n++) {
        fsk_resolvconf_parse(&conf, fsk_span(guard_copy(&guard, text, n), n));
        assert_int_equal(conf.servers, 1);
        assert_int_equal(conf.searches, n < 8 ? 0 : n < 10 ? 1 : 2);
        assert_int_equal(conf.ndots, n < 42 ? 1 : 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),           cmocka_unit_test(ordinary_file),
        cmocka_unit_test(last_search_wins),   cmocka_unit_test(ceilings),
        cmocka_unit_test(zone_too_long),      cmocka_unit_test(environment),
        cmocka_unit_test(candidate_order),    cmocka_unit_test(candidate_root),
        cmocka_unit_test(candidate_too_long), cmocka_unit_test(cut_anywhere),
    };
    guard_init(&guard, 8192);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
