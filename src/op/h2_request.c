#include "op/h2_inside.h"

#include <stdlib.h>

#include "base/digits.h"

static const struct fsk_span METHOD = FSK_SPAN(":method"), SCHEME = FSK_SPAN(":scheme"),
                             AUTHORITY = FSK_SPAN(":authority"), PATH = FSK_SPAN(":path");

#define PSEUDO_FIELDS 4

/* Fields of a request that are of the connection (RFC 9113 8.2.2), or are said otherwise. */
static bool is_left_out(struct fsk_span name, struct fsk_span value)
{
    static const struct fsk_span names[] = {FSK_SPAN("Host"),
                                            FSK_SPAN("Connection"),
                                            FSK_SPAN("Keep-Alive"),
                                            FSK_SPAN("Upgrade"),
                                            FSK_SPAN("Proxy-Connection"),
                                            FSK_SPAN("HTTP2-Settings"),
                                            FSK_SPAN("Transfer-Encoding")};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (fsk_span_caseeq(name, names[i]))
            return true;
    return fsk_span_caseeq(name, FSK_SPAN("TE")) && !fsk_span_caseeq(value, FSK_SPAN("trailers"));
}

/* What must not stay in a table that both sides keep (RFC 7541 7.1.3). */
static bool is_secret(struct fsk_span name)
{
    return fsk_span_caseeq(name, FSK_SPAN("Authorization")) ||
           fsk_span_caseeq(name, FSK_SPAN("Proxy-Authorization"));
}

/* libnghttp2 copies both, and puts names in lower case. */
static nghttp2_nv pair(struct fsk_span name, struct fsk_span value)
{
    return (nghttp2_nv){
        .name = (uint8_t *)(size_t)name.p,
        .namelen = name.n,
        .value = (uint8_t *)(size_t)value.p,
        .valuelen = value.n,
        .flags = is_secret(name) ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE,
    };
}

/* Cut the next word off the request line. */
static struct fsk_span next_word(struct fsk_span *line)
{
    const char *blank = line->n ? memchr(line->p, ' ', line->n) : NULL;
    struct fsk_span word = fsk_span(line->p, blank ? (size_t)(blank - line->p) : line->n);
    size_t used = word.n + (blank != NULL);
    *line = fsk_span(line->p + used, line->n - used);
    return word;
}

/* The body as it goes out: what is there, or later. */
static ssize_t read_body(nghttp2_session *ng, int32_t id, uint8_t *buf, size_t length,
                         uint32_t *flags, nghttp2_data_source *source, void *user)
{
    struct fsk_h2_stream *s = nghttp2_session_get_stream_user_data(ng, id);
    (void)source, (void)user;
    if (!s)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* it is being reset */
    struct fsk_span out = fsk_buf_span(&s->out);
    size_t n = out.n < length ? out.n : length;
    if (!n && s->body_left)
        return NGHTTP2_ERR_DEFERRED;
    if (n)
        memcpy(buf, out.p, n);
    fsk_buf_consume(&s->out, n);
    fsk_h2_earn(s->h2); /* the peer may say how much more it takes */
    if (!fsk_buf_len(&s->out) && s->body_left)
        fsk_op_wake(s->op);
    else if (!fsk_buf_len(&s->out))
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)n;
}

/* Fill in the fields. Returns how many there are. */
static size_t fill(struct fsk_h2_stream *s, nghttp2_nv *nv, struct fsk_span line,
                   struct fsk_span fields)
{
    struct fsk_span name, value, method = next_word(&line), path = next_word(&line);
    size_t pos = 0, n = PSEUDO_FIELDS;
    nv[0] = pair(METHOD, method);
    nv[1] = pair(PATH, path);
    nv[2] = pair(SCHEME, s->h2->tls ? FSK_SPAN("https") : FSK_SPAN("http"));
    nv[3] = pair(AUTHORITY, fsk_span("", 0));
    while (fsk_h1_next_field(fields, &pos, &name, &value)) {
        if (fsk_span_caseeq(name, FSK_SPAN("Host")))
            nv[3] = pair(AUTHORITY, value);
        if (fsk_span_caseeq(name, FSK_SPAN("Content-Length")))
            (void)fsk_decimal_parse(value, INT64_MAX, &s->body_left);
        if (!is_left_out(name, value))
            nv[n++] = pair(name, value);
    }
    if (nv[3].valuelen == 0) /* the caller sends no Host */
        nv[3] = nv[--n];
    return n;
}

enum fsock_err fsk_h2_request(struct fsk_h2_stream *s)
{
    struct fsk_span head = fsk_buf_span(&s->request), line;
    const nghttp2_data_provider body = {.read_callback = read_body};
    const char *end = memchr(head.p, '\n', head.n);
    size_t lines = 0;
    line = fsk_span(head.p, (size_t)(end - head.p) - 1);
    head = fsk_span(end + 1, head.n - line.n - 4); /* without the empty line */
    for (const char *at = head.p; (at = memchr(at, '\n', (size_t)(head.p + head.n - at))); at++)
        lines++;
    nghttp2_nv *nv = malloc((lines + PSEUDO_FIELDS) * sizeof *nv);
    if (!nv)
        return FSOCK_ERR_MEMORY;
    size_t n = fill(s, nv, line, head);
    int32_t id = nghttp2_submit_request(s->h2->ng, NULL, nv, n, s->body_left ? &body : NULL, s);
    free(nv);
    if (id < 0)
        return id == NGHTTP2_ERR_NOMEM ? FSOCK_ERR_MEMORY : FSOCK_ERR_INPUT;
    s->id = id;
    fsk_buf_fini(&s->request);
    fsk_h2_poke(s->h2);
    return FSOCK_OK;
}
