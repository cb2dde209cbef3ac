#include "net/tls_config.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/trace.h"
#include "net/tls_bio.h"
#include "net/tls_words.h"

#define RECORD_MAX 16384 /* bytes of data in one record (RFC 8446 5.1) */
#define HOST_MAX   255   /* what SNI can say (RFC 6066 3, RFC 1035 2.3.4) */

/*
 * OpenSSL goes on reading until it has data. A peer that sends nothing but tickets or the like must
 * not keep it there: what is received has to be paid for by data, but for so much.
 */
#define CREDIT          ((int64_t)256 * 1024) /* a handshake has 100 KiB of certificates at most */
#define CREDIT_PER_BYTE 1024

struct tls {
    struct fsk_layer layer;
    struct fsk_tls_pipe pipe;
    struct fsk_tls_config *config;
    SSL *ssl;
    bool open;              /* the handshake is done */
    bool broken;            /* TLS has failed: OpenSSL must not be called again */
    bool gone;              /* so has the layer below, or it has ended */
    bool shut;              /* our close_notify is on its way */
    bool sealed;            /* a record is half sent: send has said FSOCK_AGAIN */
    bool usable;            /* the host can be put into a handshake, or none is needed */
    bool offered;           /* a session is being resumed */
    bool ticket;            /* one has come: OpenSSL holds a buffer for sending, for nothing */
    enum fsock_err pending; /* what the next recv returns: it came behind data */
    long cert_err;          /* why the certificate is not trusted: cert_detail says it in words */
    char cert_detail[sizeof((struct fsk_layer *)0)->detail];
    const char *alpn; /* what was agreed, or "" */
    size_t host_n;    /* key begins with the host, which a server's peer has none of */
    size_t key_n;
    char key[]; /* "host:port", in lower case, and a NUL */
};

static struct tls *tls_of(struct fsk_layer *l)
{
    return (struct tls *)l;
}

/* Before each call of OpenSSL's. */
static void begin(struct tls *t, struct fsk_wait *wait)
{
    t->pipe.wait = wait;
    t->pipe.last = FSOCK_OK;
    ERR_clear_error();
}

/* OpenSSL itself found something wrong. */
static enum fsock_err broken(struct tls *t)
{
    char words[sizeof t->layer.detail];
    t->broken = true;
    if (t->offered && !t->open) /* the next handshake shall be a full one */
        fsk_tls_sessions_forget(&t->config->sessions, fsk_span(t->key, t->key_n));
    if (t->cert_err && t->config->verify != SSL_VERIFY_NONE && !t->open) {
        ERR_clear_error();
        return fsk_layer_fail(&t->layer, FSOCK_ERR_CERT, 0, "%s", t->cert_detail);
    }
    int reason = ERR_GET_REASON(ERR_peek_error());
    bool shown_none = t->config->server && reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE;
    fsk_tls_words_error(words, sizeof words);
    return fsk_layer_fail(&t->layer, shown_none ? FSOCK_ERR_CERT : FSOCK_ERR_TLS, 0, "%s", words);
}

/* The stream below has ended without TLS' own end. */
static enum fsock_err cut_off(struct tls *t)
{
    if (!t->open)
        return fsk_layer_fail(&t->layer, FSOCK_ERR_CLOSED, 0,
                              "the peer closed the connection during the TLS handshake");
    return fsk_layer_fail(&t->layer, FSOCK_ERR_TRUNCATED, 0,
                          "the peer closed the connection without ending TLS (no close_notify): "
                          "some of the data may be missing");
}

/*
 * What a call of OpenSSL's means that has returned `ret`, not a success. The layer below is asked
 * first: once the peer has ended its stream, OpenSSL calls a failed send that end.
 */
static enum fsock_err outcome(struct tls *t, int ret)
{
    int why = SSL_get_error(t->ssl, ret);
    if (why == SSL_ERROR_SSL)
        return broken(t);
    switch (t->pipe.last) {
    case FSOCK_AGAIN:
        return FSOCK_AGAIN;
    case FSOCK_OK:
        return why == SSL_ERROR_ZERO_RETURN ? FSOCK_EOF : broken(t);
    case FSOCK_EOF:
        t->gone = true;
        return cut_off(t);
    case FSK_TLS_SPENT:
        t->broken = true;
        return fsk_layer_fail(&t->layer, FSOCK_ERR_TLS, 0,
                              "the peer sends TLS messages without end, but no data");
    default:
        t->gone = true;
        return fsk_layer_fail_as_below(&t->layer, t->pipe.last);
    }
}

