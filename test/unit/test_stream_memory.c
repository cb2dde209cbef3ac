/*
 * Memory runs out in the calls for streams: for n = 1, 2, 3 ... the n-th allocation of the library
 * fails, until a run needs no more than that. Each call ends, with FSOCK_ERR_MEMORY and a sentence
 * or as if nothing had happened, and leaves nothing allocated and no descriptor open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "starve.h"
#include "stream_rig.h"

static int port; /* where a socket listens, whose connections nobody takes */

/* The error of a call, whose fault says the same, in words: nothing else goes wrong here. */
static enum fsock_err told(enum fsock_err err, const struct fsock_fault *f)
{
    if (err == FSOCK_OK)
        return err;
    if (f->err != err || !f->text[0] || !strstr(f->text, "memory"))
        fail_msg("%s: %s: %s", fsock_err_name(err), fsock_err_name(f->err), f->text);
    return err;
}

/* The same of a call on an open stream. */
static enum fsock_err said(enum fsock_err err, const fsock_stream *s)
{
    return err == FSOCK_AGAIN || err == FSOCK_EOF ? err : told(err, fsock_last_fault(s));
}

/* What is tried again and again. */
typedef enum fsock_err (*script)(void);

/* ---- Opening --------------------------------------------------------------------------------- */

static enum fsock_err open_to(const char *target, const struct fsock_options *o)
{
    struct fsock_fault fault;
    fsock_stream *s;
    enum fsock_err err = told(fsock_open(&s, target, port, o, SOON, &fault), &fault);
    assert_true((s != NULL) == (err == FSOCK_OK));
    fsock_close(s);
    return err;
}

static enum fsock_err open_an_address(void)
{
    return open_to("127.0.0.1", NULL);
}

static enum fsock_err open_a_name(void)
{
    return open_to("localhost", NULL);
}

static enum fsock_err open_with_options(void)
{
    char pin[64];
    const char *const pins[] = {pin, NULL};
    struct fsock_options o;
    snprintf(pin, sizeof pin, "a.test:%d:127.0.0.1", port);
    fsock_options_init(&o);
    o.bind = "127.0.0.1";
    o.tls_name = "b.test";
    o.resolve = pins;
    o.proxy = "http://u:p@127.0.0.1:1";
    o.no_proxy = "a.test";
    return open_to("a.test", &o);
}

static enum fsock_err by_fsockopen(void)
{
    struct fsock_fault fault;
    FILE *f = fsockopen("127.0.0.1", port, &fault, 5);
    if (!f)
        return told(fault.err, &fault);
    assert_non_null(fsock_of(f));
    enum fsock_err err = fputs("hello\n", f) < 0 || fflush(f) ? FSOCK_ERR_MEMORY : FSOCK_OK;
    fclose(f);
    return err;
}

static enum fsock_err by_pool(void)
{
    struct fsock_fault fault;
    fsock_stream *s;
    int reused;
    enum fsock_err err = FSOCK_OK;
    fsock_pool *p = fsock_pool_new(2, 0);
    if (!p)
        return FSOCK_ERR_MEMORY;
    for (int i = 0; i < 2 && err == FSOCK_OK; i++) {
        err = fsock_pool_open(p, &s, "127.0.0.1", port, NULL, SOON, &reused, &fault);
        told(err, &fault);
        assert_true((s != NULL) == (err == FSOCK_OK));
        assert_true(!reused || i == 1);
        fsock_pool_keep(p, s);
    }
    fsock_pool_free(p);
    return err;
}

/* ---- Listening ------------------------------------------------------------------------------- */

