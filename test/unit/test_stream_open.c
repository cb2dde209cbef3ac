/*
 * Opening: what each target leads to, the number of what went wrong, and in which time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "stream_rig.h"

static struct fsock_fault fault;

/* fsockopen() must fail; the number. */
static int number_of(const char *target, int port, double seconds)
{
    errno = -1;
    FILE *f = fsockopen(target, port, &fault, seconds);
    if (f)
        fail_msg("%s was opened", target);
    assert_int_equal(errno, fault.sys_errno);
    assert_int_not_equal(fault.err, FSOCK_OK);
    assert_true(strlen(fault.text) > 0);
    assert_null(strstr(fault.text, "Success"));
    return errno;
}

static void says(const char *part)
{
    if (!strstr(fault.text, part))
        fail_msg("not \"%s\": %s", part, fault.text);
}

/* A port that nothing listens on any more. */
static int closed_port(void)
{
    fsock_listener *l = hear("tcp://127.0.0.1:0", NULL);
    int port = fsock_listener_port(l);
    fsock_listener_close(l);
    return port;
}

static void test_1_01_each_transport(void **state)
{
    static const char *const names[] = {"tcp",     "udp",     "unix",    "udg",     "ssl", "tls",
                                        "tlsv1.0", "tlsv1.1", "tlsv1.2", "tlsv1.3", NULL};
    (void)state;
    for (size_t i = 0; names[i]; i++)
        is_text(fsock_transports()[i], names[i]);
    assert_null(fsock_transports()[COUNT(names) - 1]);
    fsock_listener *l = hear("127.0.0.1", NULL);
    fsock_stream *s = dial("127.0.0.1", fsock_listener_port(l), NULL);
    is_text(fsock_inspect(s)->transport, "tcp");
    fsock_close(s);
    s = dial("udp://127.0.0.1", fsock_listener_port(l), NULL);
    is_text(fsock_inspect(s)->transport, "udp");
    fsock_close(s);
    fsock_listener_close(l);
}

