/* Many lookups at once, and few descriptors for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <cmocka.h>

#include "resolve_rig.h"

/* Any number of them, side by side. */
struct crowd {
    struct fsk_op op;
    struct watcher *watcher;
    unsigned n;
};

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
    assert_int_equal(two_drivers_run(&e->drivers, &c.op), FSOCK_OK);
}

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
        assert_int_equal(two_drivers_run(&e->drivers, &e->w.op), FSOCK_ERR_CANCELED);
        assert_int_equal(open_fds(), fds + (i ? 1 : 2)); /* a port for each open question */
        fsk_resolve_fini(&e->w.wish);
        assert_int_equal(open_fds(), fds);
    }
    unsigned n = asked(e); /* half an answer was kept */
    assert_int_equal(look(e, "mute6.example", 0, FSOCK_SECOND), FSOCK_OK);
    assert_int_equal(asked(e), n);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        BOTH_DRIVERS(one_lookup_for_all), BOTH_DRIVERS(many_names_few_descriptors),
        BOTH_DRIVERS(no_descriptors),     BOTH_DRIVERS(each_waiter_has_its_own_deadline),
        BOTH_DRIVERS(canceled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
