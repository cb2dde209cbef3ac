/*
 * TLS on streams: put on, opened with, listened for; what it promises when a write is given up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "stream_rig.h"

static void meet_tls(struct line *l)
{
    meet(l);
    put_tls(l);
}

static void test_start_tls(void **state)
{
    struct line l;
    (void)state;
    meet(&l);
    say(l.client, "STARTTLS\r\n");
    hears(l.server, "STARTTLS\r\n");
    put_tls(&l);
    for (int i = 0; i < 2; i++) {
        fsock_stream *s = i ? l.server : l.client;
        is_text(fsock_inspect(s)->transport, "tls");
        is_text(fsock_inspect(s)->tls_version, "TLSv1.3");
        assert_true(strlen(fsock_inspect(s)->tls_cipher) > 0);
        is_text(fsock_inspect(s)->alpn, "");
        assert_int_equal(fsock_start_tls(s, NULL, NULL, SOON), FSOCK_ERR_INPUT);
    }
    say(l.client, "hello");
    hears(l.server, "hello");
    say(l.server, "and back");
    hears(l.client, "and back");
    part(&l);
}

/* They could be commands that somebody has put in front. */
static void test_bytes_before_tls(void **state)
{
    struct line l;
    char line[16];
    size_t n;
    (void)state;
    for (int i = 0; i < 2; i++) {
        meet(&l);
        fsock_stream *who = i ? l.server : l.client, *other = i ? l.client : l.server;
        struct fsock_options options = i ? server_options() : client_options();
        say(other, "ok\r\nQUIT\r\n");
        ok(fsock_read_line(who, line, sizeof line, &n, SOON));
        assert_int_equal(fsock_start_tls(who, "localhost", &options, SOON), FSOCK_ERR_PROTOCOL);
        assert_non_null(strstr(fsock_last_fault(who)->text, "6 bytes came before TLS"));
        assert_int_equal(fsock_write(who, "secret", 6, &n, SOON), FSOCK_ERR_PROTOCOL);
        part(&l);
    }
}

static void test_start_tls_with_a_liar(void **state)
{
    struct line l;
    struct fsock_options options = client_options();
    char c;
    size_t n;
    (void)state;
    meet(&l);
    say(l.server, "HTTP/1.1 400 Bad Request\r\n\r\n");
    assert_int_equal(fsock_start_tls(l.client, "localhost", &options, SOON), FSOCK_ERR_TLS);
    assert_int_equal(fsock_read(l.client, &c, 1, &n, SOON), FSOCK_ERR_TLS); /* it stays */
    part(&l);
    meet(&l);
    fsock_time began = fsock_now();
    assert_int_equal(fsock_start_tls(l.client, "localhost", &options, fsock_after(0.05)),
                     FSOCK_ERR_TIMEOUT);
    took(began, 0.04, 0.3);
    assert_int_equal(fsock_read(l.client, &c, 1, &n, FSOCK_NOW), FSOCK_ERR_TIMEOUT);
    part(&l);
}

/* What was to be protected does not go out as it is. */
static void test_nothing_goes_without_tls(void **state)
{
    struct fsock_options options = client_options();
    struct line l;
    char c;
    size_t n;
    (void)state;
    meet(&l);
    options.ca_file = "/no/such/file";
    assert_int_equal(fsock_start_tls(l.client, "localhost", &options, SOON), FSOCK_ERR_TLS_LOCAL);
    assert_non_null(strstr(fsock_last_fault(l.client)->text, "/no/such/file"));
    assert_int_equal(fsock_handshake(l.client, SOON), FSOCK_ERR_TLS_LOCAL);
    assert_int_equal(fsock_write(l.client, "secret", 6, &n, SOON), FSOCK_ERR_TLS_LOCAL);
    assert_int_equal(n, 0);
    assert_non_null(strstr(fsock_last_fault(l.client)->text, "TLS"));
    assert_int_equal(fsock_read(l.server, &c, 1, &n, FSOCK_NOW), FSOCK_AGAIN);
    part(&l);
}

/* A certificate names no interface of this machine: only what is before the % counts. */
static void test_a_zone(void **state)
{
    struct fsock_options client = client_options(), server = server_options();
    struct line l;
    (void)state;
    meet(&l);
    fsock_start_tls(l.client, "127.0.0.1%lo", &client, FSOCK_NOW);
    fsock_start_tls(l.server, NULL, &server, FSOCK_NOW);
    shake_hands(&l);
    part(&l);
}

