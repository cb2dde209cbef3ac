/*
 * channel_rig.h - questions over TCP or TLS to a server in a thread, under both drivers.
 *
 * The n-th question is "n0.example" and so on, and its answer the address 192.0.(n / 256).(n %
 * 256). Include it after <cmocka.h>.
 */
#ifndef FSK_TEST_CHANNEL_RIG_H
#define FSK_TEST_CHANNEL_RIG_H

#include <stdio.h>

#include "base/time.h"
#include "net_tls.h"
#include "op/channel.h"
#include "two_drivers.h"

#define MS FSOCK_MILLISECOND

enum { MANY = 1100, LONG = 60000 };

/* A question, and what came of it. */
struct asked {
    struct fsk_question question;
    struct fsk_dns_query query;
    enum { OPEN, ANSWERED, FAILED, GONE } how;
    enum fsk_dns_match match;
    int sys_errno;
    unsigned order;  /* of those that ended, from 1 */
    unsigned number; /* of the address that came */
};

static struct rig {
    struct two_drivers drivers;
    struct fsk_servers servers;
    struct fsk_channels channels;
    struct peer peer;
    struct fsk_op waiter;
    struct asked asked[MANY];
    unsigned n, ended;
    fsock_time withdraw_at; /* the first one */
} rig;

static inline void answered(struct fsk_question *q, enum fsk_dns_match match,
                            const struct fsk_dns_msg *m, fsock_time took)
{
    struct asked *a = FSK_HOLDER(q, struct asked, question);
    struct fsk_dns_result r;
    struct fsk_addr addr = {.family = 0};
    assert_true(took >= 0);
    assert_int_equal(a->how, OPEN);
    a->how = ANSWERED;
    a->match = match;
    a->order = ++rig.ended;
    if (match == FSK_DNS_OURS) {
        a->query.id = m->id;
        fsk_dns_digest(m, &a->query, &r, &addr, 1);
        a->number = (unsigned)(addr.ip[2] << 8 | addr.ip[3]);
    }
    fsk_op_wake(&rig.waiter);
}

static inline void failed(struct fsk_question *q, int sys_errno)
{
    struct asked *a = FSK_HOLDER(q, struct asked, question);
    assert_int_equal(a->how, OPEN);
    a->how = FAILED;
    a->sys_errno = sys_errno;
    a->order = ++rig.ended;
    fsk_op_wake(&rig.waiter);
}

static inline void doubted(struct fsk_question *q, enum fsk_dns_match match)
{
    fail_msg("question %u: an answer is in doubt (%d)", q->id, (int)match);
}

static const struct fsk_asker asker = {answered, doubted, failed};

static inline int setup(void **state)
{
    bool loop = *(const bool *)*state;
    memset(&rig, 0, sizeof rig);
    if (!two_drivers_init(&rig.drivers, loop))
        return -1;
    fsk_servers_init(&rig.servers, rig.drivers.driver);
    fsk_channels_init(&rig.channels, rig.drivers.driver, &asker);
    rig.withdraw_at = FSOCK_NEVER;
    rig.drivers.driver->now = fsock_now();
    return 0;
}

static inline void withdraw(struct asked *a)
{
    if (a->how == OPEN) {
        a->how = GONE;
        rig.ended++;
    }
    fsk_question_withdraw(&a->question);
}

static inline int teardown(void **state)
{
    (void)state;
    fsk_op_stop(&rig.waiter);
    for (unsigned i = 0; i < rig.n; i++)
        withdraw(&rig.asked[i]);
    fsk_channels_fini(&rig.channels);
    fsk_servers_fini(&rig.servers);
    if (rig.peer.thread) {
        shutdown(rig.peer.listener, SHUT_RDWR); /* nobody may have connected */
        peer_join(&rig.peer);
        peer_fini(&rig.peer);
    }
    return two_drivers_fini(&rig.drivers) ? 0 : -1;
}

static inline struct fsk_server *serve_as(const char *stack, struct cert *cert,
                                          void (*play)(struct peer *), enum fsk_by transport,
                                          const char *host)
{
    struct fsk_addr at = {
        .family = 4, .ip = {127, 0, 0, 1}
    };
    peer_init(&rig.peer, stack, cert, 0);
    peer_start(&rig.peer, play);
    at.port = ntohs(((struct sockaddr_in *)&rig.peer.addr)->sin_port);
    assert_true(fsk_servers_add(&rig.servers, &at, transport, fsk_span_str(host)));
    return &rig.servers.server[0];
}

