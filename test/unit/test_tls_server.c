/*
 * TLS' server side: whom it lets in, what it agrees on, and how both directions end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/err.h>

#include "net_pair.h"

static struct cert leaf;

static struct fsk_tls_config *plain_server(void)
{
    return server_config(&leaf, (struct fsock_options){.size = 0}, NULL);
}

static struct fsk_tls_config *plain_client(void)
{
    return client_config((struct fsock_options){.size = 0}, NULL);
}

static void test_a_talk(void **state)
{
    (void)state;
    static const char *const versions[] = {"1.2", "1.3"};
    for (int i = 0; i < 2; i++) {
        struct fsock_options options = {.tls_max = versions[i]};
        struct fsk_tls_config *c = plain_client(), *s = server_config(&leaf, options, NULL);
        struct fsk_layer_info info[2];
        struct pair p;
        pair_open(&p, c, "localhost", s);
        pair_must_be_open(&p);
        pass(&p.client, &p.server, "hello");
        pass(&p.server, &p.client, "and hello");
        fsk_stream_info(&p.client.stream, &info[0]);
        fsk_stream_info(&p.server.stream, &info[1]);
        for (int end = 0; end < 2; end++) {
            assert_string_equal(info[end].tls_version, i ? "TLSv1.3" : "TLSv1.2");
            assert_string_equal(info[end].tls_group, "x25519");
            assert_string_equal(info[end].alpn, "");
            assert_int_equal(info[end].verify_result, 0);
        }
        assert_string_equal(info[0].tls_cipher, info[1].tls_cipher);
        pair_close(&p);
        fsk_tls_config_free(c);
        fsk_tls_config_free(s);
    }
}

/* Each end in turn ends its stream first; the other one's is not touched by that. */
static void test_half_close(void **state)
{
    (void)state;
    static const char *const versions[] = {"1.2", "1.3"};
    for (int i = 0; i < 4; i++) {
        struct fsock_options options = {.tls_max = versions[i / 2]};
        struct fsk_tls_config *c = plain_client(), *s = server_config(&leaf, options, NULL);
        struct pair p;
        size_t n;
        pair_open(&p, c, "localhost", s);
        pair_must_be_open(&p);
        struct end *first = i % 2 ? &p.client : &p.server, *last = i % 2 ? &p.server : &p.client;
        pass(first, last, "early");
        assert_int_equal(end_shut(first), FSOCK_OK);
        assert_int_equal(end_shut(first), FSOCK_OK);
        ends_with(first, FSOCK_AGAIN);
        ends_with(last, FSOCK_EOF);
        for (int k = 0; k < 3; k++)
            pass(last, first, "late");
        assert_int_equal(end_send(first, "x", 1, &n), FSOCK_ERR_CLOSED);
        pass(last, first, "still");
        assert_int_equal(end_shut(last), FSOCK_OK);
        ends_with(first, FSOCK_EOF);
        pair_close(&p);
        fsk_tls_config_free(c);
        fsk_tls_config_free(s);
    }
}

/* The peer has ended its stream, and then is gone: sending says so, not that the stream ended. */
static void test_a_reset_after_the_end(void **state)
{
    (void)state;
    struct fsk_tls_config *c = plain_client(), *s = plain_server();
    struct pair p;
    size_t n;
    pair_open(&p, c, "localhost", s);
    pair_must_be_open(&p);
    pass(&p.server, &p.client, "x"); /* tickets are read, too */
    fsk_stream_close(&p.client.stream);
    ends_with(&p.server, FSOCK_EOF);
    assert_int_equal(end_send(&p.server, "x", 1, &n), FSOCK_ERR_CLOSED);
    fsk_stream_close(&p.server.stream);
    fsk_tls_config_free(c);
    fsk_tls_config_free(s);
}

