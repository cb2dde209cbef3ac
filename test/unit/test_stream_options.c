/*
 * Options of sockets, set when they are opened and later; where they come from; and what is known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "stream_rig.h"

static struct fsock_fault fault;

static int option(fsock_stream *s, enum fsock_option which)
{
    int value = -99;
    ok(fsock_get_option(s, which, &value));
    return value;
}

static void test_each_one_later(void **state)
{
    struct line l;
    (void)state;
    static const struct {
        enum fsock_option which;
        int set, read;
    } rows[] = {
        {FSOCK_OPTION_NODELAY,        0,     0    },
        {FSOCK_OPTION_NODELAY,        1,     1    },
        {FSOCK_OPTION_KEEPALIVE,      1,     1    },
        {FSOCK_OPTION_KEEP_IDLE,      77,    77   },
        {FSOCK_OPTION_KEEP_INTERVAL,  7,     7    },
        {FSOCK_OPTION_KEEP_COUNT,     3,     3    },
        {FSOCK_OPTION_LINGER,         5,     5    },
        {FSOCK_OPTION_LINGER,         0,     0    },
        {FSOCK_OPTION_LINGER,         -1,    -1   },
        {FSOCK_OPTION_RECEIVE_BUFFER, 20000, 40000},
        {FSOCK_OPTION_SEND_BUFFER,    20000, 40000},
        {FSOCK_OPTION_REUSE_ADDRESS,  1,     1    },
        {FSOCK_OPTION_BROADCAST,      1,     1    },
    };
    meet(&l);
    for (size_t i = 0; i < COUNT(rows); i++) {
        ok(fsock_set_option(l.client, rows[i].which, rows[i].set));
        assert_int_equal(option(l.client, rows[i].which), rows[i].read);
    }
    part(&l);
}

static void test_what_is_refused(void **state)
{
    struct line l;
    int value;
    (void)state;
    meet(&l);
    static const int unknown[] = {0, -1, 11, 9999};
    for (size_t i = 0; i < COUNT(unknown); i++) {
        enum fsock_option which = (enum fsock_option)unknown[i];
        assert_int_equal(fsock_set_option(l.client, which, 1), FSOCK_ERR_SYSTEM);
        assert_int_equal(fsock_last_fault(l.client)->sys_errno, EINVAL);
        assert_int_equal(fsock_get_option(l.client, which, &value), FSOCK_ERR_SYSTEM);
    }
    assert_int_equal(fsock_set_option(l.client, FSOCK_OPTION_KEEP_IDLE, -1), FSOCK_ERR_SYSTEM);
    say(l.client, "lives on");
    hears(l.server, "lives on");
    part(&l);
    int fd[2];
    fsock_stream *s;
    assert_int_equal(pipe(fd), 0);
    ok(fsock_open_fd(&s, fd[0], 1, NULL));
    close(fd[1]);
    assert_int_equal(fsock_set_option(s, FSOCK_OPTION_KEEPALIVE, 1), FSOCK_ERR_SYSTEM);
    assert_int_equal(fsock_last_fault(s)->sys_errno, ENOTSOCK);
    fsock_close(s);
}

static void test_3_13_set_when_opening(void **state)
{
    struct line l;
    struct fsock_options o;
    (void)state;
    meet(&l);
    assert_int_equal(option(l.client, FSOCK_OPTION_NODELAY), 1);
    assert_int_equal(option(l.client, FSOCK_OPTION_KEEPALIVE), 0);
    assert_int_equal(option(l.client, FSOCK_OPTION_LINGER), -1);
    part(&l);
    fsock_options_init(&o);
    o.delay = o.keepalive = 1;
    o.keep_idle = 33;
    o.keep_interval = 11;
    o.keep_count = 4;
    o.linger = 9;
    o.receive_buffer = 30000;
    o.send_buffer = 31000;
    meet_with(&l, &o, NULL);
    assert_int_equal(option(l.client, FSOCK_OPTION_NODELAY), 0);
    assert_int_equal(option(l.client, FSOCK_OPTION_KEEPALIVE), 1);
    assert_int_equal(option(l.client, FSOCK_OPTION_KEEP_IDLE), 33);
    assert_int_equal(option(l.client, FSOCK_OPTION_KEEP_INTERVAL), 11);
    assert_int_equal(option(l.client, FSOCK_OPTION_KEEP_COUNT), 4);
    assert_int_equal(option(l.client, FSOCK_OPTION_LINGER), 9);
    assert_int_equal(option(l.client, FSOCK_OPTION_RECEIVE_BUFFER), 60000);
    assert_int_equal(option(l.client, FSOCK_OPTION_SEND_BUFFER), 62000);
    part(&l);
}

static void test_linger_0_resets(void **state)
{
    struct line l;
    struct fsock_options o;
    char c;
    size_t n;
    (void)state;
    fsock_options_init(&o);
    o.linger = 0;
    meet_with(&l, &o, NULL);
    fsock_close(l.client);
    assert_int_equal(fsock_read(l.server, &c, 1, &n, SOON), FSOCK_ERR_RESET);
    fsock_close(l.server);
}

/* ---- Where from ------------------------------------------------------------------------------ */

