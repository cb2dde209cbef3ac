/*
 * TLS: whom it trusts, what it says when it does not, and what it remembers.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <openssl/err.h>
#include <sys/stat.h>

#include "net/tls_config.h"
#include "net_client.h"

static struct cert ca;
static char directory[] = "/tmp/fsock-test-XXXXXX";

/* "directory/name"; valid until the next call. */
static const char *in_directory(const char *name)
{
    static char path[64];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static struct fsk_tls_config *must_config(const struct fsock_options *options)
{
    struct fsock_fault fault = {.err = FSOCK_OK};
    struct fsk_tls_config *config = fsk_tls_config_new(options, fsk_span(NULL, 0), &fault);
    if (!config)
        fail_msg("%s", fault.text);
    return config;
}

static struct fsk_tls_config *trusting_ca(void)
{
    return must_config(&(struct fsock_options){.ca_file = in_directory("ca.pem")});
}

/* A byte, so that tickets before it are read, too; then it waits for the end. */
static void play_greet(struct peer *p)
{
    char byte;
    if (peer_write(p, "x", 1))
        peer_read(p, &byte, 1);
}

struct outcome {
    enum fsock_err err;
    struct fsk_layer_info info;
    char why[200];
};

/* Connect once and hang up; `greeted`: read the byte that the peer sends. */
static struct outcome try_at(struct peer *p, void (*play)(struct peer *), struct fsk_tls_config *g,
                             const char *host, bool greeted, fsock_time now)
{
    struct client c = {.config = g, .host = host};
    struct outcome o;
    char byte;
    size_t n;
    stub_driver_init(&c.driver);
    c.driver.driver.now = now;
    peer_start(p, play);
    o.err = client_open(&c, p);
    if (!o.err && greeted)
        o.err = client_recv(&c, &byte, 1, &n, 0);
    fsk_stream_info(&c.stream, &o.info);
    snprintf(o.why, sizeof o.why, "%s", o.err ? fsk_stream_why(&c.stream) : "");
    fsk_stream_close(&c.stream);
    peer_join(p);
    return o;
}

static struct outcome try(struct peer *p, struct fsk_tls_config *g, const char *host)
{
    return try_at(p, play_greet, g, host, true, FSOCK_SECOND);
}

/* One connection to `host` at a peer with a certificate for `san` from our CA. */
static struct outcome try_names(const char *san, int days, const char *host)
{
    struct peer p;
    struct cert cert = cert_make("localhost", san, days, &ca);
    struct fsk_tls_config *g = trusting_ca();
    peer_init(&p, "tT", &cert, 0);
    struct outcome o = try(&p, g, host);
    peer_fini(&p);
    fsk_tls_config_free(g);
    cert_free(&cert);
    return o;
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *san, *host;
        bool fine;
    } rows[] = {
        {"DNS:localhost",      "localhost",  true },
        {"DNS:localhost",      "LocalHost.", true },
        {"DNS:LOCALHOST",      "localhost",  true },
        {"DNS:*.a.test",       "b.a.test",   true },
        {"DNS:*.a.test",       "c.b.a.test", false},
        {"DNS:*.a.test",       "a.test",     false},
        {"DNS:b*.a.test",      "bc.a.test",  false},
        {"DNS:other,DNS:c.d",  "c.d",        true },
        {"IP:127.0.0.1",       "127.0.0.1",  true },
        {"IP:0:0:0:0:0:0:0:1", "::1",        true },
        {"IP:127.0.0.2",       "127.0.0.1",  false},
        {"DNS:127.0.0.1",      "127.0.0.1",  false},
        {NULL,                 "localhost",  false},
        {"email:a@localhost",  "localhost",  false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct outcome o = try_names(rows[i].san, 2, rows[i].host);
        if ((o.err == FSOCK_OK) != rows[i].fine || (o.err && o.err != FSOCK_ERR_CERT))
            fail_msg("%s for %s: %s %s", rows[i].san ? rows[i].san : "no name", rows[i].host,
                     fsock_err_name(o.err), o.why);
    }
}

static void test_refusals_in_words(void **state)
{
    (void)state;
    struct outcome o =
        try_names("DNS:a.test,DNS:b.test,IP:192.0.2.1,DNS:c.test,DNS:d.test", 2, "localhost");
    assert_int_equal(o.err, FSOCK_ERR_CERT);
    assert_string_equal(
        o.why, "the certificate is for a.test, b.test, 192.0.2.1 and 2 more, not for localhost");
    o = try_names(NULL, 2, "localhost");
    assert_string_equal(o.why,
                        "the certificate names no host (a common name alone does not count)");
    o = try_names("DNS:localhost", -1, "localhost");
    assert_int_equal(o.err, FSOCK_ERR_CERT);
    time_t yesterday = time(NULL) - 86400;
    struct tm tm;
    char expected[64];
    gmtime_r(&yesterday, &tm);
    strftime(expected, sizeof expected, "the certificate expired on %Y-%m-%d", &tm);
    assert_string_equal(o.why, expected);
    assert_int_equal(o.info.verify_result, X509_V_ERR_CERT_HAS_EXPIRED);
}

static void test_whom_to_trust(void **state)
{
    (void)state;
    struct peer p;
    struct cert self = cert_make("localhost", "DNS:localhost", 2, NULL);
    struct fsock_options options = {.size = sizeof options};
    cert_save(&self, in_directory("self.pem"), false, NULL);
    peer_init(&p, "tT", &self, 0);

    struct fsk_tls_config *g = must_config(&options);
    struct outcome o = try(&p, g, "localhost");
    assert_int_equal(o.err, FSOCK_ERR_CERT);
    assert_string_equal(o.why, "self-signed certificate (18)");
    fsk_tls_config_free(g);

    options.insecure = 1;
    g = must_config(&options);
    o = try(&p, g, "elsewhere");
    assert_int_equal(o.err, FSOCK_OK);
    assert_int_equal(o.info.verify_result, 18);
    fsk_tls_config_free(g);

    options = (struct fsock_options){.ca_file = in_directory("self.pem")};
    g = must_config(&options);
    assert_int_equal(try(&p, g, "localhost").err, FSOCK_OK);
    assert_int_equal(try(&p, g, "elsewhere").err, FSOCK_ERR_CERT);
    fsk_tls_config_free(g);

    g = trusting_ca(); /* another one's CA; the system's roots are not asked, either */
    assert_int_equal(try(&p, g, "localhost").err, FSOCK_ERR_CERT);
    fsk_tls_config_free(g);
    peer_fini(&p);
    cert_free(&self);
}

/* A leaf that is itself in the CA file needs no issuer. */
static void test_a_trusted_leaf(void **state)
{
    (void)state;
    struct peer p;
    struct cert cert = cert_make("x", "DNS:localhost", 2, &ca);
    cert_save(&cert, in_directory("leaf.pem"), false, NULL);
    peer_init(&p, "tT", &cert, 0);
    struct fsk_tls_config *g =
        must_config(&(struct fsock_options){.ca_file = in_directory("leaf.pem")});
    assert_int_equal(try(&p, g, "localhost").err, FSOCK_OK);
    fsk_tls_config_free(g);
    peer_fini(&p);
    cert_free(&cert);
}

/* The system's roots by SSL_CERT_DIR, and by SSL_CERT_FILE where the directory has none. */
static void test_the_systems_roots(void **state)
{
    (void)state;
    struct peer p;
    struct cert cert = cert_make("x", "DNS:localhost", 2, &ca);
    char name[32];
    peer_init(&p, "tT", &cert, 0);

    setenv("SSL_CERT_FILE", "/nonexistent", 1);
    setenv("SSL_CERT_DIR", directory, 1);
    struct fsk_tls_config *g = must_config(&(struct fsock_options){.size = 0});
    assert_int_equal(try(&p, g, "localhost").err, FSOCK_ERR_CERT);
    fsk_tls_config_free(g);

    snprintf(name, sizeof name, "%08lx.0",
             X509_NAME_hash_ex(X509_get_subject_name(ca.x509), NULL, NULL, NULL));
    cert_save(&ca, in_directory(name), false, NULL);
    g = must_config(&(struct fsock_options){.size = 0});
    assert_int_equal(try(&p, g, "localhost").err, FSOCK_OK);
    fsk_tls_config_free(g);
    unlink(in_directory(name));

    setenv("SSL_CERT_FILE", in_directory("ca.pem"), 1);
    g = must_config(&(struct fsock_options){.size = 0});
    for (int i = 0; i < 2; i++)
        assert_int_equal(try(&p, g, "localhost").err, FSOCK_OK);
    fsk_tls_config_free(g);
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
    peer_fini(&p);
    cert_free(&cert);
}

static bool resumed_at(struct peer *p, struct fsk_tls_config *g, const char *host, bool greeted,
                       fsock_time now)
{
    struct outcome o = try_at(p, play_greet, g, host, greeted, now);
    assert_int_equal(o.err, FSOCK_OK);
    return o.info.tls_resumed;
}

static void test_resumption(void **state)
{
    (void)state;
    const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    const fsock_time day = 24 * 3600 * FSOCK_SECOND;
    struct cert cert = cert_make("x", "DNS:localhost,DNS:other", 2, &ca);
    for (int i = 0; i < 2; i++) {
        struct peer p;
        struct fsk_tls_config *g = trusting_ca();
        peer_init(&p, "tT", &cert, versions[i]);
        assert_false(resumed_at(&p, g, "localhost", true, 1));
        assert_true(resumed_at(&p, g, "localhost", true, 2));
        assert_true(resumed_at(&p, g, "LOCALHOST.", true, 3));
        assert_false(resumed_at(&p, g, "other", true, 4));
        assert_false(resumed_at(&p, g, "localhost", true, 8 * day)); /* it has expired */
        fsk_tls_config_free(g);
        peer_fini(&p);
    }
    cert_free(&cert);
}

static void play_cut(struct peer *p)
{
    char byte;
    peer_write(p, "x", 1);
    shutdown(p->fd, SHUT_WR);
    while (read(p->fd, &byte, 1) > 0)
        ;
}

/* Many peers just hang up. That says nothing against the session. */
static void test_an_end_without_close_notify_leaves_the_session(void **state)
{
    (void)state;
    const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct cert cert = cert_make("x", "DNS:localhost", 2, &ca);
    for (int i = 0; i < 2; i++) {
        struct peer p;
        struct client c = {.config = trusting_ca(), .host = "localhost"};
        char byte;
        size_t n;
        peer_init(&p, "tT", &cert, versions[i]);
        stub_driver_init(&c.driver);
        peer_start(&p, play_cut);
        assert_int_equal(client_open(&c, &p), FSOCK_OK);
        assert_int_equal(client_recv(&c, &byte, 1, &n, 0), FSOCK_OK);
        assert_int_equal(client_recv(&c, &byte, 1, &n, 0), FSOCK_ERR_TRUNCATED);
        fsk_stream_close(&c.stream);
        peer_join(&p);
        assert_true(resumed_at(&p, c.config, "localhost", true, FSOCK_SECOND));
        fsk_tls_config_free(c.config);
        peer_fini(&p);
    }
    cert_free(&cert);
}

static void test_tickets_serve_once(void **state)
{
    (void)state;
    struct peer p;
    struct cert cert = cert_make("x", "DNS:localhost", 2, &ca);
    struct fsk_tls_config *g = trusting_ca();
    peer_init(&p, "tT", &cert, TLS1_3_VERSION);
    assert_false(resumed_at(&p, g, "localhost", true, 1)); /* brings two tickets */
    assert_true(resumed_at(&p, g, "localhost", false, 1)); /* no more are read */
    assert_true(resumed_at(&p, g, "localhost", false, 1));
    assert_false(resumed_at(&p, g, "localhost", false, 1));
    fsk_tls_config_free(g);
    peer_fini(&p);
    cert_free(&cert);
}

static void test_the_session_cache_is_bounded(void **state)
{
    (void)state;
    struct peer p;
    struct cert cert = cert_make("x", "DNS:localhost", 2, &ca);
    struct fsk_tls_config *g = trusting_ca();
    struct fsk_tls_sessions cache;
    peer_init(&p, "tT", &cert, TLS1_3_VERSION);
    resumed_at(&p, g, "localhost", true, 1);
    SSL_SESSION *session =
        fsk_tls_sessions_take(&g->sessions, FSK_SPAN("localhost:443"), FSOCK_SECOND);
    assert_non_null(session);

    fsk_tls_sessions_init(&cache);
    for (int i = 0; i < FSK_TLS_SESSIONS + 10; i++) {
        char key[16];
        int n = snprintf(key, sizeof key, "%d", i / 2);
        fsk_tls_sessions_put(&cache, fsk_span(key, (size_t)n), session, 1);
    }
    assert_int_equal(cache.n, FSK_TLS_SESSIONS);
    assert_null(fsk_tls_sessions_take(&cache, FSK_SPAN("4"), 1)); /* the oldest went */
    for (int i = 0; i < 20; i++)
        fsk_tls_sessions_put(&cache, FSK_SPAN("5"), session, 1);
    for (int i = 0; i < FSK_TLS_TICKETS; i++) {
        SSL_SESSION *one = fsk_tls_sessions_take(&cache, FSK_SPAN("5"), 1);
        assert_non_null(one);
        SSL_SESSION_free(one);
    }
    assert_null(fsk_tls_sessions_take(&cache, FSK_SPAN("5"), 1));
    fsk_tls_sessions_forget(&cache, FSK_SPAN("6"));
    assert_null(fsk_tls_sessions_take(&cache, FSK_SPAN("6"), 1));
    fsk_tls_sessions_fini(&cache);
    SSL_SESSION_free(session);
    fsk_tls_config_free(g);
    peer_fini(&p);
    cert_free(&cert);
}

static void test_versions(void **state)
{
    (void)state;
    struct peer p;
    struct cert cert = cert_make("x", "DNS:localhost", 2, &ca);
    struct fsock_options options = {.ca_file = in_directory("ca.pem"), .tls_min = "1.3"};
    peer_init(&p, "tT", &cert, TLS1_2_VERSION);
    struct fsk_tls_config *g = must_config(&options);
    struct outcome o = try(&p, g, "localhost");
    assert_int_equal(o.err, FSOCK_ERR_TLS);
    assert_string_equal(o.why, "the peer sent the alert protocol version (70)");
    fsk_tls_config_free(g);
    peer_fini(&p);

    options.tls_min = NULL;
    options.tls_max = "1.2";
    peer_init(&p, "tT", &cert, 0);
    g = must_config(&options);
    o = try(&p, g, "localhost");
    assert_int_equal(o.err, FSOCK_OK);
    assert_string_equal(o.info.tls_version, "TLSv1.2");
    fsk_tls_config_free(g);
    peer_fini(&p);
    cert_free(&cert);
}

static void play_nothing(struct peer *p)
{
    (void)p;
}

static void play_reset(struct peer *p)
{
    peer_reset(p);
}

static void play_hello_then_end(struct peer *p)
{
    char hello[2048];
    if (read(p->fd, hello, sizeof hello) > 0)
        shutdown(p->fd, SHUT_WR);
}

static void play_plain_http(struct peer *p)
{
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    char hello[2048];
    if (read(p->fd, hello, sizeof hello) > 0)
        peer_write(p, answer, sizeof answer - 1);
}

/* Our side speaks TLS, but the peer's stack is TCP alone. */
static struct outcome try_without_tls(void (*play)(struct peer *), const char *host)
{
    struct peer p;
    struct client c = {.host = host, .config = trusting_ca()};
    struct outcome o;
    stub_driver_init(&c.driver);
    peer_init(&p, "t", NULL, 0);
    peer_start(&p, play);
    assert_int_equal(client_open(&c, &p), FSOCK_OK);
    c.stream.top = client_layer(&c, c.stream.top, 'T');
    o.err = client_handshake(c.stream.top);
    snprintf(o.why, sizeof o.why, "%s", fsk_stream_why(&c.stream));
    assert_int_equal(c.stream.top->stage, FSOCK_STAGE_TLS);
    fsk_stream_close(&c.stream);
    fsk_tls_config_free(c.config);
    peer_join(&p);
    return o;
}

static void test_failed_handshakes(void **state)
{
    (void)state;
    struct outcome o = try_without_tls(play_plain_http, "localhost");
    assert_int_equal(o.err, FSOCK_ERR_TLS);
    assert_string_equal(o.why, "the peer does not speak TLS (it answered in plain text?)");
    o = try_without_tls(play_hello_then_end, "localhost");
    assert_int_equal(o.err, FSOCK_ERR_CLOSED);
    assert_string_equal(o.why, "the peer closed the connection during the TLS handshake");
    o = try_without_tls(play_reset, "localhost");
    assert_int_equal(o.err, FSOCK_ERR_RESET);
    assert_non_null(strstr(o.why, "reset"));
    o = try_without_tls(play_nothing, "");
    assert_int_equal(o.err, FSOCK_ERR_INPUT);
    char host[300];
    memset(host, 'a', sizeof host);
    host[256] = '\0';
    o = try_without_tls(play_nothing, host);
    assert_int_equal(o.err, FSOCK_ERR_INPUT);
}

static char seen_name[64];

static void play_name(struct peer *p)
{
    const char *name = SSL_get_servername(p->ssl[0], TLSEXT_NAMETYPE_host_name);
    snprintf(seen_name, sizeof seen_name, "%s", name ? name : "none");
    peer_write(p, "x", 1);
}

static void test_names_are_sent_but_addresses_are_not(void **state)
{
    (void)state;
    struct peer p;
    struct cert cert = cert_make("x", "DNS:localhost,IP:127.0.0.1", 2, &ca);
    struct fsk_tls_config *g = trusting_ca();
    peer_init(&p, "tT", &cert, 0);
    assert_int_equal(try_at(&p, play_name, g, "LocalHost.", true, 1).err, FSOCK_OK);
    assert_string_equal(seen_name, "localhost");
    assert_int_equal(try_at(&p, play_name, g, "127.0.0.1", true, 1).err, FSOCK_OK);
    assert_string_equal(seen_name, "none");
    fsk_tls_config_free(g);
    peer_fini(&p);
    cert_free(&cert);
}

static void test_client_certificate(void **state)
{
    (void)state;
    struct peer p;
    struct cert cert = cert_make("x", "DNS:localhost", 2, &ca);
    char mine[64];
    snprintf(mine, sizeof mine, "%s", in_directory("mine.pem"));
    cert_save(&cert, mine, true, NULL);
    struct fsock_options options = {.ca_file = in_directory("ca.pem")};
    peer_init(&p, "tT", &cert, 0);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(p.ctx), ca.x509);
    SSL_CTX_set_verify(p.ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);

    struct fsk_tls_config *g = must_config(&options);
    struct outcome o = try(&p, g, "localhost");
    assert_int_equal(o.err, FSOCK_ERR_TLS);
    assert_string_equal(o.why, "the peer sent the alert certificate required (116)");
    fsk_tls_config_free(g);

    options.cert_file = mine;
    g = must_config(&options);
    o = try(&p, g, "localhost");
    assert_int_equal(o.err, FSOCK_OK);
    fsk_tls_config_free(g);
    peer_fini(&p);
    cert_free(&cert);
}

