/*
 * transfer_rig.h - for tests of transfers against fsock-site: start it, fetch a URL by either
 * driver, and keep all that came of it.
 */
#ifndef FSK_TEST_TRANSFER_RIG_H
#define FSK_TEST_TRANSFER_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fsock.h>
#include <stdbool.h>

#include "site.h"

#define MS FSOCK_MILLISECOND

static struct site site;
static char site_dir[] = "/tmp/fsock-transfer-XXXXXX";

static inline int rig_start(void **state)
{
    (void)state;
    return mkdtemp(site_dir) ? site_start(&site, site_dir) : -1;
}

static inline int rig_stop(void **state)
{
    DIR *dir = opendir(site_dir);
    char file[400];
    (void)state;
    for (const struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
        snprintf(file, sizeof file, "%s/%s", site_dir, e->d_name);
        unlink(file);
    }
    if (dir)
        closedir(dir);
    rmdir(site_dir);
    return site_stop(&site);
}

/* How many descriptors are open. */
static inline int open_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = -1; /* itself */
    for (const struct dirent *e; (e = readdir(dir)) != NULL;)
        n += e->d_name[0] != '.';
    closedir(dir);
    return n;
}

/* The URL of a page; valid until the eighth call from here. */
static inline const char *at_host(const char *service, const char *host, const char *path)
{
    static char url[8][512];
    static unsigned turn;
    bool tls = strcmp(service, "https") == 0 || strncmp(service, "tls", 3) == 0;
    char *out = url[turn++ % 8];
    snprintf(out, sizeof url[0], "%s://%s:%d%s", tls ? "https" : "http", host,
             site_port(&site, service), path);
    return out;
}

static inline const char *page(const char *path)
{
    return at_host("http", "127.0.0.1", path);
}

static inline const char *tls_page(const char *path)
{
    return at_host("https", "localhost", path);
}

/* Options for talking to the site: no limits that could strike, its certificate. */
static inline struct fsock_options site_options(void)
{
    static char ca[64];
    struct fsock_options o;
    fsock_options_init(&o);
    snprintf(ca, sizeof ca, "%s/ca.pem", site_dir);
    o.ca_file = ca;
    o.connect_timeout = o.read_timeout = o.total_timeout = 20 * FSOCK_SECOND;
    return o;
}

static inline struct fsock_request request(unsigned flags)
{
    struct fsock_request r;
    fsock_request_init(&r);
    r.flags = flags;
    return r;
}

/* What came of a URL. Texts that the library owns are copied. */
struct got {
    enum fsock_err err;
    struct fsock_fault fault;
    struct fsock_response response;
    char url[512], redirect_url[512], method[32];
    char head[65536], decoded[65536];
    char events[256]; /* S, H, D (once for all in a row), R, X */
    char *body;
    size_t len, room;
};

static inline void note_event(struct got *g, char letter)
{
    size_t n = strlen(g->events);
    if (n + 1 < sizeof g->events && !(letter == 'D' && n && g->events[n - 1] == 'D'))
        g->events[n] = letter;
}

static inline void note_response(struct got *g, const struct fsock_response *r)
{
    size_t n = fsock_response_decoded_head(r, g->decoded, sizeof g->decoded - 1);
    g->decoded[n < sizeof g->decoded ? n : sizeof g->decoded - 1] = '\0';
    snprintf(g->url, sizeof g->url, "%s", r->url);
    snprintf(g->redirect_url, sizeof g->redirect_url, "%s", r->redirect_url);
    snprintf(g->method, sizeof g->method, "%s", r->method);
    snprintf(g->head, sizeof g->head, "%.*s", (int)r->head_len, r->head_len ? r->head : "");
    g->response = *r;
    g->response.url = g->url;
    g->response.method = g->method;
    g->response.head = NULL;
}

static inline void take_event(struct got *g, const struct fsock_event *e)
{
    switch (e->kind) {
    case FSOCK_EVENT_START:
        note_event(g, 'S');
        break;
    case FSOCK_EVENT_HEAD:
        note_event(g, 'H');
        break;
    case FSOCK_EVENT_DATA:
        note_event(g, 'D');
        if (g->len + e->len >= g->room) {
            g->room = 2 * (g->len + e->len) + 1;
            g->body = realloc(g->body, g->room);
            assert_non_null(g->body);
        }
        memcpy(g->body + g->len, e->data, e->len);
        g->len += e->len;
        g->body[g->len] = '\0';
        break;
    case FSOCK_EVENT_RESTART:
        note_event(g, 'R');
        g->len = 0;
        break;
    case FSOCK_EVENT_DONE:
        note_event(g, 'X');
        g->err = e->err;
        if (e->fault)
            g->fault = *e->fault;
        note_response(g, e->response);
        break;
    default:
        fail();
    }
}

static inline void forget(struct got *g)
{
    free(g->body);
    free(g);
}

/* Fetch by drive/loop. To be forgotten. */
static inline struct got *fetch(const char *url, const struct fsock_request *r,
                                const struct fsock_options *o)
{
    struct fsock_options plain = site_options();
    struct fsock_event e;
    struct fsock_fault fault;
    struct got *g = calloc(1, sizeof *g);
    fsock_fetch *f = fsock_fetch_new(o ? o : &plain, 0, 0, &fault);
    assert_non_null(f);
    g->err = fsock_fetch_add(f, url, strlen(url), r, g, &g->fault);
    if (g->err == FSOCK_OK)
        while (fsock_fetch_next(f, &e, FSOCK_NEVER) == FSOCK_OK)
            take_event(e.user, &e);
    fsock_fetch_free(f);
    return g;
}

/* The same by drive/run. */
static inline struct got *get(const char *url, const struct fsock_request *r,
                              const struct fsock_options *o)
{
    struct fsock_options plain = site_options();
    struct got *g = calloc(1, sizeof *g);
    fsock_result *result;
    size_t len;
    g->err = fsock_get(&result, url, r, o ? o : &plain, fsock_after(30));
    if (fsock_result_fault(result))
        g->fault = *fsock_result_fault(result);
    note_response(g, fsock_result_response(result));
    const char *body = fsock_result_body(result, &len);
    g->body = malloc(len + 1);
    memcpy(g->body, body, len);
    g->body[g->len = len] = '\0';
    fsock_result_free(result);
    return g;
}

/* Both, which must agree; the loop's is returned. */
static inline struct got *both(const char *url, const struct fsock_request *r,
                               const struct fsock_options *o)
{
    struct got *g = fetch(url, r, o), *by_run = get(url, r, o);
    if (g->err != by_run->err || g->fault.stage != by_run->fault.stage)
        fail_msg("%s: %s by loop, %s by run: %s / %s", url, fsock_err_name(g->err),
                 fsock_err_name(by_run->err), g->fault.text, by_run->fault.text);
    assert_int_equal(g->response.status, by_run->response.status);
    if (!r || !(r->flags & FSOCK_DISCARD)) {
        if (g->err == FSOCK_OK)
            assert_int_equal(g->len, by_run->len);
        assert_memory_equal(g->body ? g->body : "", by_run->body,
                            g->len < by_run->len ? g->len : by_run->len);
    }
    forget(by_run);
    return g;
}

/* A counter of the site's, after this very request. */
static inline long stat_of(const char *name)
{
    struct got *g = get(page("/stats"), NULL, NULL);
    char key[64];
    snprintf(key, sizeof key, "\"%s\": ", name);
    const char *at = strstr(g->body, key);
    assert_non_null(at);
    long value = atol(at + strlen(key));
    forget(g);
    return value;
}

#endif
