/*
 * What a peer's certificate says, odd ones included.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/tls_peer.h"
#include "net_pair.h"

/* One connection to a server with this certificate; who looks sees what the other end showed. */
struct meeting {
    struct pair pair;
    struct fsk_tls_config *client, *server;
};

static void meet(struct meeting *m, const struct cert *cert, const char *host)
{
    m->client = client_config((struct fsock_options){.insecure = 1}, NULL);
    m->server = server_config(cert, (struct fsock_options){.size = 0}, NULL);
    pair_open(&m->pair, m->client, host, m->server);
    pair_must_be_open(&m->pair);
}

static void part(struct meeting *m)
{
    pair_close(&m->pair);
    fsk_tls_config_free(m->client);
    fsk_tls_config_free(m->server);
}

static struct fsock_cert *look(struct end *e)
{
    struct fsock_cert *cert;
    assert_int_equal(fsk_tls_cert_new(&cert, e->stream.top), FSOCK_OK);
    assert_non_null(cert);
    return cert;
}

/* The facts of a certificate for localhost. */
static struct fsock_cert *facts(const struct cert *cert)
{
    struct meeting m;
    meet(&m, cert, "localhost");
    struct fsock_cert *seen = look(&m.pair.client);
    part(&m);
    return seen;
}

static int64_t in_days(int days)
{
    return (int64_t)time(NULL) + days * 86400;
}

static void test_an_ordinary_one(void **state)
{
    (void)state;
    struct cert cert =
        cert_make("a.test", "DNS:localhost,DNS:*.a.test,IP:192.0.2.1,IP:::1,email:x@y", 3, &ca);
    unsigned char sha256[32];
    ASN1_INTEGER_set(X509_get_serialNumber(cert.x509), 0x1a2b3c);
    assert_true(X509_sign(cert.x509, ca.key, EVP_sha256()) > 0);
    struct fsock_cert *c = facts(&cert);
    assert_string_equal(c->subject, "CN=a.test");
    assert_string_equal(c->issuer, "CN=test CA");
    assert_string_equal(c->names[0], "localhost");
    assert_string_equal(c->names[1], "*.a.test");
    assert_string_equal(c->names[2], "192.0.2.1");
    assert_string_equal(c->names[3], "::1");
    assert_null(c->names[4]);
    assert_in_range(c->not_before, in_days(-2) - 60, in_days(-2));
    assert_in_range(c->not_after, in_days(3) - 60, in_days(3));
    assert_string_equal(c->serial, "1A2B3C");
    assert_string_equal(c->key, "EC P-256");
    assert_string_equal(c->signature, "ecdsa-with-SHA256");
    assert_int_equal(c->chain, 1);
    assert_int_equal(c->verified, 1);
    assert_string_equal(c->why, "");
    X509_digest(cert.x509, EVP_sha256(), sha256, NULL);
    assert_memory_equal(c->sha256, sha256, sizeof sha256);
    BIO *bio = BIO_new_mem_buf(c->pem, -1);
    X509 *again = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    assert_int_equal(X509_cmp(again, cert.x509), 0);
    X509_free(again);
    BIO_free(bio);
    fsk_tls_cert_free(c);
    cert_free(&cert);
}

/* The certificate with another key, signed by the CA again. */
static void change_key(struct cert *cert, EVP_PKEY *key)
{
    EVP_PKEY_free(cert->key);
    cert->key = key;
    X509_set_pubkey(cert->x509, key);
    assert_true(X509_sign(cert->x509, ca.key, EVP_sha384()) > 0);
}

static void test_keys_and_signatures(void **state)
{
    (void)state;
    struct cert cert = cert_make("x", "DNS:localhost", 2, &ca);
    change_key(&cert, EVP_RSA_gen(2048));
    struct fsock_cert *c = facts(&cert);
    assert_string_equal(c->key, "RSA 2048");
    assert_string_equal(c->signature, "ecdsa-with-SHA384");
    fsk_tls_cert_free(c);
    change_key(&cert, EVP_EC_gen("P-384"));
    c = facts(&cert);
    assert_string_equal(c->key, "EC P-384");
    fsk_tls_cert_free(c);
    change_key(&cert, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    c = facts(&cert);
    assert_string_equal(c->key, "Ed25519");
    fsk_tls_cert_free(c);
    cert_free(&cert);

    struct cert self = cert_make("x", "DNS:localhost", 2, NULL);
    EVP_PKEY_free(self.key);
    self.key = EVP_RSA_gen(3072);
    X509_set_pubkey(self.x509, self.key);
    assert_true(X509_sign(self.x509, self.key, EVP_sha256()) > 0);
    c = facts(&self);
    assert_string_equal(c->key, "RSA 3072");
    assert_string_equal(c->signature, "sha256WithRSAEncryption");
    fsk_tls_cert_free(c);
    cert_free(&self);
}

static void add_name(GENERAL_NAMES *names, int type, const void *bytes, int len)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *s = ASN1_STRING_type_new(type == GEN_DNS ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING);
    ASN1_STRING_set(s, bytes, len);
    GENERAL_NAME_set0_value(name, type, s);
    sk_GENERAL_NAME_push(names, name);
}