/* A record that is half sent has to be finished first. */
static void test_no_end_within_a_record(void **state)
{
    (void)state;
    static char much[1 << 20], in[1 << 16];
    struct fsk_tls_config *c = plain_client(), *s = plain_server();
    struct pair p;
    size_t n, got = 0, sent = 0;
    enum fsock_err err;
    pair_open(&p, c, "localhost", s);
    pair_must_be_open(&p);
    while ((err = end_send(&p.client, much, sizeof much, &n)) == FSOCK_OK)
        sent += n;
    assert_int_equal(err, FSOCK_AGAIN);
    assert_int_equal(end_shut(&p.client), FSOCK_ERR_INPUT);
    while (end_recv(&p.server, in, sizeof in, &n) == FSOCK_OK)
        got += n;
    assert_true(end_may_go(&p.client));
    assert_int_equal(end_send(&p.client, much, sizeof much, &n), FSOCK_OK);
    sent += n;
    assert_int_equal(end_shut(&p.client), FSOCK_OK);
    while ((err = end_recv(&p.server, in, sizeof in, &n)) == FSOCK_OK)
        got += n;
    assert_int_equal(err, FSOCK_EOF);
    assert_int_equal(got, sent);
    pair_close(&p);
    fsk_tls_config_free(c);
    fsk_tls_config_free(s);
}

/* TLS on a stream that has carried plain text. */
static void test_starttls(void **state)
{
    (void)state;
    struct fsk_tls_config *c = plain_client(), *s = plain_server();
    struct pair p;
    pair_init(&p);
    pass(&p.client, &p.server, "STARTTLS\r\n");
    pass(&p.server, &p.client, "220 go ahead\r\n");
    pair_start_tls(&p, c, "localhost", s);
    pair_must_be_open(&p);
    pass(&p.client, &p.server, "EHLO\r\n");
    pass(&p.server, &p.client, "250 ok\r\n");
    pair_start_tls(&p, c, "localhost", s); /* and TLS within it */
    pair_must_be_open(&p);
    pass(&p.client, &p.server, "deep");
    pair_close(&p);
    fsk_tls_config_free(c);
    fsk_tls_config_free(s);
}

/* ---- Client certificates --------------------------------------------------------------------- */

/* A client with this certificate, or none, at a server that asks for one; whether it was let in. */
static struct outcome let_in(const struct cert *mine, const char *version)
{
    char path[64], roots[64];
    struct fsock_options options = {.tls_max = version};
    struct outcome o = {.err = FSOCK_OK};
    struct pair p;
    char byte;
    size_t n;
    snprintf(roots, sizeof roots, "%s", in_directory("ca.pem"));
    snprintf(path, sizeof path, "%s", in_directory("mine.pem"));
    options.ca_file = roots;
    struct fsk_tls_config *s = server_config(&leaf, options, NULL);
    if (mine) {
        cert_save(mine, path, true, NULL);
        options.cert_file = path;
    }
    struct fsk_tls_config *c = client_config(options, NULL);
    pair_open(&p, c, "localhost", s);
    o.err = p.server.err;
    fsk_stream_info(&p.server.stream, &o.info);
    snprintf(o.why, sizeof o.why, "%s", o.err ? fsk_stream_why(&p.server.stream) : "");
    if (o.err == FSOCK_OK) {
        pass(&p.client, &p.server, "x");
    } else { /* the client hears of it: in TLS 1.3 after its own handshake */
        if (p.client.err == FSOCK_OK)
            p.client.err = end_recv(&p.client, &byte, 1, &n);
        assert_int_equal(p.client.err, FSOCK_ERR_TLS);
        assert_non_null(strstr(fsk_stream_why(&p.client.stream), "the peer sent the alert"));
    }
    pair_close(&p);
    fsk_tls_config_free(c);
    fsk_tls_config_free(s);
    return o;
}

static void test_client_certificates(void **state)
{
    (void)state;
    static const char *const versions[] = {"1.2", "1.3"};
    struct cert good = cert_make("me", NULL, 2, &ca), old = cert_make("me", NULL, -1, &ca);
    struct cert other_ca = cert_make("other CA", NULL, 2, NULL);
    struct cert strange = cert_make("me", NULL, 2, &other_ca);
    struct cert server_only = cert_make("me", NULL, 2, &ca);
    cert_extend(server_only.x509, ca.x509, NID_ext_key_usage, "serverAuth");
    assert_true(X509_sign(server_only.x509, ca.key, EVP_sha256()) > 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(let_in(&good, versions[i]).err, FSOCK_OK);
        struct outcome o = let_in(NULL, versions[i]);
        assert_int_equal(o.err, FSOCK_ERR_CERT);
        assert_string_equal(o.why, "the peer showed no certificate");
        o = let_in(&strange, versions[i]);
        assert_int_equal(o.err, FSOCK_ERR_CERT);
        assert_non_null(strstr(o.why, "issuer is not known here"));
        assert_int_not_equal(o.info.verify_result, 0);
        o = let_in(&old, versions[i]);
        assert_int_equal(o.err, FSOCK_ERR_CERT);
        assert_non_null(strstr(o.why, "the certificate expired on"));
        o = let_in(&server_only, versions[i]);
        assert_int_equal(o.err, FSOCK_ERR_CERT);
        assert_non_null(strstr(o.why, "purpose"));
    }
    cert_free(&good);
    cert_free(&old);
    cert_free(&strange);
    cert_free(&other_ca);
    cert_free(&server_only);
}

