#include "op/transfer_login.h"

#include "base/trace.h"
#include "op/logins.h"
#include "wire/challenge.h"

/* Challenges to be met for one URL, if all but the first call a nonce stale. */
#define STALE_MAX 3

/* ---- Who we are ------------------------------------------------------------------------------ */

/* Callers who know nothing of logging in have a shorter struct. */
static bool knows_auth(const struct fsock_request *r)
{
    return r->size >= offsetof(struct fsock_request, bearer) + sizeof r->bearer;
}

static enum fsock_auth auth_of(const struct fsk_transfer *t, const struct fsk_challenger *who)
{
    if (who == &t->proxy)
        return t->http->proxy_auth;
    return knows_auth(t->request) ? t->request->auth : FSOCK_AUTH_BASIC;
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

/* The key of its realms. A proxy is one object for all who share them; no place has a key
 * that is so short. */
static struct fsk_span site_of(const struct fsk_transfer *t, const struct fsk_challenger *who)
{
    return who == &t->server ? fsk_buf_span(&t->aim.place)
                             : fsk_span((const char *)&t->aim.via, sizeof t->aim.via);
}

static struct fsk_span path_of(const struct fsk_transfer *t, const struct fsk_challenger *who)
{
    return who == &t->server ? t->aim.url.path : FSK_SPAN("/");
}

/* User and password being known: how they are told, if it is time for that. */
static void choose_scheme(struct fsk_transfer *t, struct fsk_challenger *who,
                          struct fsk_credentials *c)
{
    enum fsock_auth auth = auth_of(t, who);
    struct fsk_realm *realm = who->realm;
    if (auth == FSOCK_AUTH_BASIC) {
        c->scheme = FSK_AUTH_BASIC;
        return;
    }
    if (!realm)
        realm = fsk_realms_find(&t->http->realms, site_of(t, who), path_of(t, who),
                                auth == FSOCK_AUTH_ANY);
    if (!realm || realm->nc == UINT32_MAX)
        return;
    c->scheme = realm->basic ? FSK_AUTH_BASIC : FSK_AUTH_DIGEST;
    c->realm = realm;
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
    if (known)
        choose_scheme(t, &t->server, c);
    if (identify_at_proxy(t, &ask->proxy_credentials))
        choose_scheme(t, &t->proxy, &ask->proxy_credentials);
    t->server.known = known && !fsk_request_has(r, "Authorization");
    t->proxy.known = ask->proxy_credentials.user.n && !fsk_request_has(r, "Proxy-Authorization");
    t->server.sent = c->scheme;
    t->proxy.sent = ask->proxy_credentials.scheme;
    return FSOCK_OK;
}

/* ---- What comes back ------------------------------------------------------------------------- */

/* Of all that is asked for the best that can be met: the strongest Digest, else Basic. */
static bool choose_challenge(struct fsk_span fields, const char *field, bool basic_too,
                             struct fsk_digest *best, bool *basic)
{
    struct fsk_challenge_walk at = {.pos = 0};
    struct fsk_challenge c;
    bool found = false;
    while (fsk_challenge_next(fields, fsk_span_str(field), &at, &c)) {
        struct fsk_digest d = {.stale = false};
        if (fsk_span_caseeq(c.scheme, FSK_SPAN("Digest")) && fsk_digest_read(c.params, &d)) {
            if (found && !*basic && best->hash >= d.hash)
                continue;
            *best = d;
            *basic = false;
            found = true;
        } else if (basic_too && !found && fsk_span_caseeq(c.scheme, FSK_SPAN("Basic"))) {
            *best = (struct fsk_digest){.stale = false};
            struct fsk_span name, value, params = c.params;
            while (fsk_challenge_param(&params, &name, &value))
                if (fsk_span_caseeq(name, FSK_SPAN("realm")) && value.n <= FSK_DIGEST_MAX)
                    best->realm = value;
            *basic = found = true;
        }
    }
    return found;
}

/* Meet the challenge at hand, if that makes sense; *again says so. */
static enum fsock_err meet(struct fsk_transfer *t, struct fsk_challenger *who, const char *field,
                           bool *again)
{
    enum fsock_auth auth = auth_of(t, who);
    struct fsk_digest digest;
    bool basic = false;
    if (!who->known || auth == FSOCK_AUTH_BASIC)
        return FSOCK_OK;
    bool found =
        choose_challenge(t->exchange.head.fields, field, auth == FSOCK_AUTH_ANY, &digest, &basic);
    who->unmet = !found;
    if (!found || (basic && who->sent == FSK_AUTH_BASIC))
        return FSOCK_OK;
    if (who->met && (!digest.stale || who->met >= STALE_MAX))
        return FSOCK_OK;
    struct fsk_realm *realm = fsk_realm_new(basic, &digest, path_of(t, who), &t->http->rand);
    if (!realm)
        return FSOCK_ERR_MEMORY;
    fsk_realm_free(who->realm);
    who->realm = realm;
    who->met++;
    *again = true;
    fsk_mark(fsk_op_trace(&t->op), FSOCK_MARK_RETRY, t->op.id, -1, 0, 0,
             fsk_text("why", basic ? "Basic is asked for" : "Digest is asked for"),
             fsk_number("delay_us", 0));
    return FSOCK_OK;
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
static void learn(struct fsk_transfer *t, struct fsk_challenger *who, const char *field)
{
    struct fsk_realms *realms = &t->http->realms;
    struct fsk_span site = site_of(t, who), nonce;
    if (who->realm)
        fsk_realms_keep(realms, site, who->realm);
    who->realm = NULL;
    if (who->sent != FSK_AUTH_DIGEST || !find_next_nonce(t->exchange.head.fields, field, &nonce))
        return;
    struct fsk_realm *used = fsk_realms_find(realms, site, path_of(t, who), false);
    struct fsk_realm *next = used ? fsk_realm_renew(used, nonce, &t->http->rand) : NULL;
    if (next)
        fsk_realms_keep(realms, site, next);
}

enum fsock_err fsk_transfer_take_challenge(struct fsk_transfer *t, bool *again)
{
    int status = t->exchange.head.status;
    *again = false;
    if (status == 407 && t->aim.via)
        return meet(t, &t->proxy, "Proxy-Authenticate", again);
    learn(t, &t->proxy, "Proxy-Authentication-Info");
    if (status == 401)
        return meet(t, &t->server, "WWW-Authenticate", again);
    learn(t, &t->server, "Authentication-Info");
    return FSOCK_OK;
}

const char *fsk_transfer_login_hint(const struct fsk_transfer *t)
{
    int status = t->exchange.head.status;
    const struct fsk_challenger *who = status == 401   ? &t->server
                                       : status == 407 ? &t->proxy
                                                       : NULL;
    if (!who)
        return NULL;
    if (who->sent == FSK_AUTH_BEARER)
        return "the token was refused";
    if (who->sent != FSK_AUTH_NONE)
        return "the user or the password was refused";
    return who->unmet ? "it offers no way to log in that was allowed to be used" : NULL;
}

void fsk_transfer_login_reset(struct fsk_transfer *t)
{
    struct fsk_challenger *challengers[] = {&t->server, &t->proxy};
    for (size_t i = 0; i < 2; i++) {
        fsk_realm_free(challengers[i]->realm);
        *challengers[i] = (struct fsk_challenger){.met = 0};
    }
}

void fsk_transfer_login_fini(struct fsk_transfer *t)
{
    fsk_transfer_login_reset(t);
    fsk_credentials_wipe(&t->user);
}
