/*
 * proxy.c - a port forwarder: who connects here is talking to somewhere else, by TLS if need be.
 *
 *     proxy 127.0.0.1:8080 example.org:80
 *     proxy unix:///tmp/web tls://example.org:443
 *
 * A thread per connection, a hundred at most: streams that share nothing need no locks. Each way
 * goes by fsock_copy(), within the kernel where it can; nothing for five minutes ends it.
 */
#include <fsock.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

enum { CONNECTIONS = 100, IDLE_SECONDS = 300 };

static sem_t places;
static const char *target;

static int complain(const struct fsock_fault *fault)
{
    fprintf(stderr, "proxy: %s\n", fault->text);
    if (fault->hint[0])
        fprintf(stderr, "proxy: %s\n", fault->hint);
    return 1;
}

struct way {
    fsock_stream *from, *to;
    int ended, full;
};

/* Copy what can be copied now. If that is nothing, it is `to` that must be waited for next. */
static int go_on(struct way *way)
{
    uint64_t n;
    enum fsock_err err = fsock_copy(way->from, way->to, UINT64_MAX, &n, FSOCK_NOW);
    way->full = n == 0 && !way->full;
    if (err == FSOCK_EOF) {
        way->ended = 1;
        err = fsock_shut(way->to, fsock_after(5)); /* the other way may go on */
    }
    return err == FSOCK_OK || err == FSOCK_AGAIN;
}

/* Both ways, until both have ended or one fails. */
static void forward(fsock_stream *client, fsock_stream *server)
{
    struct way ways[] = {
        {client, server, 0, 0},
        {server, client, 0, 0}
    };
    int good = 1;
    while (good && !(ways[0].ended && ways[1].ended)) {
        struct fsock_wait_item on[2] = {
            {NULL, -1, 0, 0},
            {NULL, -1, 0, 0}
        };
        for (int i = 0; i < 2; i++) {
            if (!ways[i].ended)
                on[i].stream = ways[i].full ? ways[i].to : ways[i].from;
            on[i].events = ways[i].full ? FSOCK_WRITABLE : FSOCK_READABLE;
        }
        good = fsock_wait(on, 2, fsock_after(IDLE_SECONDS)) == FSOCK_OK;
        for (int i = 0; good && i < 2; i++)
            good = !on[i].ready || go_on(&ways[i]);
    }
}

static void *serve(void *client)
{
    struct fsock_fault fault;
    fsock_stream *server;
    if (fsock_open(&server, target, 0, NULL, fsock_after(5), &fault) == FSOCK_OK)
        forward(client, server);
    else
        complain(&fault);
    fsock_close(server);
    fsock_close(client);
    sem_post(&places);
    return NULL;
}

int main(int argc, char **argv)
{
    struct fsock_fault fault;
    fsock_listener *listener;
    fsock_stream *client;
    pthread_t thread;

    if (argc != 3) {
        fprintf(stderr, "usage: proxy LISTEN-TARGET TARGET\n");
        return 2;
    }
    target = argv[2];
    if (fsock_listen(&listener, argv[1], 0, NULL, fsock_after(5), &fault) != FSOCK_OK)
        return complain(&fault);
    fprintf(stderr, "proxy: listening at %s\n", fsock_listener_name(listener));
    sem_init(&places, 0, CONNECTIONS);
    for (;;) {
        while (sem_wait(&places) != 0)
            ; /* a debugger came by */
        if (fsock_accept(listener, &client, FSOCK_NEVER, &fault) != FSOCK_OK)
            break;
        if (pthread_create(&thread, NULL, serve, client) == 0) {
            pthread_detach(thread);
        } else {
            fsock_close(client);
            sem_post(&places);
        }
    }
    return complain(&fault); /* returning from main() ends the threads, too */
}
