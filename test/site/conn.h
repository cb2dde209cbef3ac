/* conn.h: a connection and the script it plays.
 *
 * What a server says is a script: a list of parts (bytes, endless repetitions, drips, pauses) with
 * an ending (keep open, close, reset, hang). Pages append parts with the say_ functions and
 * return; the connection plays them as fast as the peer and the pauses allow. Every manner, good or
 * bad, is made of these parts. What it hears goes to `input`, which belongs to the protocol.
 */
#ifndef SITE_CONN_H
#define SITE_CONN_H

#include "loop.h"

#include <openssl/ssl.h>

struct request;
struct part;
struct service;

struct conn {
    struct watch w;
    struct alarm a; /* a pause, a drip, or the end of lingering */
    struct service *svc;
    SSL *ssl; /* NULL: plain */
    char *in; /* bytes heard and not yet consumed */
    size_t in_len, in_room;
    struct part *parts, *last;
    void (*input)(struct conn *c);  /* bytes or the end came, or the script has been played */
    void (*hangup)(struct conn *c); /* called once, when the connection is closed; may be NULL */
    struct conn *peer;              /* the other side of a relay */
    struct request *req;            /* HTTP: the request being read */
    void *state;                    /* belongs to the protocol; freed with the connection */
    unsigned requests;              /* HTTP: requests seen so far */
    unsigned hold_ms;               /* how long a hanging connection outlives the peer's FIN */
    bool eof;                       /* the peer has said its last byte */
    bool deaf;                      /* does not read any more */
    bool muted;                     /* say_ drops bytes: the body of an answer to HEAD */
    bool shaking;                   /* the TLS handshake is still going on */
    bool connecting;                /* an outgoing connection that isn't there yet */
    bool want_out;                  /* waits until the socket can be written to */
    bool ending;                    /* the last part was played: no more output, ever */
    bool told;                      /* relay: the other side knows of the end */
    bool dead;
};

/* What the program counts; page /stats shows it. */
struct stats {
    uint64_t accepted, requests, open, max_open, reuse_deaths, dns_queries, resets;
};
extern struct stats stats;

#define IN_CEILING (128 * 1024)

/* A connection for an accepted socket (TLS if svc has a context), or for one that is being
 * connected to. The caller sets input and then calls conn_step. */
struct conn *conn_new(int fd, struct service *svc, SSL_CTX *tls);

/* Goes as far as it can: handshake, read, input, play. May close the connection. */
void conn_step(struct conn *c);

/* Calls conn_step soon, from the loop. */
void conn_wake(struct conn *c);

/* Closes and buries at once. */
void conn_close(struct conn *c);

/* The same, with a reset instead of a FIN. */
void conn_reset(struct conn *c);

/* Closes all connections that are open, at exit. */
void conn_close_all(void);

/* Takes n consumed bytes off the front of the input. */
void conn_eat(struct conn *c, size_t n);

/* An input that drops all it hears, and closes when the peer does (or hold_ms later). */
void conn_discard(struct conn *c);

/* Appends a copy of the text or bytes. */
void say(struct conn *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void say_bytes(struct conn *c, const void *data, size_t len);

/* Appends memory that stays where it is until the program ends. */
void say_static(struct conn *c, const void *data, size_t len);

/* The first `total` bytes of data repeated for ever; UINT64_MAX: for ever. data stays. */
void say_repeat(struct conn *c, const void *data, size_t len, uint64_t total);

/* A copy of the bytes, repeated up to `total`, `piece` bytes at once with ms between the pieces. */
void say_drip(struct conn *c, const void *data, size_t len, uint64_t total, size_t piece,
              unsigned ms);

void say_pause(struct conn *c, unsigned ms);

/* A FIN in the middle of things: says nothing more, but reads on. */
void say_shut(struct conn *c);

/* Endings. After one of them nothing more is said. */
void say_close(struct conn *c);     /* close_notify if TLS, then FIN */
void say_bare_fin(struct conn *c);  /* FIN, without close_notify */
void say_reset(struct conn *c);     /* RST, some 30 ms after the last byte */
void say_hang(struct conn *c);      /* silence; reads on */
void say_deaf_hang(struct conn *c); /* silence, and reads no more; two minutes at most */

/* Bytes that wait to be sent. */
uint64_t conn_backlog(const struct conn *c);

#endif
