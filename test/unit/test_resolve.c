/* Name lookup, under both drivers, against the servers of dns_server.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <cmocka.h>
#include <dirent.h>

#include "dns_server.h"
#include "drive/loop.h"
#include "drive/run.h"
#include "op/resolve.h"

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

/* Any number of them, side by side. */
struct crowd {
    struct fsk_op op;
    struct watcher *watcher;
    unsigned n;
};

struct env {
    bool loop;
    struct fsk_run r;
    struct fsk_loop l;
    struct fsk_driver *driver;
    struct dns_server server[2];
    unsigned servers;
    struct fsk_resolver *resolver;
    struct watcher w;
    char conf[32], hosts[32];
    unsigned fds;
};

static unsigned open_fds(void)
{
    unsigned n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

static enum fsock_err watch_step(struct fsk_op *op, fsock_time now)
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

static void watch(struct env *e, struct watcher *w, const char *host, int family, int64_t limit)
{
    *w = (struct watcher){.give_up = FSOCK_NEVER, .started = fsock_now()};
    fsk_op_init(&w->op, watch_step, w->started + limit);
    fsk_resolve_init(&w->wish, e->resolver, fsk_span_str(host), 80, family, FSOCK_NEVER, &w->fault);
}

static enum fsock_err run(struct env *e, struct fsk_op *op)
{
    if (!e->loop)
        return fsk_run(&e->r, op);
    fsk_sched_tick(&e->l.sched); /* its clock runs from now, not from the last turn */
    assert_true(e->driver->start(e->driver, op));
    while (!op->ended)
        fsk_loop_step(&e->l, FSOCK_NEVER);
    return op->err;
}

static enum fsock_err crowd_step(struct fsk_op *op, fsock_time now)
{
    struct crowd *c = FSK_HOLDER(op, struct crowd, op);
    bool all = true;
    (void)now;
    for (unsigned i = 0; i < c->n; i++) {
        struct fsk_op *child = &c->watcher[i].op;
        if (!child->parent)
            fsk_op_start(op, child);
        all = all && child->ended;
    }
    return all ? FSOCK_OK : FSOCK_AGAIN;
}

static void run_crowd(struct env *e, struct watcher *watcher, unsigned n)
{
    struct crowd c = {.watcher = watcher, .n = n};
    fsk_op_init(&c.op, crowd_step, FSOCK_NEVER);
    run(e, &c.op);
}

/* Look one name up; the result stays in e->w. */
static enum fsock_err look(struct env *e, const char *host, int family, int64_t limit)
{
    watch(e, &e->w, host, family, limit);
    enum fsock_err err = run(e, &e->w.op);
    fsk_resolve_fini(&e->w.wish);
    return err;
}

static void has(const struct env *e, const char *first, const char *second)
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

static void says(const struct env *e, const char *part)
{
    if (!strstr(e->w.fault.text, part))
        fail_msg("\"%s\" does not say \"%s\"", e->w.fault.text, part);
}

static void write_file(char path[32], const char *text)
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
static void resolver(struct env *e, const char *const *pins)
{
    char text[64];
    struct fsock_fault fault = {0};
    snprintf(text, sizeof text, e->servers > 1 ? "127.0.0.1:%u,127.0.0.1:%u" : "127.0.0.1:%u",
             e->server[0].port, e->server[1].port);
    struct fsock_options o = {
        .dns_servers = text, .resolve = pins, .resolv_conf = e->conf, .hosts = e->hosts};
    e->resolver = fsk_resolver_new(&o, e->driver, &fault);
    if (!e->resolver)
        fail_msg("%s", fault.text);
}

static void serve(struct env *e, enum dns_manner manner)
{
    dns_start(&e->server[e->servers++], manner);
}

static void serve_and_resolve(struct env *e, enum dns_manner manner)
{
    serve(e, manner);
    resolver(e, NULL);
}

static unsigned asked(struct env *e)
{
    return e->server[0].by_udp + e->server[0].by_tcp;
}

static int setup(void **state)
{
    bool loop = *(const bool *)*state;
    struct env *e = calloc(1, sizeof *e);
    unsetenv("LOCALDOMAIN");
    unsetenv("RES_OPTIONS");
    e->fds = open_fds();
    e->loop = loop;
    if (loop ? !fsk_loop_init(&e->l, NULL) : !fsk_run_init(&e->r, NULL))
        return -1;
    e->driver = loop ? &e->l.sched.driver : &e->r.sched.driver;
    write_file(e->conf, "search .\n");
    write_file(e->hosts, "");
    *state = e;
    return 0;
}

static int teardown(void **state)
{
    struct env *e = *state;
    if (e->w.op.step) { /* a test that failed has left it */
        fsk_op_stop(&e->w.op);
        fsk_resolve_fini(&e->w.wish);
    }
    fsk_resolver_free(e->resolver);
    if (e->loop)
        fsk_loop_fini(&e->l);
    else
        fsk_run_fini(&e->r);
    for (unsigned i = 0; i < e->servers; i++)
        dns_stop(&e->server[i]);
    unlink(e->conf);
    unlink(e->hosts);
    bool leak = open_fds() != e->fds;
    free(e);
    return leak ? -1 : 0;
}

/* ---- answers ---- */

static void both_families(void **state)
{
    struct env *e = *state;
    serve_and_resolve(e, DNS_GOOD);
    unsigned fds = open_fds();
    assert_int_equal(look(e, "Both.Example", 0, FSOCK_SECOND), FSOCK_OK);
    assert_int_equal(e->w.wish.n, 2);
    assert_int_not_equal(e->w.wish.addr[0].family, e->w.wish.addr[1].family);
    assert_int_equal(e->w.wish.addr[1].port, 80);
    assert_true(e->w.wish.settled && e->w.wish.from_network);
    assert_int_equal(open_fds(), fds); /* no question, no socket */
    assert_int_equal(look(e, "both.example", 6, FSOCK_SECOND), FSOCK_OK);
    has(e, "[2001:db8::1]:80", "");
    assert_int_equal(e->server[0].a, 1); /* and none for the second one */
    assert_int_equal(look(e,
                          "b\xc3\xbc"
                          "cher.example",
                          4, FSOCK_SECOND),
                     FSOCK_OK);
    has(e, "192.0.2.1:80", "");
}

static void names_without_addresses(void **state)
{
    struct env *e = *state;
    serve_and_resolve(e, DNS_GOOD);
    assert_int_equal(look(e, "nx.example", 0, FSOCK_SECOND), FSOCK_ERR_NAME);
    assert_int_equal(e->w.fault.stage, FSOCK_STAGE_RESOLVE);
    says(e, "resolve nx.example: the name does not exist (NXDOMAIN from 127.0.0.1:");
    assert_int_equal(look(e, "empty.example", 0, FSOCK_SECOND), FSOCK_ERR_NAME);
    says(e, "resolve empty.example: has no address");
    assert_int_equal(look(e, "v4only.example", 6, FSOCK_SECOND), FSOCK_ERR_NAME);
    says(e, "has no IPv6 address");
    assert_int_equal(look(e, "v4only.example", 0, FSOCK_SECOND), FSOCK_OK);
    has(e, "192.0.2.1:80", "");
    unsigned n = asked(e);
    assert_int_equal(look(e, "x.invalid", 0, FSOCK_SECOND), FSOCK_ERR_NAME);
    assert_int_equal(look(e, "x.onion", 0, FSOCK_SECOND), FSOCK_ERR_NAME);
    assert_non_null(strstr(e->w.fault.hint, "Tor"));
    assert_int_equal(asked(e), n);
    assert_int_equal(look(e, "nx.local", 0, FSOCK_SECOND), FSOCK_ERR_NAME);
    assert_non_null(strstr(e->w.fault.hint, "multicast DNS"));
}

static void aliases(void **state)
{
    struct env *e = *state;
    serve_and_resolve(e, DNS_GOOD);
    assert_int_equal(look(e, "alias.example", 0, FSOCK_SECOND), FSOCK_OK);
    assert_int_equal(e->w.wish.n, 2);
    assert_int_equal(look(e, "loop.example", 0, FSOCK_SECOND), FSOCK_ERR_DNS);
    says(e, "CNAME");
    assert_true(asked(e) < 50);
}

static void cut_off_by_udp(void **state)
{
    struct env *e = *state;
    serve_and_resolve(e, DNS_GOOD);
    assert_int_equal(look(e, "big.example", 0, FSOCK_SECOND), FSOCK_OK);
    assert_int_equal(e->w.wish.n, 2);
    assert_int_equal(e->server[0].by_udp, 2);
    assert_int_equal(e->server[0].by_tcp, 2);
}

static void by_tcp_only(void **state)
{
    struct env *e = *state;
    write_file(e->conf, "options use-vc\n");
    serve_and_resolve(e, DNS_NO_EDNS);
    assert_int_equal(look(e, "both.example", 0, FSOCK_SECOND), FSOCK_OK);
    assert_int_equal(e->w.wish.n, 2);
    assert_int_equal(e->server[0].by_udp, 0);
}

static void options_of_resolv_conf(void **state)
{
    struct env *e = *state;
    write_file(e->conf, "options no-aaaa\n");
    serve_and_resolve(e, DNS_GOOD);
    assert_int_equal(look(e, "both.example", 0, FSOCK_SECOND), FSOCK_OK);
    has(e, "192.0.2.1:80", "");
    assert_int_equal(e->server[0].aaaa, 0);
    assert_int_equal(look(e, "both.example", 6, FSOCK_SECOND), FSOCK_ERR_NAME);
    fsk_resolver_free(e->resolver);
    write_file(e->conf, "options single-request\n");
    resolver(e, NULL);
    assert_int_equal(look(e, "mute6.example", 0, 300 * MS), FSOCK_OK);
    has(e, "192.0.2.1:80", "");
}

static void search_list(void **state)
{
    struct env *e = *state;
    write_file(e->conf, "search nowhere.example corp.example\n");
    serve_and_resolve(e, DNS_GOOD);
    assert_int_equal(look(e, "web", 4, FSOCK_SECOND), FSOCK_OK);
    has(e, "192.0.2.1:80", "");
    assert_int_equal(asked(e), 2);
    assert_int_equal(look(e, "web.", 4, FSOCK_SECOND), FSOCK_ERR_NAME);
    assert_int_equal(asked(e), 3);
    assert_int_equal(look(e, "fails", 4, FSOCK_SECOND), FSOCK_ERR_DNS);
    assert_int_equal(asked(e), 5); /* twice the first candidate; no other in its place */
}

/* ---- what needs no server ---- */

static void literals(void **state)
{
    struct env *e = *state;
    static const struct {
        const char *host;
        int family;
        enum fsock_err err;
        const char *addr;
    } rows[] = {
        {"192.0.2.7",      0, FSOCK_OK,        "192.0.2.7:80"    },
        {"127.1",          0, FSOCK_OK,        "127.0.0.1:80"    },
        {"0x7f000001",     0, FSOCK_OK,        "127.0.0.1:80"    },
        {"2001:db8::7",    0, FSOCK_OK,        "[2001:db8::7]:80"},
        {"fe80::1%7",      0, FSOCK_OK,        "[fe80::1%7]:80"  },
        {"::1%lo",         0, FSOCK_OK,        "[::1%1]:80"      },
        {"::1%nowhere0",   0, FSOCK_ERR_INPUT, ""                },
        {"192.0.2.7",      6, FSOCK_ERR_NAME,  ""                },
        {"::1",            4, FSOCK_ERR_NAME,  ""                },
        {"192.0.2.256",    0, FSOCK_ERR_INPUT, ""                },
        {"1.2.3.4.5",      0, FSOCK_ERR_INPUT, ""                },
        {"",               0, FSOCK_ERR_INPUT, ""                },
        {".",              0, FSOCK_ERR_INPUT, ""                },
        {"a..example",     0, FSOCK_ERR_INPUT, ""                },
        {".example",       0, FSOCK_ERR_INPUT, ""                },
        {"a b.example",    0, FSOCK_ERR_INPUT, ""                },
        {"a\n.example",    0, FSOCK_ERR_INPUT, ""                },
        {"a\\.example",    0, FSOCK_ERR_INPUT, ""                },
        {"\xff.example",   0, FSOCK_ERR_INPUT, ""                },
        {"localhost",      4, FSOCK_OK,        "127.0.0.1:80"    },
        {"Sub.LocalHost.", 4, FSOCK_OK,        "127.0.0.1:80"    },
        {"localhost",      6, FSOCK_OK,        "[::1]:80"        },
    };
    serve_and_resolve(e, DNS_MUTE);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (look(e, rows[i].host, rows[i].family, FSOCK_SECOND) != rows[i].err)
            fail_msg("%s: %d %s", rows[i].host, e->w.op.err, e->w.fault.text);
        has(e, rows[i].addr, "");
        assert_false(e->w.wish.from_network);
        if (rows[i].err)
            says(e, "resolve ");
    }
    char longest[300];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(look(e, longest, 0, FSOCK_SECOND), FSOCK_ERR_INPUT);
    for (size_t i = 60; i < 299; i += 61)
        longest[i] = '.';
    assert_int_equal(look(e, longest, 0, FSOCK_SECOND), FSOCK_ERR_INPUT);
    assert_int_equal(asked(e), 0);
}

