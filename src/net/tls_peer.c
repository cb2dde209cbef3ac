#include "net/tls_peer.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/trace.h"
#include "net/tls_config.h"
#include "net/tls_words.h"

#define TEXT_MAX ((size_t)1 << 20) /* OpenSSL takes 100 KiB of certificates from a peer */

/* The texts of a certificate while they are gathered: each ends with a NUL and holds no other. */
struct draft {
    struct fsk_buf text;
    enum fsock_err err;                                              /* the first that came up */
    size_t subject, issuer, serial, key, signature, why, pem, names; /* where they begin */
    size_t names_n;
};

/* What is handed out: the struct, the pointers to the names, and the text behind them. */
struct block {
    struct fsock_cert cert;
    const char *names[];
};

static void put(struct draft *d, const void *p, size_t n)
{
    if (d->err == FSOCK_OK)
        d->err = fsk_buf_append(&d->text, p, n);
}

static void put_end(struct draft *d)
{
    put(d, "", 1);
}

static size_t place(const struct draft *d)
{
    return fsk_buf_len(&d->text);
}

static void put_hex(struct draft *d, unsigned char byte)
{
    static const char digits[] = "0123456789ABCDEF";
    const char hex[] = {digits[byte >> 4], digits[byte & 15]};
    put(d, hex, sizeof hex);
}

/* Bytes that would not be seen as what they are become a backslash and two hex digits. */
static void put_escaped(struct draft *d, const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] > ' ' && p[i] < 0x7f && p[i] != '\\') {
            put(d, p + i, 1);
        } else {
            put(d, "\\", 1);
            put_hex(d, p[i]);
        }
}

static void put_serial(struct draft *d, const X509 *cert)
{
    const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
    const unsigned char *p = ASN1_STRING_get0_data(serial);
    int n = ASN1_STRING_length(serial);
    if (ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER)
        put(d, "-", 1);
    for (int i = 0; i < n; i++)
        put_hex(d, p[i]);
    put_end(d);
}

/* ---- Texts that OpenSSL writes --------------------------------------------------------------- */

/* A BIO in memory to write to. NULL, and an error in the draft, if memory is out. */
static BIO *paper(struct draft *d)
{
    BIO *bio = d->err == FSOCK_OK ? BIO_new(BIO_s_mem()) : NULL;
    if (!bio && d->err == FSOCK_OK)
        d->err = FSOCK_ERR_MEMORY;
    return bio;
}

/* Take over what was written, if all of it was. */
static void put_paper(struct draft *d, BIO *bio, bool written)
{
    char *p;
    long n = BIO_get_mem_data(bio, &p);
    if (!written)
        d->err = FSOCK_ERR_MEMORY;
    else if (n > 0)
        put(d, p, (size_t)n);
    put_end(d);
    BIO_free(bio);
}

/*
 * RFC 2253, and in that all that is not printable ASCII as hex. OpenSSL takes no certificate with
 * a name whose bytes are not in their own encoding; what is no text is written as a dump.
 */
static void put_dn(struct draft *d, const X509_NAME *name)
{
    BIO *bio = paper(d);
    if (bio)
        put_paper(d, bio, X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0);
}

static void put_pem(struct draft *d, X509 *cert)
{
    BIO *bio = paper(d);
    if (bio)
        put_paper(d, bio, PEM_write_bio_X509(bio, cert) == 1);
}

/* ---- The key and the signature --------------------------------------------------------------- */

static void put_key(struct draft *d, X509 *cert)
{
    EVP_PKEY *key = X509_get0_pubkey(cert);
    const char *type = key ? EVP_PKEY_get0_type_name(key) : NULL;
    char group[64], text[96] = "";
    size_t n;
    if (!type) {
        snprintf(text, sizeof text, "unknown");
    } else if (EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448")) {
        snprintf(text, sizeof text, "Ed%s", type + 2);
    } else if (EVP_PKEY_get_group_name(key, group, sizeof group, &n) == 1) {
        const char *nist = EC_curve_nid2nist(OBJ_sn2nid(group));
        snprintf(text, sizeof text, "%s %s", type, nist ? nist : group);
    } else {
        snprintf(text, sizeof text, "%s %d", type, EVP_PKEY_get_bits(key));
    }
    put(d, text, strlen(text));
    put_end(d);
}

static void put_signature(struct draft *d, const X509 *cert)
{
    const X509_ALGOR *algorithm;
    const ASN1_OBJECT *object;
    char text[128];
    X509_get0_signature(NULL, &algorithm, cert);
    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    if (OBJ_obj2txt(text, sizeof text, object, 0) <= 0)
        snprintf(text, sizeof text, "unknown");
    put_escaped(d, (const unsigned char *)text, strlen(text));
    put_end(d);
}

/* ---- The names ------------------------------------------------------------------------------- */

static void put_ip(struct draft *d, const unsigned char *p, size_t n)
{
    struct fsk_addr addr = {.family = n == 4 ? 4 : 6};
    char text[FSK_ADDR_TEXT];
    if (n != 4 && n != 16) { /* no address; but nothing is left out */
        put_escaped(d, p, n);
        return;
    }
    memcpy(addr.ip, p, n);
    put(d, text, fsk_addr_format(&addr, text));
}

static void put_names(struct draft *d, X509 *cert)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        int type;
        const ASN1_STRING *s = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
        if (type != GEN_DNS && type != GEN_IPADD)
            continue;
        const unsigned char *p = ASN1_STRING_get0_data(s);
        size_t n = (size_t)ASN1_STRING_length(s);
        if (type == GEN_DNS)
            put_escaped(d, p, n);
        else
            put_ip(d, p, n);
        put_end(d);
        d->names_n++;
    }
    GENERAL_NAMES_free(names);
}

