/* Many questions over one TCP connection, under both drivers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "channel_rig.h"

static void play_byte_by_byte(struct peer *p)
{
    const int on = 1;
    struct message m;
    setsockopt(p->fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof on);
    while (take(p, &m))
        for (size_t i = 0; i < m.n; i++) {
            struct timespec nap = {.tv_nsec = 100000};
            peer_write(p, m.b + i, 1);
            nanosleep(&nap, NULL);
        }
}

static void play_three_then_close(struct peer *p)
{
    struct message m[10];
    for (unsigned i = 0; i < 10; i++)
        if (!take(p, &m[i]))
            return;
    for (unsigned i = 0; i < 3; i++)
        peer_write(p, m[i].b, m[i].n);
    peer_write(p, m[3].b, m[3].n / 2);
}

static void play_close(struct peer *p)
{
    struct message m;
    take(p, &m);
}

static void play_mute(struct peer *p)
{
    until_the_end(p);
}

static void play_one_then_mute(struct peer *p)
{
    struct message m;
    if (take(p, &m))
        peer_write(p, m.b, m.n);
    until_the_end(p);
}

/* What answers nothing, and then the answer. */
static void play_strays(struct peer *p)
{
    static const uint8_t empty[2], tiny[] = {0, 3, 1, 2, 3};
    struct message m, stray;
    if (!take(p, &m))
        return;
    stray = m;
    stray.b[2] ^= 0x55; /* another id */
    peer_write(p, empty, sizeof empty);
    peer_write(p, tiny, sizeof tiny);
    peer_write(p, stray.b, stray.n);
    stray = m;
    stray.b[2 + 13] ^= 1; /* another question */
    peer_write(p, stray.b, stray.n);
    peer_write(p, m.b, m.n);
    peer_write(p, m.b, m.n); /* once more */
    until_the_end(p);
}

static void play_broken(struct peer *p)
{
    struct message m;
    if (!take(p, &m))
        return;
    m.b[2 + 7] = 9; /* so many records are not in it */
    peer_write(p, m.b, m.n);
    until_the_end(p);
}

/* With a record of LONG bytes in it. */
static void play_long(struct peer *p)
{
    static uint8_t all[LONG + 600];
    struct message m;
    while (take(p, &m)) {
        uint8_t head[] = {0xc0, 12, 0, 10, 0, 1, 0, 0, 0, 60, LONG >> 8, LONG & 255};
        size_t n = m.n - 2 + sizeof head + LONG;
        memset(all, 0, sizeof all);
        m.b[0] = (uint8_t)(n >> 8);
        m.b[1] = (uint8_t)n;
        m.b[2 + 7] = 2;
        memcpy(all, m.b, m.n);
        memcpy(all + m.n, head, sizeof head);
        peer_write(p, all, n + 2);
    }
}

/* Two are taken, and the second one is answered, after a while. */
static void play_the_second(struct peer *p)
{
    struct message m;
    struct timespec nap = {.tv_nsec = 100 * MS};
    take(p, &m);
    take(p, &m);
    nanosleep(&nap, NULL);
    peer_write(p, m.b, m.n);
    until_the_end(p);
}

/* ---- tests ---- */

static void out_of_order(void **state)
{
    (void)state;
    serve(play_backwards);
    ask_many(100);
    assert_int_equal(connections(), 1);
    wait_for_all();
    all_answered();
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(rig.asked[i].order, 100 - i);
    assert_int_equal(connections(), 0); /* with the last one it closes */
    assert_false(rig.servers.server[0].one_each);
}

static void byte_by_byte(void **state)
{
    (void)state;
    serve(play_byte_by_byte);
    ask_many(5);
    wait_for_all();
    all_answered();
}

static void long_messages(void **state)
{
    (void)state;
    serve(play_long);
    ask_many(20);
    wait_for_all();
    all_answered();
}

/* More than a connection may have: another one; more than one write takes. */
static void many(void **state)
{
    (void)state;
    serve(play_echo);
    ask_many(FSK_CHANNEL_QUESTIONS);
    assert_int_equal(connections(), 1);
    struct asked *more = ask("n1000.example");
    assert_int_equal(connections(), 2); /* which nobody accepts */
    withdraw(more);
    assert_int_equal(connections(), 1);
    rig.n--;
    rig.ended--;
    wait_for_all();
    all_answered();
}

static void closed_in_the_middle(void **state)
{
    (void)state;
    serve(play_three_then_close);
    ask_many(10);
    wait_for_all();
    rig.n = 3;
    all_answered();
    rig.n = 10;
    all_failed(3, ECONNABORTED); /* may be asked again at once */
    assert_false(rig.servers.server[0].one_each);
    assert_int_equal(connections(), 0);
}