static void hosts_file(void **state)
{
    struct env *e = *state;
    write_file(e->hosts, "# comment\n192.0.2.20 Front front.alias # x\n2001:db8::20 front\n"
                         "192.0.2.21 front\n192.0.2.20 front\nnonsense here\n"
                         "192.0.2.30 localhost\n192.0.2.40 four.example\n");
    serve_and_resolve(e, DNS_GOOD);
    assert_int_equal(look(e, "FRONT", 0, FSOCK_SECOND), FSOCK_OK);
    assert_int_equal(e->w.wish.n, 3);
    assert_int_equal(look(e, "front.alias.", 4, FSOCK_SECOND), FSOCK_OK);
    has(e, "192.0.2.20:80", "");
    assert_int_equal(look(e, "localhost", 4, FSOCK_SECOND), FSOCK_OK);
    has(e, "127.0.0.1:80", "");
    assert_int_equal(asked(e), 0);
    assert_int_equal(look(e, "four.example", 6, FSOCK_SECOND), FSOCK_OK);
    has(e, "[2001:db8::1]:80", "");
    assert_int_equal(asked(e), 1);
}

static void pins(void **state)
{
    struct env *e = *state;
    static const char *const entries[] = {"shop.example:80:192.0.2.50,[2001:db8::50], 192.0.2.51",
                                          "*:80:192.0.2.60",
                                          "six.example:80:2001:db8::6",
                                          "192.0.2.1:80:192.0.2.70",
                                          "shop.example:81:192.0.2.80",
                                          NULL};
    serve(e, DNS_GOOD);
    resolver(e, entries);
    assert_int_equal(look(e, "SHOP.example", 0, FSOCK_SECOND), FSOCK_OK);
    has(e, "192.0.2.50:80", "[2001:db8::50]:80");
    assert_int_equal(e->w.wish.n, 3);
    assert_int_equal(look(e, "other.example", 0, FSOCK_SECOND), FSOCK_OK);
    has(e, "192.0.2.60:80", "");
    assert_int_equal(look(e, "192.0.2.1", 0, FSOCK_SECOND), FSOCK_OK);
    has(e, "192.0.2.70:80", "");
    assert_int_equal(look(e, "six.example", 4, FSOCK_SECOND), FSOCK_ERR_NAME);
    assert_int_equal(asked(e), 0);
}

