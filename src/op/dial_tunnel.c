#include "op/dial_tunnel.h"

#include "base/rand.h"
#include "base/trace.h"

/* A proxy's host is one text for all that go through it, and no place has a key that is so short.
 */
struct fsk_challenger_at fsk_dial_at_proxy(const struct fsk_dialer *dialer,
                                           const struct fsk_proxy *proxy)
{
    return (struct fsk_challenger_at){
        .auth = dialer->proxy_auth,
        .realms = dialer->realms,
        .site = fsk_span((const char *)&proxy->host.p, sizeof proxy->host.p),
        .path = FSK_SPAN("/"),
    };
}

/* The value of Proxy-Authorization; nothing, if we don't say who we are. */
static enum fsock_err write_login(struct fsk_dial *d, const struct fsk_proxy_target *to,
                                  struct fsk_buf *login)
{
    char authority[FSK_AUTHORITY_ROOM];
    struct fsk_credentials c = {.user = to->user, .password = to->password};
    struct fsk_challenger_at at = fsk_dial_at_proxy(d->dialer, &d->target->proxy);
    d->proxy.known = to->user.n || to->password.n;
    if (!d->proxy.known || !fsk_connect_authority(to, authority))
        return FSOCK_OK;
    fsk_challenger_choose(&d->proxy, &at, &c);
    d->proxy.sent = c.scheme;
    struct fsk_credentials_for request = {
        FSK_SPAN("CONNECT"), fsk_span_str(authority), {NULL, 0}
    };
    return fsk_credentials_write(&c, &request, login);
}

void fsk_dial_tunnel(struct fsk_dial *d, struct fsk_proxy_target *to)
{
    struct fsk_stream *s = &d->stream;
    struct fsk_buf login;
    fsk_buf_init(&login, 4 * (to->user.n + to->password.n + FSK_DIGEST_MAX)); /* never too big */
    enum fsock_err err = write_login(d, to, &login);
    to->login = fsk_buf_span(&login);
    if (err == FSOCK_OK)
        s->top = fsk_http_connect_new(s->top, to);
    else
        fsk_stream_close(s);
    fsk_credentials_wipe(&login);
}

bool fsk_dial_tunnel_again(struct fsk_dial *d)
{
    struct fsk_challenger_at at = fsk_dial_at_proxy(d->dialer, &d->target->proxy);
    struct fsk_rand rand = {.left = 0};
    struct fsk_span fields;
    bool again = false;
    if (fsk_http_connect_asks(d->stream.top, &fields))
        (void)fsk_challenger_meet(&d->proxy, &at, fields, "Proxy-Authenticate", &rand, &again);
    if (again)
        fsk_mark(fsk_op_trace(&d->op), FSOCK_MARK_RETRY, d->op.id, -1, 0, 0,
                 fsk_text("why", d->proxy.realm->basic ? "the proxy asks for Basic"
                                                       : "the proxy asks for Digest"),
                 fsk_number("delay_us", 0));
    return again;
}

const char *fsk_dial_tunnel_hint(const struct fsk_dial *d)
{
    struct fsk_span fields;
    return fsk_http_connect_asks(d->stream.top, &fields) ? fsk_challenger_hint(&d->proxy) : NULL;
}

void fsk_dial_tunnel_opened(struct fsk_dial *d)
{
    struct fsk_challenger_at at = fsk_dial_at_proxy(d->dialer, &d->target->proxy);
    fsk_challenger_keep(&d->proxy, &at);
}
