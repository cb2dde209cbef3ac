/*
 * What a stream promises, for every stack of layers: one suite, run for each of them.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>

#include "net_client.h"

#define MEGA ((size_t)1 << 20)

static const char *const stacks[] = {"t", "u", "tT", "uT", "tS", "tH", "tST", "tHT", "tTH", "tTHT"};
#define STACKS (sizeof stacks / sizeof stacks[0])

static struct cert server_cert;
static struct fsk_tls_config *config;

struct fixture {
    struct client client;
    struct peer peer;
    int fds;
};

static int count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

static void begin(struct fixture *f, void **state, void (*play)(struct peer *))
{
    memset(f, 0, sizeof *f);
    f->fds = count_fds();
    stub_driver_init(&f->client.driver);
    f->client.config = config;
    f->client.host = "localhost";
    f->client.send_buffer = 8192;
    peer_init(&f->peer, *state, &server_cert, 0);
    peer_start(&f->peer, play);
    enum fsock_err err = client_open(&f->client, &f->peer);
    if (err)
        fail_msg("%s: %s", fsock_err_name(err), fsk_stream_why(&f->client.stream));
}

/* Closing tells the driver, once, and leaves no descriptor behind. */
static void end(struct fixture *f)
{
    struct fsk_layer_info info;
    fsk_stream_info(&f->client.stream, &info);
    fsk_stream_close(&f->client.stream);
    assert_int_equal(f->client.driver.forgotten, 1);
    assert_int_equal(f->client.driver.last_fd, info.fd);
    peer_join(&f->peer);
    peer_fini(&f->peer);
    assert_int_equal(count_fds(), f->fds);
}

static bool has_tls(const struct fixture *f)
{
    return strchr(f->peer.stack, 'T') != NULL;
}

static void play_echo(struct peer *p)
{
    char buf[4096];
    ssize_t n;
    while ((n = peer_read(p, buf, sizeof buf)) > 0)
        if (!peer_write(p, buf, (size_t)n))
            return;
    peer_write(p, "late", 4);
    peer_end(p);
}

static void test_every_byte_value_both_ways(void **state)
{
    struct fixture f;
    unsigned char out[256], in[256];
    begin(&f, state, play_echo);
    for (int i = 0; i < 256; i++)
        out[i] = (unsigned char)i;
    assert_int_equal(client_send_all(&f.client, out, sizeof out), FSOCK_OK);
    assert_int_equal(client_recv_all(&f.client, in, sizeof in, 0), FSOCK_OK);
    assert_memory_equal(in, out, sizeof in);
    end(&f);
}

static void test_one_byte_at_a_time(void **state)
{
    struct fixture f;
    begin(&f, state, play_echo);
    for (int i = 0; i < 100; i++) {
        unsigned char out = (unsigned char)i, in = 0;
        assert_int_equal(client_send_all(&f.client, &out, 1), FSOCK_OK);
        assert_int_equal(client_recv_all(&f.client, &in, 1, 0), FSOCK_OK);
        assert_int_equal(in, out);
    }
    end(&f);
}

static unsigned char pattern(size_t i)
{
    return (unsigned char)(i * 31 + (i >> 8) + (i >> 16));
}

/*
 * Whatever can move moves; sleep when neither can. A stuck direction ends in a timeout. What is
 * sent again after FSOCK_AGAIN comes from elsewhere, as from a buffer that has grown.
 */
static void test_much_both_ways_at_once(void **state)
{
    struct fixture f;
    static unsigned char out[2][MEGA], in[MEGA];
    size_t sent = 0, got = 0;
    int turn = 0;
    begin(&f, state, play_echo);
    for (size_t i = 0; i < MEGA; i++)
        out[0][i] = out[1][i] = pattern(i);
    memset(in, 0, sizeof in);
    while (got < MEGA) {
        struct fsk_wait wait = {.wants = 0};
        size_t n, m = 0;
        enum fsock_err r = fsk_stream_recv(&f.client.stream, in + got, MEGA - got, &n, 0, &wait);
        enum fsock_err s = FSOCK_AGAIN;
        if (sent < MEGA)
            s = fsk_stream_send(&f.client.stream, out[turn++ % 2] + sent, MEGA - sent, &m, &wait);
        assert_true((r == FSOCK_OK && n > 0) || (r == FSOCK_AGAIN && n == 0));
        assert_true((s == FSOCK_OK && m > 0) || (s == FSOCK_AGAIN && m == 0));
        got += n;
        sent += m;
        if (r == FSOCK_AGAIN && s == FSOCK_AGAIN)
            assert_true(stub_wait(&wait));
    }
    assert_memory_equal(in, out[0], MEGA);
    end(&f);
}

