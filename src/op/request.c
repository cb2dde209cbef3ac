#include "op/request.h"

#include <stdlib.h>

#include "base/digits.h"
#include "base/fault.h"
#include "wire/h1.h"

const char *fsk_request_method(const struct fsock_request *request)
{
    if (request->method)
        return request->method;
    return request->body ? "POST" : "GET";
}

bool fsk_method_idempotent(const char *method)
{
    static const char *const names[] = {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(method, names[i]) == 0)
            return true;
    return false;
}

/* ---- Checks ---------------------------------------------------------------------------------- */

/* Nothing that ends a line, or drives a terminal that shows it; tabs are fine (RFC 9110 5.5). */
static bool is_value(const char *s)
{
    for (; *s; s++)
        if (((unsigned char)*s < ' ' && *s != '\t') || *s == 0x7f)
            return false;
    return true;
}

/* One of the caller's header lines, taken apart. */
struct line {
    struct fsk_span name, value;
    char kind; /* ':' with a value, '-' to remove, ';' empty, 0 bad */
};

static struct line take_apart(const char *text)
{
    struct line l = {.kind = 0};
    size_t n = strcspn(text, ":;");
    l.name = fsk_span(text, n);
    if (!fsk_h1_valid_token(l.name) || !is_value(text))
        return l;
    l.value = fsk_span_trim(fsk_span_str(text + n + (text[n] != '\0')));
    if (text[n] == ':')
        l.kind = l.value.n ? ':' : '-';
    else if (text[n] == ';' && l.value.n == 0)
        l.kind = ';';
    return l;
}

/* A body goes out with its length, and no other framing may contradict that (RFC 9112 6.1). */
static bool can_be_sent(struct line l, uint64_t body_len)
{
    if (l.kind != ':' || !fsk_span_caseeq(l.name, FSK_SPAN("Content-Length")))
        return l.kind == '-' || (l.kind && !fsk_span_caseeq(l.name, FSK_SPAN("Transfer-Encoding")));
    char text[FSK_DECIMAL_MAX];
    return fsk_span_eq(l.value, fsk_span(text, fsk_decimal_write(body_len, text)));
}

static enum fsock_err refuse(struct fsock_fault *fault, const char *what, const char *text)
{
    char shown[80];
    size_t i = 0;
    for (; text[i] && i < sizeof shown - 1; i++)
        shown[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i];
    shown[i] = '\0';
    fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0, "%s \"%s\" can't be sent", what,
                  shown);
    fsk_fault_hint(fault,
                   "a header is \"Name: value\", its name without blanks; control bytes such "
                   "as CR, LF and NUL are never sent, nor is a framing that is not the body's");
    return FSOCK_ERR_INPUT;
}

enum fsock_err fsk_request_check(const struct fsock_request *r, struct fsock_fault *fault)
{
    if (r->method && !fsk_h1_valid_token(fsk_span_str(r->method)))
        return refuse(fault, "the method", r->method);
    for (const char *const *h = r->headers; h && *h; h++)
        if (!can_be_sent(take_apart(*h), r->body ? r->body_len : 0))
            return refuse(fault, "the header", *h);
    const struct {
        const char *what, *text;
    } texts[] = {
        {"the content type",      r->content_type   },
        {"the user name",         r->user           },
        {"the token",             r->bearer         },
        {"the range",             r->range          },
        {"the cookie",            r->cookie         },
        {"the validator",         r->validator      },
        {"the accepted encoding", r->accept_encoding}
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].text && !is_value(texts[i].text))
            return refuse(fault, texts[i].what, texts[i].text);
    return FSOCK_OK;
}

/* ---- Writing --------------------------------------------------------------------------------- */

static bool is_credential(struct fsk_span name)
{
    return fsk_span_caseeq(name, FSK_SPAN("Authorization")) ||
           fsk_span_caseeq(name, FSK_SPAN("Proxy-Authorization")) ||
           fsk_span_caseeq(name, FSK_SPAN("Cookie"));
}

bool fsk_request_has(const struct fsock_request *request, const char *name)
{
    for (const char *const *h = request->headers; h && *h; h++)
        if (fsk_span_caseeq(fsk_span(*h, strcspn(*h, ":;")), fsk_span_str(name)))
            return true;
    return false;
}

static enum fsock_err field(struct fsk_buf *out, const struct fsk_ask *ask, const char *name,
                            struct fsk_span value)
{
    if (fsk_request_has(ask->request, name))
        return FSOCK_OK;
    size_t n = strlen(name);
    enum fsock_err err = fsk_buf_reserve(out, n + value.n + 4);
    if (err == FSOCK_OK) {
        fsk_buf_append(out, name, n);
        fsk_buf_append(out, ": ", 2);
        fsk_buf_append(out, value.p, value.n);
        fsk_buf_append(out, "\r\n", 2);
    }
    return err;
}

