#include "given.h"

const char *upload_bytes(void)
{
    static char *bytes;
    if (!bytes && !(bytes = calloc(1, UPLOAD)))
        abort();
    return bytes;
}

static void give_limits(struct fsock_options *o, const struct cell *c)
{
    o->connect_timeout = c->which == CONNECT ? LIMIT : FAR;
    o->read_timeout = c->which == READ ? LIMIT : FAR;
    o->total_timeout = c->which == TOTAL ? LIMIT : FAR;
    if (c->loose) {
        o->max_ratio = UINT32_MAX;
        o->max_body = UINT64_MAX / 2;
    }
}

void give(struct given *g, const struct cell *c)
{
    *g = (struct given){.resolves = {g->resolve}};
    fsock_options_init(&g->options);
    fsock_request_init(&g->request);
    cell_text(c->url, g->url, sizeof g->url);
    cell_text(c->dns, g->dns, sizeof g->dns);
    cell_text(c->proxy, g->proxy, sizeof g->proxy);
    cell_text(c->resolve, g->resolve, sizeof g->resolve);
    cell_text(c->unix_socket, g->unix_socket, sizeof g->unix_socket);
    cell_text("%dir%/ca.pem", g->ca, sizeof g->ca);
    g->options.ca_file = g->ca;
    g->options.dns_servers = c->dns ? g->dns : NULL;
    g->options.proxy = c->proxy ? g->proxy : NULL;
    g->options.resolve = c->resolve ? g->resolves : NULL;
    g->options.unix_socket = c->unix_socket ? g->unix_socket : NULL;
    g->options.http2 = c->http2;
    give_limits(&g->options, c);
    g->options.host_bytes = c->paced ? 1000 : 0;
    g->options.host_rate = c->paced ? 0.1 : 0;
    g->request.flags = FSOCK_FOLLOW | FSOCK_DISCARD;
    g->request.max_redirects = 1000;
    g->request.retries = c->retries;
    g->request.retry_delay = 20 * FSOCK_MILLISECOND;
    if (c->upload) {
        g->request.body = upload_bytes();
        g->request.body_len = UPLOAD;
    }
}