static void refuse(const struct fsock_options *options, enum fsock_err err, const char *words)
{
    struct fsock_fault fault = {.err = FSOCK_OK};
    assert_null(fsk_tls_config_new(options, fsk_span(NULL, 0), &fault));
    assert_int_equal(fault.err, err);
    if (!strstr(fault.text, words))
        fail_msg("%s", fault.text);
    assert_int_equal(ERR_peek_error(), 0);
}

static void test_options_that_can_not_be_used(void **state)
{
    (void)state;
    char locked[64], plain[64], empty[64];
    struct cert cert = cert_make("x", NULL, 2, &ca), other = cert_make("y", NULL, 2, &ca);
    snprintf(locked, sizeof locked, "%s", in_directory("locked.pem"));
    snprintf(plain, sizeof plain, "%s", in_directory("plain.pem"));
    snprintf(empty, sizeof empty, "%s", in_directory("empty.pem"));
    cert_save(&cert, locked, true, "secret");
    cert_save(&other, plain, true, NULL);
    fclose(fopen(empty, "w"));
    refuse(&(struct fsock_options){.cert_file = locked}, FSOCK_ERR_TLS_LOCAL, "by a password");
    refuse(&(struct fsock_options){.cert_file = locked, .key_file = plain}, FSOCK_ERR_TLS_LOCAL,
           "mismatch");
    refuse(&(struct fsock_options){.cert_file = "/nonexistent"}, FSOCK_ERR_TLS_LOCAL,
           "no such file");
    refuse(&(struct fsock_options){.cert_file = empty}, FSOCK_ERR_TLS_LOCAL, "PEM");
    refuse(&(struct fsock_options){.key_file = plain}, FSOCK_ERR_INPUT, "no certificate");
    refuse(&(struct fsock_options){.ca_file = "/nonexistent"}, FSOCK_ERR_TLS_LOCAL, "no such file");
    refuse(&(struct fsock_options){.ca_file = empty}, FSOCK_ERR_TLS_LOCAL, "PEM");
    refuse(&(struct fsock_options){.keylog_file = "/nonexistent/x"}, FSOCK_ERR_TLS_LOCAL,
           "no such file");
    refuse(&(struct fsock_options){.tls_min = "1.4"}, FSOCK_ERR_INPUT, "1.4");
    refuse(&(struct fsock_options){.tls_min = "1.3", .tls_max = "1.2"}, FSOCK_ERR_INPUT, "1.3");
    cert_free(&cert);
    cert_free(&other);
}