static void wrong_certificate(const char *host, struct fsock_options options,
                              const char *part_of_it)
{
    struct line l;
    struct fsock_options server = server_options();
    enum fsock_err err = FSOCK_AGAIN;
    meet(&l);
    fsock_start_tls(l.client, host, &options, FSOCK_NOW);
    fsock_start_tls(l.server, NULL, &server, FSOCK_NOW);
    for (int i = 0; i < 1000 && err == FSOCK_AGAIN; i++) {
        fsock_handshake(l.server, FSOCK_NOW);
        err = fsock_handshake(l.client, FSOCK_NOW);
    }
    assert_int_equal(err, FSOCK_ERR_CERT);
    assert_int_equal(fsock_last_fault(l.client)->sys_errno, 0);
    if (!strstr(fsock_last_fault(l.client)->text, part_of_it))
        fail_msg("%s", fsock_last_fault(l.client)->text);
    part(&l);
}

static void test_whom_to_trust(void **state)
{
    struct fsock_options options;
    (void)state;
    wrong_certificate("other.test", client_options(), "other.test");
    fsock_options_init(&options);
    options.ca_file = client_file; /* not who vouches for it */
    wrong_certificate("localhost", options, "issuer is not known");
}

static void test_certificate_facts(void **state)
{
    struct line l;
    (void)state;
    meet(&l);
    assert_null(fsock_certificate(l.client));
    put_tls(&l);
    const struct fsock_cert *cert = fsock_certificate(l.client);
    assert_non_null(cert);
    assert_non_null(strstr(cert->subject, "CN=localhost"));
    assert_non_null(strstr(cert->issuer, "CN=the authority"));
    is_text(cert->names[0], "localhost");
    is_text(cert->names[1], "127.0.0.1");
    assert_null(cert->names[2]);
    time_t now = time(NULL);
    assert_true(cert->not_before < now && cert->not_after > now);
    is_text(cert->key, "EC P-256");
    assert_int_equal(cert->verified, 1);
    is_text(cert->why, "");
    assert_non_null(strstr(cert->pem, "BEGIN CERTIFICATE"));
    assert_ptr_equal(fsock_certificate(l.client), cert);
    assert_null(fsock_certificate(l.server));
    part(&l);
}

/* ---- Opening and listening ------------------------------------------------------------------- */

static void accept_one(struct actor *a)
{
    if (fsock_accept(a->listener, &a->stream, SOON, NULL) == FSOCK_OK)
        a->fd = (int)fsock_handshake(a->stream, SOON);
}

/* Open `target`, with a %d for the port, to a server with these options. What opening returns. */
static enum fsock_err opens(struct line *l, const char *scheme, const struct fsock_options *client,
                            const struct fsock_options *server, struct fsock_fault *fault)
{
    char target[64];
    struct actor a = {.listener = hear("tls://127.0.0.1:0", server), .fd = -1};
    snprintf(target, sizeof target, "%s://127.0.0.1:%d", scheme, fsock_listener_port(a.listener));
    actor_start(&a, accept_one, 0);
    enum fsock_err err = fsock_open(&l->client, target, 0, client, SOON, fault);
    actor_join(&a);
    l->server = a.stream;
    fsock_listener_close(a.listener);
    return err;
}

