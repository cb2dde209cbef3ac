/* proxy.c: HTTP proxies: CONNECT and absolute-form requests, and their bad relatives. */
#include "ports.h"
#include "relay.h"
#include "request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void refuse(struct conn *c, const char *status, const char *header)
{
    char body[128];
    int n = snprintf(body, sizeof body, "the proxy says: %s\n", status);
    conn_eat(c, c->in_len);
    say(c, "HTTP/1.1 %s\r\n%sContent-Type: text/plain\r\nContent-Length: %d\r\n", status, header,
        n);
    say(c, "Connection: close\r\n\r\n%s", body);
    say_close(c);
}

/* Forwards the head without the hop's own headers; the server closes, so that there is one
 * request per connection. */
static void forward_head(struct conn *server, const struct request *r)
{
    say(server, "%s ", r->method);
    say_bytes(server, r->path, strlen(r->path));
    if (*r->query) {
        say(server, "?");
        say_bytes(server, r->query, strlen(r->query));
    }
    say(server, " HTTP/1.1\r\nVia: 1.1 fsock-site\r\nConnection: close\r\n");
    for (size_t i = 0; i < r->header_count; i++) {
        const char *name = r->headers[i].name, *value = r->headers[i].value;
        if (strncasecmp(name, "Proxy-", 6) == 0 || strcasecmp(name, "Connection") == 0)
            continue;
        say_bytes(server, name, strlen(name));
        say(server, ": ");
        say_bytes(server, value, strlen(value));
        say(server, "\r\n");
    }
    say(server, "\r\n");
}

static void connected(struct conn *c, bool ok)
{
    struct request *r = c->req;
    c->req = NULL;
    if (!ok) {
        refuse(c, "502 Bad Gateway", "");
    } else if (strcmp(r->method, "CONNECT") == 0) {
        say(c, "HTTP/1.1 200 Connection established\r\nVia: 1.1 fsock-site\r\n\r\n");
        relay_join(c);
    } else {
        forward_head(c->peer, r);
        conn_wake(c->peer);
        relay_join(c);
    }
    request_free(r);
}

static void input_proxy(struct conn *c)
{
    char host[256], ip[64];
    if (c->parts)
        return;
    ssize_t n = request_parse(c->in, c->in_len, &c->req);
    if (n == 0) {
        if (c->eof)
            conn_close(c);
        return;
    }
    if (n < 0 || !*c->req->authority) {
        refuse(c, "400 Bad Request", "");
        return;
    }
    conn_eat(c, (size_t)n);
    stats.requests++;
    const char *auth = request_header(c->req, "Proxy-Authorization");
    bool wants_auth = c->svc->accepted == accepted_proxy_auth;
    if (wants_auth && (!auth || strcmp(auth, "Basic dXNlcjpwYXNz") != 0)) {
        refuse(c, "407 Proxy Authentication Required",
               "Proxy-Authenticate: Basic realm=\"site\"\r\n");
        return;
    }
    snprintf(host, sizeof host, "%s", c->req->authority);
    char *at = strrchr(host, '@'), *start = at ? at + 1 : host;
    char *colon = strrchr(start, ':');
    int port = 80;
    if (colon && !strchr(colon, ']')) {
        *colon = 0;
        port = atoi(colon + 1);
    }
    if (relay_resolve(start, ip))
        relay_connect(c, ip, port, connected);
    else
        refuse(c, "502 Bad Gateway", "X-Why: unknown name\r\n");
}

void accepted_proxy(struct conn *c)
{
    c->input = input_proxy;
}

void accepted_proxy_auth(struct conn *c)
{
    c->input = input_proxy;
}

static void input_403(struct conn *c)
{
    if (!c->parts && (c->eof || request_parse(c->in, c->in_len, &c->req) != 0))
        refuse(c, "403 Forbidden", "");
}

void accepted_proxy_403(struct conn *c)
{
    c->input = input_403;
}

static void input_drip(struct conn *c)
{
    static const char head[] = "HTTP/1.1 200 Connection established\r\nX-Slow: ";
    if (c->eof)
        conn_close(c);
    if (c->parts || request_parse(c->in, c->in_len, &c->req) == 0)
        return;
    conn_eat(c, c->in_len);
    say_drip(c, head, sizeof head - 1, sizeof head - 1, 1, 500);
    say_drip(c, "z", 1, UINT64_MAX, 1, 500);
}

void accepted_proxy_drip(struct conn *c)
{
    c->input = input_drip;
}
