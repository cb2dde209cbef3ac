#include "relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define AHEAD (1024 * 1024) /* how much one side may be ahead of the other */

/* What the outgoing side remembers until it stands. */
struct waiting {
    void (*done)(struct conn *, bool);
};

const char *relay_resolve(const char *name, char ip[64])
{
    uint8_t bytes[16];
    size_t len = strlen(name);
    if (name[0] == '[' && len > 2) {
        snprintf(ip, 64, "%.*s", (int)(len - 2), name + 1);
        return inet_pton(AF_INET6, ip, bytes) == 1 ? ip : NULL;
    }
    snprintf(ip, 64, "%s", name);
    if (inet_pton(AF_INET, ip, bytes) == 1 || inet_pton(AF_INET6, ip, bytes) == 1)
        return ip;
    if (strcasecmp(name, "localhost") != 0 && strcasecmp(name, "site.test") != 0 &&
        (len < 10 || strcasecmp(name + len - 10, ".site.test") != 0))
        return NULL;
    return strcpy(ip, "127.0.0.1");
}

/* The client waits for the server: it is only watched for going away. */
static void input_hold(struct conn *c)
{
    if (c->eof)
        conn_close(c);
}

/* The two sides no longer know each other; returns the one that is left. */
static struct conn *part_from(struct conn *c)
{
    struct conn *peer = c->peer;
    c->peer = NULL;
    if (peer) {
        peer->peer = NULL;
        peer->hangup = NULL;
    }
    return peer;
}

static void hangup_client(struct conn *c)
{
    struct conn *peer = part_from(c);
    if (peer)
        conn_reset(peer);
}

static void hangup_server(struct conn *c)
{
    struct conn *peer = part_from(c);
    struct waiting *w = c->state;
    if (peer && w->done) {
        w->done(peer, false);
        conn_wake(peer);
    } else if (peer) {
        conn_reset(peer);
    }
}

static void input_connected(struct conn *c)
{
    struct waiting *w = c->state;
    void (*done)(struct conn *, bool) = w->done;
    w->done = NULL;
    done(c->peer, true);
    conn_wake(c->peer);
}

void relay_connect(struct conn *c, const char *ip, int port, void (*done)(struct conn *, bool))
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    bool is6 = strchr(ip, ':') != NULL;
    inet_pton(is6 ? AF_INET6 : AF_INET, ip, is6 ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr);
    const struct sockaddr *sa = is6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
    int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || (connect(fd, sa, is6 ? sizeof v6 : sizeof v4) < 0 && errno != EINPROGRESS)) {
        struct watch nothing = {.fd = fd};
        watch_close(&nothing);
        done(c, false);
        return;
    }
    struct conn *out = conn_new(fd, c->svc, NULL);
    struct waiting *w = xzalloc(sizeof *w);
    w->done = done;
    out->state = w;
    out->peer = c;
    out->connecting = true;
    out->input = input_connected;
    out->hangup = hangup_server;
    c->peer = out;
    c->hangup = hangup_client;
    c->input = input_hold;
    watch_set(&out->w, EPOLLOUT);
}

static bool is_over(const struct conn *c)
{
    return c->eof && !c->in_len && !c->parts;
}

static void input_relay(struct conn *c)
{
    struct conn *peer = c->peer;
    if (!peer)
        return;
    if (c->in_len && conn_backlog(peer) < AHEAD) {
        say_bytes(peer, c->in, c->in_len);
        conn_eat(c, c->in_len);
        conn_wake(peer);
    }
    if (c->eof && !c->in_len && !c->told) {
        c->told = true;
        say_shut(peer);
        conn_wake(peer);
    }
    if (is_over(c) && is_over(peer)) {
        c->peer = peer->peer = NULL;
        conn_close(peer);
        conn_close(c);
    }
}

void relay_join(struct conn *c)
{
    c->input = c->peer->input = input_relay;
}