/* There is data. */
static void earn(struct tls *t, size_t n)
{
    t->pipe.credit += (int64_t)(n < CREDIT ? n : CREDIT) * CREDIT_PER_BYTE;
    t->pipe.credit = t->pipe.credit < CREDIT ? t->pipe.credit : CREDIT;
}

/* Not each OpenSSL 3.0 sees that a server has chosen what it was not offered (RFC 7301 3.2). */
static enum fsock_err note_alpn(struct tls *t)
{
    const unsigned char *p;
    unsigned n;
    SSL_get0_alpn_selected(t->ssl, &p, &n);
    t->alpn = n ? fsk_tls_alpn_find(&t->config->alpn, fsk_span((const char *)p, n)) : "";
    if (t->alpn)
        return FSOCK_OK;
    t->broken = true;
    return fsk_layer_fail(&t->layer, FSOCK_ERR_TLS, 0,
                          "the peer chose a protocol that was not offered (ALPN)");
}

static enum fsock_err tls_connect(struct fsk_layer *l, struct fsk_wait *wait)
{
    struct tls *t = tls_of(l);
    if (!t->usable)
        return fsk_layer_fail(l, FSOCK_ERR_INPUT, 0,
                              "TLS needs the peer's name, of at most %d bytes", HOST_MAX);
    begin(t, wait);
    int ret = SSL_do_handshake(t->ssl);
    if (ret != 1) {
        enum fsock_err err = outcome(t, ret);
        return err == FSOCK_EOF ? cut_off(t) : err;
    }
    enum fsock_err err = note_alpn(t);
    t->open = err == FSOCK_OK;
    return err;
}

static enum fsock_err no_oob(struct fsk_layer *l)
{
    return fsk_layer_fail(l, FSOCK_ERR_INPUT, 0, "TLS has no out-of-band data");
}

/*
 * A ticket makes OpenSSL (3.0) allocate a buffer for sending, 16 KiB, which it keeps until
 * something is sent. "RH": no record is half read; before 3.0.14 its buffer would be freed, too.
 */
static void free_spare_buffers(struct tls *t)
{
    if (t->ticket && strcmp(SSL_rstate_string(t->ssl), "RH") == 0 && SSL_free_buffers(t->ssl))
        t->ticket = false;
}

/* As many records as there are and as have room: OpenSSL gives one at a time. */
static enum fsock_err read_records(struct tls *t, char *buf, size_t cap, size_t *n, bool peek,
                                   struct fsk_wait *wait)
{
    size_t got;
    *n = 0;
    begin(t, wait);
    if (peek)
        return SSL_peek_ex(t->ssl, buf, cap, n) == 1 ? FSOCK_OK : outcome(t, 0);
    do {
        int ret = SSL_read_ex(t->ssl, buf + *n, cap - *n, &got);
        if (ret != 1)
            return outcome(t, ret);
        *n += got;
        earn(t, got);
    } while (cap - *n >= RECORD_MAX && got >= RECORD_MAX / 4); /* small ones take their time */
    return FSOCK_OK;
}

/* What is sealed, or has been opened, for a trace that keeps bytes. */
static void mark_plain(struct fsk_layer *l, enum fsock_mark_kind kind, const void *p, size_t n,
                       int flags)
{
    fsock_trace *trace = l->driver ? l->driver->trace : NULL;
    struct fsk_layer_info info;
    unsigned layer = 0;
    if (!fsk_trace_wants_data(trace) || (flags & FSK_IO_SECRET && fsk_trace_masks(trace)))
        return;
    l->ops->info(l, &info);
    for (const struct fsk_layer *at = l; at; at = at->below)
        layer += at->ops == l->ops;
    fsk_trace_plain(trace, kind, info.fd, layer, p, n);
}

static enum fsock_err tls_recv(struct fsk_layer *l, void *buf, size_t cap, size_t *n, int flags,
                               struct fsk_sockaddr *from, struct fsk_wait *wait)
{
    (void)from;
    struct tls *t = tls_of(l);
    if (flags & FSK_IO_OOB)
        return no_oob(l);
    enum fsock_err err = t->pending;
    t->pending = FSOCK_OK;
    if (err != FSOCK_OK)
        return err;
    unsigned wants = wait->wants;
    err = read_records(t, buf, fsk_layer_room(cap, flags), n, flags & FSK_IO_PEEK, wait);
    if (err == FSOCK_AGAIN)
        free_spare_buffers(t);
    if (*n == 0)
        return err;
    if (!(flags & FSK_IO_PEEK))
        mark_plain(l, FSOCK_MARK_PLAIN_IN, buf, *n, flags);
    wait->wants = wants; /* what comes next is the next call's business */
    if (err != FSOCK_AGAIN)
        t->pending = err;
    return FSOCK_OK;
}

