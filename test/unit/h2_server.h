/*
 * h2_server.h - a server of HTTP/2 without TLS in a process of its own, for tests: whatever is
 * asked, it answers 200 with the path as the body, after as many bytes of a request's body as come.
 */
#ifndef FSK_TEST_H2_SERVER_H
#define FSK_TEST_H2_SERVER_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define H2_CONNS 60

struct h2_path {
    char text[200];
    size_t n, given;
};

struct h2_server {
    pid_t pid;
    int listener, wake[2];
    uint16_t port;
    int fd[H2_CONNS];
    nghttp2_session *session[H2_CONNS];
    size_t n;
    unsigned connections, requests, streams; /* streams: the most at once */
    unsigned open;
};

static inline int h2_server_header(nghttp2_session *ng, const nghttp2_frame *frame,
                                   const uint8_t *name, size_t n, const uint8_t *value,
                                   size_t value_n, uint8_t flags, void *user)
{
    (void)flags, (void)user;
    if (n != 5 || memcmp(name, ":path", 5) != 0)
        return 0;
    struct h2_path *path = calloc(1, sizeof *path);
    if (!path)
        abort();
    path->n = value_n < sizeof path->text ? value_n : sizeof path->text;
    memcpy(path->text, value, path->n);
    nghttp2_session_set_stream_user_data(ng, frame->hd.stream_id, path);
    return 0;
}

static inline ssize_t h2_server_body(nghttp2_session *ng, int32_t id, uint8_t *buf, size_t length,
                                     uint32_t *flags, nghttp2_data_source *source, void *user)
{
    struct h2_path *path = source->ptr;
    (void)ng, (void)id, (void)user;
    size_t n = path->n - path->given < length ? path->n - path->given : length;
    memcpy(buf, path->text + path->given, n);
    path->given += n;
    if (path->given == path->n)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)n;
}

static inline int h2_server_frame(nghttp2_session *ng, const nghttp2_frame *frame, void *user)
{
    static const nghttp2_nv ok = {(uint8_t *)(size_t) ":status", (uint8_t *)(size_t) "200", 7, 3,
                                  0};
    struct h2_server *server = user;
    if (frame->hd.type > NGHTTP2_HEADERS)
        return 0;
    if (frame->hd.type == NGHTTP2_HEADERS && ++server->open > server->streams)
        server->streams = server->open;
    if (!(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
        return 0;
    nghttp2_data_provider body = {.source.ptr =
                                      nghttp2_session_get_stream_user_data(ng, frame->hd.stream_id),
                                  .read_callback = h2_server_body};
    server->requests++;
    return nghttp2_submit_response(ng, frame->hd.stream_id, &ok, 1, &body);
}

static inline int h2_server_close(nghttp2_session *ng, int32_t id, uint32_t code, void *user)
{
    struct h2_server *server = user;
    (void)code;
    server->open--;
    free(nghttp2_session_get_stream_user_data(ng, id));
    return 0;
}

static inline void h2_server_accept(struct h2_server *server)
{
    nghttp2_session_callbacks *calls;
    int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0 || server->n == H2_CONNS ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)))
        abort();
    nghttp2_session_callbacks_new(&calls);
    nghttp2_session_callbacks_set_on_header_callback(calls, h2_server_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(calls, h2_server_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(calls, h2_server_close);
    nghttp2_session_server_new(&server->session[server->n], calls, server);
    nghttp2_session_callbacks_del(calls);
    nghttp2_submit_settings(server->session[server->n], 0, NULL, 0);
    server->fd[server->n++] = fd;
    server->connections++;
}

static inline void h2_server_drop(struct h2_server *server, size_t i)
{
    nghttp2_session_del(server->session[i]);
    close(server->fd[i]);
    server->n--;
    server->fd[i] = server->fd[server->n];
    server->session[i] = server->session[server->n];
}

/* False: it is over. */
static inline bool h2_server_move(struct h2_server *server, size_t i, bool readable)
{
    static uint8_t buf[65536];
    const uint8_t *p;
    ssize_t n = readable ? read(server->fd[i], buf, sizeof buf) : 1;
    if (n <= 0 || (readable && nghttp2_session_mem_recv(server->session[i], buf, (size_t)n) < 0))
        return false;
    while ((n = nghttp2_session_mem_send(server->session[i], &p)) > 0)
        if (send(server->fd[i], p, (size_t)n, MSG_NOSIGNAL) < 0)
            return false;
    return true;
}

static inline void h2_server_run(struct h2_server *server)
{
    for (;;) {
        struct pollfd fd[H2_CONNS + 2] = {
            {.fd = server->wake[0],  .events = POLLIN},
            {.fd = server->listener, .events = POLLIN}
        };
        for (size_t i = 0; i < server->n; i++)
            fd[i + 2] = (struct pollfd){.fd = server->fd[i], .events = POLLIN};
        poll(fd, server->n + 2, -1);
        if (fd[0].revents)
            break;
        for (size_t i = server->n; i-- > 0;)
            if (!h2_server_move(server, i, fd[i + 2].revents))
                h2_server_drop(server, i);
        if (fd[1].revents)
            h2_server_accept(server);
    }
    while (server->n)
        h2_server_drop(server, 0);
}

/* What it counts can be read while it runs. */
static inline struct h2_server *h2_server_start(void)
{
    struct h2_server *server =
        mmap(NULL, sizeof *server, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    pid_t pid;
    if (server == MAP_FAILED)
        abort();
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(server->listener, (struct sockaddr *)&at, len) || listen(server->listener, 64) ||
        getsockname(server->listener, (struct sockaddr *)&at, &len) ||
        pipe2(server->wake, O_CLOEXEC) || (pid = fork()) < 0)
        abort();
    if (pid == 0) {
        h2_server_run(server);
        _exit(0);
    }
    server->pid = pid;
    server->port = ntohs(at.sin_port);
    return server;
}

static inline void h2_server_stop(struct h2_server *server)
{
    if (write(server->wake[1], "x", 1) != 1)
        abort();
    waitpid(server->pid, NULL, 0);
    close(server->listener);
    close(server->wake[0]);
    close(server->wake[1]);
    munmap(server, sizeof *server);
}

#endif