/* ---- What is agreed on ----------------------------------------------------------------------- */

static void agree(const char *offer, const char *spoken, const char *expected)
{
    struct fsk_tls_config *c = client_config((struct fsock_options){.size = 0}, offer);
    struct fsk_tls_config *s = server_config(&leaf, (struct fsock_options){.size = 0}, spoken);
    struct fsk_layer_info info;
    struct pair p;
    pair_open(&p, c, "localhost", s);
    if (expected) {
        pair_must_be_open(&p);
        fsk_stream_info(&p.client.stream, &info);
        assert_string_equal(info.alpn, expected);
        fsk_stream_info(&p.server.stream, &info);
        assert_string_equal(info.alpn, expected);
    } else {
        assert_int_equal(p.client.err, FSOCK_ERR_TLS);
        assert_string_equal(fsk_stream_why(&p.client.stream),
                            "the peer sent the alert no application protocol (120)");
        assert_int_equal(p.server.err, FSOCK_ERR_TLS);
        assert_non_null(strstr(fsk_stream_why(&p.server.stream), "ALPN"));
    }
    pair_close(&p);
    fsk_tls_config_free(c);
    fsk_tls_config_free(s);
}

static void test_protocols(void **state)
{
    (void)state;
    static const char *const long_name = "a-protocol-whose-name-is-longer-than-most";
    agree("h2,http/1.1", "http/1.1,h2", "http/1.1"); /* the server's order counts */
    agree("http/1.1,h2", "h2,http/1.1", "h2");
    agree("a,b,c", "x,c", "c");
    agree(long_name, long_name, long_name);
    agree(NULL, "h2", "");
    agree("h2", NULL, "");
    agree("h2", "http/1.1", NULL);
    agree("h2", "h", NULL);
}

static int choose_another(SSL *ssl, const unsigned char **out, unsigned char *n,
                          const unsigned char *in, unsigned in_n, void *arg)
{
    (void)ssl, (void)in, (void)in_n, (void)arg;
    *out = (const unsigned char *)"h3";
    *n = 2;
    return SSL_TLSEXT_ERR_OK;
}

static void test_a_protocol_that_was_not_offered(void **state)
{
    (void)state;
    struct fsk_tls_config *c = client_config((struct fsock_options){.size = 0}, "h2");
    struct fsk_tls_config *s = plain_server();
    struct pair p;
    SSL_CTX_set_alpn_select_cb(s->ctx, choose_another, NULL);
    pair_open(&p, c, "localhost", s);
    assert_int_equal(p.client.err, FSOCK_ERR_TLS);
    pair_close(&p);
    fsk_tls_config_free(c);
    fsk_tls_config_free(s);
}

static void test_versions(void **state)
{
    (void)state;
    struct fsk_tls_config *c = client_config((struct fsock_options){.tls_max = "1.2"}, NULL);
    struct fsk_tls_config *s = server_config(&leaf, (struct fsock_options){.tls_min = "1.3"}, NULL);
    struct pair p;
    pair_open(&p, c, "localhost", s);
    assert_int_equal(p.server.err, FSOCK_ERR_TLS);
    assert_int_equal(p.client.err, FSOCK_ERR_TLS);
    assert_string_equal(fsk_stream_why(&p.client.stream),
                        "the peer sent the alert protocol version (70)");
    pair_close(&p);
    fsk_tls_config_free(c);
    fsk_tls_config_free(s);
    c = client_config((struct fsock_options){.tls_min = "1.0", .tls_max = "1.0"}, NULL);
    s = server_config(&leaf, (struct fsock_options){.tls_min = "1.0"}, NULL);
    pair_open(&p, c, "localhost", s);
    pair_must_be_open(&p);
    pair_close(&p);
    fsk_tls_config_free(c);
    fsk_tls_config_free(s);
}