static enum fsock_err listen_at(const char *target, const struct fsock_options *o)
{
    struct fsock_fault fault;
    fsock_listener *l;
    fsock_stream *client = NULL, *s = NULL;
    char dialled[160];
    enum fsock_err err = told(fsock_listen(&l, target, 0, o, SOON, &fault), &fault);
    assert_true((l != NULL) == (err == FSOCK_OK));
    if (!l)
        return err;
    bool local = fsock_listener_port(l) == 0;
    snprintf(dialled, sizeof dialled, "%s%s", local ? "unix://" : "", fsock_listener_name(l));
    err = told(fsock_open(&client, dialled, 0, NULL, SOON, &fault), &fault);
    if (client) {
        err = told(fsock_accept(l, &s, SOON, &fault), &fault);
        assert_true((s != NULL) == (err == FSOCK_OK));
    }
    fsock_close(s);
    fsock_close(client);
    fsock_listener_close(l);
    return err;
}

static enum fsock_err listen_tcp(void)
{
    return listen_at("tcp://localhost:0", NULL);
}

/* Its path is removed, or was never made. */
static enum fsock_err listen_unix(void)
{
    char target[100];
    snprintf(target, sizeof target, "unix://%s/socket", tls_folder);
    enum fsock_err err = listen_at(target, NULL);
    assert_int_equal(access(target + strlen("unix://"), F_OK), -1);
    return err;
}

static enum fsock_err listen_tls(void)
{
    struct fsock_options o = server_options();
    o.alpn = "a,b";
    return listen_at("tls://127.0.0.1:0", &o);
}

static enum fsock_err datagrams(void)
{
    struct fsock_fault fault;
    struct fsock_address from;
    fsock_stream *server, *client = NULL;
    char bytes[8];
    size_t n;
    enum fsock_err err =
        told(fsock_bind(&server, "udp://localhost:0", 0, NULL, SOON, &fault), &fault);
    if (!server)
        return err;
    int at = fsock_inspect(server)->local_port;
    err = told(fsock_open(&client, "udp://localhost", at, NULL, SOON, &fault), &fault);
    if (err == FSOCK_OK)
        err = said(fsock_write(client, "ping", 4, NULL, SOON), client);
    if (err == FSOCK_OK)
        err = said(fsock_recv_from(server, bytes, sizeof bytes, &n, &from, SOON), server);
    if (err == FSOCK_OK)
        err = said(fsock_send_to(server, "pong", 4, &from, SOON), server);
    if (err == FSOCK_OK)
        err = said(fsock_read(client, bytes, sizeof bytes, &n, SOON), client);
    fsock_close(client);
    fsock_close(server);
    return err;
}

/* ---- Open streams ---------------------------------------------------------------------------- */

/* On two pairs, which are closed. */
static enum fsock_err on_pairs(enum fsock_err (*act)(fsock_stream **a, fsock_stream **b))
{
    struct fsock_fault fault;
    fsock_stream *a[2], *b[2] = {NULL, NULL};
    enum fsock_err err = told(fsock_open_pair(a, &fault), &fault);
    if (err == FSOCK_OK)
        err = told(fsock_open_pair(b, &fault), &fault);
    if (err == FSOCK_OK)
        err = act(a, b);
    for (int i = 0; i < 2; i++) {
        fsock_close(a[i]);
        fsock_close(b[i]);
    }
    return err;
}

static enum fsock_err read_and_write(fsock_stream **a, fsock_stream **b)
{
    char line[64], copied[1200];
    size_t n;
    uint64_t gone;
    enum fsock_err err = said(fsock_printf(a[0], SOON, "one\n%01000d\n", 7), a[0]);
    if (err == FSOCK_OK)
        err = said(fsock_read_line(a[1], line, sizeof line, &n, SOON), a[1]);
    if (err != FSOCK_OK)
        return err;
    is_text(line, "one\n");
    err = fsock_copy(a[1], b[0], 1001, &gone, SOON);
    if (err == FSOCK_ERR_MEMORY) /* of one of the two */
        return told(err, fsock_last_fault(fsock_last_fault(a[1])->err ? a[1] : b[0]));
    assert_int_equal(gone, 1001);
    err = said(fsock_read_exact(b[1], copied, 1001, &n, SOON), b[1]);
    return err;
}

