#include "http_watch.h"

#include "base/digits.h"

enum { METHOD_MAX = 24 };

/* ---- Requests -------------------------------------------------------------------------------- */

/* The first line, without its end. -1: it is none; 0: it isn't whole; else 1. */
static int request_line(struct http_request *r, struct fsk_span line, bool whole)
{
    const char *blank = memchr(line.p, ' ', line.n);
    r->method = fsk_span(line.p, blank ? (size_t)(blank - line.p) : line.n);
    for (size_t i = 0; i < r->method.n; i++)
        if (r->method.p[i] < 'A' || r->method.p[i] > 'Z')
            return -1;
    if (r->method.n > METHOD_MAX || (blank && !r->method.n) || (whole && !blank))
        return -1;
    if (!whole)
        return 0;
    struct fsk_span rest = fsk_span(blank + 1, line.n - r->method.n - 1);
    const char *end = memrchr(rest.p, ' ', rest.n);
    static const char version[] = " HTTP/1.";
    size_t n = end ? rest.n - (size_t)(end - rest.p) : 0;
    if (n != sizeof version || memcmp(end, version, sizeof version - 1) != 0 || end == rest.p)
        return -1;
    r->target = fsk_span(rest.p, rest.n - n);
    return 1;
}

static bool request_fields(struct http_request *r, struct fsk_span fields)
{
    struct fsk_span value;
    uint64_t length = 0;
    if (fsk_h1_check_fields(fields) != FSK_H1_OK)
        return false;
    r->host = fsk_h1_find(fields, FSK_SPAN("Host"), &value) ? value : fsk_span(NULL, 0);
    if (fsk_h1_find(fields, FSK_SPAN("Transfer-Encoding"), &value))
        r->length = -1;
    else if (!fsk_h1_find(fields, FSK_SPAN("Content-Length"), &value))
        r->length = 0;
    else if (fsk_decimal_parse(value, INT64_MAX, &length))
        r->length = (int64_t)length;
    else
        return false;
    return true;
}

/* Behind the empty line, or NULL. */
static const char *end_of_head(struct fsk_span s)
{
    const char *p = s.p, *end = s.p + s.n;
    while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        p++;
        if (p < end && *p == '\n')
            return p + 1;
        if (end - p > 1 && p[0] == '\r' && p[1] == '\n')
            return p + 2;
    }
    return NULL;
}

int http_request_parse(struct http_request *r, struct fsk_span bytes)
{
    *r = (struct http_request){.length = 0};
    if (!bytes.n)
        return 0;
    const char *lf = memchr(bytes.p, '\n', bytes.n);
    size_t n = lf ? (size_t)(lf - bytes.p) : bytes.n;
    if (lf && n && bytes.p[n - 1] == '\r')
        n--;
    int line = request_line(r, fsk_span(bytes.p, n), lf != NULL);
    if (line <= 0)
        return line;
    const char *end = end_of_head(bytes);
    if (!end)
        return bytes.n > HTTP_HEAD_MAX ? -1 : 0;
    struct fsk_span fields = fsk_span(lf + 1, (size_t)(end - lf) - 1);
    fields.n -= fields.n > 1 && fields.p[fields.n - 2] == '\r' ? 2 : 1; /* the empty line */
    return request_fields(r, fields) ? (int)(end - bytes.p) : -1;
}

/* ---- Watching -------------------------------------------------------------------------------- */

void http_watch_init(struct http_watch *w, bool responses)
{
    *w = (struct http_watch){.responses = responses};
    fsk_buf_init(&w->head, HTTP_HEAD_MAX);
}

void http_watch_fini(struct http_watch *w)
{
    fsk_buf_fini(&w->head);
}

void http_watch_answers(struct http_watch *w, bool to_head, bool to_connect)
{
    w->to_head = to_head;
    w->to_connect = to_connect;
}

static enum http_what other(struct http_watch *w)
{
    w->stage = HTTP_IS_OTHER;
    fsk_buf_fini(&w->head);
    return HTTP_OTHER;
}

static enum http_stage body_of_length(struct http_watch *w, int64_t length)
{
    w->left = (uint64_t)length;
    return HTTP_IN_LENGTH;
}

