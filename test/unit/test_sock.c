/*
 * Sockets: addresses in and out of the kernel's form, and what --bind takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/sock.h"
#include "net/sockopt.h"

static void test_addresses_both_ways(void **state)
{
    (void)state;
    static const char *const texts[] = {"192.0.2.1:80", "[2001:db8::7]:443", "[fe80::1%3]:1"};
    static const int families[] = {AF_INET, AF_INET6, AF_INET6};
    for (int i = 0; i < 3; i++) {
        struct fsk_addr in, out;
        struct fsk_sockaddr sa;
        assert_true(fsk_addr_parse_port(fsk_span_str(texts[i]), 0, &in, NULL));
        fsk_sockaddr_from_addr(&sa, &in);
        assert_int_equal(sa.ss.ss_family, families[i]);
        fsk_sockaddr_to_addr(&out, &sa);
        assert_true(fsk_addr_equal(&in, &out));
    }
}

static void test_paths(void **state)
{
    (void)state;
    struct fsk_sockaddr sa;
    const struct sockaddr_un *un = (const struct sockaddr_un *)&sa.ss;
    const socklen_t before = offsetof(struct sockaddr_un, sun_path);
    struct fsk_addr addr;
    char longest[108];
    memset(longest, 'a', sizeof longest);

    assert_int_equal(fsk_sockaddr_from_path(&sa, FSK_SPAN("/run/x")), 0);
    assert_int_equal(un->sun_family, AF_UNIX);
    assert_string_equal(un->sun_path, "/run/x");
    assert_int_equal(sa.len, before + 7);
    fsk_sockaddr_to_addr(&addr, &sa);
    assert_int_equal(addr.family, 0);

    assert_int_equal(fsk_sockaddr_from_path(&sa, FSK_SPAN("\0name")), 0);
    assert_memory_equal(un->sun_path, "\0name", 5);
    assert_int_equal(sa.len, before + 5);

    assert_int_equal(fsk_sockaddr_from_path(&sa, fsk_span(longest, 107)), 0);
    assert_int_equal(fsk_sockaddr_from_path(&sa, fsk_span(longest, 108)), ENAMETOOLONG);
    assert_int_equal(fsk_sockaddr_from_path(&sa, FSK_SPAN("")), EINVAL);
    assert_int_equal(fsk_sockaddr_from_path(&sa, FSK_SPAN("\0")), EINVAL);
    assert_int_equal(fsk_sockaddr_from_path(&sa, FSK_SPAN("a\0b")), EINVAL);
    assert_int_equal(fsk_sockaddr_from_path(&sa, FSK_SPAN("\0a\0b")), EINVAL);
}

static void test_bind_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *addr;
    } rows[] = {
        {"192.0.2.1",    "192.0.2.1:0"  },
        {"192.0.2.1:99", "192.0.2.1:99" },
        {"::1",          "[::1]:0"      },
        {"[::1]:99",     "[::1]:99"     },
        {"[::1]",        "[::1]:0"      },
        {"fe80::1%lo",   "[fe80::1%1]:0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fsk_bind bind;
        struct fsock_fault fault = {.err = FSOCK_OK};
        char text[FSK_ADDR_TEXT];
        assert_int_equal(fsk_bind_parse(&bind, rows[i].text, &fault), FSOCK_OK);
        bool v6 = strchr(rows[i].addr, '[') != NULL;
        fsk_addr_format_port(&bind.addr[v6], text);
        assert_string_equal(text, rows[i].addr);
        assert_int_equal(bind.addr[!v6].family, 0);
        assert_string_equal(bind.interface, "");
    }
}

static void test_bind_interfaces_and_nonsense(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "no-such-if",
                                      "192.0.2.1:99999",
                                      "192.0.2.256",
                                      "a-very-long-interface-name",
                                      "fe80::1%no-such-if",
                                      "[::1",
                                      "localhost:1"};
    struct fsk_bind bind;
    struct fsock_fault fault = {.err = FSOCK_OK};
    assert_int_equal(fsk_bind_parse(&bind, "lo", &fault), FSOCK_OK);
    assert_string_equal(bind.interface, "lo");
    assert_int_equal(bind.addr[0].family + bind.addr[1].family, 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fault = (struct fsock_fault){.err = FSOCK_OK};
        assert_int_equal(fsk_bind_parse(&bind, bad[i], &fault), FSOCK_ERR_INPUT);
        assert_non_null(strstr(fault.text, bad[i]));
    }
}

static struct fsk_addr local_of(int fd)
{
    struct fsk_sockaddr sa = {.len = sizeof sa.ss};
    struct fsk_addr addr;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&sa.ss, &sa.len), 0);
    fsk_sockaddr_to_addr(&addr, &sa);
    return addr;
}

static void test_a_bound_connection_comes_from_there(void **state)
{
    (void)state;
    struct fsk_bind source;
    struct fsk_sockaddr sa;
    struct fsk_addr server = {
        .family = 4, .ip = {127, 0, 0, 1}
    };
    int listener, fd;
    assert_int_equal(fsk_sock_new(NULL, 0, AF_INET, SOCK_STREAM, &listener), 0);
    fsk_sockaddr_from_addr(&sa, &server);
    assert_int_equal(bind(listener, (struct sockaddr *)&sa.ss, sa.len), 0);
    assert_int_equal(listen(listener, 4), 0);
    server = local_of(listener);
    fsk_sockaddr_from_addr(&sa, &server);

    assert_int_equal(fsk_bind_parse(&source, "127.0.0.9", NULL), FSOCK_OK);
    assert_int_equal(fsk_sock_new(NULL, 0, AF_INET, SOCK_STREAM, &fd), 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_int_equal(fsk_sock_bind(NULL, fd, AF_INET, &source), 0);
    fsk_tuning_apply(&(struct fsk_tuning){.user_timeout_ms = 7000}, NULL, fd, true);
    int err = fsk_sock_connect(NULL, fd, &sa);
    assert_true(err == 0 || err == EINPROGRESS);
    struct fsk_addr from = local_of(fd);
    assert_int_equal(from.ip[3], 9);
    assert_true(from.port > 0);
    int value = 0;
    socklen_t len = sizeof value;
    getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &len);
    assert_true(value);
    getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &value, &len);
    assert_int_equal(value, 7000);
    close(fd);

    /* Nothing is said for IPv6. */
    assert_int_equal(fsk_sock_bind(NULL, -1, AF_INET6, &source), 0);
    assert_int_equal(fsk_sock_bind(NULL, -1, AF_INET, NULL), 0);
    close(listener);
}