static enum fsock_err reading_and_writing(void)
{
    return on_pairs(read_and_write);
}

static enum fsock_err wait_for_some(fsock_stream **a, fsock_stream **b)
{
    enum fsock_err err = said(fsock_write(a[0], "x", 1, NULL, SOON), a[0]);
    struct fsock_wait_item list[] = {
        {a[1], -1, FSOCK_READABLE,                  0},
        {b[0], -1, FSOCK_READABLE | FSOCK_WRITABLE, 0},
        {b[1], -1, FSOCK_READABLE,                  0},
    };
    if (err == FSOCK_OK)
        err = fsock_wait(list, COUNT(list), SOON);
    if (err == FSOCK_OK)
        assert_true(list[0].ready == FSOCK_READABLE && list[1].ready == FSOCK_WRITABLE);
    return err;
}

static enum fsock_err waiting(void)
{
    return on_pairs(wait_for_some);
}

static enum fsock_err by_descriptor(void)
{
    struct fsock_fault fault;
    fsock_stream *in, *out = NULL;
    uint64_t n;
    int fd[2];
    if (pipe2(fd, O_CLOEXEC))
        abort();
    enum fsock_err err = told(fsock_open_fd(&in, fd[0], 0, &fault), &fault);
    if (in)
        err = told(fsock_open_fd(&out, fd[1], 0, &fault), &fault);
    if (out)
        err = said(fsock_write(out, "bytes", 5, NULL, SOON), out);
    if (out && err == FSOCK_OK)
        err = fsock_copy(in, out, 3, &n, SOON);
    fsock_close(in);
    fsock_close(out);
    close(fd[0]);
    close(fd[1]);
    return err;
}

/* ---- TLS ------------------------------------------------------------------------------------- */

static enum fsock_err secured(fsock_stream **a)
{
    struct fsock_options client = client_options();
    struct fsock_options server = server_options();
    char bytes[8];
    size_t n;
    client.alpn = server.alpn = "a";
    enum fsock_err at = said(fsock_start_tls(a[0], "localhost", &client, FSOCK_NOW), a[0]);
    if (at != FSOCK_AGAIN)
        return at;
    enum fsock_err err = said(fsock_start_tls(a[1], NULL, &server, FSOCK_NOW), a[1]);
    for (int i = 0; i < 100 && (at == FSOCK_AGAIN || err == FSOCK_AGAIN); i++) {
        at = said(fsock_handshake(a[0], FSOCK_NOW), a[0]);
        err = said(fsock_handshake(a[1], FSOCK_NOW), a[1]);
        if (at == FSOCK_ERR_MEMORY || err == FSOCK_ERR_MEMORY)
            return FSOCK_ERR_MEMORY;
    }
    if (at != FSOCK_OK || err != FSOCK_OK)
        return err == FSOCK_OK ? at : err;
    const struct fsock_cert *c = fsock_certificate(a[0]);
    err = said(fsock_write(a[0], "bytes", 5, NULL, SOON), a[0]);
    if (err == FSOCK_OK)
        err = said(fsock_read(a[1], bytes, sizeof bytes, &n, SOON), a[1]);
    return c ? err : FSOCK_ERR_MEMORY;
}

/* Between a client and a stream that was accepted. */
static enum fsock_err start_tls(void)
{
    struct fsock_fault fault;
    fsock_listener *l;
    fsock_stream *s[2] = {NULL, NULL};
    enum fsock_err err = told(fsock_listen(&l, "tcp://127.0.0.1:0", 0, NULL, SOON, &fault), &fault);
    if (err == FSOCK_OK)
        err = fsock_open(&s[0], "127.0.0.1", fsock_listener_port(l), NULL, SOON, &fault);
    if (err == FSOCK_OK)
        err = fsock_accept(l, &s[1], SOON, &fault);
    if (err == FSOCK_OK)
        err = secured(s);
    fsock_close(s[0]);
    fsock_close(s[1]);
    fsock_listener_close(l);
    return err;
}