static void test_1_02_where_the_port_stands(void **state)
{
    (void)state;
    fsock_listener *l = hear("tcp://127.0.0.1:0", NULL);
    char target[64];
    int port = fsock_listener_port(l);
    static const struct {
        const char *before, *after;
        int argument;
    } rows[] = {
        {"127.0.0.1:",       "",     0 },
        {"127.0.0.1:",       "",     1 },
        {"127.0.0.1:",       "",     -1},
        {"tcp://127.0.0.1:", "/x",   0 },
        {"TCP://localhost:", "/x:1", 1 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        snprintf(target, sizeof target, "%s%d%s", rows[i].before, port, rows[i].after);
        fsock_stream *s = dial(target, rows[i].argument, NULL);
        assert_int_equal(fsock_inspect(s)->peer_port, port);
        fsock_close(s);
    }
    fsock_close(dial("127.0.0.1", port, NULL));
    fsock_listener_close(l);
}

static void test_1_03_no_port(void **state)
{
    (void)state;
    static const int ports[] = {0, -1, -80};
    for (size_t i = 0; i < COUNT(ports); i++) {
        assert_int_equal(number_of("localhost", ports[i], 1), 0);
        assert_int_equal(fault.err, FSOCK_ERR_INPUT);
        says("failed to parse address \"localhost\"");
    }
}

static void test_1_05_refused(void **state)
{
    (void)state;
    int port = closed_port();
    assert_int_equal(number_of("127.0.0.1", port, 5), ECONNREFUSED);
    assert_int_equal(fault.err, FSOCK_ERR_CONNECT);
    assert_int_equal(fault.tries, 1);
    assert_int_equal(fsock_reach_of(&fault), FSOCK_REACH_REFUSED);
    assert_int_equal(number_of("localhost", port, 5), ECONNREFUSED); /* of each address */
    says("refused");
}

/* Nobody answers where the queue of a listener is full. */
static void test_1_05_no_answer(void **state)
{
    (void)state;
    struct fsock_options options;
    fsock_options_init(&options);
    options.backlog = 1;
    fsock_listener *l = hear("tcp://127.0.0.1:0", &options);
    fsock_stream *waiting[3];
    fsock_stream *none;
    int port = fsock_listener_port(l);
    for (size_t i = 0; i < COUNT(waiting); i++)
        if (fsock_open(&waiting[i], "127.0.0.1", port, NULL, fsock_after(0.2), NULL) != FSOCK_OK)
            waiting[i] = NULL;
    fsock_time began = fsock_now();
    assert_int_equal(number_of("127.0.0.1", port, 0.7), ETIMEDOUT);
    took(began, 0.69, 0.9);
    assert_int_equal(fault.err, FSOCK_ERR_TIMEOUT);
    assert_int_equal(fault.limit, FSOCK_LIMIT_TOTAL);
    assert_int_equal(fsock_reach_of(&fault), FSOCK_REACH_NO_ANSWER);
    began = fsock_now();
    assert_int_equal(number_of("127.0.0.1", port, 0), ETIMEDOUT);
    took(began, 0, 0.1);
    options.connect_timeout = 100 * MS;
    assert_int_equal(fsock_open(&none, "127.0.0.1", port, &options, FSOCK_NEVER, &fault),
                     FSOCK_ERR_TIMEOUT);
    assert_int_equal(fault.limit, FSOCK_LIMIT_CONNECT);
    for (size_t i = 0; i < COUNT(waiting); i++)
        fsock_close(waiting[i]);
    fsock_listener_close(l);
}

static void test_1_06_unknown_transports(void **state)
{
    (void)state;
    assert_int_equal(number_of("http://localhost", 80, 1), 0);
    assert_int_equal(fault.err, FSOCK_ERR_INPUT);
    says("unable to find the socket transport \"http\"");
    assert_int_equal(number_of("abcdefghijklmnopqrstuvwxyz0123456789://x", 80, 1), 0);
    says("\"abcdefghijklmnopqrstuvwxyz01234\"");
    assert_int_equal(number_of("x://localhost", 80, 1), 0);
    says("failed to parse address");
}

static void test_1_07_no_such_name(void **state)
{
    (void)state;
    struct fsock_options options;
    fsock_stream *s;
    fsock_options_init(&options);
    options.hosts = "/dev/null";
    options.dns_servers = "127.0.0.1:1";
    assert_int_equal(fsock_open(&s, "no.such.name.invalid:80", 0, &options, SOON, &fault),
                     FSOCK_ERR_NAME);
    assert_int_equal(fault.sys_errno, 0);
    assert_int_equal(fault.stage, FSOCK_STAGE_RESOLVE);
    assert_int_equal(fsock_reach_of(&fault), FSOCK_REACH_FAILED);
    assert_null(s);
}

static void test_1_09_brackets(void **state)
{
    (void)state;
    assert_int_equal(number_of("[::1", 80, 1), 0);
    assert_int_equal(number_of("[::1]x", 80, 1), 0);
    assert_int_equal(number_of("::1:x", 80, 1), 0);
    fsock_listener *l = hear("tcp://[::1]:0", NULL);
    char target[64];
    int port = fsock_listener_port(l);
    snprintf(target, sizeof target, "[::1]:%d", port);
    is_text(fsock_listener_name(l), target);
    fsock_stream *s = dial(target, 0, NULL);
    is_text(fsock_inspect(s)->peer, target);
    fsock_close(s);
    fsock_close(dial("[::1]", port, NULL));
    fsock_close(dial("::1", port, NULL));
    fsock_listener_close(l);
}

static void test_1_10_ports_end_at_65535(void **state)
{
    (void)state;
    assert_int_equal(number_of("127.0.0.1", 65536 + 80, 1), 0);
    assert_int_equal(number_of("127.0.0.1:65616", 0, 1), 0);
    says("65535");
}

static void test_1_11_seconds(void **state)
{
    (void)state;
    fsock_listener *l = hear("tcp://127.0.0.1:0", NULL);
    static const double good[] = {-1, 0.5, 5, 1e300, 1e9};
    for (size_t i = 0; i < COUNT(good); i++) {
        FILE *f = fsockopen("127.0.0.1", fsock_listener_port(l), &fault, good[i]);
        assert_non_null(f);
        fclose(f);
    }
    static const double bad[] = {-2, -0.5, -1e300};
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(number_of("127.0.0.1", fsock_listener_port(l), bad[i]), EINVAL);
        assert_int_equal(fault.err, FSOCK_ERR_INPUT);
    }
    fsock_listener_close(l);
}

