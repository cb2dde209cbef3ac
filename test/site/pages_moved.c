/* pages_moved.c: redirects, interim answers, and what happens to the connection afterwards. */
#include "body.h"
#include "http.h"
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *scheme(const struct conn *c)
{
    return c->ssl ? "https" : "http";
}

static const char *host(const struct request *r)
{
    const char *value = request_header(r, "Host");
    return value ? value : "localhost";
}

/* ?code=301 and so on choose the status. */
static void redirect(struct conn *c, struct request *r, const char *location)
{
    char headers[1024];
    snprintf(headers, sizeof headers, "Location: %.900s\r\n", location);
    reply(c, r, (int)request_number(r, "code", 302), headers, "elsewhere\n", 10);
}

static void answer_redirect(struct conn *c, struct request *r, const char *arg)
{
    unsigned n = (unsigned)arg_number(&arg);
    char path[64], location[512];
    if (n > 1)
        snprintf(path, sizeof path, "/redirect/%u", n - 1);
    else
        snprintf(path, sizeof path, "/plain/1");
    if (n % 3 == 0)
        snprintf(location, sizeof location, "%s://%.300s%s", scheme(c), host(r), path);
    else if (n % 3 == 1)
        snprintf(location, sizeof location, "%s#fragment", path);
    else
        snprintf(location, sizeof location, "../..%s", path);
    redirect(c, r, location);
}

static void answer_loop(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    redirect(c, r, "/redirect-loop");
}

static void answer_ring(struct conn *c, struct request *r, const char *arg)
{
    char location[64];
    unsigned n = (unsigned)arg_number(&arg);
    unsigned at = (unsigned)request_number(r, "at", 0);
    snprintf(location, sizeof location, "/redirect-ring/%u?at=%u", n, n ? (at + 1) % n : at + 1);
    redirect(c, r, location);
}

static void answer_after_post(struct conn *c, struct request *r, const char *arg)
{
    char headers[] = "Location: /redirect-after-post\r\n";
    (void)arg;
    if (strcmp(r->method, "GET") == 0)
        reply_text(c, r, 200, "done\n");
    else
        reply(c, r, 303, headers, "elsewhere\n", 10);
}

static void answer_cross(struct conn *c, struct request *r, const char *arg)
{
    char location[512];
    const char *port = strrchr(host(r), ':');
    bool by_number = strncmp(host(r), "127.0.0.1", 9) == 0;
    (void)arg;
    snprintf(location, sizeof location, "%s://%s%.100s/echo", scheme(c),
             by_number ? "localhost" : "127.0.0.1", port ? port : "");
    redirect(c, r, location);
}

static void answer_redirect_to(struct conn *c, struct request *r, const char *arg)
{
    char name[64], location[512];
    size_t len = strcspn(arg, "/");
    snprintf(name, sizeof name, "%.*s", (int)len, arg);
    bool secure = strstr(name, "https") || strncmp(name, "tls", 3) == 0;
    snprintf(location, sizeof location, "%s://127.0.0.1:%d%.300s", secure ? "https" : "http",
             service_port(name), arg[len] ? arg + len : "/");
    redirect(c, r, location);
}

static void answer_location_bad(struct conn *c, struct request *r, const char *arg)
{
    static const char *const bad[] = {
        "file:///etc/passwd",
        "javascript:alert(1)",
        "",
        "/plain/1\rSet-Cookie: evil=1",
        "http://127.0.0.1:99999/",
        "http://[::1/",
        "http:///",
        "gopher://127.0.0.1:70/1",
        "//",
        "/pl ain/1",
        "/plain/\x01\x7f\xff",
    };
    unsigned n = (unsigned)arg_number(&arg) % (sizeof bad / sizeof *bad);
    char headers[256];
    snprintf(headers, sizeof headers, "Location: %s\r\n", bad[n]);
    reply(c, r, 302, headers, "nowhere\n", 8);
}

static void answer_no_location(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    reply(c, r, 302, "", "where to?\n", 10);
}

static void answer_1xx(struct conn *c, struct request *r, const char *arg)
{
    uint64_t n = arg_number(&arg);
    for (uint64_t i = 0; i < n && i < 10000; i++)
        say(c, "%s",
            i % 2 ? "HTTP/1.1 100 Continue\r\n\r\n"
                  : "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n");
    reply_text(c, r, 200, "after %llu interim heads\n", (unsigned long long)n);
}

static void answer_close(struct conn *c, struct request *r, const char *arg)
{
    const struct body *b = body_text(13);
    (void)arg;
    char headers[128];
    r->keep = false;
    snprintf(headers, sizeof headers, "X-SHA256: %s\r\n", b->sha);
    reply_head(c, r, 200, headers, -1);
    say_static(c, b->data, b->len);
}

static void answer_keep_then_close(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    reply(c, r, 200, "Connection: keep-alive\r\n", "see you\n", 8);
    say_close(c);
}

/* The race that every reused connection can lose; ?rst loses it by a reset. */
static void answer_die_on_reuse(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    if (c->requests == 1) {
        reply_text(c, r, 200, "the next request here dies\n");
        return;
    }
    stats.reuse_deaths++;
    if (strstr(r->query, "rst"))
        say_reset(c);
    else
        say_bare_fin(c);
}

static void answer_early(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    reply_text(c, r, 413, "enough\n");
}

static void answer_417(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    reply_text(c, r, r->expects ? 417 : 200, "%s\n", r->expects ? "I won't wait" : "fine");
}

static void answer_stall(struct conn *c, struct request *r, const char *arg)
{
    char sha[65];
    (void)arg;
    request_sha(r, sha);
    reply_text(c, r, 200, "%llu %s\n", (unsigned long long)r->body_len, sha);
}

const struct page pages_moved[] = {
    {"/redirect/",                                                  "1-5", 0, answer_redirect, "N hops to /plain/1, by all kinds of Location"},
    {"/redirect-cross",                                                            "", 0, answer_cross, "to /echo on the other of localhost and 127.0.0.1"},
    {"/redirect-to/",               "", PAGE_APART, answer_redirect_to, "SERVICE/PATH: to another service"},
    {"/redirect-loop",                                             "", PAGE_BAD, answer_loop, "to itself"},
    {"/redirect-ring/",                                                            "3", PAGE_BAD, answer_ring,
     "N in a circle, from ?at=M to the next; 0: each is a new one"},
    {"/redirect-after-post",           "", 0, answer_after_post, "303 to itself, but for GET"},
    {"/location-bad/",                                               "0-10", PAGE_BAD, answer_location_bad, "N-th Location that leads nowhere"},
    {"/no-location",                                                   "", 0, answer_no_location, "302 without a Location: the answer itself"},
    {"/1xx/",                           "1 5", 0, answer_1xx, "N interim heads, then 200"},
    {"/close",                                              "", 0, answer_close, "a body that ends with the connection"},
    {"/keepalive-then-close",                                                     "", 0, answer_keep_then_close, "says keep-alive, and closes"},
    {"/die-on-reuse",                                                  "", 0, answer_die_on_reuse, "the second request on a connection dies; ?rst"},
    {"/early-response",                                             "", PAGE_EARLY, answer_early, "413 before it has read the request's body"},
    {"/expect-417",                                                     "", PAGE_EARLY, answer_417, "417 to Expect: 100-continue"},
    {"/no-continue", "", PAGE_NO_CONTINUE, answer_stall, "waits for the body, never says 100"},
    {0                                       },
};
