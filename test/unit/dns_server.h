/*
 * dns_server.h - a name server on 127.0.0.1 for tests: one thread, UDP and TCP on one port.
 *
 * What it answers depends on the first label of the name (see dns_answer), and on its manner, which
 * stands for a whole server that is bad; a test's own `twist` has the last word. It knows nothing
 * of the code under test: its packets are made by hand.
 */
#ifndef FSK_TEST_DNS_SERVER_H
#define FSK_TEST_DNS_SERVER_H

#include <arpa/inet.h>
#include <ctype.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum dns_manner {
    DNS_GOOD,
    DNS_MUTE,         /* says nothing */
    DNS_NO_EDNS,      /* FORMERR to whoever speaks EDNS */
    DNS_NO_EDNS_BARE, /* likewise, without repeating the question */
    DNS_FOLDS,        /* repeats the question in lower case */
    DNS_SERVFAIL,
    DNS_REFUSED,
    DNS_BROKEN, /* right id, then nonsense */
    DNS_LAME
};

enum { DNS_LATE_MAX = 128, DNS_PACKET_MAX = 1200 };

struct dns_late {
    bool used;
    struct sockaddr_in to;
    struct timespec at;
    size_t n;
    uint8_t packet[DNS_PACKET_MAX];
};

/* What a twist may look at. */
struct dns_asked {
    const char *name; /* in lower case */
    unsigned type;
    bool tcp, edns, rd;
    unsigned nth; /* question to this server, from 0 */
};

struct dns_reply;

struct dns_server {
    enum dns_manner manner;
    unsigned limp_ms; /* each answer comes so much later */
    void (*twist)(const struct dns_asked *, struct dns_reply *); /* set it before any question */
    int udp, tcp, wake[2];
    uint16_t port;
    pthread_t thread;
    atomic_uint by_udp, by_tcp, a, aaaa;
    struct dns_late late[DNS_LATE_MAX];
};

static inline uint8_t *dns_put16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
    return p + 2;
}

/* A record for the name in the question; returns where its data go. */
static inline uint8_t *dns_record(uint8_t *p, unsigned type, unsigned ttl, unsigned rdlen)
{
    p = dns_put16(p, 0xc00c);
    p = dns_put16(p, type);
    p = dns_put16(p, 1);
    p = dns_put16(p, 0);
    p = dns_put16(p, ttl);
    return dns_put16(p, rdlen);
}

static inline uint8_t *dns_addr(uint8_t *p, unsigned type, unsigned ttl, const char *text)
{
    p = dns_record(p, type, ttl, type == 1 ? 4 : 16);
    inet_pton(type == 1 ? AF_INET : AF_INET6, text, p);
    return p + (type == 1 ? 4 : 16);
}

static inline size_t dns_name(uint8_t *p, const char *text)
{
    size_t n = 0;
    while (*text) {
        size_t label = strcspn(text, ".");
        p[n++] = (uint8_t)label;
        memcpy(p + n, text, label);
        n += label;
        text += label + (text[label] == '.');
    }
    p[n++] = 0;
    return n;
}

static inline uint8_t *dns_cname(uint8_t *p, unsigned ttl, const char *target)
{
    uint8_t wire[256];
    size_t n = dns_name(wire, target);
    p = dns_record(p, 5, ttl, (unsigned)n);
    memcpy(p, wire, n);
    return p + n;
}

/* The SOA record of the root, with this MINIMUM. */
static inline uint8_t *dns_soa(uint8_t *p, unsigned minimum)
{
    static const uint8_t zeros[22];
    *p++ = 0;
    p = dns_put16(p, 6);
    p = dns_put16(p, 1);
    p = dns_put16(p, 0);
    p = dns_put16(p, minimum);
    p = dns_put16(p, sizeof zeros);
    memcpy(p, zeros, sizeof zeros);
    dns_put16(p + 20, minimum);
    return p + sizeof zeros;
}

static inline bool dns_is(const char *name, const char *label)
{
    size_t n = strlen(label);
    return strncmp(name, label, n) == 0 && (name[n] == '.' || name[n] == '\0');
}

/* The name in the question as text in lower case; returns the bytes of the question. */
static inline size_t dns_question(const uint8_t *p, size_t n, char name[256])
{
    size_t at = 12, out = 0;
    while (at < n && p[at] && at + p[at] < n) {
        for (unsigned i = 1; i <= p[at]; i++)
            name[out++] = (char)tolower(p[at + i]);
        name[out++] = '.';
        at += 1u + p[at];
    }
    name[out ? out - 1 : 0] = '\0';
    return at + 5 - 12;
}

struct dns_reply {
    unsigned flags; /* with the rcode */
    unsigned answers, authorities;
    unsigned delay_ms;
    bool mute;
    unsigned copies;   /* besides the first one, by UDP and without delay */
    uint8_t *at, *end; /* of the records */
};

