/*
 * Name servers that are mute or drip, by each transport, asked by fsock_lookup and by fsock_dns: a
 * question ends when its limit strikes, not before, and at most 50 ms later. A machine that is busy
 * may make one late; what is late three times is late.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "dns_rig.h"

#define LIMIT (400 * MS)
#define LATE  (50 * MS)

enum how { BY_DEADLINE, BY_TIMEOUT, BY_LOOP, HOWS };

/* ---- a server by TCP that drips ---- */

static struct dripper {
    int listener, wake[2];
    const uint8_t *head;
    size_t head_n;
    pthread_t thread;
} dripper;

/* For as long as anybody listens. */
static void drip(int fd)
{
    struct pollfd end = {.fd = dripper.wake[0], .events = POLLIN};
    uint8_t byte = 0;
    send(fd, dripper.head, dripper.head_n, MSG_NOSIGNAL);
    while (poll(&end, 1, 10) == 0 && send(fd, &byte, 1, MSG_NOSIGNAL) == 1)
        ;
    close(fd);
}

static void *serve_drops(void *arg)
{
    (void)arg;
    for (;;) {
        struct pollfd p[2] = {
            {.fd = dripper.wake[0],  .events = POLLIN},
            {.fd = dripper.listener, .events = POLLIN}
        };
        poll(p, 2, -1);
        if (p[0].revents)
            return NULL;
        int fd = accept4(dripper.listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            drip(fd);
    }
}

/* Listen; nobody accepts, if there is no head to drip. Its port. */
static unsigned listen_for(const uint8_t *head, size_t n)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    dripper = (struct dripper){.head = head, .head_n = n};
    dripper.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(dripper.listener, (void *)&at, sizeof at), 0);
    getsockname(dripper.listener, (void *)&at, &len);
    assert_int_equal(listen(dripper.listener, 50), 0);
    assert_int_equal(pipe2(dripper.wake, O_CLOEXEC), 0);
    if (head)
        pthread_create(&dripper.thread, NULL, serve_drops, NULL);
    return ntohs(at.sin_port);
}

static void stop_listening(void)
{
    close(dripper.wake[1]);
    if (dripper.head)
        pthread_join(dripper.thread, NULL);
    close(dripper.wake[0]);
    close(dripper.listener);
}

/* ---- one question ---- */

static fsock_time check(const struct fsock_answer *a, fsock_time begun)
{
    fsock_time took = fsock_now() - begun;
    assert_int_equal(a->status, FSOCK_DNS_TIMEOUT);
    assert_int_equal(a->fault->err, FSOCK_ERR_TIMEOUT);
    assert_int_equal(a->fault->stage, FSOCK_STAGE_RESOLVE);
    assert_int_equal(a->fault->limit, FSOCK_LIMIT_TOTAL);
    assert_non_null(strstr(a->fault->text, "127.0.0.1:"));
    assert_true(took >= LIMIT);
    return took - LIMIT;
}

static fsock_time by_lookup(enum how how)
{
    fsock_time begun = fsock_now();
    rig.how.timeout = how == BY_TIMEOUT ? LIMIT : 0;
    fsock_answer_free(rig.answer);
    enum fsock_err err = fsock_lookup(&rig.answer, "both.example", 0, &rig.options, &rig.how,
                                      how == BY_TIMEOUT ? FSOCK_NEVER : begun + LIMIT);
    assert_int_equal(err, FSOCK_ERR_TIMEOUT);
    return check(rig.answer, begun);
}

static fsock_time by_loop(void)
{
    struct fsock_dns_event e;
    fsock_time late = 0;
    rig.how.timeout = LIMIT;
    fsock_dns *d = rig_new();
    fsock_time begun = fsock_now();
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(fsock_dns_add(d, "both.example", 12, 0, NULL, NULL), FSOCK_OK);
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(fsock_dns_next(d, &e, FSOCK_NEVER), FSOCK_OK);
        fsock_time its = check(e.answer, begun);
        late = its > late ? its : late;
    }
    fsock_dns_free(d);
    return late;
}

static void all_ways(void)
{
    for (enum how how = 0; how < HOWS; how++) {
        fsock_time late = LATE + 1;
        for (unsigned i = 0; i < 3 && late > LATE; i++)
            late = how == BY_LOOP ? by_loop() : by_lookup(how);
        if (late > LATE)
            fail_msg("%d: %d ms late", (int)how, (int)(late / MS));
    }
}

static void ask_at(const char *scheme, unsigned port)
{
    snprintf(rig.servers, sizeof rig.servers, "%s127.0.0.1:%u", scheme, port);
    rig.options.insecure = 1;
    all_ways();
    stop_listening();
}

/* ---- */

static void mute_by_udp(void **state)
{
    (void)state;
    rig_serve(DNS_MUTE);
    all_ways();
}

static void two_mute_ones(void **state)
{
    (void)state;
    rig_serve(DNS_MUTE);
    rig_serve(DNS_MUTE);
    all_ways();
}

static void mute_by_tcp(void **state)
{
    (void)state;
    ask_at("tcp://", listen_for(NULL, 0));
}

static void mute_handshake(void **state)
{
    (void)state;
    ask_at("tls://", listen_for(NULL, 0));
}

static void drip_by_tcp(void **state)
{
    static const uint8_t head[] = {0x40, 0};
    (void)state;
    ask_at("tcp://", listen_for(head, sizeof head));
}

static void dripped_handshake(void **state)
{
    static const uint8_t head[] = {22, 3, 3, 0x40, 0, 2, 0, 0x3f, 0xfc, 3, 3};
    (void)state;
    ask_at("tls://", listen_for(head, sizeof head));
}

/* Stray messages without end, none of which answers anything. */
static void flood(const struct dns_asked *asked, struct dns_reply *r)
{
    (void)asked;
    r->flags = 0x0100; /* a question */
    r->copies = 300;
}

static void nonsense_by_udp(void **state)
{
    (void)state;
    rig_serve(DNS_GOOD)->twist = flood;
    all_ways();
}

#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        T(mute_by_udp), T(two_mute_ones),     T(mute_by_tcp),     T(mute_handshake),
        T(drip_by_tcp), T(dripped_handshake), T(nonsense_by_udp),
    };
    return cmocka_run_group_tests_name("dns_time", tests, NULL, NULL);
}
