/* dns.c: the name servers' transports, UDP and TCP at the same port number. */
#include "body.h"
#include "ports.h"
#include "zone.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define TRIES     50
#define FORGED_MS 50

/* Where a datagram came from. */
struct peer {
    struct sockaddr_storage sa;
    socklen_t len;
};

/* A UDP answer that waits for its time. */
struct later {
    struct alarm a;
    int fd;
    struct peer to;
    size_t len;
    uint8_t msg[];
};

static struct watch watches[6]; /* two for each open_both */
static size_t watch_count;
static int stray_fd = -1; /* forged answers from the wrong port come from here (IPv4 only) */

static void send_to(int fd, const struct peer *to, const void *msg, size_t len)
{
    sendto(fd, msg, len, MSG_NOSIGNAL, (const struct sockaddr *)&to->sa, to->len);
}

static void on_later(struct alarm *a)
{
    struct later *l = container_of(a, struct later, a);
    send_to(l->fd, &l->to, l->msg, l->len);
    loop_bury(l);
}

static void send_later(int fd, const struct peer *to, const struct answer *a, unsigned ms)
{
    struct later *l = xzalloc(sizeof *l + a->len);
    l->a.ring = on_later;
    l->fd = fd;
    l->to = *to;
    l->len = a->len;
    memcpy(l->msg, a->msg, a->len);
    alarm_set(&l->a, loop_now() + MS(ms));
}

static void swap_case(uint8_t *name, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (isalpha(name[i]))
            name[i] ^= 0x20;
}

static void send_forgeries(int fd, const struct peer *to, const struct query *q)
{
    struct answer lie;
    zone_lie(&lie, q);
    lie.msg[0] ^= 1; /* another id */
    send_to(fd, to, lie.msg, lie.len);
    lie.msg[0] ^= 1;
    lie.msg[13] = lie.msg[13] == 'x' ? 'y' : 'x'; /* another question */
    send_to(fd, to, lie.msg, lie.len);
    lie.msg[13] = q->msg[13];
    lie.msg[12 + q->qname_len + 1] ^= 2; /* another type */
    send_to(fd, to, lie.msg, lie.len);
    lie.msg[12 + q->qname_len + 1] ^= 2;
    lie.msg[2] &= 0x7f; /* no answer but a query */
    send_to(fd, to, lie.msg, lie.len);
    lie.msg[2] |= 0x80;
    swap_case(lie.msg + 12, q->qname_len); /* the same name in another case */
    send_to(fd, to, lie.msg, lie.len);
    swap_case(lie.msg + 12, q->qname_len);
    send_to(stray_fd, to, lie.msg, lie.len); /* all is right, but from another port */
}

static void send_noise(int fd, const struct peer *to)
{
    char noise[200];
    body_random(7, noise, sizeof noise);
    send_to(fd, to, noise, 0);
    for (size_t len = 1; len <= sizeof noise; len += 33)
        send_to(fd, to, noise, len);
}

static void answer_udp(int fd, const struct peer *from, const uint8_t *msg, size_t len)
{
    static struct answer a;
    struct query q;
    if (!query_parse(msg, len, false, &q))
        return;
    stats.dns_queries++;
    zone_answer(&a, &q);
    switch (a.manner) {
    case ANSWER_SEND:
        if (a.delay_ms)
            send_later(fd, from, &a, a.delay_ms);
        else
            send_to(fd, from, a.msg, a.len);
        break;
    case ANSWER_FORGED:
        send_forgeries(fd, from, &q);
        send_later(fd, from, &a, FORGED_MS);
        break;
    case ANSWER_NOISE:
        send_noise(fd, from);
        break;
    default:
        break;
    }
}

/* Calls answer for each datagram that is there. */
static void receive(int fd, void (*answer)(int, const struct peer *, const uint8_t *, size_t))
{
    uint8_t msg[4096];
    struct peer from;
    for (int i = 0; i < 256; i++) {
        from.len = sizeof from.sa;
        ssize_t n = recvfrom(fd, msg, sizeof msg, 0, (struct sockaddr *)&from.sa, &from.len);
        if (n < 0)
            return;
        if (answer)
            answer(fd, &from, msg, (size_t)n);
    }
}

