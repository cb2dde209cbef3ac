#include "op/dial.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/time.h"
#include "base/trace.h"
#include "net/plain.h"
#include "net/tls_peer.h"
#include "op/dial_tunnel.h"

#define ATTEMPT_DELAY   (250 * FSOCK_MILLISECOND) /* RFC 8305 8 */
#define MORE_DELAY      (300 * FSOCK_MILLISECOND) /* for the other family, when one has failed */
#define NO_SOCKET_DELAY (50 * FSOCK_MILLISECOND)  /* until a descriptor may be free again */

static struct fsk_dial *dial_of(struct fsk_op *op)
{
    return FSK_HOLDER(op, struct fsk_dial, op);
}

/* Whom the socket goes to: the proxy, or the target itself. */
static struct fsk_span peer_host(const struct fsk_dial *d)
{
    return d->target->proxy.kind ? d->target->proxy.host : d->target->host;
}

static uint16_t peer_port(const struct fsk_dial *d)
{
    return d->target->proxy.kind ? d->target->proxy.port : d->target->port;
}

/* The unix socket to connect to, or nothing. */
static struct fsk_span peer_path(const struct fsk_dial *d)
{
    const struct fsk_dialer *dialer = d->dialer;
    return d->target->path.n ? d->target->path : fsk_span(dialer->path, dialer->path_n);
}

/* "shop.example:443", "the proxy p.example:3128", "/run/app.sock" */
static void peer_text(const struct fsk_dial *d, char *buf, size_t cap)
{
    struct fsk_span host = peer_host(d), path = peer_path(d);
    if (path.n)
        snprintf(buf, cap, "%s%.*s", path.p[0] ? "" : "@", (int)path.n - !path.p[0],
                 path.p + !path.p[0]);
    else
        snprintf(buf, cap, memchr(host.p, ':', host.n) ? "%s[%.*s]:%u" : "%s%.*s:%u",
                 d->target->proxy.kind ? "the proxy " : "", (int)host.n, host.p, peer_port(d));
}

/* ---- The race -------------------------------------------------------------------------------- */

static unsigned racing(const struct fsk_dial *d)
{
    unsigned n = 0;
    for (unsigned i = 0; i < FSK_RACERS_MAX; i++)
        n += d->racer[i] != NULL;
    return n;
}

static void drop_racer(struct fsk_dial *d, unsigned i)
{
    fsk_connect_fini(d->racer[i]);
    free(d->racer[i]);
    d->racer[i] = NULL;
}

static enum fsock_err start_racer(struct fsk_dial *d, unsigned slot, fsock_time now)
{
    const struct fsk_dialer *dialer = d->dialer;
    struct fsk_connect *c = malloc(sizeof *c);
    if (!c)
        return fsk_fault_set(d->fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_CONNECT, ENOMEM,
                             "connect: out of memory");
    fsk_connect_init(c, d->op.deadline);
    c->datagrams = d->target->datagrams;
    c->tuning = dialer->tuning;
    if (peer_path(d).n) {
        int e = fsk_sockaddr_from_path(&c->to, peer_path(d));
        peer_text(d, c->text, sizeof c->text);
        if (e) {
            free(c);
            return fsk_fault_set(d->fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, e,
                                 "unix socket: the path is empty or longer than 107 bytes");
        }
    } else {
        fsk_sockaddr_from_addr(&c->to, &d->resolve.addr[d->next]);
        fsk_addr_format_port(&d->resolve.addr[d->next], c->text);
        c->bind = &dialer->bind;
    }
    d->next++;
    d->next_at = now + ATTEMPT_DELAY;
    d->racer[slot] = c;
    fsk_op_start(&d->op, &c->op);
    return FSOCK_OK;
}

