/*
 * Memory runs out in the calls of streams: for n = 1, 2, 3 ... the n-th allocation of the library
 * fails, until a run needs no more than that. Each call does what it should or says that memory was
 * out, and nothing stays allocated or open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "stream_rig.h"
#include "starve.h"

/* Whether it went well; else it has to be memory that was missing. */
static bool went_well(enum fsock_err err, const struct fsock_fault *fault)
{
    if (err == FSOCK_OK)
        return true;
    if (err != FSOCK_ERR_MEMORY)
        fail_msg("%s: %s", fsock_err_name(err), fault ? fault->text : "");
    if (fault) {
        assert_int_equal(fault->err, FSOCK_ERR_MEMORY);
        assert_true(fault->text[0]);
    }
    return false;
}

static bool said(fsock_stream *s, enum fsock_err err)
{
    return went_well(err, fsock_last_fault(s));
}

/* ---- What is tried again and again: each true if it all went well ---------------------------- */

/* A line there, and one back. */
static bool exchange(fsock_stream *a, fsock_stream *b)
{
    char text[64];
    size_t n;
    if (!said(a, fsock_printf(a, SOON, "%600d\n", 1)) ||
        !said(b, fsock_read_exact(b, text, 8, &n, SOON)))
        return false;
    for (n = 0; n == 0 || text[n - 1] != '\n';)
        if (!said(b, fsock_read_line(b, text, sizeof text, &n, SOON)))
            return false;
    return said(b, fsock_write(b, "back\n", 5, &n, SOON)) &&
           said(a, fsock_read_line(a, text, sizeof text, &n, SOON)) && n == 5;
}

static bool by_listener(void)
{
    struct fsock_fault fault;
    fsock_listener *l;
    fsock_stream *a = NULL, *b = NULL;
    if (!went_well(fsock_listen(&l, "tcp://127.0.0.1:0", 0, NULL, SOON, &fault), &fault))
        return false;
    bool good = went_well(fsock_open(&a, "127.0.0.1", fsock_listener_port(l), NULL, SOON, &fault),
                          &fault) &&
                went_well(fsock_accept(l, &b, SOON, &fault), &fault) && exchange(a, b);
    fsock_close(a);
    fsock_close(b);
    fsock_listener_close(l);
    return good;
}

static bool by_tls(void)
{
    struct fsock_options client = client_options(), server = server_options();
    struct fsock_fault fault;
    fsock_listener *l;
    fsock_stream *a = NULL, *b = NULL;
    if (!went_well(fsock_listen(&l, "tls://127.0.0.1:0", 0, &server, SOON, &fault), &fault))
        return false;
    bool good = went_well(fsock_open(&a, "127.0.0.1", fsock_listener_port(l), NULL, SOON, &fault),
                          &fault) &&
                went_well(fsock_accept(l, &b, SOON, &fault), &fault);
    enum fsock_err err = good ? fsock_start_tls(a, "localhost", &client, FSOCK_NOW) : FSOCK_OK;
    for (int i = 0; good && err == FSOCK_AGAIN && i < 100; i++) {
        enum fsock_err served = fsock_handshake(b, FSOCK_NOW);
        good = served == FSOCK_AGAIN || said(b, served);
        err = fsock_handshake(a, FSOCK_NOW);
    }
    good = good && said(a, err) && said(b, fsock_handshake(b, SOON)) && exchange(a, b);
    if (good && !fsock_certificate(a))
        good = false; /* it says NULL when memory is out */
    fsock_close(a);
    fsock_close(b);
    fsock_listener_close(l);
    return good;
}

static bool by_pair_wait_and_copy(void)
{
    struct fsock_fault fault;
    fsock_stream *one[2], *two[2] = {NULL, NULL};
    uint64_t n;
    char text[16];
    size_t got;
    if (!went_well(fsock_open_pair(one, &fault), &fault))
        return false;
    bool good = went_well(fsock_open_pair(two, &fault), &fault) &&
                said(one[0], fsock_write(one[0], "0123456789", 10, NULL, SOON));
    if (good) {
        struct fsock_wait_item items[] = {
            {one[1], -1, FSOCK_READABLE,                  0},
            {two[0], -1, FSOCK_READABLE | FSOCK_WRITABLE, 0}
        };
        good = went_well(fsock_wait(items, 2, SOON), NULL) && items[0].ready && items[1].ready;
    }
    if (good) {
        enum fsock_err err = fsock_copy(one[1], two[0], 10, &n, SOON);
        good = err == FSOCK_OK || said(one[1], err);
        good = good && said(two[1], fsock_read_exact(two[1], text, 10, &got, SOON)) && got == 10;
    }
    for (int i = 0; i < 2; i++) {
        fsock_close(one[i]);
        fsock_close(two[i]);
    }
    return good;
}

