#include <stdlib.h>

#include "net/pass.h"
#include "net/proxy.h"
#include "wire/sockswords.h"

enum {
    VERSION = 4,
    COMMAND_CONNECT = 1,
    REPLY_VERSION = 0,
    REPLY_LENGTH = 8, /* version, reply; a port and an address that are of no use */
    GRANTED = 90,
    FIELD_MAX = 255 /* the protocol sets no limit; SOCKS5's is one that proxies know */
};

/* Kept only while the handshake lasts. */
struct handshake {
    const char *unfit; /* why there is no request; NULL: there is one */
    size_t out_n, sent, got;
    unsigned char out[8 + FIELD_MAX + 1 + FIELD_MAX + 1], in[REPLY_LENGTH];
};

struct socks4 {
    struct fsk_layer layer;
    struct handshake *h;
};

static struct socks4 *socks4_of(struct fsk_layer *l)
{
    return (struct socks4 *)l;
}

/* A field and the zero byte that ends it, at the end of the request. */
static void put_field(struct handshake *h, struct fsk_span field)
{
    if (field.n)
        memcpy(h->out + h->out_n, field.p, field.n);
    h->out_n += field.n;
    h->out[h->out_n++] = '\0';
}

static bool fits(struct fsk_span field)
{
    return field.n <= FIELD_MAX && !(field.n && memchr(field.p, '\0', field.n));
}

/* An address that SOCKS4a has made a mark: "a name follows the user". */
static bool means_name(const unsigned char ip[4])
{
    return ip[0] == 0 && ip[1] == 0 && ip[2] == 0 && ip[3] != 0;
}

/* The request: SOCKS4's with an address, SOCKS4a's with a name. NULL, or why it can't be written.
 */
static const char *write_request(struct handshake *h, const struct fsk_proxy_target *t)
{
    static const unsigned char mark[4] = {0, 0, 0, 1};
    struct fsk_addr addr;
    struct fsk_span zone;
    if (t->host.n == 0 || !fits(t->host) || !fits(t->user))
        return "SOCKS4 needs a host, and takes hosts and users of at most 255 bytes, none of them "
               "zero";
    bool is_name = !fsk_addr_parse(t->host, &addr, &zone);
    if (!is_name && addr.family != 4)
        return "SOCKS4 can't carry an IPv6 address (SOCKS5 can)";
    if (!is_name && means_name(addr.ip))
        return "SOCKS4 can't carry an address that begins with 0.0.0: there it stands for a name";
    h->out[0] = VERSION;
    h->out[1] = COMMAND_CONNECT;
    h->out[2] = (unsigned char)(t->port >> 8);
    h->out[3] = (unsigned char)t->port;
    memcpy(h->out + 4, is_name ? mark : addr.ip, 4);
    h->out_n = 8;
    put_field(h, t->user);
    if (is_name)
        put_field(h, t->host);
    return NULL;
}

/* A refusal may be shorter than it should be: the first two bytes say everything. */
static enum fsock_err judge(struct fsk_layer *l, const struct handshake *h)
{
    unsigned reply = h->in[1];
    if (h->in[0] != REPLY_VERSION)
        return fsk_layer_fail(l, FSOCK_ERR_PROXY, 0, "the proxy does not speak SOCKS4");
    if (reply == GRANTED)
        return FSOCK_OK;
    return fsk_layer_fail(l, FSOCK_ERR_PROXY, 0, "the proxy says: %u, %s", reply,
                          fsk_socks4_reply(reply));
}

static void forget_handshake(struct socks4 *s)
{
    if (s->h)
        explicit_bzero(s->h->out, s->h->out_n);
    free(s->h);
    s->h = NULL;
}

static enum fsock_err socks4_connect(struct fsk_layer *l, struct fsk_wait *wait)
{
    struct socks4 *s = socks4_of(l);
    struct handshake *h = s->h;
    if (h->unfit)
        return fsk_layer_fail(l, FSOCK_ERR_INPUT, 0, "%s", h->unfit);
    enum fsock_err err = fsk_pass_send_all(l, h->out, h->out_n, &h->sent, 0, wait);
    if (!err)
        err = fsk_pass_recv_all(l, h->in, 2, &h->got, wait);
    if (!err)
        err = judge(l, h);
    if (!err)
        err = fsk_pass_recv_all(l, h->in, REPLY_LENGTH, &h->got, wait);
    if (!err)
        forget_handshake(s);
    return err;
}

static void socks4_free(struct fsk_layer *l)
{
    struct socks4 *s = socks4_of(l);
    forget_handshake(s);
    fsk_layer_free(l->below);
    free(s);
}

static const struct fsk_layer_ops socks4_ops = {
    .name = "socks4",
    .connect = socks4_connect,
    .recv = fsk_pass_recv,
    .send = fsk_pass_send,
    .shut = fsk_pass_shut,
    .info = fsk_pass_info,
    .free = socks4_free,
};

struct fsk_layer *fsk_socks4_new(struct fsk_layer *below, const struct fsk_proxy_target *target)
{
    struct socks4 *s = calloc(1, sizeof *s);
    if (!s) {
        fsk_layer_free(below);
        return NULL;
    }
    s->layer.ops = &socks4_ops;
    s->layer.below = below;
    s->layer.driver = below->driver;
    s->layer.stage = FSOCK_STAGE_PROXY;
    s->h = calloc(1, sizeof *s->h);
    if (!s->h) {
        socks4_free(&s->layer);
        return NULL;
    }
    s->h->unfit = write_request(s->h, target);
    return &s->layer;
}