static void bad_options(void **state)
{
    struct env *e = *state;
    static const char *const servers[] = {"",
                                          "x",
                                          "127.0.0.1:x",
                                          "127.0.0.1:0",
                                          "1.2.3",
                                          "localhost",
                                          "127.0.0.1,,",
                                          "::1%nowhere0",
                                          "ftp://127.0.0.1",
                                          "tcp://127.0.0.1#name",
                                          "tls://127.0.0.1#"};
    static const char *const entries[] = {
        "",       "a",        "a:80",      "a:80:",     "a:x:192.0.2.1", ":80:192.0.2.1",
        "a:*:::", "a:80:b.c", "-a:80:::1", "+a:80:::1", "a:80:::1,",     "a:80:,::1",
    };
    struct fsock_options o = {.size = sizeof o};
    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
        struct fsock_fault fault = {0};
        o.dns_servers = servers[i];
        if (fsk_resolver_new(&o, e->driver, &fault) || fault.err != FSOCK_ERR_INPUT)
            fail_msg("servers %s", servers[i]);
        assert_non_null(strstr(fault.text, "name server"));
    }
    o.dns_servers = NULL;
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        const char *list[] = {entries[i], NULL};
        struct fsock_fault fault = {0};
        o.resolve = list;
        struct fsk_resolver *r = fsk_resolver_new(&o, e->driver, &fault);
        bool comma = strcmp(entries[i], "a:80:::1,") == 0; /* a list may end in one */
        if (!r != !comma)
            fail_msg("entry %s", entries[i]);
        fsk_resolver_free(r);
        if (!comma)
            assert_non_null(strstr(fault.text, "resolve entry"));
    }
}