static enum fsock_err tls_send(struct fsk_layer *l, const void *buf, size_t len, size_t *n,
                               int flags, const struct fsk_sockaddr *to, struct fsk_wait *wait)
{
    (void)to;
    struct tls *t = tls_of(l);
    if (flags & FSK_IO_OOB)
        return no_oob(l);
    if (t->shut)
        return fsk_layer_fail(l, FSOCK_ERR_CLOSED, EPIPE, "sending was ended before");
    begin(t, wait);
    int ret = SSL_write_ex(t->ssl, buf, len, n);
    enum fsock_err err = ret == 1 ? FSOCK_OK : outcome(t, ret);
    t->sealed = err == FSOCK_AGAIN;
    if (err == FSOCK_OK)
        mark_plain(l, FSOCK_MARK_PLAIN_OUT, buf, *n, flags);
    return err;
}

static enum fsock_err tls_shut(struct fsk_layer *l, struct fsk_wait *wait)
{
    struct tls *t = tls_of(l);
    if (t->shut)
        return FSOCK_OK;
    if (t->sealed) /* OpenSSL would give up for good */
        return fsk_layer_fail(l, FSOCK_ERR_INPUT, 0,
                              "TLS can't end in the middle of what is being sent");
    begin(t, wait);
    int ret = SSL_shutdown(t->ssl);
    if (ret < 0)
        return outcome(t, ret);
    t->shut = true;
    return FSOCK_OK;
}

static void tls_info(struct fsk_layer *l, struct fsk_layer_info *info)
{
    struct tls *t = tls_of(l);
    l->below->ops->info(l->below, info);
    info->verify_result = t->cert_err ? t->cert_err : SSL_get_verify_result(t->ssl);
    if (!t->open)
        return;
    info->tls_version = SSL_get_version(t->ssl);
    info->tls_cipher = SSL_get_cipher_name(t->ssl);
    info->tls_group = SSL_group_to_name(t->ssl, (int)SSL_get_negotiated_group(t->ssl));
    info->alpn = t->alpn;
    info->tls_resumed = SSL_session_reused(t->ssl) == 1;
}

/*
 * With a last word to the peer, if it can be sent at once. Without it OpenSSL calls the session
 * bad, and that is right only if TLS itself has failed, not if the connection is just gone.
 */
static void tls_free(struct fsk_layer *l)
{
    struct tls *t = tls_of(l);
    struct fsk_wait unused = {.wants = 0};
    begin(t, &unused);
    if (t->open && !t->broken && !t->gone && !t->shut && !t->sealed)
        SSL_shutdown(t->ssl);
    if (t->ssl && !t->broken)
        SSL_set_shutdown(t->ssl, SSL_SENT_SHUTDOWN);
    ERR_clear_error();
    SSL_free(t->ssl);
    fsk_tls_config_free(t->config);
    fsk_layer_free(l->below);
    free(t);
}

static const struct fsk_layer_ops tls_ops = {
    .name = "tls",
    .connect = tls_connect,
    .recv = tls_recv,
    .send = tls_send,
    .shut = tls_shut,
    .info = tls_info,
    .free = tls_free,
};

/* OpenSSL has an opinion on a certificate of the peer's chain. */
static int verified(int ok, X509_STORE_CTX *ctx)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls *t = SSL_get_app_data(ssl);
    if (!ok && !t->cert_err) {
        t->cert_err = X509_STORE_CTX_get_error(ctx);
        fsk_tls_words_cert(t->cert_detail, sizeof t->cert_detail, t->cert_err,
                           X509_STORE_CTX_get_current_cert(ctx), fsk_span(t->key, t->host_n));
    }
    return ok;
}

int fsk_tls_remember(SSL *ssl, SSL_SESSION *session)
{
    struct tls *t = SSL_get_app_data(ssl);
    if (!t->config->forgetful)
        fsk_tls_sessions_put(&t->config->sessions, fsk_span(t->key, t->key_n), session,
                             t->layer.driver->now);
    t->ticket = true;
    return 0;
}

/* Who the peer must be. A host flag is inherited from the SSL_CTX only together with a host. */
static bool set_peer(struct tls *t, struct fsk_span host)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(t->ssl);
    struct fsk_addr addr;
    if (fsk_addr_parse(host, &addr, NULL))
        return X509_VERIFY_PARAM_set1_ip(param, addr.ip, addr.family == 4 ? 4 : 16) == 1;
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                               X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    char name[HOST_MAX + 1];
    memcpy(name, host.p, host.n);
    name[host.n] = '\0';
    return X509_VERIFY_PARAM_set1_host(param, name, host.n) == 1 &&
           SSL_set_tlsext_host_name(t->ssl, name) == 1;
}

