/*
 * stream_rig.h - for tests of the stream interface: two ends that are connected, in one thread; and
 * a watch over descriptors.
 *
 * A peer that has to act while a call waits is a thread: see struct actor.
 */
#ifndef FSK_TEST_STREAM_RIG_H
#define FSK_TEST_STREAM_RIG_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <fsock.h>

#include "net_cert.h"

#define SOON          fsock_after(10)
#define MS            FSOCK_MILLISECOND
#define COUNT(array)  (sizeof(array) / sizeof *(array))
#define ok(call)      assert_int_equal(call, FSOCK_OK)
#define TEST(f)       cmocka_unit_test_setup_teardown(f, count_before, count_after)
#define is_text(a, b) assert_string_equal(a, b)

/* ---- Descriptors ----------------------------------------------------------------------------- */

static unsigned fds_before;

static inline unsigned open_fds(void)
{
    unsigned n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

static inline int count_before(void **state)
{
    (void)state;
    fds_before = open_fds();
    return 0;
}

/* A test leaves no descriptor open. */
static inline int count_after(void **state)
{
    (void)state;
    return open_fds() == fds_before ? 0 : -1;
}

/* ---- Two ends -------------------------------------------------------------------------------- */

struct line {
    fsock_stream *client, *server;
};

static inline fsock_listener *hear(const char *target, const struct fsock_options *options)
{
    struct fsock_fault fault;
    fsock_listener *l;
    if (fsock_listen(&l, target, 0, options, SOON, &fault) != FSOCK_OK)
        fail_msg("%s", fault.text);
    return l;
}

static inline fsock_stream *dial(const char *target, int port, const struct fsock_options *options)
{
    struct fsock_fault fault;
    fsock_stream *s;
    if (fsock_open(&s, target, port, options, SOON, &fault) != FSOCK_OK)
        fail_msg("%s", fault.text);
    return s;
}

static inline fsock_stream *take(fsock_listener *l)
{
    struct fsock_fault fault;
    fsock_stream *s;
    if (fsock_accept(l, &s, SOON, &fault) != FSOCK_OK)
        fail_msg("%s", fault.text);
    return s;
}

/* By TCP, with these options of either end. */
static inline void meet_with(struct line *l, const struct fsock_options *client,
                             const struct fsock_options *server)
{
    fsock_listener *listener = hear("tcp://127.0.0.1:0", server);
    l->client = dial("127.0.0.1", fsock_listener_port(listener), client);
    l->server = take(listener);
    fsock_listener_close(listener);
}

static inline void meet(struct line *l)
{
    meet_with(l, NULL, NULL);
}

/* With buffers so small that a writer blocks soon. */
static inline void meet_small(struct line *l)
{
    struct fsock_options options;
    fsock_options_init(&options);
    options.receive_buffer = options.send_buffer = 4096;
    meet_with(l, &options, &options);
}

/* A socket whose port nobody can listen on, nor connect from: it is bound, and no more. */
static inline int deaf_socket(int *port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof in;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&in, len) || getsockname(fd, (struct sockaddr *)&in, &len))
        abort();
    *port = ntohs(in.sin_port);
    return fd;
}

static inline void part(struct line *l)
{
    fsock_close(l->client);
    fsock_close(l->server);
}

static inline void say(fsock_stream *s, const char *text)
{
    ok(fsock_write(s, text, strlen(text), NULL, SOON));
}

static inline void hears(fsock_stream *s, const char *text)
{
    char got[256];
    size_t n;
    assert_true(strlen(text) < sizeof got);
    ok(fsock_read_exact(s, got, strlen(text), &n, SOON));
    got[n] = '\0';
    is_text(got, text);
}

/* Bytes that differ from place to place, and have all values. */
static inline char byte_at(size_t i)
{
    return (char)(unsigned char)(i * 7 + i / 251);
}

static inline char *many_bytes(size_t n)
{
    char *p = malloc(n);
    for (size_t i = 0; i < n; i++)
        p[i] = byte_at(i);
    return p;
}

/* Read `n` of those bytes, which begin with number `from`. */
static inline void hears_many(fsock_stream *s, size_t from, size_t n)
{
    char *got = malloc(n), *want = many_bytes(from + n);
    size_t have;
    ok(fsock_read_exact(s, got, n, &have, SOON));
    assert_int_equal(have, n);
    assert_memory_equal(got, want + from, n);
    free(got);
    free(want);
}