static void test_half_close_then_the_end_stays(void **state)
{
    struct fixture f;
    char buf[16];
    size_t n;
    begin(&f, state, play_echo);
    assert_int_equal(client_send_all(&f.client, "early", 5), FSOCK_OK);
    assert_int_equal(client_shut(&f.client), FSOCK_OK);
    assert_int_equal(client_recv_all(&f.client, buf, 9, 0), FSOCK_OK);
    assert_memory_equal(buf, "earlylate", 9);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(client_recv(&f.client, buf, sizeof buf, &n, 0), FSOCK_EOF);
        assert_int_equal(n, 0);
    }
    end(&f);
}

static void play_reset(struct peer *p)
{
    peer_reset(p);
}

static void test_a_reset_is_told_and_stays(void **state)
{
    struct fixture f;
    struct fsk_wait wait = {.wants = 0};
    char buf[16];
    size_t n;
    begin(&f, state, play_reset);
    assert_int_equal(client_send_all(&f.client, "x", 1), FSOCK_OK);
    assert_int_equal(client_recv(&f.client, buf, sizeof buf, &n, 0), FSOCK_ERR_RESET);
    assert_int_equal(f.client.stream.top->sys_errno, ECONNRESET);
    assert_non_null(strstr(fsk_stream_why(&f.client.stream), "reset"));
    assert_int_equal(client_recv(&f.client, buf, sizeof buf, &n, 0), FSOCK_ERR_RESET);
    assert_int_equal(fsk_stream_send(&f.client.stream, "y", 1, &n, &wait), FSOCK_ERR_RESET);
    end(&f);
}

static void play_cut(struct peer *p)
{
    peer_write(p, "half", 4);
    shutdown(p->fd, SHUT_WR);
    char byte;
    while (read(p->fd, &byte, 1) > 0)
        ;
}

static void test_an_end_below_tls_is_a_truncation(void **state)
{
    struct fixture f;
    char buf[16];
    size_t n;
    begin(&f, state, play_cut);
    enum fsock_err expected = has_tls(&f) ? FSOCK_ERR_TRUNCATED : FSOCK_EOF;
    assert_int_equal(client_recv_all(&f.client, buf, 4, 0), FSOCK_OK);
    assert_memory_equal(buf, "half", 4);
    for (int i = 0; i < 2; i++)
        assert_int_equal(client_recv(&f.client, buf, sizeof buf, &n, 0), expected);
    if (has_tls(&f))
        assert_non_null(strstr(fsk_stream_why(&f.client.stream), "close_notify"));
    end(&f);
}

/* Reads nothing until it sees the end. */
static void play_mute(struct peer *p)
{
    struct pollfd fd = {.fd = p->fd, .events = POLLRDHUP};
    poll(&fd, 1, 10000);
}

static void test_again_says_what_to_wait_for(void **state)
{
    struct fixture f;
    struct fsk_layer_info info;
    static char much[65536];
    struct fsk_wait wait = {.wants = 0};
    enum fsock_err err;
    size_t n;
    begin(&f, state, play_mute);
    fsk_stream_info(&f.client.stream, &info);
    /* Tickets may come first; they are read on the way. */
    assert_int_equal(fsk_stream_recv(&f.client.stream, much, 16, &n, 0, &wait), FSOCK_AGAIN);
    assert_int_equal(n, 0);
    assert_int_equal(wait.wants, 1);
    assert_int_equal(wait.want[0].fd, info.fd);
    assert_int_equal(wait.want[0].events, FSK_READABLE);
    wait.wants = 0;
    while ((err = fsk_stream_send(&f.client.stream, much, sizeof much, &n, &wait)) == FSOCK_OK)
        assert_int_equal(wait.wants, 0);
    assert_int_equal(err, FSOCK_AGAIN);
    assert_int_equal(n, 0);
    assert_int_equal(wait.wants, 1);
    assert_int_equal(wait.want[0].fd, info.fd);
    assert_int_equal(wait.want[0].events, FSK_WRITABLE);
    end(&f);
}