/* ---- bad servers ---- */

static void the_deadline_holds(void **state)
{
    struct env *e = *state;
    struct timespec nap = {.tv_nsec = 1};
    int64_t limits[] = {0, 30 * MS, 700 * MS};
    serve_and_resolve(e, DNS_MUTE);
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        fsock_time before = fsock_now();
        nanosleep(&nap, NULL);
        int64_t lag = fsock_now() - before;
        assert_int_equal(look(e, "both.example", 0, limits[i]), FSOCK_ERR_TIMEOUT);
        int64_t took = e->w.ended - e->w.started;
        assert_int_equal(e->w.fault.stage, FSOCK_STAGE_RESOLVE);
        assert_true(took >= limits[i]);
        if (took > limits[i] + 50 * MS + lag)
            fail_msg("%.3f s late", (double)(took - limits[i]) / 1e9);
    }
    says(e, "no answer from 127.0.0.1:");
    says(e, "tries in ");
    assert_true(asked(e) >= 4);
}

static void the_next_server_is_asked(void **state)
{
    struct env *e = *state;
    static const enum dns_manner bad[] = {DNS_MUTE,   DNS_SERVFAIL, DNS_REFUSED,
                                          DNS_BROKEN, DNS_LAME,     DNS_GOOD};
    serve(e, DNS_MUTE);
    serve(e, DNS_GOOD);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        dns_stop(&e->server[0]);
        dns_start(&e->server[0], bad[i]);
        resolver(e, NULL);
        if (bad[i] == DNS_GOOD) { /* stands for a port that is closed */
            dns_stop(&e->server[0]);
        }
        if (look(e, "both.example", 0, 1500 * MS) != FSOCK_OK)
            fail_msg("manner %d: %s", bad[i], e->w.fault.text);
        assert_int_equal(e->w.wish.n, 2);
        if (bad[i] != DNS_MUTE && e->w.ended - e->w.started > 450 * MS)
            fail_msg("manner %d: waited for what will not come", bad[i]);
        fsk_resolver_free(e->resolver);
        e->resolver = NULL;
        if (bad[i] == DNS_GOOD)
            dns_start(&e->server[0], DNS_GOOD);
    }
}