static void test_opening_and_listening(void **state)
{
    struct line l;
    struct fsock_fault fault;
    (void)state;
    static const char *const rows[][2] = {
        {"tls",     "TLSv1.3"},
        {"ssl",     "TLSv1.3"},
        {"tlsv1.2", "TLSv1.2"},
        {"TLSv1.3", "TLSv1.3"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fsock_options client = client_options(), server = server_options();
        client.alpn = "x,b,a";
        server.alpn = "a,b";
        ok(opens(&l, rows[i][0], &client, &server, &fault));
        is_text(fsock_inspect(l.client)->tls_version, rows[i][1]);
        is_text(fsock_inspect(l.client)->alpn, "a"); /* the server chooses */
        is_text(fsock_inspect(l.server)->alpn, "a");
        say(l.client, "hello");
        hears(l.server, "hello");
        say(l.server, "hello, too");
        hears(l.client, "hello, too");
        part(&l);
    }
}

static void test_opening_fails(void **state)
{
    struct line l;
    struct fsock_fault fault;
    struct fsock_options client, server = server_options();
    (void)state;
    fsock_options_init(&client); /* the system's roots don't know it */
    assert_int_equal(opens(&l, "tls", &client, &server, &fault), FSOCK_ERR_CERT);
    assert_int_equal(fault.sys_errno, 0);
    assert_int_equal(fault.stage, FSOCK_STAGE_TLS);
    assert_int_equal(fsock_reach_of(&fault), FSOCK_REACH_FAILED);
    part(&l);
    client.insecure = 1;
    ok(opens(&l, "tls", &client, &server, &fault));
    assert_int_equal(fsock_certificate(l.client)->verified, 0);
    assert_true(strlen(fsock_certificate(l.client)->why) > 0);
    part(&l);
    server.tls_max = "1.2";
    assert_int_equal(opens(&l, "tlsv1.3", &client, &server, &fault), FSOCK_ERR_TLS);
    part(&l);
}

static void test_files_that_can_not_be_used(void **state)
{
    struct fsock_options options;
    struct fsock_fault fault;
    fsock_stream *s;
    (void)state;
    fsock_options_init(&options);
    options.ca_file = "/nonexistent/ca.pem";
    assert_int_equal(fsock_open(&s, "tls://127.0.0.1:1", 0, &options, SOON, &fault),
                     FSOCK_ERR_TLS_LOCAL);
    assert_null(s);
    assert_non_null(strstr(fault.text, "/nonexistent/ca.pem"));
    options.ca_file = NULL;
    options.alpn = ",";
    assert_int_equal(fsock_open(&s, "tls://127.0.0.1:1", 0, &options, SOON, &fault),
                     FSOCK_ERR_INPUT);
}

static void test_clients_that_must_show_a_certificate(void **state)
{
    struct line l;
    struct fsock_fault fault;
    struct fsock_options client = client_options(), server = server_options();
    char c;
    size_t n;
    (void)state;
    server.ca_file = ca_file;
    client.cert_file = client_file;
    ok(opens(&l, "tls", &client, &server, &fault));
    assert_non_null(strstr(fsock_certificate(l.server)->subject, "the client"));
    assert_int_equal(fsock_certificate(l.server)->verified, 1);
    say(l.server, "welcome");
    hears(l.client, "welcome");
    part(&l);
    client.cert_file = NULL;
    enum fsock_err err = opens(&l, "tls", &client, &server, &fault);
    if (err == FSOCK_OK) /* TLS 1.3 tells a client later */
        err = fsock_read(l.client, &c, 1, &n, SOON);
    assert_true(err == FSOCK_ERR_TLS || err == FSOCK_ERR_CERT);
    assert_int_equal(fsock_last_fault(l.server)->err, FSOCK_ERR_CERT);
    part(&l);
}

static void test_a_listener_without_a_certificate(void **state)
{
    struct fsock_fault fault;
    struct fsock_options options;
    fsock_listener *l;
    (void)state;
    fsock_options_init(&options);
    assert_int_equal(fsock_listen(&l, "tls://127.0.0.1", 0, &options, SOON, &fault),
                     FSOCK_ERR_INPUT);
    options.cert_file = "/no/such/file";
    assert_int_equal(fsock_listen(&l, "tls://127.0.0.1", 0, &options, SOON, &fault),
                     FSOCK_ERR_TLS_LOCAL);
    assert_null(l);
}

/* A client that says nothing holds up nobody but itself. */
static void test_a_silent_client(void **state)
{
    struct fsock_options server = server_options();
    char c;
    size_t n;
    (void)state;
    fsock_listener *l = hear("tls://127.0.0.1:0", &server);
    fsock_stream *silent = dial("tcp://127.0.0.1", fsock_listener_port(l), NULL);
    fsock_time began = fsock_now();
    fsock_stream *s = take(l);
    took(began, 0, 0.1);
    assert_int_equal(fsock_handshake(s, FSOCK_NOW), FSOCK_AGAIN);
    assert_int_equal(fsock_read(s, &c, 1, &n, fsock_after(0.05)), FSOCK_ERR_TIMEOUT);
    assert_int_equal(fsock_last_fault(s)->stage, FSOCK_STAGE_TLS);
    assert_int_equal(fsock_write(s, "x", 1, &n, FSOCK_NOW), FSOCK_AGAIN);
    assert_int_equal(n, 0);
    assert_int_equal(fsock_at_end(s), 0);
    fsock_close(silent);
    assert_int_equal(fsock_handshake(s, SOON), FSOCK_ERR_CLOSED);
    assert_int_equal(fsock_handshake(s, SOON), FSOCK_ERR_CLOSED);
    fsock_close(s);
    fsock_listener_close(l);
}

/* ---- Writing and ending ---------------------------------------------------------------------- */

static void hear_all(struct actor *a)
{
    hears_many(a->stream, 0, (size_t)a->fd);
}

/*
 * TLS seals what it is given. When the write is given up, what was taken is sent all the same, and
 * other bytes may follow: the peer gets just what was reported, in order.
 */
static void test_a_write_given_up(void **state)
{
    (void)state;
    for (int round = 0; round < 4; round++) {
        struct line l;
        char *bytes = many_bytes(16 << 20);
        size_t all = 0, n;
        meet_tls(&l);
        for (int i = 0; i < 5; i++) {
            size_t len = i == 0 ? 8 << 20 : (size_t)1 << (i + 4 * round);
            fsock_time deadline = round % 2 ? FSOCK_NOW : fsock_after(0.03);
            enum fsock_err err = fsock_write(l.client, bytes + all, len, &n, deadline);
            assert_true(err == FSOCK_OK || err == FSOCK_AGAIN || err == FSOCK_ERR_TIMEOUT);
            assert_true(n <= len);
            all += n;
        }
        struct actor a = {.stream = l.server, .fd = (int)all + 100};
        actor_start(&a, hear_all, 0);
        ok(fsock_write(l.client, bytes + all, 100, &n, SOON));
        assert_int_equal(n, 100);
        assert_int_equal(fsock_inspect(l.client)->sent, all + 100);
        actor_join(&a);
        free(bytes);
        part(&l);
    }
}

/* What is owed goes out while reading, too. */
static void test_what_is_owed_goes_while_reading(void **state)
{
    struct line l;
    char *bytes = many_bytes(8 << 20), c;
    size_t all, n;
    (void)state;
    meet_tls(&l);
    fsock_set_silence(l.client, 50 * MS);
    assert_int_equal(fsock_write(l.client, bytes, 8 << 20, &all, SOON), FSOCK_ERR_TIMEOUT);
    fsock_set_silence(l.client, 0);
    while (fsock_write(l.client, bytes + all, 65536, &n, FSOCK_NOW) == FSOCK_OK)
        all += n;
    assert_true(fsock_wants(l.client, FSOCK_READABLE) & FSOCK_WRITABLE);
    struct actor a = {.stream = l.server, .fd = (int)all};
    actor_start(&a, hear_all, 0.02);
    for (int i = 0; i < 100 && fsock_wants(l.client, FSOCK_READABLE) != FSOCK_READABLE; i++)
        assert_int_equal(fsock_read(l.client, &c, 1, &n, fsock_after(0.1)), FSOCK_ERR_TIMEOUT);
    actor_join(&a);
    assert_int_equal(fsock_wants(l.client, FSOCK_READABLE), FSOCK_READABLE);
    free(bytes);
    part(&l);
}

static void test_both_ends_of_a_half_close(void **state)
{
    struct line l;
    char c;
    size_t n;
    (void)state;
    meet_tls(&l);
    ok(fsock_shut(l.client, SOON));
    assert_int_equal(fsock_read(l.server, &c, 1, &n, SOON), FSOCK_EOF);
    assert_int_equal(fsock_at_end(l.server), 1);
    say(l.server, "still here");
    hears(l.client, "still here");
    assert_int_equal(fsock_write(l.client, "x", 1, &n, SOON), FSOCK_ERR_CLOSED);
    fsock_close(l.server);
    assert_int_equal(fsock_read(l.client, &c, 1, &n, SOON), FSOCK_EOF);
    fsock_close(l.client);
}

static void test_an_end_that_is_cut_off(void **state)
{
    struct line l;
    char c;
    size_t n;
    (void)state;
    meet_tls(&l);
    say(l.client, "ab");
    shutdown(fsock_fd(l.client), SHUT_WR);
    hears(l.server, "ab");
    assert_int_equal(fsock_read(l.server, &c, 1, &n, SOON), FSOCK_ERR_TRUNCATED);
    assert_int_equal(fsock_at_end(l.server), 0);
    part(&l);
}

/* A client that writes and closes, without ever reading the tickets that have come. */
static void test_tickets_do_not_reset(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct line l;
        char c;
        size_t n;
        meet_tls(&l);
        char *bytes = many_bytes(300000);
        struct actor a = {.stream = l.server, .fd = 300000};
        actor_start(&a, hear_all, 0.005);
        ok(fsock_write(l.client, bytes, 300000, NULL, SOON));
        fsock_close(l.client);
        actor_join(&a);
        assert_int_equal(fsock_read(l.server, &c, 1, &n, SOON), FSOCK_EOF);
        fsock_close(l.server);
        free(bytes);
    }
}

