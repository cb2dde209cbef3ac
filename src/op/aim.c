#include "op/aim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/digits.h"
#include "base/fault.h"
#include "wire/addr.h"
#include "wire/idn.h"
#include "wire/site.h"

#define SHOWN 200 /* bytes of a bad URL that its sentence repeats */

static bool is_scheme(const struct fsk_url *u, const char *name)
{
    return fsk_span_caseeq(u->scheme, fsk_span_str(name));
}

/* Append a text to what is shown, as far as there is room. */
static size_t show(char shown[SHOWN + 1], size_t n, struct fsk_span text)
{
    for (size_t i = 0; i < text.n && n < SHOWN; i++)
        shown[n++] = (unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f ? '?' : text.p[i];
    shown[n] = '\0';
    return n;
}

/* Others read the sentence than the URL: user and password are not in it. */
static enum fsock_err refuse(struct fsock_fault *fault, struct fsk_span url, const char *why)
{
    char shown[SHOWN + 1];
    url = url.n ? url : fsk_span("", 0);
    struct fsk_span user = fsk_url_find_userinfo(url), mask = FSK_SPAN("***@");
    size_t before = user.n ? (size_t)(user.p - url.p) : url.n, behind = before + user.n;
    size_t whole = url.n - user.n + (user.n ? mask.n : 0);
    size_t n = show(shown, 0, fsk_span(url.p, before));
    n = show(shown, n, user.n ? mask : fsk_span("", 0));
    (void)show(shown, n, fsk_span(url.p + behind, url.n - behind));
    return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0, "the URL \"%s%s\" %s", shown,
                         whole > SHOWN ? "..." : "", why);
}

/* The host as it goes to the name server, into the Host field and to TLS: ASCII, lower case. */
static enum fsock_err clean_host(const struct fsk_url *u, char out[FSK_IDN_MAX],
                                 struct fsk_span *host, struct fsock_fault *fault,
                                 struct fsk_span text)
{
    struct fsk_addr addr;
    const char *why;
    *host = u->host;
    if (u->is_ipv6_literal)
        return FSOCK_OK;
    if (fsk_addr_looks_numeric(u->host)) {
        if (!fsk_addr_parse_loose(u->host, &addr))
            return refuse(fault, text, "has a host that looks like an IPv4 address, but is none");
        *host = fsk_span(out, fsk_addr_format(&addr, out));
        return FSOCK_OK;
    }
    size_t n = fsk_idn_to_ascii(u->host, out, FSK_IDN_MAX, &why);
    if (n == 0)
        return refuse(fault, text, why);
    for (size_t i = 0; i < n; i++)
        out[i] = fsk_lower(out[i]);
    *host = fsk_span(out, n);
    return FSOCK_OK;
}

/* Remove dot segments, encode strange bytes. */
static enum fsock_err resolve_self(struct fsk_aim *aim, size_t room)
{
    struct fsk_buf *b = &aim->text;
    char *resolved = malloc(room);
    if (!resolved)
        return FSOCK_ERR_MEMORY;
    size_t n = fsk_url_resolve(&aim->url, fsk_buf_span(b), resolved, room);
    fsk_buf_clear(b);
    enum fsock_err err = fsk_buf_reserve(b, n + 1);
    if (err == FSOCK_OK) {
        fsk_buf_append(b, resolved, n);
        (void)fsk_buf_terminate(b);
    }
    free(resolved);
    if (err != FSOCK_OK)
        return err;
    if (fsk_url_parse(fsk_buf_span(b), false, &aim->url, NULL) != FSK_URL_OK)
        return FSOCK_ERR_INPUT;
    return FSOCK_OK;
}

static void write_origin(struct fsk_buf *b, const struct fsk_url *u)
{
    fsk_buf_puts(b, is_scheme(u, "https") ? "https://" : "http://");
    b->end += fsk_url_authority(u, false, b->mem + b->end, b->cap - b->end);
}