static void test_peek_leaves_and_discard_drops(void **state)
{
    struct fixture f;
    char out[100], buf[100];
    size_t n;
    begin(&f, state, play_echo);
    for (int i = 0; i < 100; i++)
        out[i] = (char)('A' + i % 26);
    assert_int_equal(client_send_all(&f.client, out, 100), FSOCK_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(client_recv(&f.client, buf, 10, &n, FSK_IO_PEEK), FSOCK_OK);
        assert_in_range(n, 1, 10);
        assert_memory_equal(buf, out, n);
    }
    assert_int_equal(client_recv_all(&f.client, buf, 10, 0), FSOCK_OK);
    assert_memory_equal(buf, out, 10);
    assert_int_equal(client_recv_all(&f.client, buf, 40, FSK_IO_DISCARD), FSOCK_OK);
    assert_int_equal(client_recv_all(&f.client, buf, 50, 0), FSOCK_OK);
    assert_memory_equal(buf, out + 50, 50);
    end(&f);
}

static void test_info(void **state)
{
    struct fixture f;
    struct fsk_layer_info info;
    begin(&f, state, play_mute);
    fsk_stream_info(&f.client.stream, &info);
    assert_true(info.fd >= 0);
    assert_int_equal(info.remote.family, f.peer.stack[0] == 't' ? 4 : 0);
    if (info.remote.family)
        assert_int_equal(info.remote.port, ntohs(((struct sockaddr_in *)&f.peer.addr)->sin_port));
    if (has_tls(&f)) {
        assert_string_equal(info.tls_version, "TLSv1.3");
        assert_string_equal(info.alpn, "http/1.1");
        assert_int_equal(info.verify_result, 0);
    } else {
        assert_null(info.tls_version);
    }
    end(&f);
}

static int make_config(void)
{
    char path[] = "/tmp/fsock-test-XXXXXX";
    struct fsock_fault fault = {.err = FSOCK_OK};
    struct fsock_options options = {.size = sizeof options, .ca_file = path};
    close(mkstemp(path));
    server_cert = cert_make("test", "DNS:localhost", 2, NULL);
    cert_save(&server_cert, path, false, NULL);
    config = fsk_tls_config_new(&options, FSK_SPAN("\x08http/1.1"), &fault);
    unlink(path);
    return config ? 0 : -1;
}

#define TEST(function)                                                                             \
    {                                                                                              \
#function, function                                                                        \
    }

static const struct {
    const char *name;
    void (*function)(void **);
} tests[] = {
    TEST(test_every_byte_value_both_ways),
    TEST(test_one_byte_at_a_time),
    TEST(test_much_both_ways_at_once),
    TEST(test_half_close_then_the_end_stays),
    TEST(test_a_reset_is_told_and_stays),
    TEST(test_an_end_below_tls_is_a_truncation),
    TEST(test_again_says_what_to_wait_for),
    TEST(test_peek_leaves_and_discard_drops),
    TEST(test_info),
};
#define TESTS (sizeof tests / sizeof tests[0])

int main(void)
{
    static struct CMUnitTest run[STACKS * TESTS];
    static char names[STACKS * TESTS][64];
    size_t n = 0;
    signal(SIGPIPE, SIG_IGN); /* the peers write with OpenSSL's own socket BIO */
    if (make_config())
        return 1;
    for (size_t s = 0; s < STACKS; s++)
        for (size_t t = 0; t < TESTS; t++, n++) {
            snprintf(names[n], sizeof names[n], "%s %s", stacks[s], tests[t].name);
            run[n] = (struct CMUnitTest){.name = names[n],
                                         .test_func = tests[t].function,
                                         .initial_state = (void *)(size_t)stacks[s]};
        }
    int failed = cmocka_run_group_tests_name("stream", run, NULL, NULL);
    fsk_tls_config_free(config);
    cert_free(&server_cert);
    return failed;
}
