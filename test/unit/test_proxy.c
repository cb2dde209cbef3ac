/*
 * Proxies: exactly what is said to them, and their refusals in words.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net_client.h"

#define BYTES(literal) literal, sizeof(literal) - 1

/* What the proxy expects and answers, in turns. */
struct turn {
    const char *expect;
    size_t expect_n;
    const char *answer;
    size_t answer_n;
    bool slowly; /* a byte at a time */
};

#define TURNS 4
static struct turn script[TURNS];
static bool as_expected;

/* The answers of the last turn may be longer than the handshake: the rest is the tunnel's. */
static void play_script(struct peer *p)
{
    char said[20000];
    as_expected = true;
    for (size_t i = 0; i < TURNS && script[i].answer; i++) {
        const struct turn *t = &script[i];
        if (!peer_read_all(p, said, t->expect_n) || memcmp(said, t->expect, t->expect_n) != 0)
            as_expected = false;
        for (size_t j = 0; t->slowly && j < t->answer_n; j++) {
            usleep(300);
            peer_write(p, t->answer + j, 1);
        }
        if (!t->slowly)
            peer_write(p, t->answer, t->answer_n);
    }
    peer_end(p);
}

struct tried {
    enum fsock_err err;
    char why[200];
    char tunnel[16]; /* what came through it */
    char asks[64];   /* the header in which the proxy asks who we are */
};

static struct tried try(char letter, const struct fsk_proxy_target *target)
{
    struct peer p;
    struct client c = {.host = ""};
    struct tried t = {.err = FSOCK_OK};
    struct fsk_span fields;
    size_t n;
    stub_driver_init(&c.driver);
    peer_init(&p, "t", NULL, 0);
    peer_start(&p, play_script);
    assert_int_equal(client_open(&c, &p), FSOCK_OK);
    c.stream.top = letter == 'S'   ? fsk_socks5_new(c.stream.top, target)
                   : letter == '4' ? fsk_socks4_new(c.stream.top, target)
                                   : fsk_http_connect_new(c.stream.top, target);
    t.err = client_handshake(c.stream.top);
    assert_int_equal(c.stream.top->stage, FSOCK_STAGE_PROXY);
    snprintf(t.why, sizeof t.why, "%s", t.err ? fsk_stream_why(&c.stream) : "");
    if (fsk_http_connect_asks(c.stream.top, &fields))
        snprintf(t.asks, sizeof t.asks, "%.*s", (int)fields.n, fields.p);
    while (!t.err && client_recv(&c, t.tunnel + strlen(t.tunnel),
                                 sizeof t.tunnel - 1 - strlen(t.tunnel), &n, 0) == FSOCK_OK)
        ;
    fsk_stream_close(&c.stream);
    peer_join(&p);
    return t;
}

static const struct fsk_proxy_target name_target = {.host = FSK_SPAN("a.test"), .port = 258};
static const struct fsk_proxy_target login_target = {.host = FSK_SPAN("a.test"),
                                                     .port = 258,
                                                     .user = FSK_SPAN("me"),
                                                     .password = FSK_SPAN("pass"),
                                                     .login = FSK_SPAN("Basic bWU6cGFzcw==")};

#define SCRIPT(...)                                                                                \
    do {                                                                                           \
        const struct turn turns[TURNS] = {__VA_ARGS__};                                            \
        memcpy(script, turns, sizeof script);                                                      \
    } while (0)

static void expect(char letter, const struct fsk_proxy_target *target, enum fsock_err err,
                   const char *why)
{
    struct tried t = try(letter, target);
    assert_string_equal(t.why, why);
    assert_int_equal(t.err, err);
    assert_true(as_expected);
    if (!err)
        assert_string_equal(t.tunnel, "tunnel");
}

#define GREETING       BYTES("\5\1\0")
#define LOGIN_GREETING BYTES("\5\2\0\2")
#define NAME_REQUEST                                                                               \
    BYTES("\5\1\0\3\6"                                                                             \
          "a.test"                                                                                 \
          "\1\2")
#define BOUND4                                                                                     \
    BYTES("\5\0\0\1"                                                                               \
          "\1\2\3\4"                                                                               \
          "\0\0"                                                                                   \
          "tunnel")

