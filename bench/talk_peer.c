/* talk_peer.c: fsock-talk-peer MODE ... - the other sides of bench/talk.py, and what the kernel
 * allows. None of it knows the library.
 *
 *     source PORT BYTES   serve: send so many zeros to each connection, then end it
 *     sink PORT           serve: throw away what each connection sends
 *     feed BYTES          so many zeros to standard output, a pipe
 *     drain               throw away what comes from standard input, a pipe
 *     push PORT           the limit: standard input to a connection, by splice(2)
 *     pull PORT           the limit: a connection to standard output, likewise
 *
 * source and sink take one connection after the other, on 127.0.0.1, and print "ready".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BLOCK = 1 << 18, PIPE = 1 << 20 };

static char block[BLOCK];

static void die(const char *what)
{
    fprintf(stderr, "fsock-talk-peer: %s: %s\n", what, strerror(errno));
    exit(2);
}

static struct sockaddr_in loopback(const char *port)
{
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return sin;
}

static int listener(const char *port)
{
    struct sockaddr_in sin = loopback(port);
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof sin) < 0 || listen(fd, 16) < 0)
        die("listen");
    puts("ready");
    fflush(stdout);
    return fd;
}

static int connected(const char *port)
{
    struct sockaddr_in sin = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&sin, sizeof sin) < 0)
        die("connect");
    return fd;
}

/* So many zeros, or as many as are taken. */
static void give(int fd, long long bytes)
{
    while (bytes > 0) {
        ssize_t n = write(fd, block, bytes < BLOCK ? (size_t)bytes : BLOCK);
        if (n < 0)
            return;
        bytes -= n;
    }
}

static void serve(const char *port, long long bytes)
{
    int fd = listener(port);
    for (;;) {
        int peer = accept(fd, NULL, NULL);
        if (peer < 0)
            continue;
        if (bytes >= 0) {
            give(peer, bytes);
            shutdown(peer, SHUT_WR);
        }
        while (recv(peer, NULL, PIPE, MSG_TRUNC) > 0) {
        }
        close(peer);
    }
}

static void move(int from, int to)
{
    ssize_t n;
    do
        n = splice(from, NULL, to, NULL, PIPE, SPLICE_F_MOVE);
    while (n > 0 || (n < 0 && errno == EINTR));
    if (n < 0)
        die("splice");
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "", *port = argc > 2 ? argv[2] : "";
    signal(SIGPIPE, SIG_IGN);
    fcntl(STDIN_FILENO, F_SETPIPE_SZ, PIPE);
    fcntl(STDOUT_FILENO, F_SETPIPE_SZ, PIPE);
    if (strcmp(mode, "source") == 0 && argc == 4)
        serve(port, atoll(argv[3]));
    else if (strcmp(mode, "sink") == 0 && argc == 3)
        serve(port, -1);
    else if (strcmp(mode, "feed") == 0 && argc == 3)
        give(STDOUT_FILENO, atoll(argv[2]));
    else if (strcmp(mode, "drain") == 0)
        move(STDIN_FILENO, open("/dev/null", O_WRONLY));
    else if (strcmp(mode, "push") == 0 && argc == 3)
        move(STDIN_FILENO, connected(port));
    else if (strcmp(mode, "pull") == 0 && argc == 3)
        move(connected(port), STDOUT_FILENO);
    else
        return fprintf(stderr, "usage: see the head of talk_peer.c\n"), 2;
    return 0;
}
