#include "op/transfer_login.h"

#include "base/trace.h"
#include "op/dial_tunnel.h"
#include "op/logins.h"
#include "wire/challenge.h"

/* ---- Who we are ------------------------------------------------------------------------------ */

/* Callers who know nothing of logging in have a shorter struct. */
static bool knows_auth(const struct fsock_request *r)
{
    return r->size >= offsetof(struct fsock_request, bearer) + sizeof r->bearer;
}

/* "user:password"; false without a colon: the password is not said. */
static bool split(struct fsk_span both, struct fsk_span *user, struct fsk_span *password)
{
    const char *colon = both.n ? memchr(both.p, ':', both.n) : NULL;
    size_t n = colon ? (size_t)(colon - both.p) : both.n;
    *user = fsk_span(both.p, n);
    *password = colon ? fsk_span(colon + 1, both.n - n - 1) : fsk_span(NULL, 0);
    return colon != NULL;
}

/* Undo the percent-encoding of the URL's, in t->user. */
static enum fsock_err decode(struct fsk_transfer *t, struct fsk_span *user,
                             struct fsk_span *password)
{
    struct fsk_span *part[] = {user, password};
    fsk_buf_clear(&t->user);
    enum fsock_err err = fsk_buf_reserve(&t->user, user->n + password->n);
    for (size_t i = 0; i < 2 && err == FSOCK_OK; i++) {
        char *out = t->user.mem + t->user.end;
        size_t n = part[i]->n ? fsk_url_decode(*part[i], out) : 0;
        *part[i] = fsk_span(out, n);
        t->user.end += n;
    }
    return err;
}

/* Who we are at the server. *known: anybody. */
static enum fsock_err identify(struct fsk_transfer *t, struct fsk_credentials *c, bool *known)
{
    const struct fsock_request *r = t->request;
    const fsock_logins *logins = knows_auth(r) ? r->logins : NULL;
    struct fsk_span userinfo = fsk_buf_span(&t->aim.userinfo);
    enum fsock_err err = FSOCK_OK;
    bool complete = false;
    *known = !t->foreign && (r->user || userinfo.n);
    if (*known && r->user) {
        complete = split(fsk_span_str(r->user), &c->user, &c->password);
    } else if (*known) {
        complete = split(userinfo, &c->user, &c->password);
        err = decode(t, &c->user, &c->password);
    }
    const struct fsk_login *login =
        logins && !complete ? fsk_logins_find(logins, t->aim.url.host, c->user, !t->foreign) : NULL;
    if (login) {
        *known = true;
        c->user = login->user;
        c->password = login->password;
    }
    return err;
}

/* Who we are at the proxy. */
static bool identify_at_proxy(const struct fsk_transfer *t, struct fsk_credentials *c)
{
    const struct fsk_proxy *via = t->aim.via;
    if (!via || !via->user.n)
        return false;
    c->user = via->user;
    c->password = via->password;
    return true;
}

/* ---- What goes along ------------------------------------------------------------------------- */

static struct fsk_challenger_at at_server(const struct fsk_transfer *t)
{
    return (struct fsk_challenger_at){
        .auth = knows_auth(t->request) ? t->request->auth : FSOCK_AUTH_BASIC,
        .realms = &t->http->realms,
        .site = fsk_buf_span(&t->aim.place),
        .path = t->aim.url.path,
    };
}

static struct fsk_challenger_at at_proxy(const struct fsk_transfer *t)
{
    return fsk_dial_at_proxy(&t->http->dialer, t->aim.via);
}