static void all_refuse(void **state)
{
    struct env *e = *state;
    serve(e, DNS_GOOD);
    serve(e, DNS_REFUSED);
    resolver(e, NULL);
    dns_stop(&e->server[0]);
    assert_int_equal(look(e, "both.example", 0, 10 * FSOCK_SECOND), FSOCK_ERR_DNS);
    assert_true(e->w.ended - e->w.started < FSOCK_SECOND);
    says(e, " refused and 127.0.0.1:");
    says(e, " says REFUSED");
    assert_int_equal(e->w.fault.sys_errno, ECONNREFUSED);
    dns_start(&e->server[0], DNS_GOOD);
}

static void forged_answers(void **state)
{
    struct env *e = *state;
    serve_and_resolve(e, DNS_GOOD);
    for (unsigned i = 0; i < 20; i++) {
        char host[32];
        snprintf(host, sizeof host, "forged.n%u.example", i);
        assert_int_equal(look(e, host, 4, FSOCK_SECOND), FSOCK_OK);
        has(e, "192.0.2.1:80", "");
    }
    assert_int_equal(asked(e), 20);
}

static void learns_about_servers(void **state)
{
    struct env *e = *state;
    static const enum dns_manner odd[] = {DNS_NO_EDNS, DNS_NO_EDNS_BARE, DNS_FOLDS};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        serve_and_resolve(e, odd[i]);
        assert_int_equal(look(e, "both.some-long-example", 4, FSOCK_SECOND), FSOCK_OK);
        has(e, "192.0.2.1:80", "");
        assert_int_equal(asked(e), 2);
        assert_int_equal(look(e, "both.other-long-example", 4, FSOCK_SECOND), FSOCK_OK);
        assert_int_equal(asked(e), 3);
        fsk_resolver_free(e->resolver);
        e->resolver = NULL;
        dns_stop(&e->server[0]);
        e->servers = 0;
    }
}

/* Slower than any one try: what was asked first still counts. */
static void a_slow_server_is_heard(void **state)
{
    struct env *e = *state;
    serve_and_resolve(e, DNS_GOOD);
    e->server[0].limp_ms = 1100;
    assert_int_equal(look(e, "both.example", 0, 4 * FSOCK_SECOND), FSOCK_OK);
    assert_int_equal(e->w.wish.n, 2);
    assert_true(e->w.ended - e->w.started < 1900 * MS);
}