/* ---- Probes ---------------------------------------------------------------------------------- */

static enum fsock_err by_probe(void)
{
    struct fsock_fault fault;
    struct fsock_probe_event e;
    enum fsock_err err, ended = FSOCK_OK;
    unsigned added = 0, done = 0, tries = 0;
    fsock_probe *p = fsock_probe_new(NULL, 0, "ping", 4, &fault);
    if (!p)
        return told(fault.err, &fault);
    for (int i = 0; i < 3; i++) {
        err = fsock_probe_add(p, i == 2 ? "localhost" : "127.0.0.1", port, NULL, &fault);
        added += err == FSOCK_OK;
        ended = told(err, &fault) == FSOCK_OK ? ended : err;
    }
    while ((err = fsock_probe_next(p, &e, SOON)) != FSOCK_EOF) {
        if (err != FSOCK_OK && (err != FSOCK_ERR_MEMORY || ++tries > 5))
            break;
        if (err == FSOCK_OK) {
            done++;
            err = e.fault ? told(e.fault->err, e.fault) : FSOCK_OK;
        }
        ended = err == FSOCK_OK ? ended : err;
    }
    fsock_probe_free(p);
    if (err == FSOCK_EOF)
        assert_int_equal(done, added);
    return err == FSOCK_EOF ? ended : err;
}

/* ---- All of it ------------------------------------------------------------------------------- */

static void exhaust(script go)
{
    unsigned fds = open_fds();
    for (int all = 0; all < 2; all++) {
        for_good = all;
        for (unsigned long n = 1;; n++) {
            starve(n);
            enum fsock_err err = go();
            armed = false;
            if (err != FSOCK_OK && !(struck && err == FSOCK_ERR_MEMORY))
                fail_msg("allocation %lu: %s", n, fsock_err_name(err));
            if (held != 0)
                fail_msg("allocation %lu: %ld not freed", n, held);
            if (open_fds() != fds)
                fail_msg("allocation %lu: a descriptor is left open", n);
            if (!struck)
                break;
            assert_true(n < N_MAX);
        }
    }
}

#define EACH(f)                                                                                    \
    static void test_##f(void **state)                                                             \
    {                                                                                              \
        (void)state;                                                                               \
        exhaust(f);                                                                                \
    }

EACH(open_an_address)
EACH(open_a_name)
EACH(open_with_options)
EACH(by_fsockopen)
EACH(by_pool)
EACH(listen_tcp)
EACH(listen_unix)
EACH(listen_tls)
EACH(datagrams)
EACH(reading_and_writing)
EACH(waiting)
EACH(by_descriptor)
EACH(start_tls)
EACH(by_probe)

static int listen_somewhere(void **state)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof in;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&in, len) || listen(fd, SOMAXCONN) ||
        getsockname(fd, (struct sockaddr *)&in, &len))
        return -1;
    port = ntohs(in.sin_port);
    return make_certificates(state);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_an_address),   cmocka_unit_test(test_open_a_name),
        cmocka_unit_test(test_open_with_options), cmocka_unit_test(test_by_fsockopen),
        cmocka_unit_test(test_by_pool),           cmocka_unit_test(test_listen_tcp),
        cmocka_unit_test(test_listen_unix),       cmocka_unit_test(test_listen_tls),
        cmocka_unit_test(test_datagrams),         cmocka_unit_test(test_reading_and_writing),
        cmocka_unit_test(test_waiting),           cmocka_unit_test(test_by_descriptor),
        cmocka_unit_test(test_start_tls),         cmocka_unit_test(test_by_probe),
    };
    return cmocka_run_group_tests_name("stream_memory", tests, listen_somewhere,
                                       remove_certificates);
}