static void test_socks5_opens(void **state)
{
    (void)state;
    SCRIPT({GREETING, BYTES("\5\0"), false}, {NAME_REQUEST, BOUND4, false});
    expect('S', &name_target, FSOCK_OK, "");
    SCRIPT({GREETING, BYTES("\5\0"), true}, {NAME_REQUEST, BOUND4, true});
    expect('S', &name_target, FSOCK_OK, "");
    SCRIPT({GREETING, BYTES("\5\0"), false}, {NAME_REQUEST,
                                              BYTES("\5\0\0\4"
                                                    "0123456789abcdef"
                                                    "\0\0"
                                                    "tunnel"),
                                              false});
    expect('S', &name_target, FSOCK_OK, "");
    SCRIPT({LOGIN_GREETING, BYTES("\5\2"), false}, {BYTES("\1\2me\4pass"), BYTES("\1\0"), false},
           {NAME_REQUEST, BOUND4, false});
    expect('S', &login_target, FSOCK_OK, "");
    SCRIPT({LOGIN_GREETING, BYTES("\5\0"), false}, {NAME_REQUEST, BOUND4, false});
    expect('S', &login_target, FSOCK_OK, "");
}

static void test_socks5_addresses(void **state)
{
    (void)state;
    struct fsk_proxy_target target = {.host = FSK_SPAN("192.0.2.1"), .port = 80};
    SCRIPT({GREETING, BYTES("\5\0"), false}, {BYTES("\5\1\0\1"
                                                    "\300\0\2\1"
                                                    "\0\120"),
                                              BOUND4, false});
    expect('S', &target, FSOCK_OK, "");
    target.host = FSK_SPAN("::1");
    SCRIPT({GREETING, BYTES("\5\0"), false}, {BYTES("\5\1\0\4"
                                                    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
                                                    "\0\120"),
                                              BOUND4, false});
    expect('S', &target, FSOCK_OK, "");
}

static void test_socks5_refusals(void **state)
{
    (void)state;
    SCRIPT({GREETING, BYTES("\5\377"), false});
    expect('S', &name_target, FSOCK_ERR_PROXY, "the proxy wants authentication");
    SCRIPT({GREETING, BYTES("\5\2"), false});
    expect('S', &name_target, FSOCK_ERR_PROXY,
           "the proxy wants authentication of type 2, which is not known here");
    SCRIPT({LOGIN_GREETING, BYTES("\5\2"), false}, {BYTES("\1\2me\4pass"), BYTES("\1\1"), false});
    expect('S', &login_target, FSOCK_ERR_PROXY, "the proxy refused the user or password");
    SCRIPT({GREETING, BYTES("\5\0"), false}, {NAME_REQUEST, BYTES("\5\5\0\1\0"), false});
    expect('S', &name_target, FSOCK_ERR_PROXY, "the proxy says: 5, connection refused");
    SCRIPT({GREETING, BYTES("\5\0"), false}, {NAME_REQUEST, BYTES("\5\11\0\1\0"), false});
    expect('S', &name_target, FSOCK_ERR_PROXY, "the proxy says: 9, for no known reason");
    SCRIPT({GREETING, BYTES("\5\0"), false}, {NAME_REQUEST, BYTES("\5\0\0\7\0"), false});
    expect('S', &name_target, FSOCK_ERR_PROXY, "the proxy does not speak SOCKS5");
    SCRIPT({GREETING, BYTES("HTTP/1.1 400\r\n"), false});
    expect('S', &name_target, FSOCK_ERR_PROXY, "the proxy does not speak SOCKS5");
    SCRIPT({GREETING, BYTES("\5\0"), false}, {NAME_REQUEST, BYTES("\5\0\0\1\1\2"), false});
    expect('S', &name_target, FSOCK_ERR_CLOSED, "the proxy closed the connection");
}

static void test_socks5_input(void **state)
{
    (void)state;
    char text[256];
    memset(text, 'a', sizeof text);
    const struct fsk_span too_long = fsk_span(text, sizeof text);
    struct fsk_proxy_target target = name_target;
    SCRIPT({BYTES(""), BYTES(""), false});
    target.host = too_long;
    assert_int_equal(try('S', &target).err, FSOCK_ERR_INPUT);
    target.host = fsk_span(NULL, 0);
    assert_int_equal(try('S', &target).err, FSOCK_ERR_INPUT);
    target = login_target;
    target.user = too_long;
    assert_int_equal(try('S', &target).err, FSOCK_ERR_INPUT);
    target = login_target;
    target.password = too_long;
    assert_int_equal(try('S', &target).err, FSOCK_ERR_INPUT);
}