/* Name lookup is a part of it: a name server that says nothing. */
static void test_1_11_the_name_within_the_limit(void **state)
{
    (void)state;
    struct fsock_options options;
    fsock_stream *mute, *s;
    char server[64];
    ok(fsock_bind(&mute, "udp://127.0.0.1", 0, NULL, SOON, NULL));
    snprintf(server, sizeof server, "127.0.0.1:%d", fsock_inspect(mute)->local_port);
    fsock_options_init(&options);
    options.dns_servers = server;
    fsock_time began = fsock_now();
    assert_int_equal(fsock_open(&s, "a.example:80", 0, &options, fsock_after(0.3), &fault),
                     FSOCK_ERR_TIMEOUT);
    took(began, 0.29, 0.5);
    assert_int_equal(fault.stage, FSOCK_STAGE_RESOLVE);
    fsock_close(mute);
}

/* All addresses of a name, and the last one's number; the good one among bad ones. */
static void test_1_13_each_address(void **state)
{
    (void)state;
    struct fsock_options options;
    fsock_stream *s;
    fsock_options_init(&options);
    fsock_listener *l = hear("tcp://127.0.0.3:0", NULL);
    char pin[128];
    const char *pins[] = {pin, NULL};
    int port = fsock_listener_port(l);
    options.resolve = pins;
    snprintf(pin, sizeof pin, "a.example:%d:127.0.0.1,127.0.0.2,127.0.0.3", port);
    s = dial("a.example", port, &options);
    snprintf(pin, sizeof pin, "127.0.0.3:%d", port);
    is_text(fsock_inspect(s)->peer, pin);
    fsock_close(s);
    snprintf(pin, sizeof pin, "a.example:%d:127.0.0.1,127.0.0.2", port);
    assert_int_equal(fsock_open(&s, "a.example", port, &options, SOON, &fault), FSOCK_ERR_CONNECT);
    assert_int_equal(fault.tries, 2);
    assert_int_equal(fault.sys_errno, ECONNREFUSED);
    assert_int_equal(fault.tried[0].sys_errno, ECONNREFUSED);
    assert_int_equal(fault.tried[1].sys_errno, ECONNREFUSED);
    fsock_listener_close(l);
}

static void test_1_14_datagrams_to_nobody(void **state)
{
    (void)state;
    char c;
    size_t n;
    fsock_stream *s;
    ok(fsock_bind(&s, "udp://127.0.0.1", 0, NULL, SOON, NULL));
    int port = fsock_inspect(s)->local_port;
    fsock_close(s);
    s = dial("udp://127.0.0.1", port, NULL);
    assert_int_equal(fsock_inspect(s)->reach, FSOCK_REACH_UNKNOWN);
    ok(fsock_write(s, "x", 1, &n, SOON));
    assert_int_equal(n, 1);
    assert_int_equal(fsock_read(s, &c, 1, &n, fsock_after(1)), FSOCK_ERR_CONNECT);
    assert_int_equal(fsock_last_fault(s)->sys_errno, ECONNREFUSED);
    assert_int_equal(fsock_inspect(s)->reach, FSOCK_REACH_REFUSED);
    ok(fsock_write(s, "x", 1, &n, SOON)); /* it was told once */
    fsock_close(s);
}

