/*
 * servers_rig.h - name servers whose tries end as a test says, at made-up times.
 *
 * Include it after <cmocka.h>.
 */
#ifndef FSK_TEST_SERVERS_RIG_H
#define FSK_TEST_SERVERS_RIG_H

#include "op/servers.h"
#include "stub_driver.h"

#define MS   FSOCK_MILLISECOND
#define SEC  FSOCK_SECOND
#define HOUR (3600 * FSOCK_SECOND) /* long after all that was */

static struct stub_driver stub;
static struct fsk_servers servers;
static struct fsk_op *woken;
static unsigned wakes;

static inline void note_wake(struct fsk_driver *d, struct fsk_op *op)
{
    (void)d;
    woken = op;
    wakes++;
}

static inline int setup(void **state)
{
    (void)state;
    stub_driver_init(&stub);
    stub.driver.wake = note_wake;
    woken = NULL;
    wakes = 0;
    fsk_servers_init(&servers, &stub.driver);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    fsk_servers_fini(&servers);
    return 0;
}

static inline struct fsk_server *add(const char *ip, uint16_t port, enum fsk_by transport)
{
    struct fsk_addr a;
    struct fsk_span zone;
    assert_true(fsk_addr_parse(fsk_span_str(ip), &a, &zone));
    a.port = port;
    assert_true(fsk_servers_add(&servers, &a, transport, fsk_span(NULL, 0)));
    return &servers.server[servers.n - 1];
}

static inline struct fsk_server *one(void)
{
    return add("192.0.2.1", 53, FSK_BY_UDP);
}

static inline void tries(struct fsk_server *s, unsigned n, fsock_time now)
{
    while (n--)
        fsk_server_try(s, now);
}

static inline void answers(struct fsk_server *s, unsigned n, fsock_time took, fsock_time now)
{
    while (n--)
        fsk_server_answered(s, took, now);
}

static inline void losses(struct fsk_server *s, unsigned n, fsock_time now)
{
    while (n--)
        fsk_server_lost(s, now);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