static void closed_at_once(void **state)
{
    (void)state;
    serve(play_close);
    ask_many(1);
    wait_for_all();
    all_failed(0, EPIPE);
    assert_false(rig.servers.server[0].one_each);
}

/* It may be from before RFC 7766: they are to be asked again, one each. */
static void closed_before_any_answer(void **state)
{
    struct fsk_server *s = serve(play_close);
    (void)state;
    ask_many(4);
    wait_for_all();
    all_failed(0, ECONNABORTED);
    assert_true(s->one_each);
    rig.n = rig.ended = 0;
    ask("n0.example");
    ask("n1.example");
    assert_int_equal(connections(), 2);
}

static void reset(void **state)
{
    struct fsk_server *s = serve(peer_reset);
    (void)state;
    ask_many(1);
    wait_for_all();
    all_failed(0, ECONNRESET);
    assert_non_null(s->why);
}

static void refused(void **state)
{
    struct fsk_server *s = serve(play_mute);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    (void)state;
    connect(fd, (struct sockaddr *)&rig.peer.addr, rig.peer.addr_len); /* so that it ends */
    close(fd);
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bind(fd, (struct sockaddr *)&at, sizeof at); /* and nobody listens */
    getsockname(fd, (struct sockaddr *)&at, &len);
    s->addr.port = ntohs(at.sin_port);
    fsk_sockaddr_from_addr(&s->sockaddr, &s->addr);
    ask_many(3);
    wait_for_all();
    close(fd);
    all_failed(0, ECONNREFUSED);
    assert_false(s->one_each);
}

static void silence(void **state)
{
    struct fsk_server *s = serve(play_one_then_mute);
    (void)state;
    ask_many(3);
    fsock_time begun = fsock_now();
    wait_for_all();
    assert_in_range(fsock_now() - begun, FSK_CHANNEL_SILENCE - 50 * MS,
                    FSK_CHANNEL_SILENCE + 500 * MS);
    assert_int_equal(rig.asked[0].how, ANSWERED);
    all_failed(1, ECONNABORTED);
    assert_string_equal(s->why, "said nothing more by TCP");
}

static void strays(void **state)
{
    (void)state;
    serve(play_strays);
    ask_many(1);
    wait_for_all();
    all_answered();
}

static void broken(void **state)
{
    (void)state;
    serve(play_broken);
    ask_many(1);
    wait_for_all();
    assert_int_equal(rig.asked[0].how, ANSWERED);
    assert_int_equal(rig.asked[0].match, FSK_DNS_MALFORMED);
}

static void withdrawn(void **state)
{
    unsigned fds;
    (void)state;
    serve(play_mute);
    fds = open_fds();
    ask_many(50);
    rig.withdraw_at = fsock_now() + 50 * MS; /* when they have been sent */
    rig.ended = 49;
    wait_for_all();
    assert_int_equal(rig.asked[0].how, GONE);
    assert_int_equal(connections(), 1);
    for (unsigned i = 1; i < 50; i++)
        withdraw(&rig.asked[i]);
    assert_int_equal(connections(), 0);
    assert_true(open_fds() <= fds + 1); /* the peer's end */
}

/* That one of two was taken back is not the server's fault. */
static void withdrawn_teaches_nothing(void **state)
{
    struct fsk_server *s = serve(play_the_second);
    (void)state;
    ask_many(2);
    rig.withdraw_at = fsock_now() + 50 * MS;
    wait_for_all();
    assert_int_equal(rig.asked[0].how, GONE);
    assert_int_equal(rig.asked[1].how, ANSWERED);
    assert_false(s->one_each);
}

/* Whose answers by UDP were cut off: no question is put behind one that may be slow. */
static void fetching_what_was_cut_off(void **state)
{
    (void)state;
    serve_as("t", NULL, play_the_second, FSK_BY_UDP, "");
    ask_many(2);
    assert_int_equal(connections(), 2);
}

#define T(f) TWO_DRIVERS(f, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        T(out_of_order),
        T(byte_by_byte),
        T(long_messages),
        T(many),
        T(closed_in_the_middle),
        T(closed_at_once),
        T(closed_before_any_answer),
        T(reset),
        T(refused),
        T(silence),
        T(strays),
        T(broken),
        T(withdrawn),
        T(withdrawn_teaches_nothing),
        T(fetching_what_was_cut_off),
    };
    return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