/* An HTTPS proxy that answers for the target itself. */
static void be_a_proxy(struct actor *a)
{
    char line[256];
    size_t n;
    a->stream = NULL;
    if (fsock_accept(a->listener, &a->stream, SOON, NULL) != FSOCK_OK)
        return;
    while (fsock_read_line(a->stream, line, sizeof line, &n, SOON) == FSOCK_OK && n > 2)
        continue;
    fsock_printf(a->stream, SOON, "HTTP/1.1 200 Go on\r\n\r\n");
}

/* TLS to a proxy is not TLS to the peer, which can still be put on. */
static void test_plain_by_a_proxy_with_tls(void **state)
{
    struct fsock_options client = client_options(), server = server_options();
    char proxy[64];
    (void)state;
    struct actor a = {.listener = hear("tls://127.0.0.1:0", &server)};
    snprintf(proxy, sizeof proxy, "https://127.0.0.1:%d", fsock_listener_port(a.listener));
    client.proxy = proxy;
    actor_start(&a, be_a_proxy, 0);
    fsock_stream *s = dial("tcp://far.example", 25, &client);
    actor_join(&a);
    is_text(fsock_inspect(s)->transport, "tcp");
    say(s, "STARTTLS");
    hears(a.stream, "STARTTLS");
    client.proxy = NULL;
    assert_int_equal(fsock_start_tls(s, NULL, &client, FSOCK_NOW), FSOCK_AGAIN);
    is_text(fsock_inspect(s)->transport, "tls");
    hears(a.stream, "\x16\x03\x01"); /* a handshake within */
    fsock_close(s);
    fsock_close(a.stream);
    fsock_listener_close(a.listener);
}