/* The client's own address, if it is bound to `from`. */
static const char *local_of(const char *listening, const char *from)
{
    static char text[120];
    struct fsock_options o;
    fsock_options_init(&o);
    o.bind = from;
    o.reuse_port = 1;
    fsock_listener *l = hear(listening, NULL);
    fsock_stream *s = dial(fsock_listener_name(l), 0, &o);
    snprintf(text, sizeof text, "%s", fsock_inspect(s)->local);
    ok(fsock_set_option(s, FSOCK_OPTION_LINGER, 0)); /* so that the port is free at once */
    fsock_close(s);
    fsock_listener_close(l);
    return text;
}

/* A port that is free for now. */
static int free_port(void)
{
    fsock_listener *l = hear("tcp://127.0.0.2:0", NULL);
    int port = fsock_listener_port(l);
    fsock_listener_close(l);
    return port;
}

static void test_1_16_bind(void **state)
{
    char from[64], want[64];
    (void)state;
    assert_int_equal(strncmp(local_of("127.0.0.1", "127.0.0.2"), "127.0.0.2:", 10), 0);
    snprintf(from, sizeof from, "127.0.0.2:%d", free_port());
    is_text(local_of("127.0.0.1", from), from);
    int port = free_port();
    snprintf(from, sizeof from, "0:%d", port);
    snprintf(want, sizeof want, "127.0.0.1:%d", port);
    is_text(local_of("127.0.0.1", from), want);
    snprintf(want, sizeof want, "[::1]:%d", port);
    is_text(local_of("[::1]:0", from), want);
    is_text(local_of("[::1]:0", want), want);
    assert_int_equal(strncmp(local_of("127.0.0.1", "0"), "127.0.0.1:", 10), 0);
    assert_int_equal(strncmp(local_of("[::1]:0", "::1"), "[::1]:", 6), 0);
    assert_int_equal(strncmp(local_of("127.0.0.1", "lo"), "127.0.0.1:", 10), 0);
    /* An address of the other family does not matter. */
    assert_int_equal(strncmp(local_of("127.0.0.1", "::1"), "127.0.0.1:", 10), 0);
    assert_int_equal(strncmp(local_of("[::1]:0", "127.0.0.2"), "[::1]:", 6), 0);
}

static void test_where_nobody_can_bind(void **state)
{
    struct fsock_options o;
    fsock_stream *s;
    (void)state;
    fsock_options_init(&o);
    o.bind = "192.0.2.1";
    assert_int_equal(fsock_open(&s, "127.0.0.1:9", 0, &o, SOON, &fault), FSOCK_ERR_CONNECT);
    assert_int_equal(fault.sys_errno, EADDRNOTAVAIL);
    fsock_listener *l = hear("tcp://127.0.0.1:0", NULL);
    o.bind = fsock_listener_name(l);
    assert_int_equal(fsock_open(&s, "127.0.0.1:9", 0, &o, SOON, &fault), FSOCK_ERR_CONNECT);
    assert_int_equal(fault.sys_errno, EADDRINUSE);
    fsock_listener_close(l);
}

