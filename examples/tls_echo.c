/*
 * tls_echo.c - a server for many clients in one thread, by TLS: what they say comes back to them.
 *
 *     tls_echo 127.0.0.1:7000 cert.pem key.pem
 *     openssl s_client -connect 127.0.0.1:7000
 *
 * fsock_wait() watches the listener and all clients. Every call is FSOCK_NOW, so a client that says
 * nothing, not even a handshake, or that never reads, holds up nobody; after a minute it has to go.
 */
#include <fsock.h>
#include <stdio.h>

enum { CLIENTS = 100, IDLE_SECONDS = 60 };

struct client {
    fsock_stream *stream;
    fsock_time until;
    size_t from, to; /* of buf: what is still to go back */
    char buf[4096];
};

static struct client clients[CLIENTS]; /* the first `count` of them */
static size_t count;

static int complain(const struct fsock_fault *fault)
{
    fprintf(stderr, "tls_echo: %s\n", fault->text);
    if (fault->hint[0])
        fprintf(stderr, "tls_echo: %s\n", fault->hint);
    return 1;
}

static void take_client(fsock_listener *listener)
{
    struct client *c = &clients[count];
    struct fsock_fault fault;
    enum fsock_err err = fsock_accept(listener, &c->stream, FSOCK_NOW, &fault);
    if (err == FSOCK_OK) {
        c->until = fsock_after(IDLE_SECONDS);
        c->from = c->to = 0;
        count++;
    } else if (err != FSOCK_AGAIN) {
        complain(&fault);
    }
}

/* Read if nothing is to go back, write if something is. 0: it has ended, or failed. */
static int serve(struct client *c)
{
    size_t n = 0;
    enum fsock_err err = FSOCK_OK;
    if (c->from == c->to) {
        c->from = 0;
        err = fsock_read(c->stream, c->buf, sizeof c->buf, &c->to, FSOCK_NOW);
    }
    if (err == FSOCK_OK) {
        err = fsock_write(c->stream, c->buf + c->from, c->to - c->from, &n, FSOCK_NOW);
        c->from += n;
        c->until = fsock_after(IDLE_SECONDS);
    }
    if (err != FSOCK_OK && err != FSOCK_AGAIN && err != FSOCK_EOF)
        complain(fsock_last_fault(c->stream));
    return err == FSOCK_OK || err == FSOCK_AGAIN;
}

/* Wait for any of them; then let all that can go on, and close what has ended or is too late. */
static void turn(fsock_listener *listener)
{
    struct fsock_wait_item on[CLIENTS + 1] = {
        {NULL, fsock_listener_fd(listener), 0, 0}
    };
    fsock_time next = FSOCK_NEVER;
    on[0].events = count < CLIENTS ? FSOCK_READABLE : 0;
    for (size_t i = 0; i < count; i++) {
        struct client *c = &clients[i];
        on[i + 1].stream = c->stream;
        on[i + 1].events = c->from == c->to ? FSOCK_READABLE : FSOCK_WRITABLE;
        next = c->until < next ? c->until : next;
    }
    fsock_wait(on, count + 1, next);
    for (size_t i = count; i-- > 0;) { /* backwards: the last one fills a gap */
        if ((!on[i + 1].ready || serve(&clients[i])) && fsock_now() < clients[i].until)
            continue;
        fsock_close(clients[i].stream);
        clients[i] = clients[--count];
    }
    if (on[0].ready)
        take_client(listener);
}

int main(int argc, char **argv)
{
    struct fsock_options options;
    struct fsock_fault fault;
    fsock_listener *listener;
    char target[200];

    if (argc != 4 || snprintf(target, sizeof target, "tls://%s", argv[1]) >= (int)sizeof target) {
        fprintf(stderr, "usage: tls_echo HOST:PORT CERT KEY\n");
        return 2;
    }
    fsock_options_init(&options);
    options.cert_file = argv[2];
    options.key_file = argv[3];
    if (fsock_listen(&listener, target, 0, &options, fsock_after(5), &fault) != FSOCK_OK)
        return complain(&fault);
    fprintf(stderr, "tls_echo: listening at %s\n", fsock_listener_name(listener));
    for (;;)
        turn(listener);
}
