#include <stdio.h>
#include <stdlib.h>

#include "net/pass.h"
#include "net/proxy.h"
#include "wire/addr.h"
#include "wire/h1.h"

#define HEAD_MAX    (16 * 1024) /* of the proxy's answer */
#define LOGIN_MAX   (16 * 1024) /* the value of Proxy-Authorization */
#define INTERIM_MAX 100         /* 1xx answers before the final one */

/* Kept only while the handshake lasts. */
struct handshake {
    size_t out_n, sent;
    size_t parsed, got; /* bytes of in[] that were looked at, and that are there */
    unsigned interim;   /* 1xx answers so far */
    char out[LOGIN_MAX + 2 * FSK_AUTHORITY_ROOM + 128];
    char in[HEAD_MAX];
};

struct http_connect {
    struct fsk_layer layer;
    struct handshake *h;
    bool usable;            /* the target can be written into a request */
    bool asked;             /* the answer is 407 */
    struct fsk_span fields; /* ... and its header, within the handshake */
};

static struct http_connect *http_connect_of(struct fsk_layer *l)
{
    return (struct http_connect *)l;
}

/* Nothing but graphic ASCII, and not too much of it. */
static bool is_host(struct fsk_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
            return false;
    return s.n > 0 && s.n <= FSK_AUTHORITY_ROOM - sizeof "[]:65535";
}

bool fsk_connect_authority(const struct fsk_proxy_target *t, char out[FSK_AUTHORITY_ROOM])
{
    struct fsk_addr addr;
    if (!is_host(t->host))
        return false;
    bool v6 = fsk_addr_parse(t->host, &addr, NULL) && addr.family == 6;
    snprintf(out, FSK_AUTHORITY_ROOM, v6 ? "[%.*s]:%u" : "%.*s:%u", (int)t->host.n, t->host.p,
             (unsigned)t->port);
    return true;
}

/* The request (RFC 9110 9.3.6). False if the target can't be written. */
static bool write_request(struct handshake *h, const struct fsk_proxy_target *t)
{
    char target[FSK_AUTHORITY_ROOM];
    if (t->login.n > LOGIN_MAX || !fsk_connect_authority(t, target))
        return false;
    h->out_n =
        (size_t)snprintf(h->out, sizeof h->out, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s%.*s%s\r\n",
                         target, target, t->login.n ? "Proxy-Authorization: " : "", (int)t->login.n,
                         t->login.n ? t->login.p : "", t->login.n ? "\r\n" : "");
    return true;
}

static enum fsock_err judge(struct fsk_layer *l, const struct fsk_h1_head *head)
{
    struct http_connect *c = http_connect_of(l);
    int len = (int)(head->reason.n < 100 ? head->reason.n : 100);
    if (head->status / 100 == 2)
        return FSOCK_OK;
    c->asked = head->status == 407;
    c->fields = head->fields;
    if (c->asked)
        return fsk_layer_fail(l, FSOCK_ERR_PROXY, 0, "the proxy wants authentication (407)");
    return fsk_layer_fail(l, FSOCK_ERR_PROXY, 0, "the proxy says: %d%s%.*s", head->status,
                          len ? " " : "", len, head->reason.p);
}

/*
 * Take from the layer below what belongs to the head, and no byte that follows it: look first, then
 * take. *len is the length of the head once it is whole.
 */
static enum fsock_err receive(struct fsk_layer *l, struct handshake *h, struct fsk_h1_head *head,
                              int *len, struct fsk_wait *wait)
{
    size_t seen = 0;
    if (h->got == sizeof h->in)
        return fsk_layer_fail(l, FSOCK_ERR_PROXY, 0,
                              "the proxy's answer has a header of more than %d bytes", HEAD_MAX);
    enum fsock_err err =
        fsk_pass_recv(l, h->in + h->got, sizeof h->in - h->got, &seen, FSK_IO_PEEK, NULL, wait);
    if (err)
        return err == FSOCK_EOF ? fsk_pass_ended(l) : err;
    *len = fsk_h1_parse(h->in, h->got + seen, h->parsed, head);
    if (*len < 0)
        return fsk_layer_fail(l, FSOCK_ERR_PROXY, 0, "the proxy does not speak HTTP: its answer %s",
                              fsk_h1_error_text((enum fsk_h1_err)(-*len)));
    size_t end = *len > 0 ? (size_t)*len : h->got + seen;
    err = fsk_pass_recv_all(l, h->in, end, &h->got, wait);
    h->parsed = h->got;
    return err;
}

static void forget_handshake(struct http_connect *c)
{
    if (c->h)
        explicit_bzero(c->h->out, c->h->out_n);
    free(c->h);
    c->h = NULL;
}

static enum fsock_err http_connect_connect(struct fsk_layer *l, struct fsk_wait *wait)
{
    struct http_connect *c = http_connect_of(l);
    struct handshake *h = c->h;
    if (!c->usable)
        return fsk_layer_fail(l, FSOCK_ERR_INPUT, 0,
                              "this host, user or password can't be put into a CONNECT request");
    enum fsock_err err = fsk_pass_send_all(l, h->out, h->out_n, &h->sent, 0, wait);
    while (!err) {
        struct fsk_h1_head head;
        int len = 0;
        err = receive(l, h, &head, &len, wait);
        if (err || len == 0)
            continue;
        if (head.status >= 200) {
            err = judge(l, &head);
            break;
        }
        h->got = h->parsed = 0; /* an interim answer: another one follows (RFC 9110 15.2) */
        if (++h->interim > INTERIM_MAX)
            return fsk_layer_fail(l, FSOCK_ERR_PROXY, 0,
                                  "the proxy sends more than %d interim answers (1xx)",
                                  INTERIM_MAX);
    }
    if (!err)
        forget_handshake(c);
    return err;
}

static void http_connect_free(struct fsk_layer *l)
{
    struct http_connect *c = http_connect_of(l);
    forget_handshake(c);
    fsk_layer_free(l->below);
    free(c);
}

static const struct fsk_layer_ops http_connect_ops = {
    .name = "http-connect",
    .connect = http_connect_connect,
    .recv = fsk_pass_recv,
    .send = fsk_pass_send,
    .shut = fsk_pass_shut,
    .info = fsk_pass_info,
    .free = http_connect_free,
};

bool fsk_http_connect_asks(const struct fsk_layer *layer, struct fsk_span *fields)
{
    const struct http_connect *c = (const struct http_connect *)layer;
    if (layer->ops != &http_connect_ops || !c->asked)
        return false;
    *fields = c->fields;
    return true;
}

struct fsk_layer *fsk_http_connect_new(struct fsk_layer *below,
                                       const struct fsk_proxy_target *target)
{
    struct http_connect *c = calloc(1, sizeof *c);
    if (!c) {
        fsk_layer_free(below);
        return NULL;
    }
    c->layer.ops = &http_connect_ops;
    c->layer.below = below;
    c->layer.driver = below->driver;
    c->layer.stage = FSOCK_STAGE_PROXY;
    c->h = malloc(sizeof *c->h);
    if (!c->h) {
        http_connect_free(&c->layer);
        return NULL;
    }
    c->h->out_n = c->h->sent = c->h->parsed = c->h->got = c->h->interim = 0;
    c->usable = write_request(c->h, target);
    return &c->layer;
}