static enum fsock_err number_field(struct fsk_buf *out, const struct fsk_ask *ask, const char *name,
                                   const char *before, uint64_t value, const char *after)
{
    char text[64];
    size_t n = strlen(before);
    memcpy(text, before, n);
    n += fsk_decimal_write(value, text + n);
    memcpy(text + n, after, strlen(after));
    return field(out, ask, name, fsk_span(text, n + strlen(after)));
}

/* What the request line asks for: without the authority, or all of it, as a proxy sees it. */
static enum fsock_err put_target(struct fsk_buf *out, const struct fsk_ask *ask, bool whole)
{
    const struct fsk_url *u = ask->url;
    enum fsock_err err =
        fsk_buf_reserve(out, FSK_URL_ROOM(u->host.n + u->path.n + u->query.n + 1) * 2);
    if (err != FSOCK_OK)
        return err;
    if (whole) {
        fsk_buf_puts(out, "http://");
        out->end += fsk_url_authority(u, false, out->mem + out->end, out->cap - out->end);
    }
    out->end += fsk_url_target(u, out->mem + out->end, out->cap - out->end);
    return FSOCK_OK;
}

static enum fsock_err credentials(struct fsk_buf *out, const struct fsk_ask *ask, const char *name,
                                  const struct fsk_credentials *c, bool to_proxy)
{
    struct fsk_buf value, uri;
    if (c->scheme == FSK_AUTH_NONE || fsk_request_has(ask->request, name))
        return FSOCK_OK;
    fsk_buf_init(&value, FSK_REQUEST_MAX);
    fsk_buf_init(&uri, FSK_REQUEST_MAX);
    enum fsock_err err = put_target(&uri, ask, to_proxy);
    const struct fsk_credentials_for request = {
        .method = fsk_span_str(ask->method),
        .uri = fsk_buf_span(&uri),
        .body = ask->with_body ? fsk_span(ask->request->body, (size_t)ask->request->body_len)
                               : fsk_span(NULL, 0),
    };
    if (err == FSOCK_OK)
        err = fsk_credentials_write(c, &request, &value);
    if (err == FSOCK_OK)
        err = field(out, ask, name, fsk_buf_span(&value));
    fsk_credentials_wipe(&value);
    fsk_buf_fini(&uri);
    return err;
}

/* "Cookie" or another name in one of the caller's lines of this kind. */
static bool caller_says(const struct fsk_ask *ask, struct fsk_span name, char kind)
{
    for (const char *const *h = ask->request->headers; h && *h; h++) {
        struct line l = take_apart(*h);
        if (l.kind == kind && fsk_span_caseeq(l.name, name))
            return true;
    }
    return false;
}

/* The jar's, and those of the caller that are no header line. */
static enum fsock_err cookies(struct fsk_buf *out, const struct fsk_ask *ask)
{
    static const struct fsk_span name = FSK_SPAN("Cookie"), before = FSK_SPAN("Cookie: ");
    const struct fsock_request *r = ask->request;
    const char *own = r->cookie && r->cookie[0] && !ask->foreign ? r->cookie : NULL;
    bool instead = !ask->foreign && (caller_says(ask, name, ':') || caller_says(ask, name, ';'));
    if ((!r->jar && !own) || instead || caller_says(ask, name, '-'))
        return FSOCK_OK;
    size_t start = out->end;
    enum fsock_err err = fsk_buf_append(out, before.p, before.n);
    if (err == FSOCK_OK && r->jar)
        err = fsk_jar_write(r->jar, &ask->scope, ask->unix_now, out);
    if (err == FSOCK_OK && own && out->end > start + before.n)
        err = fsk_buf_puts(out, "; ");
    if (err == FSOCK_OK && own)
        err = fsk_buf_puts(out, own);
    if (err == FSOCK_OK && out->end > start + before.n)
        return fsk_buf_puts(out, "\r\n");
    out->end = start; /* there are none */
    return err;
}

static enum fsock_err range(struct fsk_buf *out, const struct fsk_ask *ask)
{
    const struct fsock_request *r = ask->request;
    enum fsock_err err = FSOCK_OK;
    if (ask->resume_from)
        err = number_field(out, ask, "Range", "bytes=", ask->resume_from, "-");
    else if (r->range) {
        char text[128] = "bytes=";
        size_t n = strlen(r->range);
        if (n > sizeof text - 7)
            return FSOCK_ERR_TOO_BIG;
        memcpy(text + 6, r->range, n);
        err = field(out, ask, "Range", fsk_span(text, 6 + n));
    }
    if (err == FSOCK_OK && ask->resume_from && ask->validator.n)
        err = field(out, ask, "If-Range", ask->validator);
    return err;
}