/* Write until nothing more is taken; how many bytes were. */
static inline size_t fill_up(fsock_stream *s)
{
    char *bytes = many_bytes(8 << 20);
    size_t n, all = 0;
    while (fsock_write(s, bytes + all, 65536, &n, FSOCK_NOW) == FSOCK_OK)
        all += n;
    free(bytes);
    return all;
}

/* ---- TLS ------------------------------------------------------------------------------------- */

static char tls_folder[] = "/tmp/fsock-test-XXXXXX";
static char ca_file[64], leaf_file[64], client_file[64];

static inline int make_certificates(void **state)
{
    (void)state;
    if (!mkdtemp(tls_folder))
        return -1;
    snprintf(ca_file, sizeof ca_file, "%s/ca.pem", tls_folder);
    snprintf(leaf_file, sizeof leaf_file, "%s/leaf.pem", tls_folder);
    snprintf(client_file, sizeof client_file, "%s/client.pem", tls_folder);
    struct cert ca = cert_make("the authority", NULL, 30, NULL);
    struct cert leaf = cert_make("localhost", "DNS:localhost,IP:127.0.0.1", 30, &ca);
    struct cert client = cert_make("the client", NULL, 30, &ca);
    cert_save(&ca, ca_file, false, NULL);
    cert_save(&leaf, leaf_file, true, NULL);
    cert_save(&client, client_file, true, NULL);
    cert_free(&ca);
    cert_free(&leaf);
    cert_free(&client);
    return 0;
}

static inline int remove_certificates(void **state)
{
    (void)state;
    unlink(ca_file);
    unlink(leaf_file);
    unlink(client_file);
    return rmdir(tls_folder);
}

static inline struct fsock_options server_options(void)
{
    struct fsock_options o;
    fsock_options_init(&o);
    o.cert_file = leaf_file;
    return o;
}

static inline struct fsock_options client_options(void)
{
    struct fsock_options o;
    fsock_options_init(&o);
    o.ca_file = ca_file;
    return o;
}

/* Both handshakes, in turns, until both are over. */
static inline void shake_hands(struct line *l)
{
    enum fsock_err a = FSOCK_AGAIN, b = FSOCK_AGAIN;
    for (int i = 0; i < 1000 && (a || b); i++) {
        a = fsock_handshake(l->client, FSOCK_NOW);
        b = fsock_handshake(l->server, FSOCK_NOW);
    }
    ok(a);
    ok(b);
}

static inline void put_tls(struct line *l)
{
    struct fsock_options client = client_options(), server = server_options();
    assert_int_equal(fsock_start_tls(l->client, "localhost", &client, FSOCK_NOW), FSOCK_AGAIN);
    assert_int_equal(fsock_start_tls(l->server, NULL, &server, FSOCK_NOW), FSOCK_AGAIN);
    shake_hands(l);
}

/* ---- Somebody who acts meanwhile ------------------------------------------------------------- */

struct actor {
    pthread_t thread;
    void (*act)(struct actor *);
    fsock_stream *stream;
    fsock_listener *listener;
    int fd;
    double delay;
};

static inline void pause_for(double seconds)
{
    struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&t, NULL);
}

static inline void *actor_run(void *arg)
{
    struct actor *a = arg;
    pause_for(a->delay);
    a->act(a);
    return NULL;
}

static inline void actor_start(struct actor *a, void (*act)(struct actor *), double delay)
{
    a->act = act;
    a->delay = delay;
    if (pthread_create(&a->thread, NULL, actor_run, a))
        abort();
}

static inline void actor_join(struct actor *a)
{
    pthread_join(a->thread, NULL);
}

/* ---- Time, and children ---------------------------------------------------------------------- */

/* It took from `low` to `high` seconds since `began`. */
static inline void took(fsock_time began, double low, double high)
{
    double seconds = (double)(fsock_now() - began) / 1e9;
    if (seconds < low || seconds > high)
        fail_msg("it took %.3f s, not %.3f to %.3f", seconds, low, high);
}

/* What a forked child returns from `act`; or 1000 and the number of the signal that ended it. */
static inline int child_does(int (*act)(void))
{
    int status;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        _exit(act());
    if (waitpid(pid, &status, 0) < 0)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

#endif