/* RFC 6797 8.3. */
static void make_https(struct fsk_url *u)
{
    u->scheme = FSK_SPAN("https");
    u->port = u->port == 80 ? 0 : u->port;
}

/* Write the URL anew: `given` and its parts as parsed, but with a clean host. */
static enum fsock_err settle(struct fsk_aim *aim, struct fsk_span given,
                             const struct fsk_url *parts, struct fsk_span host)
{
    struct fsk_url u = *parts;
    u.host = host;
    const char *rest = u.path.n ? u.path.p : u.has_query ? u.query.p - 1 : NULL;
    size_t rest_n = rest ? (size_t)(given.p + given.n - rest) : 0;
    size_t room = FSK_URL_ROOM(given.n + host.n + 8);
    struct fsk_buf *b = &aim->text;
    enum fsock_err err = fsk_buf_reserve(b, room + 1);
    if (err != FSOCK_OK)
        return err;
    write_origin(b, &u);
    fsk_buf_append(b, rest, rest_n);
    if (fsk_url_parse(fsk_buf_span(b), false, &aim->url, NULL) != FSK_URL_OK)
        return FSOCK_ERR_INPUT;
    err = fsk_buf_terminate(b); /* it is a text, whatever fails from here on */
    if (err == FSOCK_OK && !fsk_url_is_plain(&aim->url))
        err = resolve_self(aim, room);
    return err;
}

/* ":443" behind what is there. */
static void append_port(struct fsk_buf *b, uint16_t port)
{
    char text[1 + FSK_DECIMAL_MAX] = ":";
    fsk_buf_append(b, text, 1 + fsk_decimal_write(port, text + 1));
}

/* The key of the pool's place, and in it the words for the peer. */
static enum fsock_err name_place(struct fsk_aim *aim)
{
    const struct fsk_target *t = &aim->target;
    struct fsk_buf *b = &aim->place;
    fsk_buf_clear(b);
    enum fsock_err err = fsk_buf_reserve(b, t->host.n + t->proxy.host.n + 40);
    if (err != FSOCK_OK)
        return err;
    fsk_buf_puts(b, aim->url.is_ipv6_literal ? "[" : "");
    fsk_buf_append(b, aim->url.host.p, aim->url.host.n);
    fsk_buf_puts(b, aim->url.is_ipv6_literal ? "]" : "");
    append_port(b, t->port);
    size_t n = b->end < sizeof aim->peer ? b->end : sizeof aim->peer - 1;
    memcpy(aim->peer, b->mem, n);
    aim->peer[n] = '\0';
    fsk_buf_puts(b, t->tls ? " tls" : "");
    if (t->proxy.kind) {
        const char kind[] = {' ', (char)('0' + t->proxy.kind), t->proxy.tls ? 's' : ' '};
        fsk_buf_append(b, kind, sizeof kind);
        fsk_buf_append(b, t->proxy.host.p, t->proxy.host.n);
        append_port(b, t->proxy.port);
    }
    return FSOCK_OK;
}

static enum fsock_err choose_way(struct fsk_aim *aim, const struct fsk_routes *routes)
{
    const struct fsk_url *u = &aim->url;
    struct fsk_target *t = &aim->target;
    *t =
        (struct fsk_target){.host = u->host, .port = fsk_url_port(u), .tls = is_scheme(u, "https")};
    const struct fsk_proxy *proxy = fsk_routes_find(routes, t->tls, t->host, t->port);
    aim->via = NULL;
    if (proxy) {
        t->proxy = *proxy;
        t->tunnel = t->tls;
        if (proxy->kind == FSK_PROXY_HTTP && !t->tls)
            aim->via = proxy;
    }
    return name_place(aim);
}

/* The zone of a link-local address is part of the host that is dialled, and so of its place; never
 * of what is sent. */
