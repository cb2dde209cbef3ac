#include "conn.h"
#include "request.h"
#include "script.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINGER_MS    2000   /* how long a closed connection waits for the peer's FIN */
#define DEAF_MS      120000 /* a connection that doesn't read can't see the peer leave */
#define RESET_MS     30     /* lets the last bytes arrive before the reset */
#define TURN_CEILING (1024 * 1024)

struct stats stats;
static struct conn **all;
static size_t all_room;

static void on_ready(struct watch *w, uint32_t events)
{
    struct conn *c = container_of(w, struct conn, w);
    bool gone = events & EPOLLERR || (events & EPOLLHUP && (c->eof || c->deaf));
    if ((gone && !c->connecting) || (c->deaf && events & EPOLLRDHUP)) {
        conn_close(c);
        return;
    }
    conn_step(c);
}

static void on_alarm(struct alarm *a)
{
    struct conn *c = container_of(a, struct conn, a);
    if (c->ending) {
        if (c->parts && c->parts->kind == PART_RESET)
            conn_reset(c);
        else
            conn_close(c);
        return;
    }
    if (c->parts)
        c->parts->rested = true;
    conn_step(c);
}

struct conn *conn_new(int fd, struct service *svc, SSL_CTX *tls)
{
    struct conn *c = xzalloc(sizeof *c);
    watch_init(&c->w, fd, on_ready);
    c->a.ring = on_alarm;
    c->svc = svc;
    if (tls) {
        c->ssl = SSL_new(tls);
        if (!c->ssl || !SSL_set_fd(c->ssl, fd))
            die("SSL_new");
        SSL_set_accept_state(c->ssl);
        c->shaking = true;
    }
    if ((size_t)fd >= all_room) {
        size_t room = (size_t)fd * 2 + 64;
        all = xrealloc(all, room * sizeof *all);
        memset(all + all_room, 0, (room - all_room) * sizeof *all);
        all_room = room;
    }
    all[fd] = c;
    stats.open++;
    if (stats.open > stats.max_open)
        stats.max_open = stats.open;
    return c;
}

void conn_close(struct conn *c)
{
    if (c->dead)
        return;
    c->dead = true;
    if (c->hangup)
        c->hangup(c);
    stats.open--;
    all[c->w.fd] = NULL;
    alarm_clear(&c->a);
    watch_close(&c->w);
    script_free(c);
    SSL_free(c->ssl);
    free(c->in);
    request_free(c->req);
    free(c->state);
    loop_bury(c);
}