/* ---- Whether it is trusted ------------------------------------------------------------------- */

static void put_why(struct draft *d, const struct fsk_tls_peer *peer, X509 *cert)
{
    char words[200] = "";
    long result = SSL_get_verify_result(peer->ssl);
    if (peer->why[0])
        snprintf(words, sizeof words, "%s", peer->why);
    else if (result != X509_V_OK) /* it is from the handshake whose session was resumed */
        fsk_tls_words_cert(words, sizeof words, result, cert, peer->host);
    put(d, words, strlen(words));
    put_end(d);
}

static unsigned count_chain(const struct fsk_tls_peer *peer)
{
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(peer->ssl);
    if (!chain)
        return SSL_session_reused(peer->ssl) ? 0 : 1;
    /* A client's chain begins with the certificate itself, that which a server sees does not. */
    return (unsigned)sk_X509_num(chain) + (SSL_is_server(peer->ssl) ? 1 : 0);
}

static int64_t seconds(const ASN1_TIME *at)
{
    struct tm tm = {0};
    return ASN1_TIME_to_tm(at, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

/* ---- All of it ------------------------------------------------------------------------------- */

static void draw_up(struct draft *d, const struct fsk_tls_peer *peer, X509 *cert)
{
    d->subject = place(d);
    put_dn(d, X509_get_subject_name(cert));
    d->issuer = place(d);
    put_dn(d, X509_get_issuer_name(cert));
    d->serial = place(d);
    put_serial(d, cert);
    d->key = place(d);
    put_key(d, cert);
    d->signature = place(d);
    put_signature(d, cert);
    d->why = place(d);
    put_why(d, peer, cert);
    d->pem = place(d);
    put_pem(d, cert);
    d->names = place(d);
    put_names(d, cert);
}

/* One block of it all, without the facts that are no texts. NULL: out of memory. */
static struct fsock_cert *new_block(const struct draft *d)
{
    size_t pointers = (d->names_n + 1) * sizeof(char *);
    struct fsk_span all = fsk_buf_span(&d->text);
    struct block *b = calloc(1, sizeof *b + pointers + all.n);
    if (!b)
        return NULL;
    char *text = (char *)b + sizeof *b + pointers;
    memcpy(text, all.p, all.n);
    const char *name = text + d->names;
    for (size_t i = 0; i < d->names_n; i++, name += strlen(name) + 1)
        b->names[i] = name;
    b->cert = (struct fsock_cert){
        .subject = text + d->subject,
        .issuer = text + d->issuer,
        .names = b->names,
        .serial = text + d->serial,
        .key = text + d->key,
        .signature = text + d->signature,
        .why = text + d->why,
        .pem = text + d->pem,
    };
    return &b->cert;
}

static enum fsock_err read_cert(struct fsock_cert **out, const struct fsk_tls_peer *peer,
                                X509 *cert)
{
    struct draft d = {.err = FSOCK_OK};
    fsk_buf_init(&d.text, TEXT_MAX);
    draw_up(&d, peer, cert);
    struct fsock_cert *c = d.err == FSOCK_OK ? new_block(&d) : NULL;
    fsk_buf_fini(&d.text);
    if (!c)
        return d.err == FSOCK_OK ? FSOCK_ERR_MEMORY : d.err;
    c->not_before = seconds(X509_get0_notBefore(cert));
    c->not_after = seconds(X509_get0_notAfter(cert));
    c->chain = count_chain(peer);
    c->verified = c->why[0] == '\0';
    *out = c;
    if (X509_digest(cert, EVP_sha256(), c->sha256, NULL) == 1)
        return FSOCK_OK;
    fsk_tls_cert_free(c);
    *out = NULL;
    return FSOCK_ERR_MEMORY;
}

enum fsock_err fsk_tls_cert_new(struct fsock_cert **cert, struct fsk_layer *top)
{
    struct fsk_tls_peer peer;
    X509 *shown = fsk_tls_peer_of(top, &peer) ? SSL_get0_peer_certificate(peer.ssl) : NULL;
    *cert = NULL;
    if (!shown)
        return FSOCK_OK;
    enum fsock_err err = read_cert(cert, &peer, shown);
    ERR_clear_error();
    return err;
}

void fsk_tls_cert_free(struct fsock_cert *cert)
{
    free(cert); /* the first member of a block */
}

void fsk_tls_mark(struct fsk_layer *top, uint64_t id)
{
    fsock_trace *trace = top->driver ? top->driver->trace : NULL;
    struct fsk_layer_info info = {.fd = -1};
    struct fsock_cert *cert = NULL;
    if (!trace)
        return;
    top->ops->info(top, &info);
    (void)fsk_tls_cert_new(&cert, top); /* without memory, without its words */
    fsk_mark(trace, FSOCK_MARK_TLS, id, info.fd, 0, 0, fsk_text("version", info.tls_version),
             fsk_text("cipher", info.tls_cipher), fsk_text("group", info.tls_group),
             fsk_text("alpn", info.alpn && info.alpn[0] ? info.alpn : NULL),
             fsk_number("resumed", info.tls_resumed),
             fsk_text("subject", cert ? cert->subject : NULL),
             fsk_text("issuer", cert ? cert->issuer : NULL),
             {cert ? "expires" : NULL, NULL, cert ? cert->not_after : 0});
    fsk_tls_cert_free(cert);
}