/* What SOCKS4 begins with when it asks for port 258 of an address, or (0.0.0.1) of a name. */
#define SOCKS4(address) "\4\1\1\2" address
#define GRANTED         "\0\132\1\2\3\4\5\6tunnel"

static void test_socks4_opens(void **state)
{
    (void)state;
    struct fsk_proxy_target target = {.host = FSK_SPAN("192.0.2.1"), .port = 258};
    for (int slowly = 0; slowly < 2; slowly++) {
        target.user = FSK_SPAN("");
        SCRIPT({BYTES(SOCKS4("\300\0\2\1") "\0"), BYTES(GRANTED), slowly});
        expect('4', &target, FSOCK_OK, "");
        target.user = FSK_SPAN("me");
        SCRIPT({BYTES(SOCKS4("\300\0\2\1") "me\0"), BYTES(GRANTED), slowly});
        expect('4', &target, FSOCK_OK, "");
        SCRIPT({BYTES(SOCKS4("\0\0\0\1") "\0a.test\0"), BYTES(GRANTED), slowly});
        expect('4', &name_target, FSOCK_OK, "");
        SCRIPT({BYTES(SOCKS4("\0\0\0\1") "me\0a.test\0"), BYTES(GRANTED), slowly});
        expect('4', &login_target, FSOCK_OK, ""); /* its password goes nowhere */
    }
}

/* The answer may come at once or slowly. */
static void socks4_fails(const char *answer, size_t n, enum fsock_err err, const char *why)
{
    for (int slowly = 0; slowly < 2; slowly++) {
        SCRIPT({BYTES(SOCKS4("\0\0\0\1") "\0a.test\0"), answer, n, slowly});
        expect('4', &name_target, err, why);
    }
}

static void test_socks4_refusals(void **state)
{
    (void)state;
    static const char failed[] = "the proxy says: 91, refused, or failed";
    static const char no_socks[] = "the proxy does not speak SOCKS4";
    static const char closed[] = "the proxy closed the connection";
    socks4_fails(BYTES("\0\133\0\0\0\0\0\0"), FSOCK_ERR_PROXY, failed);
    socks4_fails(BYTES("\0\133"), FSOCK_ERR_PROXY, failed);
    socks4_fails(BYTES("\0\134\0\0\0\0\0\0"), FSOCK_ERR_PROXY,
                 "the proxy says: 92, it finds no identd here to ask");
    socks4_fails(BYTES("\0\135\0\0\0\0\0\0"), FSOCK_ERR_PROXY,
                 "the proxy says: 93, the identd here names another user");
    socks4_fails(BYTES("\0\131\0\0\0\0\0\0"), FSOCK_ERR_PROXY,
                 "the proxy says: 89, for no known reason");
    socks4_fails(BYTES("\0\136\0\0\0\0\0\0"), FSOCK_ERR_PROXY,
                 "the proxy says: 94, for no known reason");
    socks4_fails(BYTES("\4\132\0\0\0\0\0\0"), FSOCK_ERR_PROXY, no_socks);
    socks4_fails(BYTES("\5\377"), FSOCK_ERR_PROXY, no_socks);
    socks4_fails(BYTES("HTTP/1.1 400\r\n"), FSOCK_ERR_PROXY, no_socks);
    socks4_fails(BYTES("\0"), FSOCK_ERR_CLOSED, closed);
    socks4_fails(BYTES("\0\132\0\0\0\0\0"), FSOCK_ERR_CLOSED, closed);
}

static void socks4_unfit(struct fsk_span host, struct fsk_span user, const char *why)
{
    const struct fsk_proxy_target target = {.host = host, .user = user};
    SCRIPT({BYTES(""), BYTES(""), false});
    expect('4', &target, FSOCK_ERR_INPUT, why);
}

