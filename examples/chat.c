/*
 * chat.c - two people, a unix socket between them: who comes first listens, the other one connects.
 *
 *     chat /tmp/talk          in two terminals
 *
 * fsock_wait() waits for the keyboard and the socket at once. Control-D ends one's own side; the
 * other one may go on talking.
 */
#include <errno.h>
#include <fsock.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int complain(const struct fsock_fault *fault)
{
    fprintf(stderr, "chat: %s\n", fault->text);
    if (fault->hint[0])
        fprintf(stderr, "chat: %s\n", fault->hint);
    return 1;
}

/* The other one, or NULL. A listener's path goes away with it. */
static fsock_stream *meet(const char *target, struct fsock_fault *fault)
{
    fsock_listener *listener;
    fsock_stream *peer;
    if (fsock_open(&peer, target, 0, NULL, fsock_after(2), fault) == FSOCK_OK ||
        fault->sys_errno != ENOENT)
        return peer;
    if (fsock_listen(&listener, target, 0, NULL, fsock_after(2), fault) != FSOCK_OK)
        return NULL;
    fprintf(stderr, "chat: waiting for the other one, for a minute\n");
    fsock_accept(listener, &peer, fsock_after(60), fault);
    fsock_listener_close(listener);
    return peer;
}

/* What was typed goes to the peer. 0: there won't be more. */
static int say(fsock_stream *peer)
{
    char text[4096];
    ssize_t n = read(STDIN_FILENO, text, sizeof text);
    if (n > 0)
        return fsock_write(peer, text, (size_t)n, NULL, fsock_after(5)) == FSOCK_OK;
    fsock_shut(peer, fsock_after(5));
    return 0;
}

/* What the peer says goes to the screen. 0: there won't be more. */
static int hear(fsock_stream *peer)
{
    char text[4096];
    size_t n;
    enum fsock_err err = fsock_read(peer, text, sizeof text, &n, FSOCK_NOW);
    fwrite(text, 1, n, stdout);
    fflush(stdout);
    return err == FSOCK_OK || err == FSOCK_AGAIN;
}

int main(int argc, char **argv)
{
    struct fsock_fault fault;
    char target[200];

    if (argc != 2 || snprintf(target, sizeof target, "unix://%s", argv[1]) >= (int)sizeof target) {
        fprintf(stderr, "usage: chat PATH\n");
        return 2;
    }
    fsock_stream *peer = meet(target, &fault);
    if (!peer)
        return complain(&fault);

    struct fsock_wait_item on[] = {
        {NULL, STDIN_FILENO, FSOCK_READABLE, 0},
        {peer, -1,           FSOCK_READABLE, 0}
    };
    const struct fsock_fault *failed = fsock_last_fault(peer);
    while ((on[0].events || on[1].events) && failed->err == FSOCK_OK &&
           fsock_wait(on, 2, FSOCK_NEVER) == FSOCK_OK) {
        if (on[0].ready && !say(peer))
            on[0].events = 0;
        if (on[1].ready && !hear(peer))
            on[1].events = 0;
    }
    int status = failed->err == FSOCK_OK ? 0 : complain(failed);
    fsock_close(peer);
    return status;
}
