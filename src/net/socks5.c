#include <stdlib.h>

#include "net/pass.h"
#include "net/proxy.h"
#include "wire/sockswords.h"

enum {
    VERSION = 5,
    AUTH_VERSION = 1, /* RFC 1929 2 */
    METHOD_NONE = 0,
    METHOD_PASSWORD = 2,
    METHOD_REFUSED = 0xff,
    COMMAND_CONNECT = 1,
    TYPE_IPV4 = 1,
    TYPE_NAME = 3,
    TYPE_IPV6 = 4,
    FIELD_MAX = 255
};

/* What has been agreed so far; in each state a message of ours is on its way, or its answer is. */
enum state {
    GREETING, /* nothing */
    PASSWORD, /* the proxy wants user and password */
    REQUEST,  /* the proxy knows us */
    BOUND,    /* the proxy is connected; the rest of its answer, an address, is of no use */
    OPEN
};

/* Kept only while the handshake lasts. */
struct handshake {
    enum state state;
    unsigned char out[3 + FIELD_MAX + FIELD_MAX + 4], in[4 + 1 + FIELD_MAX + 2];
    size_t out_n, sent, got;
    uint16_t port;
    size_t host_n, user_n, password_n;
    char text[]; /* host, user, password */
};

struct socks5 {
    struct fsk_layer layer;
    struct handshake *h;
};

static struct socks5 *socks5_of(struct fsk_layer *l)
{
    return (struct socks5 *)l;
}

static size_t handshake_size(size_t host_n, size_t user_n, size_t password_n)
{
    return sizeof(struct handshake) + host_n + user_n + password_n;
}

static size_t put(unsigned char *out, size_t n, const void *p, size_t len)
{
    if (len)
        memcpy(out + n, p, len);
    return n + len;
}

static void go_to(struct handshake *h, enum state state, size_t out_n)
{
    h->state = state;
    h->out_n = out_n;
    h->sent = h->got = 0;
}

/* RFC 1928 3 */
static void greet(struct handshake *h)
{
    bool password = h->user_n > 0;
    h->out[0] = VERSION;
    h->out[1] = password ? 2 : 1;
    h->out[2] = METHOD_NONE;
    h->out[3] = METHOD_PASSWORD;
    go_to(h, GREETING, password ? 4 : 3);
}

/* RFC 1929 2 */
static void give_password(struct handshake *h)
{
    h->out[0] = AUTH_VERSION;
    h->out[1] = (unsigned char)h->user_n;
    size_t n = put(h->out, 2, h->text + h->host_n, h->user_n);
    h->out[n++] = (unsigned char)h->password_n;
    n = put(h->out, n, h->text + h->host_n + h->user_n, h->password_n);
    go_to(h, PASSWORD, n);
}

/* RFC 1928 4 */
static void request(struct handshake *h)
{
    struct fsk_addr addr;
    size_t n = 3;
    h->out[0] = VERSION;
    h->out[1] = COMMAND_CONNECT;
    h->out[2] = 0;
    if (fsk_addr_parse(fsk_span(h->text, h->host_n), &addr, NULL)) {
        h->out[n++] = addr.family == 4 ? TYPE_IPV4 : TYPE_IPV6;
        n = put(h->out, n, addr.ip, addr.family == 4 ? 4 : 16);
    } else {
        h->out[n++] = TYPE_NAME;
        h->out[n++] = (unsigned char)h->host_n;
        n = put(h->out, n, h->text, h->host_n);
    }
    h->out[n++] = (unsigned char)(h->port >> 8);
    h->out[n++] = (unsigned char)h->port;
    go_to(h, REQUEST, n);
}

static enum fsock_err not_socks(struct fsk_layer *l)
{
    return fsk_layer_fail(l, FSOCK_ERR_PROXY, 0, "the proxy does not speak SOCKS5");
}

static enum fsock_err on_method(struct fsk_layer *l, struct handshake *h)
{
    if (h->in[0] != VERSION)
        return not_socks(l);
    if (h->in[1] == METHOD_NONE)
        request(h);
    else if (h->in[1] == METHOD_PASSWORD && h->user_n)
        give_password(h);
    else if (h->in[1] == METHOD_REFUSED)
        return fsk_layer_fail(l, FSOCK_ERR_PROXY, 0,
                              h->user_n ? "the proxy refuses every way to log in that is known here"
                                        : "the proxy wants authentication");
    else
        return fsk_layer_fail(l, FSOCK_ERR_PROXY, 0,
                              "the proxy wants authentication of type %d, which is not known here",
                              h->in[1]);
    return FSOCK_OK;
}

