/* ports_tcp.c: bare TCP ports that misbehave before any byte of a protocol. */
#include "ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FILL_TRIES 16
#define FULL_MS    60 /* a connect that takes longer than this on loopback hangs */

void accepted_mute(struct conn *c)
{
    c->hold_ms = 5000;
    say_hang(c);
}

void accepted_drip(struct conn *c)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nServer: fsock-site\r\nX-Slow: ";
    c->input = conn_discard;
    say_drip(c, head, sizeof head - 1, sizeof head - 1, 1, 500);
    say_drip(c, "z", 1, UINT64_MAX, 1, 500);
}

void accepted_reset(struct conn *c)
{
    conn_reset(c);
}

void accepted_fin(struct conn *c)
{
    say_close(c);
}

void accepted_deaf(struct conn *c)
{
    c->deaf = true;
    say_deaf_hang(c);
}

static int bound_socket(int family, int *port)
{
    union {
        struct sockaddr sa;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } u = {.sa.sa_family = (sa_family_t)family};
    socklen_t len = family == AF_INET ? sizeof u.v4 : sizeof u.v6;
    int on = 1, fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket");
    if (family == AF_INET6) {
        u.v6.sin6_addr = in6addr_loopback;
        u.v6.sin6_port = htons((uint16_t)*port);
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    } else {
        u.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        u.v4.sin_port = htons((uint16_t)*port);
    }
    if (bind(fd, &u.sa, len) < 0) {
        close(fd);
        return -1;
    }
    getsockname(fd, &u.sa, &len);
    *port = ntohs(family == AF_INET ? u.v4.sin_port : u.v6.sin6_port);
    return fd;
}

/* Connects to the socket's own address: true if the connection stands within FULL_MS. The
 * descriptor stays open for ever: that is what fills the queue. */
static bool connects(int listener)
{
    struct sockaddr_storage ss;
    socklen_t len = sizeof ss;
    getsockname(listener, (struct sockaddr *)&ss, &len);
    int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket");
    if (connect(fd, (struct sockaddr *)&ss, len) == 0)
        return true;
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    if (errno == EINPROGRESS && poll(&p, 1, FULL_MS) == 1)
        return true;
    close(fd);
    return false;
}

/* Listens with a queue of one and fills it, so that the kernel drops every later SYN. */
static void fill_queue(int fd)
{
    if (listen(fd, 0) < 0)
        die("listen");
    for (int i = 0; i < FILL_TRIES; i++)
        if (!connects(fd))
            return;
    errno = 0;
    die("tcp-backlog: the queue does not fill");
}

/* Sockets that are only bound or full live until the program ends; no one watches them. */
int open_refused(struct service *s)
{
    int port = 0;
    (void)s;
    if (bound_socket(AF_INET, &port) < 0)
        die("tcp-refused");
    return port;
}

int open_backlog(struct service *s)
{
    int port = 0, fd = bound_socket(AF_INET, &port);
    (void)s;
    if (fd < 0)
        die("tcp-backlog");
    fill_queue(fd);
    return port;
}

int open_stopread(struct service *s)
{
    return listen_on(s, "127.0.0.1", 0, 128, 4096);
}

static int open_half(struct service *s, int hanging, const char *good)
{
    for (int i = 0; i < FILL_TRIES; i++) {
        int port = 0, fd = bound_socket(hanging, &port);
        if (fd < 0)
            break;
        if (listen_on(s, good, port, 4096, 0) == port) {
            fill_queue(fd);
            return port;
        }
        close(fd);
    }
    die(s->name);
}

int open_hang6(struct service *s)
{
    return open_half(s, AF_INET6, "127.0.0.1");
}

int open_hang4(struct service *s)
{
    return open_half(s, AF_INET, "::1");
}