static void resume(struct tls *t)
{
    SSL_SESSION *session = fsk_tls_sessions_take(&t->config->sessions, fsk_span(t->key, t->key_n),
                                                 t->layer.driver->now);
    if (session)
        t->offered = SSL_set_session(t->ssl, session) == 1;
    SSL_SESSION_free(session);
}

static bool set_up_client(struct tls *t)
{
    SSL_set_connect_state(t->ssl);
    if (!t->usable)
        return true; /* connect() will say so */
    if (!set_peer(t, fsk_span(t->key, t->host_n)))
        return false;
    resume(t);
    return true;
}

static bool set_up(struct tls *t)
{
    if (!fsk_tls_config_ready(t->config))
        return false;
    t->ssl = SSL_new(t->config->ctx);
    BIO *bio = t->ssl ? fsk_tls_bio_new(t->config->bio, &t->pipe) : NULL;
    if (!bio)
        return false;
    SSL_set_bio(t->ssl, bio, bio);
    SSL_set_app_data(t->ssl, t);
    SSL_set_verify(t->ssl, t->config->verify, verified);
    if (!t->config->server)
        return set_up_client(t);
    SSL_set_accept_state(t->ssl);
    return true;
}

/*
 * With the host in lower case, without its final dot and without its zone, since a certificate
 * knows nothing of this machine's interfaces; and the key. NULL: out of memory.
 */
static struct tls *new_tls(struct fsk_span host, uint16_t port)
{
    const char *percent = host.n ? memchr(host.p, '%', host.n) : NULL;
    if (percent)
        host.n = (size_t)(percent - host.p);
    if (host.n && host.p[host.n - 1] == '.')
        host.n--;
    struct tls *t = calloc(1, sizeof *t + host.n + sizeof ":65535");
    if (!t)
        return NULL;
    for (size_t i = 0; i < host.n; i++)
        t->key[i] = fsk_lower(host.p[i]);
    t->host_n = host.n;
    t->key_n = host.n + (size_t)sprintf(t->key + host.n, ":%u", (unsigned)port);
    t->usable = host.n > 0 && host.n <= HOST_MAX && !memchr(t->key, '\0', host.n);
    return t;
}

/* `t` may be NULL: out of memory. */
static struct fsk_layer *put_on(struct fsk_layer *below, struct fsk_tls_config *config,
                                struct tls *t)
{
    if (!t) {
        fsk_layer_free(below);
        return NULL;
    }
    t->layer.ops = &tls_ops;
    t->layer.below = below;
    t->layer.driver = below->driver;
    t->layer.stage = FSOCK_STAGE_TLS;
    t->pipe.below = below;
    t->pipe.credit = CREDIT;
    t->config = fsk_tls_config_ref(config);
    ERR_clear_error();
    if (set_up(t))
        return &t->layer;
    tls_free(&t->layer);
    return NULL;
}

struct fsk_layer *fsk_tls_new(struct fsk_layer *below, struct fsk_tls_config *config,
                              struct fsk_span host, uint16_t port)
{
    assert(!config->server);
    return put_on(below, config, new_tls(host, port));
}

void fsk_tls_only(struct fsk_layer *client, const char *version)
{
    SSL *ssl = tls_of(client)->ssl;
    int number = fsk_tls_version(version);
    assert(number);
    SSL_set_min_proto_version(ssl, number);
    SSL_set_max_proto_version(ssl, number);
    if (number < TLS1_2_VERSION)
        SSL_set_security_level(ssl, 0);
}

/* (Without memory all are offered.) */
void fsk_tls_offer(struct fsk_layer *client, struct fsk_span alpn)
{
    (void)SSL_set_alpn_protos(tls_of(client)->ssl, (const unsigned char *)alpn.p, (unsigned)alpn.n);
}

struct fsk_layer *fsk_tls_new_server(struct fsk_layer *below, struct fsk_tls_config *config)
{
    assert(config->server);
    struct tls *t = new_tls(fsk_span(NULL, 0), 0);
    if (t)
        t->usable = true;
    return put_on(below, config, t);
}

bool fsk_tls_peer_of(struct fsk_layer *top, struct fsk_tls_peer *peer)
{
    while (top && top->ops != &tls_ops)
        top = top->below;
    if (!top || !tls_of(top)->open)
        return false;
    struct tls *t = tls_of(top);
    *peer = (struct fsk_tls_peer){t->ssl, fsk_span(t->key, t->host_n), t->cert_detail};
    return true;
}