/* Twice at the same server, which may ask for certificates; whether the second one resumed. */
static bool resumes(const struct fsock_options *server, const struct fsock_options *client)
{
    struct fsk_tls_config *c = client_config(*client, NULL),
                          *s = server_config(&leaf, *server, NULL);
    struct fsk_layer_info info[2];
    struct pair p;
    for (int i = 0; i < 2; i++) {
        pair_open(&p, c, "localhost", s);
        pair_must_be_open(&p);
        pass(&p.server, &p.client, "x");
        fsk_stream_info(&p.client.stream, &info[0]);
        fsk_stream_info(&p.server.stream, &info[1]);
        assert_int_equal(info[0].tls_resumed, info[1].tls_resumed);
        pair_close(&p);
    }
    fsk_tls_config_free(c);
    fsk_tls_config_free(s);
    return info[0].tls_resumed;
}

static void test_resumption(void **state)
{
    (void)state;
    static const char *const versions[] = {"1.2", "1.3"};
    char path[64], roots[64];
    struct cert mine = cert_make("me", NULL, 2, &ca);
    snprintf(roots, sizeof roots, "%s", in_directory("ca.pem"));
    snprintf(path, sizeof path, "%s", in_directory("mine.pem"));
    cert_save(&mine, path, true, NULL);
    for (int i = 0; i < 2; i++) {
        struct fsock_options server = {.tls_max = versions[i]}, client = {.cert_file = path};
        assert_true(resumes(&server, &client));
        server.ca_file = roots;
        assert_true(resumes(&server, &client));
    }
    cert_free(&mine);
}

/* ---- Peers that do not speak TLS ------------------------------------------------------------- */

/* What the server says of a peer that sends this and ends its stream. */
static struct outcome say(const char *bytes, size_t len)
{
    struct fsk_tls_config *s = plain_server();
    struct outcome o;
    struct pair p;
    size_t n;
    pair_init(&p);
    if (len)
        assert_int_equal(end_send(&p.client, bytes, len, &n), FSOCK_OK);
    assert_int_equal(end_shut(&p.client), FSOCK_OK);
    p.server.stream.top = fsk_tls_new_server(p.server.stream.top, s);
    p.server.wait.wants = 0;
    o.err = p.server.stream.top->ops->connect(p.server.stream.top, &p.server.wait);
    snprintf(o.why, sizeof o.why, "%s", fsk_stream_why(&p.server.stream));
    assert_int_equal(p.server.stream.top->stage, FSOCK_STAGE_TLS);
    pair_close(&p);
    fsk_tls_config_free(s);
    return o;
}

static void test_no_tls_at_all(void **state)
{
    (void)state;
    struct outcome o = say("GET / HTTP/1.1\r\n\r\n", 18);
    assert_int_equal(o.err, FSOCK_ERR_TLS);
    assert_non_null(strstr(o.why, "HTTP in plain text"));
    o = say("EHLO there\r\n", 12);
    assert_int_equal(o.err, FSOCK_ERR_TLS);
    o = say("", 0);
    assert_int_equal(o.err, FSOCK_ERR_CLOSED);
    o = say("\x16\x03\x01", 3);
    assert_int_equal(o.err, FSOCK_ERR_CLOSED);
}

/* ---- The config ------------------------------------------------------------------------------ */

static void refuse(struct fsock_options options, enum fsock_err err, const char *words)
{
    struct fsock_fault fault = {.err = FSOCK_OK};
    assert_null(fsk_tls_config_new_server(&options, FSK_SPAN(""), &fault));
    assert_int_equal(fault.err, err);
    if (!strstr(fault.text, words))
        fail_msg("%s", fault.text);
    assert_int_equal(ERR_peek_error(), 0);
}