/* Nothing is cut at a NUL, nothing drives a terminal, nothing passes for what it is not. */
static void test_names_with_odd_bytes(void **state)
{
    (void)state;
    struct cert cert = cert_make("x", NULL, 2, &ca);
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    add_name(names, GEN_DNS, "localhost\0.evil.test", 20);
    add_name(names, GEN_DNS, "a\x1b[31m\n\x7f\xff b\\c", 13);
    add_name(names, GEN_DNS, "", 0);
    add_name(names, GEN_IPADD, "\x7f\0\0\1", 4);
    add_name(names, GEN_IPADD, "\0\1a", 3);
    X509_add1_ext_i2d(cert.x509, NID_subject_alt_name, names, 0, 0);
    GENERAL_NAMES_free(names);
    X509_NAME *subject = X509_get_subject_name(cert.x509);
    X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8,
                               (const unsigned char *)"A\0B\x1b,\xc3\xa4", 7, -1, 0);
    X509_set_subject_name(cert.x509, subject);
    assert_true(X509_sign(cert.x509, ca.key, EVP_sha256()) > 0);
    struct fsock_cert *c = facts(&cert);
    assert_string_equal(c->names[0], "localhost\\00.evil.test");
    assert_string_equal(c->names[1], "a\\1B[31m\\0A\\7F\\FF\\20b\\5Cc");
    assert_string_equal(c->names[2], "");
    assert_string_equal(c->names[3], "127.0.0.1");
    assert_string_equal(c->names[4], "\\00\\01a");
    assert_null(c->names[5]);
    assert_string_equal(c->subject, "O=A\\00B\\1B\\,\\C3\\A4,CN=x");
    assert_int_equal(c->verified, 0);
    assert_non_null(strstr(c->why, "not for localhost"));
    fsk_tls_cert_free(c);
    cert_free(&cert);
}

/* No name at all, a time that is none, and a serial number beyond all bounds. */
static void test_broken_facts(void **state)
{
    (void)state;
    struct cert cert = cert_make("x", NULL, 2, &ca);
    X509_NAME *subject = X509_NAME_new();
    unsigned char serial[60];
    X509_NAME_add_entry_by_txt(subject, "CN", V_ASN1_OCTET_STRING,
                               (const unsigned char *)"\xff\xfe", 2, -1, 0);
    X509_set_subject_name(cert.x509, subject);
    X509_NAME_free(subject);
    memset(serial, 0x5a, sizeof serial);
    ASN1_STRING_set(X509_get_serialNumber(cert.x509), serial, sizeof serial);
    ASN1_STRING_set((ASN1_STRING *)X509_getm_notAfter(cert.x509), "soon", 4);
    assert_true(X509_sign(cert.x509, ca.key, EVP_sha256()) > 0);
    struct fsock_cert *c = facts(&cert);
    assert_string_equal(c->subject, "");
    assert_int_equal(strlen(c->serial), 120);
    assert_int_equal(strspn(c->serial, "5A"), 120);
    assert_int_equal(c->not_after, 0);
    assert_null(c->names[0]);
    assert_int_equal(c->verified, 0);
    fsk_tls_cert_free(c);
    cert_free(&cert);
}

/* As many names as OpenSSL takes: none is left out. */
static void test_many_names(void **state)
{
    (void)state;
    enum { MANY = 4000 };
    struct cert cert = cert_make("x", NULL, 2, &ca);
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    char text[32];
    int n = 0;
    for (int i = 0; i < MANY; i++)
        add_name(names, GEN_DNS, text, snprintf(text, sizeof text, "host%d.a.test", i));
    X509_add1_ext_i2d(cert.x509, NID_subject_alt_name, names, 0, 0);
    GENERAL_NAMES_free(names);
    assert_true(X509_sign(cert.x509, ca.key, EVP_sha256()) > 0);
    struct fsock_cert *c = facts(&cert);
    for (; c->names[n]; n++) {
        snprintf(text, sizeof text, "host%d.a.test", n);
        assert_string_equal(c->names[n], text);
    }
    assert_int_equal(n, MANY);
    fsk_tls_cert_free(c);
    cert_free(&cert);
}