/* An attempt has ended without a connection: remember how, and let the next one start at once. */
static void note_failure(struct fsk_dial *d, unsigned i, fsock_time now)
{
    struct fsk_connect *c = d->racer[i];
    bool lacking = c->sys_errno == EMFILE || c->sys_errno == ENFILE;
    if (c->op.err == FSOCK_ERR_SYSTEM && lacking && !d->dialer->alone) {
        d->next--; /* not the address's fault: again, when a descriptor is free */
        d->next_at = now + NO_SOCKET_DELAY;
    } else {
        fsk_fault_try(d->fault, c->text, c->sys_errno, c->took);
        d->next_at = now;
    }
    d->last_errno = c->sys_errno;
    drop_racer(d, i);
}

static bool adopt(struct fsk_dial *d, unsigned i, fsock_time now)
{
    struct fsk_connect *c = d->racer[i];
    struct fsk_layer *plain = fsk_plain_new(c->fd, d->op.driver);
    if (!plain)
        return false;
    c->fd = -1;
    fsk_stream_init(&d->stream, plain);
    d->connected = now;
    d->state = FSK_DIAL_LAYERS;
    for (unsigned k = 0; k < FSK_RACERS_MAX; k++)
        if (d->racer[k])
            drop_racer(d, k);
    return true;
}

/* Pass over the addresses that are forbidden, when the next one's turn has come. A proxy's are not,
 * nor is the unix socket. */
static void pass_forbidden(struct fsk_dial *d)
{
    char why[FSK_GUARD_WHY];
    if (d->target->proxy.kind || !d->resolving)
        return;
    while (d->next < d->resolve.n &&
           !fsk_guard_addr(&d->dialer->guard, &d->resolve.addr[d->next], why))
        d->next++;
}

/* Why the first of the forbidden addresses is; false: none was. */
static bool find_forbidden(const struct fsk_dial *d, char why[FSK_GUARD_WHY])
{
    for (unsigned i = 0; !d->target->proxy.kind && d->resolving && i < d->resolve.n; i++)
        if (!fsk_guard_addr(&d->dialer->guard, &d->resolve.addr[i], why))
            return true;
    return false;
}

/* Every address has failed, or the time is up. */
static enum fsock_err lost(struct fsk_dial *d, fsock_time now)
{
    struct fsock_fault *f = d->fault;
    char text[sizeof f->text], when[32], why[FSK_GUARD_WHY];
    size_t n = 0;
    bool forbidden = find_forbidden(d, why);
    if (d->op.expired)
        for (unsigned i = 0; i < FSK_RACERS_MAX; i++)
            if (d->racer[i]) {
                fsk_op_expire(&d->racer[i]->op, now);
                note_failure(d, i, now);
            }
    for (unsigned i = 0; i < f->tries && i < FSOCK_TRIES_MAX && n < sizeof text; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s %s after %s", i ? "; " : "",
                              f->tried[i].addr, fsk_errno_text(f->tried[i].sys_errno),
                              fsk_time_text(when, sizeof when, f->tried[i].took));
    if (forbidden && n < sizeof text)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", n ? "; " : "", why);
    if (n == 0)
        snprintf(text, sizeof text, "%s", fsk_errno_text(d->last_errno));
    char peer[300];
    peer_text(d, peer, sizeof peer);
    enum fsock_err err = FSOCK_ERR_CONNECT;
    if (forbidden && !f->tries && !d->last_errno)
        err = FSOCK_ERR_FORBIDDEN;
    else if (d->last_errno == EMFILE || d->last_errno == ENFILE)
        err = FSOCK_ERR_SYSTEM;
    else if (d->op.expired)
        err = FSOCK_ERR_TIMEOUT;
    return fsk_fault_set(f, err, FSOCK_STAGE_CONNECT, d->last_errno, "connect %s: %s", peer, text);
}

