/* The hosts file, and names that are never asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "guard.h"
#include "wire/hosts.h"

static struct guard guard;

static const char file[] = "127.0.0.1\tlocalhost\r\n"
                           "# 192.0.2.66 web\n"
                           "\n"
                           "192.0.2.1 web.example.org  web\tWWW # 192.0.2.66 mail\n"
                           "  2001:db8::1 web\r\n"
                           "192.0.2.300 web\n"
                           "web 192.0.2.66\n"
                           "192.0.2.2\n"
                           "192.0.2.3 # web\n"
                           "fe80::1%eth0 printer.\n"
                           "fe80::2%3 printer2\n"
                           "192.0.2.4 last web";

static struct fsk_span text(const char *s, size_t n)
{
    return fsk_span(guard_copy(&guard, s, n), n);
}

static bool is(struct fsk_span span, const char *s)
{
    return fsk_span_eq(span, fsk_span_str(s));
}

static void entries(void **state)
{
    static const char *const expect[] = {
        "127.0.0.1 localhost", "192.0.2.1 web.example.org web WWW",
        "2001:db8::1 web",     "fe80::1 printer.",
        "fe80::2%3 printer2",  "192.0.2.4 last web",
    };
    struct fsk_span rest = text(file, sizeof file - 1), name;
    struct fsk_hosts_entry e;
    size_t i = 0;
    (void)state;

    for (; fsk_hosts_next(&rest, &e); i++) {
        char line[256];
        size_t n = fsk_addr_format(&e.addr, line);
        assert_true(i < sizeof expect / sizeof *expect);
        while (fsk_hosts_name(&e.names, &name))
            n += (size_t)snprintf(line + n, sizeof line - n, " %.*s", (int)name.n, name.p);
        assert_string_equal(line, expect[i]);
        assert_true(i == 3 ? is(e.zone, "eth0") : e.zone.n == 0);
    }
    assert_int_equal(i, sizeof expect / sizeof *expect);
    assert_false(fsk_hosts_next(&rest, &e));
    rest = fsk_span(NULL, 0);
    assert_false(fsk_hosts_next(&rest, &e));
}

/* A file that was cut anywhere gives a prefix of the entries, and nobody reads beyond its end. */
static void cut_anywhere(void **state)
{
    size_t before = 0;
    (void)state;
    for (size_t n = 0; n < sizeof file; n++) {
        struct fsk_span rest = text(file, n);
        struct fsk_hosts_entry e;
        size_t found = 0;
        while (fsk_hosts_next(&rest, &e))
            found++;
        assert_true(found == before || found == before + 1);
        before = found;
    }
    assert_int_equal(before, 6);
}

static void specials(void **state)
{
    static const struct {
        const char *name;
        enum fsk_special special;
    } cases[] = {
        {"localhost",         FSK_SPECIAL_LOCALHOST},
        {"LocalHost.",        FSK_SPECIAL_LOCALHOST},
        {"a.b.localhost",     FSK_SPECIAL_LOCALHOST},
        {"xlocalhost",        FSK_SPECIAL_NONE     },
        {"localhost.example", FSK_SPECIAL_NONE     },
        {"localhost..",       FSK_SPECIAL_NONE     },
        {"printer.local",     FSK_SPECIAL_LOCAL    },
        {"x.onion.",          FSK_SPECIAL_ONION    },
        {"no.invalid",        FSK_SPECIAL_INVALID  },
        {"example.org",       FSK_SPECIAL_NONE     },
        {".",                 FSK_SPECIAL_NONE     },
        {"",                  FSK_SPECIAL_NONE     },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (fsk_special_name(text(cases[i].name, strlen(cases[i].name))) != cases[i].special)
            fail_msg("%s", cases[i].name);
    assert_int_equal(fsk_special_name(fsk_span(NULL, 0)), FSK_SPECIAL_NONE);
}

static void localhost(void **state)
{
    struct fsk_addr a[2];
    char out[FSK_ADDR_TEXT];
    (void)state;

    assert_int_equal(fsk_localhost_addrs(0, a), 2);
    fsk_addr_format(&a[0], out);
    assert_string_equal(out, "127.0.0.1");
    fsk_addr_format(&a[1], out);
    assert_string_equal(out, "::1");
    assert_int_equal(fsk_localhost_addrs(4, a), 1);
    assert_int_equal(a[0].family, 4);
    assert_int_equal(fsk_localhost_addrs(6, a), 1);
    assert_int_equal(a[0].family, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(specials),
        cmocka_unit_test(localhost),
    };
    guard_init(&guard, 8192);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