static enum fsock_err add_zone(struct fsk_aim *aim, struct fsk_span zone)
{
    if (!zone.n)
        return FSOCK_OK;
    int n = snprintf(aim->zoned, sizeof aim->zoned, "%.*s%%%.*s", (int)aim->url.host.n,
                     aim->url.host.p, (int)zone.n, zone.p);
    aim->target.host =
        fsk_span(aim->zoned, (size_t)n < sizeof aim->zoned ? (size_t)n : sizeof aim->zoned - 1);
    enum fsock_err err = fsk_buf_puts(&aim->place, " %");
    return err == FSOCK_OK ? fsk_buf_append(&aim->place, zone.p, zone.n) : err;
}

/* ---- The same origin as last time ------------------------------------------------------------ */

/* What stands before the path, if that is all there is to be known of the way. */
static struct fsk_span origin_of(struct fsk_span text, const struct fsk_url *u)
{
    bool simple = u->path.n && !u->has_userinfo && !u->is_ipv6_literal;
    return fsk_span(text.p, simple ? (size_t)(u->path.p - text.p) : 0);
}

/* Whether the URL is of the origin that is remembered; `rest` is what follows that, and has no byte
 * that a URL can't have. */
static bool remembers(const struct fsk_aim_memory *memory, const struct fsk_routes *routes,
                      struct fsk_span text, struct fsk_span *rest)
{
    size_t n = memory ? memory->given.end : 0;
    if (!n || text.n <= n || text.p[n] != '/' || memcmp(text.p, memory->given.mem, n) != 0)
        return false;
    if (!memory->aim.target.tls && fsk_routes_secure(routes, memory->aim.url.host))
        return false;
    *rest = fsk_span(text.p + n, text.n - n);
    return fsk_span_clean(*rest, ' ' + 1) == rest->n;
}

static void remember(struct fsk_aim_memory *memory, struct fsk_span text, const struct fsk_url *u,
                     const struct fsk_aim *aim)
{
    struct fsk_aim *kept = &memory->aim;
    struct fsk_span origin = origin_of(text, u),
                    clean = origin_of(fsk_buf_span(&aim->text), &aim->url);
    fsk_buf_clear(&memory->given);
    fsk_buf_clear(&kept->text);
    fsk_buf_clear(&kept->place);
    if (aim->target.tls != is_scheme(u, "https"))
        return; /* it may be http again */
    if (!origin.n || fsk_buf_append(&kept->text, clean.p, clean.n) != FSOCK_OK ||
        fsk_buf_append(&kept->place, aim->place.mem, aim->place.end) != FSOCK_OK ||
        fsk_buf_append(&memory->given, origin.p, origin.n) != FSOCK_OK)
        return;
    kept->url = aim->url;
    fsk_url_set_path(&kept->url, fsk_span("", 0));
    fsk_url_rebase(&kept->url, aim->text.mem, kept->text.mem);
    kept->target = aim->target;
    kept->target.host = fsk_span(NULL, 0); /* it stands in the text of each */
    kept->via = aim->via;
    memcpy(kept->peer, aim->peer, sizeof aim->peer);
}

/* Take aim at a URL of the origin that is remembered. */
static enum fsock_err aim_again(struct fsk_aim *aim, const struct fsk_aim *last,
                                struct fsk_span rest)
{
    struct fsk_buf *b = &aim->text;
    enum fsock_err err = fsk_buf_reserve(b, last->text.end + rest.n + 1);
    if (err != FSOCK_OK)
        return err;
    fsk_buf_append(b, last->text.mem, last->text.end);
    fsk_buf_append(b, rest.p, rest.n);
    (void)fsk_buf_terminate(b); /* there is room: whatever fails, it is a text */
    aim->url = last->url;
    fsk_url_rebase(&aim->url, last->text.mem, b->mem);
    fsk_url_set_path(&aim->url, fsk_span(b->mem + last->text.end, rest.n));
    if (!fsk_url_is_plain(&aim->url)) {
        err = resolve_self(aim, FSK_URL_ROOM(b->end));
        if (err != FSOCK_OK)
            return err;
    }
    aim->target = last->target;
    aim->target.host = aim->url.host;
    aim->via = last->via;
    memcpy(aim->peer, last->peer, strlen(last->peer) + 1);
    return fsk_buf_append(&aim->place, last->place.mem, last->place.end);
}