/* ---- Unix sockets ---------------------------------------------------------------------------- */

static void test_1_15_paths(void **state)
{
    (void)state;
    char folder[] = "/tmp/fsock-test-XXXXXX", path[64], target[400];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/s", folder);
    snprintf(target, sizeof target, "unix://%s", path);
    assert_int_equal(number_of(target, 0, 1), ENOENT);
    assert_int_equal(fsock_reach_of(&fault), FSOCK_REACH_REFUSED);
    says(path);
    fclose(fopen(path, "w"));
    assert_int_equal(number_of(target, 0, 1), ECONNREFUSED);
    snprintf(target, sizeof target, "unix://%s/x", path);
    assert_int_equal(number_of(target, 0, 1), ENOTDIR);
    unlink(path);
    snprintf(target, sizeof target, "unix://%s", path);
    fsock_listener *l = hear(target, NULL);
    fsock_stream *s = dial(target, -1, NULL);
    is_text(fsock_inspect(s)->transport, "unix");
    is_text(fsock_inspect(s)->peer, path);
    assert_int_equal(fsock_inspect(s)->peer_port, 0);
    fsock_close(s);
    assert_int_equal(number_of(target, 80, 1), 0);
    says("a unix socket has no port");
    snprintf(target, sizeof target, "udg://%s", path);
    assert_int_equal(number_of(target, 0, 1), EPROTOTYPE);
    fsock_listener_close(l);
    memset(target + 7, 'p', 108);
    memcpy(target, "unix://", 7);
    target[7 + 108] = '\0';
    assert_int_equal(number_of(target, 0, 1), 0);
    says("at most 107 bytes");
    assert_int_equal(rmdir(folder), 0);
}

static void test_1_15_abstract_names(void **state)
{
    (void)state;
    char target[64];
    snprintf(target, sizeof target, "unix://@fsock-test-%d", getpid());
    assert_int_equal(number_of(target, 0, 1), ECONNREFUSED);
    fsock_listener *l = hear(target, NULL);
    is_text(fsock_listener_name(l), target + 7);
    fsock_stream *s = dial(target, 0, NULL);
    is_text(fsock_inspect(s)->peer, target + 7);
    fsock_stream *server = take(l);
    say(s, "hello");
    hears(server, "hello");
    fsock_close(s);
    fsock_close(server);
    fsock_listener_close(l);
}

/* ---- What can go wrong here ------------------------------------------------------------------ */

static int port_to_try;

/* 100 and a step: what was not as it should be. */
static int open_without_descriptors(void)
{
    const struct rlimit none = {open_fds(), open_fds()};
    fsock_time began = fsock_now();
    int fd;
    setrlimit(RLIMIT_NOFILE, &none);
    while ((fd = dup(0)) >= 0)
        continue;
    if (fsockopen("127.0.0.1", port_to_try, &fault, 5) || errno != EMFILE)
        return 101;
    if (fault.err != FSOCK_ERR_SYSTEM || fault.stage != FSOCK_STAGE_CONNECT)
        return 102;
    if (fsockopen("127.0.0.1", port_to_try, &fault, -1) || errno != EMFILE)
        return 103;
    if (fsockopen("localhost", port_to_try, &fault, 5) || errno != EMFILE)
        return 104;
    return fsock_now() - began > FSOCK_SECOND ? 105 : 0;
}

static void test_1_17_no_descriptors(void **state)
{
    (void)state;
    fsock_listener *l = hear("tcp://127.0.0.1:0", NULL);
    port_to_try = fsock_listener_port(l);
    assert_int_equal(child_does(open_without_descriptors), 0);
    fsock_listener_close(l);
}