/* What is known of the names; records go to p. */
static inline struct dns_reply dns_answer(const char *name, unsigned type, bool tcp, uint8_t *p)
{
    struct dns_reply r = {.flags = 0x8180, .at = p, .end = p};
    bool a = type == 1;
    const char *ip = a ? "192.0.2.1" : "2001:db8::1";
    if (dns_is(name, "nx") || dns_is(name, "nx1")) {
        r.flags |= 3;
        r.authorities = 1;
        r.end = dns_soa(p, dns_is(name, "nx1") ? 1 : 300);
    } else if (dns_is(name, "web") && strcmp(name, "web.corp.example") != 0) {
        r.flags |= 3;
    } else if (dns_is(name, "empty") || (dns_is(name, "v4only") && !a)) {
        r.authorities = 1;
        r.end = dns_soa(p, 300);
    } else if (dns_is(name, "alias") || dns_is(name, "loop") || dns_is(name, "loop2")) {
        r.answers = 1;
        r.end = dns_cname(p, 300,
                          dns_is(name, "alias")  ? "both.example"
                          : dns_is(name, "loop") ? "loop2.example"
                                                 : "loop.example");
    } else if (dns_is(name, "hop1") || dns_is(name, "hop2")) {
        r.answers = 1;
        r.end = dns_is(name, "hop1") ? dns_cname(p, 200, "Hop2.Example")
                                     : dns_cname(p, 100, "hoP3.example");
    } else if (dns_is(name, "fails")) {
        r.flags |= 2;
    } else if (dns_is(name, "big") && !tcp) {
        r.flags |= 0x200;
    } else {
        r.answers = 1;
        r.end = dns_addr(p, type, dns_is(name, "ttl1") ? 1 : 300, ip);
        r.mute = dns_is(name, "mute") || (dns_is(name, "mute6") && !a);
        r.delay_ms = dns_is(name, "slow6") && !a ? 300 : dns_is(name, "slow4") && a ? 300 : 0;
    }
    return r;
}

/* Answer one query; the length of the packet, 0 for none. */
static inline size_t dns_reply_to(struct dns_server *s, const uint8_t *q, size_t n, bool tcp,
                                  uint8_t out[DNS_PACKET_MAX], struct dns_reply *reply,
                                  char name[256])
{
    size_t question = dns_question(q, n, name);
    unsigned type = (unsigned)(q[12 + question - 4] << 8 | q[12 + question - 3]);
    bool edns = q[11] > 0;
    struct dns_asked asked = {name, type, tcp, edns, q[2] & 1, s->by_udp + s->by_tcp};
    atomic_fetch_add(tcp ? &s->by_tcp : &s->by_udp, 1);
    atomic_fetch_add(type == 1 ? &s->a : &s->aaaa, 1);
    memcpy(out, q, 12 + question);
    if (s->manner == DNS_FOLDS)
        for (size_t i = 12; i < 12 + question; i++)
            out[i] = (uint8_t)tolower(out[i]);
    struct dns_reply r = dns_answer(name, type, tcp, out + 12 + question);
    switch (s->manner) {
    case DNS_MUTE:
        return 0;
    case DNS_NO_EDNS:
    case DNS_NO_EDNS_BARE:
        if (edns)
            r = (struct dns_reply){.flags = 0x8181, .end = out + 12 + question};
        break;
    case DNS_SERVFAIL:
    case DNS_REFUSED:
        r = (struct dns_reply){.flags = s->manner == DNS_REFUSED ? 0x8185 : 0x8182,
                               .end = out + 12 + question};
        break;
    case DNS_BROKEN:
        r.answers += 3;
        break;
    case DNS_LAME:
        r = (struct dns_reply){.flags = 0x8100, .end = out + 12 + question};
        break;
    default:
        break;
    }
    if (s->twist)
        s->twist(&asked, &r);
    bool bare = s->manner == DNS_NO_EDNS_BARE && edns;
    dns_put16(dns_put16(dns_put16(dns_put16(dns_put16(out + 2, r.flags), !bare), r.answers),
                        r.authorities),
              0);
    r.delay_ms += s->limp_ms;
    *reply = r;
    return r.mute ? 0 : bare ? 12 : (size_t)(r.end - out);
}

/* Before the true answer: every way to be wrong, all with another address in it. */
static inline void dns_forge(struct dns_server *s, const uint8_t *true_one, size_t n,
                             const struct sockaddr_in *to)
{
    uint8_t p[DNS_PACKET_MAX];
    int stranger = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    memcpy(p, true_one, n);
    p[n - 1] ^= 0xff;
    sendto(stranger, p, n, 0, (const void *)to, sizeof *to); /* from another port */
    close(stranger);
    for (unsigned id = 1; id < 200; id++) {
        uint8_t wrong[DNS_PACKET_MAX];
        memcpy(wrong, p, n);
        dns_put16(wrong, ((unsigned)(wrong[0] << 8 | wrong[1]) + id) & 0xffff);
        sendto(s->udp, wrong, n, 0, (const void *)to, sizeof *to);
    }
    p[13] = 'x'; /* another question */
    sendto(s->udp, p, n, 0, (const void *)to, sizeof *to);
    p[13] = true_one[13];
    p[2] = 0; /* a question, not an answer */
    sendto(s->udp, p, n, 0, (const void *)to, sizeof *to);
    sendto(s->udp, p, 3, 0, (const void *)to, sizeof *to);
    sendto(s->udp, p, 0, 0, (const void *)to, sizeof *to);
}

