#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DRIP_MS     100
#define REDIRECT_MS 300
#define DEAF_MS     5000
#define FILLERS     16 /* connections that fill a queue, at most */

static const char *const names[PEER_KINDS] = {
    "sip",        "interim-drip",   "ext-drip",     "trailer-drip",  "redirect-slow",
    "tls-record", "reset",          "drip",         "flood",         "tls-bytes",
    "tls-half",   "tls-deaf",       "tls-cut",      "tls-h2",        "telnet",
    "h2-silent",  "h2-mute",        "h2-pings",     "h2-half-frame", "h2-continued",
    "h2-refused", "h2-gone",        "h2-half-body", "h2-bytes",      "h2-empty",
    "h2-cut",     "h2-shut-window", "h2-deaf",
};

int peer_port(const struct peers *peers, const char *name)
{
    for (int i = 0; i < PEER_KINDS; i++)
        if (strcmp(name, names[i]) == 0)
            return peers->port[i];
    return strcmp(name, "hanging") == 0 ? peers->hanging : 0;
}

struct guest {
    int fd;
    enum peer_kind kind;
};

static const char *folder; /* of the certificate */

static void pause_ms(long ms)
{
    struct timespec ts = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&ts, NULL);
}

static int put(int fd, const char *data, size_t len)
{
    return send(fd, data, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* `once`, and then `forever` again and again, a byte at a time. */
static void drip(int fd, const char *once, const char *forever)
{
    if (!put(fd, once, strlen(once)))
        return;
    for (size_t i = 0; put(fd, forever + i, 1); i = forever[i + 1] ? i + 1 : 0)
        pause_ms(DRIP_MS);
}

/* The `n` bytes again and again. */
static void flood(int fd, const char *bytes, size_t n)
{
    char many[16383];
    for (size_t i = 0; i < sizeof many; i++)
        many[i] = bytes[i % n];
    while (send(fd, many, sizeof many, MSG_NOSIGNAL) > 0)
        ;
}

/* Reads up to the end of a head; false if there is none. */
static int read_head(int fd)
{
    char head[4096];
    size_t n = 0;
    while (n < sizeof head - 1) {
        ssize_t got = read(fd, head + n, sizeof head - 1 - n);
        if (got <= 0)
            return 0;
        n += (size_t)got;
        head[n] = '\0';
        if (strstr(head, "\r\n\r\n"))
            return 1;
    }
    return 0;
}

/* Each time to another page: what leads back to where it was is no slow chain but a circle. */
static void redirect_slowly(int fd)
{
    char answer[128];
    for (unsigned i = 0; read_head(fd); i++) {
        int n =
            snprintf(answer, sizeof answer,
                     "HTTP/1.1 302 Found\r\nLocation: /page/%u\r\nContent-Length: 0\r\n\r\n", i);
        pause_ms(REDIRECT_MS);
        if (!put(fd, answer, (size_t)n))
            return;
    }
}

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static void drip_records(SSL *ssl)
{
    while (SSL_write(ssl, "x", 1) == 1)
        pause_ms(DRIP_MS);
}

static int choose_h2(SSL *ssl, const unsigned char **out, unsigned char *n, const unsigned char *in,
                     unsigned in_n, void *arg)
{
    (void)ssl, (void)in, (void)in_n, (void)arg;
    *out = (const unsigned char *)"h2";
    *n = 2;
    return SSL_TLSEXT_ERR_OK;
}

/* A true handshake, and then what the guest's kind is. */
static void serve_tls(const struct guest *g)
{
    char path[2][300];
    snprintf(path[0], sizeof path[0], "%s/site.pem", folder);
    snprintf(path[1], sizeof path[1], "%s/key.pem", folder);
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate_chain_file(ctx, path[0]);
    SSL_CTX_use_PrivateKey_file(ctx, path[1], SSL_FILETYPE_PEM);
    if (g->kind == PEER_TLS_H2)
        SSL_CTX_set_alpn_select_cb(ctx, choose_h2, NULL);
    SSL *ssl = SSL_new(ctx);
    SSL_set_fd(ssl, g->fd);
    if (SSL_accept(ssl) != 1)
        ;
    else if (g->kind == PEER_TLS_BYTES)
        drip_records(ssl);
    else if (g->kind == PEER_TLS_HALF && put(g->fd, "\x17\x03\x03\x40\x00", 5))
        drip(g->fd, "", "\x01");
    else if (g->kind == PEER_TLS_DEAF || g->kind == PEER_TLS_H2)
        pause_ms(DEAF_MS);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

static void *serve(void *arg)
{
    struct guest *g = arg;
    char byte;
    switch (g->kind) {
    case PEER_SIP:
        while (read(g->fd, &byte, 1) == 1)
            pause_ms(DRIP_MS);
        break;
    case PEER_INTERIM_DRIP:
        drip(g->fd, "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 100 C\r\n\r\n");
        break;
    case PEER_EXT_DRIP:
        drip(g->fd, CHUNKED "5;", "x");
        break;
    case PEER_TRAILER_DRIP:
        drip(g->fd, CHUNKED "5\r\nhello\r\n0\r\n", "X: y\r\n");
        break;
    case PEER_REDIRECT_SLOW:
        redirect_slowly(g->fd);
        break;
    case PEER_RESET:
        if (read(g->fd, &byte, 1) == 1)
            setsockopt(g->fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
        break;
    case PEER_DRIP:
        drip(g->fd, "", "x");
        break;
    case PEER_FLOOD:
        flood(g->fd, "x", 1);
        break;
    case PEER_TELNET:
        flood(g->fd, "\xff\xfb\xc8", 3); /* IAC WILL 200 */
        break;
    case PEER_TLS_BYTES:
    case PEER_TLS_HALF:
    case PEER_TLS_DEAF:
    case PEER_TLS_CUT:
    case PEER_TLS_H2:
        serve_tls(g);
        break;
    default:
        if (g->kind >= PEER_H2) {
            serve_h2(g->fd, (enum h2_manner)(g->kind - PEER_H2));
            break;
        }
        if (send(g->fd, "\x16\x03\x03\x10\x00", 5, MSG_NOSIGNAL) == 5)
            drip(g->fd, "\x02", "\x01");
        break;
    }
    close(g->fd);
    free(g);
    return NULL;
}

/* A socket bound to 127.0.0.HOST; *port 0: any. -1: it can't be had. */
static int bound(unsigned host, int *port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)*port),
                             .sin_addr.s_addr = htonl(0x7f000000 + host)};
    socklen_t len = sizeof to;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1, small = 2048;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (bind(fd, (struct sockaddr *)&to, len) < 0) {
        close(fd);
        return -1;
    }
    getsockname(fd, (struct sockaddr *)&to, &len);
    *port = ntohs(to.sin_port);
    return fd;
}

/* Listens with a queue as short as can be, and fills it. */
static int fill(int fd)
{
    struct sockaddr_storage to;
    socklen_t len = sizeof to;
    getsockname(fd, (struct sockaddr *)&to, &len);
    if (listen(fd, 0) < 0)
        return 0;
    for (int i = 0; i < FILLERS; i++) {
        int c = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct pollfd p = {.fd = c, .events = POLLOUT};
        if (connect(c, (struct sockaddr *)&to, len) < 0 &&
            (errno != EINPROGRESS || poll(&p, 1, 300) != 1))
            return 1; /* this one hangs */
    }
    return 0;
}

static int hang_tcp(struct peers *peers)
{
    for (int i = 0; i < 20; i++) {
        peers->hanging = 0;
        int a = bound(2, &peers->hanging), b = bound(3, &peers->hanging);
        if (a >= 0 && b >= 0)
            return fill(a) && fill(b);
        close(a);
        close(b);
    }
    return 0;
}

/* A socket bound to this file of the directory, whose path is written down; -1. */
static int bound_unix(char path[108], const char *dir, const char *name)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(to.sun_path, sizeof to.sun_path, "%.90s/%s", dir, name);
    memcpy(path, to.sun_path, sizeof to.sun_path);
    return bind(fd, (struct sockaddr *)&to, sizeof to) == 0 ? fd : -1;
}

