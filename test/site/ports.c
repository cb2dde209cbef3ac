/* ports.c: the table of services, and the small ones: each manner of a bare TCP port. */
#include "http.h"
#include "service.h"

static void accepted_http(struct conn *c)
{
    c->input = http_input;
}

static void accepted_mute(struct conn *c)
{
    c->hold_ms = 5000;
    say_hang(c);
}

static const char slow_head[] = "HTTP/1.1 200 OK\r\nServer: fsock-site\r\nX-Slow: ";

static void accepted_drip(struct conn *c)
{
    c->input = conn_discard;
    say_drip(c, slow_head, sizeof slow_head - 1, sizeof slow_head - 1, 1, 500);
    say_drip(c, "z", 1, UINT64_MAX, 1, 500);
}

static void accepted_reset(struct conn *c)
{
    conn_reset(c);
}

struct service services[] = {
    {"http",         ON_V6, accepted_http, NULL, NULL, "the site", 0, NULL, {0}},
    {"tcp-mute", ON_V6, accepted_mute, NULL, NULL, "accepts, reads, says nothing", 0, NULL, {0}},
    {"tcp-drip",
     ON_V6, accepted_drip,
     NULL, NULL,
     "a byte of an HTTP head each half second, for ever", 0,
     NULL, {0}},
    {"tcp-reset",             ON_V6, accepted_reset, NULL, NULL, "resets what it accepts", 0, NULL, {0}},
    {0          },
};