static inline struct fsk_server *serve(void (*play)(struct peer *))
{
    return serve_as("t", NULL, play, FSK_BY_TCP, "");
}

static inline struct asked *ask(const char *name)
{
    struct asked *a = &rig.asked[rig.n++];
    struct fsk_dname d;
    assert_int_equal(fsk_dname_from_text(&d, fsk_span_str(name)), FSK_DNAME_OK);
    *a = (struct asked){
        .query = {.name = d, .type = FSK_DNS_A, .rd = true}
    };
    a->question = (struct fsk_question){.query = &a->query, .server = &rig.servers.server[0]};
    assert_int_equal(fsk_channels_ask(&rig.channels, &a->question), 0);
    return a;
}

/* "n0.example" and so on: the answer to that is 192.0.(n / 256).(n % 256). */
static inline void ask_many(unsigned n)
{
    char name[32];
    for (unsigned i = 0; i < n; i++) {
        snprintf(name, sizeof name, "n%u.example", i);
        ask(name);
    }
}

static inline enum fsock_err wait_step(struct fsk_op *op, fsock_time now)
{
    if (now >= rig.withdraw_at) {
        withdraw(&rig.asked[0]);
        rig.withdraw_at = FSOCK_NEVER;
    }
    op->alarm = rig.withdraw_at;
    return rig.ended == rig.n ? FSOCK_OK : op->expired ? FSOCK_ERR_TIMEOUT : FSOCK_AGAIN;
}

/* Until all have been answered, or failed. */
static inline void wait_for_all(void)
{
    fsk_op_init(&rig.waiter, wait_step, fsock_now() + 20 * FSOCK_SECOND);
    assert_int_equal(two_drivers_run(&rig.drivers, &rig.waiter), FSOCK_OK);
}

static inline void all_answered(void)
{
    for (unsigned i = 0; i < rig.n; i++) {
        assert_int_equal(rig.asked[i].how, ANSWERED);
        assert_int_equal(rig.asked[i].match, FSK_DNS_OURS);
        assert_int_equal(rig.asked[i].number, i);
    }
}

static inline void all_failed(unsigned from, int sys_errno)
{
    for (unsigned i = from; i < rig.n; i++) {
        assert_int_equal(rig.asked[i].how, FAILED);
        if (sys_errno)
            assert_int_equal(rig.asked[i].sys_errno, sys_errno);
    }
}

static inline unsigned connections(void)
{
    unsigned n = 0;
    FSK_LIST_EACH (link, &rig.servers.server[0].channels)
        n++;
    return n;
}

/* ---- the server ---- */

struct message {
    size_t n;
    uint8_t b[2 + 512];
};

/* Read a question, and make of it the answer. */
static inline bool take(struct peer *p, struct message *m)
{
    uint8_t *at = m->b + 2;
    if (!peer_read_all(p, m->b, 2))
        return false;
    size_t n = (size_t)m->b[0] << 8 | m->b[1];
    if (n < 17 || n > 300 || !peer_read_all(p, at, n))
        return false;
    unsigned number = (unsigned)atoi((const char *)at + 14); /* "\002n7\007example" */
    const uint8_t record[] = {
        0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, (uint8_t)(number >> 8), (uint8_t)number};
    at[2] = 0x81;
    at[3] = 0x80;
    at[7] = 1;
    at[11] = 0; /* without OPT, if there was one */
    memcpy(at + n, record, sizeof record);
    m->n = 2 + n + sizeof record;
    m->b[0] = (uint8_t)((m->n - 2) >> 8);
    m->b[1] = (uint8_t)(m->n - 2);
    return true;
}

/* Read on, until the other side closes. */
static inline void until_the_end(struct peer *p)
{
    uint8_t byte[512];
    while (peer_read(p, byte, sizeof byte) > 0)
        ;
}

/* Take a hundred, and answer them from the last to the first, many in one segment. */
static inline void play_backwards(struct peer *p)
{
    static struct message m[100];
    static uint8_t all[sizeof m];
    size_t n = 0;
    for (unsigned i = 0; i < 100; i++)
        if (!take(p, &m[i]))
            return;
    for (unsigned i = 100; i-- > 0; n += m[i].n)
        memcpy(all + n, m[i].b, m[i].n);
    peer_write(p, all, n);
    until_the_end(p);
}

static inline void play_echo(struct peer *p)
{
    struct message m;
    while (take(p, &m))
        peer_write(p, m.b, m.n);
}

#endif