static void test_keylog(void **state)
{
    (void)state;
    struct peer p;
    struct cert cert = cert_make("x", "DNS:localhost", 2, &ca);
    char log[64], line[512];
    struct stat st;
    snprintf(log, sizeof log, "%s", in_directory("keys"));
    struct fsk_tls_config *g =
        must_config(&(struct fsock_options){.ca_file = in_directory("ca.pem"), .keylog_file = log});
    peer_init(&p, "tT", &cert, TLS1_2_VERSION);
    assert_int_equal(try(&p, g, "localhost").err, FSOCK_OK);
    assert_int_equal(stat(log, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    FILE *f = fopen(log, "r");
    assert_non_null(fgets(line, sizeof line, f));
    assert_memory_equal(line, "CLIENT_RANDOM ", 14);
    assert_non_null(strchr(line, '\n'));
    fclose(f);
    fsk_tls_config_free(g);
    peer_fini(&p);
    cert_free(&cert);
}

static void remove_directory(void)
{
    DIR *dir = opendir(directory);
    struct dirent *entry;
    while ((entry = readdir(dir)))
        unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
    rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_refusals_in_words),
        cmocka_unit_test(test_whom_to_trust),
        cmocka_unit_test(test_a_trusted_leaf),
        cmocka_unit_test(test_the_systems_roots),
        cmocka_unit_test(test_resumption),
        cmocka_unit_test(test_an_end_without_close_notify_leaves_the_session),
        cmocka_unit_test(test_tickets_serve_once),
        cmocka_unit_test(test_the_session_cache_is_bounded),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_failed_handshakes),
        cmocka_unit_test(test_names_are_sent_but_addresses_are_not),
        cmocka_unit_test(test_client_certificate),
        cmocka_unit_test(test_options_that_can_not_be_used),
        cmocka_unit_test(test_keylog),
    };
    signal(SIGPIPE, SIG_IGN);
    if (!mkdtemp(directory))
        return 1;
    ca = cert_make("test CA", NULL, 2, NULL);
    cert_save(&ca, in_directory("ca.pem"), false, NULL);
    int failed = cmocka_run_group_tests_name("tls", tests, NULL, NULL);
    remove_directory();
    cert_free(&ca);
    return failed;
}