/* Names arrive, attempts end, new ones start; FSOCK_OK when one is connected. */
static enum fsock_err run_race(struct fsk_dial *d, fsock_time now)
{
    unsigned known = d->resolving ? d->resolve.n : 1; /* a unix socket has its one address */
    for (unsigned i = 0; i < FSK_RACERS_MAX; i++) {
        if (!d->racer[i] || !d->racer[i]->op.ended)
            continue;
        if (d->racer[i]->op.err == FSOCK_OK)
            return adopt(d, i, now) ? FSOCK_OK : FSOCK_ERR_MEMORY;
        note_failure(d, i, now);
    }
    if (now >= d->next_at)
        pass_forbidden(d);
    bool all_failed = d->next >= known && !racing(d);
    if (all_failed && !d->resolved && !d->no_more_at)
        d->no_more_at = now + MORE_DELAY;
    if (d->op.expired || (all_failed && (d->resolved || now >= d->no_more_at)))
        return lost(d, now);
    if (all_failed)
        d->op.alarm = fsk_time_min(d->op.alarm, d->no_more_at);
    for (unsigned i = 0; i < FSK_RACERS_MAX && d->next < known; i++) {
        if (d->racer[i])
            continue;
        if (now < d->next_at) {
            d->op.alarm = fsk_time_min(d->op.alarm, d->next_at);
            break;
        }
        enum fsock_err err = start_racer(d, i, now);
        if (err != FSOCK_OK)
            return err;
    }
    return FSOCK_AGAIN;
}

static enum fsock_err race(struct fsk_dial *d, fsock_time now)
{
    if (!d->resolved) {
        enum fsock_err err = fsk_op_inner(&d->op, &d->resolve.op, now);
        if (err != FSOCK_AGAIN) {
            d->resolved = true;
            d->looked_up = now;
            if (d->resolve.n == 0 && err == FSOCK_ERR_NAME && d->target->proxy.kind)
                err = d->fault->err = FSOCK_ERR_PROXY_NAME;
            if (d->resolve.n == 0)
                return err;
        } else if (!d->resolve.settled) {
            return err;
        } else if (!d->looked_up) {
            d->looked_up = now;
        }
    }
    return run_race(d, now);
}

/* ---- The layers above the socket ------------------------------------------------------------- */

static void offer_http1(struct fsk_dial *d, bool alone)
{
    if (d->stream.top && d->dialer->http2 && alone)
        fsk_tls_offer(d->stream.top, FSK_SPAN("\x08http/1.1"));
}

/* Put the next layer on. False if there is none left; the stream's top is NULL if memory is out. */
static bool put_layer(struct fsk_dial *d)
{
    const struct fsk_target *t = d->target;
    const struct fsk_proxy *p = &t->proxy;
    struct fsk_span host = d->named[0] ? fsk_span_str(d->named) : t->host;
    struct fsk_proxy_target to = {
        host, t->port, p->user, p->password, {NULL, 0}
    };
    struct fsk_stream *s = &d->stream;
    for (;;) {
        switch (d->layer++) {
        case 0:
            if (!p->kind || !p->tls)
                continue;
            s->top = fsk_tls_new(s->top, d->dialer->tls, p->host, p->port);
            offer_http1(d, true);
            return true;
        case 1:
            if (p->kind == FSK_PROXY_HTTP && t->tunnel)
                fsk_dial_tunnel(d, &to);
            else if (p->kind == FSK_PROXY_SOCKS5 || p->kind == FSK_PROXY_SOCKS5H)
                s->top = fsk_socks5_new(s->top, &to);
            else if (fsk_proxy_is_socks4(p))
                s->top = fsk_socks4_new(s->top, &to);
            else
                continue;
            return true;
        case 2:
            if (!t->tls)
                continue;
            s->top =
                fsk_tls_new(s->top, d->dialer->tls, t->tls_name.n ? t->tls_name : t->host, t->port);
            if (s->top && t->tls_version)
                fsk_tls_only(s->top, t->tls_version);
            offer_http1(d, t->http1);
            return true;
        default:
            return false;
        }
    }
}

