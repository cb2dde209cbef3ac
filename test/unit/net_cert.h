/*
 * net_cert.h - certificates made on the spot, for tests.
 */
#ifndef FSK_TEST_NET_CERT_H
#define FSK_TEST_NET_CERT_H

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

struct cert {
    X509 *x509;
    EVP_PKEY *key;
};

static inline void cert_extend(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert(e);
    X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
}

/*
 * `san` as in openssl.cnf ("DNS:a.test,IP:127.0.0.1"), NULL for none; valid from two days ago until
 * `days` from now. issuer NULL: self-signed.
 */
static inline struct cert cert_make(const char *cn, const char *san, int days,
                                    const struct cert *issuer)
{
    static long serial = 1;
    struct cert c = {X509_new(), EVP_EC_gen("P-256")};
    const struct cert *by = issuer ? issuer : &c;
    X509_set_version(c.x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(c.x509), serial++);
    X509_gmtime_adj(X509_getm_notBefore(c.x509), -2L * 86400);
    X509_gmtime_adj(X509_getm_notAfter(c.x509), (long)days * 86400);
    X509_set_pubkey(c.x509, c.key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(c.x509), "CN", MBSTRING_ASC,
                               (const unsigned char *)cn, -1, -1, 0);
    X509_set_issuer_name(c.x509, X509_get_subject_name(by->x509));
    if (!issuer) { /* what RFC 5280 4.2 asks of an authority, and X509_STRICT with it */
        cert_extend(c.x509, by->x509, NID_basic_constraints, "critical,CA:TRUE");
        cert_extend(c.x509, by->x509, NID_key_usage, "critical,digitalSignature,keyCertSign");
    }
    cert_extend(c.x509, by->x509, NID_subject_key_identifier, "hash");
    if (issuer)
        cert_extend(c.x509, by->x509, NID_authority_key_identifier, "keyid:always");
    if (san)
        cert_extend(c.x509, by->x509, NID_subject_alt_name, san);
    int ok = X509_sign(c.x509, by->key, EVP_sha256());
    assert(ok > 0);
    (void)ok;
    return c;
}

static inline void cert_free(struct cert *c)
{
    X509_free(c->x509);
    EVP_PKEY_free(c->key);
}

/* The certificate, and the key behind it if `key` is set, encrypted if there is a password. */
static inline void cert_save(const struct cert *c, const char *path, bool key, const char *password)
{
    FILE *f = fopen(path, "w");
    assert(f);
    PEM_write_X509(f, c->x509);
    if (key)
        PEM_write_PrivateKey(f, c->key, password ? EVP_aes_128_cbc() : NULL, NULL, 0, NULL,
                             (void *)(size_t)password);
    fclose(f);
}

#endif
