#include "net/tls_config.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fault.h"
#include "net/tls_bio.h"
#include "net/tls_roots.h"

static enum fsock_err bad_file(struct fsock_fault *fault, const char *what, const char *path)
{
    unsigned long e = ERR_peek_error();
    const char *why = ERR_reason_error_string(e);
    int sys_errno = ERR_SYSTEM_ERROR(e) ? ERR_GET_REASON(e) : 0;
    if (sys_errno)
        why = fsk_errno_text(sys_errno);
    else if (ERR_GET_LIB(e) == ERR_LIB_PEM ||
             (ERR_GET_LIB(e) == ERR_LIB_X509 &&
              ERR_GET_REASON(e) == X509_R_NO_CERTIFICATE_OR_CRL_FOUND))
        why = "it holds none in PEM form";
    fsk_fault_set(fault, FSOCK_ERR_TLS_LOCAL, FSOCK_STAGE_NONE, sys_errno,
                  "can't use the %s %s: %s", what, path, why ? why : "it can't be read");
    ERR_clear_error();
    return FSOCK_ERR_TLS_LOCAL;
}

/* Never ask anybody: note that a password was wanted. */
static int no_password(char *buf, int size, int writing, void *user)
{
    (void)buf, (void)size, (void)writing;
    *(bool *)user = true;
    return -1;
}

static enum fsock_err use_certificate(SSL_CTX *ctx, const struct fsock_options *o,
                                      struct fsock_fault *fault)
{
    const char *key = o->key_file ? o->key_file : o->cert_file;
    bool wanted = false;
    if (!o->cert_file)
        return o->key_file ? fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                                           "the key %s has no certificate with it", o->key_file)
                           : FSOCK_OK;
    SSL_CTX_set_default_passwd_cb(ctx, no_password);
    SSL_CTX_set_default_passwd_cb_userdata(ctx, &wanted);
    bool cert_ok = SSL_CTX_use_certificate_chain_file(ctx, o->cert_file) == 1;
    bool key_ok = cert_ok && SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1;
    SSL_CTX_set_default_passwd_cb_userdata(ctx, NULL);
    SSL_CTX_set_default_passwd_cb(ctx, NULL);
    if (wanted) {
        ERR_clear_error();
        fsk_fault_hint(fault, "store it without one: openssl pkey -in %s -out NEW", key);
        return fsk_fault_set(fault, FSOCK_ERR_TLS_LOCAL, FSOCK_STAGE_NONE, 0,
                             "can't use the key %s: it is protected by a password", key);
    }
    if (!cert_ok)
        return bad_file(fault, "certificate", o->cert_file);
    if (!key_ok)
        return bad_file(fault, "key", key);
    if (SSL_CTX_check_private_key(ctx) == 1)
        return FSOCK_OK;
    ERR_clear_error(); /* keys of another kind are kept beside the certificate, and never used */
    return fsk_fault_set(fault, FSOCK_ERR_TLS_LOCAL, FSOCK_STAGE_NONE, 0,
                         "can't use the key %s: it is not that of the certificate %s", key,
                         o->cert_file);
}

int fsk_tls_version(const char *text)
{
    static const char *const names[] = {"1.0", "1.1", "1.2", "1.3"};
    for (int i = 0; i < 4; i++)
        if (strcmp(text, names[i]) == 0)
            return TLS1_VERSION + i;
    return 0;
}

static enum fsock_err use_versions(SSL_CTX *ctx, const struct fsock_options *o,
                                   struct fsock_fault *fault)
{
    int min = o->tls_min ? fsk_tls_version(o->tls_min) : TLS1_2_VERSION;
    int max = o->tls_max ? fsk_tls_version(o->tls_max) : TLS1_3_VERSION;
    if (!o->tls_min && max < min)
        min = max;
    if (!min || min > max)
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                             "no TLS version is from %s to %s: there are 1.0, 1.1, 1.2 and 1.3",
                             o->tls_min ? o->tls_min : "1.2", o->tls_max ? o->tls_max : "1.3");
    /* The old versions sign with SHA-1, which OpenSSL 3 allows at no higher level. */
    bool ok = min >= TLS1_2_VERSION || SSL_CTX_set_cipher_list(ctx, "DEFAULT:@SECLEVEL=0");
    if (!ok || !SSL_CTX_set_min_proto_version(ctx, min) || !SSL_CTX_set_max_proto_version(ctx, max))
        return FSOCK_ERR_MEMORY;
    return FSOCK_OK;
}

