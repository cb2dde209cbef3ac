#include "service.h"
#include "ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG      4096
#define TRIES        50
#define FULL_REST_MS 20 /* out of descriptors: look again after this */

struct listener {
    struct watch w;
    struct alarm a;
    struct service *svc;
};

static char *unix_name;
static struct service unix_site = {.name = "unix", .accepted = accepted_http};

static void on_rested(struct alarm *a)
{
    watch_set(&container_of(a, struct listener, a)->w, EPOLLIN);
}

static void on_accept(struct watch *w, uint32_t events)
{
    struct listener *l = container_of(w, struct listener, w);
    (void)events;
    for (int i = 0; i < 64; i++) {
        int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE) {
                watch_set(w, 0);
                alarm_set(&l->a, loop_now() + MS(FULL_REST_MS));
            }
            return;
        }
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        stats.accepted++;
        struct conn *c = conn_new(fd, l->svc, l->svc->flags & OWN_TLS ? NULL : l->svc->ctx);
        l->svc->accepted(c);
        conn_step(c);
    }
}

static void add_listener(struct service *s, int fd)
{
    struct listener *l = xzalloc(sizeof *l);
    l->svc = s;
    l->a.ring = on_rested;
    watch_init(&l->w, fd, on_accept);
    watch_set(&l->w, EPOLLIN);
    s->listeners[s->listeners[0] != NULL] = l;
}

int listen_on(struct service *s, const char *ip, int port, int backlog, int rcvbuf)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    bool is6 = strchr(ip, ':') != NULL;
    inet_pton(is6 ? AF_INET6 : AF_INET, ip, is6 ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr);
    struct sockaddr *sa = is6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
    socklen_t len = is6 ? sizeof v6 : sizeof v4;
    int on = 1;
    int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket");
    if (port)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (is6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (rcvbuf)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof rcvbuf);
    if (bind(fd, sa, len) < 0 || listen(fd, backlog) < 0) {
        close(fd);
        return -1;
    }
    getsockname(fd, sa, &len);
    add_listener(s, fd);
    return ntohs(is6 ? v6.sin6_port : v4.sin_port);
}

void drop_listeners(struct service *s)
{
    for (int i = 0; i < 2; i++) {
        if (!s->listeners[i])
            continue;
        alarm_clear(&s->listeners[i]->a);
        watch_close(&s->listeners[i]->w);
        loop_bury(s->listeners[i]);
        s->listeners[i] = NULL;
    }
}

static int open_tcp(struct service *s)
{
    for (int i = 0; i < TRIES; i++) {
        int port = listen_on(s, "127.0.0.1", 0, BACKLOG, 0);
        if (port < 0)
            break;
        if (!(s->flags & ON_V6) || listen_on(s, "::1", port, BACKLOG, 0) == port)
            return port;
        drop_listeners(s);
    }
    die(s->name);
}

static void open_unix(const char *path)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof sa.sun_path)
        die("--unix: path too long");
    strcpy(sa.sun_path, path);
    unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof sa) < 0 || listen(fd, BACKLOG) < 0)
        die(path);
    unix_name = strdup(path);
    add_listener(&unix_site, fd);
}

void services_open(const char *unix_path)
{
    for (struct service *s = services; s->name; s++) {
        s->ctx = s->tls ? s->tls() : NULL;
        s->port = s->open ? s->open(s) : open_tcp(s);
    }
    if (unix_path)
        open_unix(unix_path);
}

int service_port(const char *name)
{
    for (struct service *s = services; s->name; s++)
        if (strcmp(s->name, name) == 0)
            return s->port;
    return 0;
}

void services_close(void)
{
    for (struct service *s = services; s->name; s++) {
        drop_listeners(s);
        SSL_CTX_free(s->ctx);
        s->ctx = NULL;
    }
    drop_listeners(&unix_site);
    if (unix_name)
        unlink(unix_name);
    free(unix_name);
}
