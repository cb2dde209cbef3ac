/*
 * stream-threads [THREADS [ROUNDS]] - streams in many threads at once: THREADS clients (16), each
 * with a stream of its own and a pool of its own, by stdio and by calls, over TCP, TLS and a unix
 * socket; and the library's own listeners, whose streams are handed to other threads.
 *
 * It is for ThreadSanitizer and valgrind to watch; what is read is checked, too. Exit 0 and no
 * word if all is well.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server.h"
#include "unit/net_cert.h"

#define THREADS_MAX 64
#define PATIENCE    (20 * FSOCK_SECOND)

enum { TCP, TLS, UNIX, KINDS };

static char dir[] = "/tmp/stream-threads-XXXXXX", ca_file[64], cert_file[64], sock_file[64];
static struct server server[KINDS];
static char target[KINDS][128];

struct client {
    pthread_t thread;
    unsigned number, rounds;
    char out[LENGTH_MAX], back[LENGTH_MAX];
};

/* ---- A client -------------------------------------------------------------------------------- */

/* As many bytes as the round says, of its own kind. */
static size_t compose(struct client *c, unsigned round)
{
    size_t length = (round * 7919 + c->number * 131) % LENGTH_MAX + 1;
    for (size_t i = 0; i < length; i++)
        c->out[i] = (char)(i * (c->number + 3) + round);
    memset(c->back, 0, length);
    return length;
}

static void talk_by_stdio(struct client *c, const char *to, unsigned rounds)
{
    struct fsock_fault fault;
    FILE *file = fsockopen(to, 0, &fault, 20);
    CHECK(file, "%s", fault.text);
    for (unsigned r = 0; r < rounds; r++) {
        size_t length = compose(c, r);
        CHECK(fprintf(file, "%zu\n", length) > 0 && fwrite(c->out, 1, length, file) == length &&
                  fflush(file) == 0 && fread(c->back, 1, length, file) == length &&
                  memcmp(c->out, c->back, length) == 0,
              "%s: %s", to, fsock_last_fault(fsock_of(file))->text);
    }
    CHECK(fclose(file) == 0, "%s: fclose", to);
}

static void talk_by_calls(struct client *c, fsock_stream *s, unsigned round)
{
    size_t n, length = compose(c, round);
    CHECK(fsock_printf(s, fsock_now() + PATIENCE, "%zu\n", length) == FSOCK_OK &&
              fsock_write(s, c->out, length, NULL, fsock_now() + PATIENCE) == FSOCK_OK &&
              fsock_read_exact(s, c->back, length, &n, fsock_now() + PATIENCE) == FSOCK_OK &&
              memcmp(c->out, c->back, length) == 0,
          "%s", fsock_last_fault(s)->text);
    const struct fsock_stream_info *info = fsock_inspect(s);
    const struct fsock_cert *cert = fsock_certificate(s);
    CHECK(info->reach == FSOCK_REACH_OPEN && info->received >= length, "%s", info->peer);
    CHECK((strcmp(info->transport, "tls") == 0) == (cert && cert->verified), "%s", info->transport);
}

static void talk_by_pool(struct client *c, const char *to, unsigned rounds)
{
    struct fsock_options options;
    struct fsock_fault fault;
    fsock_pool *pool = fsock_pool_new(2, 0);
    fsock_stream *s;
    int reused;
    fsock_options_init(&options);
    options.ca_file = ca_file;
    for (unsigned r = 0; r < rounds; r++) {
        enum fsock_err err =
            fsock_pool_open(pool, &s, to, 0, &options, fsock_now() + PATIENCE, &reused, &fault);
        CHECK(err == FSOCK_OK && reused == (r > 0), "%s: reused %d: %s", to, reused, fault.text);
        talk_by_calls(c, s, r);
        fsock_pool_keep(pool, s);
    }
    fsock_pool_free(pool);
}

/* Nobody listens there; and no two faults are mixed up. */
static void fail(const struct client *c)
{
    char nowhere[64];
    struct fsock_fault fault;
    snprintf(nowhere, sizeof nowhere, "unix://%s/none-%u", dir, c->number);
    CHECK(!fsockopen(nowhere, 0, &fault, 20) && fault.err == FSOCK_ERR_CONNECT &&
              strstr(fault.text, nowhere + strlen("unix://")),
          "%s: %s", nowhere, fault.text);
}

static void *talk(void *arg)
{
    struct client *c = arg;
    for (unsigned i = 0; i < KINDS; i++) {
        const char *to = target[(c->number + i) % KINDS];
        talk_by_stdio(c, to, c->rounds);
        talk_by_pool(c, to, c->rounds);
        fail(c);
    }
    return NULL;
}

/* ---- Everything together --------------------------------------------------------------------- */

static void make_certificates(void)
{
    struct cert ca = cert_make("CA", NULL, 30, NULL);
    struct cert own = cert_make("server", "IP:127.0.0.1", 30, &ca);
    snprintf(ca_file, sizeof ca_file, "%s/ca.pem", dir);
    snprintf(cert_file, sizeof cert_file, "%s/server.pem", dir);
    snprintf(sock_file, sizeof sock_file, "%s/socket", dir);
    cert_save(&ca, ca_file, false, NULL);
    cert_save(&own, cert_file, true, NULL);
    cert_free(&ca);
    cert_free(&own);
    setenv("SSL_CERT_FILE", ca_file, 1); /* for fsockopen(), which has no options */
}

static void start_servers(void)
{
    struct fsock_options options;
    fsock_options_init(&options);
    options.cert_file = cert_file;
    server_start(&server[TCP], "tcp://127.0.0.1:0", NULL);
    server_start(&server[TLS], "tls://127.0.0.1:0", &options);
    snprintf(target[UNIX], sizeof target[UNIX], "unix://%s", sock_file);
    server_start(&server[UNIX], target[UNIX], NULL);
    snprintf(target[TCP], sizeof target[TCP], "%s", fsock_listener_name(server[TCP].listener));
    snprintf(target[TLS], sizeof target[TLS], "tls://%s",
             fsock_listener_name(server[TLS].listener));
}

static void run_clients(unsigned count, unsigned rounds)
{
    struct client *client = calloc(count, sizeof *client);
    CHECK(client, "out of memory");
    for (unsigned i = 0; i < count; i++) {
        client[i].number = i;
        client[i].rounds = rounds;
        CHECK(pthread_create(&client[i].thread, NULL, talk, &client[i]) == 0, "no thread");
    }
    for (unsigned i = 0; i < count; i++)
        pthread_join(client[i].thread, NULL);
    free(client);
}

int main(int argc, char **argv)
{
    unsigned count = argc > 1 ? (unsigned)atoi(argv[1]) : 16;
    unsigned rounds = argc > 2 ? (unsigned)atoi(argv[2]) : 10;
    CHECK(count > 0 && count <= THREADS_MAX && rounds > 0, "1 to %d threads", THREADS_MAX);
    CHECK(mkdtemp(dir), "no directory");
    alarm(100);
    make_certificates();
    start_servers();
    run_clients(count, rounds);
    for (int i = 0; i < KINDS; i++) {
        unsigned served = server_stop(&server[i]);
        CHECK(served == 2 * count, "%s: %u connections", target[i], served);
    }
    CHECK(access(sock_file, F_OK) < 0, "the socket is left");
    unlink(ca_file);
    unlink(cert_file);
    rmdir(dir);
    return 0;
}