static enum fsock_err use_roots(struct fsk_tls_config *c, const struct fsock_options *o,
                                struct fsock_fault *fault)
{
    if (o->ca_file)
        return SSL_CTX_load_verify_file(c->ctx, o->ca_file) == 1
                   ? FSOCK_OK
                   : bad_file(fault, "CA file", o->ca_file);
    if (c->server)
        return FSOCK_OK; /* it asks for no certificates */
    c->late_file = fsk_tls_roots_use(SSL_CTX_get_cert_store(c->ctx));
    return c->late_file ? FSOCK_OK : FSOCK_ERR_MEMORY;
}

static void write_key(const SSL *ssl, const char *line)
{
    struct fsk_tls_config *c = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    char text[512];
    int n = snprintf(text, sizeof text, "%s\n", line);
    /* One write a line, so that several programs may append to one file. */
    if (n > 0 && (size_t)n < sizeof text && write(c->keylog, text, (size_t)n) < 0)
        return; /* a log never fails a connection */
}

static enum fsock_err use_keylog(struct fsk_tls_config *c, const char *path,
                                 struct fsock_fault *fault)
{
    if (!path)
        return FSOCK_OK;
    c->keylog = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (c->keylog < 0)
        return fsk_fault_set(fault, FSOCK_ERR_TLS_LOCAL, FSOCK_STAGE_NONE, errno,
                             "can't write the key log %s: %s", path, fsk_errno_text(errno));
    SSL_CTX_set_keylog_callback(c->ctx, write_key);
    return FSOCK_OK;
}

/*
 * X509_STRICT holds certificates to RFC 5280, as Python does by default: a private CA without a key
 * usage extension is refused with a sentence that says so. With PARTIAL_CHAIN whatever stands in
 * the CA file is trusted by itself, be it a leaf or an intermediate, as in curl.
 */
static void use_checks(SSL_CTX *ctx)
{
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), X509_V_FLAG_TRUSTED_FIRST |
                                                             X509_V_FLAG_PARTIAL_CHAIN |
                                                             X509_V_FLAG_X509_STRICT);
}

static void use_defaults(struct fsk_tls_config *c)
{
    SSL_CTX *ctx = c->ctx;
    SSL_CTX_set_app_data(ctx, c);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_clear_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(ctx, 1);
    use_checks(ctx);
}