static enum fsock_err callers_lines(struct fsk_buf *out, const struct fsk_ask *ask)
{
    enum fsock_err err = FSOCK_OK;
    for (const char *const *h = ask->request->headers; h && *h && err == FSOCK_OK; h++) {
        struct line l = take_apart(*h);
        bool home_only = is_credential(l.name) || fsk_span_caseeq(l.name, FSK_SPAN("Host"));
        if (l.kind == '-' || (ask->foreign && home_only))
            continue;
        if ((err = fsk_buf_reserve(out, l.name.n + l.value.n + 4)) == FSOCK_OK) {
            fsk_buf_append(out, l.name.p, l.name.n);
            fsk_buf_append(out, ": ", l.value.n ? 2 : 1);
            fsk_buf_append(out, l.value.p, l.value.n);
            fsk_buf_append(out, "\r\n", 2);
        }
    }
    return err;
}

/* The request line and Host. The caller's Host stays at home: a redirect's target gets its own. */
static enum fsock_err first_lines(struct fsk_buf *out, const struct fsk_ask *ask)
{
    const struct fsk_url *u = ask->url;
    enum fsock_err err = fsk_buf_reserve(out, strlen(ask->method) + 1);
    if (err != FSOCK_OK)
        return err;
    fsk_buf_puts(out, ask->method);
    fsk_buf_puts(out, " ");
    err = put_target(out, ask, ask->via != NULL);
    if (err == FSOCK_OK)
        err = fsk_buf_reserve(out, FSK_URL_ROOM(u->host.n) + 64);
    if (err != FSOCK_OK)
        return err;
    fsk_buf_puts(out, ask->http2                           ? " HTTP/2\r\n"
                      : ask->request->flags & FSOCK_HTTP10 ? " HTTP/1.0\r\n"
                                                           : " HTTP/1.1\r\n");
    if (!ask->foreign && fsk_request_has(ask->request, "Host"))
        return FSOCK_OK;
    fsk_buf_puts(out, "Host: ");
    out->end += fsk_url_authority(u, false, out->mem + out->end, out->cap - out->end);
    return fsk_buf_puts(out, "\r\n");
}

enum fsock_err fsk_request_write(struct fsk_buf *out, const struct fsk_ask *ask)
{
    const struct fsock_request *r = ask->request;
    enum fsock_err err = first_lines(out, ask);
    if (err == FSOCK_OK)
        err = field(out, ask, "User-Agent", FSK_SPAN("fsock/" FSOCK_VERSION));
    if (err == FSOCK_OK)
        err = field(out, ask, "Accept", FSK_SPAN("*/*"));
    bool piece = ask->resume_from || r->range; /* of a coded body it has no use */
    if (err == FSOCK_OK && piece && !ask->as_coded)
        err = field(out, ask, "Accept-Encoding", FSK_SPAN("identity"));
    else if (err == FSOCK_OK && !(r->flags & FSOCK_NO_COMPRESS))
        err = field(
            out, ask, "Accept-Encoding",
            fsk_span_str(r->accept_encoding ? r->accept_encoding : "gzip, deflate, br, zstd"));
    if (err == FSOCK_OK)
        err = credentials(out, ask, "Authorization", &ask->credentials, false);
    if (err == FSOCK_OK)
        err = credentials(out, ask, "Proxy-Authorization", &ask->proxy_credentials, true);
    if (err == FSOCK_OK)
        err = cookies(out, ask);
    if (err == FSOCK_OK)
        err = range(out, ask);
    if (err == FSOCK_OK && r->flags & (FSOCK_NO_REUSE | FSOCK_NO_WAIT) && !ask->http2)
        err = field(out, ask, "Connection", FSK_SPAN("close"));
    if (err == FSOCK_OK && ask->with_body) {
        err = field(
            out, ask, "Content-Type",
            fsk_span_str(r->content_type ? r->content_type : "application/x-www-form-urlencoded"));
        if (err == FSOCK_OK)
            err = number_field(out, ask, "Content-Length", "", r->body_len, "");
    }
    if (err == FSOCK_OK)
        err = callers_lines(out, ask);
    return err == FSOCK_OK ? fsk_buf_append(out, "\r\n", 2) : err;
}

static bool is_secret(struct fsk_span name)
{
    return is_credential(name) || fsk_span_caseeq(name, FSK_SPAN("Set-Cookie"));
}

enum fsock_err fsk_request_show(struct fsk_buf *out, struct fsk_span head, bool mask)
{
    enum fsock_err err = FSOCK_OK;
    while (head.n && err == FSOCK_OK) {
        const char *end = memchr(head.p, '\n', head.n);
        size_t n = end ? (size_t)(end + 1 - head.p) : head.n;
        const char *colon = memchr(head.p, ':', n);
        struct fsk_span name = fsk_span(head.p, colon ? (size_t)(colon - head.p) : 0);
        if (mask && is_secret(name)) {
            fsk_buf_append(out, name.p, name.n);
            err = fsk_buf_puts(out, ": ***\r\n");
        } else {
            err = fsk_buf_append(out, head.p, n);
        }
        head.p += n;
        head.n -= n;
    }
    return err == FSOCK_OK ? fsk_buf_terminate(out) : err;
}
