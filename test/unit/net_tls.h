/*
 * net_tls.h - what the tests of TLS share: a CA, a directory of files, one connection to a peer.
 */
#ifndef FSK_TEST_NET_TLS_H
#define FSK_TEST_NET_TLS_H

#include <dirent.h>
#include <signal.h>

#include "net/tls_config.h"
#include "net_client.h"

static struct cert ca;
static char directory[] = "/tmp/fsock-test-XXXXXX";

/* "directory/name"; valid until the next call. */
static inline const char *in_directory(const char *name)
{
    static char path[64];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static inline struct fsk_tls_config *must_config(const struct fsock_options *options)
{
    struct fsock_fault fault = {.err = FSOCK_OK};
    struct fsk_tls_config *config = fsk_tls_config_new(options, fsk_span(NULL, 0), &fault);
    if (!config)
        fail_msg("%s", fault.text);
    return config;
}

static inline struct fsk_tls_config *trusting_ca(void)
{
    return must_config(&(struct fsock_options){.ca_file = in_directory("ca.pem")});
}

/* A byte, so that tickets before it are read, too; then it waits for the end. */
static inline void play_greet(struct peer *p)
{
    char byte;
    if (peer_write(p, "x", 1))
        peer_read(p, &byte, 1);
}

struct outcome {
    enum fsock_err err;
    struct fsk_layer_info info;
    char why[200];
};

/* Connect once and hang up; `greeted`: read the byte that the peer sends. */
static inline struct outcome try_at(struct peer *p, void (*play)(struct peer *),
                                    struct fsk_tls_config *g, const char *host, bool greeted,
                                    fsock_time now)
{
    struct client c = {.config = g, .host = host};
    struct outcome o;
    char byte;
    size_t n;
    stub_driver_init(&c.driver);
    c.driver.driver.now = now;
    peer_start(p, play);
    o.err = client_open(&c, p);
    if (!o.err && greeted)
        o.err = client_recv(&c, &byte, 1, &n, 0);
    fsk_stream_info(&c.stream, &o.info);
    snprintf(o.why, sizeof o.why, "%s", o.err ? fsk_stream_why(&c.stream) : "");
    fsk_stream_close(&c.stream);
    peer_join(p);
    return o;
}

static inline struct outcome try(struct peer *p, struct fsk_tls_config *g, const char *host)
{
    return try_at(p, play_greet, g, host, true, FSOCK_SECOND);
}

static inline void play_plain_http(struct peer *p)
{
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    char hello[2048];
    if (read(p->fd, hello, sizeof hello) > 0)
        peer_write(p, answer, sizeof answer - 1);
}

/* Our side speaks TLS, but the peer's stack is TCP alone. */
static inline struct outcome try_without_tls(void (*play)(struct peer *), struct fsk_tls_config *g,
                                             const char *host)
{
    struct peer p;
    struct client c = {.host = host, .config = g};
    struct outcome o;
    stub_driver_init(&c.driver);
    peer_init(&p, "t", NULL, 0);
    peer_start(&p, play);
    assert_int_equal(client_open(&c, &p), FSOCK_OK);
    c.stream.top = client_layer(&c, c.stream.top, 'T');
    o.err = client_handshake(c.stream.top);
    snprintf(o.why, sizeof o.why, "%s", fsk_stream_why(&c.stream));
    assert_int_equal(c.stream.top->stage, FSOCK_STAGE_TLS);
    fsk_stream_close(&c.stream);
    peer_join(&p);
    return o;
}

static inline void remove_directory(void)
{
    DIR *dir = opendir(directory);
    struct dirent *entry;
    while ((entry = readdir(dir)))
        unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
    rmdir(directory);
}

static inline void tls_set_up(void)
{
    signal(SIGPIPE, SIG_IGN); /* the peers write with OpenSSL's own socket BIO */
    if (!mkdtemp(directory))
        abort();
    ca = cert_make("test CA", NULL, 2, NULL);
    cert_save(&ca, in_directory("ca.pem"), false, NULL);
}

static inline void tls_tear_down(void)
{
    remove_directory();
    cert_free(&ca);
}

#endif