enum fsock_err fsk_transfer_log_in(struct fsk_transfer *t, struct fsk_ask *ask)
{
    const struct fsock_request *r = t->request;
    struct fsk_credentials *c = &ask->credentials;
    bool known = false;
    if (!t->foreign && knows_auth(r) && r->bearer) {
        c->scheme = FSK_AUTH_BEARER;
        c->password = fsk_span_str(r->bearer);
    } else {
        enum fsock_err err = identify(t, c, &known);
        if (err != FSOCK_OK)
            return err;
    }
    struct fsk_challenger_at server = at_server(t);
    if (known)
        fsk_challenger_choose(&t->server, &server, c);
    if (identify_at_proxy(t, &ask->proxy_credentials)) {
        struct fsk_challenger_at proxy = at_proxy(t);
        fsk_challenger_choose(&t->proxy, &proxy, &ask->proxy_credentials);
    }
    t->server.known = known && !fsk_request_has(r, "Authorization");
    t->proxy.known = ask->proxy_credentials.user.n && !fsk_request_has(r, "Proxy-Authorization");
    t->server.sent = c->scheme;
    t->proxy.sent = ask->proxy_credentials.scheme;
    return FSOCK_OK;
}

/* ---- What comes back ------------------------------------------------------------------------- */

/* Meet the challenge at hand, if that makes sense; *again says so. */
static enum fsock_err meet(struct fsk_transfer *t, struct fsk_challenger *who,
                           const struct fsk_challenger_at *at, const char *field, bool *again)
{
    enum fsock_err err =
        fsk_challenger_meet(who, at, t->exchange.head.fields, field, &t->http->rand, again);
    if (*again)
        fsk_mark(fsk_op_trace(&t->op), FSOCK_MARK_RETRY, t->op.id, -1, 0, 0,
                 fsk_text("why", who->realm->basic ? "Basic is asked for" : "Digest is asked for"),
                 fsk_number("delay_us", 0));
    return err;
}

/* The nonce that is to come next. */
static bool find_next_nonce(struct fsk_span fields, const char *field, struct fsk_span *nonce)
{
    struct fsk_span params, name;
    if (!fsk_h1_find(fields, fsk_span_str(field), &params))
        return false;
    while (fsk_challenge_param(&params, &name, nonce))
        if (fsk_span_caseeq(name, FSK_SPAN("nextnonce")))
            return nonce->n && nonce->n <= FSK_DIGEST_MAX;
    return false;
}

/* The credentials were accepted: others may use the nonce, or the next one. */
static void learn(struct fsk_transfer *t, struct fsk_challenger *who,
                  const struct fsk_challenger_at *at, const char *field)
{
    struct fsk_span nonce;
    fsk_challenger_keep(who, at);
    if (who->sent != FSK_AUTH_DIGEST || !find_next_nonce(t->exchange.head.fields, field, &nonce))
        return;
    struct fsk_realm *used = fsk_realms_find(at->realms, at->site, at->path, false);
    struct fsk_realm *next = used ? fsk_realm_renew(used, nonce, &t->http->rand) : NULL;
    if (next)
        fsk_realms_keep(at->realms, at->site, next);
}

enum fsock_err fsk_transfer_take_challenge(struct fsk_transfer *t, bool *again)
{
    int status = t->exchange.head.status;
    struct fsk_challenger_at server = at_server(t);
    *again = false;
    if (t->aim.via) {
        struct fsk_challenger_at proxy = at_proxy(t);
        if (status == 407)
            return meet(t, &t->proxy, &proxy, "Proxy-Authenticate", again);
        learn(t, &t->proxy, &proxy, "Proxy-Authentication-Info");
    }
    if (status == 401)
        return meet(t, &t->server, &server, "WWW-Authenticate", again);
    learn(t, &t->server, &server, "Authentication-Info");
    return FSOCK_OK;
}

const char *fsk_transfer_login_hint(const struct fsk_transfer *t)
{
    int status = t->exchange.head.status;
    if (status != 401 && status != 407)
        return NULL;
    return fsk_challenger_hint(status == 401 ? &t->server : &t->proxy);
}

void fsk_transfer_login_reset(struct fsk_transfer *t)
{
    fsk_challenger_reset(&t->server);
    fsk_challenger_reset(&t->proxy);
}

void fsk_transfer_login_fini(struct fsk_transfer *t)
{
    fsk_transfer_login_reset(t);
    fsk_credentials_wipe(&t->user);
}
