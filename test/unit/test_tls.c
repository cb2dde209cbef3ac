/*
 * TLS: whom it trusts, and what it says when it does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <sys/stat.h>

#include "net_tls.h"

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
/* RFC 5280 4.2.1.3: an authority's certificate says that its key may sign others. */
static void test_strictness(void **state)
{
    (void)state;
    struct peer p;
    struct cert lax = cert_make("lax CA", NULL, 2, NULL);
    int at = X509_get_ext_by_NID(lax.x509, NID_key_usage, -1);
    X509_EXTENSION_free(X509_delete_ext(lax.x509, at));
    assert_true(X509_sign(lax.x509, lax.key, EVP_sha256()) > 0);
    struct cert leaf = cert_make("localhost", "DNS:localhost", 2, &lax);
    cert_save(&lax, in_directory("lax.pem"), false, NULL);
    peer_init(&p, "tT", &leaf, 0);
    struct fsock_options options = {.ca_file = in_directory("lax.pem")};
    struct fsk_tls_config *g = must_config(&options);
    struct outcome o = try(&p, g, "localhost");
    assert_int_equal(o.err, FSOCK_ERR_CERT);
    assert_non_null(strstr(o.why, "key usage"));
    fsk_tls_config_free(g);
    peer_fini(&p);
    cert_free(&leaf);
    cert_free(&lax);
}

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

static void test_failed_handshakes(void **state)
{
    (void)state;
    struct fsk_tls_config *g = trusting_ca();
    struct outcome o = try_without_tls(play_plain_http, g, "localhost");
    assert_int_equal(o.err, FSOCK_ERR_TLS);
    assert_string_equal(o.why, "the peer does not speak TLS (it answered in plain text?)");
    o = try_without_tls(play_hello_then_end, g, "localhost");
    assert_int_equal(o.err, FSOCK_ERR_CLOSED);
    assert_string_equal(o.why, "the peer closed the connection during the TLS handshake");
    o = try_without_tls(play_reset, g, "localhost");
    assert_int_equal(o.err, FSOCK_ERR_RESET);
    assert_non_null(strstr(o.why, "reset"));
    o = try_without_tls(play_nothing, g, "");
    assert_int_equal(o.err, FSOCK_ERR_INPUT);
    char host[300];
    memset(host, 'a', sizeof host);
    host[256] = '\0';
    o = try_without_tls(play_nothing, g, host);
    assert_int_equal(o.err, FSOCK_ERR_INPUT);
    fsk_tls_config_free(g);
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

/* A key that no certificate here has. */
static void save_key(const char *path)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    FILE *f = fopen(path, "w");
    assert_true(key && f && PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL));
    fclose(f);
    EVP_PKEY_free(key);
}

static void test_options_that_can_not_be_used(void **state)
{
    (void)state;
    char locked[64], plain[64], empty[64], kind[64];
    struct cert cert = cert_make("x", NULL, 2, &ca), other = cert_make("y", NULL, 2, &ca);
    snprintf(locked, sizeof locked, "%s", in_directory("locked.pem"));
    snprintf(plain, sizeof plain, "%s", in_directory("plain.pem"));
    snprintf(empty, sizeof empty, "%s", in_directory("empty.pem"));
    cert_save(&cert, locked, true, "secret");
    snprintf(kind, sizeof kind, "%s", in_directory("kind.pem"));
    cert_save(&other, plain, true, NULL);
    save_key(kind);
    fclose(fopen(empty, "w"));
    refuse(&(struct fsock_options){.cert_file = locked}, FSOCK_ERR_TLS_LOCAL, "by a password");
    refuse(&(struct fsock_options){.cert_file = locked, .key_file = plain}, FSOCK_ERR_TLS_LOCAL,
           "mismatch");
    refuse(&(struct fsock_options){.cert_file = plain, .key_file = kind}, FSOCK_ERR_TLS_LOCAL,
           "it is not that of the certificate");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_refusals_in_words),
        cmocka_unit_test(test_whom_to_trust),
        cmocka_unit_test(test_strictness),
        cmocka_unit_test(test_a_trusted_leaf),
        cmocka_unit_test(test_the_systems_roots),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_failed_handshakes),
        cmocka_unit_test(test_names_are_sent_but_addresses_are_not),
        cmocka_unit_test(test_client_certificate),
        cmocka_unit_test(test_options_that_can_not_be_used),
        cmocka_unit_test(test_keylog),
    };
    tls_set_up();
    int failed = cmocka_run_group_tests_name("tls", tests, NULL, NULL);
    tls_tear_down();
    return failed;
}