static enum fsock_err on_password(struct fsk_layer *l, struct handshake *h)
{
    if (h->in[1] != 0)
        return fsk_layer_fail(l, FSOCK_ERR_PROXY, 0, "the proxy refused the user or password");
    request(h);
    return FSOCK_OK;
}

/* RFC 1928 6 */
static enum fsock_err on_reply(struct fsk_layer *l, struct handshake *h)
{
    unsigned reply = h->in[1];
    if (h->in[0] != VERSION)
        return not_socks(l);
    if (reply)
        return fsk_layer_fail(l, FSOCK_ERR_PROXY, 0, "the proxy says: %u, %s", reply,
                              fsk_socks5_reply(reply));
    h->state = BOUND; /* and what has been received stays */
    return FSOCK_OK;
}

/* How long the answer is, as far as its first bytes tell; 0: it is none. */
static size_t answer_length(const struct handshake *h)
{
    if (h->state == GREETING || h->state == PASSWORD)
        return 2;
    if (h->state == REQUEST)
        return 5;
    switch (h->in[3]) {
    case TYPE_IPV4:
        return 4 + 4 + 2;
    case TYPE_IPV6:
        return 4 + 16 + 2;
    case TYPE_NAME:
        return 4 + 1 + (size_t)h->in[4] + 2;
    default:
        return 0;
    }
}

/* A message out, its answer in. */
static enum fsock_err next(struct fsk_layer *l, struct handshake *h, struct fsk_wait *wait)
{
    enum fsock_err err = fsk_pass_send_all(l, h->out, h->out_n, &h->sent,
                                           h->state == PASSWORD ? FSK_IO_SECRET : 0, wait);
    if (err)
        return err;
    size_t want = answer_length(h);
    if (want == 0)
        return not_socks(l);
    err = fsk_pass_recv_all(l, h->in, want, &h->got, wait);
    if (err)
        return err;
    switch (h->state) {
    case GREETING:
        return on_method(l, h);
    case PASSWORD:
        return on_password(l, h);
    case REQUEST:
        return on_reply(l, h);
    default:
        h->state = OPEN;
        return FSOCK_OK;
    }
}

static void forget_handshake(struct socks5 *s)
{
    if (s->h)
        explicit_bzero(s->h, handshake_size(s->h->host_n, s->h->user_n, s->h->password_n));
    free(s->h);
    s->h = NULL;
}

static enum fsock_err socks5_connect(struct fsk_layer *l, struct fsk_wait *wait)
{
    struct socks5 *s = socks5_of(l);
    struct handshake *h = s->h;
    if (h->host_n == 0 || h->host_n > FIELD_MAX || h->user_n > FIELD_MAX ||
        h->password_n > FIELD_MAX || memchr(h->text, '\0', h->host_n))
        return fsk_layer_fail(l, FSOCK_ERR_INPUT, 0,
                              "SOCKS5 needs a name, and takes names, users and passwords of at "
                              "most %d bytes",
                              FIELD_MAX);
    if (h->out_n == 0)
        greet(h);
    while (h->state != OPEN) {
        enum fsock_err err = next(l, h, wait);
        if (err)
            return err;
    }
    forget_handshake(s);
    return FSOCK_OK;
}

static void socks5_free(struct fsk_layer *l)
{
    struct socks5 *s = socks5_of(l);
    forget_handshake(s);
    fsk_layer_free(l->below);
    free(s);
}

static const struct fsk_layer_ops socks5_ops = {
    .name = "socks5",
    .connect = socks5_connect,
    .recv = fsk_pass_recv,
    .send = fsk_pass_send,
    .shut = fsk_pass_shut,
    .info = fsk_pass_info,
    .free = socks5_free,
};

static struct handshake *new_handshake(const struct fsk_proxy_target *t)
{
    struct handshake *h = calloc(1, handshake_size(t->host.n, t->user.n, t->password.n));
    if (!h)
        return NULL;
    h->port = t->port;
    h->host_n = t->host.n;
    h->user_n = t->user.n;
    h->password_n = t->password.n;
    size_t n = put((unsigned char *)h->text, 0, t->host.p, t->host.n);
    n = put((unsigned char *)h->text, n, t->user.p, t->user.n);
    put((unsigned char *)h->text, n, t->password.p, t->password.n);
    return h;
}

struct fsk_layer *fsk_socks5_new(struct fsk_layer *below, const struct fsk_proxy_target *target)
{
    struct socks5 *s = calloc(1, sizeof *s);
    if (!s) {
        fsk_layer_free(below);
        return NULL;
    }
    s->layer.ops = &socks5_ops;
    s->layer.below = below;
    s->layer.driver = below->driver;
    s->layer.stage = FSOCK_STAGE_PROXY;
    s->h = new_handshake(target);
    if (s->h)
        return &s->layer;
    socks5_free(&s->layer);
    return NULL;
}
