#include "get_referer.h"

#include <stdlib.h>
#include <strings.h>

static const struct fsk_span name = FSK_SPAN("Referer: ");

void referer_init(struct referer *r)
{
    r->headers = NULL;
    fsk_buf_init(&r->line, REFERER_MOST);
}

void referer_fini(struct referer *r)
{
    free(r->headers);
    fsk_buf_fini(&r->line);
}

static bool is_referer(const char *line)
{
    return strncasecmp(line, "Referer", 7) == 0 && (line[7] == ':' || line[7] == ';');
}

/* Whether somebody has said what is to be sent. */
static bool is_said(const char *const *headers)
{
    for (; headers && *headers; headers++)
        if (is_referer(*headers))
            return true;
    return false;
}

static enum fsock_err write_line(struct fsk_buf *b, const struct fsk_url *from, bool whole)
{
    size_t room = FSK_URL_ROOM(from->host.n + from->path.n + from->query.n + 64);
    enum fsock_err err = fsk_buf_reserve(b, name.n + from->scheme.n + 3 + 2 * room);
    if (err != FSOCK_OK)
        return err;
    fsk_buf_append(b, name.p, name.n);
    fsk_buf_append(b, from->scheme.p, from->scheme.n);
    fsk_buf_append(b, "://", 3);
    b->end += fsk_url_authority(from, false, b->mem + b->end, room);
    if (whole)
        b->end += fsk_url_target(from, b->mem + b->end, room);
    else
        b->mem[b->end++] = '/';
    return fsk_buf_terminate(b);
}

/* The headers that there are, and the line. */
static enum fsock_err add_line(struct referer *r, struct fsock_request *request)
{
    size_t n = 0;
    while (request->headers && request->headers[n])
        n++;
    r->headers = calloc(n + 2, sizeof *r->headers);
    if (!r->headers)
        return FSOCK_ERR_MEMORY;
    for (size_t i = 0; i < n; i++)
        r->headers[i] = request->headers[i];
    r->headers[n] = r->line.mem + r->line.start;
    request->headers = r->headers;
    return FSOCK_OK;
}

enum fsock_err referer_add(struct referer *r, const struct fsk_url *from, const struct fsk_url *to,
                           struct fsock_request *request)
{
    bool secret = fsk_span_caseeq(from->scheme, FSK_SPAN("https")) &&
                  !fsk_span_caseeq(to->scheme, FSK_SPAN("https"));
    if (secret || !from->host.n || is_said(request->headers))
        return FSOCK_OK;
    enum fsock_err err = write_line(&r->line, from, fsk_url_same_origin(from, to));
    if (err == FSOCK_OK)
        err = add_line(r, request);
    if (err != FSOCK_OK)
        fsk_buf_clear(&r->line);
    return err;
}

const char *referer_url(const struct referer *r)
{
    return fsk_buf_len(&r->line) ? r->line.mem + r->line.start + name.n : NULL;
}