/* A text sentence each, and no crash; none of these is an address. */
static void test_1_18_nonsense(void **state)
{
    (void)state;
    char longest[301];
    memset(longest, 'a', 300);
    longest[300] = '\0';
    const char *const texts[] = {
        "",
        " ",
        "\t\n",
        ":",
        "::",
        "[",
        "]",
        "[]",
        "a b",
        "tcp://",
        "tcp:// :80",
        "://:80",
        "//a",
        "a/b",
        "%",
        "@",
        "a@b:80",
        "\xff\xfe",
        longest,
        "-",
        "[::1]]:80",
        "...",
        "tcp://tcp://a:1",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        errno = -1;
        FILE *f = fsockopen(texts[i], 9, &fault, 0.2);
        assert_null(f);
        assert_int_equal(errno, fault.sys_errno);
        assert_true(strlen(fault.text) > 0);
        assert_null(fsockopen(texts[i], 0, NULL, 0.2));
    }
}

/* As inet_aton(3) reads them, in PHP, too. */
static void test_1_18_short_addresses(void **state)
{
    (void)state;
    fsock_listener *l = hear("tcp://127.0.0.1:0", NULL);
    static const char *const hosts[] = {"127.1", "0177.0.0.1", "2130706433", "0x7f.1"};
    for (size_t i = 0; i < COUNT(hosts); i++)
        fsock_close(dial(hosts[i], fsock_listener_port(l), NULL));
    assert_int_equal(number_of("127.0.0.256", 9, 1), 0);
    assert_int_equal(number_of("1.2.3.4.5", 9, 1), 0);
    fsock_listener_close(l);
}

static void test_options_that_cannot_be(void **state)
{
    (void)state;
    struct fsock_options options, *o = &options;
    fsock_stream *s;
#define REFUSED(member, value)                                                                     \
    fsock_options_init(o);                                                                         \
    o->member = value;                                                                             \
    assert_int_equal(fsock_open(&s, "127.0.0.1", 9, o, SOON, &fault), FSOCK_ERR_INPUT);            \
    assert_null(s);                                                                                \
    assert_true(strlen(fault.text) > 0)
    REFUSED(family, 5);
    REFUSED(keep_idle, 32768);
    REFUSED(keep_interval, -1);
    REFUSED(keep_count, 128);
    REFUSED(linger, -2);
    REFUSED(receive_buffer, -1);
    REFUSED(bind, "no.such.interface");
    REFUSED(bind, "1.2.3");
    REFUSED(proxy, "gopher://a");
    REFUSED(dns_servers, "not an address");
}

/* Wrong input, not a crash. */
static void test_a_target_that_is_null(void **state)
{
    fsock_listener *l;
    fsock_stream *s;
    (void)state;
    assert_null(fsockopen(NULL, 80, &fault, 1));
    assert_int_equal(fault.err, FSOCK_ERR_INPUT);
    assert_int_equal(fsock_open(&s, NULL, 80, NULL, SOON, &fault), FSOCK_ERR_INPUT);
    assert_int_equal(fsock_bind(&s, NULL, 0, NULL, SOON, &fault), FSOCK_ERR_INPUT);
    /* An unset variable must not open a port to the world. */
    assert_int_equal(fsock_listen(&l, NULL, 0, NULL, SOON, &fault), FSOCK_ERR_INPUT);
    assert_null(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_target_that_is_null),
        TEST(test_1_01_each_transport),
        TEST(test_1_02_where_the_port_stands),
        TEST(test_1_03_no_port),
        TEST(test_1_05_refused),
        TEST(test_1_05_no_answer),
        TEST(test_1_06_unknown_transports),
        TEST(test_1_07_no_such_name),
        TEST(test_1_09_brackets),
        TEST(test_1_10_ports_end_at_65535),
        TEST(test_1_11_seconds),
        TEST(test_1_11_the_name_within_the_limit),
        TEST(test_1_13_each_address),
        TEST(test_1_14_datagrams_to_nobody),
        TEST(test_1_15_paths),
        TEST(test_1_15_abstract_names),
        TEST(test_1_17_no_descriptors),
        TEST(test_1_18_nonsense),
        TEST(test_1_18_short_addresses),
        TEST(test_options_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