static void test_no_byte_out_of_band(void **state)
{
    struct line l;
    unsigned char byte;
    (void)state;
    meet_tls(&l);
    assert_int_equal(fsock_write_oob(l.client, 'x', SOON), FSOCK_ERR_INPUT);
    assert_int_equal(fsock_read_oob(l.client, &byte, SOON), FSOCK_ERR_INPUT);
    say(l.client, "goes on");
    hears(l.server, "goes on");
    part(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_start_tls),
        TEST(test_bytes_before_tls),
        TEST(test_start_tls_with_a_liar),
        TEST(test_nothing_goes_without_tls),
        TEST(test_a_zone),
        TEST(test_whom_to_trust),
        TEST(test_certificate_facts),
        TEST(test_opening_and_listening),
        TEST(test_opening_fails),
        TEST(test_files_that_can_not_be_used),
        TEST(test_clients_that_must_show_a_certificate),
        TEST(test_a_listener_without_a_certificate),
        TEST(test_a_silent_client),
        TEST(test_a_write_given_up),
        TEST(test_what_is_owed_goes_while_reading),
        TEST(test_both_ends_of_a_half_close),
        TEST(test_an_end_that_is_cut_off),
        TEST(test_tickets_do_not_reset),
        TEST(test_plain_by_a_proxy_with_tls),
        TEST(test_no_byte_out_of_band),
    };
    return cmocka_run_group_tests(tests, make_certificates, remove_certificates);
}