void fsk_aim_memory_init(struct fsk_aim_memory *memory)
{
    *memory = (struct fsk_aim_memory){.given.ceiling = FSK_URL_MAX,
                                      .aim.text.ceiling = 4 * FSK_URL_MAX,
                                      .aim.place.ceiling = 4096};
}

void fsk_aim_memory_fini(struct fsk_aim_memory *memory)
{
    fsk_buf_fini(&memory->given);
    fsk_aim_fini(&memory->aim);
}

/* `err` is a lack of memory, if it is anything. */
static enum fsock_err finish(enum fsock_err err, struct fsock_fault *fault)
{
    if (err != FSOCK_OK)
        fsk_fault_set(fault, err, FSOCK_STAGE_NONE, ENOMEM, "out of memory");
    return err;
}

/* ---- Any origin ------------------------------------------------------------------------------ */

static enum fsock_err aim_at(struct fsk_aim *aim, struct fsk_span text, bool callers,
                             const struct fsk_routes *routes, struct fsk_aim_memory *memory,
                             struct fsock_fault *fault)
{
    struct fsk_url u;
    struct fsk_span host, rest;
    char ascii[FSK_IDN_MAX], why[FSK_URL_ERROR_TEXT];
    size_t at;
    if (text.n > FSK_URL_MAX)
        return refuse(fault, text, "is longer than 64 KiB");
    if (remembers(memory, routes, text, &rest))
        return finish(aim_again(aim, &memory->aim, rest), fault);
    enum fsk_url_err bad = fsk_url_parse(text, callers, &u, &at);
    if (bad != FSK_URL_OK)
        return refuse(fault, text, fsk_url_error_text(bad, text, at, why));
    if (!is_scheme(&u, "http") && !is_scheme(&u, "https"))
        return refuse(fault, text, "has a scheme other than http and https");
    enum fsock_err err = clean_host(&u, ascii, &host, fault, text);
    if (err != FSOCK_OK)
        return err;
    struct fsk_url next = u;
    if (!is_scheme(&u, "https") && fsk_routes_secure(routes, host))
        make_https(&next);
    err = settle(aim, text, &next, host);
    if (err == FSOCK_OK)
        err = choose_way(aim, routes);
    if (err == FSOCK_OK && u.is_ipv6_literal && fsk_proxy_is_socks4(&aim->target.proxy))
        return refuse(fault, text,
                      "has an IPv6 address, which a SOCKS4 proxy can't go to (SOCKS5 can)");
    if (err == FSOCK_OK && callers && u.has_userinfo) /* the caller's own, not a redirect's */
        err = fsk_buf_append(&aim->userinfo, u.userinfo.p, u.userinfo.n);
    if (err == FSOCK_OK)
        err = add_zone(aim, u.zone);
    if (err == FSOCK_OK && memory)
        remember(memory, text, &u, aim);
    return finish(err, fault);
}

enum fsock_err fsk_aim_init(struct fsk_aim *aim, struct fsk_span url,
                            const struct fsk_routes *routes, struct fsk_aim_memory *memory,
                            struct fsock_fault *fault)
{
    memset(aim, 0, offsetof(struct fsk_aim, text_room));
    aim->text_room[0] = '\0'; /* a text, whatever fails */
    fsk_buf_init_in(&aim->text, 4 * FSK_URL_MAX, aim->text_room, sizeof aim->text_room);
    fsk_buf_init(&aim->userinfo, FSK_URL_MAX);
    fsk_buf_init_in(&aim->place, 4096, aim->place_room, sizeof aim->place_room);
    return aim_at(aim, url, true, routes, memory, fault);
}