static int hang_unix(struct peers *peers, const char *dir)
{
    return fill(bound_unix(peers->path, dir, "hanging.sock"));
}

/* Who has connected stays in the queue. */
static int deafen_unix(struct peers *peers, const char *dir)
{
    return listen(bound_unix(peers->deaf, dir, "deaf.sock"), 128) == 0;
}

static void accept_for_ever(const int listener[PEER_KINDS])
{
    struct pollfd p[PEER_KINDS];
    pthread_t thread;
    for (int i = 0; i < PEER_KINDS; i++)
        p[i] = (struct pollfd){.fd = listener[i], .events = POLLIN};
    for (;;) {
        poll(p, PEER_KINDS, -1);
        for (int i = 0; i < PEER_KINDS; i++) {
            struct guest *g = p[i].revents ? malloc(sizeof *g) : NULL;
            if (!g)
                continue;
            *g = (struct guest){accept(listener[i], NULL, NULL), (enum peer_kind)i};
            if (pthread_create(&thread, NULL, serve, g) == 0)
                pthread_detach(thread);
        }
    }
}

int peers_start(struct peers *peers, const char *dir)
{
    int listener[PEER_KINDS], ready[2];
    folder = dir;
    *peers = (struct peers){.pid = -1};
    if (pipe(ready) < 0)
        return 0;
    for (int i = 0; i < PEER_KINDS; i++) {
        listener[i] = bound(1, &peers->port[i]);
        if (listener[i] < 0 || listen(listener[i], 128) < 0)
            return 0;
    }
    peers->pid = fork();
    if (peers->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
        if (!hang_tcp(peers) || !hang_unix(peers, dir) || !deafen_unix(peers, dir) ||
            write(ready[1], peers, sizeof *peers) != (ssize_t)sizeof *peers)
            _exit(1);
        close(ready[1]);
        accept_for_ever(listener);
    }
    pid_t pid = peers->pid;
    close(ready[1]);
    int good = read(ready[0], peers, sizeof *peers) == (ssize_t)sizeof *peers;
    close(ready[0]);
    for (int i = 0; i < PEER_KINDS; i++)
        close(listener[i]);
    peers->pid = pid;
    return good;
}

void peers_stop(struct peers *peers)
{
    kill(peers->pid, SIGKILL);
    waitpid(peers->pid, NULL, 0);
    unlink(peers->path);
    unlink(peers->deaf);
}