static enum fsock_err layer_failed(struct fsk_dial *d, enum fsock_err err, fsock_time now)
{
    struct fsk_layer *top = d->stream.top;
    const struct fsk_target *t = d->target;
    char peer[300], addr[80] = "", when[32];
    struct fsk_layer_info info;
    peer_text(d, peer, sizeof peer);
    fsk_stream_info(&d->stream, &info);
    if (info.remote.family) {
        addr[0] = ' ', addr[1] = '(';
        size_t n = fsk_addr_format_port(&info.remote, addr + 2);
        memcpy(addr + 2 + n, ")", 2);
    }
    const char *stage = fsock_stage_name(top->stage);
    if (top->stage == FSOCK_STAGE_TLS && t->proxy.kind && d->layer > 1)
        snprintf(peer, sizeof peer, "%.*s:%u", (int)t->host.n, t->host.p, t->port);
    if (d->op.expired)
        return fsk_fault_set(d->fault, FSOCK_ERR_TIMEOUT, top->stage, ETIMEDOUT,
                             "%s %s%s: connected, but the handshake was not over after %s", stage,
                             peer, addr, fsk_time_text(when, sizeof when, now - d->connected));
    fsk_fault_set(d->fault, err, top->stage, top->sys_errno, "%s %s%s: %s", stage, peer, addr,
                  fsk_stream_why(&d->stream));
    const char *hint = fsk_dial_tunnel_hint(d);
    if (hint)
        fsk_fault_hint(d->fault, "%s", hint);
    return err;
}

static void mark_layer(struct fsk_dial *d)
{
    const struct fsk_proxy *proxy = &d->target->proxy;
    char host[260];
    if (d->stream.top->stage == FSOCK_STAGE_TLS)
        fsk_tls_mark(d->stream.top, d->op.id);
    else
        fsk_mark(fsk_op_trace(&d->op), FSOCK_MARK_PROXY, d->op.id, fsk_stream_fd(&d->stream), 0, 0,
                 fsk_text("protocol", d->stream.top->ops->name),
                 fsk_text("host", fsk_span_text(proxy->host, host, sizeof host)),
                 fsk_number("port", proxy->port));
}

/* Whom to race for: the peer, by its name. A unix socket needs none. */
static void begin_race(struct fsk_dial *d)
{
    d->state = FSK_DIAL_RACE;
    d->resolved = peer_path(d).n > 0;
    d->resolving = !d->resolved;
    if (d->resolving)
        fsk_resolve_init(&d->resolve, d->dialer->resolver, peer_host(d), peer_port(d),
                         d->dialer->family, d->op.deadline, d->fault);
}

/* Another connection, to the same peer. */
static enum fsock_err dial_again(struct fsk_dial *d)
{
    fsk_stream_close(&d->stream);
    if (d->resolving)
        fsk_resolve_fini(&d->resolve);
    fsk_op_clear(&d->op);
    d->layer = d->next = 0;
    d->next_at = d->no_more_at = 0;
    begin_race(d);
    d->op.yield = true;
    return FSOCK_AGAIN;
}

static enum fsock_err open_layers(struct fsk_dial *d, fsock_time now)
{
    for (;;) {
        struct fsk_layer *top = d->stream.top;
        if (!top)
            return fsk_fault_set(d->fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_CONNECT, ENOMEM,
                                 "connect: out of memory");
        enum fsock_err err =
            d->op.expired ? FSOCK_ERR_TIMEOUT : top->ops->connect(top, &d->op.wait);
        if (err == FSOCK_AGAIN)
            return err;
        if (err != FSOCK_OK && fsk_dial_tunnel_again(d))
            return dial_again(d);
        if (err != FSOCK_OK)
            return layer_failed(d, err, now);
        if (top->stage == FSOCK_STAGE_PROXY)
            fsk_dial_tunnel_opened(d);
        if (d->layer)
            mark_layer(d);
        if (!put_layer(d))
            break;
    }
    if (d->target->tls)
        d->secured = fsock_now();
    d->state = FSK_DIAL_OPEN;
    return FSOCK_OK;
}