enum fsock_err fsk_aim_place(struct fsk_aim *aim, struct fsk_span url,
                             const struct fsk_routes *routes, struct fsk_aim_memory *memory,
                             struct fsk_span *place, struct fsock_fault *fault)
{
    struct fsk_span rest;
    fsk_buf_init(&aim->text, 0);
    fsk_buf_init(&aim->userinfo, 0);
    fsk_buf_init(&aim->place, 0);
    if (url.n <= FSK_URL_MAX && remembers(memory, routes, url, &rest)) {
        *place = fsk_buf_span(&memory->aim.place);
        return FSOCK_OK;
    }
    enum fsock_err err = fsk_aim_init(aim, url, routes, memory, fault);
    *place = fsk_buf_span(&aim->place);
    return err;
}

/* A redirect to the same link-local address means the same interface, too. */
static enum fsock_err keep_zone(const struct fsk_aim *from, struct fsk_aim *to)
{
    if (from->target.host.p != from->zoned || to->target.host.p == to->zoned ||
        !fsk_span_eq(from->url.host, to->url.host))
        return FSOCK_OK;
    size_t at = from->url.host.n + 1; /* behind the % */
    return add_zone(to, fsk_span(from->zoned + at, from->target.host.n - at));
}

enum fsock_err fsk_aim_redirect(struct fsk_aim *aim, struct fsk_span location,
                                const struct fsk_routes *routes, struct fsk_aim_kin *kin,
                                struct fsock_fault *fault)
{
    struct fsk_aim next = *aim;
    struct fsock_fault why = {.err = FSOCK_OK};
    size_t room = FSK_URL_ROOM(location.n + aim->url.path.n + aim->url.query.n + 600);
    char *text = malloc(room);
    if (!text)
        return fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_HEAD, ENOMEM, "out of memory");
    fsk_buf_init(&next.text, 4 * FSK_URL_MAX);
    fsk_buf_init(&next.place, 4096);
    struct fsk_span to = fsk_span(text, fsk_url_resolve(&aim->url, location, text, room));
    enum fsock_err err = aim_at(&next, to, false, routes, NULL, &why);
    free(text);
    if (err == FSOCK_OK)
        err = keep_zone(aim, &next);
    if (err == FSOCK_OK && aim->target.tls && !next.target.tls)
        err = fsk_fault_set(&why, FSOCK_ERR_REDIRECTS, FSOCK_STAGE_HEAD, 0,
                            "%.*s is http, after https", (int)SHOWN, next.text.mem);
    if (err != FSOCK_OK) {
        fsk_buf_fini(&next.text);
        fsk_buf_fini(&next.place);
        err = err == FSOCK_ERR_MEMORY ? err : FSOCK_ERR_REDIRECTS;
        return fsk_fault_set(fault, err, FSOCK_STAGE_HEAD, 0,
                             "head %s: the redirect is not followed: %s", aim->peer, why.text);
    }
    *kin = (struct fsk_aim_kin){
        .same_origin = fsk_url_same_origin(&aim->url, &next.url),
        .same_site = fsk_span_eq(fsk_site_of(aim->url.host), fsk_site_of(next.url.host)),
    };
    fsk_buf_fini(&aim->text);
    fsk_buf_fini(&aim->place);
    *aim = next;
    if (next.target.host.p == next.zoned)
        aim->target.host.p = aim->zoned;
    return FSOCK_OK;
}

enum fsock_err fsk_aim_rise(struct fsk_aim *aim, const struct fsk_routes *routes, bool *risen,
                            struct fsock_fault *fault)
{
    struct fsk_aim_kin kin;
    *risen = !aim->target.tls && fsk_routes_secure(routes, aim->url.host);
    return *risen ? fsk_aim_redirect(aim, fsk_buf_span(&aim->text), routes, &kin, fault) : FSOCK_OK;
}

void fsk_aim_fini(struct fsk_aim *aim)
{
    fsk_buf_fini(&aim->text);
    fsk_buf_fini(&aim->userinfo);
    fsk_buf_fini(&aim->place);
}
