#include "get_referer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LONGEST = 4096 }; /* of path and query: servers refuse headers that are much longer */

static const struct fsk_span name = FSK_SPAN("Referer: ");

void referer_init(struct referer *r)
{
    *r = (struct referer){.line = NULL};
}

void referer_fini(struct referer *r)
{
    free(r->headers);
    free(r->line);
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

/* The line, in no more memory than it needs, since there may be one for each open URL. */
static char *make_line(const struct fsk_url *from, bool whole)
{
    size_t room = FSK_URL_ROOM(from->host.n + from->path.n + from->query.n);
    char *text = malloc(name.n + from->scheme.n + 3 + 2 * room), *end = text;
    if (!text)
        return NULL;
    end = mempcpy(end, name.p, name.n);
    end = mempcpy(end, from->scheme.p, from->scheme.n);
    end = mempcpy(end, "://", 3);
    end += fsk_url_authority(from, false, end, room);
    size_t n = whole ? fsk_url_target(from, end, room) : 0;
    if (n == 0 || n > LONGEST)
        *end++ = '/';
    else
        end += n;
    char *line = strndup(text, (size_t)(end - text));
    free(text);
    return line;
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
    r->headers[n] = r->line;
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
    r->line = make_line(from, fsk_url_same_origin(from, to));
    if (r->line && add_line(r, request) == FSOCK_OK)
        return FSOCK_OK;
    free(r->line);
    r->line = NULL;
    return FSOCK_ERR_MEMORY;
}

const char *referer_url(const struct referer *r)
{
    return r->line ? r->line + name.n : NULL;
}