/* ---- many at once ---- */

static void one_lookup_for_all(void **state)
{
    struct env *e = *state;
    static struct watcher crowd[100];
    serve_and_resolve(e, DNS_GOOD);
    for (unsigned i = 0; i < 100; i++)
        watch(e, &crowd[i], i % 2 ? "both.example" : "BOTH.example", 0, FSOCK_SECOND);
    run_crowd(e, crowd, 100);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(crowd[i].op.err, FSOCK_OK);
        assert_int_equal(crowd[i].wish.n, 2);
        fsk_resolve_fini(&crowd[i].wish);
    }
    assert_int_equal(e->server[0].a, 1);
    assert_int_equal(e->server[0].aaaa, 1);
}

/* Few descriptors make it share sockets, not fail. */
static void many_names_few_descriptors(void **state)
{
    struct env *e = *state;
    static struct watcher crowd[300];
    static char host[300][32];
    struct rlimit old, few;
    serve(e, DNS_GOOD);
    getrlimit(RLIMIT_NOFILE, &old);
    few = old;
    few.rlim_cur = open_fds() + 4;
    setrlimit(RLIMIT_NOFILE, &few);
    resolver(e, NULL);
    for (unsigned i = 0; i < 300; i++) {
        snprintf(host[i], sizeof host[i], "both.n%u.example", i);
        watch(e, &crowd[i], host[i], 0, 5 * FSOCK_SECOND);
    }
    run_crowd(e, crowd, 300);
    setrlimit(RLIMIT_NOFILE, &old);
    for (unsigned i = 0; i < 300; i++) {
        if (crowd[i].op.err != FSOCK_OK || crowd[i].wish.n != 2)
            fail_msg("%s: %s, %u, %s", host[i], fsock_err_name(crowd[i].op.err), crowd[i].wish.n,
                     crowd[i].fault.text);
        fsk_resolve_fini(&crowd[i].wish);
    }
}

static void no_descriptors(void **state)
{
    struct env *e = *state;
    struct rlimit old, none;
    int fd[64];
    unsigned n = 0;
    serve_and_resolve(e, DNS_GOOD);
    getrlimit(RLIMIT_NOFILE, &old);
    none = old;
    none.rlim_cur = open_fds() + 8;
    setrlimit(RLIMIT_NOFILE, &none);
    while (n < 64 && (fd[n] = dup(0)) >= 0)
        n++;
    enum fsock_err err = look(e, "both.example", 0, 200 * MS);
    int64_t took = e->w.ended - e->w.started;
    while (n > 0)
        close(fd[--n]);
    setrlimit(RLIMIT_NOFILE, &old);
    assert_int_equal(err, FSOCK_ERR_TIMEOUT);
    assert_true(took >= 200 * MS);
    says(e, "too many open files");
    assert_int_equal(look(e, "both.example", 0, FSOCK_SECOND), FSOCK_OK);
}

static void each_waiter_has_its_own_deadline(void **state)
{
    struct env *e = *state;
    struct watcher w[3];
    serve_and_resolve(e, DNS_GOOD);
    e->server[0].limp_ms = 300;
    watch(e, &w[0], "both.example", 0, 100 * MS);
    watch(e, &w[1], "both.example", 0, 2 * FSOCK_SECOND);
    watch(e, &w[2], "both.example", 0, 2 * FSOCK_SECOND);
    w[2].give_up = w[2].started + 50 * MS;
    run_crowd(e, w, 3);
    assert_int_equal(w[0].op.err, FSOCK_ERR_TIMEOUT);
    assert_true(w[0].ended - w[0].started < 250 * MS);
    assert_int_equal(w[1].op.err, FSOCK_OK);
    assert_int_equal(w[2].op.err, FSOCK_ERR_CANCELED);
    for (unsigned i = 0; i < 3; i++)
        fsk_resolve_fini(&w[i].wish);
}

static void canceled(void **state)
{
    struct env *e = *state;
    serve_and_resolve(e, DNS_GOOD);
    unsigned fds = open_fds();
    static const char *const hosts[] = {"mute.example", "mute6.example"};
    for (unsigned i = 0; i < 2; i++) {
        watch(e, &e->w, hosts[i], 0, FSOCK_SECOND);
        e->w.give_up = e->w.started + 80 * MS;
        assert_int_equal(run(e, &e->w.op), FSOCK_ERR_CANCELED);
        assert_int_equal(open_fds(), fds + (i ? 1 : 2)); /* a port for each open question */
        fsk_resolve_fini(&e->w.wish);
        assert_int_equal(open_fds(), fds);
    }
    unsigned n = asked(e); /* half an answer was kept */
    assert_int_equal(look(e, "mute6.example", 0, FSOCK_SECOND), FSOCK_OK);
    assert_int_equal(asked(e), n);
}