static inline void dns_serve_udp(struct dns_server *s)
{
    uint8_t q[2048], out[DNS_PACKET_MAX];
    char name[256];
    struct sockaddr_in from;
    socklen_t len = sizeof from;
    struct dns_reply r;
    ssize_t n = recvfrom(s->udp, q, sizeof q, 0, (void *)&from, &len);
    if (n < 17)
        return;
    size_t m = dns_reply_to(s, q, (size_t)n, false, out, &r, name);
    if (!m)
        return;
    if (!r.delay_ms) {
        if (dns_is(name, "forged"))
            dns_forge(s, out, m, &from);
        for (unsigned i = 0; i <= r.copies; i++)
            sendto(s->udp, out, m, 0, (const void *)&from, sizeof from);
        return;
    }
    for (unsigned i = 0; i < DNS_LATE_MAX; i++) {
        struct dns_late *l = &s->late[i];
        if (l->used)
            continue;
        *l = (struct dns_late){.used = true, .to = from, .n = m};
        memcpy(l->packet, out, m);
        clock_gettime(CLOCK_MONOTONIC, &l->at);
        l->at.tv_nsec += (long)r.delay_ms % 1000 * 1000000L;
        l->at.tv_sec += r.delay_ms / 1000 + l->at.tv_nsec / 1000000000L;
        l->at.tv_nsec %= 1000000000L;
        return;
    }
}

/* Blocks for at most a second: one client at a time is enough. */
static inline void dns_serve_tcp(struct dns_server *s)
{
    uint8_t q[2048], out[2 + DNS_PACKET_MAX];
    char name[256];
    struct dns_reply r;
    int fd = accept4(s->tcp, NULL, NULL, SOCK_CLOEXEC);
    struct timeval second = {.tv_sec = 1};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
    if (recv(fd, q, 2, MSG_WAITALL) == 2) {
        size_t want = (size_t)q[0] << 8 | q[1];
        if (want >= 17 && want <= sizeof q && recv(fd, q, want, MSG_WAITALL) == (ssize_t)want) {
            size_t n = dns_reply_to(s, q, want, true, out + 2, &r, name);
            dns_put16(out, (unsigned)n);
            for (size_t i = 0; n && i < n + 2; i++) /* byte by byte: the client must put together */
                send(fd, out + i, 1, MSG_NOSIGNAL);
        }
    }
    close(fd);
}

static inline void dns_send_late(struct dns_server *s)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    for (unsigned i = 0; i < DNS_LATE_MAX; i++) {
        struct dns_late *l = &s->late[i];
        if (!l->used || l->at.tv_sec > now.tv_sec ||
            (l->at.tv_sec == now.tv_sec && l->at.tv_nsec > now.tv_nsec))
            continue;
        sendto(s->udp, l->packet, l->n, 0, (const void *)&l->to, sizeof l->to);
        l->used = false;
    }
}

static inline void *dns_serve(void *arg)
{
    struct dns_server *s = arg;
    for (;;) {
        struct pollfd p[3] = {
            {.fd = s->wake[0], .events = POLLIN},
            {.fd = s->udp,     .events = POLLIN},
            {.fd = s->tcp,     .events = POLLIN}
        };
        poll(p, 3, 5);
        if (p[0].revents)
            return NULL;
        if (p[1].revents)
            dns_serve_udp(s);
        if (p[2].revents)
            dns_serve_tcp(s);
        dns_send_late(s);
    }
}

/* Both sockets on one port of 127.0.0.1. */
static inline bool dns_bind(struct dns_server *s)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    s->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    s->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bind(s->udp, (const void *)&at, sizeof at);
    getsockname(s->udp, (void *)&at, &len);
    s->port = ntohs(at.sin_port);
    return bind(s->tcp, (const void *)&at, sizeof at) == 0 && listen(s->tcp, 5) == 0;
}

static inline void dns_start(struct dns_server *s, enum dns_manner manner)
{
    *s = (struct dns_server){.manner = manner};
    while (!dns_bind(s)) {
        close(s->udp);
        close(s->tcp);
    }
    if (pipe(s->wake) != 0 || pthread_create(&s->thread, NULL, dns_serve, s) != 0)
        abort();
}

static inline void dns_stop(struct dns_server *s)
{
    close(s->wake[1]);
    pthread_join(s->thread, NULL);
    close(s->wake[0]);
    close(s->udp);
    close(s->tcp);
}

#endif