/* Nothing is said to the proxy if it can't be said right. */
static void test_socks4_input(void **state)
{
    (void)state;
    static const char v6[] = "SOCKS4 can't carry an IPv6 address (SOCKS5 can)";
    static const char mark[] = "SOCKS4 can't carry an address that begins with 0.0.0: there it "
                               "stands for a name";
    static const char limits[] = "SOCKS4 needs a host, and takes hosts and users of at most 255 "
                                 "bytes, none of them zero";
    static char text[256];
    memset(text, 'a', sizeof text);
    const struct fsk_span none = fsk_span(NULL, 0), too_long = fsk_span(text, sizeof text);
    socks4_unfit(FSK_SPAN("::1"), none, v6);
    socks4_unfit(FSK_SPAN("::ffff:192.0.2.1"), none, v6);
    socks4_unfit(FSK_SPAN("fe80::1%eth0"), none, v6);
    socks4_unfit(FSK_SPAN("0.0.0.1"), none, mark);
    socks4_unfit(FSK_SPAN("0.0.0.255"), none, mark);
    socks4_unfit(none, none, limits);
    socks4_unfit(too_long, none, limits);
    socks4_unfit(FSK_SPAN("a\0b"), none, limits);
    socks4_unfit(FSK_SPAN("a.test"), FSK_SPAN("a\0b"), limits);
    socks4_unfit(FSK_SPAN("a.test"), too_long, limits);
    const struct fsk_proxy_target zeros = {.host = FSK_SPAN("0.0.0.0"), .port = 258};
    SCRIPT({BYTES(SOCKS4("\0\0\0\0") "\0"), BYTES(GRANTED), false});
    expect('4', &zeros, FSOCK_OK, "");
}

/* The longest of all requests. */
static void test_socks4_longest(void **state)
{
    (void)state;
    static char text[255], said[8 + 256 + 256] = SOCKS4("\0\0\0\1");
    memset(text, 'a', sizeof text);
    memset(said + 8, 'a', 255);
    memset(said + 8 + 256, 'a', 255);
    const struct fsk_span longest = fsk_span(text, sizeof text);
    const struct fsk_proxy_target target = {.host = longest, .port = 258, .user = longest};
    SCRIPT({said, sizeof said, BYTES(GRANTED), false});
    expect('4', &target, FSOCK_OK, "");
}

#define CONNECT_HEAD "CONNECT a.test:258 HTTP/1.1\r\nHost: a.test:258\r\n"

static void test_connect_opens(void **state)
{
    (void)state;
    SCRIPT({BYTES(CONNECT_HEAD "\r\n"), BYTES("HTTP/1.1 200 OK\r\nA: b\r\n\r\ntunnel"), false});
    expect('H', &name_target, FSOCK_OK, "");
    SCRIPT({BYTES(CONNECT_HEAD "\r\n"),
            BYTES("HTTP/1.1 103 Early\r\n\r\nHTTP/1.0 204\r\n\r\ntunnel"), true});
    expect('H', &name_target, FSOCK_OK, "");
    SCRIPT({BYTES(CONNECT_HEAD "Proxy-Authorization: Basic bWU6cGFzcw==\r\n\r\n"),
            BYTES("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntunnel"), false});
    expect('H', &login_target, FSOCK_OK, "");
    const struct fsk_proxy_target v6 = {.host = FSK_SPAN("::1"), .port = 80};
    SCRIPT({BYTES("CONNECT [::1]:80 HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"),
            BYTES("HTTP/1.1 200 OK\r\n\r\ntunnel"), false});
    expect('H', &v6, FSOCK_OK, "");
}

static void test_connect_refusals(void **state)
{
    (void)state;
    static char endless[17000] = "HTTP/1.1 200 OK\r\nA: ";
    memset(endless + strlen(endless), 'a', sizeof endless - strlen(endless));
    SCRIPT({BYTES(CONNECT_HEAD "\r\n"), BYTES("HTTP/1.1 407 No\r\n\r\n"), false});
    expect('H', &name_target, FSOCK_ERR_PROXY, "the proxy wants authentication (407)");
    SCRIPT({BYTES(CONNECT_HEAD "\r\n"), BYTES("HTTP/1.1 403 Forbidden\r\n\r\n"), true});
    expect('H', &name_target, FSOCK_ERR_PROXY, "the proxy says: 403 Forbidden");
    SCRIPT({BYTES(CONNECT_HEAD "\r\n"), BYTES("HTTP/1.1 503\r\n\r\n"), false});
    expect('H', &name_target, FSOCK_ERR_PROXY, "the proxy says: 503");
    SCRIPT({BYTES(CONNECT_HEAD "\r\n"), BYTES("HTTP/1.1 200 OK\r\nA: b"), false});
    expect('H', &name_target, FSOCK_ERR_CLOSED, "the proxy closed the connection");
    SCRIPT({BYTES(CONNECT_HEAD "\r\n"), endless, sizeof endless, false});
    expect('H', &name_target, FSOCK_ERR_PROXY,
           "the proxy's answer has a header of more than 16384 bytes");
    SCRIPT({BYTES(CONNECT_HEAD "\r\n"), BYTES("SSH-2.0-x\r\n"), false});
    struct tried t = try('H', &name_target);
    assert_int_equal(t.err, FSOCK_ERR_PROXY);
    assert_non_null(strstr(t.why, "does not speak HTTP"));
}