/* ---- time ---- */

static void slow_aaaa(void **state)
{
    struct env *e = *state;
    serve_and_resolve(e, DNS_GOOD);
    assert_int_equal(look(e, "slow6.example", 0, FSOCK_SECOND), FSOCK_OK);
    assert_int_equal(e->w.wish.n, 2);
    assert_int_equal(e->w.settled_n, 1);
    int64_t t = e->w.settled_at - e->w.started;
    assert_true(t >= 50 * MS && t < 250 * MS);
    assert_true(fsk_addr_equal(&e->w.settled[0], &e->w.wish.addr[0])); /* grew at its end */
    has(e, "192.0.2.1:80", "[2001:db8::1]:80");
    assert_int_equal(look(e, "slow4.example", 0, FSOCK_SECOND), FSOCK_OK);
    assert_int_equal(e->w.settled_n, 1);
    assert_true(e->w.settled_at - e->w.started < 250 * MS);
    has(e, "[2001:db8::1]:80", "192.0.2.1:80");
}

static void mute_aaaa(void **state)
{
    struct env *e = *state;
    serve_and_resolve(e, DNS_GOOD);
    assert_int_equal(look(e, "mute6.example", 0, 300 * MS), FSOCK_OK);
    has(e, "192.0.2.1:80", "");
    assert_true(e->w.ended - e->w.started >= 300 * MS);
    assert_true(e->w.settled_at - e->w.started < 250 * MS);
}

static void remembers_as_long_as_the_ttl(void **state)
{
    struct env *e = *state;
    static const char *const hosts[] = {"both.example", "nx.example", "ttl1.example", "nx1.example",
                                        "fails.example"};
    unsigned n[2];
    serve_and_resolve(e, DNS_GOOD);
    for (unsigned round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
            look(e, hosts[i], 4, FSOCK_SECOND);
        n[round] = asked(e);
    }
    assert_int_equal(n[0], 6); /* a server that fails gets a second chance */
    assert_int_equal(n[1], 6);
    struct timespec nap = {.tv_sec = 1, .tv_nsec = 50 * MS};
    nanosleep(&nap, NULL);
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        look(e, hosts[i], 4, FSOCK_SECOND);
    assert_int_equal(asked(e), 10);
}

static bool run_kind = false, loop_kind = true;

#define BOTH_DRIVERS(f)                                                                            \
    {#f " (run)", f, setup, teardown, &run_kind},                                                  \
    {                                                                                              \
#f " (loop)", f, setup, teardown, &loop_kind                                               \
    }

int main(void)
{
    static const struct CMUnitTest tests[] = {
        BOTH_DRIVERS(both_families),
        BOTH_DRIVERS(names_without_addresses),
        BOTH_DRIVERS(aliases),
        BOTH_DRIVERS(cut_off_by_udp),
        BOTH_DRIVERS(by_tcp_only),
        BOTH_DRIVERS(options_of_resolv_conf),
        BOTH_DRIVERS(search_list),
        BOTH_DRIVERS(literals),
        BOTH_DRIVERS(hosts_file),
        BOTH_DRIVERS(pins),
        BOTH_DRIVERS(bad_options),
        BOTH_DRIVERS(the_deadline_holds),
        BOTH_DRIVERS(the_next_server_is_asked),
        BOTH_DRIVERS(all_refuse),
        BOTH_DRIVERS(forged_answers),
        BOTH_DRIVERS(learns_about_servers),
        BOTH_DRIVERS(a_slow_server_is_heard),
        BOTH_DRIVERS(one_lookup_for_all),
        BOTH_DRIVERS(many_names_few_descriptors),
        BOTH_DRIVERS(no_descriptors),
        BOTH_DRIVERS(each_waiter_has_its_own_deadline),
        BOTH_DRIVERS(canceled),
        BOTH_DRIVERS(slow_aaaa),
        BOTH_DRIVERS(mute_aaaa),
        BOTH_DRIVERS(remembers_as_long_as_the_ttl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