static void test_trust(void **state)
{
    (void)state;
    struct cert other = cert_make("other CA", NULL, 2, NULL);
    struct cert strange = cert_make("x", "DNS:localhost", 2, &other);
    struct cert old = cert_make("x", "DNS:localhost", -1, &ca);
    struct meeting m;
    struct fsock_cert *c = facts(&strange);
    assert_int_equal(c->verified, 0);
    assert_non_null(strstr(c->why, "issuer is not known here"));
    fsk_tls_cert_free(c);
    c = facts(&old);
    assert_int_equal(c->verified, 0);
    assert_non_null(strstr(c->why, "expired on"));
    fsk_tls_cert_free(c);

    /* A resumed session brings its verdict with it. */
    meet(&m, &old, "localhost");
    pass(&m.pair.server, &m.pair.client, "ticket");
    pair_close(&m.pair);
    pair_open(&m.pair, m.client, "localhost", m.server);
    pair_must_be_open(&m.pair);
    c = look(&m.pair.client);
    assert_int_equal(c->verified, 0);
    assert_non_null(strstr(c->why, "expired on"));
    assert_int_equal(c->chain, 1);
    fsk_tls_cert_free(c);
    part(&m);
    cert_free(&old);
    cert_free(&strange);
    cert_free(&other);
}

/* A leaf, an intermediate certificate and the root, as a server or a client shows them. */
static void save_chain(const char *path, const struct cert *cert, const struct cert *middle)
{
    cert_save(cert, path, true, NULL);
    FILE *f = fopen(path, "a");
    PEM_write_X509(f, middle->x509);
    PEM_write_X509(f, ca.x509);
    fclose(f);
}

static void test_both_sides_of_a_chain(void **state)
{
    (void)state;
    struct cert middle = cert_make("middle CA", NULL, 2, &ca);
    cert_extend(middle.x509, ca.x509, NID_basic_constraints, "critical,CA:TRUE");
    cert_extend(middle.x509, ca.x509, NID_key_usage, "critical,digitalSignature,keyCertSign");
    assert_true(X509_sign(middle.x509, ca.key, EVP_sha256()) > 0);
    struct cert cert = cert_make("chained", "DNS:localhost", 2, &middle);
    struct fsock_fault fault = {.err = FSOCK_OK};
    char path[64], roots[64];
    struct pair p;
    snprintf(path, sizeof path, "%s", in_directory("chain.pem"));
    snprintf(roots, sizeof roots, "%s", in_directory("ca.pem"));
    save_chain(path, &cert, &middle);
    const struct fsock_options options = {.cert_file = path, .ca_file = roots};
    struct fsk_tls_config *c = fsk_tls_config_new(&options, FSK_SPAN(""), &fault);
    struct fsk_tls_config *s = fsk_tls_config_new_server(&options, FSK_SPAN(""), &fault);
    for (int i = 0; i < 2; i++) { /* the second one resumes */
        pair_open(&p, c, "localhost", s);
        pair_must_be_open(&p);
        pass(&p.server, &p.client, "x");
        struct fsock_cert *theirs = look(&p.client), *ours = look(&p.server);
        assert_string_equal(theirs->subject, "CN=chained");
        assert_string_equal(ours->subject, "CN=chained");
        assert_string_equal(ours->issuer, "CN=middle CA");
        assert_int_equal(theirs->chain, 3);
        assert_int_equal(ours->chain, i ? 0 : 3);
        assert_int_equal(theirs->verified, 1);
        assert_int_equal(ours->verified, 1);
        fsk_tls_cert_free(theirs);
        fsk_tls_cert_free(ours);
        pair_close(&p);
    }
    fsk_tls_config_free(c);
    fsk_tls_config_free(s);
    cert_free(&cert);
    cert_free(&middle);
}

static void test_none(void **state)
{
    (void)state;
    struct cert cert = cert_make("x", "DNS:localhost", 2, &ca);
    struct fsock_cert *c = NULL;
    struct meeting m;
    meet(&m, &cert, "localhost");
    assert_int_equal(fsk_tls_cert_new(&c, m.pair.server.stream.top), FSOCK_OK);
    assert_null(c); /* the client showed none */
    part(&m);
    pair_init(&m.pair);
    assert_int_equal(fsk_tls_cert_new(&c, m.pair.client.stream.top), FSOCK_OK);
    assert_null(c); /* no TLS */
    m.client = client_config((struct fsock_options){.size = 0}, NULL);
    m.server = server_config(&cert, (struct fsock_options){.size = 0}, NULL);
    pair_start_tls(&m.pair, m.client, "elsewhere", m.server);
    assert_int_equal(m.pair.client.err, FSOCK_ERR_CERT);
    assert_int_equal(fsk_tls_cert_new(&c, m.pair.client.stream.top), FSOCK_OK);
    assert_null(c); /* not open */
    part(&m);
    fsk_tls_cert_free(NULL);
    cert_free(&cert);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_ordinary_one),
        cmocka_unit_test(test_keys_and_signatures),
        cmocka_unit_test(test_names_with_odd_bytes),
        cmocka_unit_test(test_broken_facts),
        cmocka_unit_test(test_many_names),
        cmocka_unit_test(test_trust),
        cmocka_unit_test(test_both_sides_of_a_chain),
        cmocka_unit_test(test_none),
    };
    tls_set_up();
    int failed = cmocka_run_group_tests_name("tls peer", tests, NULL, NULL);
    tls_tear_down();
    return failed;
}