static void test_options_that_can_not_be_used(void **state)
{
    (void)state;
    char path[64], bare[64];
    snprintf(path, sizeof path, "%s", in_directory("whole.pem"));
    snprintf(bare, sizeof bare, "%s", in_directory("bare.pem"));
    cert_save(&leaf, path, true, NULL);
    cert_save(&leaf, bare, false, NULL);
    refuse((struct fsock_options){.size = 0}, FSOCK_ERR_INPUT, "needs a certificate");
    refuse((struct fsock_options){.key_file = path}, FSOCK_ERR_INPUT, "needs a certificate");
    refuse((struct fsock_options){.cert_file = bare}, FSOCK_ERR_TLS_LOCAL, "can't use the key");
    refuse((struct fsock_options){.cert_file = path, .ca_file = bare, .insecure = 1},
           FSOCK_ERR_INPUT, "not be verified");
    refuse((struct fsock_options){.cert_file = path, .ca_file = "/nonexistent"},
           FSOCK_ERR_TLS_LOCAL, "no such file");
    refuse((struct fsock_options){.cert_file = path, .tls_min = "2"}, FSOCK_ERR_INPUT, "2");
}

/* Its connections hold it. */
static void test_a_config_that_was_freed(void **state)
{
    (void)state;
    struct fsk_tls_config *c = plain_client(), *s = plain_server();
    struct pair p;
    assert_ptr_equal(fsk_tls_config_ref(s), s);
    pair_open(&p, c, "localhost", s);
    fsk_tls_config_free(c);
    fsk_tls_config_free(s);
    fsk_tls_config_free(s);
    pair_must_be_open(&p);
    pass(&p.client, &p.server, "x");
    pass(&p.server, &p.client, "y");
    pair_close(&p);
}

#define THREADS     4
#define CONNECTIONS 25

struct crowd {
    pthread_t thread;
    struct fsk_tls_config *client, *server;
    int opened, resumed;
};

static void *join_crowd(void *arg)
{
    struct crowd *crowd = arg;
    struct fsk_layer_info info;
    char byte;
    size_t n;
    for (int i = 0; i < CONNECTIONS; i++) {
        struct pair p;
        pair_open(&p, crowd->client, "localhost", crowd->server);
        crowd->opened += p.client.err == FSOCK_OK && p.server.err == FSOCK_OK &&
                         end_send(&p.server, "x", 1, &n) == FSOCK_OK &&
                         end_recv(&p.client, &byte, 1, &n) == FSOCK_OK;
        fsk_stream_info(&p.client.stream, &info);
        crowd->resumed += info.tls_resumed;
        pair_close(&p);
    }
    fsk_tls_config_free(crowd->server);
    return NULL;
}

/* One server's config in many threads, which outlive whoever made it. */
static void test_threads(void **state)
{
    (void)state;
    struct crowd crowd[THREADS];
    char log[64];
    snprintf(log, sizeof log, "%s", in_directory("server-keys"));
    struct fsk_tls_config *s =
        server_config(&leaf, (struct fsock_options){.keylog_file = log}, "h2,http/1.1");
    for (int i = 0; i < THREADS; i++) {
        crowd[i] = (struct crowd){.client = client_config((struct fsock_options){.size = 0}, "h2"),
                                  .server = fsk_tls_config_ref(s)};
        assert_int_equal(pthread_create(&crowd[i].thread, NULL, join_crowd, &crowd[i]), 0);
    }
    fsk_tls_config_free(s);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(crowd[i].thread, NULL);
        assert_int_equal(crowd[i].opened, CONNECTIONS);
        assert_int_equal(crowd[i].resumed, CONNECTIONS - 1);
        fsk_tls_config_free(crowd[i].client);
    }
    char line[512];
    FILE *f = fopen(log, "r");
    int lines = 0;
    for (; fgets(line, sizeof line, f); lines++)
        if (!strstr(line, "SECRET") || !strchr(line, '\n'))
            fail_msg("%s", line);
    fclose(f);
    assert_true(lines >= THREADS * CONNECTIONS * 4);
}

static int set_up(void **state)
{
    (void)state;
    tls_set_up();
    leaf = cert_make("server", "DNS:localhost", 2, &ca);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cert_free(&leaf);
    tls_tear_down();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_talk),
        cmocka_unit_test(test_half_close),
        cmocka_unit_test(test_a_reset_after_the_end),
        cmocka_unit_test(test_no_end_within_a_record),
        cmocka_unit_test(test_starttls),
        cmocka_unit_test(test_client_certificates),
        cmocka_unit_test(test_protocols),
        cmocka_unit_test(test_a_protocol_that_was_not_offered),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_resumption),
        cmocka_unit_test(test_no_tls_at_all),
        cmocka_unit_test(test_options_that_can_not_be_used),
        cmocka_unit_test(test_a_config_that_was_freed),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests_name("tls server", tests, set_up, tear_down);
}