static enum http_stage body_in_chunks(struct http_watch *w)
{
    fsk_chunked_init(&w->chunked, FSK_CHUNKED_TRAILERS_MAX);
    return HTTP_IN_CHUNKS;
}

/* The head has been told of: what follows it? */
static enum http_stage behind_head(struct http_watch *w)
{
    if (!w->responses)
        return w->request.length < 0 ? body_in_chunks(w) : body_of_length(w, w->request.length);
    if (w->response.status < 200 && w->response.status != 101)
        return HTTP_IN_HEAD;
    switch (fsk_h1_body(&w->response, w->to_head, w->to_connect)) {
    case FSK_H1_BODY_NONE:
        return body_of_length(w, 0);
    case FSK_H1_BODY_LENGTH:
        return body_of_length(w, w->response.content_length);
    case FSK_H1_BODY_CHUNKED:
        return body_in_chunks(w);
    case FSK_H1_BODY_CLOSE:
    case FSK_H1_BODY_STREAM:
        break;
    }
    return HTTP_TO_END;
}

static void begin_head(struct http_watch *w)
{
    fsk_buf_clear(&w->head);
    w->parsed = 0;
    w->head_is_told = false;
    w->stage = HTTP_IN_HEAD;
}

/* More of a head. Bytes behind it stay in *bytes. */
static enum http_what read_head(struct http_watch *w, struct fsk_span *bytes)
{
    size_t before = fsk_buf_len(&w->head);
    size_t room = HTTP_HEAD_MAX - before;
    size_t n = bytes->n < room ? bytes->n : room;
    if (!n || fsk_buf_append(&w->head, bytes->p, n) != FSOCK_OK)
        return other(w);
    struct fsk_span all = fsk_buf_span(&w->head);
    int len = w->responses ? fsk_h1_parse(all.p, all.n, w->parsed, &w->response)
                           : http_request_parse(&w->request, all);
    w->parsed = all.n;
    if (len < 0)
        return other(w);
    size_t used = len ? (size_t)len - before : n;
    bytes->p += used;
    bytes->n -= used;
    if (!len)
        return HTTP_MORE;
    w->head.end = w->head.start + (size_t)len;
    w->head_is_told = true;
    return HTTP_HEAD;
}

static enum http_what read_length(struct http_watch *w, struct fsk_span *bytes)
{
    size_t n = w->left < bytes->n ? (size_t)w->left : bytes->n;
    w->left -= n;
    bytes->p += n;
    bytes->n -= n;
    if (w->left)
        return HTTP_MORE;
    begin_head(w);
    return HTTP_BODY;
}

static enum http_what read_chunks(struct http_watch *w, struct fsk_span *bytes)
{
    while (bytes->n) {
        struct fsk_span data;
        size_t used;
        int what = fsk_chunked_next(&w->chunked, bytes->p, bytes->n, &used, &data);
        bytes->p += used;
        bytes->n -= used;
        if (what < 0)
            return other(w);
        if (what == FSK_CHUNKED_DONE) {
            begin_head(w);
            return HTTP_BODY;
        }
    }
    return HTTP_MORE;
}

enum http_what http_watch_next(struct http_watch *w, struct fsk_span *bytes)
{
    enum http_what what = HTTP_MORE;
    if (w->head_is_told) {
        w->head_is_told = false;
        w->stage = behind_head(w);
        if (w->stage == HTTP_IN_HEAD)
            begin_head(w);
        if (w->stage == HTTP_IN_LENGTH && !w->left)
            return read_length(w, bytes);
    }
    while (bytes->n && what == HTTP_MORE) {
        if (w->stage == HTTP_IN_HEAD)
            what = read_head(w, bytes);
        else if (w->stage == HTTP_IN_LENGTH)
            what = read_length(w, bytes);
        else if (w->stage == HTTP_IN_CHUNKS)
            what = read_chunks(w, bytes);
        else
            *bytes = fsk_span(NULL, 0);
    }
    return what;
}

enum http_what http_watch_skip(struct http_watch *w, uint64_t n)
{
    if (w->stage == HTTP_TO_END || w->stage == HTTP_IS_OTHER || !n)
        return HTTP_MORE;
    if (w->stage != HTTP_IN_LENGTH || n > w->left)
        return other(w);
    w->left -= n;
    if (w->left)
        return HTTP_MORE;
    begin_head(w);
    return HTTP_BODY;
}