static void test_3_14_names(void **state)
{
    (void)state;
    fsock_listener *l = hear("tcp://127.0.0.1:0", NULL);
    int port = fsock_listener_port(l);
    fsock_stream *a = dial("127.0.0.1", port, NULL), *b = dial("127.0.0.1", port, NULL);
    char local[120], want[64];
    snprintf(local, sizeof local, "%s", fsock_inspect(a)->local);
    assert_string_not_equal(local, fsock_inspect(b)->local);
    is_text(fsock_inspect(b)->peer, fsock_inspect(a)->peer);
    assert_int_equal(fsock_inspect(a)->peer_port, port);
    snprintf(want, sizeof want, "127.0.0.1:%d", fsock_inspect(a)->local_port);
    is_text(local, want);
    fsock_close(a);
    fsock_close(b);
    fsock_listener_close(l);
}

/* ---- Reach ----------------------------------------------------------------------------------- */

static void test_reach(void **state)
{
    (void)state;
    static const struct {
        enum fsock_err err;
        enum fsock_stage stage;
        int sys_errno;
        enum fsock_reach reach;
        const char *name;
    } rows[] = {
        {FSOCK_OK,          FSOCK_STAGE_NONE,    0,            FSOCK_REACH_OPEN,        "open"       },
        {FSOCK_ERR_CONNECT, FSOCK_STAGE_CONNECT, ECONNREFUSED, FSOCK_REACH_REFUSED,     "refused"    },
        {FSOCK_ERR_RESET,   FSOCK_STAGE_RECV,    ECONNRESET,   FSOCK_REACH_REFUSED,     "refused"    },
        {FSOCK_ERR_TIMEOUT, FSOCK_STAGE_CONNECT, ETIMEDOUT,    FSOCK_REACH_NO_ANSWER,   "no answer"  },
        {FSOCK_ERR_CONNECT, FSOCK_STAGE_CONNECT, ETIMEDOUT,    FSOCK_REACH_NO_ANSWER,   "no answer"  },
        {FSOCK_ERR_CONNECT, FSOCK_STAGE_CONNECT, EHOSTUNREACH, FSOCK_REACH_UNREACHABLE,
         "unreachable"                                                                               },
        {FSOCK_ERR_CONNECT, FSOCK_STAGE_SEND,    EACCES,       FSOCK_REACH_UNREACHABLE, "unreachable"},
        {FSOCK_ERR_NAME,    FSOCK_STAGE_RESOLVE, 0,            FSOCK_REACH_FAILED,      "failed"     },
        {FSOCK_ERR_TIMEOUT, FSOCK_STAGE_RESOLVE, 0,            FSOCK_REACH_FAILED,      "failed"     },
        {FSOCK_ERR_SYSTEM,  FSOCK_STAGE_CONNECT, EMFILE,       FSOCK_REACH_FAILED,      "failed"     },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        fault.err = rows[i].err;
        fault.stage = rows[i].stage;
        fault.sys_errno = rows[i].sys_errno;
        assert_int_equal(fsock_reach_of(&fault), rows[i].reach);
        is_text(fsock_reach_name(rows[i].reach), rows[i].name);
    }
    is_text(fsock_reach_name(FSOCK_REACH_UNKNOWN), "unknown");
    is_text(fsock_reach_name((enum fsock_reach)99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_one_later),  TEST(test_what_is_refused), TEST(test_3_13_set_when_opening),
        TEST(test_linger_0_resets), TEST(test_1_16_bind),       TEST(test_where_nobody_can_bind),
        TEST(test_3_14_names),      TEST(test_reach),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