static void on_dns(struct watch *w, uint32_t events)
{
    (void)events;
    receive(w->fd, answer_udp);
}

static void on_mute(struct watch *w, uint32_t events)
{
    (void)events;
    receive(w->fd, NULL);
}

static void answer_noise(int fd, const struct peer *from, const uint8_t *msg, size_t len)
{
    (void)msg, (void)len;
    send_noise(fd, from);
}

static void on_garbage(struct watch *w, uint32_t events)
{
    (void)events;
    receive(w->fd, answer_noise);
}

static int udp_socket(int family, int port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    const struct sockaddr *sa = (struct sockaddr *)&v4;
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), size = 4 << 20;
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    v6.sin6_addr = in6addr_loopback;
    if (family == AF_INET6)
        sa = (struct sockaddr *)&v6;
    if (fd < 0)
        die("socket");
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (bind(fd, sa, family == AF_INET6 ? sizeof v6 : sizeof v4) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void watch_udp(int fd, void (*ready)(struct watch *, uint32_t))
{
    struct watch *w = &watches[watch_count++];
    watch_init(w, fd, ready);
    watch_set(w, EPOLLIN);
}

/* TCP at a port of the kernel's choice and UDP at the same, on 127.0.0.1 and on ::1. */
static int open_both(struct service *s, void (*ready)(struct watch *, uint32_t))
{
    for (int i = 0; i < TRIES; i++) {
        int port = listen_on(s, "127.0.0.1", 0, 1024, 0), fd4, fd6;
        if (port > 0 && listen_on(s, "::1", port, 1024, 0) == port) {
            fd4 = udp_socket(AF_INET, port);
            fd6 = udp_socket(AF_INET6, port);
            if (fd4 >= 0 && fd6 >= 0) {
                watch_udp(fd4, ready);
                watch_udp(fd6, ready);
                return port;
            }
            if (fd4 >= 0)
                close(fd4);
            if (fd6 >= 0)
                close(fd6);
        }
        drop_listeners(s);
    }
    die(s->name);
}

int open_dns(struct service *s)
{
    stray_fd = udp_socket(AF_INET, 0);
    return open_both(s, on_dns);
}

int open_dns_mute(struct service *s)
{
    return open_both(s, on_mute);
}

int open_dns_garbage(struct service *s)
{
    return open_both(s, on_garbage);
}

/* The port belongs to a TCP socket that doesn't listen, so that nobody else gets its number;
 * its UDP twin is closed again. */
int open_dns_refused(struct service *s)
{
    for (int i = 0; i < TRIES; i++) {
        int port = open_refused(s), fd = udp_socket(AF_INET, port);
        if (fd >= 0) {
            close(fd);
            return port;
        }
    }
    die("dns-refused");
}

/* TCP: messages behind their length. */

static void say_answer(struct conn *c, const struct answer *a)
{
    char noise[100];
    switch (a->manner) {
    case ANSWER_NONE:
        say_hang(c);
        break;
    case ANSWER_FIN:
        say_close(c);
        break;
    case ANSWER_NOISE:
        body_random(7, noise, sizeof noise);
        say_bytes(c, noise, sizeof noise);
        break;
    default:
        if (a->delay_ms)
            say_pause(c, a->delay_ms);
        say_bytes(c, (char[]){(char)(a->len >> 8), (char)(a->len & 0xff)}, 2);
        say_bytes(c, a->msg, a->len);
    }
}

static void input_dns(struct conn *c)
{
    static struct answer a;
    const uint8_t *in = (const uint8_t *)c->in;
    while (c->in_len >= 2) {
        size_t len = (size_t)(in[0] << 8 | in[1]);
        struct query q;
        if (c->in_len < 2 + len)
            break;
        if (!query_parse(in + 2, len, true, &q)) {
            conn_close(c);
            return;
        }
        stats.dns_queries++;
        zone_answer(&a, &q);
        say_answer(c, &a);
        conn_eat(c, 2 + len);
        in = (const uint8_t *)c->in;
    }
    if (c->eof && !c->parts)
        conn_close(c);
}

void accepted_dns(struct conn *c)
{
    c->input = input_dns;
}
