#include "cert.h"
#include "loop.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DAY       86400L
#define NAMES     "DNS:localhost,DNS:site.test,DNS:*.site.test,IP:127.0.0.1,IP:::1"
#define ALL_CERTS (sizeof orders / sizeof *orders)

enum { SITE, CLIENT, EXPIRED, NOT_YET, WRONG_HOST, CN_ONLY, PARTIAL_WILD, SELF_SIGNED };

/* What the certificates say. */
static const struct {
    const char *file, *cn, *names; /* names: subjectAltName, NULL for none */
    long from, to;                 /* days from now */
} orders[] = {
    [SITE] = {"site.pem",        "site.test",     NAMES,                            -1,  30},
    [CLIENT] = {"client.pem",      "a client",      "email:client@site.test",         -1,  30},
    [EXPIRED] = {"expired.pem",     "site.test",     NAMES,                            -30, -1},
    [NOT_YET] = {"notyet.pem",      "site.test",     NAMES,                            1,   30},
    [WRONG_HOST] = {"wronghost.pem",   "other.example", "DNS:other.example,IP:192.0.2.1", -1,  30},
    [CN_ONLY] = {"cnonly.pem",      "localhost",     NULL,                             -1,  30},
    [PARTIAL_WILD] = {"partialwild.pem", "s*.site.test",  "DNS:s*.site.test",               -1,  30},
    [SELF_SIGNED] = {"selfsigned.pem",  "site.test",     NAMES,                            -1,  30},
};

static EVP_PKEY *ca_key, *key;
static X509 *ca, *certs[ALL_CERTS];

static void add_ext(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    if (!ext || !X509_add_ext(cert, ext, -1))
        die(value);
    X509_EXTENSION_free(ext);
}

/* Everything but the extensions and the signature. */
static X509 *begin(const char *cn, X509 *issuer, EVP_PKEY *pub, long from, long to)
{
    static long serial = 1000;
    X509 *cert = X509_new();
    if (!cert || !X509_set_version(cert, X509_VERSION_3))
        die("certificate");
    ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++);
    X509_gmtime_adj(X509_getm_notBefore(cert), from * DAY);
    /* An hour more: what counts whole days does not find one less a moment later. */
    X509_gmtime_adj(X509_getm_notAfter(cert), to * DAY + DAY / 24);
    X509_NAME *name = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, (const unsigned char *)"fsock-site", -1, -1,
                               0);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1, 0);
    X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer) : name);
    X509_set_pubkey(cert, pub);
    add_ext(cert, issuer ? issuer : cert, NID_subject_key_identifier, "hash");
    add_ext(cert, issuer ? issuer : cert, NID_authority_key_identifier, "keyid");
    return cert;
}

static X509 *make_ca(void)
{
    X509 *cert = begin("fsock-site test authority", NULL, ca_key, -1, 30);
    add_ext(cert, cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
    add_ext(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign");
    if (!X509_sign(cert, ca_key, EVP_sha256()))
        die("signing");
    return cert;
}

static X509 *make_leaf(size_t which)
{
    bool self = which == SELF_SIGNED;
    X509 *issuer = self ? NULL : ca;
    X509 *cert = begin(orders[which].cn, issuer, key, orders[which].from, orders[which].to);
    if (!issuer)
        issuer = cert;
    add_ext(cert, issuer, NID_basic_constraints, "critical,CA:FALSE");
    add_ext(cert, issuer, NID_key_usage, "critical,digitalSignature");
    add_ext(cert, issuer, NID_ext_key_usage, which == CLIENT ? "clientAuth" : "serverAuth");
    if (orders[which].names)
        add_ext(cert, issuer, NID_subject_alt_name, orders[which].names);
    if (!X509_sign(cert, self ? key : ca_key, EVP_sha256()))
        die("signing");
    return cert;
}

static void write_pem(const char *dir, const char *file, X509 *cert, EVP_PKEY *secret)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, file);
    FILE *f = fopen(path, "we");
    if (!f)
        die(path);
    if (cert)
        PEM_write_X509(f, cert);
    if (secret)
        PEM_write_PrivateKey(f, secret, NULL, NULL, 0, NULL, NULL);
    if (fclose(f) != 0)
        die(path);
}

void cert_make_all(const char *dir)
{
    ca_key = EVP_EC_gen("P-256");
    key = EVP_EC_gen("P-256");
    if (!ca_key || !key)
        die("key");
    ca = make_ca();
    for (size_t i = 0; i < ALL_CERTS; i++)
        certs[i] = make_leaf(i);
    if (!dir)
        return;
    mkdir(dir, 0700);
    write_pem(dir, "ca.pem", ca, NULL);
    write_pem(dir, "key.pem", NULL, key);
    for (size_t i = 0; i < ALL_CERTS; i++)
        write_pem(dir, orders[i].file, certs[i], i == CLIENT ? key : NULL);
}

void cert_free_all(void)
{
    for (size_t i = 0; i < ALL_CERTS; i++)
        X509_free(certs[i]);
    X509_free(ca);
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(key);
}

/* The site speaks HTTP/1.1 only, and says so to who asks. */
static int pick_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                     const unsigned char *in, unsigned in_len, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    (void)ssl, (void)arg;
    unsigned char *picked;
    if (SSL_select_next_proto(&picked, out_len, ours, sizeof ours - 1, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = picked;
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *context(X509 *cert)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (!ctx || SSL_CTX_use_certificate(ctx, cert) != 1 || SSL_CTX_use_PrivateKey(ctx, key) != 1)
        die("TLS context");
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(ctx, pick_alpn, NULL);
    SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"site", 4);
    return ctx;
}

SSL_CTX *tls_good(void)
{
    return context(certs[SITE]);
}

SSL_CTX *tls_only12(void)
{
    SSL_CTX *ctx = context(certs[SITE]);
    SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
    return ctx;
}

SSL_CTX *tls_only13(void)
{
    SSL_CTX *ctx = context(certs[SITE]);
    SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
    return ctx;
}

SSL_CTX *tls_client_cert(void)
{
    SSL_CTX *ctx = context(certs[SITE]);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ca);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return ctx;
}

SSL_CTX *tls_expired(void)
{
    return context(certs[EXPIRED]);
}

SSL_CTX *tls_not_yet(void)
{
    return context(certs[NOT_YET]);
}

SSL_CTX *tls_wrong_host(void)
{
    return context(certs[WRONG_HOST]);
}

SSL_CTX *tls_cn_only(void)
{
    return context(certs[CN_ONLY]);
}

SSL_CTX *tls_partial_wild(void)
{
    return context(certs[PARTIAL_WILD]);
}

SSL_CTX *tls_self_signed(void)
{
    return context(certs[SELF_SIGNED]);
}
