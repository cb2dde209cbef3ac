/*
 * resolve_rig.h - name lookup against the servers of dns_server.h, under both drivers.
 *
 * Include it after <cmocka.h>.
 */
#ifndef FSK_TEST_RESOLVE_RIG_H
#define FSK_TEST_RESOLVE_RIG_H

#include <errno.h>
#include <stdio.h>

#include "dns_server.h"
#include "op/resolve.h"
#include "two_drivers.h"

#define MS FSOCK_MILLISECOND

/* One wish, stepped as dial.h steps it, and what could be seen of it on the way. */
struct watcher {
    struct fsk_op op;
    struct fsk_resolve wish;
    struct fsock_fault fault;
    fsock_time give_up, started, ended, settled_at;
    unsigned settled_n;
    struct fsk_addr settled[FSK_ADDRS_MAX];
};

struct env {
    struct two_drivers drivers;
    struct dns_server server[2];
    unsigned servers;
    struct fsk_resolver *resolver;
    struct watcher w;
    char conf[32], hosts[32];
};

static inline enum fsock_err watch_step(struct fsk_op *op, fsock_time now)
{
    struct watcher *w = FSK_HOLDER(op, struct watcher, op);
    if (now >= w->give_up)
        return FSOCK_ERR_CANCELED;
    enum fsock_err err = fsk_op_inner(op, &w->wish.op, now);
    if (w->wish.settled && !w->settled_at) {
        w->settled_at = now;
        w->settled_n = w->wish.n;
        memcpy(w->settled, w->wish.addr, sizeof w->settled);
    }
    if (err == FSOCK_AGAIN)
        op->alarm = op->alarm < w->give_up ? op->alarm : w->give_up;
    else
        w->ended = fsock_now();
    return err;
}

static inline void watch(struct env *e, struct watcher *w, const char *host, int family,
                         int64_t limit)
{
    *w = (struct watcher){.give_up = FSOCK_NEVER, .started = fsock_now()};
    fsk_op_init(&w->op, watch_step, w->started + limit);
    fsk_resolve_init(&w->wish, e->resolver, fsk_span_str(host), 80, family, FSOCK_NEVER, &w->fault);
}

/* Look one name up; the result stays in e->w. */
static inline enum fsock_err look(struct env *e, const char *host, int family, int64_t limit)
{
    watch(e, &e->w, host, family, limit);
    enum fsock_err err = two_drivers_run(&e->drivers, &e->w.op);
    fsk_resolve_fini(&e->w.wish);
    return err;
}

static inline void has(const struct env *e, const char *first, const char *second)
{
    char text[FSK_ADDR_TEXT] = "", more[FSK_ADDR_TEXT] = "";
    if (e->w.wish.n > 0)
        fsk_addr_format_port(&e->w.wish.addr[0], text);
    if (e->w.wish.n > 1)
        fsk_addr_format_port(&e->w.wish.addr[1], more);
    if (strcmp(first, "*") != 0)
        assert_string_equal(text, first);
    if (strcmp(second, "*") != 0)
        assert_string_equal(more, second);
}

static inline void says(const struct env *e, const char *part)
{
    if (!strstr(e->w.fault.text, part))
        fail_msg("\"%s\" does not say \"%s\"", e->w.fault.text, part);
}

static inline void write_file(char path[32], const char *text)
{
    if (!path[0]) {
        strcpy(path, "/tmp/fsock-test-XXXXXX");
        close(mkstemp(path));
    }
    FILE *f = fopen(path, "w");
    fputs(text, f);
    fclose(f);
}

/* A resolver that knows the servers begun so far, and what e->conf and e->hosts hold. */
static inline void resolver(struct env *e, const char *const *pins)
{
    char text[64];
    struct fsock_fault fault = {0};
    snprintf(text, sizeof text, e->servers > 1 ? "127.0.0.1:%u,127.0.0.1:%u" : "127.0.0.1:%u",
             e->server[0].port, e->server[1].port);
    struct fsock_options o = {
        .dns_servers = text, .resolve = pins, .resolv_conf = e->conf, .hosts = e->hosts};
    e->resolver = fsk_resolver_new(&o, e->drivers.driver, &fault);
    if (!e->resolver)
        fail_msg("%s", fault.text);
}

static inline void serve(struct env *e, enum dns_manner manner)
{
    dns_start(&e->server[e->servers++], manner);
}

static inline void serve_and_resolve(struct env *e, enum dns_manner manner)
{
    serve(e, manner);
    resolver(e, NULL);
}

static inline unsigned asked(struct env *e)
{
    return e->server[0].by_udp + e->server[0].by_tcp;
}

static inline int setup(void **state)
{
    bool loop = *(const bool *)*state;
    struct env *e = calloc(1, sizeof *e);
    unsetenv("LOCALDOMAIN");
    unsetenv("RES_OPTIONS");
    if (!e || !two_drivers_init(&e->drivers, loop))
        return -1;
    write_file(e->conf, "search .\n");
    write_file(e->hosts, "");
    *state = e;
    return 0;
}

static inline int teardown(void **state)
{
    struct env *e = *state;
    if (e->w.op.step) { /* a test that failed has left it */
        fsk_op_stop(&e->w.op);
        fsk_resolve_fini(&e->w.wish);
    }
    fsk_resolver_free(e->resolver);
    for (unsigned i = 0; i < e->servers; i++)
        dns_stop(&e->server[i]);
    unlink(e->conf);
    unlink(e->hosts);
    bool clean = two_drivers_fini(&e->drivers);
    free(e);
    return clean ? 0 : -1;
}

#define BOTH_DRIVERS(f) TWO_DRIVERS(f, setup, teardown)

#endif