/* A FILE, turned from reading to writing. */
static bool by_stdio(void)
{
    struct fsock_fault fault;
    fsock_listener *l;
    fsock_stream *b = NULL;
    char text[64], name[64];
    if (!went_well(fsock_listen(&l, "tcp://127.0.0.1:0", 0, NULL, SOON, &fault), &fault))
        return false;
    snprintf(name, sizeof name, "%s", fsock_listener_name(l));
    FILE *f = fsockopen(name, 0, &fault, 10);
    bool good = f ? true : went_well(fault.err, &fault);
    good = good && went_well(fsock_accept(l, &b, SOON, &fault), &fault) &&
           said(b, fsock_write(b, "one\ntwo\n", 8, NULL, SOON));
    if (good) {
        good = fgets(text, sizeof text, f) && fputs("three\n", f) >= 0 && fflush(f) == 0 &&
               fgets(text, sizeof text, f);
        if (good)
            is_text(text, "two\n");
        else
            assert_int_equal(errno, ENOMEM);
    }
    if (f)
        fclose(f);
    fsock_close(b);
    fsock_listener_close(l);
    return good;
}

static bool by_pool(void)
{
    struct fsock_fault fault;
    fsock_listener *l;
    fsock_stream *s;
    int reused = 0;
    fsock_pool *pool = fsock_pool_new(0, 0);
    if (!pool)
        return false;
    bool good = went_well(fsock_listen(&l, "tcp://127.0.0.1:0", 0, NULL, SOON, &fault), &fault);
    for (int i = 0; good && i < 2; i++) {
        good = went_well(fsock_pool_open(pool, &s, "127.0.0.1", fsock_listener_port(l), NULL, SOON,
                                         &reused, &fault),
                         &fault);
        fsock_pool_keep(pool, s);
    }
    fsock_pool_free(pool);
    fsock_listener_close(l);
    return good && reused; /* what can't be kept is closed, without a word */
}

static bool by_datagrams(void)
{
    struct fsock_fault fault;
    struct fsock_address from;
    fsock_stream *s, *c = NULL;
    char text[8];
    size_t n;
    if (!went_well(fsock_bind(&s, "udp://127.0.0.1:0", 0, NULL, SOON, &fault), &fault))
        return false;
    bool good = went_well(fsock_open(&c, "udp://127.0.0.1", fsock_inspect(s)->local_port, NULL,
                                     SOON, &fault),
                          &fault) &&
                said(c, fsock_write(c, "hi", 2, NULL, SOON)) &&
                said(s, fsock_recv_from(s, text, sizeof text, &n, &from, SOON)) &&
                said(s, fsock_send_to(s, text, n, &from, SOON)) &&
                said(c, fsock_read(c, text, sizeof text, &n, SOON));
    fsock_close(c);
    fsock_close(s);
    return good;
}

static bool by_probe(void)
{
    struct fsock_fault fault;
    struct fsock_probe_event e;
    fsock_listener *l;
    bool good = true;
    unsigned done = 0;
    if (!went_well(fsock_listen(&l, "tcp://127.0.0.1:0", 0, NULL, SOON, &fault), &fault))
        return false;
    fsock_probe *p = fsock_probe_new(NULL, 0, "x", 1, &fault);
    if (p) {
        for (unsigned i = 0; i < 3; i++)
            good &= went_well(fsock_probe_add(p, "127.0.0.1", fsock_listener_port(l), NULL, &fault),
                              &fault);
        for (enum fsock_err err; (err = fsock_probe_next(p, &e, SOON)) != FSOCK_EOF;) {
            if (!went_well(err, NULL) || ++done > 3)
                good = false;
            else
                good &= !e.fault || went_well(e.fault->err, e.fault);
            if (err != FSOCK_OK && for_good)
                break;
        }
    } else {
        good = went_well(fault.err, &fault);
    }
    fsock_probe_free(p);
    fsock_listener_close(l);
    return good;
}

/* ---- All of them ----------------------------------------------------------------------------- */

static void starve_all(bool (*script)(void))
{
    for (int g = 0; g < 2; g++) {
        bool good = false;
        for_good = g;
        for (unsigned long n = 1; n < N_MAX; n++) {
            starve(n);
            good = script();
            armed = false;
            if (held != 0)
                fail_msg("allocation %lu: %ld are left", n, held);
            if (!struck)
                break;
        }
        assert_true(good);
        assert_false(struck);
    }
}

#define STARVED(name)                                                                              \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        starve_all(by_##name);                                                                     \
    }

STARVED(listener)
STARVED(tls)
STARVED(pair_wait_and_copy)
STARVED(stdio)
STARVED(pool)
STARVED(datagrams)
STARVED(probe)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_listener), TEST(test_tls),  TEST(test_pair_wait_and_copy),
        TEST(test_stdio),    TEST(test_pool), TEST(test_datagrams),
        TEST(test_probe),
    };
    return cmocka_run_group_tests(tests, make_certificates, remove_certificates);
}