static void test_refused_and_errors(void **state)
{
    (void)state;
    struct fsk_addr addr = {
        .family = 4, .ip = {127, 0, 0, 1}
    };
    struct fsk_sockaddr sa;
    int closed, fd;
    /* A bound socket that does not listen keeps its port from everybody else. */
    assert_int_equal(fsk_sock_new(NULL, 0, AF_INET, SOCK_STREAM, &closed), 0);
    fsk_sockaddr_from_addr(&sa, &addr);
    assert_int_equal(bind(closed, (struct sockaddr *)&sa.ss, sa.len), 0);
    addr = local_of(closed);
    fsk_sockaddr_from_addr(&sa, &addr);
    assert_int_equal(fsk_sock_new(NULL, 0, AF_INET, SOCK_STREAM, &fd), 0);
    int err = fsk_sock_connect(NULL, fd, &sa);
    if (err == EINPROGRESS)
        err = fsk_sock_error(NULL, fd);
    assert_int_equal(err, ECONNREFUSED);
    assert_int_equal(fsk_sock_error(NULL, fd), 0);
    close(fd);
    close(closed);
    assert_int_equal(fsk_sock_new(NULL, 0, -1, SOCK_STREAM, &fd), EAFNOSUPPORT);
    assert_int_equal(fd, -1);
}

static void test_source_of(void **state)
{
    (void)state;
    struct fsk_addr to =
                        {
                            .family = 4, .ip = {127, 0, 0, 5}
    },
                    source;
    assert_true(fsk_sock_source(NULL, &to, &source));
    assert_int_equal(source.family, 4);
    assert_int_equal(source.ip[0], 127);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_both_ways),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_bind_addresses),
        cmocka_unit_test(test_bind_interfaces_and_nonsense),
        cmocka_unit_test(test_a_bound_connection_comes_from_there),
        cmocka_unit_test(test_refused_and_errors),
        cmocka_unit_test(test_source_of),
    };
    return cmocka_run_group_tests_name("sock", tests, NULL, NULL);
}