/* A proxy that never stops saying "wait" must not keep us from everything else. */
static void test_connect_interim(void **state)
{
    (void)state;
    static const char one[] = "HTTP/1.1 100 Wait\r\n\r\n", last[] = "HTTP/1.1 200\r\n\r\ntunnel";
    static char answers[101 * sizeof one + sizeof last];
    size_t n = 0;
    for (unsigned i = 0; i < 100; i++, n += sizeof one - 1)
        memcpy(answers + n, one, sizeof one - 1);
    memcpy(answers + n, last, sizeof last - 1);
    SCRIPT({BYTES(CONNECT_HEAD "\r\n"), answers, n + sizeof last - 1, false});
    expect('H', &name_target, FSOCK_OK, "");
    memcpy(answers + n, one, sizeof one - 1);
    memcpy(answers + n + sizeof one - 1, last, sizeof last - 1);
    SCRIPT({BYTES(CONNECT_HEAD "\r\n"), answers, n + sizeof one + sizeof last - 2, false});
    expect('H', &name_target, FSOCK_ERR_PROXY,
           "the proxy sends more than 100 interim answers (1xx)");
}

static void test_connect_input(void **state)
{
    (void)state;
    static const struct fsk_span bad[] = {FSK_SPAN(""),     FSK_SPAN("a b"),  FSK_SPAN("a\rb"),
                                          FSK_SPAN("a\nb"), FSK_SPAN("a\0b"), FSK_SPAN("a\tb")};
    static char text[17000];
    struct fsk_proxy_target target = name_target;
    SCRIPT({BYTES(""), BYTES(""), false});
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        target.host = bad[i];
        assert_int_equal(try('H', &target).err, FSOCK_ERR_INPUT);
    }
    memset(text, 'a', sizeof text);
    target.host = fsk_span(text, sizeof text);
    assert_int_equal(try('H', &target).err, FSOCK_ERR_INPUT);
    target = login_target;
    target.login = fsk_span(text, sizeof text);
    assert_int_equal(try('H', &target).err, FSOCK_ERR_INPUT);
}

/* Whether it is for its challenge that the proxy has refused. */
static void test_connect_asks(void **state)
{
    (void)state;
    SCRIPT({BYTES(CONNECT_HEAD "\r\n"),
            BYTES("HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\n\r\n"), false});
    struct tried t = try('H', &name_target);
    assert_int_equal(t.err, FSOCK_ERR_PROXY);
    assert_non_null(strstr(t.asks, "Proxy-Authenticate: Basic"));
    SCRIPT({BYTES(CONNECT_HEAD "\r\n"),
            BYTES("HTTP/1.1 403 No\r\nProxy-Authenticate: Basic\r\n\r\n"), false});
    t = try('H', &name_target);
    assert_string_equal(t.asks, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_socks5_opens),    cmocka_unit_test(test_socks5_addresses),
        cmocka_unit_test(test_socks5_refusals), cmocka_unit_test(test_socks5_input),
        cmocka_unit_test(test_socks4_opens),    cmocka_unit_test(test_socks4_refusals),
        cmocka_unit_test(test_socks4_input),    cmocka_unit_test(test_socks4_longest),
        cmocka_unit_test(test_connect_opens),   cmocka_unit_test(test_connect_refusals),
        cmocka_unit_test(test_connect_interim), cmocka_unit_test(test_connect_input),
        cmocka_unit_test(test_connect_asks),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests_name("proxy", tests, NULL, NULL);
}
