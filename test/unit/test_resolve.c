/* Name lookup: what name servers say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "resolve_rig.h"

static void both_families(void **state)
{
    struct env *e = *state;
    serve_and_resolve(e, DNS_GOOD);
    unsigned fds = open_fds();
    assert_int_equal(look(e, "Both.Example", 0, FSOCK_SECOND), FSOCK_OK);
    assert_int_equal(e->w.wish.n, 2);
    assert_int_not_equal(e->w.wish.addr[0].family, e->w.wish.addr[1].family);
    assert_int_equal(e->w.wish.addr[1].port, 80);
    assert_true(e->w.wish.settled && e->w.wish.from_network);
    assert_int_equal(open_fds(), fds); /* no question, no socket */
    assert_int_equal(look(e, "both.example", 6, FSOCK_SECOND), FSOCK_OK);
    has(e, "[2001:db8::1]:80", "");
    assert_int_equal(e->server[0].a, 1); /* and none for the second one */
    assert_int_equal(look(e,
                          "b\xc3\xbc"
                          "cher.example",
                          4, FSOCK_SECOND),
                     FSOCK_OK);
    has(e, "192.0.2.1:80", "");
}

static void names_without_addresses(void **state)
{
    struct env *e = *state;
    serve_and_resolve(e, DNS_GOOD);
    assert_int_equal(look(e, "nx.example", 0, FSOCK_SECOND), FSOCK_ERR_NAME);
    assert_int_equal(e->w.fault.stage, FSOCK_STAGE_RESOLVE);
    says(e, "resolve nx.example: the name does not exist (NXDOMAIN from 127.0.0.1:");
    assert_int_equal(look(e, "empty.example", 0, FSOCK_SECOND), FSOCK_ERR_NAME);
    says(e, "resolve empty.example: has no address");
    assert_int_equal(look(e, "v4only.example", 6, FSOCK_SECOND), FSOCK_ERR_NAME);
    says(e, "has no IPv6 address");
    assert_int_equal(look(e, "v4only.example", 0, FSOCK_SECOND), FSOCK_OK);
    has(e, "192.0.2.1:80", "");
    unsigned n = asked(e);
    assert_int_equal(look(e, "x.invalid", 0, FSOCK_SECOND), FSOCK_ERR_NAME);
    assert_int_equal(look(e, "x.onion", 0, FSOCK_SECOND), FSOCK_ERR_NAME);
    assert_non_null(strstr(e->w.fault.hint, "Tor"));
    assert_int_equal(asked(e), n);
    assert_int_equal(look(e, "nx.local", 0, FSOCK_SECOND), FSOCK_ERR_NAME);
    assert_non_null(strstr(e->w.fault.hint, "multicast DNS"));
}

static void aliases(void **state)
{
    struct env *e = *state;
    serve_and_resolve(e, DNS_GOOD);
    assert_int_equal(look(e, "alias.example", 0, FSOCK_SECOND), FSOCK_OK);
    assert_int_equal(e->w.wish.n, 2);
    assert_int_equal(look(e, "loop.example", 0, FSOCK_SECOND), FSOCK_ERR_DNS);
    says(e, "CNAME");
    assert_true(asked(e) < 50);
}

static void cut_off_by_udp(void **state)
{
    struct env *e = *state;
    serve_and_resolve(e, DNS_GOOD);
    assert_int_equal(look(e, "big.example", 0, FSOCK_SECOND), FSOCK_OK);
    assert_int_equal(e->w.wish.n, 2);
    assert_int_equal(e->server[0].by_udp, 2);
    assert_int_equal(e->server[0].by_tcp, 2);
}

static void by_tcp_only(void **state)
{
    struct env *e = *state;
    write_file(e->conf, "options use-vc\n");
    serve_and_resolve(e, DNS_NO_EDNS);
    assert_int_equal(look(e, "both.example", 0, FSOCK_SECOND), FSOCK_OK);
    assert_int_equal(e->w.wish.n, 2);
    assert_int_equal(e->server[0].by_udp, 0);
}

static void options_of_resolv_conf(void **state)
{
    struct env *e = *state;
    write_file(e->conf, "options no-aaaa\n");
    serve_and_resolve(e, DNS_GOOD);
    assert_int_equal(look(e, "both.example", 0, FSOCK_SECOND), FSOCK_OK);
    has(e, "192.0.2.1:80", "");
    assert_int_equal(e->server[0].aaaa, 0);
    assert_int_equal(look(e, "both.example", 6, FSOCK_SECOND), FSOCK_ERR_NAME);
    fsk_resolver_free(e->resolver);
    write_file(e->conf, "options single-request\n");
    resolver(e, NULL);
    assert_int_equal(look(e, "mute6.example", 0, 300 * MS), FSOCK_OK);
    has(e, "192.0.2.1:80", "");
}

static void search_list(void **state)
{
    struct env *e = *state;
    write_file(e->conf, "search nowhere.example corp.example\n");
    serve_and_resolve(e, DNS_GOOD);
    assert_int_equal(look(e, "web", 4, FSOCK_SECOND), FSOCK_OK);
    has(e, "192.0.2.1:80", "");
    assert_int_equal(asked(e), 2);
    assert_int_equal(look(e, "web.", 4, FSOCK_SECOND), FSOCK_ERR_NAME);
    assert_int_equal(asked(e), 3);
    assert_int_equal(look(e, "fails", 4, FSOCK_SECOND), FSOCK_ERR_DNS);
    assert_int_equal(asked(e), 5); /* twice the first candidate; no other in its place */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        BOTH_DRIVERS(both_families), BOTH_DRIVERS(names_without_addresses),
        BOTH_DRIVERS(aliases),       BOTH_DRIVERS(cut_off_by_udp),
        BOTH_DRIVERS(by_tcp_only),   BOTH_DRIVERS(options_of_resolv_conf),
        BOTH_DRIVERS(search_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