static bool use_client(struct fsk_tls_config *c)
{
    const struct fsk_span offer = c->alpn.wire;
    SSL_CTX_set_session_cache_mode(c->ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(c->ctx, fsk_tls_remember);
    return offer.n == 0 ||
           SSL_CTX_set_alpn_protos(c->ctx, (const unsigned char *)offer.p, (unsigned)offer.n) == 0;
}

/* The first of ours that the client offers; none in common ends the handshake (RFC 7301 3.2). */
static int choose_protocol(SSL *ssl, const unsigned char **chosen, unsigned char *n,
                           const unsigned char *offer, unsigned offer_n, void *arg)
{
    (void)ssl;
    const struct fsk_tls_config *c = arg;
    unsigned char *found;
    int how = SSL_select_next_proto(&found, n, (const unsigned char *)c->alpn.wire.p,
                                    (unsigned)c->alpn.wire.n, offer, offer_n);
    *chosen = found;
    return how == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* Sessions are resumed by tickets, which clients keep: the server remembers nothing. */
static bool use_server(struct fsk_tls_config *c)
{
    static const unsigned char context[] = "fsock"; /* OpenSSL wants one with client certificates */
    SSL_CTX_set_session_cache_mode(c->ctx, SSL_SESS_CACHE_OFF);
    if (c->alpn.wire.n)
        SSL_CTX_set_alpn_select_cb(c->ctx, choose_protocol, c);
    return SSL_CTX_set_session_id_context(c->ctx, context, sizeof context - 1) == 1;
}

static enum fsock_err set_up(struct fsk_tls_config *c, const struct fsock_options *o,
                             struct fsock_fault *fault)
{
    c->ctx = SSL_CTX_new(c->server ? TLS_server_method() : TLS_client_method());
    c->bio = fsk_tls_bio_method();
    if (!c->ctx || !c->bio)
        return FSOCK_ERR_MEMORY;
    use_defaults(c);
    if (!(c->server ? use_server(c) : use_client(c)))
        return FSOCK_ERR_MEMORY;
    enum fsock_err err = use_versions(c->ctx, o, fault);
    if (!err)
        err = use_certificate(c->ctx, o, fault);
    if (!err)
        err = use_roots(c, o, fault);
    if (!err)
        err = use_keylog(c, o->keylog_file, fault);
    return err;
}

/* Whether something in the options can be wrong: then the caller wants to hear of it now. */
static bool asks_for_something(const struct fsock_options *o)
{
    return o->ca_file || o->cert_file || o->key_file || o->keylog_file || o->tls_min || o->tls_max;
}

static struct fsk_tls_config *new_config(struct fsk_span alpn)
{
    struct fsk_tls_config *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    atomic_init(&c->refs, 1);
    fsk_tls_sessions_init(&c->sessions);
    c->keylog = -1;
    if (fsk_tls_alpn_init(&c->alpn, alpn))
        return c;
    fsk_tls_config_free(c);
    return NULL;
}

/* The config, if `err` says that it can be used; else NULL, and why is in the fault. */
static struct fsk_tls_config *made(struct fsk_tls_config *c, enum fsock_err err,
                                   struct fsock_fault *fault)
{
    ERR_clear_error();
    if (!err)
        return c;
    fsk_fault_set(fault, err, FSOCK_STAGE_NONE, ENOMEM, "TLS: out of memory");
    fsk_tls_config_free(c);
    return NULL;
}

struct fsk_tls_config *fsk_tls_config_new(const struct fsock_options *options, struct fsk_span alpn,
                                          struct fsock_fault *fault)
{
    struct fsk_tls_config *c = new_config(alpn);
    if (!c)
        return made(NULL, FSOCK_ERR_MEMORY, fault);
    c->verify = options->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER;
    ERR_clear_error();
    return made(c, asks_for_something(options) ? set_up(c, options, fault) : FSOCK_OK, fault);
}

static enum fsock_err check_server(const struct fsock_options *o, struct fsock_fault *fault)
{
    if (!o->cert_file)
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                             "a TLS server needs a certificate, and its key");
    if (o->ca_file && o->insecure)
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                             "clients can't be held to the CA file %s and not be verified",
                             o->ca_file);
    return FSOCK_OK;
}

struct fsk_tls_config *fsk_tls_config_new_server(const struct fsock_options *options,
                                                 struct fsk_span alpn, struct fsock_fault *fault)
{
    struct fsk_tls_config *c = new_config(alpn);
    if (!c)
        return made(NULL, FSOCK_ERR_MEMORY, fault);
    c->server = true;
    c->verify =
        options->ca_file ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_NONE;
    ERR_clear_error();
    enum fsock_err err = check_server(options, fault);
    return made(c, err ? err : set_up(c, options, fault), fault);
}

bool fsk_tls_config_ready(struct fsk_tls_config *c)
{
    const struct fsock_options nothing = {.size = sizeof nothing};
    if (c->ctx)
        return true;
    ERR_clear_error();
    if (set_up(c, &nothing, NULL) == FSOCK_OK)
        return true;
    ERR_clear_error();
    SSL_CTX_free(c->ctx);
    BIO_meth_free(c->bio);
    c->ctx = NULL;
    c->bio = NULL;
    return false;
}

void fsk_tls_config_forgetful(struct fsk_tls_config *config)
{
    config->forgetful = true;
}

struct fsk_tls_config *fsk_tls_config_ref(struct fsk_tls_config *config)
{
    atomic_fetch_add_explicit(&config->refs, 1, memory_order_relaxed);
    return config;
}

void fsk_tls_config_free(struct fsk_tls_config *config)
{
    /* Whoever is last has to see all that the others did. */
    if (!config || atomic_fetch_sub_explicit(&config->refs, 1, memory_order_acq_rel) > 1)
        return;
    SSL_CTX_free(config->ctx);
    BIO_meth_free(config->bio);
    X509_LOOKUP_meth_free(config->late_file);
    fsk_tls_sessions_fini(&config->sessions);
    fsk_tls_alpn_fini(&config->alpn);
    if (config->keylog >= 0)
        close(config->keylog);
    free(config);
}