static enum fsock_err forbid(struct fsk_dial *d, const char *why)
{
    const struct fsk_target *t = d->target;
    bool v6 = memchr(t->host.p, ':', t->host.n);
    return fsk_fault_set(d->fault, FSOCK_ERR_FORBIDDEN, FSOCK_STAGE_CONNECT, 0,
                         "connect %s%.*s%s:%u: %s", v6 ? "[" : "", (int)t->host.n, t->host.p,
                         v6 ? "]" : "", t->port, why);
}

/* May it go there at all, by what is known before the first step? */
static enum fsock_err ask_guard(struct fsk_dial *d)
{
    const struct fsk_target *t = d->target;
    const struct fsk_guard *guard = &d->dialer->guard;
    char why[FSK_GUARD_WHY];
    if (!t->path.n)
        return fsk_guard_host(guard, t->host, t->port, why) ? FSOCK_OK : forbid(d, why);
    if (!guard->public_only)
        return FSOCK_OK;
    return fsk_fault_set(d->fault, FSOCK_ERR_FORBIDDEN, FSOCK_STAGE_CONNECT, 0,
                         "connect: a unix socket is no public address, and only such are allowed");
}

static enum fsock_err find_name(struct fsk_dial *d, fsock_time now)
{
    char why[FSK_GUARD_WHY];
    unsigned i = 0;
    enum fsock_err err = fsk_op_inner(&d->op, &d->resolve.op, now);
    if (d->resolve.n == 0 || (err == FSOCK_AGAIN && !d->resolve.settled))
        return err;
    while (i < d->resolve.n && !fsk_guard_addr(&d->dialer->guard, &d->resolve.addr[i], why))
        i++;
    if (i == d->resolve.n)
        return err == FSOCK_AGAIN ? err : forbid(d, why);
    fsk_addr_format(&d->resolve.addr[i], d->named);
    fsk_resolve_fini(&d->resolve);
    fsk_op_clear(&d->op);
    begin_race(d);
    return FSOCK_OK;
}

static enum fsock_err step(struct fsk_op *op, fsock_time now)
{
    struct fsk_dial *d = dial_of(op);
    enum fsock_err err;
    if (!d->started && (err = ask_guard(d)) != FSOCK_OK)
        return err;
    if (!d->started)
        d->started = now;
    if (d->state == FSK_DIAL_NAME && (err = find_name(d, now)) != FSOCK_OK)
        return err;
    if (d->state == FSK_DIAL_RACE && (err = race(d, now)) != FSOCK_OK)
        return err;
    if (d->state == FSK_DIAL_LAYERS)
        return open_layers(d, now);
    return FSOCK_OK;
}

void fsk_dial_init(struct fsk_dial *d, struct fsk_dialer *dialer, const struct fsk_target *target,
                   fsock_time deadline, struct fsock_fault *fault)
{
    *d = (struct fsk_dial){.dialer = dialer, .target = target, .fault = fault};
    fsk_op_init(&d->op, step, deadline);
    bool socks4 = target->proxy.kind == FSK_PROXY_SOCKS4;
    if (socks4 || target->proxy.kind == FSK_PROXY_SOCKS5) {
        d->state = FSK_DIAL_NAME;
        d->resolving = true;
        fsk_resolve_init(&d->resolve, dialer->resolver, target->host, target->port,
                         socks4 && !dialer->family ? 4 : dialer->family, deadline, fault);
    } else {
        begin_race(d);
    }
}

void fsk_dial_fini(struct fsk_dial *d)
{
    if (d->resolving)
        fsk_resolve_fini(&d->resolve);
    d->resolving = false;
    for (unsigned i = 0; i < FSK_RACERS_MAX; i++)
        if (d->racer[i])
            drop_racer(d, i);
    fsk_stream_close(&d->stream);
    fsk_challenger_reset(&d->proxy);
}