void conn_reset(struct conn *c)
{
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    if (c->dead)
        return;
    setsockopt(c->w.fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    stats.resets++;
    conn_close(c);
}

void conn_wake(struct conn *c)
{
    if (!c->dead && !c->a.slot)
        alarm_set(&c->a, loop_now());
}

void conn_close_all(void)
{
    for (size_t i = 0; i < all_room; i++)
        if (all[i])
            conn_close(all[i]);
    free(all);
    all = NULL;
    all_room = 0;
}

void conn_eat(struct conn *c, size_t n)
{
    c->in_len -= n;
    if (c->in_len) {
        memmove(c->in, c->in + n, c->in_len);
        return;
    }
    free(c->in);
    c->in = NULL;
    c->in_room = 0;
}

void conn_discard(struct conn *c)
{
    conn_eat(c, c->in_len);
    if (!c->eof || !c->ending || c->parts->kind == PART_RESET)
        return;
    if (c->parts->kind != PART_HANG || !c->hold_ms)
        conn_close(c);
    else if (!c->a.slot)
        alarm_set(&c->a, loop_now() + MS(c->hold_ms));
}

/* Both return > 0 bytes, 0 would block, -1 the end or an error; fatal tells the two apart. */
static ssize_t net_recv(struct conn *c, char *buf, size_t len, bool *fatal)
{
    ssize_t n;
    *fatal = false;
    if (!c->ssl) {
        do
            n = recv(c->w.fd, buf, len, 0);
        while (n < 0 && errno == EINTR);
        if (n < 0 && errno == EAGAIN)
            return 0;
        *fatal = n < 0;
        return n > 0 ? n : -1;
    }
    ERR_clear_error();
    n = SSL_read(c->ssl, buf, (int)len);
    if (n > 0)
        return n;
    int err = SSL_get_error(c->ssl, (int)n);
    if (err == SSL_ERROR_WANT_READ || err == SSL_ERROR_WANT_WRITE)
        return 0;
    *fatal = err == SSL_ERROR_SYSCALL || err == SSL_ERROR_SSL;
    return -1;
}

static ssize_t net_send(struct conn *c, const void *buf, size_t len)
{
    ssize_t n;
    if (!c->ssl) {
        do
            n = send(c->w.fd, buf, len, MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        return n < 0 ? (errno == EAGAIN ? 0 : -1) : n;
    }
    ERR_clear_error();
    n = SSL_write(c->ssl, buf, len > 16384 ? 16384 : (int)len);
    if (n > 0)
        return n;
    int err = SSL_get_error(c->ssl, (int)n);
    return err == SSL_ERROR_WANT_READ || err == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

/* Reads until the socket is dry or the input is full. False: the connection is gone. */
static bool fill(struct conn *c)
{
    while (!c->eof && !c->deaf && c->in_len < IN_CEILING) {
        if (c->in_room - c->in_len < 1024) {
            c->in_room = c->in_room ? c->in_room * 2 : 4096;
            c->in = xrealloc(c->in, c->in_room);
        }
        bool fatal;
        ssize_t n = net_recv(c, c->in + c->in_len, c->in_room - c->in_len, &fatal);
        if (n < 0 && fatal) {
            conn_close(c);
            return false;
        }
        if (n == 0)
            break;
        if (n < 0)
            c->eof = true;
        else
            c->in_len += (size_t)n;
    }
    if (!c->in_len)
        conn_eat(c, 0);
    return true;
}

/* The script has come to an ending. */
static void end(struct conn *c, enum part_kind kind)
{
    c->ending = true;
    c->want_out = false;
    c->input = conn_discard;
    switch (kind) {
    case PART_CLOSE:
        if (c->ssl && !c->shaking)
            SSL_shutdown(c->ssl);
        /* fall through */
    case PART_BARE_FIN:
        shutdown(c->w.fd, SHUT_WR);
        alarm_set(&c->a, loop_now() + MS(LINGER_MS));
        break;
    case PART_RESET:
        alarm_set(&c->a, loop_now() + MS(RESET_MS));
        break;
    case PART_DEAF_HANG:
        c->deaf = true;
        alarm_set(&c->a, loop_now() + MS(DEAF_MS));
        break;
    default:
        break;
    }
}

/* Sends what it can of one part of bytes: true when all of it is out. */
static bool play_bytes(struct conn *c, struct part *p, size_t *budget)
{
    while (p->done < p->total) {
        if (p->gap_ms && !p->rested && p->done) {
            if (!c->a.slot)
                alarm_set(&c->a, loop_now() + MS(p->gap_ms));
            return false;
        }
        size_t at = (size_t)(p->done % p->len), n = p->len - at;
        if (p->piece && n > p->piece)
            n = p->piece;
        if (n > p->total - p->done)
            n = (size_t)(p->total - p->done);
        ssize_t sent = *budget ? net_send(c, p->data + at, n) : 0;
        if (sent < 0) {
            conn_close(c);
            return false;
        }
        if (sent == 0) {
            c->want_out = true;
            return false;
        }
        p->done += (uint64_t)sent;
        p->rested = false;
        *budget -= (size_t)sent < *budget ? (size_t)sent : *budget;
    }
    return true;
}

/* True when the whole script has been played and the connection goes on. */
static bool play(struct conn *c)
{
    size_t budget = TURN_CEILING;
    c->want_out = false;
    while (c->parts && !c->ending) {
        struct part *p = c->parts;
        if (p->kind == PART_BYTES) {
            if (!play_bytes(c, p, &budget))
                return false;
        } else if (p->kind == PART_PAUSE) {
            if (!p->rested) {
                if (!c->a.slot)
                    alarm_set(&c->a, loop_now() + MS(p->gap_ms));
                return false;
            }
        } else if (p->kind == PART_SHUT) {
            shutdown(c->w.fd, SHUT_WR);
        } else {
            end(c, p->kind);
            return false;
        }
        script_pop(c);
    }
    return !c->ending;
}

static void rewatch(struct conn *c)
{
    uint32_t events = 0;
    if (c->deaf)
        events |= EPOLLRDHUP;
    else if (!c->eof && c->in_len < IN_CEILING)
        events |= EPOLLIN;
    if (c->want_out || c->connecting || (c->shaking && SSL_want_write(c->ssl)))
        events |= EPOLLOUT;
    watch_set(&c->w, events);
}

/* True when the handshake is over, or there is none. */
static bool shake(struct conn *c)
{
    if (!c->shaking)
        return true;
    ERR_clear_error();
    int r = SSL_do_handshake(c->ssl);
    if (r == 1) {
        c->shaking = false;
        return true;
    }
    int err = SSL_get_error(c->ssl, r);
    if (err == SSL_ERROR_WANT_READ || err == SSL_ERROR_WANT_WRITE) {
        rewatch(c);
        return false;
    }
    if (err != SSL_ERROR_SSL) {
        conn_close(c);
        return false;
    }
    SSL_free(c->ssl); /* an alert is on its way: what follows is the end of a plain connection */
    c->ssl = NULL;
    c->shaking = false;
    c->input = conn_discard;
    say_bare_fin(c);
    return true;
}

void conn_step(struct conn *c)
{
    if (c->dead || !shake(c))
        return;
    if (c->connecting) {
        int err = 0;
        socklen_t len = sizeof err;
        getsockopt(c->w.fd, SOL_SOCKET, SO_ERROR, &err, &len);
        if (err) {
            conn_close(c);
            return;
        }
        c->connecting = false;
    }
    for (;;) {
        if (!fill(c))
            return;
        size_t heard = c->in_len;
        if (c->input)
            c->input(c);
        if (c->dead)
            return;
        bool had = c->parts != NULL;
        bool played = play(c);
        if (c->dead)
            return;
        if (c->ending)
            c->input(c);
        if (c->dead)
            return;
        if (played && had && c->peer)
            conn_wake(c->peer); /* there is room again for what it has heard */
        if (!(played && had && (c->in_len || c->eof)) && !(heard >= IN_CEILING && c->in_len == 0))
            break;
    }
    rewatch(c);
}
